#!/usr/bin/env bash
# icd-infer on a small model trained here: what decides, what is counted, what is refused.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
if ! command -v spm_train >/dev/null; then skip icd-infer "no spm_train"; exit 0; fi

# 160 notes; each code is named by a word of its own, anywhere between words that mean nothing.
python3 - <<'EOF'
import json, random
random.seed(3)
words = {"401.9": "hypertension", "428.0": "failure", "250.00": "diabetes", "486": "pneumonia"}
fill = "the patient was seen today and then again in the morning with no other complaint".split()
note, gold = open("note.json", "w"), open("gold.json", "w")
for i in range(160):
    codes = sorted(random.sample(sorted(words), random.randint(1, 3)))
    t = [random.choice(fill) for _ in range(random.randint(3, 12))]
    for c in codes:
        t.insert(random.randrange(len(t)), words[c])
    split = "train" if i < 120 else "dev" if i < 140 else "test"
    note.write(json.dumps({"id": f"n{i}", "split": split, "text": " ".join(t)}) + "\n")
    gold.write(json.dumps({"id": f"n{i}", "split": split, "codes": codes}) + "\n")
EOF
rec-cat --from-json --schema note -o note.icds note.json && rec-cat --from-json --schema gold -o gold.icds gold.json &&
    rec-cat --text note.icds >corpus.txt || exit 1
for i in $(seq 20); do echo "401.9, 428.0, 250.00, 486"; done >>corpus.txt
spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=90 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 >/dev/null 2>&1 || exit 1
tokenize -q -m spiece.model -o token.icds note.icds &&
    rec-cat --where split=train,dev gold.icds | tokenize -q -m spiece.model -o target.icds || exit 1
train="icd-train -q -j 1 --init t5:d_model=32,layers=1,heads=2,d_ff=64,dropout=0 --tokenizer spiece.model --target target.icds
    --d-a 32 --lr 0.003 --batch 16"
