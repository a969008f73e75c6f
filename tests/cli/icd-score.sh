#!/bin/bash
# icd-score: values of scikit-learn (tests/golden/score, by make_score.py), the floor, the table, refusals.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
# Two empty files are no evidence: same, but there must be something. try: exits, with its messages kept.
alike() { if [ -s "$2" ]; then same "$@"; else no "$1" "nothing to compare"; fi; }
try() { exits "$@"; cat "$T/err" >>"$T/errs"; }
G=$ROOT/tests/golden/score
META="{\"labels\":$(cat "$G/labels.json")}"
gold() { rec-cat --from-json --schema gold --meta "$META" "$@"; }
pred() { rec-cat --from-json --schema pred --meta "$META" "$@"; }
gold "$G/gold.ndjson" >gold.icds && pred "$G/pred.ndjson" >pred.icds || no "streams"

compare() { rec-cat --json "$1" | python3 "$ROOT/tests/cli/icd_score_compare.py" "$G/want.json" "${@:2}"; }
ALL="--kinds --bins 5,20 --at 1,5,15"
try "score" 0 icd-score -q -g gold.icds $ALL --per-code --reliability --risk-coverage -o score.icds pred.icds
is "final codes as scikit-learn" "$(compare score.icds final)" fine
is "the floor as scikit-learn" "$(compare score.icds floor floor_)" fine
is "by code, reliability, coverage" "$(compare score.icds rows)" fine
icd-score -q -g gold.icds $ALL --threshold 0.625 <pred.icds >above.icds
is "scores above a threshold that is one of them (strict)" "$(compare above.icds above)" fine
is "P@5 has its k" "$(rec-cat --json score.icds | grep -c '"metric":"prec_at_5".*"k":5')" 1
icd-score -q -g gold.icds --universe all -o all.icds pred.icds
icd-score -q -g gold.icds --universe present -o present.icds pred.icds
# names FILE: of all values but rows, sorted; without the ending of the universe
names() { rec-cat --json "$1" | grep -v '"code":\|"at":' | sed -n 's/^{"metric":"\([a-z0-9_]*\)".*/\1/p' | sort; }
names all.icds >all.names; names present.icds >present.names
is "one universe or both" "$(grep -c '_present$' all.names) $(grep -vc '_present$' present.names)" "0 0"
grep -v '_\(diagnosis\|procedure\)_caml$\|gen_unknown$' all.names >of_parts; sed 's/_present$//' present.names >of_present
alike "the other universe has the same metrics but those of the whole label set" of_present of_parts
# ---- every metric is in the man page, under its name (of @k metrics: with 5, or n in place of the number) ----
undocumented() { # MAN NAMES
    sed 's/^floor_//; s/_at_[0-9]*$/_at_5/' "$2" | sort -u | while read -r m; do
        sed 's/\\-/-/g' "$1" | grep -qE "(^|[^a-z0-9_])$m([^a-z0-9_]|\$)" || echo "$m"
    done
}
is "every metric is in icd-score(1)" "$(undocumented "$ROOT/man/icd-score.1" all.names)" ""
rec-cat --json score.icds | grep '"code":\|"at":' | sed -n 's/^{"metric":"\([a-z0-9_]*\)".*/\1/p' | sort -u >rows.names
[ "$(wc -l <rows.names)" -ge 5 ] || no "rows" "fewer than five columns"
is "and every column of the tables on request" "$(undocumented "$ROOT/man/icd-score.1" rows.names)" ""
sed 's/r_precision/r_prec/' "$ROOT/man/icd-score.1" >short.1
is "one that is not is seen" "$(undocumented short.1 all.names)" r_precision
icd-score -q -g gold.icds -o score.icds pred.icds
is "the threshold is in meta" "$(rec-cat --json above.icds | head -n 1 | grep -c '"scored_threshold":0.625')" 1
icd-score -q -g gold.icds -j 3 pred.icds >again.icds
alike "same bytes again" score.icds again.icds
# the order of the predictions and of the labels does not matter
tac "$G/pred.ndjson" | pred | icd-score -q -g gold.icds | rec-cat --json | grep '^{"metric"' >rev; rec-cat --json score.icds | grep '^{"metric"' >fwd
alike "order of the predictions" rev fwd
rec-cat --from-json --schema gold --meta "{\"labels\":$(python3 -c 'import json,sys;print(json.dumps(json.load(open(sys.argv[1]))[::-1]))' "$G/labels.json")}" "$G/gold.ndjson" >flipped.icds
icd-score -q -g flipped.icds pred.icds | rec-cat --json | grep '^{"metric"' >flip
alike "order of the gold labels" flip fwd
python3 - "$G/pred.ndjson" >flipped.ndjson <<'P'
import base64, json, struct, sys
for r in map(json.loads, open(sys.argv[1])):
    s = base64.b64decode(r["scores"]["$bin"])
    r["scores"] = {"$bin": base64.b64encode(b"".join(s[i:i + 4] for i in range(len(s) - 4, -1, -4))).decode()}
    print(json.dumps(r))
