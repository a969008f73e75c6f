#!/usr/bin/env bash
# make bench-gpu: samples a second of training T5-base (random weights) at 2,048 tokens in and 200 out beside
# transformers, eager and sdpa, in the same run, each side with the batch that suits it best; share of the GPU's peak
# and of a matrix product's; memory (ours: what the run took of the GPU; PyTorch's: most reserved). Prints the table for
# tests/bench/RESULTS.md. ORACLE=python with torch and transformers; what is needed else: build.sh.
# BATCHES="8 16 32" STEPS=10 ROUNDS=1 NOTE=2048 TARGET=200 PEAK=990
. "$(dirname "$0")/build.sh"
oracle() { LD_LIBRARY_PATH=$before "${ORACLE:-python3}" "$@"; }
steps=${STEPS:-10} note=${NOTE:-2048} target=${TARGET:-200} peak=${PEAK:-990}
oracle -c 'import torch, transformers; assert torch.cuda.is_available()' 2>/dev/null ||
    die "needs PyTorch (with CUDA) and transformers to compare with: ORACLE=/path/to/python"
t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
: >"$t/full"
first=1
arch=t5:d_model=768,layers=12,heads=12,d_kv=64,d_ff=3072,dropout=0.1
oracle -c 'import torch, transformers; print("# PyTorch", torch.__version__, "transformers", transformers.__version__)'
matmul=$(oracle tests/gpu/t5.py matmul) || die "no matrix product" 1
echo "# bf16 product of 8192: $matmul TFLOP/s"
# side NAME COMMAND...: one more batch of one side; its line is "NAME|batch|ms|MiB|loss"
side() {
    local name=$1 batch=$2 out rc; shift 2
    awk -F'|' -v n="$name" -v b="$batch" '$1 == n && b >= $2 {bad = 1} END {exit bad}' "$t/full" || return # no more fit
    out=$("$@" 2>"$t/err"); rc=$?
    echo "# $name, batch $batch: ${out:-$(tail -n 1 "$t/err")}"
    [ $rc = 0 ] || { echo "$name|$batch" >>"$t/full"; return; }
    echo "$out" | sed -E "s/^(.*, )?([0-9.]+) ms a step, loss ([0-9.a-z]+), ([0-9]+) MiB$/$name|$batch|\2|\4|\3/" \
        >>"$t/lines"
}
for round in $(seq "${ROUNDS:-1}"); do
    for b in ${BATCHES:-8 16 32}; do
        for p in bf16 ${first:+fp32}; do # fp32 once, for the record
            side "icdpipe $p" "$b" build/tests/bench/train_vs_torch "$steps" "$(nproc)" cuda $p "$b" "$note" \
                "$target" "$arch"
        done
        for a in eager sdpa; do
            for p in autocast bf16; do
                side "transformers $a $p" "$b" oracle tests/gpu/t5.py "$steps" "$b" "$note" "$target" $a $p
            done
        done
        first=
    done
done
[ -s "$t/lines" ] || die "nothing ran" 1
# Operations of a sample, forward and backward = 3 x forward: products of both stacks, of cross keys and values,
# attention, head (Te tokens in, Td out; 12 layers, d 768, ff 3072, 32,128 words).
awk -F'|' -v Te="$note" -v Td="$target" -v peak="$peak" -v matmul="$matmul" '
BEGIN {
    L = 12; d = 768; f = 3072; V = 32128
    linear = 2 * (Te*L*(4*d*d + 2*d*f) + Te*L*2*d*d + Td*L*(6*d*d + 2*d*f))
    tf = 3 * (linear + 4*L*d*(Te*Te + Td*Td/2 + Td*Te) + 2*Td*d*V) / 1e12
    printf "# %.2f TFLOP a sample\n\n", tf
    printf "| side | batch | samples/s | MFU of %d | of the product (%d) | MiB | loss |\n", peak, matmul
    print "| --- | --- | --- | --- | --- | --- | --- |"
}
{
    rate = 1000 * $2 / $3
    if (!($1 in best)) order[++n] = $1
    if (rate > best[$1]) { best[$1] = rate; batch[$1] = $2; mib[$1] = $4; loss[$1] = $5 }
}
END {
    for (i = 1; i <= n; i++) {
        s = order[i]
        printf "| %s | %d | %.1f | %.1f %% | %.1f %% | %d | %s |\n", s, batch[s], best[s], 100*best[s]*tf/peak,
            100*best[s]*tf/matmul, mib[s], loss[s]
    }
}' "$t/lines"
