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
is "and in the table" "$(score --table pred.tsv | sed -n 2p)" "codes with a score above 0.5"
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

# ---- refusals: file, line, field ----
# refused NAME FILE MESSAGE
refused() {
    exits "$1" 65 icd-score -q -g gold.icds -o never.icds "$2"
    if grep -qE "^icd-score: $2: $3" err; then ok "$1: says where"; else no "$1: says where" "$(head -c 300 err)"; fi
}
sed '4s/|.*/|401.9|nonsense/' pred.psv >odd.psv
refused "a code that is no label" odd.psv 'line 4: field 3: not a code'
sed '4s/|.*/|401.9|/' pred.psv >blank.psv
refused "an empty code" blank.psv 'line 4: field 3: not a code'
sed '4s/|.*/|401.9\r|428.0/' pred.psv >inner.psv
refused "a CR inside a line" inner.psv 'line 4: field 2: not a code'
tr '\n' '\r' <pred.psv >cr.psv
refused "lines that end in CR alone" cr.psv 'line 1: field [0-9]+: not a code'
sed '4s/|.*//' pred.psv >bare.psv
refused "no separator" bare.psv "line 4: no '\|'"
{ cat pred.psv; head -n 1 pred.psv; } >twice.psv
refused "an id twice" twice.psv 'line 42: field id: predicted twice'
{ cat pred.psv; echo 'stranger|401.9'; } >more.psv
refused "an id that gold lacks" more.psv 'line 42: field id: not in the gold stream'
sed 2d pred.psv >less.psv
refused "an id that only gold has" less.psv '1 gold records of the splits that were predicted have no prediction, the first being record [0-9]+ of gold.icds'
sed '3s/\t[^\t]*/\tnan/' pred.tsv >nan.tsv
refused "NaN" nan.tsv 'line 3: field 2: not a finite number'
sed '3s/\t[^\t]*/\t0.5x/' pred.tsv >word.tsv
refused "no number" word.tsv 'line 3: field 2: not a finite number'
sed '3s/\t[^\t]*/\t1e99/' pred.tsv >huge.tsv
refused "too large a number" huge.tsv 'line 3: field 2: not a finite number'
sed '3s/\t[^\t]*$//' pred.tsv >short.tsv
refused "a field short" short.tsv 'line 3: 13 fields where the header has 14'
sed '3s/$/\t0/' pred.tsv >wide.tsv
refused "a field too many" wide.tsv "line 3: more fields than the header's 14"
sed 's/\t[^\t]*$//' pred.tsv >few.tsv
refused "a label short" few.tsv 'line 1: label sets differ: 13 labels and 12'
sed '1s/\t401.9/\t401.8/' pred.tsv >other.tsv
refused "another label" other.tsv 'line 1: field [0-9]+: not a code'
sed '1s/\t401.9/\t428.0/' pred.tsv >same.tsv
refused "a label twice" same.tsv 'line 1: field [0-9]+: the code stands there twice'
sed 1d pred.tsv >headless.tsv
refused "no header" headless.tsv 'line 1: no header'
{ cat long.tsv; sed -n 2p long.tsv; } >again.tsv
refused "a score twice" again.tsv 'line [0-9]+: field 2: the code stands there twice for this id'
sed '2s/$/\t1/' long.tsv >four.tsv
refused "not three fields" four.tsv 'line 2: not three fields'
sed '2s/[^\t]*$/-3/' long.tsv >logit.tsv
refused "unlisted beside negative scores" logit.tsv '[0-9]+ cells are not listed, and 0 cannot stand for them'
printf 'n60|401.9\0|x\n' >nul.psv; cat pred.psv >>nul.psv
exits "a NUL" 65 icd-score -q -g gold.icds nul.psv
{ sed 2q pred.psv; printf 'n60|401.9\0|x\n'; sed 1,3d pred.psv; } >nul3.psv
refused "a NUL further down" nul3.psv 'line 3: holds a NUL'
exits "a table needs its header's labels for --compare, too" 65 icd-score -q -g gold.icds --compare few.tsv pred.psv
is "nothing half-written" "$(ls never* .never* 2>/dev/null | wc -l)" 0
exit $failed
