#!/bin/bash
# icd-score: thresholds from dev predictions only, intervals and comparisons as numpy's with the same draws, leaderboards.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
G=$ROOT/tests/golden/score
META="{\"labels\":$(cat "$G/labels.json")}"
rec-cat --from-json --schema gold --meta "$META" "$G/gold.ndjson" >gold.icds || no "gold"
for f in pred other dev; do rec-cat --from-json --schema pred --meta "$META" "$G/$f.ndjson" >$f.icds || no $f; done
compare() { rec-cat --json "$1" | python3 "$ROOT/tests/cli/icd_score_compare.py" "$G/want.json" "${@:2}"; }
value() { rec-cat --json "$1" | sed -n "s/^{\"metric\":\"$2\",\"value\":\([^,}]*\).*/\1/p"; }

# ---- thresholds: the search of make_score.py, which tries them all ----
for by in all code; do
    for how in exact grid; do
        own=; [ $by = code ] && own="--shrink 0" # each code's own, as found
        icd-score -q -g gold.icds --tune dev.icds --tune-by $by --tune-search $how $own --per-code -o t.icds pred.icds
        is "tuned: $by, $how" "$(rec-cat --json t.icds | python3 -c '
import json, sys
want = json.load(open(sys.argv[1]))["tuned"][sys.argv[2]]
r = [x for x in map(json.loads, sys.stdin) if "metric" in x]
t = {x["code"]: x["value"] for x in r if x["metric"] == "threshold"}
f1 = next(x["value"] for x in r if x["metric"] == "f1_micro")
print("fine" if t == want["t"] and abs(f1 - want["f1_micro"]) < 1e-12 else (t, want["t"], f1, want["f1_micro"]))' "$G/want.json" $by-$how)" fine
    done
done
icd-score -q -g gold.icds --tune dev.icds -o t.icds pred.icds
t=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["tuned"]["all-exact"]["t"]["401.9"])' "$G/want.json")
is "the threshold is in meta" "$(rec-cat --json t.icds | head -n 1 | grep -c "\"scored_threshold\":$t")" 1
icd-score -q -g gold.icds --threshold "$t" -o fixed.icds pred.icds
is "and given by hand scores the same" "$(rec-cat --json fixed.icds | grep '^{"metric"' | cksum)" "$(rec-cat --json t.icds | grep '^{"metric"' | cksum)"
icd-score -g gold.icds --table --tune dev.icds pred.icds >table.txt
is "and in the table" "$(sed -n 2p table.txt)" "codes  codes with a score above $t, tuned on dev.icds"
python3 - "$G" <<'P'
import base64, json, struct, sys
for f in ("dev", "pred"):  # a sixth of each score: nine digits of the threshold are below it
    with open(f + "6.ndjson", "w") as out:
        for r in map(json.loads, open(f"{sys.argv[1]}/{f}.ndjson")):
            s = struct.unpack("<13f", base64.b64decode(r["scores"]["$bin"]))
            r["scores"] = {"$bin": base64.b64encode(struct.pack("<13f", *(x / 6 for x in s))).decode()}
            out.write(json.dumps(r) + "\n")
P
for f in dev6 pred6; do rec-cat --from-json --schema pred --meta "$META" $f.ndjson >$f.icds; done
above=$(icd-score -g gold.icds --table --tune dev6.icds pred6.icds | sed -n '2s/.* above \([^,]*\),.*/\1/p')
icd-score -q -g gold.icds --threshold "$above" -o again.icds pred6.icds
is "the table's digits suffice to give it again" "$(value again.icds f1_micro)" "$(value t.icds f1_micro)"
icd-score -q -g gold.icds --tune dev.icds --tune-by code --universe all pred.icds | rec-cat --json | head -n 1 >head
is "one a code: so says meta" "$(grep -c '"scored_threshold":"by code"' head)" 1
exits "test notes tune nothing" 65 icd-score -q -g gold.icds --tune pred.icds -o never.icds pred.icds
is "it says why" "$(grep -c 'pred.icds: holds notes of the test split' err)" 1
rec-cat --json --where split=train gold.icds | sed -n 's/^{"id":\("[^"]*"\).*/{"id":\1,"codes":[],"scores":{"$bin":"'"$(head -c 52 /dev/zero | base64 -w 0)"'"}}/p' |
    rec-cat --from-json --schema pred --meta "$META" >train.icds
