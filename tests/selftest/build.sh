#!/usr/bin/env bash
# once
# The Makefile on a small tree of its own: what it remembers, what it finds, what it refuses. The tree has our Makefile,
# headers and schedule.c; the rest is made up, so that a build takes a second.
. "$(dirname "$0")/../lib.sh"
S=$T/tree
mkdir -p "$S"
(cd "$ROOT" && find lib kernels -name '*.h' -o -name '*.def' -o -path lib/train/schedule.c -o -path 'lib/train/schedule_*.c' |
    tar -cf - -T - Makefile Makefile.more) | tar -xf - -C "$S"
cd "$S" || exit 1
mkdir -p tools kernels/cuda man pipelines share
echo 'void no_cuda(void); void no_cuda(void) {}' >kernels/cuda/none.c
echo 'const char *prefix(void); const char *prefix(void) { return ICDPIPE_PREFIX; }' >lib/util/file.c
cat >tools/one.c <<'EOF'
#include "lib/train/train.h"
const char *prefix(void);
int main(int argc, char **argv)
{
    if (argc > 1)
        return puts("complete -W x one") < 0;
    printf("%s", prefix());
    for (const char *const *s = schedule_names; *s; s++)
        printf(" %s", *s);
    return puts("") < 0;
}
EOF
sed 's/ one"/ two"/' tools/one.c >tools/two.c
# m ARG...: make with one processor and no library; its output in $T/out
m() { env -i PATH="$PATH" make --no-print-directory ONE_GOAL=1 CC=cc CUDA=no LDLIBS=-lm "$@" >"$T/out" 2>&1; }
# steps ARG...: what a dry run would do, as "CC lib/util/file.c", in one line
# does NAME WANTED ARG...: and it is what is wanted
steps() { m -n "$@"; sed -nE "s/^printf '  %-5s %s\\\\n' (CC|CXX|LD|CUDA) '?([^' ]*).*/\1 \2/p" "$T/out" | sort | tr '\n' ' '; }
does() { local name=$1 want=$2; shift 2; is "$name" "$(steps "$@")" "$want"; }
everything=$(for f in lib/*/*.c kernels/cuda/none.c tools/*.c; do echo "CC $f"; done | sort | tr '\n' ' ')
links='LD bin/one LD bin/two '

if m all; then ok 'a small tree builds'; else no 'a small tree builds' "$(tail -n 3 "$T/out")"; fi
is 'it runs' "$(bin/one)" '/usr/local constant cosine inverse_sqrt linear'
does 'nothing to do' ''
does 'ARCH compiles all' "$everything$links" ARCH=x86-64
does 'CFLAGS compiles all' "$everything$links" CFLAGS=-O1
does 'CPPFLAGS compiles all' "$everything$links" CPPFLAGS=-DX
does 'CC compiles all' "$everything$links" CC=gcc
does 'VERSION compiles all' "$everything$links" VERSION=9
does 'LDFLAGS links' "$links" LDFLAGS=-s
does 'LDLIBS links' "$links" LDLIBS=-lm\ -lz
does 'PREFIX compiles what knows it' "CC lib/util/file.c $links" PREFIX=/opt/x
does 'a dry run remembers nothing' ''
m all PREFIX=/opt/x
is 'PREFIX is the new one' "$(bin/one)" "/opt/x constant cosine inverse_sqrt linear"
does 'back again' "CC lib/util/file.c $links"
m all
does 'nothing to do again' ''
does 'a sanitized build is a folder of its own' "${everything}CUDA without ${links//bin/build\/san\/bin}" SAN=1
does 'nothing of it is kept' ''

# what is found, what is gone
mkdir -p lib/novel/deep lib/model/part
echo 'int novel(void); int novel(void) { return 1; }' >lib/novel/first.c
echo 'int deeper(void); int deeper(void) { return 1; }' | tee lib/novel/deep/second.c >lib/model/part/third.c
sed -i 's/deeper/other/g' lib/model/part/third.c
for i in $(seq 1 30); do
    sed "s/(schedule, linear/(schedule, linear$i/" lib/train/schedule_linear.c >"lib/train/schedule_linear$i.c"
done
if m all; then ok 'new folders and files build'; else no 'new folders and files build' "$(tail -n 3 "$T/out")"; fi
is 'new folders are in the library' "$(ar t build/libicdpipe.a | grep -cE '^(first|second|third).o')" 3
is 'as many schedules as there are' "$(bin/one | wc -w)" 35
m build/libicdpipe-double.a
is 'the engine, and nothing else, is built in double, too' \
    "$(cd build/d && find . -name '*.o' | grep -v /schedule | sort | tr '\n' ' ')" './lib/model/part/third.o '
rm -r lib/novel/deep lib/train/schedule_linear[1-9]*.c lib/train/schedule_cosine.c
if m all; then ok 'files go'; else no 'files go' "$(tail -n 3 "$T/out")"; fi
is 'they are no choice any more' "$(bin/one)" '/usr/local constant inverse_sqrt linear'
is 'they are not in the library' "$(ar t build/libicdpipe.a | grep -cE 'second|cosine|linear1')" 0
rm tools/two.c
m all
is 'the program of a tool that is gone' "$(cd bin && echo *): $(cat build/completion.bash)" 'one: complete -W x one'
does 'nothing to do after that' ''

# REGISTER
echo '#include "lib/train/train.h"' >lib/train/wrong.c
echo 'REGISTER(shedule, wrong, .factor = 0);' >>lib/train/wrong.c
if m all; then no 'an unknown kind does not compile' "it did"; else
    is 'an unknown kind does not compile' "$(grep -c "REGISTER_shedule" "$T/out" | sed 's/[1-9].*/named/')" named
fi
rm lib/train/wrong.c

# nvcc appears
printf '#!/bin/sh\n' >"$T/nvcc"; chmod +x "$T/nvcc"
m all CUDA=auto NVCC=
m all CUDA=auto NVCC="$T/nvcc"
is 'nvcc appears: it is said' "$(grep CUDA "$T/out")" "  CUDA  with CUDA ($T/nvcc)"
m all CUDA=auto NVCC="$T/nvcc"
is 'nvcc is there still' "$(cat "$T/out")" "make: Nothing to be done for 'all'."

mv Makefile.more m
m -n all; is 'Makefile.more is missed' "$?:$(grep -c 'Makefile.more: No such file' "$T/out")" 2:1
