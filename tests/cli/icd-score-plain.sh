#!/bin/bash
# icd-score on what other systems write: CAML's preds_SPLIT.psv, tables of scores. The same values as of a stream; errors
# name file, line and field.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
G=$ROOT/tests/golden/score
META="{\"labels\":$(cat "$G/labels.json")}"
rec-cat --from-json --schema gold --meta "$META" "$G/gold.ndjson" >gold.icds || no "gold"
cp "$G"/*.psv "$G"/*.tsv .
compare() { rec-cat --json "$1" | python3 "$ROOT/tests/cli/icd_score_compare.py" "$G/want.json" "${@:2}"; }
score() { icd-score -q -g gold.icds --universe all --at 1,5,15 "$@"; }
score -o psv.icds pred.psv; is "final codes" "$(compare psv.icds codes)" fine
score -o tsv.icds pred.tsv; is "a table of scores: codes above 0.5" "$(compare tsv.icds half)" fine
is "which is in meta" "$(rec-cat --json tsv.icds | head -n 1 | grep -c '"scored_threshold":0.5') $(rec-cat --json psv.icds | head -n 1 | grep -c '"scored_threshold":null')" "1 1"
is "and in the table" "$(score --table pred.tsv | sed -n 2p)" "codes  codes with a score above 0.5, as there are no final codes"
score -o long.icds long.tsv; is "a score a line: what is not listed is 0" "$(compare long.icds half)" fine
icd-score -g gold.icds -o x.icds long.tsv 2>err
is "and is counted" "$(grep -cE 'long.tsv: [1-9][0-9]* cells are not listed and have score 0' err)" 1
icd-score -g gold.icds -o x.icds pred.tsv 2>err; is "of a whole table, what its codes are" "$(cat err)" "icd-score: pred.tsv: no final codes; those with a score above 0.5 are scored"
score --threshold 0.625 -o above.icds pred.tsv
rec-cat --from-json --schema pred --meta "$META" "$G/pred.ndjson" >pred.icds
is "a threshold" "$(rec-cat --json above.icds | grep '^{"metric"' | cksum)" \
    "$(score --threshold 0.625 pred.icds | rec-cat --json | grep '^{"metric"' | grep -v gen_unknown | cksum)"
sed 's/$/\r/' pred.psv >crlf.psv; sed 's/$/\r/' pred.tsv >crlf.tsv
is "CRLF" "$(for f in crlf.psv crlf.tsv; do score $f | rec-cat --json | grep '^{"metric"' | cksum; done)" \
    "$(for f in pred.psv pred.tsv; do score $f | rec-cat --json | grep '^{"metric"' | cksum; done)"
printf %s "$(cat pred.psv)" >open.psv
is "no newline at the end" "$(score open.psv | rec-cat --json | grep '^{"metric"' | cksum)" "$(rec-cat --json psv.icds | grep '^{"metric"' | cksum)"
is "the file is in the lineage" "$(rec-cat --json psv.icds | tail -n 1 | grep -c pred.psv)" 1

# ---- as others publish them: the same records as of pred.psv, pred.tsv ----
value() { rec-cat --json "$1" | sed -n "s/^{\"metric\":\"$2\",\"value\":\([^,}]*\).*/\1/p"; }
values() { local f=$1; shift; for m in "$@"; do value "$f" "$m"; done | paste -sd ' '; }
sum() { rec-cat --json "$1" | grep '^{"metric"' | cksum; }
# like NAME FILE STREAM: FILE is read, and its score is STREAM's
like() { exits "$1" 0 score -o like.icds "$2" && is "$1: the same" "$(sum like.icds)" "$(sum "$3")"; }
sed '4s/|.*/|/; 9s/|.*/|/; 41s/|.*/|/' pred.psv >some.psv; score -o some.icds some.psv # three notes have no code
sed 's/$/|/' pred.psv >bars.psv; like "trailing bars" bars.psv psv.icds
sed 's/$/||| /' pred.psv >bars3.psv; like "more of them, and blanks" bars3.psv psv.icds
sed 's/|$//' some.psv >bare.psv; like "bare ids: no codes" bare.psv some.icds
sed '4s/|$//' some.psv >mixed.psv; like "with a bar and without" mixed.psv some.icds
{ grep -v '|' bare.psv; grep '|' bare.psv; } >first.psv; like "bare ids in the first lines" first.psv some.icds
is "of which there are three" "$(head -n 3 first.psv | grep -cv '|')" 3
{ echo; sed 's/$/\n  \n/' pred.psv; } >gaps.psv; like "blank lines" gaps.psv psv.icds
{ printf '\xef\xbb\xbf'; cat pred.psv; } >bom.psv; like "a byte order mark" bom.psv psv.icds
sed 's/$/\r/' bare.psv >crlf-bare.psv; like "CRLF" crlf-bare.psv some.icds
tr '\n' '\r' <pred.psv >cr.psv; like "CR alone" cr.psv psv.icds
sed 's/|/ | /g' pred.psv >wide.psv; like "blanks around bars" wide.psv psv.icds
sed 's/|\([^|]\+\)$/|\1|\1/' pred.psv >again.psv; like "a code twice" again.psv psv.icds
cut -d'|' -f1 pred.psv >none.psv; exits "nothing but bare ids" 0 score -o none.icds none.psv
is "is no code at all" "$(value none.icds codes_pred)" 0.0
for ext in tsv csv; do
    by=$'\t'; [ $ext = csv ] && by=,
    awk -F'|' -v OFS="$by" 'BEGIN {print "hadm_id", "code"} $2 == "" {print $1, ""} {for (i = 2; i <= NF; i++) if ($i != "") print $1, $i}' pred.psv >one.$ext
    like "$ext: a code per line" one.$ext psv.icds
    sed 1d one.$ext >head.$ext; like "$ext: a code per line, no heading" head.$ext psv.icds
    awk -F'|' -v OFS="$by" 'BEGIN {print "id", "split", "codes"} {c = $0; sub(/^[^|]*\|/, "", c); print $1, "test", c}' pred.psv >codes.$ext
    like "$ext: codes in one field, between bars" codes.$ext psv.icds
    sed '1!s/|/;/g' codes.$ext >semi.$ext; like "$ext: between semicolons" semi.$ext psv.icds
    sed '1!s/|/ /g' codes.$ext >blank.$ext; like "$ext: between blanks" blank.$ext psv.icds
    tr '|' "$by" <pred.psv >fields.$ext; like "$ext: a field per code, no heading" fields.$ext psv.icds
    { echo "id${by}codes"; cat fields.$ext; } >more.$ext; like "$ext: a field per code, under codes" more.$ext psv.icds
    tr '\t' "$by" <pred.tsv >scores.$ext; like "$ext: a score per label" scores.$ext tsv.icds
    { printf '\xef\xbb\xbf'; sed 's/$/\r/' scores.$ext; echo; } >bom.$ext; like "$ext: with BOM, CRLF and a blank line" bom.$ext tsv.icds
    tr '\t' "$by" <long.tsv >each.$ext; like "$ext: a score per line" each.$ext long.icds
    sed 1d each.$ext >eachhead.$ext; like "$ext: a score per line, no heading" eachhead.$ext long.icds
    sed "1s/.*/note_id${by}ICD_CODE${by}Probability/" each.$ext >named.$ext; like "$ext: other names" named.$ext long.icds
    awk -F"$by" -v OFS="$by" '{print (NR == 1 ? "" : NR - 2), $0}' scores.$ext >pandas.$ext; like "$ext: rows numbered, as pandas does" pandas.$ext tsv.icds
