#!/usr/bin/env bash
# once
# clang reads every source without a warning: a second compiler sees other mistakes. kernels/cuda is read as the twin
# tests compile it for the CPU. Whether what clang builds works is tests/long/clang.sh's. CLANG: its command.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
export CLANG=${CLANG:-clang}
command -v "${CLANG##* }" >/dev/null || { skip clang 'not installed'; exit 0; }
# the options of the build, without its compiler and sanitizers
options() { sed -E 's/^.*( -I\. )/\1/; s/-fsanitize[^ ]*|-fno-sanitize[^ ]*//g' "$B/is/$1"; }
OF_C="$(options cc) -DICDPIPE_PREFIX='\"/usr\"'"
OF_CXX="$(options cxx) -Itests/twin/host -DATTENTION_CHUNK=65536 -DICD_CUDA_LIB='\"\"' -x c++"
export OF_C OF_CXX
# reads NAME FILE...: no word about any of them
reads() {
    local name=$1; shift
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} sh -c 'case $1 in
        *.c) eval "exec $CLANG $OF_C -fsyntax-only $1" ;;
        *) eval "exec $CLANG++ $OF_CXX -fsyntax-only $1" ;;
    esac' sh {} >"$T/out" 2>&1
    is "$name: $# files" "$(grep -E 'warning:|error:' "$T/out" | head -n 3)" ''
}
# shellcheck disable=SC2046
{
    reads library $(find lib -name '*.c') kernels/*.c kernels/cpu/*.c
    reads tools tools/*.c
    reads tests tests/*/*.c
    reads C++ $(find lib -name '*.cc') tests/twin/host/*.cc kernels/cuda/*.cu
}
echo 'int f(int a); int f(int a) { int b; return a && (b = 1) ? b : b; }' >"$T/planted.c"
is 'a mistake is seen' "$(reads planted "$T/planted.c" | grep -c '^not ok planted: 1 files: .*uninitialized')" 1
exit $failed
