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
    sum(x > json.load(open("model/icd.json"))["threshold"] for x in s) == len(r["codes"]))(__import__("struct").unpack("<4f", __import__("base64").b64decode(r["scores"]["$bin"])))' | sort -u)" True
infer -m model --split dev,test token.icds | rec-cat --json | field 'r["split"]' | sort | uniq -c | tr -s ' \n' ' ' >got
is "two splits" "$(cat got)" " 20 dev 20 test "
exits "a split that no note has" 65 infer -m model --split tset -o no.icds token.icds
is "names it, and leaves nothing" "$(cat err; ls no.icds 2>/dev/null)" "icd-infer: token.icds: no note of split tset"
# notes that were prepared otherwise than in training
tokenize -q -m spiece.model --max-length 0 --format 1 -o whole.icds note.icds
exits "another preparation" 0 infer -m model --split test -o whole.pred.icds whole.icds
is "is said" "$(cat err)" "icd-infer: warning: the notes were not prepared as those that model was trained on: tokenize --max-length 0, in training 2048"
exits "the same preparation" 0 infer -m model --split test -o no.icds token.icds
is "is not" "$(cat err)" ""
is "the score's head names what was read" "$(icd-score -q -g gold.icds --table whole.pred.icds | sed -n 2p | sed 's/.*; //')" "input: whole notes"
is "all splits" "$(infer -m model token.icds | rec-cat --json | field 'r["id"]' | wc -l)" 160

# ---- thresholds that icd-score found: what was scored is what runs ----
infer -m model --use att --split dev -o dev.icds token.icds
score() { icd-score -q -g gold.icds "$@"; }
values() { rec-cat --json "$1" | grep '^{"metric"' | cksum; }
for by in all code; do
    score --tune dev.icds --tune-by $by --save-thresholds $by.json -o scored.icds att.icds
    exits "--thresholds, $by" 0 infer -m model --thresholds $by.json --split test -o by.icds token.icds
    score -o run.icds by.icds; is "$by: what was scored is what runs" "$(values run.icds)" "$(values scored.icds)"
    is "$by: the file is in the lineage" "$(rec-cat --json by.icds | tail -n 1 | grep -c "\"name\": *\"$by.json\"")" 1
done
is "meta says so" "$(meta by.icds threshold)" "by code"
is "and the score's head" "$(score --table by.icds | sed -n 2p)" "codes  final codes (icd-infer --use att, threshold by code); input: at most 2048 tokens per note"
# thresholds that differ widely: each label its own, by name
python3 - <<'EOF'
import json
t = json.load(open("code.json"))
t["labels"] = ["428.0", "401.9", "486", "250.00", "V99.9"]
t["thresholds"] = [1, 0, 0.9, 0.1, 0]
json.dump(t, open("own.json", "w"))
json.dump({**t, "labels": t["labels"][1:], "thresholds": t["thresholds"][1:]}, open("less.json", "w"))
json.dump({**t, "model": "0123456789abcdef"}, open("foreign.json", "w"))
EOF
infer -m model --thresholds own.json --split test -o own.icds token.icds
is "each label by its name" "$(rec-cat --json own.icds | python3 -c '
import base64, json, struct, sys
t = json.load(open("own.json")); t = dict(zip(t["labels"], t["thresholds"])); bad = n = 0
for r in map(json.loads, sys.stdin):
    if "header" in r:
        labels = r["header"]["meta"]["labels"]
    if "id" in r:
        s = struct.unpack("<4f", base64.b64decode(r["scores"]["$bin"]))
        n += 1; bad += set(r["codes"]) != {c for c, x in zip(labels, s) if x > t[c]}