exits "nor do training notes" 65 icd-score -q -g gold.icds --tune train.icds -o never.icds pred.icds
is "it says so" "$(grep -c 'train.icds: holds notes of the train split' err)" 1
exits "nor do the notes that are scored" 65 icd-score -q -g gold.icds --tune dev.icds -o never.icds dev.icds
is "it names one" "$(grep -cE 'dev.icds: a note \(record [0-9]+ of gold.icds\) is scored here that a threshold was tuned on' err)" 1
exits "nor for the other system" 65 icd-score -q -g gold.icds --compare other.icds --compare-tune other.icds pred.icds
{ cat "$G/dev.ndjson"; head -n 1 "$G/pred.ndjson"; } | rec-cat --from-json --schema pred --meta "$META" >mixed.icds
exits "a test note among dev notes" 65 icd-score -q -g gold.icds --tune mixed.icds pred.icds
sed 1d "$G/dev.ndjson" | rec-cat --from-json --schema pred --meta "$META" >part.icds
exits "half of the dev notes" 65 icd-score -q -g gold.icds --tune part.icds pred.icds
sed 's/,"scores":{[^}]*}//' "$G/dev.ndjson" | rec-cat --from-json --schema pred --meta "$META" >bare.icds
exits "dev predictions without scores" 65 icd-score -q -g gold.icds --tune bare.icds pred.icds
exits "scores to threshold are needed" 65 icd-score -q -g gold.icds --tune dev.icds "$G/pred.psv"
exits "test notes for the other system beside dev notes" 65 icd-score -q -g gold.icds --tune dev.icds --compare other.icds --compare-tune other.icds pred.icds
is "it names that file" "$(grep -c '^icd-score: other.icds: holds notes of the test split' err)" 1
exits "one threshold at a time" 64 icd-score -g gold.icds --tune dev.icds --threshold 0.5 pred.icds

# ---- intervals and comparison ----
icd-score -q -g gold.icds --kinds --at 1,5,15 --bootstrap 8 --seed 7 --compare other.icds -o sure.icds pred.icds
is "intervals as numpy's" "$(compare sure.icds interval)" fine
is "comparison as numpy's" "$(compare sure.icds compare)" fine
icd-score -q -j 3 -g gold.icds --kinds --at 1,5,15 --bootstrap 8 --seed 7 --compare other.icds -o again.icds pred.icds
same "whatever the threads" sure.icds again.icds
icd-score -q -g gold.icds --kinds --at 1,5,15 --bootstrap 8 --seed 8 --compare other.icds -o else.icds pred.icds
for f in sure else; do rec-cat --json $f.icds | grep '"metric":"f1_micro"' >$f.rounds; done # the header has the seed itself
is "another seed, other rounds" "$(value sure.icds f1_micro) $(wc -l <sure.rounds) $(cmp -s sure.rounds else.rounds; echo $?)" "$(value else.icds f1_micro) 1 1"
icd-score -q -g gold.icds --universe all --bootstrap 20 --compare pred.icds -o self.icds pred.icds
is "a system beside itself" "$(rec-cat --json self.icds | grep '"p":' | grep -vc '"diff":0.0,"diff_lo":0.0,"diff_hi":0.0,"p":1.0')" 0
icd-score -q -g gold.icds --universe all --bootstrap 20 --compare "$G/pred.psv" -o codes.icds pred.icds
is "beside codes alone: what both have" "$(rec-cat --json codes.icds | grep -c '"p":1.0') $(rec-cat --json codes.icds | grep '"p":' | grep -c 'auc\|prec_at\|map\|unknown')" "$(rec-cat --json codes.icds | grep -c '"metric":"floor_') 0"
exits "other notes" 65 icd-score -q -g gold.icds --compare dev.icds pred.icds
is "it says so" "$(grep -c 'pred.icds and dev.icds are not of the same notes' err)" 1
exits "--compare-tune without --compare" 64 icd-score -g gold.icds --compare-tune dev.icds pred.icds
icd-score -q -g gold.icds --tune dev.icds --compare other.icds --table --universe all --bootstrap 2 pred.icds >table.txt
is "what is compared with what" "$(sed -n 2,3p table.txt | paste -sd ' ')" "codes  codes with a score above $t, tuned on dev.icds other  other.icds: final codes"
icd-score -q -g gold.icds --compare other.icds --compare-tune dev.icds --tune-by code --table --universe all --bootstrap 2 pred.icds >table.txt
is "and the other way round" "$(sed -n 2,3p table.txt | paste -sd ' ')" "codes  final codes other  other.icds: codes with a score above their own threshold, tuned on dev.icds"
# by another model: meta.model has what a model was made of
of() { rec-cat --from-json --schema pred --meta "{\"labels\":$(cat "$G/labels.json"),\"model\":{\"history\":\"$2\"}}" "$G/$1.ndjson"; }
of dev A >dev.A.icds; of pred A >pred.A.icds; of pred B >pred.B.icds; of dev B >dev.B.icds
exits "dev notes by the same model" 0 icd-score -q -g gold.icds --tune dev.A.icds pred.A.icds
exits "dev notes by another model" 65 icd-score -q -g gold.icds --tune dev.A.icds -o never.icds pred.B.icds
is "it says so" "$(grep -c '^icd-score: dev.A.icds: by another model than pred.B.icds' err)" 1
exits "each system its own dev notes" 0 icd-score -q -g gold.icds --bootstrap 2 --tune dev.A.icds --compare pred.B.icds --compare-tune dev.B.icds pred.A.icds
exits "not the other system's" 65 icd-score -q -g gold.icds --tune dev.A.icds --compare pred.B.icds --compare-tune dev.A.icds pred.A.icds
exits "a threshold for the other system" 0 icd-score -q -g gold.icds --tune dev.icds --compare other.icds --bootstrap 2 pred.icds
icd-score -q -g gold.icds --compare other.icds --bootstrap 2 --compare-tune dev.icds --universe all -o both.icds pred.icds
icd-score -q -g gold.icds --threshold "$t" --universe all -o alone.icds other.icds
is "--compare-tune is for the other system alone" "$(rec-cat --json both.icds | sed -n 's/^{"metric":"f1_micro",.*"other":\([^,]*\),.*/\1/p') $(value both.icds f1_micro)" \
    "$(value alone.icds f1_micro) $(value sure.icds f1_micro)"
