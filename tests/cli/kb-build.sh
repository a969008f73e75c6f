#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
# What a kb stream holds, as JSON: query NAME PYTHON-EXPRESSION over h (header) and r (records by code)
query() {
    rec-cat --json "$1" | ${PYTHON:-python3} -c "
import sys, json
rows = [json.loads(line) for line in sys.stdin]
h = rows[0]['header']
r = {x['code']: x for x in rows[1:-1]}
x = $2
print(*x if isinstance(x, tuple) else (x,))"
}

exits builtin 0 kb-build -o "$T/kb.icds"
is count "$(query "$T/kb.icds" 'len(r), len(h["meta"]["labels"]), h["meta"]["knowledge"]')" "50 50 expressions"
is label-order "$(query "$T/kb.icds" 'list(r) == h["meta"]["labels"] == sorted(r)')" True
is kinds "$(query "$T/kb.icds" 'r["38.93"]["kind"], r["401.9"]["kind"], r["V58.61"]["kind"]')" "procedure diagnosis diagnosis"
is titles "$(query "$T/kb.icds" 'r["401.9"]["title"], all("title" in x for x in r.values())')" "Unspecified essential hypertension True"
is terms "$(query "$T/kb.icds" '{"text": "HTN", "type": "abbreviation", "source": "builtin"} in r["401.9"]["terms"]')" True
is title-is-a-term "$(query "$T/kb.icds" 'r["401.9"]["terms"][0]["source"]')" title
is no-descriptions "$(query "$T/kb.icds" 'any("description" in x for x in r.values())')" False

kb-build --kind descriptions -o "$T/d.icds"
is descriptions "$(query "$T/d.icds" 'h["meta"]["knowledge"], all(len(x["description"]) > 60 and "terms" not in x for x in r.values())')" "descriptions True"
kb-build --no-builtin --kind descriptions -o "$T/d.icds"
is description-is-title "$(query "$T/d.icds" 'r["486"]["description"] == r["486"]["title"]')" True
kb-build --no-builtin -o "$T/n.icds"
is titles-alone "$(query "$T/n.icds" 'all(len(x["terms"]) == 1 for x in r.values())')" True

# Other codes: 433.10 has a title; 401.99 takes its parent's; ZZ9 has none.
printf '401.99\n433.10\r\nZZ9\n' >"$T/codes"
exits labels-file 0 kb-build --labels "$T/codes" -o "$T/l.icds"
is parent-title "$(query "$T/l.icds" 'r["401.99"]["title"]')" "Unspecified essential hypertension"
is no-title "$(query "$T/l.icds" '"title" in r["ZZ9"], r["ZZ9"]["terms"]')" "False []"
printf '401.99\tOne\n401.99\tTwo\nZZ9\tdiagnosis\tThree\n' >"$T/titles"
printf 'ZZ9\tFour\n433.10\tFive\n' >"$T/more"
exits own-titles 0 kb-build --labels "$T/codes" --titles "$T/titles" -t "$T/more" -o "$T/l.icds"
is first-title-wins "$(query "$T/l.icds" 'r["401.99"]["title"], r["ZZ9"]["title"], r["433.10"]["title"]')" "One Three Five"

kb-build -o "$T/again.icds"
same deterministic "$T/kb.icds" "$T/again.icds"
cd "$T" && kb-build --labels codes -o a.icds 2>/dev/null && kb-build --labels "$T/codes" -o b.icds 2>/dev/null
same no-path-in-the-stream a.icds b.icds

exits no-such-labels 66 kb-build --labels "$T/none"
printf 'a b\n' >"$T/bad"; exits bad-code 65 kb-build --labels "$T/bad"
printf '486\n486\n' >"$T/bad"; exits double-code 65 kb-build --labels "$T/bad"
: >"$T/bad"; exits empty-labels 65 kb-build --labels "$T/bad"
printf 'no tab\n' >"$T/bad"; exits bad-titles 65 kb-build --titles "$T/bad"
printf '486\t\n' >"$T/bad"; exits empty-title 65 kb-build --titles "$T/bad"
printf '486\t\377\n' >"$T/bad"; exits title-not-utf8 65 kb-build --titles "$T/bad"
exits no-titles-file 66 kb-build --titles "$T/none"
exits operand 64 kb-build something
exits bad-kind 64 kb-build --kind poems
mkdir "$T/share" && exits no-share 66 env ICDPIPE_SHARE="$T/share" kb-build
exit $failed
