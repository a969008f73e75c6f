#!/usr/bin/env bash
# Kernels beside PyTorch's eager ones at the same shapes, 2 threads (THREADS=N for another number).
. "$(dirname "$0")/../lib.sh"
echo "-- icdpipe"
"$B/tests/bench/kernels" "${THREADS:-2}"
echo "-- PyTorch"
"${ORACLE:-python3}" "$ROOT/tests/bench/kernels.py" "${THREADS:-2}"
