#!/usr/bin/env bash
# KG-injection through icd-train and icd-infer: every option makes a difference, a stopped run ends as one that never
# stopped, a model directory is all that icd-infer needs, and knowledge that does not fit is refused.
. "$(dirname "$0")/../lib.sh"
command -v spm_train >/dev/null || { skip kg-inject "no spm_train"; exit 0; }
cd "$T" || exit 1

# Notes of 10 to 30 words, four codes, two words for each; the knowledge says which.
python3 - <<'PY'
import json, random
r = random.Random(1)
words = {"401.9": ["hypertension", "htn"], "428.0": ["failure", "chf"], "250.00": ["diabetes", "dm two"], "584.9": ["renal", "arf"]}
filler = "patient was seen today and left in good state with plan to rest at home after meals".split()
note, gold, kb = open("note.json", "w"), open("gold.json", "w"), open("kb.json", "w")
for i in range(110):
    split = "train" if i < 80 else "dev" if i < 100 else "test"
    codes = sorted(c for c in words if r.random() < 0.45) or ["401.9"]
    text = [r.choice(filler) for _ in range(r.randint(10, 26))]
    for c in codes:
        text.insert(r.randint(0, len(text)), r.choice(words[c]))
    print(json.dumps({"id": "n%d" % i, "split": split, "text": " ".join(text)}), file=note)
    if split != "test":
        print(json.dumps({"id": "n%d" % i, "split": split, "codes": codes}), file=gold)
for c, w in words.items():
    terms = [{"text": t, "type": "term", "source": "test"} for t in w]
    print(json.dumps({"code": c, "kind": "diagnosis", "title": "about " + w[0], "description": "seen with " + " and ".join(w),
                      "terms": terms}), file=kb)
with open("corpus.txt", "w") as f:
    for l in open("note.json"): print(json.loads(l)["text"], file=f)
    for c, w in words.items(): print(c + ", " + c, *w, "seen with and", file=f)
PY
vocab() { spm_train --input=corpus.txt --model_prefix="$1" --model_type=unigram --vocab_size="$2" --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 >/dev/null 2>&1; }
vocab spiece 120 && vocab other 90 &&
    rec-cat --from-json --schema note note.json -o note.icds &&
    rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0","584.9"]}' gold.json -o gold.icds &&
    rec-cat --from-json --schema kb kb.json -o kb.icds &&
    tokenize -q -m spiece.model -o token.icds note.icds && tokenize -q -m spiece.model -o target.icds gold.icds &&
    tokenize -q -m spiece.model -o kg.icds kb.icds || { no corpus "could not be made"; exit 1; }

small="--init t5:d_model=16,layers=1,heads=2,d_kv=8,d_ff=32 --tokenizer spiece.model --target target.icds --d-a 16"
train() { local d=$1; shift; icd-train $small --save "$d" -o "$d.icds" -q -j 2 "$@" token.icds; }
run="--kg kg.icds --lr 5e-3 --epochs 3 --batch 4 --accumulate 2 --dropout 0.1 --gen-eval 4 --log-every 1 --patience 0 --kg-refresh 4"
tree() { (cd "$1" && find . -type f | sort | xargs md5sum); }
steps() { rec-cat --json "$1" | grep '"event"'; }
says() { grep -q -- "$2" err && ok "$1" || no "$1" "$(cat err)"; }

exits "trains" 0 train whole $run
is "icd.json says how" "$(python3 -c '
import json
j = json.load(open("whole/icd.json"))
k = j["kg"]
print(k["codes"], k["texts"], k["tokens"] == k["rows"] > 8, k["pool"], k["scope"], k["into"], k["scale"], k["tanh"], j["options"]["kg"],
      [e["name"] for e in j["lineage"][-1]["inputs"]])')" \
    "4 8 True token global both none False kg.icds ['token', 'target', 'token', 'spiece.model']"
is "where the knowledge came from is kept" "$(python3 -c '
import json
print(sorted({h["tool"] for h in json.load(open("whole/icd.json"))["history"]}), sum(h["tool"] == "tokenize" for h in
      json.load(open("whole/icd.json"))["history"]))')" "['icd-train', 'rec-cat', 'tokenize'] 3"
exits "dry run" 0 icd-train $small --kg kg.icds --save dry --dry-run -j 2 token.icds
says "names the knowledge" 'knowledge: 8 texts of 4 codes, [0-9]* tokens, [0-9]* rows'

# ---- a run that was stopped is one that was not; between two encodings too ----
for n in 1 4 6; do
    exits "stops after step $n" 75 train stop$n $run --stop-after $n
    train stop$n $run --resume
    is "resumed after step $n: the same model" "$(tree stop$n)" "$(tree whole)"
    same "resumed after step $n: the same log" stop$n.icds whole.icds