print(n, bad)')" "20 0"
exits "a label without threshold" 65 infer -m model --thresholds less.json -o never.icds token.icds
is "it names the label" "$(grep -c '^icd-infer: less.json: field labels: no threshold for label 428.0$' err)" 1
exits "thresholds of another model" 65 infer -m model --thresholds foreign.json -o never.icds token.icds
is "that is said" "$(grep -c '^icd-infer: foreign.json: thresholds for another model$' err)" 1
exits "no such file" 66 infer -m model --thresholds nowhere.json -o never.icds token.icds
exits "not with text" 64 infer -m model --use gen --thresholds code.json -o never.icds token.icds
exits "not with both sides" 64 infer -m model --use ensemble --thresholds code.json -o never.icds token.icds
exits "not with one threshold" 64 infer -m model --threshold 0.5 --thresholds code.json -o never.icds token.icds
exits "a model without scores" 65 infer -m raw --thresholds code.json -o never.icds token.icds
is "nothing half-written" "$(ls never* .never* 2>/dev/null | wc -l)" 0

# the same again; batches and threads change no decision
infer -m model --split test -o again.icds token.icds
same "same bytes" pred.icds again.icds
decisions() { rec-cat --json "$1" | field 'r["id"], r["codes"], r.get("gen")'; }
for b in 1 3; do
    infer -m model --use ensemble --split test --batch $b -o b.icds token.icds
    decisions b.icds >b.$b
done
same "batches" b.1 b.3
icd-infer -q -j 2 -m model --split test -o two.icds token.icds
is "threads" "$(decisions two.icds)" "$(decisions pred.icds)"

# what decides: what icd.json says
is "the model has what runs" "$(python3 -c '
import json
j = json.load(open("model/icd.json"))
print(j["lambda"] in (0, 1), 0 < j["threshold"] < 1, j["max_new"] > 8, sorted(j["ensemble"]),
      len(j["ensemble"]["code"]["lambda"]))')" "True True True ['and', 'best', 'code', 'mix', 'or'] 4"
is "a model without a second side has no ensemble" "$(grep -c ensemble raw/icd.json)" 0
# a model half-way, so that its sides differ; set: its icd.json changed by some Python on j
$train --epochs 9 --patience 0 --save half -o half.icds token.icds 2>/dev/null || exit 1
cp -r half set
change() { python3 -c '
import json, sys
j = json.load(open("half/icd.json"))
exec(sys.argv[1])
json.dump(j, open("set/icd.json", "w"))' "$1"; }
for l in 1:gen 0:att; do
    change "j['lambda'] = ${l%:*}"
    infer -m set --split test -o l.icds token.icds
    is "lambda ${l%:*}" "$(meta l.icds use) $(meta l.icds lambda)" "${l#*:} ${l%:*}.0"
done
# decided NAME FORMULA OPTION...: of codes (all labels), s (scores) and g (is it in the text?), what is predicted?
decided() {
    local name=$1 formula=$2; shift 2
    infer -m set --split test "$@" -o d.icds token.icds || { no "$name"; return; }
    rec-cat --json d.icds | python3 -c '
import base64, json, struct, sys
codes, formula, n = ["250.00", "401.9", "428.0", "486"], eval("lambda i, s, g: " + sys.argv[1]), 0
for r in map(json.loads, sys.stdin):
    if "id" not in r: continue
    s = struct.unpack("<4f", base64.b64decode(r["scores"]["$bin"])) if "scores" in r else [None] * 4
    g = [c in r["gen"]["codes"] for c in codes] if "gen" in r else [None] * 4
    n += 1
    assert r["codes"] == [c for i, c in enumerate(codes) if formula(i, s[i], g[i])], (r, s, g)
print(n)' "$formula" >got 2>err
    is "$name" "$(cat got)" 20
    [ "$(cat got)" = 20 ] || tail -n 1 err
}
change 'j["lambda"] = 1; j["threshold"] = 0.3; j["ensemble"] = {"best": "mix", "mix": {"lambda": 0.3, "threshold": 0.4},
    "code": {"lambda": [1, 0, 0, 1], "threshold": 0.2}, "or": {"threshold": 0.6}, "and": {"threshold": 0.1}}'
