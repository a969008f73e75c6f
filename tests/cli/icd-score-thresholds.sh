#!/bin/bash
# icd-score: thresholds as a file. What was tuned and saved scores the same when it is given again; shrinkage and the
# minimum of positives by their definition; refusals: another model, the split it was tuned on, files that are none.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
G=$ROOT/tests/golden/score
META="{\"labels\":$(cat "$G/labels.json")}"
rec-cat --from-json --schema gold --meta "$META" "$G/gold.ndjson" >gold.icds || no "gold"
pred() { rec-cat --from-json --schema pred --meta "$META" "$@"; }
for f in pred other dev; do pred "$G/$f.ndjson" >$f.icds || no $f; done
score() { icd-score -q -g gold.icds "$@"; }
sum() { rec-cat --json "$1" | grep '^{"metric"' | cksum; }
json() { python3 -c 'import json, sys; print(eval(sys.argv[2], {"t": json.load(open(sys.argv[1]))}))' "$@"; }

# ---- what was scored is what is given again ----
for how in '--tune-by all' '--tune-by code' '--tune-by code --shrink 0' '--tune-by code --shrink 3.5' '--tune-by all --tune-search grid'; do
    score --tune dev.icds $how --save-thresholds t.json --per-code -o tuned.icds pred.icds
    score --thresholds t.json --per-code -o again.icds pred.icds
    is "$how: saved and given again" "$(sum again.icds)" "$(sum tuned.icds)"
    is "$how: as the table of codes has them" "$(rec-cat --json again.icds | python3 -c '
import json, sys
f = json.load(open("t.json")); t = dict(zip(f["labels"], f["thresholds"]))
r = {x["code"]: x["value"] for x in map(json.loads, sys.stdin) if x.get("metric") == "threshold"}
print("fine" if r == t and len(t) == 13 else (r, t))')" fine
done
score --tune dev.icds --save-thresholds all.json -o tuned.icds pred.icds
is "one for all is a number in meta" "$(score --thresholds all.json pred.icds | rec-cat --json | head -n 1 | grep -o '"scored_threshold":[^,}]*')" "\"scored_threshold\":$(json all.json 't["all"]')"
score --tune dev.icds --tune-by code --save-thresholds code.json -o tuned.icds pred.icds
is "one per code is so in meta" "$(score --thresholds code.json pred.icds | rec-cat --json | head -n 1 | grep -o '"scored_threshold":[^,}]*')" '"scored_threshold":"by code"'
is "the table's head names the file" "$(score --thresholds code.json --table pred.icds | sed -n 2p)" "codes  codes with a score above their own threshold, of code.json"
is "the file says what it is" "$(json code.json '[t[k] for k in ("format", "version", "by", "search", "min_positives", "shrink", "notes", "split")]')" \
    "['icd-thresholds', 1, 'code', 'exact', 1, 5.0, 20, 'dev']"
is "and what it comes from" "$(json code.json 't["from"]["name"], t["from"]["xxh64"]')" "('dev.icds', '$(rec-cat --check dev.icds | grep -o '[0-9a-f]\{16\}' | head -n 1)')"
is "the file is in the score's lineage" "$(score --thresholds code.json pred.icds | rec-cat --json | tail -n 1 | grep -c '"name":"code.json"')" 1
is "no path in it" "$(grep -c "$T" code.json)" 0
score --tune dev.icds --save-thresholds again.json -o tuned.icds pred.icds; same "the same bytes again" all.json again.json

# ---- shrinkage and minimum: (n own + K all) / (n + K), all where n < N ----
score --tune dev.icds --tune-by code --shrink 0 --save-thresholds own.json -o x.icds pred.icds
cat >shrunk.py <<'PY'
import json, sys
file, K, N = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
own, got = json.load(open("own.json")), json.load(open(file))
n = dict.fromkeys(own["labels"], 0)
for r in map(json.loads, open(sys.argv[4])):
    if r["split"] == "dev":
        for c in r["codes"]:
            n[c] += 1
bad = []
for c, t, g in zip(own["labels"], own["thresholds"], got["thresholds"]):
    want = own["all"] if n[c] == 0 or n[c] < N else (n[c] * t + K * own["all"]) / (n[c] + K)
    bad += [] if abs(want - g) < 1e-12 else [(c, n[c], want, g)]
differ = sum(g != own["all"] for g in got["thresholds"])
print(*(bad or ["fine", differ if N < 8 else min(differ, 1), got["labels"] == own["labels"]]))
PY
for kn in '10 5' '2.5 1' '0 7' '1000 1'; do
    set -- $kn
    score --tune dev.icds --tune-by code --shrink $1 --min-positives $2 --save-thresholds s.json -o x.icds pred.icds
    is "K $1, N $2" "$(python3 shrunk.py s.json $1 $2 "$G/gold.ndjson" | awk '{print $1, ($2 > 0), $3}')" "fine 1 True"
done
score --tune dev.icds --tune-by code --min-positives 1000 --save-thresholds s.json -o many.icds pred.icds; score --tune dev.icds -o all.icds pred.icds
is "no code has so many: the one for all" "$(sum many.icds)" "$(sum all.icds)"

