#!/usr/bin/env bash
# make check-gpu: every op, whole models and the tools, CPU against GPU, on a real one; see build.sh for what it needs.
# Nothing is skipped here: without a GPU, or with a case missing, it fails.
. "$(dirname "$0")/build.sh"
export TWIN_REQUIRED=1
log=$(mktemp); trap 'rm -f "$log"' EXIT
tests/run build bin -- tests/twin/ops.c tests/twin/model.c tests/twin/tools.sh | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] || die "failed" 1
tail -n 1 "$log" | grep -q ', 0 skipped$' || die "something was skipped" 1
# each op in fp32; the count of cases cannot shrink unseen
for op in $(sed -nE 's/^OP\(([a-z0-9_]+),.*/\1/p' kernels/ops.def); do
    build/tests/twin/ops 2>/dev/null | grep -q "^ok $op: " || die "no case for $op" 1
done
sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
if [ -n "$sanitizer" ]; then
    for tool in memcheck racecheck synccheck; do
        "$sanitizer" --tool $tool --error-exitcode 99 --print-limit 5 build/tests/twin/ops >"$log" 2>&1 && echo "ok $tool" || {
            tail -n 30 "$log"; die "compute-sanitizer $tool found something" 1; }
    done
else
    echo "# no compute-sanitizer: memory accesses and races were not looked at"
fi
echo "check-gpu: passed"