decided "text, if it was better" "g"
decided "the text" "g" --use gen
decided "the model's threshold" "s > 0.3" --use att
decided "its name is dev" "s > 0.3" --use att --threshold dev
decided "another one" "s > 0.7" --use att --threshold 0.7
decided "auto obeys a threshold: scores" "s > 0.7" --use auto --threshold 0.7
decided "dev is none" "g" --threshold dev
decided "the best ensemble" "0.3 * g + 0.7 * s > 0.4" --use ensemble
decided "a mixture" "0.3 * g + 0.7 * s > 0.4" --use ensemble --ensemble mix
decided "a mixture with a threshold" "0.3 * g + 0.7 * s > 0.25" --ensemble mix --threshold 0.25
decided "lambda of each code" "g if i in (0, 3) else s > 0.2" --ensemble code
decided "and a threshold" "g if i in (0, 3) else s > 0.8" --ensemble code --threshold 0.8
decided "either" "g or s > 0.6" --ensemble or
decided "either, and a threshold" "g or s > 0.05" --ensemble or --threshold 0.05
decided "both" "g and s > 0.1" --ensemble and
decided "both, and a threshold" "g and s > 0.9" --ensemble and --threshold 0.9
decided "one lambda for all" "g" --ensemble global
is "both sides are there" "$(rec-cat --json d.icds | field '"scores" in r and "gen" in r' | sort -u) $(meta d.icds use)" "True gen"
infer -m set --split test --use ensemble -o d.icds token.icds
is "meta says how" "$(meta d.icds use) $(meta d.icds ensemble) $(meta d.icds lambda) $(meta d.icds threshold)" "ensemble mix 0.3 0.4"
infer -m set --split test --ensemble code -o d.icds token.icds
is "meta has no lambda where codes have theirs" "$(meta d.icds ensemble) $(meta d.icds lambda)" "code None"
for bad in 'del j["lambda"]' 'j["lambda"] = 0.3' 'j["lambda"] = "x"' 'j["lambda"] = 0; del j["threshold"]'; do
    change "$bad"
    exits "icd.json: $bad" 65 infer -m set -o x.icds token.icds
done
for bad in 'del j["ensemble"]' 'del j["ensemble"]["or"]' 'j["ensemble"]["best"] = "x"' 'j["ensemble"]["mix"]["lambda"] = 2' \
    'j["ensemble"]["code"]["lambda"] = [0, 1, 1]' 'j["ensemble"]["code"]["lambda"][2] = 0.5' 'j["ensemble"]["and"] = 1'; do
    change "$bad"
    exits "icd.json: $bad" 65 infer -m set --use ensemble -o x.icds token.icds
    grep -q '^icd-infer: set' err && ok "is named: $bad" || no "is named: $bad" "$(cat err)"
done
exits "text has no threshold" 64 infer -m half --use gen --threshold 0.5 token.icds
exits "nor has a model of text alone" 64 infer -m raw --threshold 0.5 token.icds
exits "an ensemble of one side" 64 infer -m half --use att --ensemble mix token.icds
exits "an ensemble of a model with one side" 65 infer -m raw --use ensemble -o x.icds token.icds
infer -m model --use att --threshold 0.999999 -o high.icds token.icds
is "threshold in meta" "$(meta high.icds threshold)" 0.999999
infer -m model --use att --threshold 1 token.icds | rec-cat --json | field 'r["codes"]' | sort -u >got
is "nothing is above 1" "$(cat got)" "[]"
# above is not at: the highest score of the first note as the threshold
highest=$(rec-cat --json high.icds | field '(lambda s: repr(max(s)))(__import__("struct").unpack("<4f",
    __import__("base64").b64decode(r["scores"]["$bin"])))' 2>/dev/null | head -n 1)
infer -m model --use att --threshold "$highest" token.icds | rec-cat --json | field 'r["codes"]' 2>/dev/null | head -n 1 >got
is "a score is not above itself" "$(cat got)" "[]"
for bad in 1.5 nan -0.1 x "" 0.5x; do exits "threshold '$bad'" 64 infer -m model --threshold "$bad" token.icds; done

