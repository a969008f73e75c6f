#!/usr/bin/env bash
. "$(dirname "$0")/kb-common"

exits builtin 0 kb-build -o "$T/kb.icds"
is count "$(query "$T/kb.icds" 'len(r), len(h["meta"]["labels"]), h["meta"]["knowledge"]')" "50 50 expressions"
is label-order "$(query "$T/kb.icds" 'list(r) == h["meta"]["labels"] == sorted(r)')" True
is kinds "$(query "$T/kb.icds" 'r["38.93"]["kind"], r["401.9"]["kind"], r["V58.61"]["kind"]')" "procedure diagnosis diagnosis"
is titles "$(query "$T/kb.icds" 'r["401.9"]["title"], all("title" in x for x in r.values())')" "Unspecified essential hypertension True"
is terms "$(query "$T/kb.icds" '{"text": "HTN", "type": "abbreviation", "source": "builtin"} in r["401.9"]["terms"]')" True
is title-is-a-term "$(query "$T/kb.icds" 'all(x["terms"][0]["text"] == x["title"] for x in r.values())')" True
is title-has-its-source "$(query "$T/kb.icds" 'all(x["terms"][0]["source"].split(",")[0] == "title" for x in r.values())')" True
is nothing-twice "$(query "$T/kb.icds" 'all(len({t["text"].lower() if t["text"].islower() else t["text"] for t in x["terms"]}) == len(x["terms"]) for x in r.values())')" True
is no-descriptions "$(query "$T/kb.icds" 'any("description" in x for x in r.values())')" False

kb-build --kind descriptions -o "$T/d.icds"
is descriptions "$(query "$T/d.icds" 'h["meta"]["knowledge"], all(len(x["description"]) > 60 and "terms" not in x for x in r.values())')" "descriptions True"
kb-build --no-builtin --kind descriptions -o "$T/d.icds"
is description-is-title "$(query "$T/d.icds" 'r["486"]["description"] == r["486"]["title"]')" True
kb-build --no-builtin -o "$T/n.icds"
is titles-alone "$(query "$T/n.icds" 'all(len(x["terms"]) == 1 for x in r.values())')" True

# Lists of codes: named ones, files with remarks, the label set of a stream; in byte order, each once.
for list in laat50 fixed50; do
    kb-build -q --labels $list -o "$T/l.icds"
    is "list-$list" "$(query "$T/l.icds" 'len(r), all("title" in x for x in r.values())')" "50 True"
done
printf '486\tpneumonia\n38.93\r\n486\n' >"$T/codes"
exits labels-file 0 kb-build -q --labels "$T/codes" -o "$T/l.icds"
is labels-sorted-once "$(query "$T/l.icds" 'h["meta"]["labels"]')" "['38.93', '486']"
gold() { # CODE: a gold stream of a label set of three and one note that has CODE
    echo "{\"id\": \"1\", \"split\": \"test\", \"codes\": [\"$1\"]}" >"$T/record"
    rec-cat --from-json --schema gold --meta '{"labels": ["486", "38.93", "428.0"]}' -z -o "$T/gold.icds" "$T/record"
}
gold 486; exits labels-of-a-stream 0 kb-build -q --labels "$T/gold.icds" -o "$T/l.icds"
is stream-labels "$(query "$T/l.icds" 'h["meta"]["labels"]')" "['38.93', '428.0', '486']"
gold 428.0; kb-build -q --labels "$T/gold.icds" -o "$T/l2.icds"
same labels-of-notes-change-nothing "$T/l.icds" "$T/l2.icds"
echo '{"id": "1", "split": "test", "text": "x"}' >"$T/record"
rec-cat --from-json --schema note --meta '{"labels": ["486"]}' -o "$T/note.icds" "$T/record"
exits no-note-stream 65 kb-build --labels "$T/note.icds"
exits full-needs-admissions 64 kb-build --labels full
says full-says-what-to-do "gold stream"

# An expression of several codes is told, and left out on demand.
exits max-df 0 kb-build --labels <(printf '038.9\n790.7\n') --report "$T/report" -o "$T/l.icds"
says shared-is-told "belong to several codes"
is shared-report "$(grep -c '"what":"shared"' "$T/report")" "$(sed -n 's/.*: \([0-9]*\) expressions belong.*/\1/p' "$T/err")"
is report-mode "$(stat -c %a "$T/report")" 600
kb-build -q --labels <(printf '038.9\n790.7\n') --max-df 1 -o "$T/l1.icds"
is max-df-drops "$(query "$T/l.icds" '"Bacteremia" in texts("790.7")') $(query "$T/l1.icds" 'texts("790.7")')" "True "
exits report-to-stdout 64 kb-build --report -
exits report-nowhere 74 kb-build --report "$T/none/report" -o "$T/x.icds"
exits report-full-disk 74 kb-build --labels <(printf '038.9\n790.7\n') --report /dev/full -o "$T/x.icds"
is nothing-left "$(ls -A "$T" | grep -c 'x.icds')" 0

kb-build -o "$T/again.icds"
same deterministic "$T/kb.icds" "$T/again.icds"
cd "$T" && kb-build --labels codes -o a.icds 2>/dev/null && kb-build --labels "$T/codes" -o b.icds 2>/dev/null
same no-path-in-the-stream a.icds b.icds

exits no-such-labels 66 kb-build --labels "$T/none"
printf 'a b\n' >"$T/bad"; exits bad-code 65 kb-build --labels "$T/bad"
: >"$T/bad"; exits empty-labels 65 kb-build --labels "$T/bad"
exits operand 64 kb-build something
exits bad-kind 64 kb-build --kind poems
exits icd-10-needs-labels 64 kb-build --icd 10
exits max-df-negative 64 kb-build --max-df -1
mkdir "$T/share" && exits no-share 66 env ICDPIPE_SHARE="$T/share" kb-build
exit $failed
