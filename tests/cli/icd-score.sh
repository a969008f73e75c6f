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

cat >compare.py <<'P' # compare.py WANTED-SET [PREFIX]: metric records (JSON lines) on stdin against want.json
import json, sys
want = json.load(open(sys.argv[1]))
key, prefix = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
got = {r["metric"]: r for r in map(json.loads, sys.stdin) if "metric" in r}
mine = {m[len(prefix):]: r for m, r in got.items() if m.startswith(prefix) and (prefix or not m.startswith("floor_"))}
bad = [m for m in want[key] if m not in mine or not abs(mine[m]["value"] - want[key][m]) <= 1e-8]
bad += [m for m in mine if m not in want[key] and m != "gen_unknown"]
bad += [m for m, r in mine.items() if r["n"] != 41 or r["split"] != "test"]
bad += [m for m, r in mine.items() if prefix and r["k"] != want["k"]]
print(*(bad or ["fine"]))
P
compare() { rec-cat --json "$1" | python3 compare.py "$G/want.json" "${@:2}"; }
try "score" 0 icd-score -q -g gold.icds -o score.icds pred.icds
is "final codes as scikit-learn" "$(compare score.icds final)" fine
is "the floor as scikit-learn" "$(compare score.icds floor floor_)" fine
icd-score -q -g gold.icds --threshold 0.625 <pred.icds >above.icds
is "scores above a threshold that is one of them (strict)" "$(compare above.icds above)" fine
is "P@5 has its k" "$(rec-cat --json score.icds | grep -c '"metric":"prec_at_5".*"k":5')" 1
is "the threshold is in meta" "$(rec-cat --json above.icds | head -n 1 | grep -c '"scored_threshold":0.625')" 1
icd-score -q -g gold.icds -j 2 pred.icds >again.icds
alike "same bytes again" score.icds again.icds
# the order of the predictions and of the labels does not matter
tac "$G/pred.ndjson" | pred | icd-score -q -g gold.icds | rec-cat --json | grep '^{"metric"' >rev; rec-cat --json score.icds | grep '^{"metric"' >fwd
alike "order of the predictions" rev fwd
rec-cat --from-json --schema gold --meta "{\"labels\":$(python3 -c 'import json,sys;print(json.dumps(json.load(open(sys.argv[1]))[::-1]))' "$G/labels.json")}" "$G/gold.ndjson" >flipped.icds
icd-score -q -g flipped.icds pred.icds | rec-cat --json | grep '^{"metric"' >flip
alike "order of the gold labels" flip fwd

# ---- without scores; without unknowns ----
sed 's/,"gen":{[^}]*}//; s/,"scores":{[^}]*}//' "$G/pred.ndjson" >bare.ndjson
pred bare.ndjson >bare.icds
icd-score -q -g gold.icds bare.icds | rec-cat --json | grep -o '^{"metric":"[a-z0-9_]*"' >names
is "no scores, no AUC, no P@5, no count of unknowns" "$(wc -l <names) $(grep -c 'auc\|prec_at\|unknown' names)" "20 0"
try "a threshold without scores" 65 icd-score -g gold.icds --threshold 0.5 bare.icds

# ---- the floor's training records ----
grep -v '"train"' "$G/gold.ndjson" | gold >test.icds; grep '"train"' "$G/gold.ndjson" | gold >train.icds
try "no training records" 65 icd-score -g test.icds pred.icds
is "it names the way out" "$(grep -c -e '--train-gold' err)" 1
icd-score -q -g test.icds --train-gold train.icds pred.icds | rec-cat --json | grep '^{"metric"' >split
alike "--train-gold" split fwd
icd-score -q -g gold.icds --train-gold train.icds pred.icds | rec-cat --json | grep '^{"metric"' >both
alike "--train-gold is not counted twice" both fwd
try "--train-gold without training records" 65 icd-score -g gold.icds --train-gold test.icds pred.icds

# ---- the table ----
icd-score -g gold.icds --table pred.icds >table.txt
is "table: floor beside the score" "$(awk '$1 == "f1_micro" {print $2, $3}' table.txt)" "0.6614 0.6159"
is "table: no floor for AUC" "$(awk '$1 == "auc_micro" {print $2, $3}' table.txt)" "0.8923 -"
is "table: every metric" "$(awk '$2 ~ /^[0-9.]+$/ && $1 !~ /^[0-9]/' table.txt | wc -l)" 14
is "table: what was scored" "$(head -n 1 table.txt | grep -c '41 notes of split test, 9 labels; .* 5 most frequent')" 1
icd-score -g gold.icds --table -o table2.txt pred.icds; alike "--table -o" table.txt table2.txt
if script -qc true /dev/null >/dev/null 2>&1; then
    script -qc "icd-score -q -g gold.icds pred.icds" /dev/null </dev/null | tr -d '\r' | grep -c f1_macro_caml >n
    is "a table on a terminal" "$(cat n)" 1
    script -qc "icd-score -q -g gold.icds -o viatty.icds pred.icds" /dev/null </dev/null >/dev/null
    same "-o on a terminal: records" viatty.icds score.icds
    script -qec "icd-score -q -g gold.icds --no-table pred.icds" /dev/null </dev/null >ttyout; is "--no-table on a terminal: refused, it is binary" "$?" 64
