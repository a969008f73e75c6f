#!/usr/bin/env bash
. "$(dirname "$0")/kb-common"
# Titles: every form of table gives the same, the first table that has a code names it, a parent's title stands in.
title() { kb-build -q --no-builtin --labels "$T/codes" "$@" -o "$T/k.icds" 2>"$T/err" && query "$T/k.icds" '"|".join(x.get("title", "-") for x in r.values())'; }

printf '401.99\n433.10\r\nZZ9\n' >"$T/codes"
exits labels-file 0 kb-build --labels "$T/codes" -o "$T/l.icds"
is parent-title "$(query "$T/l.icds" 'r["401.99"]["title"]')" "Unspecified essential hypertension"
is no-title "$(query "$T/l.icds" '"title" in r["ZZ9"], r["ZZ9"]["terms"]')" "False []"
says untitled-is-told "1 codes have no title"
printf '\357\273\277401.99\tOne\n401.99\tTwo\nZZ9\tdiagnosis\tThree\n' >"$T/titles"
printf 'ZZ9\tFour\n433.10\tFive\n' >"$T/more"
is first-title-wins "$(title --titles "$T/titles" -t "$T/more")" "One|Five|Three"

# MIMIC's tables and CMS's lists: no dots, so 3310 is one procedure and 331.0 one diagnosis; 04.1 keeps its zero.
printf '04.1\n33.10\n331.0\nE800.1\nV10.0\n' >"$T/codes"
want="nerve|lung|brain, left|rail|\"tract\""
diagnoses='"ROW_ID","ICD9_CODE","SHORT_TITLE","LONG_TITLE"\n1,"3310","b","brain, left"\n2,"E8001","r","rail"\n3,"V100","t","""tract"""\n'
procedures='row_id,icd9_code,short_title,long_title\n1,3310,l,lung\n2,041,n,nerve\n'
printf "$diagnoses" >"$T/D_ICD_DIAGNOSES.csv"; printf "$procedures" >"$T/D_ICD_PROCEDURES.csv"
is mimic "$(title -t "$T/D_ICD_DIAGNOSES.csv" -t "$T/D_ICD_PROCEDURES.csv")" "$want"
gzip -k "$T/D_ICD_DIAGNOSES.csv"; zstd -q "$T/D_ICD_PROCEDURES.csv"
is mimic-compressed "$(title -t "$T/D_ICD_DIAGNOSES.csv.gz" -t "$T/D_ICD_PROCEDURES.csv.zst")" "$want"
printf '3310  brain, left\r\nE8001 rail\r\nV100  "tract"\r\n' >"$T/DX.txt"; printf '3310 lung\n041  nope\n' >"$T/SG.txt"
exits cms-columns 0 kb-build -q --labels "$T/codes" -t "$T/DX.txt" -o "$T/k.icds"
printf '3310 lung\n0410 nerve\n' >"$T/SG.txt"
sed -i s/^04.1$/04.10/ "$T/codes"
is cms "$(title -t "$T/DX.txt" -t "$T/SG.txt")" "$want"
printf '0413  Friedl\344nder\n' >"$T/latin.txt"; printf '041.3\n' >"$T/codes"
is cms-latin-1 "$(title -t "$T/latin.txt")" "Friedländer"

# A row without a title is one code without a title, and a database's null is none; the short one is better than none.
printf '001.0\n001.1\n001.2\n001.3\n001.4\n001.5\n' >"$T/codes"
printf 'icd9_code,short_title,long_title\n0010,,\n0011,short,\n0012,short,NULL\n0013,NULL,null\n0014,"\\N"," "\n0015,s,Null and void\n' >"$T/D_ICD_DIAGNOSES.csv"
printf '001.0\tnought\n001.3\tthree\n001.4\tfour\n' >"$T/more"
is no-title-in-a-row "$(title -t "$T/D_ICD_DIAGNOSES.csv" -t "$T/more")" "nought|short|short|three|four|Null and void"
rm "$T/D_ICD_DIAGNOSES.csv"

