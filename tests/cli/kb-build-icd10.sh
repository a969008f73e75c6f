#!/usr/bin/env bash
# ICD-10 out of the box: the version is guessed and said, titles and inclusion terms come along, no code gets the title of
# another version or system, and odd codes are counted with the first examples.
. "$(dirname "$0")/kb-common"
build() { rm -f "$T/k.icds"; printf '%s\n' $1 >"$T/codes"; shift; kb-build --labels "$T/codes" -o "$T/k.icds" "$@" 2>"$T/err"; }
title() { # CODE: its title, "-" without
    local t; t=$(rec-cat --json "$T/k.icds" | sed -n "s/^{\"code\":\"$1\",\"kind\":\"[a-z]*\",\"title\":\"\([^\"]*\)\".*/\1/p")
    echo "${t:--}"
}
silent() { if grep -q -- "$2" "$T/err"; then no "$1" "$(cat "$T/err")"; else ok "$1"; fi; }

# ---- the version ----
build "C50.911 V10.3 I10 E11.9 0DTJ4ZZ"; is "ICD-10: exit 0" $? 0
says "the version is said" "the codes are of ICD-10: 4 can be of it alone, 0 of ICD-9 alone, 1 of either (--icd)"
is "V10.3 is no history of cancer there" "$(title V10.3)" "Person boarding or alighting a pedal cycle injured in collision with pedestrian or animal"
is "other titles" "$(title I10), $(title 0DTJ4ZZ)" "Essential (primary) hypertension, Resection of Appendix, Percutaneous Endoscopic Approach"
is "the history has the version" "$(query "$T/k.icds" 'h["history"][0]["options"]["icd"]')" 10
is "and the tables" "$(query "$T/k.icds" '[x["name"] for x in e["lineage"][0]["inputs"]]')" "['titles.tsv.zst', 'inclusion.tsv.zst']"
build "174.9 V10.3 401.9"; says "ICD-9, too" "the codes are of ICD-9: 2 can be of it alone, 0 of ICD-10 alone, 1 of either"
is "V10.3 is a history of cancer there" "$(title V10.3)" "Personal history of malignant neoplasm of breast"
build "V58.61 V45.81"; says "codes of either shape: by the titles there are" "the codes can be of either version; ICD-9 has titles for more of them"
build "V10.3"; is "what can be both is asked" $? 64
says "with the option" "can be of ICD-9 or of ICD-10: --icd says which"
build "V10.3" --icd 10; is "and obeyed" "$(title V10.3)" "Person boarding or alighting a pedal cycle injured in collision with pedestrian or animal"
silent "what was said is not guessed" "the codes are of"
build "N18.9 V10.3" --icd 9; is "a code of the other version has no title" "$(title N18.9)" "-"
says "it is named" "1 codes look like codes of the other version, ICD-10: N18.9"
build "401.9 428.0 I10 V58.61"; says "the majority decides" "of ICD-9: 2 can be of it alone, 1 of ICD-10 alone, 1 of either"
says "the minority is named" "1 codes look like codes of the other version, ICD-10: I10"
build "I10 E11.9 V58.61 250.00"; says "a title of the other version alone shows it, too" "2 codes look like codes of the other version, ICD-9: 250.00, V58.61"
is "and V58.61 gets none" "$(title V58.61)" "-"
kb-build -o "$T/k.icds" 2>"$T/err"; silent "the shipped lists need no guess" "the codes are of"

# ---- what is odd ----
build "I10 E11 E11.65 S72.001A S72.001 S00.32X I99.99 QA0.0109 Z99.99 ZZ9"
says "categories" "3 codes are categories of ICD-10, too general to be billed: E11, S00.32X, S72.001"
says "unknown codes" "3 codes are in no table of ICD-10 titles: I99.99, QA0.0109, Z99.99"
says "no code at all" "1 codes have the shape of no ICD code: ZZ9"
says "without any title" "2 codes have no title in any table: QA0.0109, ZZ9"
is "an unknown code has its parent's title" "$(title I99.99), $(title Z99.99)" "Unspecified disorder of circulatory system, Dependence on enabling machines and devices, not elsewhere classified"
build "250 250.0 250.00 38 38.93 380.10 276.5"; says "categories of ICD-9" "4 codes are categories of ICD-9, too general to be billed: 250, 250.0, 276.5, ..."
build "019.9 01.9 401.9"; is "a diagnosis has no procedure's title" "$(title 019.9), $(title 01.9)" "-, Incision and excision of skull, brain, and cerebral meninges"
printf 'nan\nI10\nNULL\nE11.9\n' >"$T/codes"; kb-build --labels "$T/codes" -o "$T/k.icds" 2>"$T/err"
is "null words are no codes" "$? $(query "$T/k.icds" 'list(r)')" "0 ['E11.9', 'I10']"
says "they are counted" "2 lines of the list hold a word for no value and were skipped"