done
for how in "--kg-grad full --kg-pool code" "--kg-refresh 0 --kg-scope note"; do
    rm -rf once once.icds twice twice.icds
    how="$run $how --max-steps 12 --eval-every 5"
    [ "${how/full/}" = "$how" ] || how=${how/--kg-refresh 4/}
    train once $how
    train twice $how --stop-after 6 2>/dev/null
    train twice $how --resume
    is "resumed: ${how#*--kg-refresh*4 }" "$(tree twice)" "$(tree once)"
done

# ---- every option makes a difference ----
short="$run --max-steps 6 --kg-refresh 2"
train short $short
for opt in "--kg-into decoder" "--kg-into labels" "--kg-pool expression" "--kg-pool code" "--kg-scope note" "--kg-refresh 1" \
    "--kg-refresh 0" "--kg-refresh 100 --kg-grad full" "--kg-chunk 1" "--kg-share-w" "--kg-scale sqrt" "--kg-tanh" "--kg-gate" \
    "--kg-norm"; do
    rm -rf opt opt.icds
    train opt $short $opt
    if [ -f opt/icd.json ] && [ "$(steps opt.icds)" != "$(steps short.icds)" ]; then ok "$opt makes a difference"
    else no "$opt makes a difference" "$(cat opt.icds 2>/dev/null | wc -c) bytes of log"; fi
done
train none ${short/--kg kg.icds/} --kg-refresh 100
[ "$(steps none.icds)" != "$(steps short.icds)" ] && ok "knowledge makes a difference" || no "knowledge makes a difference"
sed 's/htn/good/g' kb.json | rec-cat --from-json --schema kb | tokenize -q -m spiece.model -o kg2.icds
train another ${short/kg.icds/kg2.icds}
[ "$(steps another.icds)" != "$(steps short.icds)" ] && ok "its text too" || no "its text too"
# Descriptions: one text a code.
sed 's/"terms".*/"terms": []}/' kb.json | rec-cat --from-json --schema kb --meta '{"kind":"descriptions"}' |
    tokenize -q -m spiece.model -o kg3.icds
train described ${short/kg.icds/kg3.icds}
is "descriptions" "$(python3 -c 'import json; print(json.load(open("described/icd.json"))["kg"]["texts"])')" 4

# ---- icd-infer needs the directory alone, and finds what was found in training ----
for how in "" "--kg-grad full" "--kg-refresh 0 --kg-gate --kg-norm" "--kg-scope note --kg-pool expression" "--kg-share-w --kg-into labels" \
    "--loss gen --kg-into decoder"; do
    rm -rf there there.icds m
    train there --kg kg.icds --lr 1e-2 --epochs 6 --batch 8 --patience 0 $how
    mv there m
    exits "infers: $how" 0 icd-infer -q -j 2 -m m --use gen --split dev --max-new 30 -o gen.icds token.icds
    is "as in training: $how" "$(rec-cat --json gen.icds | python3 -c '
import json, sys
gold = {r["id"]: set(r["codes"]) for r in map(json.loads, open("gold.json"))}
got = {r["id"]: r for r in map(json.loads, sys.stdin) if "id" in r}
j = json.load(open("m/icd.json"))
def f1(of):
    tp = sum(len(of(r) & gold[i]) for i, r in got.items())
    return 2 * tp / max(1, sum(len(of(r)) + len(gold[i]) for i, r in got.items()))
import base64, struct
def att(r): return {l for l, s in zip(j["labels"], struct.unpack("<4f", base64.b64decode(r["scores"]["$bin"]))) if s > 0.5}
want = [(lambda r: set(r["gen"]["codes"]), j["dev"]["f1_gen"])] + ([(att, j["dev"]["f1_att"])] if "d_a" in j else [])
print(len(got), all(abs(f1(of) - v) < 1e-9 for of, v in want) or [(f1(of), v) for of, v in want])')" "20 True"
done
# What full gradients leave behind is the knowledge as the best model's own encoder reads it: made again, it is the same.
rm -rf m again again.icds
train m --kg kg.icds --lr 1e-2 --epochs 2 --batch 8 --kg-grad full
icd-train -m m --target target.icds --save again -o again.icds -q -j 2 --lr 0 --max-steps 1 --batch 8 token.icds
memory() { python3 - "$1/icd.safetensors" <<'PY'
import hashlib, json, struct, sys
d = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", d[:8])[0]
a, b = json.loads(d[8:8 + n])["icd.kg.memory"]["data_offsets"]
print("nothing" if not any(d[8 + n + a:8 + n + b]) else hashlib.md5(d[8 + n + a:8 + n + b]).hexdigest())
PY
}
is "full gradients: the knowledge of the model that is kept" "$(memory m)" "$(memory again)"
[ "$(memory m)" != nothing ] && ok "and it is not empty" || no "and it is not empty"
icd-infer -q -j 2 -m whole --use att --evidence -o one.icds token.icds
is "the knowledge stands behind a score" "$(rec-cat --json one.icds | head -n 1 | grep -c '"kg":{')" 1
for b in 1 7; do icd-infer -q -j 2 -m whole --use att --batch $b token.icds | rec-cat --json | grep -o '"codes":[^]]*' >codes.$b; done
same "batches change no decision" codes.1 codes.7

