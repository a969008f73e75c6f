#!/usr/bin/env bash
# make fuzz: tests/fuzz/run.sh BUILD SECONDS [TARGET]: each target one after the other, from its seeds and from what
# earlier runs found new (BUILD/corpus). What breaks one is BUILD/crash/TARGET-*; tests/fuzz/corpus/TARGET is its place
# once the reader is mended, so that make check sees it for good. FUZZ_LOG: folder of the logs.
cd "$(dirname "$0")/../.." || exit 1
build=$1 seconds=$2 only=${3:-} failed=0
log=${FUZZ_LOG:-$build/log}
export ICDPIPE_SHARE=$PWD/share UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
[ -w /dev/shm ] && TMPDIR=/dev/shm # files of an input come and go some thousand times a second
TMPDIR=$(mktemp -d); export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
mkdir -p "$build/crash" "$log"
for source in tests/fuzz/*.c; do
    t=$(basename "$source" .c)
    [ -z "$only" ] || [ "$only" = "$t" ] || continue
    mkdir -p "$build/corpus/$t"
    dict=(); [ -f "tests/fuzz/dict/$t" ] && dict=(-dict="tests/fuzz/dict/$t")
    nice -n 19 "$build/tests/fuzz/$t" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -malloc_limit_mb=2000 \
        -max_len=8192 -print_final_stats=1 -artifact_prefix="$build/crash/$t-" "${dict[@]}" \
        "$build/corpus/$t" "tests/fuzz/corpus/$t" >>"$log/$t.log" 2>&1
    rc=$?
    runs=$(grep -a '^stat::number_of_executed_units' "$log/$t.log" | tail -n 1 | grep -o '[0-9]*$')
    cover=$(grep -ao 'cov: [0-9]*' "$log/$t.log" | tail -n 1)
    printf '%-16s %s  %9s inputs  %s\n' "$t" "$([ $rc = 0 ] && echo clean || echo "BROKEN ($rc)")" "${runs:-?}" "$cover"
    [ $rc = 0 ] || { failed=1; grep -a -E 'ERROR: |runtime error|not true|Test unit written' "$log/$t.log" | tail -n 3 | sed 's/^/    /'; }
done
exit $failed
