#!/usr/bin/env bash
# icd-linear beside scikit-learn on 2,000 synthetic admissions, 50 codes, one penalty: the whole program, reading its
# streams included, against the library's calls alone, with its default solver and with its copy of LIBLINEAR. Wall and
# CPU seconds, and micro-F1 on test at the best dev threshold.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
ORACLE=${ORACLE:-python3}
"$ORACLE" -c 'import sklearn' 2>/dev/null || { echo "no scikit-learn (make bench-deps)" >&2; exit 1; }
mimic-synth -q --admissions 2000 --seed 1 --length 400 mimic3 &&
    mimic-split -q --splits mimic3/splits --gold gold.icds -o note.icds mimic3 &&
    rec-cat --where split=train --text note.icds >corpus.txt &&
    spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=2000 --pad_id=0 --eos_id=1 \
        --unk_id=2 --bos_id=-1 --character_coverage=1.0 --num_threads=1 --minloglevel=2 &&
    tokenize -q -m spiece.model --max-length 0 -o token.icds note.icds &&
    rec-cat --where split=train,dev -o known.icds gold.icds &&
    rec-cat --json note.icds >note.ndjson && rec-cat --json gold.icds >gold.ndjson || exit 1
f1() { icd-score -q -g gold.icds --tune "$1" -o score.icds "$2" && rec-cat --json score.icds | grep '"metric": *"f1_micro"' |
    grep -o '"value": *[0-9.e-]*' | head -n 1 | sed 's/.*: *//' | cut -c1-6; }
for solver in lbfgs liblinear; do
    read -r wall cpu <<<"$("$ORACLE" "$ROOT/tests/bench/linear.py" note.ndjson gold.ndjson $solver $solver)"
    printf 'scikit-learn, %s: %s s, %s s of CPU, micro-F1 %s\n' $solver "$wall" "$cpu" "$(f1 $solver.dev.tsv $solver.test.tsv)"
done
TIMEFORMAT='%R s, %U s of CPU'
for j in 1 2; do
    printf 'icd-linear -j %d: ' $j
    { time icd-linear -q -j $j -m spiece.model -t known.icds --penalty 100 --split dev,test -o both.icds token.icds; } 2>&1
done
rec-cat --where split=dev -o dev.icds both.icds && rec-cat --where split=test -o test.icds both.icds
echo "icd-linear: micro-F1 $(f1 dev.icds test.icds)"