for bad in "--seed 2" '--shrink 3' '--min-positives 3' '--shrink 3 --tune dev.icds' '--save-thresholds x' '--mean' '--metrics ,' '--metrics f1_x' '--format html' '--tune dev.icds --tune dev.icds' '--thresholds x --threshold 1' '--tune-by code' '--tune-search grid' '--threshold x' '--threshold nan' '--threshold 0.5x' '--at 0' '--at 8,5' '--bins x' '--bootstrap -1' '--universe some' '--tune-by note'; do
    exits "$bad" 64 icd-score -g gold.icds $bad pred.icds
done
rec-cat --from-json --schema pred --meta "$META" "$G/pred.ndjson" | rec-cat --json | grep '^{"id"' | python3 -c '
import base64, json, struct, sys
for r in map(json.loads, sys.stdin):
    b = base64.b64decode(r["scores"]["$bin"])
    r["scores"] = {"$bin": base64.b64encode(struct.pack("<13f", *(4 * x - 2 for x in struct.unpack("<13f", b)))).decode()}
    print(json.dumps(r))' | rec-cat --from-json --schema pred --meta "$META" >logits.icds
exits "logits are ranked, not calibrated" 0 icd-score -q -g gold.icds -o logits-score.icds logits.icds
is "AUC of both alike" "$(value logits-score.icds auc_micro) $(value logits-score.icds brier)" "$(value sure.icds auc_micro) "
icd-score -q -g gold.icds --threshold -0.5 -o below.icds logits.icds; icd-score -q -g gold.icds --threshold 0.375 -o above.icds pred.icds
is "a threshold of logits may be negative" "$(value below.icds f1_micro) $(rec-cat --json below.icds | head -n 1 | grep -c '"scored_threshold":-0.5')" "$(value above.icds f1_micro) 1"
icd-score -q -g gold.icds --threshold 1.5 -o below.icds logits.icds; icd-score -q -g gold.icds --threshold 0.875 -o above.icds pred.icds
is "or above 1" "$(value below.icds f1_micro)" "$(value above.icds f1_micro)"
exits "a reliability table of logits" 65 icd-score -q -g gold.icds --reliability logits.icds