done
awk -F'|' 'BEGIN {print "\"id\",\"codes\""} {c = $0; sub(/^[^|]*\|/, "", c); gsub(/\|/, ", ", c); print "\"" $1 "\",\"" c "\""}' pred.psv >quoted.csv
like "CSV in quotes, codes between commas" quoted.csv psv.icds
awk -F'|' -v q="'" 'BEGIN {print "id,codes"} {c = ""; for (i = 2; i <= NF && $i != ""; i++) c = c (i > 2 ? ", " : "") q $i q; print $1 ",\"[" c "]\""}' pred.psv >list.csv
like "CSV with lists as Python prints them" list.csv psv.icds
cat >write.py <<'PY'
import json
p = [l.rstrip("\n").split("|") for l in open("pred.psv")]
p = {r[0]: [c for c in r[1:] if c] for r in p}
t = [l.rstrip("\n").split("\t") for l in open("pred.tsv")]
s = {r[0]: {c: float(x) for c, x in zip(t[0][1:], r[1:])} for r in t[1:]}
def lines(f, records):
    with open(f, "w") as out:
        for r in records:
            out.write(json.dumps(r) + "\n")
lines("codes.jsonl", ({"id": i, "codes": c} for i, c in p.items()))
lines("both.jsonl", ({"scores": s[i], "codes": c, "note": {"any": [1]}, "id": i} for i, c in p.items()))
lines("scores.jsonl", ({"id": i, "scores": s[i]} for i in p))
json.dump([{"id": i, "codes": c} for i, c in p.items()], open("codes.json", "w"), indent=1)
json.dump(p, open("byid.json", "w"))
json.dump(s, open("scoresbyid.json", "w"), indent=1)
third = 1 / 3  # no float has it, nor its neighbour
with open("double.tsv", "w") as out:
    out.write("id\tcode\tscore\n")
    for k, i in enumerate(sorted(p)):
        out.write(f"{i}\t401.9\t{[third, third + 1e-15, 0.1 + 0.2, 5e-324][k % 4]!r}\n")
