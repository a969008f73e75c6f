# For shell tests: BIN (programs), T (an empty scratch folder, removed at exit), ok/no/skip, expect.
# Every test script starts with:  . "$(dirname "$0")/../lib.sh"
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BIN=${BIN:-$ROOT/bin}
B=${B:-$ROOT/build}
case $BIN in /*) ;; *) BIN=$ROOT/$BIN ;; esac
case $B in /*) ;; *) B=$ROOT/$B ;; esac
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ONE_GOAL # a make in a test is no part of the one that runs it
export PATH="$BIN:$PATH" ICDPIPE_SHARE="$ROOT/share" LC_ALL=C
T=$(mktemp -d "${TMPDIR:-/tmp}/icdpipe-test.XXXXXX")
trap 'rm -rf "$T"' EXIT
failed=0
ok()   { echo "ok $1"; }
no()   { echo "not ok $1: ${2:-}"; failed=1; }
skip() { echo "skip $1: ${2:-}"; }
# is NAME GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else no "$1" "got '$2', wanted '$3'"; fi; }
# same NAME FILE FILE
same() { if cmp -s "$2" "$3"; then ok "$1"; else no "$1" "files differ"; fi; }
# exits NAME CODE command...   (stdout to $T/out, stderr to $T/err)
exits() {
    local name=$1 want=$2 got; shift 2
    "$@" >"$T/out" 2>"$T/err"; got=$?
    if [ $got -eq "$want" ]; then ok "$name"; else no "$name" "exit $got, wanted $want: $(head -c 300 "$T/err")"; fi
}
