#!/usr/bin/env bash
# once
# The twin tests on kernels/cuda compiled for the CPU: what can be shown of them without a GPU.
[ -d "$B/tests/twin/host" ] || { echo "skip host: not built with sanitizers"; exit 0; }
rc=0
for t in "$B"/tests/twin/host/*; do
    "$t" 2>&1 | sed -E 's/^(ok|not ok|skip) /&host: /' || true
    [ "${PIPESTATUS[0]}" = 0 ] || rc=1
done
exit $rc