$train --epochs 25 --patience 0 --save model -o train.icds token.icds || exit 1
$train --loss gen --epochs 1 --save raw -o raw.icds token.icds || exit 1
infer() { icd-infer -q -j 1 "$@"; } # -j 2 once below: threads gain nothing on so small a model
field() { python3 -c '
import json, sys
want = sys.argv[1]
for line in sys.stdin:
    r = json.loads(line)
    if "id" in r:
        print(eval(want))' "$1"; }
meta() { rec-cat --json "$1" | head -n 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["header"]["meta"].get(sys.argv[1]))' "$2"; }

exits "predicts" 0 infer -m model --split test -o pred.icds token.icds
is "records in order" "$(rec-cat --json pred.icds | field 'r["id"]' | tr '\n' ' ')" "$(seq -f 'n%.0f' 140 159 | tr '\n' ' ')"
infer -m model --use att --split test token.icds >att.icds
infer -m model --use gen --split test token.icds >gen.icds
f1() { icd-score -g gold.icds "$1" | rec-cat --json | python3 -c '
import json, sys
print(max(r["value"] > 0.9 for r in map(json.loads, sys.stdin) if r.get("metric") == "f1_micro"))'; }
is "label attention has learnt" "$(f1 att.icds)" True
is "label attention alone writes no gen" "$(rec-cat --json att.icds | field '"gen" in r' | sort -u)" False
is "generated text decides" "$(rec-cat --json gen.icds | field 'r["codes"] == r["gen"]["codes"]' | sort -u)" True
is "scores decide" "$(rec-cat --json att.icds | field '(lambda s: len(s) == 4 and all(0 <= x <= 1 for x in s) and
    sum(x > 0.5 for x in s) == len(r["codes"]))(__import__("struct").unpack("<4f", __import__("base64").b64decode(r["scores"]["$bin"])))' | sort -u)" True
infer -m model --split dev,test token.icds | rec-cat --json | field 'r["split"]' | sort | uniq -c | tr -s ' \n' ' ' >got
is "two splits" "$(cat got)" " 20 dev 20 test "
is "all splits" "$(infer -m model token.icds | rec-cat --json | field 'r["id"]' | wc -l)" 160

# the same again; batches and threads change no decision
infer -m model --split test -o again.icds token.icds
same "same bytes" pred.icds again.icds
decided() { rec-cat --json "$1" | field 'r["id"], r["codes"], r.get("gen")'; }
for b in 1 3; do
    infer -m model --use ensemble --split test --batch $b -o b.icds token.icds
    decided b.icds >b.$b
done
same "batches" b.1 b.3
icd-infer -q -j 2 -m model --split test -o two.icds token.icds
is "threads" "$(decided two.icds)" "$(decided pred.icds)"

# what decides: lambda of icd.json
cp -r model set
lambda() { python3 -c '
import json, sys
p = "set/icd.json"; j = json.load(open(p)); j.pop("lambda")
if sys.argv[1] != "none": j["lambda"] = json.loads(sys.argv[1])
json.dump(j, open(p, "w"))' "$1"; }
for l in 1:gen 0:att 0.3:ensemble; do
    lambda "${l%:*}"
    infer -m set --split test -o l.icds token.icds
    is "lambda ${l%:*}" "$(meta l.icds use) $(meta l.icds lambda)" "${l#*:} $(python3 -c "print(float(${l%:*}))")"
done
infer -m set --use ensemble --split test token.icds | rec-cat --json | field '(lambda s, l, g:
    [l[i] for i in range(4) if 0.3 * (l[i] in g) + 0.7 * s[i] > 0.5] == r["codes"])(__import__("struct").unpack("<4f",
    __import__("base64").b64decode(r["scores"]["$bin"])), ["250.00", "401.9", "428.0", "486"], r["gen"]["codes"])' | sort -u >got
is "ensemble is eq. 5" "$(cat got)" True
lambda none
exits "no lambda" 65 infer -m set --use ensemble -o x.icds token.icds
exits "a threshold" 0 infer -m model --use att --threshold 0.999999 -o high.icds token.icds
is "threshold in meta" "$(meta high.icds threshold)" 0.999999
infer -m model --use att --threshold 1 token.icds | rec-cat --json | field 'r["codes"]' | sort -u >got
is "nothing is above 1" "$(cat got)" "[]"
# above is not at: the highest score of the first note as the threshold
highest=$(rec-cat --json high.icds | field '(lambda s: repr(max(s)))(__import__("struct").unpack("<4f",
    __import__("base64").b64decode(r["scores"]["$bin"])))' | head -n 1)
infer -m model --use att --threshold "$highest" token.icds | rec-cat --json | field 'r["codes"]' | head -n 1 >got
is "a score is not above itself" "$(cat got)" "[]"
exits "dev threshold" 0 infer -m model --threshold dev -o dev.icds token.icds
is "dev threshold in meta" "$(meta dev.icds threshold)" "$(python3 -c 'import json; print(float(json.load(open("model/icd.json"))["threshold"]))')"
exits "threshold out of range" 64 infer -m model --threshold 1.5 token.icds
exits "threshold not a number" 64 infer -m model --threshold nan token.icds

# a model that hardly learnt: what is no code is counted
infer -m raw --max-new 20 token.icds | rec-cat --json >raw.json
is "no head: no scores" "$(field '"scores" in r' <raw.json | sort -u)" False
is "unknown strings are counted" "$(field '(lambda items: sum(i not in ("250.00", "401.9", "428.0", "486") for i in items) == r["gen"]["unknown"]
    and sorted(set(items) & {"250.00", "401.9", "428.0", "486"}) == r["gen"]["codes"])(
    r["gen"]["text"].replace(",", " ").replace(";", " ").split())' <raw.json | sort -u)" True
is "there are some" "$([ "$(field 'r["gen"]["unknown"]' <raw.json | awk '{n += $1} END {print n + 0}')" -gt 0 ] && echo yes)" yes
is "max-new 1" "$(infer -m raw --max-new 1 token.icds | rec-cat --json | field 'len(r["gen"]["text"].split()) <= 1' | sort -u)" True
exits "no head, att" 65 infer -m raw --use att -o x.icds token.icds
exits "no head, evidence" 65 infer -m raw --evidence -o x.icds token.icds

