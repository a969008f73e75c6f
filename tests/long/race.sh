#!/usr/bin/env bash
# once
# tests/twin/race.sh whole: every op and whole models, in both orders of threads; and the barriers of kernels/cuda are
# needed: without each one in turn, a race is reported.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
race=$B/tests/twin/race
[ -d "$race" ] || { skip race 'not built with sanitizers'; exit 0; }
export OMP_THREAD_LIMIT=1 TSAN_OPTIONS=history_size=7
for t in ops model; do
    for order in forward reverse; do
        HOST_ORDER=$order "$race/$t" >"$T/out" 2>&1
        rc=$?
        sed -nE "s/^(ok|not ok|skip) /&$order: /p" "$T/out"
        grep '^SUMMARY' "$T/out" | sort | uniq -c | sed 's/^/# /'
        is "$t, $order: no race" "$rc:$(grep -c '^SUMMARY' "$T/out")" 0:0
    done
done

# without FILE N OP SOURCE: the N-th line of kernels/cuda/FILE that is a barrier goes; OP, in SOURCE, has a race then
cc=$(sed 's/ -fopenmp.*//' "$B/is/link") link=$(sed 's/.* -fopenmp/-fopenmp/' "$B/is/link")
without() {
    local file=$1 n=$2 op=$3 source=$4 objects
    rm -rf "$T/tree"; mkdir -p "$T/tree"; cp -r kernels lib "$T/tree"
    awk -v n="$n" '/__syncthreads\(\)/ && ++k == n {next} {print}' "kernels/cuda/$file" >"$T/tree/kernels/cuda/$file"
    cmp -s "kernels/cuda/$file" "$T/tree/kernels/cuda/$file" && { no "$file, barrier $n" 'is not there'; return; }
    mapfile -t objects < <(ls "$B"/race/*.o | grep -vE "/(planted|${source%.cu})\.o$")
    # shellcheck disable=SC2086
    ${CXX:-c++} -I"$T/tree" -I"$B/gen" -Itests/twin/host -D_GNU_SOURCE -DATTENTION_CHUNK=65536 -std=c++17 -g -O1 -march=native \
        -fsanitize=thread -x c++ -c "$T/tree/kernels/cuda/$source" -o "$T/other.o" &&
        objcopy --set-section-flags .bss=alloc,load,data,contents --rename-section .bss=icd_shared "$T/other.o" &&
        $cc "$B/o/tests/twin/ops.o" "${objects[@]}" "$T/other.o" "$B/libicdpipe.a" $link -fsanitize=thread -o "$T/ops" ||
        { no "$file without barrier $n" 'does not build'; return; }
    "$T/ops" "$op" >"$T/out" 2>&1
    is "without barrier $n of $file, $op has a race" "$?:$(grep -q '^SUMMARY.*data race' "$T/out" && echo seen)" 66:seen
}
without basic.cu 1 argmax basic.cu
without cuda.h 1 xent xent.cu
without cuda.h 2 label_attn_fwd label_attn.cu
without embed.cu 1 embed_bwd embed.cu
is 'these are all barriers' "$(cat kernels/cuda/* | grep -c '__syncthreads();')" 4
exit $failed
