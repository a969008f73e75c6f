#!/usr/bin/env bash
# Whose expressions note-sample looks for (--scope): what each scope may depend on, and an oracle's stamp down to the score.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common"
pipe a || { no "the pipe runs" "$(tail -n 3 a/err)"; exit 1; }
cd a/d || exit 1
sample() { local o=$1; shift; note-sample -q -k kb.icds --budget 64 --tokenizer spiece.model "$@" -o "$o.icds" note.icds; }
# gold STREAM PYTHON: gold.icds with each record r changed by PYTHON
gold() { rec-cat --json gold.icds | grep '^{"id"' | python3 -c "
import json, sys
for i, r in enumerate(map(json.loads, sys.stdin)):
    $2
    print(json.dumps(r))" >"$1.json" &&
    rec-cat --from-json --schema gold --meta "$(rec-cat --json gold.icds | head -n 1 | python3 -c \
        'import json, sys; print(json.dumps({"labels": json.load(sys.stdin)["header"]["meta"]["labels"]}))')" "$1.json" -o "$1.icds"; }
split() { records "$1" | grep "\"split\":\"$2\"" >"$3"; [ -s "$3" ]; }

# ---- the note's own codes: only an oracle, and it says so ----
sample union && sample oracle --scope gold --oracle-labels gold.icds || no "gold" "failed"
records_differ "own codes are not all codes" union.icds oracle.icds
is "an oracle is stamped" "$(rec-cat --head oracle.icds | grep -c '^oracle   yes')" 1
is "others are not" "$(rec-cat --head union.icds | grep -c '^oracle   no')" 1
tokenize -q -m spiece.model --max-length 64 -o ot.icds oracle.icds
icd-train -q --init t5:d_model=16,layers=1,heads=2,d_kv=8,d_ff=16 --max-steps 1 --gen-eval 2 --max-new 4 \
    --tokenizer spiece.model --target target.icds --loss gen --save om -o otrain.icds ot.icds
icd-infer -q -m om --split test --max-new 4 -o op.icds ot.icds
icd-score -q -g gold.icds -o oscore.icds op.icds
for s in ot otrain op oscore; do is "the stamp is in $s" "$(rec-cat --head $s.icds | grep -c '^oracle   yes')" 1; done
tokenize -q -m spiece.model --max-length 64 union.icds | icd-infer -q -m om --split test --max-new 4 -o up.icds
is "and in what its model predicts of other notes" "$(rec-cat --head up.icds | grep -c '^oracle   yes')" 1

# ---- codes of a first pass ----
records gold.icds | python3 -c '
import json, sys
for r in map(json.loads, sys.stdin):
    print(json.dumps({"id": r["id"], "split": r["split"], "codes": r["codes"][::-1]}))' |
    rec-cat --from-json --schema pred -o pred.icds
sample predicted --scope predicted --pred pred.icds
records_equal "predictions that are the codes sample as the codes do" predicted.icds oracle.icds
is "but are no oracle" "$(rec-cat --head predicted.icds | grep -c '^oracle   no')" 1
records pred.icds | sed 's/"codes":\[[^]]*\]/"codes":[]/' | rec-cat --from-json --schema pred -o none.icds
sample nothing --scope predicted --pred none.icds
sample head --level none
records_equal "nothing predicted: the head" nothing.icds head.icds

# ---- a train note's own codes, all codes for others ----
sample train --scope gold-train --train-labels target.icds
split train.icds train t1 && split oracle.icds train t2 && same "train notes by their own codes" t1 t2
for s in dev test; do split train.icds $s t1 && split union.icds $s t2 && same "$s notes by all codes" t1 t2; done
is "no oracle either" "$(rec-cat --head train.icds | grep -c '^oracle   no')" 1
gold changed 'r["codes"] = r["codes"] if r["split"] == "train" else ["401.9"]
    if r["split"] == "test": continue'
sample dev --scope gold-train --train-labels changed.icds
records_equal "dev labels say nothing" dev.icds train.icds
exits "labels of test notes are refused" 65 note-sample -k kb.icds --scope gold-train --train-labels gold.icds note.icds
is "with what to do" "$(grep -c 'rec-cat --where split=train' "$T/err")" 1

# ---- labels shuffled or gone: nothing changes where they are no input ----
gold shuffled 'r["codes"] = sorted({"428.0", "038.9", "584.9"} - set(r["codes"]))'
mv gold.icds kept.icds
sample again && records_equal "without the labels at all: the same sample" again.icds union.icds
mv kept.icds gold.icds
sample shuffled-oracle --scope gold --oracle-labels shuffled.icds
records_differ "an oracle's sample does depend on them" shuffled-oracle.icds oracle.icds

# ---- refusals ----
exits "gold needs the labels" 64 note-sample -k kb.icds --scope gold note.icds
exits "labels without the scope" 64 note-sample -k kb.icds --oracle-labels gold.icds note.icds
exits "train labels for another scope" 64 note-sample -k kb.icds --scope gold --train-labels gold.icds note.icds
exits "predicted needs predictions" 64 note-sample -k kb.icds --scope predicted note.icds
exits "a gold stream is no prediction" 65 note-sample -k kb.icds --scope predicted --pred gold.icds note.icds
exits "a scope at level none" 64 note-sample -k kb.icds --level none --scope predicted --pred pred.icds note.icds
rec-cat -n 3 pred.icds | rec-cat --json >few.json
grep '^{"id"' few.json | rec-cat --from-json --schema pred -o few.icds
exits "a note without prediction" 65 note-sample -k kb.icds --scope predicted --pred few.icds -o x.icds note.icds
{ records pred.icds; records pred.icds; } | rec-cat --from-json --schema pred -o twice.icds
exits "a note predicted twice" 65 note-sample -k kb.icds --scope predicted --pred twice.icds -o x.icds note.icds
exit $failed
