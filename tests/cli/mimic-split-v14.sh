#!/usr/bin/env bash
# once
# mimic-split on tables of MIMIC-III v1.4's size and counts (mimic_v14.py): the comparison finds nothing to tell; what is changed
# is named; CAML's numbers in tables of many blocks are those of the reference.
. "$(dirname "$0")/../lib.sh"
# The counts of the 50 codes, once more: code, train, dev, test.
cat >"$T/counts" <<'E2'
038.9	567	116	149
244.9	761	180	210
250.00	1416	289	340
272.0	926	151	155
272.4	1259	475	548
276.1	494	129	155
276.2	694	168	195
285.1	726	189	203
285.9	852	210	247
287.5	471	138	138
305.1	504	167	181
311	493	179	196
33.24	407	96	127
36.15	719	138	135
37.22	482	96	100
37.23	438	48	60
38.91	773	129	148
38.93	2139	333	402
39.61	1096	208	226
39.95	549	88	72
401.9	3233	708	778
403.90	513	162	215
410.71	520	71	91
412	477	112	121
414.01	1921	388	435
424.0	451	72	104
427.31	1992	396	470
428.0	2115	337	422
45.13	415	82	87
486	765	159	174
496	646	130	160
507.0	569	95	102
511.9	421	85	95
518.81	1186	254	255
530.81	953	270	266
584.9	1448	292	362
585.9	544	150	172
599.0	1067	214	251
88.56	801	134	157
88.72	530	96	84
96.04	1581	228	233
96.6	1525	225	228
96.71	1395	284	258
96.72	969	140	187
99.04	1287	54	51
99.15	736	55	91
995.92	613	134	165
V15.82	397	157	187
V45.81	479	96	108
V58.61	604	176	181
E2
is "the counts add up to the published totals" "$(awk '{a+=$2; b+=$3; c+=$4} END {print NR, a, b, c}' "$T/counts")" "50 45919 9283 10477"
is "the lists are CAML's" "$(cd "$ROOT/share/caml" && sha256sum train_full* dev_full* test_full* train_50* dev_50* test_50* | cut -c1-16 | tr '\n' ' ')" \
    "abc4601d2cb798c7 5bc77377a675b176 2861293b9057a3aa aee261aa45a2d893 bcd69c3be3f4d8a7 cc3d3c22cbf0c68b "
mkdir "$T/m"; python3 "$ROOT/tests/cli/mimic_v14.py" "$ROOT/share" "$T/counts" "$T/m" || no "tables" "python3 failed"

run() { mimic-split --gold "$T/gold" -o "$T/note" --report "$T/report" "$@" 2>"$T/err"; }
differences() { sed -n 's/.*warning: not MIMIC-III v1.4 as published: //p' "$T/err"; }
failed_checks() { python3 -c 'import json,sys; c=json.load(open(sys.argv[1]))["checks"]; print(len(c), sum(not x["ok"] for x in c))' "$T/report"; }

run "$T/m"; is "50: exit 0" $? 0
is "50: nothing differs" "$(differences)" ""
is "50: every count was compared" "$(failed_checks)" "165 0"
is "50: admissions" "$(sed -n 's/.*: \(.*\) admissions of .* in the list/\1/p' "$T/err" | tr '\n' ' ')" "8066 1573 1729 "
grep -q "warning" "$T/err" && no "50: no warning" "$(grep warning "$T/err")" || ok "50: no warning"
run --labels full "$T/m"
is "full: nothing differs" "$(differences)" ""
is "full: every count was compared" "$(failed_checks)" "16 0"
is "full: admissions, labels" "$(grep -c "admissions of \(47723\|1631\|3372\) in the list\|8929 labels in the set" "$T/err")" 4
run --labels fixed50 "$T/m"
is "the wrong list is recognised" "$(grep -c '8052, 1569 and 1725 admissions have one of these 50 codes' "$T/err")" 1

# ---- CAML's numbers: seven blocks of 131,072 rows; the last admissions of the lists have no note ----
mkdir "$T/s"; head -n 59000 "$T/m/NOTEEVENTS.csv" >"$T/s/NOTEEVENTS.csv"; ln -s "$T/m/"*_ICD.csv "$T/s/"
run --labels full --caml-bug "$T/s"
is "CAML's numbers: the labels are counted" "$(differences | grep labels:)" "$(python3 - "$T" "$ROOT" <<'E2'
import json, subprocess, sys
T, root = sys.argv[1:]
sys.path.insert(0, root + '/tests/cli')
import mimic_split
want = mimic_split.main(T + '/s', {'caml_bug': 1, 'splits': root + '/share/caml'})
lines = subprocess.run(['rec-cat', '--json', T + '/gold'], capture_output=True, text=True).stdout.splitlines()
labels = json.loads(lines[0])['header']['meta']['labels']
ok = labels == want['labels'] and [json.loads(l) for l in lines[1:-1]] == want['gold'] and len(labels) > 7000
forms = [c for c in labels if c + '0' in labels]  # one code, two forms: from a block of text and one of numbers
print(f'labels: {len(labels)}, not 8921' if ok and forms else 'the reference has other codes')
E2
)"