PY
python3 write.py
like "JSON lines: codes" codes.jsonl psv.icds
like "JSON lines: scores" scores.jsonl tsv.icds
score -o both.icds both.jsonl
is "JSON lines: both" "$(values both.icds f1_micro auc_micro)" "$(value psv.icds f1_micro) $(value tsv.icds auc_micro)"
like "JSON: an array" codes.json psv.icds
like "JSON: codes by id" byid.json psv.icds
like "JSON: scores by id" scoresbyid.json tsv.icds
{ printf '\xef\xbb\xbf\r\n'; sed 's/$/\r\n\r/' codes.jsonl; } >bom.jsonl; like "JSON lines with BOM, CRLF and blank lines" bom.jsonl psv.icds
sed 's/"n\([0-9]*\)"/"\1"/' codes.jsonl >number.jsonl; sed 's/"\([0-9]*\)"/\1/' number.jsonl >integer.jsonl
sed 's/"id":"n/"id":"/' "$G/gold.ndjson" | rec-cat --from-json --schema gold --meta "$META" >numbers.icds
is "JSON lines: ids that are numbers" "$(for f in number integer; do icd-score -q -g numbers.icds $f.jsonl | rec-cat --json | grep '^{"metric"' | cksum; done | sort -u | wc -l)" 1

# ---- a threshold is compared with what the file says, not with the float next to it ----
above() { score --threshold "$1" -o d.icds double.tsv && value d.icds codes_pred; }
quarter() { python3 -c "print(sum(k % 4 in ($1) for k in range(41)) / 41)"; }
is "doubles: above a third" "$(above 0.33333333333333331)" "$(quarter 1,)"
is "doubles: above 0.3" "$(above 0.3)" "$(quarter 0,1,2)"
is "doubles: above 0.1 + 0.2" "$(above 0.30000000000000004)" "$(quarter 0,1)"
is "doubles: above 0" "$(above 0)" 1.0
cat >wide.py <<'PY'
import base64, json, struct, sys
for r in map(json.loads, open(sys.argv[1] + "/pred.ndjson")):
    s = struct.unpack("<13f", base64.b64decode(r["scores"]["$bin"]))
    r["scores"] = {"$bin": base64.b64encode(struct.pack("<13d", *s)).decode()}
    print(json.dumps(r))
