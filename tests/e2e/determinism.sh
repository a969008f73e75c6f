#!/usr/bin/env bash
# The same inputs, options, seed and number of threads give the same bytes at every stage. Where threads only share out
# records (all but the engine), their number changes no record either.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common"
pipe a && pipe b || { no "the pipe runs" "$(tail -n 3 a/err b/err)"; exit 1; }
is "the same files" "$(cd a/d && find . -type f | sort)" "$(cd b/d && find . -type f | sort)"
n=0
for f in $(cd a/d && find . -type f); do
    n=$((n + 1)); cmp -s "a/d/$f" "b/d/$f" || no "$f" "two runs differ"
done
[ $n -gt 30 ] && ok "$n files twice, byte for byte" || no "files of a run" "only $n"
same "the same table" a/log b/log

cd a/d || exit 1
for j in 1 2 5; do
    mimic-synth -q --admissions 80 --seed 3 --length 300 -j $j syn$j
    mimic-split -q -j $j --splits mimic3/splits --gold gold$j.icds -o note$j.icds mimic3
    kb-build -q -j $j -o kb$j.icds
    note-sample -q -j $j -k kb.icds --budget 64 --tokenizer spiece.model -o sampled$j.icds note.icds
    tokenize -q -j $j -m spiece.model --max-length 64 -o token$j.icds sampled1.icds
    icd-infer -q -j $j -m row.model --split test --max-new 12 --use gen -o pred$j.icds know.token.icds
    icd-score -q -j $j -g gold.icds -o score$j.icds row.pred.icds
done
. "$ROOT/tests/e2e/common"
for j in 2 5; do
    for s in gold note kb sampled token score; do records_equal "$s: 1 and $j threads" a/d/${s}1.icds a/d/$s$j.icds; done
    is "mimic-synth: 1 and $j threads" "$(cd a/d/syn1 && find . -type f -exec cat {} + | cksum)" "$(cd a/d/syn$j && find . -type f -exec cat {} + | cksum)"
    records_equal "generated codes: 1 and $j threads" a/d/pred1.icds a/d/pred$j.icds
done
exit $failed