# evidence: places of the raw note, the word that stands for the code among them
infer -m model --use att --split test --evidence token.icds | rec-cat --json >ev.json
python3 - >got <<'EOF'
import json
words = {"401.9": "hypertension", "428.0": "failure", "250.00": "diabetes", "486": "pneumonia"}
text = {r["id"]: r["text"] for r in map(json.loads, open("note.json"))}
hit = n = 0
for r in map(json.loads, open("ev.json")):
    if "id" not in r:
        continue
    t = text[r["id"]]
    assert [e["code"] for e in r["evidence"]] == r["codes"]
    for e in r["evidence"]:
        assert 0 < len(e["spans"]) <= 8
        assert all(0 <= b < x <= len(t) and 0 < w <= 1.0001 for b, x, w in e["spans"])
        assert [s[2] for s in e["spans"]] == sorted((s[2] for s in e["spans"]), reverse=True)
        b, x, _ = e["spans"][0]
        at = t.find(words[e["code"]])
        hit += at >= 0 and b < at + len(words[e["code"]]) and x > at
        n += 1
print(hit > 0.8 * n > 0)
EOF
is "evidence points at the word" "$(cat got)" True

# provenance: the model's own history and files
is "model in meta" "$(rec-cat --json pred.icds | head -n 1 | grep -c '"tool":"icd-train"')" 1
is "model in lineage" "$(rec-cat --json pred.icds | tail -n 1 | grep -c '"name":"model.safetensors"')" 1

# the same weights in two shards: the same predictions, and every file that was read by name and digest
cp -r model sharded
python3 - <<'EOF'
import json, struct
data = open("sharded/model.safetensors", "rb").read()
n = struct.unpack("<Q", data[:8])[0]
head = json.loads(data[8:8 + n])
head.pop("__metadata__", None)
names, where = sorted(head), {}
for k, part in enumerate((names[::2], names[1::2])):
    h, body = {}, b""
    for name in part:
        a, b = head[name]["data_offsets"]
        h[name] = dict(head[name], data_offsets=[len(body), len(body) + b - a])
        body += data[8 + n + a:8 + n + b]
        where[name] = f"model-{k + 1}.safetensors"
    h = json.dumps(h).encode()
    open(f"sharded/model-{k + 1}.safetensors", "wb").write(struct.pack("<Q", len(h)) + h + body)
json.dump({"weight_map": where}, open("sharded/model.safetensors.index.json", "w"))
EOF
rm sharded/model.safetensors
infer -m model --split test -o one.icds token.icds && infer -m sharded --split test -o two.icds token.icds
is "shards: the same predictions" "$(rec-cat --json two.icds | grep '"id"' | cksum)" \
    "$(rec-cat --json one.icds | grep '"id"' | cksum)"
inputs() { # names, and how many digests differ
    rec-cat --json "$1" | tail -n 1 | python3 -c '
import json, sys
own = json.load(sys.stdin)["end"]["lineage"][-1]["inputs"]
print(*[e["name"] for e in own], len({e["xxh64"] for e in own}))'
}
is "one file in the lineage" "$(inputs one.icds)" "token config.json model.safetensors icd.safetensors icd.json 5"
is "every shard in the lineage" "$(inputs two.icds)" "token config.json model.safetensors.index.json $(
    )model-1.safetensors model-2.safetensors icd.safetensors icd.json 7"
cp two.icds before.icds && printf 'x' | dd of=sharded/model-2.safetensors bs=1 seek=4000 conv=notrunc 2>/dev/null
infer -m sharded --split test -o two.icds token.icds
is "a shard that changes changes the lineage" "$(for f in before.icds two.icds; do rec-cat --json $f | tail -n 1; done |
    grep -o '"model-[12].safetensors","xxh64":"[0-9a-f]*"' | sort -u | wc -l)" 3

# refused
exits "no such model" 66 infer -m nothing -o x.icds token.icds
mkdir empty
exits "not a model directory" 66 infer -m empty -o x.icds token.icds
is "how one gets a model directory" "$(for d in t5-base google/t5-v1_1-base; do
    for t in "icd-train -t target.icds --save m -m $d token.icds" "icd-infer -m $d token.icds" "tokenize -m $d note.icds"; do
        $t 2>&1 >/dev/null | grep -c '; nothing is downloaded: .*git clone'
    done