# ---- other ways of writing: lower case, no dot, a dot at the end, beginnings of procedures ----
build "i10 n18.9 v10.3 0dtj4zz b02.0 b020 bw03 b020zzz"
is "lower case" "$(title i10), $(title n18.9), $(title 0dtj4zz)" "Essential (primary) hypertension, Chronic kidney disease, unspecified, Resection of Appendix, Percutaneous Endoscopic Approach"
is "a procedure has no diagnosis' title" "$(title b020) $(title b020zzz) $(title bw03), $(title b02.0)" "- - -, Zoster encephalitis"
is "nor its terms" "$(query "$T/k.icds" '[len(r[c]["terms"]) for c in ("b020", "b02.0")]')" "[0, 2]"
is "kinds" "$(query "$T/k.icds" '[c for c in r if r[c]["kind"] == "procedure"]')" "['0dtj4zz', 'b020', 'b020zzz', 'bw03']"
says "a beginning is too general to be billed" "3 codes are categories of ICD-10, too general to be billed: b020, bw03, v10.3"
silent "sections without shipped titles are not called unknown" "in no table"
build "b030 bw03 0016"; is "procedures alone" "$(title b030) $(query "$T/k.icds" '{x["kind"] for x in r.values()}')" "- {'procedure'}"
build "B020 E119 0DTJ4ZZ"; is "no dots: b020 is a diagnosis" "$(title B020)" "Zoster encephalitis"
build "E119 I10 S72001A V103"; is "no dots" "$(title E119), $(title S72001A)" "Type 2 diabetes mellitus without complications, Fracture of unspecified part of neck of right femur, initial encounter for closed fracture"
build "E11.9 I10. N19."; is "a dot at the end" "$(title I10.), $(title N19.)" "Essential (primary) hypertension, Unspecified kidney failure"

# ---- inclusion terms ----
build "I50.9 J45.909 S00.531A M80.08XA"
is "they are synonyms with their source" "$(query "$T/k.icds" '{"text": "Congestive heart disease", "type": "synonym", "source": "inclusion"} in r["I50.9"]["terms"]')" True
is "NOS is not a word of notes" "$(query "$T/k.icds" '"Congestive heart failure NOS" in texts("I50.9").split("|") and "Congestive heart failure" in texts("I50.9").split("|")')" True
is "nor is unspecified" "$(query "$T/k.icds" 'texts("I50.9", "term")')" "Heart failure, unspecified|Heart failure"
is "the encounter has the injury's terms" "$(query "$T/k.icds" 'texts("S00.531A", None, "inclusion")')" "Bruise of lip|Hematoma of lip"
build "I50.9 I10" --no-builtin; is "--no-builtin: titles alone" "$(query "$T/k.icds" 'texts("I50.9", None, "inclusion")')" ""
build "I50.9 I10" --kind descriptions; is "descriptions: the titles" "$(query "$T/k.icds" 'r["I10"]["description"], "terms" in r["I10"]')" "Essential (primary) hypertension False"
# a damaged table is named, and nothing is left behind
for table in titles inclusion; do
    rm -rf "$T/share"; cp -r "$ROOT/share" "$T/share" && mv "$T/share/icd10/$table.tsv.zst" "$T/whole"
    for damage in "head -c 0" "head -c 20000" "tail -c +2" "sed s/a/b/"; do
        LC_ALL=C $damage "$T/whole" >"$T/share/icd10/$table.tsv.zst"
        exits "$table, $damage" 65 env ICDPIPE_SHARE="$T/share" kb-build -q --icd 10 --labels "$T/codes" -o "$T/none.icds"
        is "$table, $damage: names it" "$(grep -c "^kb-build: $table.tsv.zst: " "$T/err") $(ls "$T/none.icds" 2>/dev/null)" "1 "
    done
done
printf 'I10\tMine\n' >"$T/mine"; build "I50.9 I10" -t "$T/mine"; is "own titles go first" "$(title I10)" Mine

# ---- MIMIC's demo: its codes have titles, those that are none of version 32 are named ----
D=${MIMIC3_DEMO:-$ROOT/../shared/data/mimic3_demo}
if [ -f "$D/DIAGNOSES_ICD.csv" ]; then
    python3 - "$D" >"$T/codes" <<'E2'
import csv, sys
for t, k in (('DIAGNOSES_ICD', 3), ('PROCEDURES_ICD', 2)):
    for c in {r['icd9_code'] for r in csv.DictReader(open(f'{sys.argv[1]}/{t}.csv'))}:
        k2 = 4 if k == 3 and c[0] == 'E' else k
        print(c[:k2] + '.' + c[k2:] if len(c) > k2 else c)
E2
    kb-build --labels "$T/codes" -o "$T/k.icds" 2>"$T/err"; says "demo: ICD-9" "the codes are of ICD-9: .*, 0 of ICD-10 alone"
    is "demo: every code has a title" "$(query "$T/k.icds" 'len(r) > 500 and all("title" in x for x in r.values())')" True
    silent "demo: none of the other version" "other version"
else skip "demo" "no MIMIC-III demo (MIMIC3_DEMO=FOLDER)"; fi

# ---- CodiEsp's codes: lower case, procedures by their first four characters ----
C=${CODIESP:-$ROOT/../shared/data/codiesp/v4}
if [ -f "$C/dev/devD.tsv" ]; then
    cut -f2 "$C"/*/*P.tsv | sort -u >"$T/p"; cut -f2 "$C"/*/*D.tsv "$C"/*/*P.tsv | sort -u >"$T/codes"
    kb-build --labels "$T/codes" -o "$T/k.icds" 2>"$T/err"; says "CodiEsp: ICD-10" "the codes are of ICD-10:"
    is "CodiEsp: the procedures, and no other" "$(query "$T/k.icds" '"\n".join(c for c in r if r[c]["kind"] == "procedure")')" "$(cat "$T/p")"
    is "CodiEsp: every diagnosis has a title" "$(query "$T/k.icds" '[c for c in r if r[c]["kind"] == "diagnosis" and "title" not in r[c]]')" "[]"
else skip "CodiEsp" "no CodiEsp (CODIESP=FOLDER)"; fi
exit $failed