PY
python3 wide.py "$G" | rec-cat --from-json --schema pred --meta "{\"labels\":$(cat "$G/labels.json"),\"scores\":\"f64\"}" >f64.icds
score -o f32.score pred.icds; like "a stream with scores of 64 bits" f64.icds f32.score

# ---- codes outside gold's labels: wrong ones, counted ----
awk 'NR % 3 == 1 {sub(/\|$/, ""); print $0 "|22.0|V99.9|22.0"; next} {print}' pred.psv >out.psv
icd-score -g gold.icds -o out.icds out.psv 2>err
n=$(grep -c V99.9 out.psv)
is "they are counted and named" "$(cat err)" "icd-score: out.psv: $((2 * n)) predicted codes of $n notes are none of the gold stream's 13 labels and count as wrong (2 different ones: 22.0, V99.9)"
rec-cat --json gold.icds | grep '^{"id"' >gold.json
values out.icds prec_micro rec_micro f1_micro acc_micro prec_inst exact_match codes_pred codes_outside >got
cat >outside.py <<'PY'
import json
gold = {r["id"]: set(r["codes"]) for r in map(json.loads, open("gold.json"))}
p = {l.split("|")[0]: {c for c in l.strip().split("|")[1:] if c} for l in open("out.psv")}
tp, pred, true = sum(len(c & gold[i]) for i, c in p.items()), sum(map(len, p.values())), sum(len(gold[i]) for i in p)
n, known = len(p), set().union(*gold.values())
want = [tp / pred, tp / true, 2 * tp / (pred + true), tp / (pred + true - tp),
        sum(len(c & gold[i]) / len(c) if c else 0 for i, c in p.items()) / n, sum(c == gold[i] for i, c in p.items()) / n,
        pred / n, sum(len(c - known) for c in p.values())]
got = [float(x) for x in open("got").read().split()]
print("fine" if len(got) == len(want) and all(abs(a - b) < 1e-12 for a, b in zip(got, want)) else (got, want))
PY
is "they are false positives of micro and instance metrics" "$(python3 outside.py)" fine
own="f1_macro_caml f1_macro_mean acc_hamming fpr_micro"
is "not of what is by label" "$(values out.icds $own)" "$(values psv.icds $own)"
icd-score -q -g gold.icds -o whole.icds pred.psv
is "nor of a part of the labels" "$(value out.icds f1_micro_present)" "$(value whole.icds f1_micro_present)"
is "where there are none there is no count" "$(value whole.icds codes_outside)" ""
exits "--strict refuses them" 65 icd-score --strict -q -g gold.icds -o never.icds out.psv
is "and says where" "$(grep -cE "^icd-score: out.psv: line 1: field [0-9]+: not a code of the gold stream's labels" err)" 1
sed 's/"scores": {/&"22.0": 0.75, /' scores.jsonl >out.jsonl
is "scores of such codes count at the threshold" "$(for t in 0.7 0.8; do score --threshold $t -o o.icds out.jsonl; value o.icds codes_outside; done | paste -sd ' ')" "41.0 0.0"
is "and rank nothing" "$(value o.icds auc_micro)" "$(value tsv.icds auc_micro)"
# a model with other labels: 401.9 unknown to it, V99.9 and 22.0 besides
cat >other.py <<'PY'
import base64, json, struct, sys
labels = json.load(open(sys.argv[1] + "/labels.json"))
mine = ["V99.9"] + [c for c in labels if c != "401.9"] + ["22.0"]
json.dump({"labels": mine}, open("other.meta", "w"))
for r in map(json.loads, open(sys.argv[1] + "/pred.ndjson")):
    s = dict(zip(labels, struct.unpack("<13f", base64.b64decode(r["scores"]["$bin"]))))
    s.update({"V99.9": 0.25, "22.0": 0.875})
    r["codes"] = [c for c in r["codes"] if c != "401.9"] + ["22.0"]
    r["scores"] = {"$bin": base64.b64encode(struct.pack("<14f", *(s[c] for c in mine))).decode()}
    print(json.dumps(r))