done | tr -d '\n')" 111111
is "a vocabulary file is not got so" "$(tokenize -m t5.model note.icds 2>&1 >/dev/null)" "tokenize: t5.model: No such file or directory"
exits "no -m" 64 infer token.icds
exits "notes" 65 infer -m model -o x.icds note.icds
exits "targets" 65 infer -m model -o x.icds target.icds
spm_train --input=corpus.txt --model_prefix=other --model_type=unigram --vocab_size=60 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 >/dev/null 2>&1
tokenize -q -m other.model -o foreign.icds note.icds
exits "another tokenizer" 65 infer -m model -o x.icds foreign.icds
head -c 900 token.icds >cut.icds
exits "cut input" 65 infer -m model -o x.icds cut.icds
# records with other bytes, the same header: bad NAME FIELD BASE64
bad() {
    rec-cat --json token.icds | head -n 1 | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["header"]["meta"]))' >meta.json
    rec-cat --json token.icds | grep -v '^{"header"\|^{"end"' | sed "s|\"$2\":{\"\$bin\":\"[^\"]*\"}|\"$2\":{\"\$bin\":\"$3\"}|" |
        rec-cat --from-json --schema token --meta "$(cat meta.json)" -o bad.icds || no "$1" "not made"
    exits "$1" 65 infer -m model --use att --evidence -o x.icds bad.icds
    grep -q "record 1: field $2" err && ok "$1: named" || no "$1: named" "$(cat err)"
}
bad "ids outside the vocabulary" ids /////w==
bad "negative ids" ids AQAAgA==
bad "no ids" ids ""
bad "ids of five bytes" ids AQAAAAE=
bad "too few offsets" offsets AQAAAAE=
cp -r model broken && rm broken/icd.json
exits "no icd.json" 65 infer -m broken -o x.icds token.icds
cp -r model/. broken && head -c 2000 model/icd.safetensors >broken/icd.safetensors
exits "cut head" 65 infer -m broken -o x.icds token.icds
cp -r model/. broken && head -c 5000 model/model.safetensors >broken/model.safetensors
exits "cut weights" 65 infer -m broken -o x.icds token.icds
cp -r model/. broken && sed -i 's/"num_layers": 1/"num_layers": 2/' broken/config.json
exits "missing tensor" 65 infer -m broken -o x.icds token.icds
grep -q 'encoder.block.1.*missing' err && ok "missing tensor is named" || no "missing tensor is named" "$(cat err)"
[ ! -e x.icds ] && ok "no output after a failure" || no "no output after a failure"
if [ -e /dev/full ]; then infer -m model token.icds >/dev/full 2>/dev/null; is "full disk" $? 74; fi

# transformers reads what icd-train wrote, tokenizer included
PYTHON=${PYTHON:-python3}
if "$PYTHON" -c 'import transformers, torch' 2>/dev/null; then
    "$PYTHON" - >got 2>err <<'EOF'
from transformers import T5ForConditionalGeneration
m, info = T5ForConditionalGeneration.from_pretrained("model", output_loading_info=True)
print(sorted(info["missing_keys"]), sorted(info["unexpected_keys"]))
EOF
    is "from_pretrained" "$(cat got)" "[] []"
else
    skip from_pretrained "$PYTHON has no transformers"
fi
if "$PYTHON" -c 'import transformers, sentencepiece, google.protobuf' 2>/dev/null; then
    "$PYTHON" - >got 2>err <<'EOF'
import sentencepiece
from transformers import AutoTokenizer
t = "the patient with diabetes; 401.9, 428.0"
print(AutoTokenizer.from_pretrained("model")(t).input_ids ==
      sentencepiece.SentencePieceProcessor(model_file="spiece.model").encode(t) + [1])
EOF
    is "tokenizer in transformers" "$(cat got)" True
else
    skip "tokenizer in transformers" "$PYTHON has no transformers, sentencepiece or protobuf"
fi
exit $failed
