#!/usr/bin/env bash
# Training speed beside transformers + PyTorch: T5, d_model 256, 4+4 layers, 4 notes of 512 tokens, 64 target tokens,
# fp32, dropout 0.1, AdamW. Rounds alternate, because a machine's speed drifts; the best round of each side counts,
# because other work on the machine can only slow one down. STEPS=10 ROUNDS=4 THREADS=2
. "$(dirname "$0")/../lib.sh"
steps=${STEPS:-10} threads=${THREADS:-2}
for round in $(seq "${ROUNDS:-4}"); do
    ours=$("$B/tests/bench/train_vs_torch" "$steps" "$threads") || exit 1
    theirs=$("${ORACLE:-python3}" -P "$ROOT/tests/bench/train_vs_torch.py" "$steps" "$threads" 2>"$T/err") ||
        { cat "$T/err" >&2; exit 1; }
    echo "round $round  icdpipe $ours"
    echo "round $round  PyTorch $theirs"
    echo "${ours%% *} ${theirs%% *}" >>"$T/rounds"
done
awk '$1>a{a=$1} $2>b{b=$2} END{printf "icdpipe %.0f tokens/s, PyTorch %.0f tokens/s: %.2f times (goal 1.5)\n", a, b, a/b}' "$T/rounds"
