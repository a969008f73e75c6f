#!/usr/bin/env bash
# once
# The runner counts: a copy of tests/run with made-up tests beside it, each going wrong in another way.
. "$(dirname "$0")/../lib.sh"
R=$T/tree
mkdir -p "$R/tests/cli" "$R/tests/unit" "$R/build/tests/unit"
cp "$ROOT/tests/run" "$R/tests/run"

# made NAME LINE...: a script tests/cli/NAME.sh
made() {
    local f=$R/tests/cli/$1.sh; shift
    printf '%s\n' '#!/usr/bin/env bash' "$@" >"$f"
}
# counts NAME RC "P passed, F failed, S skipped" [ARG...]: what a run of all tests that were made comes to; then they go
counts() {
    local name=$1 rc=$2 want=$3 got; shift 3
    TEST_TIMEOUT=2 bash "$R/tests/run" build bin "$@" >"$T/out" 2>&1
    got=$?
    is "$name" "$got: $(tail -n 1 "$T/out")" "$rc: $want"
    rm -f "$R"/tests/*/*.sh "$R"/tests/unit/*.c "$R"/build/tests/unit/*
}
says() { if grep -q -- "$2" "$T/out"; then ok "$1"; else no "$1" "no '$2' in the output"; fi; }

made good '#' 'echo ok one; echo ok two'
counts 'good cases' 0 '2 passed, 0 failed, 0 skipped'
made bad '#' 'echo ok one; echo "not ok two: why"; exit 1'
counts 'a failing case' 1 '1 passed, 1 failed, 0 skipped'
says 'its line is shown' 'not ok two: why'
made bad '#' 'echo ok one; echo "not ok two: why"; exit 0'
counts 'a failing case that exits 0' 1 '1 passed, 1 failed, 0 skipped'
made bad '#' 'echo ok one; exit 3'
counts 'a test that fails without a word' 1 '1 passed, 1 failed, 0 skipped'
says 'its status is shown' 'exit status 3'
made crash '#' 'echo ok one; kill -SEGV $$'
counts 'a crash' 1 '1 passed, 1 failed, 0 skipped'
says 'the signal is shown' 'exit status 139'
made empty '#'
counts 'a test without a case' 1 '0 passed, 1 failed, 0 skipped'
says 'it says so' 'no case was run'
made loop '#' 'echo ok one; sleep 60'
counts 'a test that does not end' 1 '1 passed, 1 failed, 0 skipped'
says 'the timeout is shown' 'exit status 124'
made some '#' 'echo ok one; echo "skip two: not here"'
counts 'a skip' 0 '1 passed, 0 failed, 1 skipped'
says 'why is shown' 'skip two: not here'
made none '#' 'echo "skip two: not here"'
counts 'nothing but skips is no success' 1 '0 passed, 0 failed, 1 skipped'
counts 'no test at all is no success' 1 '0 passed, 0 failed, 0 skipped'

# Compiled tests: found by their sources, run from the build.
echo '/* a test */' | tee "$R/tests/unit/there.c" >"$R/tests/unit/lost.c"
printf '%s\n' '#!/bin/sh' 'echo ok here' >"$R/build/tests/unit/there"
chmod +x "$R/build/tests/unit/there"
counts 'a test that was not built' 1 '1 passed, 1 failed, 0 skipped'
# Two builds: "# once" runs with the first.
made both '#' 'echo "ok in $B"'
made single '# once' 'echo "ok in $B"'
counts 'two builds' 0 '3 passed, 0 failed, 0 skipped' build2 bin2
# The names of tests select by prefix.
made one '#' 'echo ok one'
made two '#' 'echo ok two; echo ok three'
counts 'one test of two' 0 '2 passed, 0 failed, 0 skipped' -- tests/cli/two
# Those in tests/long run when they are asked for, and only they.
mkdir "$R/tests/long"
hours() { printf '%s\n' '#!/usr/bin/env bash' '#' 'echo ok long' >"$R/tests/long/$1.sh"; }
made one '#' 'echo ok one; echo ok two'
hours all
counts 'a long test is not run' 0 '2 passed, 0 failed, 0 skipped'
made one '#' 'echo ok one; echo ok two'
hours all; hours other
counts 'long tests' 0 '2 passed, 0 failed, 0 skipped' -- tests/long/
hours all; hours other
counts 'one long test' 0 '1 passed, 0 failed, 0 skipped' -- tests/long/other