# ---- leaderboard ----
icd-score -q -g gold.icds -o b.score.icds other.icds; icd-score -q -g gold.icds -o a.score.icds pred.icds
icd-score --leaderboard b.score.icds a.score.icds >board.txt
is "leaderboard: floor, then the best first" "$(sed 1d board.txt | awk '{print $1}' | paste -sd ' ')" "note-blind a b"
is "its numbers" "$(awk '$1 == "a" {print $2}' board.txt)" "$(printf %.4f "$(value a.score.icds f1_micro)")"

python3 "$ROOT/tests/cli/edit_stream.py" pred.icds >oracle.icds
icd-score -q -g gold.icds -o z.score.icds oracle.icds
icd-score --leaderboard -o board.txt z.score.icds b.score.icds a.score.icds
is "an oracle is not ranked" "$(sed 1d board.txt | awk '{print $1}' | paste -sd ' '); $(tail -n 1 board.txt)" \
    "note-blind a b not; not ranked, ORACLE (made with the labels): z"
grep -v '"train"' "$G/gold.ndjson" | rec-cat --from-json --schema gold --meta "$META" >less.icds
icd-score -q -g less.icds --train-gold gold.icds -o c.score.icds pred.icds
is "each column says its convention" "$(head -n 1 board.txt)" \
    "$(printf '%-16s %9s %s %s %s %9s %9s %s %9s %9s %9s' system f1_micro f1_macro_caml f1_macro_mean prec_micro rec_micro acc_micro exact_match auc_macro auc_micro map)"
cp a.score.icds llama-3.1.8b.score.icds; cp b.score.icds llama-3.1.70b.icds
icd-score --leaderboard llama-3.1.8b.score.icds llama-3.1.70b.icds >names.txt
is "a name keeps its dots" "$(awk '{print $1}' names.txt | paste -sd ' ')" "system note-blind llama-3.1.8b llama-3.1.70b"
# as many notes, but others: 40 of dev and 40 of test, from one gold stream
python3 - "$G/gold.ndjson" >halves.ndjson <<'P'
import json, sys
for i, r in enumerate(map(json.loads, open(sys.argv[1]))):
    r["split"] = "train" if i < 41 else "dev" if i % 2 else "test"
    print(json.dumps(r))
P
rec-cat --from-json --schema gold --meta "$META" halves.ndjson >halves.icds
for s in dev test; do
    rec-cat --json --where split=$s halves.icds | sed -n 's/^{"id":\("[^"]*"\).*/{"id":\1,"codes":[]}/p' |
        rec-cat --from-json --schema pred --meta "$META" >$s.half.icds
    icd-score -q -g halves.icds -o $s.score.icds $s.half.icds || no "half $s"
done
exits "other notes, but as many" 65 icd-score -q -g halves.icds --compare dev.half.icds test.half.icds
exits "scores of another split, of as many notes" 65 icd-score --leaderboard dev.score.icds test.score.icds
is "it says what differs" "$(grep -c 'dev and test were not scored against the same gold stream and notes' err)" 1
grep '"train"' "$G/gold.ndjson" | sed 8q | rec-cat --from-json --schema gold --meta "$META" >fewer.icds
icd-score -q -g gold.icds --train-gold fewer.icds -o floor.score.icds pred.icds
exits "scores beside another floor" 65 icd-score --leaderboard a.score.icds floor.score.icds
exits "scores against another gold stream" 65 icd-score --leaderboard a.score.icds c.score.icds
exits "no metric stream" 65 icd-score --leaderboard a.score.icds pred.icds
exits "a metric stream that is cut short" 65 icd-score --leaderboard <(head -c 2000 a.score.icds)
exits "no score at all" 64 icd-score --leaderboard
for o in '--format csv' '--split test' '--metrics f1_micro' '--strict' '--mean' '--thresholds x' '-g gold.icds' '--bootstrap 5' '--threshold 0.5' '--kinds' '--tune dev.icds'; do
    exits "$o does nothing for a leaderboard" 64 icd-score --leaderboard $o a.score.icds
done
is "nothing half-written" "$(ls never* .never* 2>/dev/null | wc -l)" 0
exit $failed
