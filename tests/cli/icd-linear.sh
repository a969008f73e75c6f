#!/usr/bin/env bash
# icd-linear on small made-up notes: what it learns, chooses, writes and refuses.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
if ! command -v spm_train >/dev/null; then skip icd-linear "no spm_train"; exit 0; fi

# Each code is named by a word of its own. 428.0 has no training note, V10.3 has all of them.
python3 - <<'PY'
import json, random
random.seed(3)
words = {"401.9": "Hypertension", "250.00": "diabetes", "486": "pneumonia"}
fill = "the patient was seen today and then again in the morning with no other complaint".split()
note, gold = open("note.json", "w"), open("gold.json", "w")
for i in range(160):
    codes = sorted(random.sample(sorted(words), random.randint(1, 3)))
    t = [random.choice(fill) for _ in range(random.randint(3, 12))]
    for c in codes:
        t.insert(random.randrange(len(t)), words[c])
    split = "train" if i % 4 < 2 else "dev" if i % 4 == 2 else "test"
    codes = sorted(codes + ["V10.3"] + ["428.0"] * (i == 2))
    note.write(json.dumps({"id": f"n{i}", "split": split, "text": " ".join(t)}) + "\n")
    gold.write(json.dumps({"id": f"n{i}", "split": split, "codes": codes}) + "\n")
PY
rec-cat --from-json --schema note -o note.icds note.json && rec-cat --from-json --schema gold -o gold.icds gold.json &&
    rec-cat --text note.icds >corpus.txt || exit 1
for i in $(seq 20); do echo "401.9, 428.0, 250.00, 486, V10.3"; done >>corpus.txt
spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=90 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 >/dev/null 2>&1 || exit 1
tokenize -q -m spiece.model -o token.icds note.icds && rec-cat --where split=train,dev gold.icds >known.icds &&
    tokenize -q -m spiece.model -o target.icds known.icds || exit 1
