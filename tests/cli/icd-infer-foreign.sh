#!/usr/bin/env bash
# Model directories that icd-train did not write: without icd.json, without a tokenizer, with tokenizer.json alone, with
# another start or other ends in generation_config.json. A model trained here stands for one, its own files taken out.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
python3 - <<'P'
import json, random
random.seed(3)
words = {"401.9": "hypertension", "428.0": "failure", "250.00": "diabetes", "486": "pneumonia"}
fill = "the patient was seen today and then again in the morning with no other complaint".split()
with open("note.json", "w") as note, open("gold.json", "w") as gold:
    for i in range(140):
        codes = sorted(random.sample(sorted(words), random.randint(1, 2)))
        t = [random.choice(fill) for _ in range(random.randint(3, 8))]
        for c in codes: t.insert(random.randrange(len(t)), words[c])
        split = "train" if i < 110 else "dev" if i < 125 else "test"
        note.write(json.dumps({"id": f"n{i}", "split": split, "text": " ".join(t)}) + "\n")
        gold.write(json.dumps({"id": f"n{i}", "split": split, "codes": codes}) + "\n")
P
rec-cat --from-json --schema note -o note.icds note.json && rec-cat --from-json --schema gold -o gold.icds gold.json &&
    vocab-train -q --size 160 --whole-codes -c gold.icds -o spiece.model note.icds &&
    tokenize -q -m spiece.model -o token.icds note.icds &&
    rec-cat --where split=train,dev gold.icds | tokenize -q -m spiece.model -o target.icds || { no "streams"; exit 1; }
small="--init t5:d_model=32,layers=1,heads=2,d_ff=64,dropout=0 --target target.icds --batch 16"
icd-train -q -j 1 $small --tokenizer spiece.model --loss gen --lr 0.004 --epochs 20 --patience 0 --save model -o log.icds token.icds 2>log ||
    { no "trains" "$(tail -n 1 log)"; exit 1; }
