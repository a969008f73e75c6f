#!/usr/bin/env bash
# make check-gpu: every op, whole models and the tools, CPU against GPU, on a real one; see build.sh for what it needs.
# Nothing is skipped here: without a GPU, or with a case missing, it fails.
. "$(dirname "$0")/build.sh"
export TWIN_REQUIRED=1
log=$(mktemp); trap 'rm -f "$log"' EXIT
tests/run build bin -- tests/twin/ops.c tests/twin/model.c tests/twin/tools.sh | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] || die "failed" 1
tail -n 1 "$log" | grep -q ', 0 skipped$' || die "something was skipped" 1
# the cases cannot become fewer unseen
build/tests/twin/ops >"$log" 2>&1
for op in $(sed -nE 's/^OP\(([a-z0-9_]+),.*/\1/p' kernels/ops.def); do
    grep -q "^ok $op: .* fp32$" "$log" || die "no case for $op" 1
done
# memory accesses, races and barriers of our kernels (what is reported of cuBLAS's is not ours to judge)
sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
kernels=$(sed -nE 's/^static __global__ void ([a-z_]+)\(.*/\1/p' kernels/cuda/*.cu | sort -u | paste -s -d '|')
for tool in memcheck racecheck synccheck; do
    "${sanitizer:-false}" --tool $tool build/tests/twin/ops >"$log" 2>&1
    rc=$?
    if grep -qE "^=========.*\b($kernels)\b" "$log"; then
        grep -E '^=========' "$log" | head -n 30
        die "compute-sanitizer: $tool" 1
    fi
    [ $rc = 0 ] && echo "ok $tool" || echo "# compute-sanitizer $tool does not work here: $(tail -n 1 "$log")"
done
echo "check-gpu: passed"