# ---- a note reads its own knowledge only, and does not mind what stands beside it ----
train own --kg kg.icds --kg-scope note --kg-pool expression --lr 1e-2 --epochs 2 --batch 8
scores() { icd-infer -q -j 1 -m own --use att --batch "$1" token.icds | rec-cat --json | python3 -c '
import base64, json, struct, sys
for r in map(json.loads, sys.stdin):
    if "id" in r: print(*("%.3f" % s for s in struct.unpack("<4f", base64.b64decode(r["scores"]["$bin"]))))'; }
is "scores of notes alone and together" "$(scores 8)" "$(scores 1)"
# Texts that stand in no note change nothing, whatever they are.
for t in absent elsewhere; do
    sed "s/\"text\": \"[^\"]*\"/\"text\": \"$t today rest\"/g" kb.json | rec-cat --from-json --schema kb |
        tokenize -q -m spiece.model -o $t.kg
    train $t ${short/kg.icds/$t.kg} --kg-scope note --kg-pool code
done
train present $short --kg-scope note --kg-pool code
is "texts that stand in no note" "$(steps absent.icds)" "$(steps elsewhere.icds)"
[ "$(steps absent.icds)" != "$(steps present.icds)" ] && ok "and those that do" || no "and those that do"

# ---- going on from a model that has knowledge ----
warm() { icd-train -m whole --target target.icds --save "$@" -q -j 2 --max-steps 2 token.icds; }
exits "its own knowledge goes with it" 0 warm warm -o warm.icds
is "the same texts" "$(python3 -c 'import json; print(json.load(open("warm/icd.json"))["kg"] == json.load(open("whole/icd.json"))["kg"])')" True
exits "refreshed otherwise" 0 warm warm1 -o warm1.icds --kg-refresh 1
exits "other knowledge" 64 warm bad --kg kg.icds
says "is told" 'has its own knowledge'
exits "another form" 64 warm bad --kg-tanh
says "is named" '--kg-tanh is not as the model has it'
train pooled ${short/--lr/--kg-pool code --lr}
icd-train -m pooled --target target.icds --save pooled2 -o pooled2.icds -q -j 2 --max-steps 2 token.icds
is "the record tells the form that the model has" "$(python3 -c '
import json
o = json.load(open("pooled2/icd.json"))["options"]
print(o["kg-pool"], o["kg-chunk"], o["d-a"], "kg" in o)')" "code 512 16 False"
for how in "into labels --loss gen" "into decoder --loss att" "share-w --loss gen"; do
    rm -rf form form.icds
    train form ${short/--lr/--kg-${how%% --*} --lr}
    exits "its form and ${how#* --}" 64 icd-train -m form --target target.icds --save bad -o bad.icds -q -j 2 --${how#* --} token.icds
    says "is told: ${how#* --}" "--kg-${how%% *} needs a --loss"
done
exits "another width of the label attention" 64 warm bad -o bad.icds --d-a 8
says "names the model's" "label attention has 16"
exits "text alone, of a model with label attention" 0 icd-train -m none --target target.icds --save alone -o alone.icds -q -j 2 \
    --max-steps 2 --loss gen token.icds
rm alone/icd.safetensors
exits "its label attention is missed when it is lost" 65 icd-infer -q -m alone -o x.icds token.icds
exits "knowledge for a model without" 0 icd-train -m none --target target.icds --kg kg.icds --save late -o late.icds -q --max-steps 2 token.icds

# ---- refused ----
refused() { # NAME CODE MESSAGE OPTION...
    exits "$1" "$2" train bad "${@:4}"
    says "$1: says so" "$3"
}
tokenize -q -m other.model -o foreign.icds kb.icds
refused "knowledge in another vocabulary" 65 'foreign.icds: ' --kg foreign.icds
refused "tokens of notes" 65 'token.icds: holds the tokens of notes' --kg token.icds
refused "a kb that is not tokenized" 65 'kb.icds' --kg kb.icds
rec-cat --json kg.icds | head -n 1 | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["header"]["meta"]))' >meta.json
rec-cat --where id=none kg.icds -o empty.icds
refused "no knowledge" 65 'empty.icds: holds no knowledge' --kg empty.icds
edited() { rec-cat --json kg.icds | grep '"id"' | sed "3s|$1|$2|" | rec-cat --from-json --schema token --meta "$(cat meta.json)" -o edited.icds; }
edited '"code":"[^"]*",' ''
refused "a text without a code" 65 'edited.icds: record 3: field code' --kg edited.icds
edited '"ids":{"$bin":"[^"]*"}' '"ids":{"$bin":"AQAAAAE="}'
refused "ids that are cut" 65 'edited.icds: record 3: field ids' --kg edited.icds
edited '"ids":{"$bin":"[^"]*"}' '"ids":{"$bin":"////fw=="}'
refused "ids outside the vocabulary" 65 'edited.icds: record 3: field ids' --kg edited.icds
head -c 300 kg.icds >cut.icds
refused "knowledge cut short" 65 'cut.icds' --kg cut.icds
refused "missing knowledge" 66 'nowhere.icds' --kg nowhere.icds
for opt in "into labels" "pool code" "scope note" "refresh 7" "grad full" "chunk 9" "scale sqrt"; do
    refused "--kg-$opt without --kg" 64 "kg-${opt% *} needs --kg" --kg-$opt
