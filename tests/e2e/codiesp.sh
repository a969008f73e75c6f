#!/usr/bin/env bash
# once
# The pipe on a real corpus that is not MIMIC: CodiEsp's clinical cases (English text) with the 50 diagnosis codes most
# frequent in training, as JSON lines through rec-cat, to a score. Sizes and passes were chosen on the dev notes. The
# score and the note-blind floor are printed; CODIESP=FOLDER (its v4) says where the corpus is.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common"
v4=${CODIESP:-$ROOT/../shared/data/codiesp/v4}
[ -d "$v4" ] || { skip codiesp "no CodiEsp (CODIESP=FOLDER)"; exit 0; }
python3 "$ROOT/tests/e2e/codiesp.py" "$v4" . || { no "CodiEsp as JSON lines"; exit 1; }
is "notes of train, dev and test" "$(grep -o '"split": "[a-z]*"' note.json | sort | uniq -c | tr -s ' \n' ' ')" \
    ' 207 "split": "dev" 227 "split": "test" 440 "split": "train" '
rec-cat --from-json --schema note -o note.icds note.json &&
    rec-cat --from-json --schema gold --meta "$(cat labels.json)" -o gold.icds gold.json &&
    rec-cat --where split=train --text note.icds >corpus.txt &&
    spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=4000 --pad_id=0 --eos_id=1 \
        --unk_id=2 --bos_id=-1 --character_coverage=1.0 --num_threads=1 --minloglevel=2 &&
    note-sample -q --level none --budget 512 --tokenizer spiece.model note.icds |
        tokenize -q -m spiece.model --max-length 512 -o token.icds &&
    rec-cat --where split=train,dev gold.icds | tokenize -q -m spiece.model -o target.icds || { no "streams"; exit 1; }
exits "trains" 0 icd-train -q --init t5:d_model=64,layers=1,d_ff=128 --tokenizer spiece.model --target target.icds \
    --loss att --d-a 64 --lr 4e-3 --epochs 20 --patience 0 --save model -o train.icds token.icds
icd-infer -q -m model --use att --threshold dev --split test token.icds | icd-score -q -g gold.icds -o score.icds
is "infers and scores" "${PIPESTATUS[*]}" "0 0"
value() { rec-cat --json score.icds | grep "\"metric\": *\"$1\"" | grep -o '"value": *[0-9.e-]*' | head -n 1 | sed 's/.*: *//'; }
f1=$(value f1_micro) floor=$(value floor_f1_micro)
is "above the note-blind floor" "$(awk "BEGIN {print ($f1 > $floor) ? \"yes\" : \"no: $f1, floor $floor\"}")" yes
printf '# CodiEsp, 227 test notes, 50 codes: micro-F1 %.4f (floor %.4f), macro-F1 %.4f (CAML), AUC macro %.4f\n' \
    "$f1" "$floor" "$(value f1_macro_caml)" "$(value auc_macro)"
exit $failed
