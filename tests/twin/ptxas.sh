#!/usr/bin/env bash
# once
# What nvcc makes of kernels/cuda: registers only. A stack frame means that a thread keeps something in memory (an array
# with an index that is not constant, say), a spill that registers ran out; both cost more than they look.
# PTXAS_ARCH=80: for another GPU than an H100 (tests/long/ptxas.sh).
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
nvcc=${NVCC:-$(PATH=$PATH:/usr/local/cuda/bin command -v nvcc)}
[ -n "$nvcc" ] || { skip ptxas 'no nvcc'; exit 0; }
arch=${PTXAS_ARCH:-90a}
# kernels that may, as "NAME STACK SPILLED", with why
allowed=()

# uses FILE: "NAME STACK SPILLED" of each kernel in it
uses() {
    "$nvcc" -I. -I"$B/gen" -D_GNU_SOURCE -std=c++17 -O3 -gencode "arch=compute_$arch,code=sm_$arch" -Xptxas -v -cubin \
        -o "$T/cubin" "$1" >"$T/out" 2>&1 || { cat "$T/out" >&2; echo "$1 does-not compile"; return; }
    awk '/Function properties for/ {name = $NF} / bytes stack frame/ {print name, $1, $5}' "$T/out"
}
for f in $(grep -l __global__ kernels/cuda/*.cu); do
    uses "$f" >"$T/uses"
    bad=$(grep -v ' 0 0$' "$T/uses" | grep -vxF "$(printf '%s\n' "${allowed[@]:-none}")")
    [ -s "$T/uses" ] || bad='no kernel found'
    is "$(basename "$f"), sm_$arch: $(wc -l <"$T/uses") kernels in registers" "$bad" ''
done
cat >"$T/planted.cu" <<'EOF'
__global__ void planted(float *out, const int *at)
{
    float v[64];
    for (int i = 0; i < 64; i++)
        v[at[i]] = out[i];
    out[threadIdx.x] = v[at[threadIdx.x]];
}
EOF
is 'a stack frame is seen' "$(uses "$T/planted.cu" | sed 's/^[^ ]*planted[^ ]* //')" '256 0'
exit $failed
