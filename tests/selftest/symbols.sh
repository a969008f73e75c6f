#!/usr/bin/env bash
# A name that two files of the library define is a name of one of them only: which, is the linker's choice, and nothing
# says so while a program needs one of the two.
. "$(dirname "$0")/../lib.sh"
twice() { nm -A --defined-only "$1" 2>/dev/null | awk '$2 ~ /^[TDBR]$/ {print $3}' | sort | uniq -d | tr '\n' ' '; }
for l in libicdpipe.a libicdpipe-double.a; do
    n=$(nm --defined-only "$B/$l" 2>/dev/null | grep -c ' T ')
    if [ "$n" -gt 300 ]; then is "$l: no name twice" "$(twice "$B/$l")" ""; else no "$l" "only $n functions found"; fi
done
echo 'int choose(void) { return 1; } static int own(void) { return 2; } int a(void) { return own(); }' >"$T/a.c"
echo 'int choose(int x) { return x; } static int own(void) { return 3; } int b(void) { return own(); }' >"$T/b.c"
(cd "$T" && ${CC:-cc} -c a.c b.c && ar rcs two.a a.o b.o) || no "an archive" "not made"
is "a name twice is seen" "$(twice "$T/two.a")" "choose "
exit $failed