# MIMIC-IV: both systems in one table; V01.1 is a code of either.
printf 'V01.1\n0SRB04A\nI10\n' >"$T/codes"
printf 'icd_code,icd_version,long_title\nV011,9,contact\nV011,10,cyclist\nI10,10,pressure\n' >"$T/d_icd_diagnoses.csv"
printf 'icd_code,icd_version,long_title\n0SRB04A,10,hip\n' >"$T/d_icd_procedures.csv"
is icd-9-of-both "$(title --icd 9 -t "$T/d_icd_diagnoses.csv" | cut -d'|' -f3)" contact
is icd-10-of-both "$(title --icd 10 -t "$T/d_icd_diagnoses.csv" -t "$T/d_icd_procedures.csv")" "hip|pressure|cyclist"
is icd-10-kinds "$(query "$T/k.icds" '[x["kind"] for x in r.values()]')" "['procedure', 'diagnosis', 'diagnosis']"
is icd-10-shipped-titles "$(title --icd 10)" "Replacement of Left Hip Joint with Ceramic on Polyethylene Synthetic Substitute, Uncemented, Open Approach|Essential (primary) hypertension|Pedestrian injured in collision with pedal cycle in traffic accident"
exits none-of-the-system 65 kb-build --icd 9 -t "$T/d_icd_procedures.csv"

bad() { exits "$1" 65 kb-build -t "$T/$2" -o "$T/x.icds"; says "$1-says-where" "$3"; }
printf 'no tab\n' >"$T/bad"; bad bad-titles bad "bad: line 1"
printf '486\tgood\n486\t\n' >"$T/bad"; bad empty-title bad "line 2: an empty title"
{ printf '486\t'; head -c 2000 /dev/zero | tr '\0' x; } >"$T/bad"; bad too-long-a-title bad "line 1: 2000 bytes"
printf '486\t\377\n' >"$T/bad"; bad title-not-utf8 bad "line 1: not UTF-8"
printf '486\ta\0b\n' >"$T/bad"; bad title-with-nul bad "line 1"
: >"$T/bad"; bad no-titles bad "no titles"
printf 'PK\3\4zip' >"$T/bad"; bad zip bad "unpack"
printf '0010  cholera\n3310 lung\nwhat is this\n' >"$T/bad"; bad cms-line bad "line 3"
printf 'icd9_code,long_title\n1,a\n' >"$T/titles.csv"; bad nameless-table titles.csv "D_ICD_DIAGNOSES"
printf 'icd9_code,long_title\n0010,a\n"00 1",b\n' >"$T/d_icd_diagnoses.csv"; bad code-with-a-blank d_icd_diagnoses.csv "row 2: column ICD9_CODE"
printf 'icd9_code,long_title\n0010,\n' >"$T/d_icd_diagnoses.csv"; bad rows-without-title d_icd_diagnoses.csv "no title"
printf 'icd9_code,long_title\n,a\n' >"$T/d_icd_diagnoses.csv"; bad row-without-code d_icd_diagnoses.csv "row 1: column ICD9_CODE"
printf 'icd9_code,long_title\n0010,"a\n' >"$T/d_icd_diagnoses.csv"; bad open-quote d_icd_diagnoses.csv "never closes"
head -c 60 "$T/D_ICD_DIAGNOSES.csv.gz" >"$T/diagnoses.csv.gz"; bad truncated-gzip diagnoses.csv.gz "diagnoses.csv.gz.*\(gzip\|cut\)"
exits no-titles-file 66 kb-build --titles "$T/none"
is nothing-left "$(ls -A "$T" | grep -c 'x.icds')" 0

# As many codes as there are: titles as terms, the kind by the dot.
cut -f1 "$ICDPIPE_SHARE/icd9/titles.tsv" >"$T/codes"
exits every-code 0 kb-build -q --no-builtin --labels "$T/codes" -o "$T/all.icds"
is every-title "$(query "$T/all.icds" 'len(r), all(len(x["terms"]) == 1 for x in r.values()), sum(x["kind"] == "procedure" for x in r.values())')" "18449 True 3882"
exit $failed
