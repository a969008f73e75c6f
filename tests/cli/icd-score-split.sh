#!/bin/bash
# icd-score: which notes are scored (one split, never several in one number unasked), several systems in one table, means
# over seeds, metrics chosen by name, and the forms of the result: table, TSV, CSV, JSON, records.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
G=$ROOT/tests/golden/score
META="{\"labels\":$(cat "$G/labels.json")}"
rec-cat --from-json --schema gold --meta "$META" "$G/gold.ndjson" >gold.icds || no "gold"
pred() { rec-cat --from-json --schema pred --meta "$META" "$@"; }
for f in pred other dev; do pred "$G/$f.ndjson" >$f.icds || no $f; done
value() { rec-cat --json "$1" | grep -v '"system"' | sed -n "s/^{\"metric\":\"$2\",\"value\":\([^,}]*\).*/\1/p"; }
sum() { rec-cat --json "$1" | grep '^{"metric"' | cksum; }
score() { icd-score -q -g gold.icds "$@"; }
score -o test.score.icds pred.icds; score -o dev.score.icds dev.icds

# ---- one split ----
sed -n 's/.*"id": *"\([^"]*\)".*"split": *"train".*/{"id":"\1","codes":[]}/p' "$G/gold.ndjson" >train.ndjson
bare() { sed 's/,"gen":{[^}]*}//; s/,"scores":{[^}]*}//' "$@"; }
bare "$G/pred.ndjson" | pred >test.bare.icds; bare "$G/dev.ndjson" | pred >dev.bare.icds; pred train.ndjson >train.icds
cat "$G/dev.ndjson" "$G/pred.ndjson" | pred >two.icds
{ bare "$G/dev.ndjson"; cat train.ndjson; bare "$G/pred.ndjson"; } | pred >three.icds
bare "$G/dev.ndjson" | cat - train.ndjson | pred >untested.icds
exits "dev and test notes: test is scored" 0 icd-score -g gold.icds -o two.score.icds two.icds
is "that is said" "$(cat err)" "icd-score: two.icds: 20 notes of other splits are not scored (--split)"
is "as test notes alone" "$(sum two.score.icds)" "$(sum test.score.icds)"
is "the split is in meta and in every record" "$(rec-cat --json two.score.icds | head -n 1 | grep -c '"scored_split":"test"') $(rec-cat --json two.score.icds | grep '^{"metric"' | grep -vc '"split":"test"')" "1 0"
score --split dev -o two.score.icds two.icds; is "--split dev" "$(sum two.score.icds)" "$(sum dev.score.icds)"
for s in train dev test; do
    score --split $s -o three.score.icds three.icds; score -o one.score.icds $([ $s = train ] && echo train.icds || echo $s.bare.icds)
    is "--split $s of three" "$(sum three.score.icds)" "$(sum one.score.icds)"
done
score -o three.score.icds three.icds; score -o one.score.icds test.bare.icds
is "of three splits: test" "$(sum three.score.icds)" "$(sum one.score.icds)"
score -o three.score.icds untested.icds; score -o one.score.icds dev.bare.icds
is "of train and dev: dev" "$(sum three.score.icds)" "$(sum one.score.icds)"
score --split all -o all.score.icds three.icds
is "all of them, asked for" "$(rec-cat --json all.score.icds | sed -n 's/^{"metric":"f1_micro",.*"n":\([0-9]*\),.*/\1/p') $(rec-cat --json all.score.icds | grep -c '"split"') $(rec-cat --json all.score.icds | head -n 1 | grep -c '"scored_split":null')" "121 1 1"
is "the table says so" "$(score --split all --table three.icds | head -n 1)" "split  several: 121 notes, 13 labels of gold.icds"
is "and names one" "$(score --table two.icds | head -n 1)" "split  test: 41 notes, 13 labels of gold.icds"
exits "a split that is not predicted" 65 icd-score -g gold.icds --split train two.icds
exits "a split that is misspelt" 65 icd-score -g gold.icds --split tset two.icds
is "it says what there is" "$(grep -c 'two.icds: no note of the tset split is predicted, but 20 of dev, 41 of test$' err)" 1
sed 1d "$G/dev.ndjson" | cat - "$G/pred.ndjson" | pred >part.icds
exits "half of a split that is not scored does not matter" 0 icd-score -q -g gold.icds part.icds
exits "of one that is it does" 65 icd-score -q -g gold.icds --split dev part.icds
exits "a threshold tuned on dev, and dev scored" 65 icd-score -q -g gold.icds --split dev --tune dev.icds two.icds
exits "or dev among all" 65 icd-score -q -g gold.icds --split all --tune dev.icds two.icds
exits "test is scored: fine" 0 icd-score -q -g gold.icds --tune dev.icds two.icds
# splits of other names
edit() { python3 "$ROOT/tests/cli/edit_stream.py" "$@"; }
edit gold.icds test held split >held.icds && edit held.icds dev val split >val.icds || no "other splits"
exits "two splits of other names" 65 icd-score -q -g val.icds two.icds
is "it asks which" "$(grep -c 'predicted are 20 of val, 41 of held: say which to score with --split' err)" 1
exits "which is said" 0 icd-score -q -g val.icds --split val two.icds
exits "one of another name" 0 icd-score -q -g val.icds pred.icds
sed 's/"split": *"[a-z]*",*//' "$G/gold.ndjson" | rec-cat --from-json --schema gold --meta "$META" >unsplit.icds
bare "$G/dev.ndjson" "$G/pred.ndjson" | cat - train.ndjson | pred >every.icds
is "gold without splits: all notes" "$(score -g unsplit.icds --table every.icds | head -n 1)" "split  several: 121 notes, 13 labels of unsplit.icds"

