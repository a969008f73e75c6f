#!/usr/bin/env bash
# once
# The Makefile on a small tree of its own: what it remembers, what it finds, what it refuses, installs and packs. The tree
# has our Makefile, headers and schedule.c; the rest is made up, so that a build takes a second.
. "$(dirname "$0")/../lib.sh"
S=$T/tree
mkdir -p "$S"
(cd "$ROOT" && find lib kernels -name '*.h' -o -name '*.def' -o -path lib/train/schedule.c -o -path lib/util/cpu.c -o -path 'lib/train/schedule_*.c' |
    tar -cf - -T - Makefile Makefile.more tools/dist.sh README.md LICENSE THIRD_PARTY.md) | tar -xf - -C "$S"
cd "$S" || exit 1
mkdir -p tools kernels/cuda man pipelines/sub share/data
for f in man/one.1 man/icd.7 pipelines/base.mk pipelines/sub/one.mk share/data/table; do echo $f >$f; done
echo 'void no_cuda(void); void no_cuda(void) {}' >kernels/cuda/none.c
echo 'const char *prefix(void); const char *prefix(void) { return ICDPIPE_PREFIX; }' >lib/util/file.c
cat >tools/one.c <<'EOF'
#include "lib/train/train.h"
const char *prefix(void), *jansson_version_str(void);
int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][2] == 'v')
        return printf("jansson %s, %g\n", jansson_version_str(), argc * 0.5) < 0;
    if (argc > 1)
        return puts("complete -W x one") < 0;
    printf("%s", prefix());
    for (const char *const *s = schedule_names; *s; s++)
        printf(" %s", *s);
    return puts("") < 0;
}
EOF
sed 's/ one"/ two"/' tools/one.c >tools/two.c
# m ARG...: make with few libraries; its output in $T/out
m() { env -i PATH="$PATH" HOME="$T" make --no-print-directory ONE_GOAL=1 CC=cc CUDA=no LDLIBS='-ljansson -lm' "$@" >"$T/out" 2>&1; }
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
mv m Makefile.more

# ---- a processor that lacks something ----
m all
is 'this processor has what ARCH=native needs' "$(bin/one --version >/dev/null 2>&1; echo $?)" 0
m all CPPFLAGS=-D__AVX5124VNNIW__ # only one kind of processor ever had it
is 'a processor that lacks an instruction: a message' "$(bin/one 2>&1; echo $?)" \
    "$(printf '%s\n' 'one: this build needs a processor with avx5124vnniw; build here, or with make ARCH=x86-64-v2' 69)"
for level in x86-64 x86-64-v2 x86-64-v3; do
    for f in "$ROOT"/kernels/cpu/*.c; do
        cc -std=c11 -D_GNU_SOURCE -I"$ROOT" -O1 -march=$level -fopenmp -fsyntax-only "$f" 2>&1
    done >"$T/out"
    is "the kernels compile for $level" "$(cat "$T/out")" ''
done

# ---- installation ----
tree() { (cd "$1" && find . ! -type d | sort | tr '\n' ' '); }
share='./share/bash-completion/completions/icdpipe ./share/bash-completion/completions/one ./share/doc/icdpipe/LICENSE
./share/doc/icdpipe/README.md ./share/doc/icdpipe/THIRD_PARTY.md ./share/icdpipe/data/table'
rest='./share/icdpipe/pipelines/base.mk ./share/icdpipe/pipelines/sub/one.mk ./share/man/man1/one.1 ./share/man/man7/icd.7 '
mkdir -p "$T/there/share/man"
m install PREFIX="$T/there"
is 'install' "$(tree "$T/there")" "./bin/one $(echo $share) ./share/icdpipe/made-folders $rest"
is 'what a shell needs is said' "$(grep -c 'export PATH=.*/there/bin:.* MANPATH=.*/there/share/man:$' "$T/out")" 1
m install PREFIX="$T/there" # twice
m uninstall PREFIX="$T/there"
is 'uninstall leaves what was there before' "$(cd "$T/there" && find . | sort | tr '\n' ' ')" '. ./share ./share/man '
m install-strip DESTDIR="$T/dest" PREFIX=/opt/icd
is 'install-strip' "$(nm "$T/dest/opt/icd/bin/one" 2>&1 | grep -c 'no symbols') $("$T/dest/opt/icd/bin/one")" \
    '1 /opt/icd constant inverse_sqrt linear'