else
    skip "a table on a terminal" "no script(1)"
fi
# rec-cat refuses an edited header, so the stamp is set in the bytes, and the digest made anew.
python3 - pred.icds >oracle.icds <<'P'
import struct, sys
M = (1 << 64) - 1
P1, P2, P3, P4, P5 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
rot = lambda x, r: (x << r | x >> (64 - r)) & M
mix = lambda a, w: rot((a + w * P2) & M, 31) * P1 & M
def xxh64(d):
    v, i, n = [(P1 + P2) & M, P2, 0, -P1 & M], 0, len(d)
    while i + 32 <= n:
        v = [mix(a, w) for a, w in zip(v, struct.unpack_from("<4Q", d, i))]
        i += 32
    h = P5
    if n >= 32:
        h = sum(rot(a, r) for a, r in zip(v, (1, 7, 12, 18))) & M
        for a in v:
            h = ((h ^ mix(0, a)) * P1 + P4) & M
    h = (h + n) & M
    while i + 8 <= n:
        h, i = (rot(h ^ mix(0, struct.unpack_from("<Q", d, i)[0]), 27) * P1 + P4) & M, i + 8
    while i + 4 <= n:
        h, i = (rot(h ^ struct.unpack_from("<I", d, i)[0] * P1 & M, 23) * P2 + P3) & M, i + 4
    for c in d[i:]:
        h = rot(h ^ c * P5 & M, 11) * P1 & M
    h = (h ^ h >> 33) * P2 & M
    h = (h ^ h >> 29) * P3 & M
    return b"%016x" % (h ^ h >> 32)
d = open(sys.argv[1], "rb").read()
at = d.rfind(b"\x92\x02")
head, tail = d[:at], d[at:]
assert tail.count(xxh64(head)) > 0 and head.count(b"\xa6oracle\xc2") == 1
new = head.replace(b"\xa6oracle\xc2", b"\xa6oracle\xc3")
sys.stdout.buffer.write(new + tail.replace(xxh64(head), xxh64(new)))
P
icd-score -g gold.icds --table oracle.icds 2>err | head -n 1 >first
is "an oracle's score is headed ORACLE" "$(grep -c '^ORACLE' first)" 1
icd-score -q -g gold.icds oracle.icds | rec-cat --json | head -n 1 >first
is "and stamped" "$(grep -c '"oracle":true' first)" 1
is "others are not" "$(grep -c f1_micro table.txt) $(grep -c ORACLE table.txt)" "1 0"

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
try "predicted twice" 65 icd-score -g gold.icds twice.icds
rec-cat --from-json --schema pred --meta '{"labels":["401.9","428.0"]}' bare.ndjson >few.icds
try "other labels" 65 icd-score -g gold.icds few.icds
rec-cat --from-json --schema pred --meta "{\"labels\":$(sed 's/99.04/99.05/' "$G/labels.json")}" bare.ndjson >swapped.icds
try "as many labels, but others" 65 icd-score -g gold.icds swapped.icds
rec-cat --from-json --schema pred --meta '{}' bare.ndjson >none.icds
try "no labels" 65 icd-score -g gold.icds none.icds
sed '1s/"codes":\[[^]]*\]/"codes":["nonsense"]/' bare.ndjson | pred >odd.icds
try "a code that is no label" 65 icd-score -g gold.icds odd.icds
sed '2s/"\$bin":"[^"]*"/"$bin":"AAAAPw=="/' "$G/pred.ndjson" | pred >length.icds
try "scores of another length" 65 icd-score -g gold.icds length.icds
is "it names the lengths" "$(grep -c 'record 2: field scores: 4 bytes for 9 labels' err)" 1
python3 - "$G/pred.ndjson" >nan.ndjson <<'P'
import base64, json, struct, sys
for i, r in enumerate(map(json.loads, open(sys.argv[1]))):
    b = bytearray(base64.b64decode(r["scores"]["$bin"]))
    if i == 1:
        b[0:4] = struct.pack("<f", float("nan"))
    r["scores"] = {"$bin": base64.b64encode(bytes(b)).decode()}
    print(json.dumps(r))
P
pred nan.ndjson >nan.icds
try "a score that is no number" 65 icd-score -g gold.icds nan.icds
is "it names the record" "$(grep -c 'record 2: field scores: not a number' err)" 1
rec-cat --where id=nobody pred.icds >empty.icds
try "no predictions" 65 icd-score -g gold.icds empty.icds
try "gold where predictions belong" 65 icd-score -g gold.icds gold.icds
try "predictions where gold belongs" 65 icd-score -g pred.icds pred.icds
try "-g is needed" 64 icd-score pred.icds
try "no gold file" 66 icd-score -g nowhere.icds pred.icds
try "standard input twice" 64 icd-score -g - <pred.icds
try "a threshold out of range" 64 icd-score -g gold.icds --threshold 1.5 pred.icds
head -c 3000 pred.icds >short.icds
try "input cut short" 65 icd-score -g gold.icds -o never short.icds
is "no half-written file" "$(ls short.icds never* .never* 2>/dev/null | paste -sd ' ')" short.icds
exit $failed
