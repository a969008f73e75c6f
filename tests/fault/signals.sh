#!/usr/bin/env bash
# once
# Training under SIGTERM, SIGINT and SIGHUP at any moment, one or two of them, evaluations included: each run ends by the
# signal with its state saved, none crashes, and --resume gives the bytes of a run that nobody disturbed. oneDNN's kernels
# for AVX-512 keep numbers where the frame of a handler would be put, so a frame on a computing thread shows here, and
# under no sanitizer: the kernels are made at run time. Here a sample; tests/long/signals.sh (RUNS=200) is the loop.
. "$(dirname "$0")/../lib.sh"
command -v spm_train >/dev/null || { skip signals "no spm_train (Debian: sentencepiece)"; exit 0; }
RUNS=${RUNS:-10}
cd "$T" || exit 1
inputs() (
    set -e
    mimic-synth -q --admissions 40 --seed 5 --length 300 mimic3
    mimic-split -q --splits mimic3/splits --gold all.icds -o note.icds mimic3
    rec-cat --where split=train,dev all.icds -o gold.icds
    rec-cat --text note.icds >corpus.txt
    spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=300 --hard_vocab_limit=false \
        --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 --num_threads=1 --minloglevel=2
    tokenize -q -m spiece.model --max-length 64 -o token.icds note.icds
    tokenize -q -m spiece.model -o target.icds gold.icds
)
inputs >made 2>&1 || { no "valid inputs" "$(tail -n 3 made)"; exit 1; }
train() { # train DIR [OPTION]...
    local dir=$1; shift
    exec env --default-signal=INT icd-train -q -j2 --init t5:d_model=64,layers=2,heads=2,d_ff=128 --d-a 8 \
        --tokenizer spiece.model --target target.icds --epochs "$EPOCHS" -b 4 --accumulate 2 --gen-eval 2 --max-new 4 \
        --patience 0 --save "$dir" "$@" token.icds >"$dir.log"
}
# as many epochs as take about two seconds
EPOCHS=30
now() { echo $((${EPOCHREALTIME/./} / 1000)); }
t0=$(now); (train ref) 2>err || { no "a run that nobody disturbs" "$(cat err)"; exit 1; }
whole=$(($(now) - t0))
digest() { (cd "$1" && cat "$OLDPWD/$1.log" icd.json model.safetensors spiece.model | sha256sum); }
want=$(digest ref)

bad=0 stopped=0 early=0
# disturbed SEED: one training, stopped up to three times
disturbed() {
    local seed=$1 resume= turn rc p kind again begun
    RANDOM=$seed
    rm -rf m m.log
    for turn in 1 2 3 4; do
        train m $resume 2>err & p=$!
        if [ $turn -lt 4 ]; then
            local kinds=(TERM INT HUP) ms=$((RANDOM % whole + 20))
            kind=${kinds[RANDOM % 3]} again=$((RANDOM % 2)) # two of them: timeout(1) signals the child and then the group
            sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
            begun=; grep -aqs event m.log && begun=yes # the log's first record is older than the first step
            kill -"$kind" $p 2>/dev/null
            if [ $again = 1 ]; then sleep 0.0$((RANDOM % 10)); kill -"$kind" $p 2>/dev/null; fi
        fi
        wait $p; rc=$?
        case $rc in
            0) break ;;
            143|130|129) stopped=$((stopped + 1)) ;;
            *) echo "seed $seed, turn $turn: exit $rc: $(head -c 200 err)"; return 1 ;;
        esac
        if grep -q 'the state is saved' err; then resume=--resume
        elif [ $begun ]; then echo "seed $seed, turn $turn: the state is not saved"; return 1
        else early=$((early + 1)); [ -f m/checkpoint/state.safetensors ] || { rm -rf m; resume=; }; fi
    done
    [ $rc = 0 ] || { echo "seed $seed: exit $rc: $(head -c 200 err)"; return 1; }
    [ "$(digest m)" = "$want" ] || { echo "seed $seed: another model or log than that of the run nobody disturbed"; return 1; }
}
for ((seed = 1; seed <= RUNS; seed++)); do
    disturbed "$seed" 2>/dev/null >told || { bad=$((bad + 1)); sed 's/^/# /' told; }
done
echo "# $RUNS runs, stopped $stopped times, $early of them before the first step"
if [ $bad = 0 ] && [ $stopped -gt 0 ]; then ok "$RUNS runs under signals"; else no "$RUNS runs under signals" "$bad bad, stopped $stopped times"; fi