PY
python3 other.py "$G" >other.ndjson; rec-cat --from-json --schema pred --meta "$(cat other.meta)" other.ndjson >other.icds
exits "a stream of other labels" 0 icd-score -g gold.icds -o o.icds other.icds
is "what differs is said" "$(grep -c "1 of the gold stream's 13 labels are not among its own: never predicted\|41 predicted codes of 41 notes are none of the gold stream's 13 labels and count as wrong (1 different ones: 22.0)" err)" 2
is "its codes outside are wrong" "$(value o.icds codes_outside)" 41.0
score --threshold -1 -o o.icds other.icds
is "at any threshold a label that it does not know is not predicted" "$(values o.icds codes_pred codes_outside)" "14.0 82.0"
exits "--strict refuses another label set" 65 icd-score --strict -q -g gold.icds other.icds
is "it says what differs" "$(grep -c 'other.icds: label sets differ: 13 labels and 14' err)" 1
sed 's/\t[^\t]*$//' pred.tsv >few.tsv; icd-score -g gold.icds -o o.icds few.tsv 2>err
is "a table without a label: never predicted" "$(grep -c "few.tsv: 1 of the gold stream's 13 labels are not among its own" err)" 1
exits "--strict refuses it" 65 icd-score --strict -q -g gold.icds few.tsv
sed '1s/\t401.9/\t401.8/' pred.tsv >swap.tsv; icd-score -g gold.icds --threshold 0 -o o.icds swap.tsv 2>err
is "another column: both are said" "$(grep -c "1 of the gold stream's 13 labels are not\|none of the gold stream's 13 labels and count as wrong (1 different ones: 401.8)" err)" 2
sed '2s/$/|chest pain|MRSA/' bare.psv >words.psv; icd-score -g gold.icds -o o.icds words.psv 2>err
is "words are counted, and not shown" "$(grep -c '(2 different ones)$' err) $(grep -c 'chest\|MRSA' err)" "1 0"