P
rec-cat --from-json --schema pred --meta "{\"labels\":$(python3 -c 'import json,sys;print(json.dumps(json.load(open(sys.argv[1]))[::-1]))' "$G/labels.json")}" flipped.ndjson |
    icd-score -q -g gold.icds | rec-cat --json | grep '^{"metric"' >flip2
alike "order of the predictions' labels, and of their scores with them" flip2 fwd

# ---- without scores; without unknowns ----
sed 's/,"gen":{[^}]*}//; s/,"scores":{[^}]*}//' "$G/pred.ndjson" >bare.ndjson
pred bare.ndjson >bare.icds
icd-score -q -g gold.icds --universe all --at 1,5,15 -o bare.score.icds bare.icds
is "no scores, no AUC, no P@5, no count of unknowns: the rest as scikit-learn" "$(compare bare.score.icds codes)" fine
is "none of them" "$(names bare.score.icds | grep -c 'auc\|prec_at\|map\|brier\|aurc\|unknown')" 0
try "a threshold without scores" 65 icd-score -g gold.icds --threshold 0.5 bare.icds

# ---- the floor's training records ----
grep -v '"train"' "$G/gold.ndjson" | gold >test.icds; grep '"train"' "$G/gold.ndjson" | gold >train.icds
try "no training records: no floor" 0 icd-score -g test.icds -o blind.icds pred.icds
is "it names the way out" "$(grep -c -e '--train-gold' err)" 1
rec-cat --json blind.icds | grep '^{"metric"' >blind; grep -v '"floor_' fwd >nofloor
alike "all else is the same" blind nofloor
is "nor a column for it" "$(icd-score -q -g test.icds --table pred.icds | grep -c floor)" 0
try "--bins counts training records" 65 icd-score -g test.icds --bins 5,20 pred.icds
is "and says so" "$(grep -c -e '--bins.*--train-gold' err)" 1
is "--per-code has no column for them" "$(icd-score -q -g test.icds --per-code pred.icds | rec-cat --json | grep -c '"metric":"train"')" 0
icd-score -q -g test.icds --train-gold train.icds pred.icds | rec-cat --json | grep '^{"metric"' >split
alike "--train-gold" split fwd
icd-score -q -g gold.icds --train-gold train.icds pred.icds | rec-cat --json | grep '^{"metric"' >both
alike "--train-gold is not counted twice" both fwd
try "--train-gold without training records" 65 icd-score -g gold.icds --train-gold test.icds pred.icds

