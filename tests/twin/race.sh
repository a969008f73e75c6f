#!/usr/bin/env bash
# once
# kernels/cuda under ThreadSanitizer (tests/twin/host/race.cc), in blocks of 256 threads as on a GPU: do they agree with
# the CPU, and do no two threads touch one place without a barrier between? First, whether kernels that have a race are
# seen. The ops that take long, and the other order of threads, are tests/long/race.sh's.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
race=$B/tests/twin/race
[ -d "$race" ] || { skip race 'not built with sanitizers'; exit 0; }
# libgomp's barriers are not ThreadSanitizer's to see: the CPU's side is to have one thread
export OMP_THREAD_LIMIT=1 TSAN_OPTIONS=history_size=7
for order in forward reverse; do
    for k in right no_barrier one_of_two by_shuffle between_blocks in_place; do
        HOST_ORDER=$order "$race/planted" $k >"$T/out" 2>&1
        is "$k, $order" "$?:$(sed -n 's/^SUMMARY: .* data race .* in //p' "$T/out" | sort -u)" \
            "$([ $k = right ] && echo 0: || echo "66:$k")"
    done
done
mapfile -t ops < <(sed -nE 's/^OP\(([a-z0-9_]+),.*/\1/p' kernels/ops.def | grep -vE '^(attention_.*|rmsnorm_bwd)$')
is 'ops are found' "$([ ${#ops[@]} -gt 20 ] && echo yes)" yes
"$race/ops" "${ops[@]}" >"$T/out" 2>&1
rc=$?
sed -nE 's/^(ok|not ok|skip) /&race: /p' "$T/out"
grep '^SUMMARY' "$T/out" | sort | uniq -c | sed 's/^/# /'
is 'no race in them' "$rc:$(grep -c '^SUMMARY' "$T/out")" 0:0
exit $failed
