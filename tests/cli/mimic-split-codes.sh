#!/usr/bin/env bash
# mimic-split: what stands in a code column and is no code (null words are skipped, impossible shapes refused or left
# out), label files with such lines, and a minimum count of admissions for a label.
. "$(dirname "$0")/../lib.sh"
mkdir "$T/m"; cd "$T/m" || exit 1
n=0; for s in train dev test; do n=$((n + 1)); echo $((100000 + n)) >"${s}_full_hadm_ids.csv"; done
{ echo SUBJECT_ID,HADM_ID,CATEGORY,TEXT; for i in 1 2 3; do echo "$i,10000$i,Discharge summary,note $i"; done; } >NOTEEVENTS.csv
{ echo SUBJECT_ID,HADM_ID,ICD9_CODE; echo 1,100001,3893; } >PROCEDURES_ICD.csv
# tables of MIMIC-IV, the same three admissions
mkdir "$T/four"; cp ./*_hadm_ids.csv "$T/four"
{ echo subject_id,hadm_id,text; for i in 1 2 3; do echo "$i,10000$i,note $i"; done; } >"$T/four/discharge.csv"
{ echo subject_id,hadm_id,icd_code,icd_version; echo 1,100001,0DTJ4ZZ,10; } >"$T/four/procedures_icd.csv"

split() { rm -f "$T/gold" "$T/note"; mimic-split --labels full --splits . --gold "$T/gold" -o "$T/note" "$@" . 2>"$T/err"; }
labels() { rec-cat --head --json "$T/gold" | grep -o '"labels":\[[^]]*]' | sed 's/.*\[//; s/[]"]//g; s/,/ /g'; }
has() { if grep -q -- "$2" "$T/err"; then ok "$1"; else no "$1" "$(cat "$T/err")"; fi; }
nine() { { echo SUBJECT_ID,HADM_ID,ICD9_CODE; printf '1,100001,"%s"\n' "$@"; echo 2,100002,4019; } >"$T/m/DIAGNOSES_ICD.csv"; cd "$T/m" || exit 1; }
ten() { { echo subject_id,hadm_id,icd_code,icd_version; printf '1,100001,"%s",10\n' "$@"; echo 2,100002,I10,10; } >"$T/four/diagnoses_icd.csv"; cd "$T/four" || exit 1; }

# ---- words for "no value", in both versions ----
null=(nan NaN NULL null None NONE NA na NaT NODX nodx UNK unk N/A '#N/A' '\N' - '<NA>' 'nan ' ' NULL' unknown)
nine "${null[@]}"; split; is "null words are no labels of ICD-9" "$? $(labels)" "0 38.93 401.9"
has "they are counted" "warning: ${#null[@]} code rows of listed admissions hold a word for no value and were skipped: 'nan' (DIAGNOSES_ICD.csv, row 1)"
ten "${null[@]}"; split --source mimic4; is "nor of ICD-10" "$? $(labels)" "0 0DTJ4ZZ I10"
has "they are counted, too" "warning: ${#null[@]} code rows of listed admissions hold a word for no value"
nine ''; split; is "an empty cell is no null word" "$(grep -c 'without a code were skipped' "$T/err") $(grep -c 'no value' "$T/err")" "1 0"
nine nan nan NULL nan - NA; split --report "$T/report"
has "several: the first different ones are named" "6 code rows .* skipped: 'nan' (DIAGNOSES_ICD.csv, row 1), 'NULL' (DIAGNOSES_ICD.csv, row 3), '-' (DIAGNOSES_ICD.csv, row 5), \.\.\."
is "and in the report" "$(python3 -c 'import json,sys; x=json.load(open(sys.argv[1]))["codes"]["null_words"]; print(x["rows"], x["first"][1])' "$T/report")" \
    "6 {'cell': 'NULL', 'table': 'DIAGNOSES_ICD.csv', 'row': 3}"

# ---- shapes that no code of the table has ----
refused() { # WHAT PATTERN arguments...
    local what=$1 pattern=$2 rc; shift 2
    split "$@"; rc=$?
    if [ $rc != 65 ] || [ -e "$T/gold" ] || [ -e "$T/note" ]; then no "$what is refused" "exit $rc"; else has "$what is refused" "$pattern"; fi
}
# these are no code of ICD-9; for each kind one is refused alone, all are left out together
bad=(inf -inf 0 1 99999999 401.9.1 4.019E3 TRUE FALSE 4019.0 66.0 4019.00 '40 19' I10 E11.9 401.999 V4 12 hypertension 4019/428)
for w in inf 1 99999999 401.9.1 66.0 I10; do nine "$w"; refused "ICD-9: $w" "DIAGNOSES_ICD.csv: row 1: column ICD9_CODE: not the shape of an ICD-9 diagnosis"; done
nine "${bad[@]}"; split --bad-codes skip; is "none of them becomes a label of ICD-9" "$? $(labels)" "0 38.93 401.9"
has "each is counted" "warning: ${#bad[@]} code rows of listed admissions hold what cannot be a code there and were left out: 'inf' (DIAGNOSES_ICD.csv, row 1)"
bad=(inf 0 1 TRUE 99999999 401.9 4019 I10.9.1 I1 E8120.0 hypertension 0DTJ4ZZ I10.12345)
for w in TRUE 4019; do ten "$w"; refused "ICD-10: $w" "diagnoses_icd.csv: row 1: column ICD_CODE: not the shape of an ICD-10-CM diagnosis" --source mimic4; done
ten "${bad[@]}"; split --source mimic4 --bad-codes skip; is "none of them becomes a label of ICD-10" "$? $(labels)" "0 0DTJ4ZZ I10"
has "each is counted, too" "warning: ${#bad[@]} code rows of listed admissions hold what cannot be a code there"
nine 4019.0; split; has "a number's zero is named" "row 1: column ICD9_CODE: not the shape of an ICD-9 diagnosis; something has read the codes as numbers (--bad-codes skip"
nine 486; cp PROCEDURES_ICD.csv "$T/keep"; echo 1,100001,9 >>PROCEDURES_ICD.csv; split; is "a procedure of one digit" $? 65
has "is told as what it is" "PROCEDURES_ICD.csv: row 2: column ICD9_CODE: not the shape of an ICD-9 procedure; something has read the codes as numbers"
echo 9,999999,99999 >>"$T/keep"; mv "$T/keep" PROCEDURES_ICD.csv; split; is "rows of admissions in no list do not matter" $? 0
nine 99999999 4280 TRUE; split --bad-codes skip --report "$T/report"; is "--bad-codes skip: exit 0" $? 0
is "the others are labels" "$(labels)" "38.93 401.9 428.0"
has "they are named" "2 code rows of listed admissions hold what cannot be a code there and were left out: '99999999' (DIAGNOSES_ICD.csv, row 1), 'TRUE' (DIAGNOSES_ICD.csv, row 3)"
is "and reported" "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["codes"]["bad_codes"]["rows"])' "$T/report")" 2
nine "$(printf 'x%.0s' $(seq 300))"; split --bad-codes skip; is "a text in the column is counted, not shown" "$(grep -c '1 code rows .* left out$' "$T/err")" 1
nine 401.9 0389 V4581 V45.81 E8120 E812.0 E030 25000 486; split
is "codes with and without their dot" "$? $(labels)" "0 038.9 250.00 38.93 401.9 486 E030 E812.0 V45.81"

# ---- label files ----
nine 4019
printf '401.9\nNULL\nnan\n38.93\n' >"$T/list"; split --labels "$T/list"; is "a label file with null words" "$? $(labels)" "0 38.93 401.9"
has "they are counted" "2 lines of the label file hold a word for no value and were skipped"
printf '401.9\nTRUE\n99999999\n' >"$T/list"; split --labels "$T/list"; is "a label file with what is no code" $? 65
has "it is named" "list: 2 labels have the shape of no ICD code, the first is TRUE"
printf 'NULL\n\n' >"$T/list"; split --labels "$T/list"; is "null words alone are no list" "$? $(grep -c 'no label' "$T/err")" "65 1"

# ---- a minimum count: 401.9 of two admissions (one of train), 428.0 twice in one, 486 of dev and test ----
{ echo SUBJECT_ID,HADM_ID,ICD9_CODE; echo 1,100001,4019; echo 2,100002,4019; echo 1,100001,4280; echo 1,100001,4280; echo 2,100002,486; echo 3,100003,486; } >DIAGNOSES_ICD.csv
split --min-count 1; is "--min-count 1: what train has" "$(labels)" "38.93 401.9 428.0"
has "how many are left out" "1 labels left out that fewer than 1 admissions of train have"
split --min-count 2 --count-in all; is "--count-in all: two admissions, not two rows" "$(labels)" "401.9 486"
has "of all splits" "2 labels left out that fewer than 2 admissions of all splits have"
split --min-count 0; is "--min-count 0: all" "$(labels)" "38.93 401.9 428.0 486"
split --min-count 2; is "none is left" "$? $(grep -c 'no label is left: none has 2 admissions' "$T/err")" "65 1"
exits "--min-count needs labels" 64 mimic-split --min-count 2 --splits . .

# ---- MIMIC-IV: an admission of the other version, one of both, one of none ----
cd "$T/four" || exit 1
{ echo subject_id,hadm_id,icd_code,icd_version; echo 1,100001,I10,10; echo 1,100001,4019,9; echo 2,100002,4280,9; } >diagnoses_icd.csv
split --source mimic4 --report "$T/report"
is "the other version's admission is left out" "$(rec-cat --json "$T/note" | grep -o '"id":"[0-9]*"' | tr '\n' ' ')" '"id":"100001" "id":"100003" '
has "it is counted by its name" "dev: 1 admissions coded in ICD-9 were left out (--other-version)"
has "both" "1 admissions have codes of both ICD versions; those of ICD-10 count"
is "it does not count as one without a note" "$(grep -c 'no discharge summary' "$T/err") $(python3 -c 'import json,sys; x=json.load(open(sys.argv[1]))["splits"]["dev"]; print(x["without_note"], x["other_version"])' "$T/report")" "0 0 1"
split --source mimic4 --icd 9; is "the other way round" "$(labels)" "401.9 428.0"
{ echo subject_id,hadm_id,icd_code,icd_version; for i in 1 2 3; do echo "$i,10000$i,4019,9"; done; } >diagnoses_icd.csv
echo subject_id,hadm_id,icd_code,icd_version >procedures_icd.csv
split --source mimic4; is "all of the other version" "$? $(grep -c 'that is coded in the version asked for (--icd)' "$T/err")" "65 1"
exit $failed