linear() { icd-linear -q -t target.icds "$@" token.icds; }
# field EXPRESSION: of every record r (its scores s) on standard input
field() { python3 -c '
import base64, json, struct, sys
for line in sys.stdin:
    r = json.loads(line)
    if "header" in r: meta = r["header"]["meta"]
    if "id" in r:
        b = base64.b64decode(r["scores"]["$bin"])
        s = dict(zip(meta["labels"], struct.unpack("<%df" % (len(b) // 4), b)))
        print(eval(sys.argv[1]))' "$1"; }
meta() { rec-cat --json "$1" | head -n 1 | python3 -c 'import json, sys; m = json.load(sys.stdin)["header"]["meta"]; print(eval(sys.argv[1]))' "$2"; }
# edited SCHEMA STREAM SED: the records, edited, as a new stream
edited() { rec-cat --json "$2" | grep -v '^{"\(header\|end\)":' | sed "$3" |
    rec-cat --from-json --schema "$1" --meta "$(meta "$2" 'json.dumps(m)')"; }
f1() { icd-score -q -g gold.icds "$1" | rec-cat --json | python3 -c '
import json, sys
print(next(r["value"] for r in map(json.loads, sys.stdin) if r.get("metric") == "f1_micro"))'; }

exits "predicts" 0 icd-linear -t target.icds -o pred.icds token.icds
is "says what it chose" "$(grep -c '^icd-linear: 80 train and 40 dev notes, [0-9]* features; C = [0-9]*, threshold 0[.0-9]*: micro-F1 0.99[0-9]* on dev$' err)" 1
is "test notes by themselves, in order" "$(rec-cat --json pred.icds | field 'r["id"] + r["split"]' | tr '\n' ' ')" \
    "$(seq -f 'n%.0ftest' 3 4 159 | tr '\n' ' ')"
is "has learnt" "$(f1 pred.icds)" 1.0
is "codes are those above the threshold" "$(rec-cat --json pred.icds |
    field 'r["codes"] == [c for c in sorted(s) if s[c] > meta["threshold"]] and all(0 <= x <= 1 for x in s.values())' | sort -u)" True
is "no training note, every training note" "$(rec-cat --json pred.icds | field 's["428.0"], s["V10.3"]' | sort -u)" "(0.0, 1.0)"
is "meta" "$(meta pred.icds '[m["labels"], m["scores"], m["model"]["family"], m["model"]["dev"]["notes"], 0 < m["threshold"] < 1]')" \
    "[['250.00', '401.9', '428.0', '486', 'V10.3'], 'f32', 'linear', 40, True]"
# the head names this tool, and what the notes were cut to, not the targets
tokenize -q -m spiece.model --max-length 0 -o whole.icds note.icds && icd-linear -q -t target.icds -o whole.pred.icds whole.icds
rec-cat --where split=test whole.pred.icds | icd-score -q -g gold.icds --table | sed -n '2s/threshold [0-9.]*/threshold T/p' >head
is "the score's head" "$(cat head)" "codes  final codes (icd-linear, threshold T); input: whole notes"
input() { # OPTION OF note-sample...: the input as the score's head has it
    note-sample -q -k kb.icds "$@" note.icds | tokenize -q -m spiece.model --max-length 0 | icd-linear -q -t target.icds |
        icd-score -q -g gold.icds --table | sed -n '2s/.*; //p'
}
kb-build -q -o kb.icds
is "sampled notes are not whole" "$(input --level paragraph --budget 64)" "input: sampled by paragraph to 64"
is "nor is a beginning" "$(input --level none --budget 64)" "input: the beginning, cut to 64"
is "history" "$(rec-cat --json pred.icds | head -n 1 | python3 -c 'import json, sys; h = json.load(sys.stdin)["header"]["history"]
print(h[-1]["tool"], h[-1]["options"]["target"], sorted({h[i]["tool"] for i in h[-1]["from"]}))')" "icd-linear target.icds ['tokenize']"

# the choice is the best of what could be chosen: no penalty and no threshold is better on dev
linear --split dev -o dev.icds
is "dev and test are by one model" "$(meta dev.icds 'm["model"]')" "$(meta pred.icds 'm["model"]')"
is "the chosen score is the score on dev" "$(f1 dev.icds)" "$(meta dev.icds 'm["model"]["dev"]["f1_micro"]')"
icd-score -q -g gold.icds --tune dev.icds --table pred.icds | grep -o 'score above [0-9.]*' >got
is "icd-score --tune finds the same threshold" "$(cat got)" "score above $(meta pred.icds '"%.17g" % m["threshold"]')"
python3 - <<'PY' # a task that needs its penalty chosen: words tell only most of the time
import json, random
random.seed(8)
note, gold = open("hard-note.json", "w"), open("hard-gold.json", "w")
for i in range(300):
    t = [random.choice("abcdefghijklmnopqrstuvwxyz") * 2 for _ in range(12)]
    codes = [c for c, w in (("1", "aa"), ("2", "bb"), ("3", "cc")) if (w in t) != (random.random() < 0.2)]
    split = ("train", "dev", "test")[i % 3]
    print(json.dumps({"id": str(i), "split": split, "text": " ".join(t)}), file=note)
    print(json.dumps({"id": str(i), "split": split, "codes": codes}), file=gold)
PY
rec-cat --from-json --schema note hard-note.json | tokenize -q -m spiece.model -o hard.icds
rec-cat --from-json --schema gold --meta '{"labels":["1","2","3"]}' -o hard-gold.icds hard-gold.json
rec-cat --where split=train,dev hard-gold.icds >hard-known.icds
hard() { icd-linear -q -t hard-known.icds "$@" hard.icds; }
dev_f1() { meta "$1" 'm["model"]["dev"]["f1_micro"]'; }
hard -o best.icds
for c in 0.1 0.3 1 3 10 30 100 300 1000 3000 10000; do hard --penalty $c -o c.icds; echo "$c $(dev_f1 c.icds)"; done >tried
is "a given penalty counts" "$(cut -d' ' -f2 tried | sort -u | wc -l | awk '{print ($1 > 2)}')" 1
is "the search ends where the next is no better" "$(awk -v f="$(dev_f1 best.icds)" -v c="$(meta best.icds 'm["model"]["penalty"]')" '
    {v[NR] = $2; if ($1 + 0 == c + 0) at = NR} END {print (at > 0), (v[at] == f), (v[at + 1] > f), (v[at - 1] > f)}' tried)" "1 1 0 0"

# features
linear -m spiece.model --least-notes 1 -o words.icds
is "words" "$(f1 words.icds | awk '{print ($1 > 0.95)}') $(meta words.icds 'm["model"]["words"]')" "1 True"
n() { meta "$1" 'm["model"]["features"]'; }
python3 - <<'PY' >want
import json
notes = [r for r in map(json.loads, open("note.json")) if r["split"] == "train"]
print(len({w.lower() for r in notes for w in r["text"].split()}))
PY
is "each word of the training notes is a feature" "$(n words.icds)" "$(cat want)"
linear --ngrams 2 -m spiece.model --least-notes 1 -o two.icds
python3 - <<'PY' >want
import collections, json
notes = [r["text"].lower().split() for r in map(json.loads, open("note.json")) if r["split"] == "train"]
f = collections.Counter(x for t in notes for x in {tuple(t[i:i + k]) for k in (1, 2) for i in range(len(t) - k + 1)})
print(len(f), sum(v >= 3 for v in f.values()))
PY
linear --ngrams 2 -m spiece.model -o three.icds
is "pairs; rare ones left out" "$(n two.icds) $(n three.icds)" "$(cat want)"

# the same again, with threads, from a pipe, from gold instead of targets
linear -j 1 -o one.icds; linear -j 3 -o many.icds
same "same bytes again" pred.icds one.icds
same "threads do not matter" one.icds many.icds
rec-cat --stream token.icds | icd-linear -q -t target.icds >pipe.icds
is "a pipe" "$(rec-cat --json pipe.icds | field 'r' | cksum)" \
    "$(rec-cat --json pred.icds | field 'r' | cksum)"
icd-linear -q -t known.icds -o gold-pred.icds token.icds
is "gold streams serve as targets" "$(rec-cat --json gold-pred.icds | field 'r')" "$(rec-cat --json pred.icds | field 'r')"
is "two splits" "$(linear --split dev,test | rec-cat --json | field 'r["split"]' | sort | uniq -c | tr -s ' \n' ' ')" " 40 dev 40 test "
rec-cat --where split=train,dev token.icds >no-test.icds
is "dev where there is no test" "$(icd-linear -q -t target.icds no-test.icds | rec-cat --json | field 'r["split"]' | sort -u)" dev
# a test note's tokens teach nothing
edited token token.icds '/"n3"/d; s/"n7"/"n7x"/' >fewer.icds
icd-linear -q -t target.icds -o fewer-pred.icds fewer.icds
is "test notes do not change other predictions" "$(rec-cat --json fewer-pred.icds | field 'sorted(s.items())' | tail -n 38 | cksum)" \
    "$(rec-cat --json pred.icds | field 'sorted(s.items())' | tail -n 38 | cksum)"

# refused
edited token token.icds '1{h;p;x}' >twice.icds
edited token token.icds '1s/"train"/"dev"/' >moved.icds
edited gold known.icds '1s/"codes": *\[/&"E000",/' >strange.icds
kb-build -q | rec-cat --where code=401.9,486 | tokenize -q -m spiece.model -o kb-token.icds
spm_train --input=corpus.txt --model_prefix=other --model_type=unigram --vocab_size=80 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 >/dev/null 2>&1
refused() { # NAME STATUS MESSAGE COMMAND...
    local name=$1 rc=$2 message=$3; shift 3
    exits "$name" "$rc" "$@"
    case $(cat err) in *"$message"*) ok "$name: message" ;; *) no "$name: message" "$(cat err)" ;; esac
}
refused "targets of test notes" 65 "gold.icds: record 4: field split: a target must be train or dev" \
    icd-linear -t gold.icds -o x.icds token.icds
refused "no target" 64 "--target" icd-linear -o x.icds token.icds
refused "no such split" 65 "token.icds: no note of split tset" icd-linear -t target.icds --split tset -o x.icds token.icds
rec-cat --where split=train known.icds >train.icds
refused "no dev" 65 "no dev note with a target" icd-linear -t train.icds -o x.icds token.icds
rec-cat --where split=dev known.icds >dev-only.icds
rec-cat --where id=n0,n2 known.icds >one-train.icds
refused "one training note" 65 "no word or piece is in at least 3 training notes (--least-notes; they are 1)" \
    icd-linear -t one-train.icds -o x.icds token.icds
rec-cat --where split=dev known.icds >dev-only.icds
refused "no train" 65 "no training note with a target" icd-linear -t dev-only.icds -o x.icds token.icds
refused "another tokenizer" 65 "made with another tokenizer" icd-linear -t target.icds -m other.model -o x.icds token.icds
refused "notes twice" 65 "field id: given twice" icd-linear -t target.icds -o x.icds twice.icds
refused "other splits in the two streams" 65 "moved.icds: record 1: field split: not the split that the other stream" \
    icd-linear -t target.icds -o x.icds moved.icds
refused "tokens of knowledge" 65 "not the tokens of notes" icd-linear -t target.icds -o x.icds kb-token.icds
refused "a code that is no label" 65 "record 1: field codes: a code is not in the header's labels" \
    icd-linear -t strange.icds -o x.icds token.icds
is "nothing is left behind" "$(ls x.icds* 2>/dev/null)" ""
exit $failed
