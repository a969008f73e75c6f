#!/usr/bin/env bash
# once
# The twin tests on kernels/cuda compiled for the CPU: what can be shown of them without a GPU. Single ops once more with
# blocks and threads in the reverse order: what lacks a barrier, or has blocks that write to the same place, differs.
[ -d "$B/tests/twin/host" ] || { echo "skip host: not built with sanitizers"; exit 0; }
rc=0
run() {
    "$1" 2>&1 | sed -E "s/^(ok|not ok|skip) /&$2: /" || true
    [ "${PIPESTATUS[0]}" = 0 ] || rc=1
}
for t in "$B"/tests/twin/host/*; do run "$t" host; done
HOST_ORDER=reverse run "$B/tests/twin/host/ops" "host, reversed"
exit $rc