done
for opt in share-w tanh gate norm; do refused "--kg-$opt without --kg" 64 "kg-$opt needs --kg" --kg-$opt; done
refused "share-w with another width" 64 'of width 16' --kg kg.icds --kg-share-w --d-a 8
refused "share-w without label attention" 64 'share-w needs a --loss' --kg kg.icds --kg-share-w --loss gen
refused "into labels that are not trained" 64 'into needs a --loss' --kg kg.icds --kg-into labels --loss gen
refused "into a decoder that is not trained" 64 'into needs a --loss' --kg kg.icds --kg-into decoder --loss att
refused "refresh and full gradients" 64 'refresh goes with' --kg kg.icds --kg-grad full --kg-refresh 7
refused "codes of the note" 64 'kg-scope' --kg kg.icds --kg-scope gold
train stopped $run --stop-after 3 2>/dev/null
exits "resumed with other knowledge" 64 train stopped ${run/kg.icds/kg2.icds} --resume

# ---- a directory that does not go together ----
broken() { # NAME MESSAGE PYTHON on j (icd.json)
    rm -rf broken; cp -r whole broken
    python3 -c 'import json, sys
j = json.load(open("broken/icd.json")); exec(sys.argv[1]); json.dump(j, open("broken/icd.json", "w"))' "$3"
    exits "$1" 65 icd-infer -q -m broken -o x.icds token.icds
    says "$1: says so" "$2"
}
broken "no word of the knowledge" 'unexpected tensor icd.kg' 'del j["kg"]'
broken "another pool" 'icd.kg.memory: its shape' 'j["kg"]["pool"] = "code"'
broken "an unknown scope" 'kg.scope' 'j["kg"]["scope"] = "gold"'
broken "no truth value" 'kg.gate' 'j["kg"]["gate"] = 1'
broken "a gate that is not there" 'icd.kg.gate is missing' 'j["kg"]["gate"] = True'
broken "no chunk" 'kg.chunk' 'j["kg"]["chunk"] = 0'
rm broken/icd.safetensors
exits "lost tensors" 65 icd-infer -q -m broken -o x.icds token.icds
# set NAME TENSOR INDEX VALUE: one number of an i32 tensor
set_number() {
    rm -rf broken; cp -r whole broken
    python3 - "${@:2}" <<'PY'
import json, struct, sys
name, i, v = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
d = bytearray(open("broken/icd.safetensors", "rb").read())
n = struct.unpack("<Q", d[:8])[0]
struct.pack_into("<i", d, 8 + n + json.loads(d[8:8 + n])[name]["data_offsets"][0] + 4 * i, v)
open("broken/icd.safetensors", "wb").write(d)
PY
    exits "$1" 65 icd-infer -q -m broken -o x.icds token.icds
}
set_number "a text of no tokens" icd.kg.text 2 0
set_number "a text longer than all" icd.kg.text 0 1000000
set_number "a text longer than what is left" icd.kg.text 14 100
set_number "a code out of order" icd.kg.text 5 3
set_number "a token that is none" icd.kg.ids 0 -1
is "nothing is left behind" "$(ls -d bad bad.icds x.icds 2>/dev/null)" ""
exit $failed
