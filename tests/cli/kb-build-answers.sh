#!/usr/bin/env bash
. "$(dirname "$0")/kb-common"
# Language models' answers: one file a code, a folder of them, JSON lines; what is read of one is tests/unit/answer.c's.
printf '401.9\n995.92\n99.15\n' >"$T/codes"
A=$T/gpt; mkdir "$A"
cat >"$A/401.9.txt" <<'X'
Sure! Here are the expressions:

**Medical terms**:
- Hypertension
- High blood pressure
- Hypertensions
.
Abbreviations:
- HTN (Hypertension)
- BP
Synonyms:
- Unspecified essential hypertension
- Hypertensive disease

I hope this helps!
X
printf '## Medical terms\nSevere sepsis, Septic shock, Sepsis\n## Abbreviations\nSIRS, X\n' >"$A/99592.md"
printf '{"medical_terms": ["Parenteral nutrition"], "abbreviations": ["TPN", "BP"], "synonyms": []}' >"$A/9915.JSON"
kb() { kb-build --labels "$T/codes" "$@" -o "$T/k.icds"; }

exits folder 0 kb --no-builtin -a "$A/" --report "$T/report"
is terms "$(query "$T/k.icds" 'texts("401.9", "term")')" "Unspecified essential hypertension|Hypertension|High blood pressure"
is abbreviations "$(query "$T/k.icds" 'texts("401.9", "abbreviation"), texts("995.92", "abbreviation"), texts("99.15", "abbreviation")')" "HTN|BP SIRS TPN|BP"
is synonyms "$(query "$T/k.icds" 'texts("401.9", "synonym")')" "Hypertensive disease"
is sources "$(query "$T/k.icds" '{t["source"] for t in r["401.9"]["terms"]} == {"title,gpt", "gpt"}')" True
is lineage "$(query "$T/k.icds" '[i["name"] for i in e["lineage"][-1]["inputs"]]')" "['titles.tsv', 'ICD9_descriptions', 'gpt']"
says unread-is-told "99592.md: 995.92: line 4 of the answer: a single letter or digit"
is unread-in-report "$(grep -c '"what":"unread"' "$T/report")" 1
is talk-in-report "$(grep -c '"what":"passed over","file":"401.9.txt"' "$T/report")" 1
is collision-in-report "$(grep '"what":"shared"' "$T/report")" '{"what":"shared","form":"BP","codes":["401.9","99.15"]}'
exits no-report-without-the-stream 74 kb-build -q --labels "$T/codes" -a "$A" --report "$T/unfinished" -o /dev/full
is no-report-is-left "$(ls -A "$T" | grep -c unfinished)" 0
cp "$T/k.icds" "$T/k1.icds"; kb -q --no-builtin -a "$A" 2>/dev/null; same slash-or-not "$T/k1.icds" "$T/k.icds"
kb -q -a "$A" 2>/dev/null
is with-builtin "$(query "$T/k.icds" '[t["source"] for t in r["401.9"]["terms"] if t["text"] == "HTN"]')" "['builtin,gpt']"

# The same as JSON lines, in whatever form a program saved them.
${PYTHON:-python3} - "$A" >"$T/gpt.ndjson" <<'PY'
import json, sys
a = sys.argv[1] + "/"
print(json.dumps({"code": "401.9", "answer": open(a + "401.9.txt").read()}))
print()
print(json.dumps({"code": "99592", "choices": [{"message": {"role": "assistant", "content": open(a + "99592.md").read()}}]}))
print(json.dumps({"code": "99.15", **json.load(open(a + "9915.JSON"))}))
PY
exits ndjson 0 kb --no-builtin --answers "$T/gpt.ndjson"
is ndjson-the-same "$(query "$T/k.icds" '[[t["text"] for t in x["terms"]] for x in r.values()]')" "$(query "$T/k1.icds" '[[t["text"] for t in x["terms"]] for x in r.values()]')"
says record-is-told "gpt.ndjson: line 3: 995.92: line 4 of the answer"
exits one-file 0 kb -q --no-builtin -a "$A/401.9.txt"
is one-file-its-code "$(query "$T/k.icds" 'texts("401.9", "abbreviation"), texts("995.92", "abbreviation")')" "HTN|BP "
printf '{"code": "401.9", "type": "synonym", "text": "raised tension"}\n{"code": "401.9", "type": "description", "text": "Mine."}\n' >"$T/own.jsonl"
exits own-lines 0 kb -q --no-builtin -a "$T/own.jsonl"
is own-line "$(query "$T/k.icds" 'texts("401.9", source="own.jsonl")')" "raised tension"

# Descriptions: an own one goes before the shipped one.
exits own-description 0 kb -q --kind descriptions -a "$T/own.jsonl"
is own-description-first "$(query "$T/k.icds" 'r["401.9"]["description"], len(r["995.92"]["description"]) > 60')" "Mine. True"
mkdir "$T/d"; printf 'A. Raised **blood** pressure without\na known cause.\n' >"$T/d/401.9.txt"; cp "$A/99592.md" "$T/d"
exits descriptions 0 kb --no-builtin --kind descriptions -a "$T/d"
is description "$(query "$T/k.icds" 'r["401.9"]["description"]')" "Raised blood pressure without a known cause."
exits lists-for-a-description 0 kb --no-builtin --kind descriptions -a "$A"
says lists-are-told "401.9.txt: 401.9: lists of expressions, not a description"

# What does not fit.
printf '36.15\n361.5\n' >"$T/two"; printf 'Synonyms: graft\n' >"$T/d/3615.txt"; printf 'Synonyms: bypass\n' >"$T/d/36.15.txt"
exits ambiguous-name 0 kb-build --no-builtin --labels "$T/two" -a "$T/d" -o "$T/k.icds"
says ambiguous-is-told "3615.txt: the name without a dot is the code of two"
says others-are-counted "2 answers are for other codes\|3 answers are for other codes"
is dotted-name "$(query "$T/k.icds" 'texts("36.15", source="d")')" bypass
printf 'Synonyms: \377bad, good one\n' >"$T/d/401.9.txt"
exits invalid-utf8 0 kb --no-builtin -a "$T/d"; says invalid-utf8-is-told "401.9.txt: 401.9: line 1 of the answer: not UTF-8"
for i in $(seq 30); do printf -- '- %s\n' x; done | cat <(echo Synonyms:) - >"$T/d/401.9.txt"
exits many-unread 0 kb --no-builtin -a "$T/d"
is warnings-end "$(grep -c 'single letter' "$T/err") $(grep -c 'and 1[0-9] more could not be read' "$T/err")" "20 1"
exits no-answer-at-all 65 kb -a "$T/codes"
says no-answer-is-told "no answer for any of the codes"
exits no-such-answers 66 kb -a "$T/none"
mkdir "$T/empty"; exits empty-folder 65 kb -a "$T/empty"
echo 'no json' >"$T/bad.ndjson"; exits bad-line 65 kb -a "$T/bad.ndjson"; says bad-line-says-where "bad.ndjson: line 1"
echo '{"answer": "Synonyms: x y"}' >"$T/bad.ndjson"; exits line-without-code 65 kb -a "$T/bad.ndjson"
many=(); for i in $(seq 40); do many+=(-a "$A"); done
exits too-many 64 kb -q "${many[@]}"
is nothing-half-written "$(ls -A "$T" | grep -c '^\.k')" 0
exit $failed