# a text at its limit: cut, its last code left out, counted once
infer -m model --use gen -o whole.icds token.icds 2>err
is "no text is cut at the model's own limit" "$(rec-cat --json whole.icds | field 'r["gen"]["cut"]' | sort -u) $(grep -c limit err)" "False 0"
is "which meta has" "$(meta whole.icds max_new)" "$(python3 -c 'import json; print(json.load(open("model/icd.json"))["max_new"])')"
rec-cat --json whole.icds >whole.json
for n in 1 2 3 4 5 6 7 8 9; do
    exits "max-new $n" 0 infer -m model --use gen --max-new $n -o cut.icds token.icds
    rec-cat --json cut.icds | python3 -c '
import json, sys
whole = {r["id"]: r["gen"] for r in map(json.loads, open("whole.json")) if "id" in r}
cut = 0
for r in map(json.loads, sys.stdin):
    if "id" not in r: continue
    g, w = r["gen"], whole[r["id"]]
    assert w["text"].startswith(g["text"]) and r["codes"] == g["codes"], r
    assert g["cut"] == (g["text"] != w["text"]) or not w["text"][len(g["text"]):].strip(), (g, w)
    items = g["text"].replace(",", " ").split(" ")
    if g["cut"]: del items[-1]  # what nothing follows is unfinished
    assert g["codes"] == sorted(set(items) & set("250.00 401.9 428.0 486".split())), (g, w)
    assert not set(g["codes"]) - set(w["codes"]), (g, w)
    cut += g["cut"]
print(cut, cut > 0)' >got 2>trace || tail -n 1 trace
    is "cut at $n: whole codes, counted" "$(cat got)" \
        "$(sed -n "s/^icd-infer: warning: \([0-9]*\) of 160 generated texts met the limit of $n tokens.*/\1/p" err) True"
done
# a code that comes again is the end of its text
for m in half raw; do
    infer -m $m --use gen --max-new 60 token.icds 2>/dev/null | rec-cat --json | python3 -c '
import json, sys
again = 0
for r in map(json.loads, sys.stdin):
    if "id" not in r: continue
    done = r["gen"]["text"].replace(",", " ").split(" ")[:-1]  # what nothing follows is not finished
    seen = [c for c in done if c in ("250.00", "401.9", "428.0", "486")]
    if len(set(seen)) < len(seen):
        again += 1
        assert len(set(seen)) == len(seen) - 1 and seen[-1] in seen[:-1] and not r["gen"]["cut"], r
print("fine", again)' >got 2>trace || tail -n 1 trace
    is "no text goes on behind a code that it had ($m)" "$(cut -d' ' -f1 got)" fine
done

# a model that hardly learnt: what is no code is counted
infer -m raw --max-new 20 token.icds 2>/dev/null | rec-cat --json >raw.json
is "no head: no scores" "$(field '"scores" in r' <raw.json | sort -u)" False
is "unknown strings are counted" "$(field '(lambda items: sum(i not in ("250.00", "401.9", "428.0", "486", "") for i in items) == r["gen"]["unknown"]
    and sorted(set(items) & {"250.00", "401.9", "428.0", "486"}) == r["gen"]["codes"])(
    r["gen"]["text"].replace(",", " ").replace(";", " ").split(" ")[:-1 if r["gen"]["cut"] else None])' <raw.json | sort -u)" True
is "there are some" "$([ "$(field 'r["gen"]["unknown"]' <raw.json | awk '{n += $1} END {print n + 0}')" -gt 0 ] && echo yes)" yes
is "max-new 1" "$(infer -m raw --max-new 1 token.icds 2>/dev/null | rec-cat --json | field 'len(r["gen"]["text"].split()) <= 1' | sort -u)" True
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
is "one file in the lineage" "$(inputs one.icds)" "token config.json model.safetensors icd.safetensors icd.json generation_config.json 6"
is "every shard in the lineage" "$(inputs two.icds)" "token config.json model.safetensors.index.json $(
    )model-1.safetensors model-2.safetensors icd.safetensors icd.json generation_config.json 8"
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