# ---- plain scores, several systems ----
score --thresholds code.json -o a.icds "$G/pred.tsv"; score --thresholds code.json -o b.icds pred.icds
is "for plain scores, too" "$(sum a.icds)" "$(rec-cat --json b.icds | grep '^{"metric"' | grep -v gen_unknown | cksum)"
score --thresholds code.json --thresholds all.json -o two.icds pred.icds other.icds
is "one for each of several" "$(rec-cat --json two.icds | grep '"system":"other"' | sed 's/,"system":"other"//' | cksum)" \
    "$(score --thresholds all.json other.icds | rec-cat --json | grep '^{"metric"' | grep -v '"floor' | cksum)"
exits "too many of them" 64 icd-score -q -g gold.icds --thresholds code.json --thresholds all.json pred.icds
# labels by name: a file with more of them, in another order
python3 - <<'PY'
import json
t = json.load(open("code.json"))
pairs = list(zip(t["labels"], t["thresholds"]))[::-1] + [("V99.9", 0.5)]
t["labels"], t["thresholds"] = [c for c, _ in pairs], [x for _, x in pairs]
json.dump(t, open("more.json", "w"))
json.dump({k: t[k] for k in ("format", "version", "labels", "thresholds")}, open("least.json", "w"))
def broken(name, **change):
    o = {**t, **change}
    json.dump({k: v for k, v in o.items() if v is not None}, open(name, "w"))
broken("b1.json", format="thresholds")
broken("b2.json", version=2)
broken("b3.json", labels=t["labels"][:-1], thresholds=t["thresholds"][:-1], all=None)
broken("b4.json", labels=[c for c in t["labels"] if c != "401.9"], thresholds=t["thresholds"][1:])
broken("b5.json", thresholds=t["thresholds"][1:])
broken("b6.json", thresholds=["x"] + t["thresholds"][1:])
broken("b7.json", labels=["401.9"] * len(t["labels"]))
broken("b8.json", all="x")
broken("b9.json", labels=None)
PY
for f in more least; do is "$f.json: by name" "$(score --thresholds $f.json pred.icds | rec-cat --json | grep '^{"metric"' | cksum)" "$(sum b.icds)"; done

# ---- refusals ----
refused() { exits "$1" 65 icd-score -q -g gold.icds --thresholds "$2" -o never.icds "${4:-pred.icds}"; if grep -qE "^icd-score: $2: $3" err; then ok "$1: says why"; else no "$1: says why" "$(head -c 300 err)"; fi; }
refused "not such a file" b1.json 'field format: not "icd-thresholds"'
refused "another version" b2.json 'field version: not 1'
exits "a label that needs none" 0 icd-score -q -g gold.icds --thresholds b3.json pred.icds
refused "a label without threshold" b4.json 'field labels: no threshold for label 401.9'
refused "too few" b5.json 'field thresholds: 13 for 14 labels'
refused "no number" b6.json 'field thresholds: threshold 1 is not a number'
refused "a label twice" b7.json 'field labels: meta.labels has a code twice'
refused "all is no number" b8.json 'field all: not a number'
refused "no labels" b9.json 'field labels: no labels'
head -c 200 code.json >cut.json; refused "cut short" cut.json 'line [0-9]+: column [0-9]+: not JSON'
refused "a stream" pred.icds 'line 1: column [0-9]+: not JSON'
refused "the split it was tuned on" code.json 'tuned on notes of the dev split, which is scored here' dev.icds
exits "no such file" 66 icd-score -q -g gold.icds --thresholds nowhere.json pred.icds
exits "no scores" 65 icd-score -q -g gold.icds --thresholds code.json "$G/pred.psv"
is "it says what needs them" "$(grep -c 'field scores: not there, but --thresholds needs it' err)" 1
of() { rec-cat --from-json --schema pred --meta "{\"labels\":$(cat "$G/labels.json"),\"model\":{\"history\":\"$2\"}}" "$G/$1.ndjson"; }
of dev A >dev.A.icds; of pred A >pred.A.icds; of pred B >pred.B.icds
score --tune dev.A.icds --save-thresholds A.json -o x.icds pred.A.icds
exits "thresholds of that model" 0 icd-score -q -g gold.icds --thresholds A.json pred.A.icds
refused "thresholds of another model" A.json 'thresholds for another model' pred.B.icds
exits "a system that does not say by which model" 0 icd-score -q -g gold.icds --thresholds A.json pred.icds
for bad in '--threshold 0.5' '--tune dev.icds' '--tune-by code'; do exits "$bad does not go with it" 64 icd-score -q -g gold.icds --thresholds code.json $bad pred.icds; done
for bad in '' '--threshold 0.5' '--thresholds code.json'; do exits "nothing to save: $bad" 64 icd-score -q -g gold.icds --save-thresholds never.json $bad pred.icds; done
exits "several inputs to save for" 64 icd-score -q -g gold.icds --tune dev.icds --tune dev.icds --save-thresholds never.json pred.icds other.icds
exits "nothing is saved when the score fails" 65 icd-score -q -g gold.icds --tune dev.icds --save-thresholds never.json "$G/pred.psv"
exits "nor where it cannot be" 74 icd-score -q -g gold.icds --tune dev.icds --save-thresholds nowhere/never.json pred.icds
is "nothing half-written" "$(ls never* .never* 2>/dev/null | wc -l)" 0
exit $failed