touch "$T/dest/opt/icd/share/mine"
m uninstall DESTDIR="$T/dest" PREFIX=/opt/icd
is 'uninstall keeps what is not its own' "$(tree "$T/dest")" './opt/icd/share/mine '

# ---- make help: every target that one asks for, and only what there is ----
cd "$ROOT" || exit 1
m help; cp "$T/out" "$T/help"
m -pn help; cp "$T/out" "$T/rules"
asked=$(sed -nE '/^Targets/,/^Variables/ s/^  ([a-z-]+) .*/\1/p' "$T/help" | sort)
is 'targets of make help' "$(for t in $asked; do grep -q "^$t:" "$T/rules" || echo "no $t"; done)" ''
is 'targets that it leaves out' "$(sed -n 's/^\.PHONY: //p' Makefile Makefile.more | tr ' ' '\n' | sort -u | comm -23 - <(echo "$asked") |
    tr '\n' ' ')" '$(GOALS) FORCE dist-root fuzz-build gpu-build '
is 'variables of make help' "$(sed -nE 's/^  ([A-Z]+)=.*/\1/p' "$T/help" | while read -r v; do
    grep -qF "\$($v)" Makefile Makefile.more || grep -qx "ifdef $v" Makefile || echo "no $v"; done)" ''
cd "$S" || exit 1

# ---- packages ----
command -v git >/dev/null || { skip packages 'no git here'; exit 0; }
git init -q . 2>/dev/null && git add -A . ':!m' && git -c user.name=x -c user.email=x@x commit -qm one
m dist VERSION=7
name=icdpipe-7-linux-x86-64-v3
is dist "$?: $(grep 'tar.gz$' "$T/out" | tr '\n' ' ')" "0: build/icdpipe-7.tar.gz build/$name.tar.gz "
mkdir -p "$T/far" && tar -xzf build/$name.tar.gz -C "$T/far" && tar -xzf build/icdpipe-7.tar.gz -C "$T/far"
is 'the source is the commit' "$(cd "$T/far/icdpipe-7" && find . -type f | wc -l)" "$(git ls-files | wc -l)"
cd "$T/far/$name" || exit 1
is 'the programs load our libraries' "$(ldd bin/one | grep -c " $T/far/$name/bin/../lib/icdpipe/libjansson.so.4 ")" 1
is 'they run' "$(env -i bin/one --version | cut -d' ' -f1,3)" 'jansson 1'
is 'licences come along' "$(grep -c '^libjansson.so.4 libjansson4 ' share/doc/icdpipe/LIBRARIES) $(head -c 9 LICENSE) $(ls \
    share/doc/icdpipe/licences/libjansson4)" '1 MIT Licen share/doc/icdpipe/licences/libjansson4'
is 'glibc is the system'"'"'s' "$(ls lib/icdpipe | grep -c '^libc\.\|^libm\.')" 0
cd "$S" || exit 1
m dist ARCH=native; is 'native is no level' "$?: $(grep -c 'ARCH=native: a level is wanted' "$T/out")" '2: 1'
m dist ARCH=x86-64-v2 CFLAGS='-O1 -mavx'
is 'instructions beyond the level are seen' "$?: $(grep -c 'one: [0-9]* instructions beyond x86-64-v2$' "$T/out")" '2: 1'
if command -v dpkg-shlibdeps >/dev/null; then
    m deb VERSION=7 ARCH=x86-64-v2
    is deb "$?: $(tail -n 1 "$T/out")" '0: build/icdpipe_7_amd64.deb'
    is 'it names the libraries that it needs' "$(dpkg-deb -f build/icdpipe_7_amd64.deb Depends | grep -oE 'lib(c6|jansson4) ' |
        tr -d '\n')" 'libc6 libjansson4 '
    is 'what is in it' "$(dpkg-deb -c build/icdpipe_7_amd64.deb | grep -cE ' ./usr/(bin/one|share/man/man1/one.1.gz|share/doc/icdpipe/copyright)$')" 3
else
    skip deb 'no dpkg-shlibdeps here (Debian: dpkg-dev)'
fi
