#!/usr/bin/env bash
# once
# icdpipe-corpus(7): its commands, as they are in the page, from a CSV file to a prediction with the words that spoke for it.
. "$(dirname "$0")/../lib.sh"
# commands PAGE: the lines between .nf and .fi, as a reader copies them
commands() { sed -n '/^\.nf$/,/^\.fi$/{/^\.[nf][fi]$/d; s/^    //; s/\\-/-/g; s/\\e$/\\/; s/\\(aq/'"'"'/g; p}' "$ROOT/man/icdpipe-corpus.7"; }
commands >"$T/commands"
mkdir "$T/empty" && cd "$T/empty" || exit 1
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL ICDPIPE="$ROOT" bash -euo pipefail "$T/commands" >../log 2>../err
is "the commands run" "$?, $(grep -iE 'error|No such' ../err)" "0, "
[ "$(grep -c . "$T/commands")" -ge 25 ] && ok "all of them" || no "all of them" "only $(grep -c . "$T/commands") lines"

# ---- what a reader sees ----
scores() { awk '$1 == "f1_micro" {print $2, $5}' ../log; }
is "each score is above the floor" "$(scores | head -n 2 | awk '{print ($1 > $2)}' | xargs)" "1 1"
is "the experiment has the score of the commands" "$(awk '$1 == "linear" {print $2; exit}' ../log)" "$(scores | awk 'NR == 1 {print $1}')"
is "the floor of both is the same" "$(awk '/^note-blind/ {print $3}' ../log)" "$(scores | awk 'NR == 1 {print $2}')"
is "a spreadsheet: id, split, code, score, predicted, title, words" "$(head -n 1 codes.tsv | tr '\t' ' ')" \
    "id split code score predicted title words"
is "titles of ICD-10 come along" "$(grep -c 'Unspecified atrial fibrillation' codes.tsv | sed 's/^[1-9].*/some/')" some
new=$(sed -n '/^new/,/^[^ ]* *$/p' ../log)
is "the new note's codes" "$(grep -oE '^  \+  [A-Z0-9.]+' <<<"$new" | awk '{print $2}' | sort | xargs)" "E11.9 I48.91"
is "with the words that spoke for one" "$(grep -A1 'I48.91' <<<"$new" | grep -cE '(^| )(AF|apixaban)( |$)')" 1

# ---- icd-stream(5)'s own filter, on notes with parts and on sampled ones ----
sed -n '/in Python/,/^\.fi$/p' "$ROOT/man/icd-stream.5" |
    sed -n '/^\.nf$/,/^\.fi$/{/^\.[nf][fi]$/d; s/^    //; s/\\-/-/g; p}' >half.py
export PYTHONPATH="$ROOT/tests/e2e/page" PYTHONDONTWRITEBYTECODE=1
mimic-synth -q --admissions 20 --seed 5 --length 300 m3 && mimic-split -q --splits m3/splits --gold g.icds -o n.icds m3
note-sample -q --level paragraph -k <(kb-build -q) --budget 60 -o sampled.icds n.icds
for s in n sampled; do
    python3 half.py <$s.icds >half.$s.icds || no "the filter reads $s" "exit $?"
    is "$s: half of it is whole" "$(rec-cat --check half.$s.icds 2>&1 | grep -c '[1-9][0-9]* records')" 1
    is "$s: other tools read it" "$(note-sample -q --level none --budget 60 half.$s.icds |
        tokenize -q -m spiece.model 2>err | rec-cat --check 2>&1 | grep -c token)" 1
done
whole=$(rec-cat --text n.icds | wc -c) half=$(rec-cat --text half.n.icds | wc -c)
is "the texts are half as long" "$((100 * half / whole >= 48 && 100 * half / whole <= 52))" 1
is "and the filter is in the history" "$(rec-cat --head half.n.icds | grep -c ' half ')" 1
exit $failed