# ---- refusals: file, line, field ----
# refused NAME FILE MESSAGE
refused() {
    exits "$1" 65 icd-score -q -g gold.icds -o never.icds "$2"
    if grep -qE "^icd-score: $2: $3" err; then ok "$1: says where"; else no "$1: says where" "$(head -c 300 err)"; fi
}
sed '4s/|.*/|401.9||428.0/' pred.psv >blank.psv
refused "an empty code" blank.psv 'line 4: field 3: empty'
sed '4s/|.*/|401.9\r|428.0/' pred.psv >inner.psv
refused "a CR inside a line ends it" inner.psv 'line 5: field id: not in the gold stream'
{ printf '\xff\xfe'; iconv -t UTF-16LE pred.psv; } >utf16.psv
refused "UTF-16" utf16.psv 'UTF-16: only UTF-8 is read'
{ cat pred.psv; head -n 1 pred.psv; } >twice.psv
refused "an id twice" twice.psv 'line 42: field id: predicted twice'
{ cat pred.psv; echo 'stranger|401.9'; } >more.psv
refused "an id that gold lacks" more.psv 'line 42: field id: not in the gold stream'
sed 2d pred.psv >less.psv
refused "an id that only gold has" less.psv '1 gold records of the split that was predicted have no prediction, the first being record [0-9]+ of gold.icds'
sed '3s/\t[^\t]*/\tnan/' pred.tsv >nan.tsv
refused "NaN" nan.tsv 'line 3: field 2: not a finite number'
sed '3s/\t[^\t]*/\t0.5x/' pred.tsv >word.tsv
refused "no number" word.tsv 'line 3: field 2: not a finite number'
sed '3s/\t[^\t]*/\t1e99/' pred.tsv >huge.tsv
refused "too large a number" huge.tsv 'line 3: field 2: not a finite number'
sed '3s/\t[^\t]*$//' pred.tsv >short.tsv
refused "a field short" short.tsv 'line 3: 13 fields where the heading has 14'
sed '3s/$/\t0/' pred.tsv >wide.tsv
refused "a field too many" wide.tsv "line 3: more fields than the heading's 14"
printf 'id\tx\ty\nn60\t1\t2\n' >names.tsv
refused "no label among the columns" names.tsv "line 1: no column is a code of the gold stream's labels"
sed '1s/\t401.9/\t428.0/' pred.tsv >same.tsv
refused "a label twice" same.tsv 'line 1: field [0-9]+: the code stands there twice'
sed 1d pred.tsv >headless.tsv
refused "no heading" headless.tsv 'no heading, and no field is a code of'
sed '1s/id/name/' pred.tsv >noid.tsv
refused "a heading without id" noid.tsv 'line 1: no heading: no field is named id'
{ cat long.tsv; sed -n 2p long.tsv; } >again.tsv
refused "a score twice" again.tsv 'line [0-9]+: field 2: the code stands there twice for this id'
sed '2s/$/\t1/' long.tsv >four.tsv
refused "not three fields" four.tsv "line 2: more fields than the heading's 3"
sed '2s/[^\t]*$/-3/' long.tsv >logit.tsv
refused "unlisted beside negative scores" logit.tsv '[0-9]+ cells are not listed, and 0 cannot stand for them'
printf 'n60|401.9\0|x\n' >nul.psv; cat pred.psv >>nul.psv
exits "a NUL" 65 icd-score -q -g gold.icds nul.psv
{ sed 2q pred.psv; printf 'n60|401.9\0|x\n'; sed 1,3d pred.psv; } >nul3.psv
refused "a NUL further down" nul3.psv 'line 3: holds a NUL'
exits "--strict is for --compare, too" 65 icd-score --strict -q -g gold.icds --compare few.tsv pred.psv
head -n 3 codes.jsonl >three; next=$(sed -n 's/^{"id": "\(n[0-9]*\)".*/\1/p' codes.jsonl | sed -n 4p)
# odd NAME LINE MESSAGE: a fourth line of JSON
odd() { { cat three; echo "${2//NEXT/$next}"; } >odd.jsonl; refused "JSON: $1" odd.jsonl "$3"; }
odd "cut short" '{"id": "NEXT", "codes": [' 'line [45]: column [0-9]+: not JSON'
odd "no id" '{"codes": []}' 'line 4: field id: not there'
odd "an id that is no text" '{"id": 1.5, "codes": []}' 'line 4: field id: neither a text nor a whole number'
odd "a code as a number" '{"id": "NEXT", "codes": [401.9]}' 'line 4: field codes: code 1 is not a text'
odd "no codes" '{"id": "NEXT"}' 'line 4: no field codes and no field scores'
odd "codes that are no list" '{"id": "NEXT", "codes": "401.9"}' 'line 4: field codes: not an array'
odd "scores that are a list" '{"id": "NEXT", "codes": [], "scores": [0.5]}' 'line 4: field scores: not an object of a number per code'
odd "scores in some notes only" '{"id": "NEXT", "codes": [], "scores": {}}' 'line 4: field scores: some notes have it and some do not'
odd "a list" '[["NEXT", "401.9"]]' 'line 4: record 1: no object'
odd "a key twice" '{"id": "NEXT", "id": "n", "codes": []}' 'line 4: column [0-9]+: not JSON'
sed '3s/: [0-9.]*[,}]/: "x",/' scores.jsonl >word.jsonl
refused "JSON: a score that is no number" word.jsonl 'line 3: field scores: score 1 is not a finite number'
sed '3s/: [0-9.e-]*,/: 1e99,/' scores.jsonl >huge.jsonl
refused "JSON: too large a score" huge.jsonl 'line 3: field scores: score [0-9]+ is not a finite number'
is "nothing half-written" "$(ls never* .never* 2>/dev/null | wc -l)" 0
exit $failed
