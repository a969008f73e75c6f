#!/usr/bin/env bash
# once
# icdpipe-corpus(7): its commands, as they are in the page, from a CSV file to a prediction with the words that spoke for it.
. "$(dirname "$0")/../lib.sh"
# commands PAGE: the lines between .nf and .fi, as a reader copies them
commands() { sed -n '/^\.nf$/,/^\.fi$/{/^\.[nf][fi]$/d; s/^    //; s/\\-/-/g; s/\\e$/\\/; s/\\(aq/'"'"'/g; p}' "$ROOT/man/icdpipe-corpus.7"; }
commands >"$T/commands"
mkdir "$T/empty" && cd "$T/empty" || exit 1
ICDPIPE="$ROOT" bash -euo pipefail "$T/commands" >../log 2>../err
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
exit $failed
