#!/usr/bin/env bash
# tokenize with one thread and with two, on the same notes; rounds alternate and the best of each counts. Goal: 1.8 times.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
command -v spm_train >/dev/null || { echo "no spm_train (Debian: sentencepiece)" >&2; exit 1; }
mimic-synth -q --admissions "${MANY:-1500}" --seed 3 many &&
    mimic-split -q --splits many/splits --gold gold.icds -o many.icds many 2>/dev/null || exit 1
rec-cat -n 200 --text many.icds >corpus.txt
spm_train --input=corpus.txt --model_prefix=spiece --vocab_size=4000 --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 \
    --character_coverage=1.0 --num_threads=1 --minloglevel=2 || exit 1
mb=$(rec-cat --text many.icds | wc -c | awk '{print $1 / 1e6}')
for i in $(seq "${ROUNDS:-5}"); do
    for j in 1 2; do
        t=$EPOCHREALTIME
        tokenize -q -m spiece.model --max-length 0 -j $j -o $j.icds many.icds || exit 1
        awk -v t="$t" -v u="$EPOCHREALTIME" -v j=$j 'BEGIN{print j, u - t}'
    done
done >times
for j in 1 2; do rec-cat --json $j.icds | grep '^{"id"' | cksum; done | sort -u | wc -l | grep -qx 1 ||
    { echo "two threads write other ids than one" >&2; exit 1; }
awk -v mb="$mb" '!($1 in b) || $2 < b[$1] {b[$1] = $2}
    END{printf "one thread %.1f MB/s, two %.1f MB/s: %.2f times (goal 1.8)\n", mb / b[1], mb / b[2], b[1] / b[2]}' times