infer() { icd-infer -q -j 1 --split test "$@" token.icds; }
# answers STREAM: id, codes and text of each note
answers() { rec-cat --json "$1" | python3 -c '
import json, sys
for r in map(json.loads, sys.stdin):
    if "id" in r: print(r["id"], *r["codes"], r["gen"]["text"])'; }
infer -m model -o own.icds; answers own.icds >want
is "the model has learnt" "$(icd-score -g gold.icds own.icds | rec-cat --json | python3 -c '
import json, sys
print(max(r["value"] > 0.8 for r in map(json.loads, sys.stdin) if r.get("metric") == "f1_micro"))')" True

# ---- no icd.json ----
cp -r model plain; rm plain/icd.json
exits "labels of a gold stream" 0 infer -m plain --labels gold.icds -o plain.icds
answers plain.icds >got; same "the same codes and texts" got want
icd-score -q -g gold.icds plain.icds >score 2>err && ok "scored" || no "scored" "$(cat err)"
printf '428.0\n401.9\n250.00\n486\n' >codes.txt
infer -m plain --labels codes.txt -o list.icds; answers list.icds >got; same "labels of a list" got want
printf '428.0\n401.9\n' >two.txt
infer -m plain --labels two.txt | rec-cat --json | python3 -c '
import json, sys
for r in map(json.loads, sys.stdin):
    if "id" in r: print(r["id"], *r["codes"])' >got
sed -E 's/ (250.00|486)\b//g; s/,.*//' want | cut -d ' ' -f 1 >ids
is "codes outside the labels are no codes" "$(grep -c '250.00\|486' got) $(cut -d ' ' -f 1 got | cmp - ids && echo all)" "0 all"
exits "no labels" 65 infer -m plain
is "says what to do" "$(grep -c 'plain: no icd.json, so not trained by icd-train: --labels FILE' err)" 1
exits "labels of its own" 64 infer -m model --labels gold.icds
exits "label attention it has not" 65 infer -m plain --labels gold.icds --use att
exits "no such labels" 66 infer -m plain --labels nowhere
is "the labels' file is in the lineage" "$(infer -m plain --labels codes.txt | rec-cat --json | tail -n 1 | grep -c '"name": *"codes.txt"')" 1

# ---- no tokenizer ----
mkdir bare; cp plain/config.json plain/model.safetensors plain/generation_config.json bare
exits "no tokenizer" 65 infer -m bare --labels gold.icds
is "says what to do" "$(grep -c -- '--tokenizer FILE names one' err)" 1
infer -m bare --labels gold.icds --tokenizer spiece.model -o bare.icds; answers bare.icds >got
same "--tokenizer" got want
exits "a tokenizer of its own" 64 infer -m plain --labels gold.icds --tokenizer spiece.model
exits "another tokenizer than the stream's" 65 infer -m bare --labels gold.icds --tokenizer <(vocab-train -q --size 150 note.icds)
exits "icd-train: no tokenizer" 66 icd-train -q -m bare --target target.icds --save x --max-steps 1 token.icds
exits "icd-train --tokenizer" 0 icd-train -q -m bare --tokenizer spiece.model --target target.icds --save taken -o taken.icds \
    --loss gen --max-steps 1 token.icds
same "goes with the model" taken/spiece.model spiece.model
exits "icd-train: a tokenizer of its own" 64 icd-train -q -m plain --tokenizer spiece.model --target target.icds --save x token.icds

# ---- tokenizer.json alone: the same vocabulary, as transformers writes it ----
python3 "$ROOT/tests/cli/tokenizer_json.py" spiece.model >tokenizer.json
mkdir hf; cp bare/* tokenizer.json hf
tokenize -q -m hf -o hf-token.icds note.icds && rec-cat --where split=train,dev gold.icds | tokenize -q -m hf -o hf-target.icds
ids() { rec-cat --json "$1" | grep -o '"ids":{[^}]*}'; }
ids hf-token.icds >a; ids token.icds >b
same "ids" a b
icd-infer -q -j 1 --split test -m hf --labels gold.icds -o hf.icds hf-token.icds; answers hf.icds >got
same "codes and texts" got want
exits "icd-train -m" 0 icd-train -q -m hf --target hf-target.icds --save hf-on -o hf-on.icds --max-steps 1 hf-token.icds
same "tokenizer.json goes with the model" hf-on/tokenizer.json tokenizer.json
is "and no configuration of another" "$(ls hf-on | grep -c 'spiece\|tokenizer_config\|special_tokens')" 0
exits "icd-train --init" 0 icd-train -q ${small/target.icds/hf-target.icds} --tokenizer tokenizer.json --save hf-new -o hf-new.icds --max-steps 1 hf-token.icds
same "goes under its name" hf-new/tokenizer.json tokenizer.json
exits "and is read from there" 0 icd-infer -q -m hf-new --split test -o hf-new.pred hf-token.icds

# ---- generation_config.json ----
gen() { cp -r bare "$1"; sed -i "$2" "$1/generation_config.json"; }
texts() { infer -m "$1" --labels gold.icds --tokenizer spiece.model --max-new 8 -o "$1.icds" && answers "$1.icds"; }
texts bare >base
gen start 's/"decoder_start_token_id": 0/"decoder_start_token_id": 5/'; texts start >got
cmp -s got base && no "the start token counts" "the texts are the same" || ok "the start token counts"
comma=$(rec-cat --json target.icds | python3 -c '
import base64, json, struct, sys
for r in map(json.loads, sys.stdin):
    if "ids" in r and len(r["codes"]) == 2: b = base64.b64decode(r["ids"]["$bin"]); print(struct.unpack("<%di" % (len(b) // 4), b)[1]); break')
gen ends "s/\"eos_token_id\": 1/\"eos_token_id\": [1, $comma]/"; texts ends >got
is "each of several ends counts: no text has a second code" "$(wc -l <got) $(grep -c , got) $(grep -c , base | sed 's/^[1-9].*/some/')" \
    "15 0 some"
gen wide 's/"decoder_start_token_id": 0/"decoder_start_token_id": 160/'
exits "a start outside the vocabulary" 65 texts wide
is "is named" "$(grep -c 'wide: generation_config.json: decoder_start_token_id is out of range' err)" 1
gen odd 's/"eos_token_id": 1/"eos_token_id": "1"/'
exits "an end that is no number" 65 texts odd
echo '[' >odd/generation_config.json
exits "a file that is no JSON" 65 texts odd
exit $failed