# ---- several systems ----
mkdir s1 s2; cp pred.icds s1/x.pred.icds; cp other.icds s2/x.pred.icds; cp "$G/pred.psv" third.psv
score -o other.score.icds other.icds
score -o many.score.icds pred.icds other.icds third.psv
of() { rec-cat --json many.score.icds | grep "\"system\":\"$1\"" | sed 's/,"system":"[^"]*"//' | cksum; }
is "several systems: each as alone" "$(of pred) $(of other)" \
    "$(for f in test other; do rec-cat --json $f.score.icds | grep '^{"metric"' | grep -v '"floor_' | cksum; done | paste -sd ' ')"
is "and one floor" "$(rec-cat --json many.score.icds | grep -c '"metric":"floor_f1_micro"')" 1
is "names of files, folders where they are alike" "$(score --table --metrics f1_micro s1/x.pred.icds s2/x.pred.icds third.psv | tail -n 4 | awk '{print $1}' | paste -sd ' ')" "note-blind s1/x s2/x third"
cp pred.icds $'p\xe4.icds'
is "a name in Latin-1" "$(score --format json --metrics f1_micro $'p\xe4.icds' pred.icds | grep -o '"name": *"[^"]*"' | paste -sd ' ')" \
    "$(printf '"name": "p\357\277\275" "name": "pred"')"
is "the same file twice" "$(score --table --metrics f1_micro pred.icds pred.icds | tail -n 2 | awk '{print $1}' | paste -sd ' ')" "pred pred#2"
score --table pred.icds other.icds >board.txt
is "a row per system, a column per metric" "$(awk '$1 == "pred" && $2 != "final" {print $2, $3}' board.txt | head -n 1)" \
    "$(printf '%.4f %.4f' "$(value test.score.icds acc_micro)" "$(value test.score.icds prec_micro)")"
is "no line is wider than 132" "$(score --table --metrics '*' pred.icds other.icds | awk 'length > 132' | wc -l)" 0
is "all metrics are there" "$(score --table --metrics '*' pred.icds other.icds | grep '^system ' | tr -s ' ' '\n' | grep -vc 'system')" \
    "$(rec-cat --json test.score.icds | grep '^{"metric"' | grep -vc '"floor_')"
score --table --metrics f1_micro --bootstrap 50 pred.icds other.icds >board.txt
want=$(score --bootstrap 50 pred.icds | rec-cat --json | sed -n 's/^{"metric":"f1_micro",.*"lo":\([0-9.]*\),"hi":\([0-9.]*\).*/\1 \2/p')
is "each with its interval" "$(grep -A 1 '^pred  *0' board.txt | tail -n 1 | tr -d ' ')" "$(printf '%.3f-%.3f' $want | sed 's/0\././g')"
is "the rounds are in the head" "$(grep -c '^rounds 50 of resampling, seed 1$' board.txt)" 1
exits "systems of other notes" 65 icd-score -q -g gold.icds pred.icds dev.icds
exits "--compare goes with one system" 64 icd-score -q -g gold.icds --compare other.icds pred.icds other.icds
icd-score --leaderboard many.score.icds >lead.txt
is "a leaderboard of them" "$(sed 1d lead.txt | awk '{print $1}' | paste -sd ' ')" "note-blind $({ echo "$(value test.score.icds f1_micro) pred"; echo "$(value other.score.icds f1_micro) other"; echo "$(value test.score.icds f1_micro) third"; } | sort -k1,1nr -k2,2 | awk '{print $2}' | paste -sd ' ')"
score --per-code --table pred.icds other.icds >codes.txt
is "tables by code for each" "$(grep -c '^428.0 ' codes.txt) $(grep -cE '^(pred|other):$' codes.txt)" "2 2"

# ---- seeds ----
score --mean -o mean.score.icds pred.icds other.icds
cat >mean.py <<'PY'
import json, math, sys
r = [x for x in map(json.loads, sys.stdin) if "metric" in x]
bad, n = [], 0
for m in {x["metric"] for x in r if "sd" in x}:
    mean = next(x for x in r if x["metric"] == m and "system" not in x)
    v = [x["value"] for x in r if x["metric"] == m and "system" in x]
    want = sum(v) / 2, abs(v[0] - v[1]) / math.sqrt(2)
    n += 1
    bad += [m] * (len(v) != 2 or abs(mean["value"] - want[0]) > 1e-12 or abs(mean["sd"] - want[1]) > 1e-12)
print(*(bad or ["fine" if n > 30 else "few"]))
PY
is "mean and standard deviation" "$(rec-cat --json mean.score.icds | python3 mean.py)" fine
score --mean --table --metrics f1_micro pred.icds other.icds third.psv >mean.txt
is "in the table" "$(tail -n 2 mean.txt | awk '{print $1, $NF}' | paste -sd ' ')" "$(python3 -c '
import statistics as s, sys
v = [float(x) for x in sys.argv[1:]]; print("mean %.4f standard %.4f" % (s.mean(v), s.stdev(v)))' "$(value test.score.icds f1_micro)" "$(value other.score.icds f1_micro)" "$(value test.score.icds f1_micro)")"
is "a leaderboard has the mean" "$(icd-score --leaderboard mean.score.icds | sed 1d | awk '{print $1, $2}' | paste -sd ' ')" "note-blind floor mean $(printf %.4f "$(value mean.score.icds f1_micro)")"
is "what one of them has not has no mean" "$(score --mean pred.icds third.psv | rec-cat --json | grep '"sd"' | grep -c auc)" 0

# ---- metrics by name ----
some() { score --metrics "$1" pred.icds | rec-cat --json | sed -n 's/^{"metric":"\([a-z0-9_]*\)".*/\1/p' | paste -sd ' '; }
is "one metric, with its floor" "$(some f1_micro)" "f1_micro floor_f1_micro"
is "a pattern" "$(some 'prec_at_*')" "prec_at_5 prec_at_8 prec_at_15 prec_at_5_present prec_at_8_present prec_at_15_present"
is "several" "$(some 'auc_mi*o,f1_macro_????,map')" "f1_macro_caml f1_macro_mean auc_micro map floor_f1_macro_caml floor_f1_macro_mean"
is "their values are the same" "$(score --metrics f1_micro --bootstrap 9 pred.icds | rec-cat --json | grep '"metric":"f1_micro"')" "$(score --bootstrap 9 pred.icds | rec-cat --json | grep '"metric":"f1_micro"')"
exits "no such metric" 64 icd-score -q -g gold.icds --metrics f1_micro,f1_mikro -o never.icds pred.icds
is "it says which" "$(grep -c "these predictions have no metric 'f1_mikro'" err)" 1
exits "no scores, no metric of scores" 64 icd-score -q -g gold.icds --metrics auc_micro third.psv
score --table --metrics f1_micro,f1_micro_present pred.icds >t.txt
is "the table has them alone" "$(awk 'NF && $2 ~ /^0\./ {print $1}' t.txt | paste -sd ' ')" "f1_micro f1_micro_present"
# every label and note has gold: _present says nothing new
sed 's/"99.04",*//; s/,]/]/' "$G/gold.ndjson" | rec-cat --from-json --schema gold --meta '{"labels":["401.9","428.0"]}' >few.icds 2>/dev/null || :
cat >dense.py <<'PY'
import json
labels = ["401.9", "428.0"]
with open("dense.gold", "w") as g, open("dense.pred", "w") as p:
    for i in range(9):
        codes = [labels[i % 2]] + labels[: i % 2 and i % 3 == 0]
        g.write(json.dumps({"id": f"d{i}", "split": "test" if i < 6 else "train", "codes": sorted(set(codes))}) + "\n")
        if i < 6:
            p.write(json.dumps({"id": f"d{i}", "codes": labels[:1]}) + "\n")
PY
python3 dense.py
for f in gold pred; do rec-cat --from-json --schema $f --meta '{"labels":["401.9","428.0"]}' dense.$f >dense.$f.icds; done
icd-score -q -g dense.gold.icds --table dense.pred.icds >dense.txt
is "the same values are not printed twice" "$(grep -c '^f1_micro_present' dense.txt) $(grep -c '^_present: every label and note has gold, so all values are the same$' dense.txt)" "0 1"
is "records have them" "$(icd-score -q -g dense.gold.icds dense.pred.icds | rec-cat --json | grep -c '"metric":"f1_micro_present"')" 1

# ---- forms ----
cat >forms.py <<'PY'
"""forms.py RECORDS FILE csv|tsv|json: whether FILE has the values of the records (JSON lines), and no others."""
import csv, json, sys
records = [r for r in map(json.loads, open(sys.argv[1])) if "metric" in r]
want = {(r["metric"], r.get("system", ""), r.get("code", "")): r for r in records if not r["metric"].startswith("floor_") and "sd" not in r}
floor = {r["metric"][6:]: r["value"] for r in records if r["metric"].startswith("floor_")}
mean = {r["metric"]: r for r in records if "sd" in r}
got, got_floor, got_mean = {}, {}, {}
if sys.argv[3] == "json":
    j = json.load(open(sys.argv[2]))
    for s in j["systems"]:
        for m, v in s["metrics"].items():
            got[m, s.get("name", ""), ""] = v
        for v in s.get("rows", []):
            if "value" in v:
                got[v["metric"], s.get("name", ""), v["code"]] = v
    got_floor = {m: v["value"] for m, v in j["floor"]["metrics"].items()}
    got_mean = j.get("mean", {})
    assert j["notes"] == 41 and j["labels"] == 13 and j["scored_split"] == "test" and j["floor"]["k"] == 9
else:
    for r in csv.DictReader(open(sys.argv[2]), delimiter="\t" if sys.argv[3] == "tsv" else ","):
        assert None not in r and None not in r.values() and r["split"] == "test"
        v = {k: float(x) for k, x in r.items() if k not in ("metric", "system", "split", "code") and x}
        if r["floor"] and not r["code"]:
            got_floor[r["metric"]] = v["floor"]
        if "value" in v:
            (got_mean if "sd" in v else got)[r["metric"] if "sd" in v else (r["metric"], r["system"], r["code"])] = v
near = lambda a, b: abs(a - b) <= 1e-9 * max(1, abs(b))
bad = [k for k in set(want) | set(got) if k not in want or k not in got or any(
    not near(got[k].get(f, 9e9), want[k][f]) for f in ("value", "lo", "hi", "other", "p") if f in want[k])]
bad += [k for k in set(floor) | set(got_floor) if not near(floor.get(k, 9e9), got_floor.get(k, -9e9))]
bad += [k for k in set(mean) | set(got_mean) if k not in mean or k not in got_mean or not near(mean[k]["sd"], got_mean[k]["sd"])]
print(*(bad[:5] or ["fine"]))
PY
for form in csv tsv json; do
    score --bootstrap 5 --per-code --compare other.icds pred.icds | rec-cat --json >records; score --bootstrap 5 --per-code --compare other.icds --format $form -o one.$form pred.icds
    is "$form: one system" "$(python3 forms.py records one.$form $form)" fine
    score --mean --per-code pred.icds other.icds | rec-cat --json >records; score --mean --per-code --format $form pred.icds other.icds >two.$form
    is "$form: two, and their mean" "$(python3 forms.py records two.$form $form)" fine
done
cp pred.icds 'a,"b.pred.icds'
is "a name with comma and quote" "$(score --metrics f1_micro --format csv 'a,"b.pred.icds' other.icds | python3 -c 'import csv, sys; print(*[r["system"] for r in csv.DictReader(sys.stdin)])')" 'a,"b other'
score --format records -o r.icds pred.icds; is "records" "$(sum r.icds)" "$(sum test.score.icds)"
is "--format table is --table" "$(score --format table pred.icds | cksum)" "$(score --table pred.icds | cksum)"
is "nothing half-written" "$(ls never* .never* 2>/dev/null | wc -l)" 0
exit $failed