sed 's/99.04/99.05/' "$G/labels.json" >labels2.json
grep '"train"' "$G/gold.ndjson" | sed 's/99.04/99.05/' | rec-cat --from-json --schema gold --meta "{\"labels\":$(cat labels2.json)}" >train2.icds
try "--train-gold of another label set, --strict" 65 icd-score --strict -g test.icds --train-gold train2.icds pred.icds
is "it says which" "$(grep -c '^icd-score: train2.icds: label sets differ: 13 labels each, but not the same' err)" 1
sed 's/"99.04",*//; s/,]/]/' "$G/gold.ndjson" | grep '"train"' | gold >train3.icds
icd-score -q -g test.icds --train-gold train3.icds pred.icds | rec-cat --json | grep '^{"metric"' >without
icd-score -q -g test.icds --train-gold train2.icds pred.icds | rec-cat --json | grep '^{"metric"' >with
alike "without: codes that are none of gold's labels are left out of the floor" with without

# ---- the table ----
icd-score -g gold.icds --table pred.icds >table.txt
is "table: floor beside the score" "$(awk '$1 == "f1_micro" {print $2, $3}' table.txt)" "0.6162 0.5486"
is "table: no floor for AUC" "$(awk '$1 == "auc_micro" {print $2, $3}' table.txt)" "0.8840 -"
is "table: every metric" "$(awk '$2 ~ /^[0-9.]+$/ && $1 !~ /^[0-9]|:$/ {print $1}' table.txt | sort -u | wc -l)" \
    "$(rec-cat --json score.icds | grep -o '^{"metric":"[^"]*"' | grep -vc '"floor_')"
icd-score -g gold.icds --table --universe all --per-code --reliability --risk-coverage --bootstrap 3 --compare pred.icds pred.icds >tables.txt
is "table: a row a code" "$(awk '$1 == "428.0" {print NF}' tables.txt) $(grep -cE '^(V45.81|038.9|E878.2) ' tables.txt)" "10 3"
is "table: curves" "$(grep -cE '^(0\.[1-9]0|1\.00) ' tables.txt)" 20
is "table: interval and comparison" "$(awk '$1 == "f1_micro" {print NF, $9}' tables.txt)" "10 0.0000"
is "table: what was scored" "$(sed -n 1,3p table.txt | paste -sd '|')" \
    'split  test: 41 notes, 13 labels of gold.icds|codes  final codes|floor  the 9 most frequent training codes for every note'
is "table: rounds" "$(grep -c '^rounds 3 of resampling, seed 1$' tables.txt)" 1
icd-score -g gold.icds --table -o table2.txt pred.icds; alike "--table -o" table.txt table2.txt
if script -qc true /dev/null >/dev/null 2>&1; then
    script -qc "icd-score -q -g gold.icds pred.icds" /dev/null </dev/null | tr -d '\r' | grep -c '^f1_macro_caml ' >n
    is "a table on a terminal" "$(cat n)" 1
    script -qc "icd-score -q -g gold.icds -o viatty.icds pred.icds" /dev/null </dev/null >/dev/null
    same "-o on a terminal: records" viatty.icds score.icds
    script -qc "icd-score -g gold.icds -qo viatty2.icds pred.icds" /dev/null </dev/null >/dev/null
    same "-qo on a terminal: records" viatty2.icds score.icds
    script -qec "icd-score -q -g gold.icds --no-table pred.icds" /dev/null </dev/null >ttyout; is "--no-table on a terminal: refused, it is binary" "$?" 64
else
    skip "a table on a terminal" "no script(1)"
fi
python3 "$ROOT/tests/cli/edit_stream.py" pred.icds >oracle.icds
icd-score -g gold.icds --table oracle.icds 2>err | head -n 1 >first
is "an oracle's score is headed ORACLE" "$(grep -c '^ORACLE' first)" 1
icd-score -q -g gold.icds oracle.icds | rec-cat --json | head -n 1 >first
is "and stamped" "$(grep -c '"oracle":true' first)" 1
is "others are not" "$(grep -c '^f1_micro ' table.txt) $(grep -c ORACLE table.txt)" "1 0"

# ---- refusals ----
sed '3d' "$G/pred.ndjson" | pred >less.icds
try "a gold record without prediction" 65 icd-score -g gold.icds less.icds
{ cat "$G/pred.ndjson"; echo '{"id":"stranger","codes":[]}'; } >more.ndjson
sed 's/,"scores":{[^}]*}//' more.ndjson | pred >more.icds
try "a prediction without gold" 65 icd-score -g gold.icds more.icds
is "it names the record" "$(grep -c 'record 42: field id: not in the gold stream' err)" 1
pred more.ndjson >mixed.icds
try "scores in some records only" 65 icd-score -g gold.icds mixed.icds
{ cat "$G/pred.ndjson"; head -n 1 "$G/pred.ndjson"; } | pred >twice.icds
python3 "$ROOT/tests/cli/edit_stream.py" gold.icds n12 n10 >again.icds
try "an id twice in gold" 65 icd-score -g again.icds pred.icds
is "it names both records" "$(grep -c '^icd-score: again.icds: records 11 and 13: field id: the same' err)" 1
try "predicted twice" 65 icd-score -g gold.icds twice.icds
rec-cat --from-json --schema pred --meta '{"labels":["401.9","428.0"]}' bare.ndjson >few.icds
try "other labels" 65 icd-score --strict -g gold.icds few.icds
try "codes that the stream itself has no label for" 65 icd-score -g gold.icds few.icds
is "it says so" "$(grep -c 'field codes: code [0-9]* is not in meta.labels' err)" 1
rec-cat --from-json --schema pred --meta "{\"labels\":$(sed 's/99.04/99.05/' "$G/labels.json")}" bare.ndjson >swapped.icds
try "as many labels, but others" 65 icd-score --strict -g gold.icds swapped.icds
rec-cat --from-json --schema pred --meta '{}' bare.ndjson >none.icds
try "no labels" 65 icd-score -g gold.icds none.icds
sed '1s/"codes":\[[^]]*\]/"codes":["nonsense"]/' bare.ndjson | pred >odd.icds
try "a code that is no label" 65 icd-score -g gold.icds odd.icds
sed '2s/"\$bin":"[^"]*"/"$bin":"AAAAPw=="/' "$G/pred.ndjson" | pred >length.icds
try "scores of another length" 65 icd-score -g gold.icds length.icds
is "it names the lengths" "$(grep -c 'record 2: field scores: 4 bytes for 13 labels' err)" 1
for x in nan inf -inf; do
    python3 - "$G/pred.ndjson" $x >odd.ndjson <<'P'
import base64, json, struct, sys
for i, r in enumerate(map(json.loads, open(sys.argv[1]))):
    b = bytearray(base64.b64decode(r["scores"]["$bin"]))
    if i == 1:
        b[0:4] = struct.pack("<f", float(sys.argv[2]))
    r["scores"] = {"$bin": base64.b64encode(bytes(b)).decode()}
    print(json.dumps(r))
P
    pred odd.ndjson >odd.icds
    try "a score that is $x" 65 icd-score -g gold.icds odd.icds
    is "it names the record: $x" "$(grep -c 'record 2: field scores: not a finite number at label 0' err)" 1
done
rec-cat --where id=nobody pred.icds >empty.icds
try "no predictions" 65 icd-score -g gold.icds empty.icds
try "gold where predictions belong" 65 icd-score -g gold.icds gold.icds
try "predictions where gold belongs" 65 icd-score -g pred.icds pred.icds
try "-g is needed" 64 icd-score pred.icds
try "no gold file" 66 icd-score -g nowhere.icds pred.icds
try "standard input twice" 64 icd-score -g - <pred.icds
head -c 3000 pred.icds >short.icds
try "input cut short" 65 icd-score -g gold.icds -o never short.icds
is "no half-written file" "$(ls short.icds never* .never* 2>/dev/null | paste -sd ' ')" short.icds
exit $failed
