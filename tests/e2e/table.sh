#!/usr/bin/env bash
# once
# The table of pipelines/table.awk: numbers, intervals, legend; a row is marked that differs from those above it in more than
# its own options (history.awk). Streams here are JSON lines of the form that rec-cat --json writes.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
# row NAME[.SEED] OPTIONS ABOUT [BUDGET] [BATCH] [NOTE-DIGEST] [VERSION]: a row's lines
row() {
    printf 'row\t%s\t%s\t%s\t%s\n' "$1" "${1%.*}" "$2" "$3"
    cat <<EOF
{"header":{"format":"icds","schema":"metric","meta":{"labels":["a]","b{"],"model":{"dev":{"f1":0.5},"history":[{"tool":"mimic-split","version":"1","options":{"source":"x \"y\" {z}, ["},"from":[]},{"tool":"note-sample","version":"1","options":{"budget":${4:-512},"rank":"n,p"},"from":[0]},{"tool":"icd-train","version":"1","options":{"loss":"att","target":["t.icds"]},"from":[1]}],"lineage":[]}},"history":[{"tool":"note-sample","version":"1","options":{"budget":${4:-512}},"from":[]},{"tool":"icd-infer","version":"${7:-1}","options":{"model":"$1.model","batch":${5:-8}},"from":[0]}]}}
{"metric":"f1_micro","value":0.5,"lo":0.41,"hi":0.6,"n":7,"labels":2,"split":"test"}
{"metric":"floor_f1_micro","value":1e-1,"n":7}
{"metric":"exact_match","value":null,"n":7}
{"end":{"records":3,"lineage":[{"tool":"note-sample","inputs":[{"name":"note","xxh64":"${6:-aa}"}]}]}}
EOF
}
table() { awk -f "$ROOT/pipelines/history.awk" -f "$ROOT/pipelines/table.awk" >out; }
marks() {
    table; is "$1" "$(sed -n 's/^\* \([^ ]*\) differs in more than its own options: /\1: /p' out)" "$2"
}

{ row one "" "the first one"; row two "" ""; } | table
is "notes, the floor, rows" "$(awk 'NF {print $1, $2}' out | head -n 4 | tr '\n' ';')" "7 notes;note-blind floor;one 0.5000;two 0.5000;"
is "numbers and the interval" "$(grep '^one ' out | head -n 1 | tr -s ' ')" "one 0.5000 0.410-0.600 - - - - - -"
is "of the floor, too" "$(grep '^note-blind' out | head -n 1 | tr -s ' ')" "note-blind floor 0.1000 - - - - - -"
is "what a row is" "$(grep 'the first one' out | tr -s ' ')" "one the first one"
exits "no row at all is an error" 1 awk -f "$ROOT/pipelines/history.awk" -f "$ROOT/pipelines/table.awk" /dev/null

{ row a ""  ""; row b "" ""; row c "" ""; } | marks "equal rows" ""
{ row a ""  ""; row b "--budget 64" "" 64; } | marks "an option of its own" ""
{ row a "--budget=64" "" 64; row b "" ""; } | marks "an option of the first row's own" ""
{ row a ""  ""; row b "-b 4" "" 512 4; } | marks "an option of its own, by its letter" ""
{ row a "" ""; row b "--loss gen" "" | sed 's/"loss":"att"/"loss":"gen","att-weight":20/'; } | marks "what follows from one of its own" ""
{ row a ""  ""; row b "--loss gen" "" 64; } | marks "an option that is not its own" \
    "b: note-sample of mimic-split: budget 64 where a has 512; note-sample: budget 64 where a has 512"
{ row a ""  ""; row b ""  ""; row c "--rank x" "" 512 4; } | marks "in a later row" "c: icd-infer of note-sample: batch 4 where a has 8"
{ row a ""  ""; row b ""  "" 512 8 bb; } | marks "other notes" "b: another note than a"
{ row a ""  ""; row b ""  "" 512 8 aa 2; } | marks "another version" "b: icd-infer of note-sample: version 2 where a has 1"
{ row a ""  ""; row b ""  "" | sed 's/"n":7/"n":6/'; } | marks "fewer notes scored" "b: other notes"
{ row a ""  ""; row b ""  "" | sed 's/"loss":"att"/"loss":"att","kg":"kg.icds"/'; } | marks "an option that only one has" \
    "b: icd-train of note-sample: kg kg.icds where a has none"
{ row a ""  ""; row b ""  "" | sed '/^{"\(header\|end\)/d'; } | marks "a row without a history" ""
{ row a "" ""; row b "" "" 64 4 bb 2; } | marks "three differences are named, others counted" \
    "b: note-sample of mimic-split: budget 64 where a has 512; note-sample: budget 64 where a has 512; icd-infer of note-sample: \
version 2 where a has 1; and 2 more"
gold='{"tool":"rec-cat","version":"1","options":{"where":["split=train"]},"from":[]},{"tool":"tokenize","version":"1","options":{"order":"ORDER"},"from":[3]}'
with() { sed 's/"from":\[1\]}\]/"from":[1]},'"${gold/ORDER/$1}"']/'; }
{ row a "" "" | with freq; row b "" "" | with code; } | marks "what is read is told by its selection" \
    "b: tokenize of rec-cat split=train: order code where a has freq"
is "a marked row has a star" "$({ row a "" ""; row b "" "" 64; } | table; awk '/\*/ {print $1, $2}' out | tr '\n' ';')" "b *;* b;"

{ row one "" ""; row two.1 "--seed 1" "it"; row two.2 "--seed 2" "it" | sed 's/"value":0.5/"value":0.6/'; } | table
is "means and standard deviations over seeds" "$(grep '^two' out | tr -s ' ' | cut -c1-25)" "$(printf 'two 0.5500 sd 0.0707 - - \ntwo it')"
row a "" "" | sed 's/"lo"/"p":0.03125,"lo"/' | table
is "p of a comparison" "$(awk '$1 == "a" {print $4}; NR == 1 {print $7}' out | xargs)" "p 0.031"
exit $failed