# Blocks are of all admissions with a summary, also of those in no list.
run --labels full --lists 50 --caml-bug "$T/s"
is "CAML's numbers: admissions in no list" "$(python3 - "$T" "$ROOT" <<'E2'
import json, subprocess, sys
T, root = sys.argv[1:]
sys.path.insert(0, root + '/tests/cli')
import mimic_split
want = mimic_split.main(T + '/s', {'caml_bug': 1, 'lists': '50', 'splits': root + '/share/caml'})
lines = subprocess.run(['rec-cat', '--json', T + '/gold'], capture_output=True, text=True).stdout.splitlines()
print([json.loads(l) for l in lines[1:-1]] == want['gold'], len(want['gold']))
E2
)" "True 11043"

# ---- what is changed is named ----
mkdir "$T/c"; ln -s "$T/m/NOTEEVENTS.csv" "$T/m/PROCEDURES_ICD.csv" "$T/c/"
first=$(head -n 1 "$ROOT/share/caml/dev_50_hadm_ids.csv")
awk -F, 'done || $4 != "4019" || !($2 in dev) {print; next} {done = 1}
    BEGIN {while ((getline h < "'"$ROOT"'/share/caml/dev_50_hadm_ids.csv") > 0) dev[h]}' "$T/m/DIAGNOSES_ICD.csv" >"$T/c/DIAGNOSES_ICD.csv"
run "$T/c"
is "a code row less" "$(differences | tr '\n' ';')" "code rows: 891141, not 891142;dev: labels of admissions: 9282, not 9283;dev: admissions with 401.9: 707, not 708;"
rm "$T/c/"*; ln -s "$T/m/"*_ICD.csv "$T/c/"
grep -v ",$first,,,Discharge" "$T/m/NOTEEVENTS.csv" >"$T/c/NOTEEVENTS.csv"
run "$T/c"
case $(differences | head -n 4 | tr '\n' ';') in
"rows of NOTEEVENTS: 20831"*"discharge summaries: 596"*"admissions with a discharge summary: 52725, not 52726;dev: admissions: 1572, not 1573;") ok "a note less" ;;
*) no "a note less" "$(differences)" ;;
esac
rm "$T/c/NOTEEVENTS.csv"; awk -F, -v OFS=, 'NR == 20000 {$2 = 9999999} {print}' "$T/m/NOTEEVENTS.csv" >"$T/c/NOTEEVENTS.csv"
mimic-split -q --lists full --report "$T/report" -o "$T/note" "$T/c" 2>"$T/err"
is "subjects out of order" "$(differences)" "SUBJECT_ID in the order of the splits: 0, not 1"
mimic-split -q --caml-text --lists full -o "$T/note" "$T/m" 2>"$T/err"
is "other text" "$(differences | tr '\n' ';')" "tokens of CAML's text: 73504, not 79801387;different tokens of CAML's text: 4, not 150854;"
mimic-split --no-addenda --lists full -o "$T/note" "$T/m" 2>"$T/err"
is "without addenda there is nothing to compare with" "$(differences)$(grep -c 'not compared with MIMIC-III v1.4: addenda are left out' "$T/err")" 1
rm -r "$T/c"; mkdir "$T/c"; ln -s "$T/m/NOTEEVENTS.csv" "$T/m/DIAGNOSES_ICD.csv" "$T/c/"
sed 's/,0*\([0-9]*\)$/,\1/' "$T/m/PROCEDURES_ICD.csv" >"$T/c/PROCEDURES_ICD.csv"
run --bad-codes skip "$T/c"; is "codes read as whole numbers are recognised" "$(grep -c 'no procedure code begins with 0' "$T/err")" 1
sed 's/,\([0-9][0-9]\)\([0-9]*\)$/,\1.\2/; s/0$//' "$T/m/PROCEDURES_ICD.csv" | sed 's/,66\.$/,66.0/' >"$T/c/PROCEDURES_ICD.csv"
run --bad-codes skip "$T/c"; is "codes read as decimals are recognised" "$(grep -c 'codes such as 66.0 or 14' "$T/err")" 1
exit $failed
