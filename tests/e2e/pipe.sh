#!/usr/bin/env bash
# The whole pipe on a small synthetic MIMIC-III, by pipelines/base.mk: a table comes out, every stream on the way is whole,
# the score names what it was computed from, and pipes give what files give.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common"
pipe a || { no "the pipe runs" "$(tail -n 3 a/err)"; exit 1; }
is "a table: the floor and a row" "$(awk '{print $1}' a/log | xargs)" "11 note-blind row"
is "its numbers are numbers from 0 to 1" "$(awk 'NR > 1 {for (i = NF - 6; i <= NF; i++) if (!($i >= 0 && $i <= 1)) bad++; n++}
    END {print n, bad + 0}' a/log)" "2 0"
is "nothing is said about what went well" "$(grep -v '^mimic-synth: \|^icd-train: warning: \(the best model is not useful\|what to try\)\|^icd-infer: warning: .* met the limit' a/err)" ""
cd a/d || exit 1
is "every stream is whole" "$(for f in *.icds; do rec-cat --check "$f" 2>&1 >/dev/null; done)" ""
is "what holds text is for its owner alone" "$(stat -c %a . note.icds know.token.icds gold.icds row.pred.icds row.model | sort -u | tr '\n' ' ')" "600 700 "

# ---- provenance: the score names every tool and the very streams ----
rec-cat --json row.score.icds | head -n 1 >head # the model brings its own history and lineage along, in meta
rec-cat --json row.score.icds | tail -n 1 >end
lost=
for s in note kb kg know.token target row.pred gold; do
    digest=$(rec-cat --check $s.icds | grep -o '[0-9a-f]\{16\}') && grep -q "\"$digest\"" head end || lost="$lost $s"
done
is "the score names the digest of all that it came from" "$lost" ""
for t in mimic-split kb-build note-sample tokenize icd-train icd-infer icd-score; do
    grep -q "\"tool\": *\"$t\"" head || lost="$lost $t"
done
is "the score's history has every tool" "$lost" ""
is "the table's head says what the notes were cut to" "$(icd-score -q -g gold.icds --table row.pred.icds | sed -n 2p | sed 's/.*; //')" \
    "input: at most $(grep -o '"max-length": *[0-9]*' head | head -n 1 | tr -dc 0-9) tokens per note, sampled by paragraph to $(grep -o '"budget": *[0-9]*' head | head -n 1 | tr -dc 0-9)"
is "no path, host or date in it" "$(cat head end | grep -c "$T\|$(hostname)\|$(date +%Y-%m)")" 0

# ---- the same by pipes, from the tables to the score ----
mimic-split -q --splits mimic3/splits mimic3 | note-sample -q -k kb.icds --budget 64 --level paragraph --tokenizer spiece.model |
    tokenize -q -m spiece.model --max-length 64 | icd-infer -q -m row.model --split test --max-new 12 --use ensemble |
    icd-score -q -g gold.icds >piped.icds
is "every stage of the pipe went well" "${PIPESTATUS[*]}" "0 0 0 0 0"
. "$ROOT/tests/e2e/common"
records_equal "pipes give the score that files give" a/d/row.score.icds a/d/piped.icds

# ---- make again: nothing to do; a stage's product lost: only what depends on it ----
touch mark; sleep 0.01; pipe a
is "nothing is made again" "$(find a/d -newer mark -type f)" ""
rm a/d/row.pred.icds a/d/row.score.icds; pipe a
is "predictions lost: they and the score alone" "$(find a/d -newer mark -type f ! -path "*/options/*" | sort | tr '\n' ' ')" "a/d/row.pred.icds a/d/row.score.icds "

# ---- descriptions in place of expressions are another row of the same experiment ----
rm -r a/d/row.model; rm a/d/row.pred.icds a/d/row.score.icds
pipe a 'TRAIN.row=--loss att --max-steps 1 --d-a 16 --kg d/described.kg.icds' 'INFER.row=--use att'
is "knowledge of descriptions" "$(python3 -c 'import json
k = json.load(open("a/d/row.model/icd.json"))["kg"]
print(k["codes"], k["texts"], k["tokens"] > 1000)')" "50 50 True"
exit $failed
