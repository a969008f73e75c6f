#!/usr/bin/env bash
# once
# An allocation that fails, anywhere in any tool: exit 71 that says so, no output, no temporary file; or the same output as
# ever, where it could be done without. tests/fault/alloc.c fails it, tests/fault/alloc.py judges. Of every stack of calls that
# leads to an allocation the first and the last are taken; here a sample of them, in tests/long/alloc.sh (ALLOC=all) all.
. "$(dirname "$0")/../lib.sh"
SHIM=$B/tests/fault/alloc.so
[ -f "$SHIM" ] || { skip allocations "no $SHIM: not in a sanitized build"; exit 0; }
command -v spm_train >/dev/null || { skip allocations "no spm_train (Debian: sentencepiece)"; exit 0; }
HERE=$(cd "$(dirname "$0")" && pwd)

# Small inputs: each tool asks a few thousand times.
inputs() (
    set -e; cd "$T"
    mimic-synth -q --admissions 10 --seed 5 --length 150 mimic3
    mimic-split -q --splits mimic3/splits --gold all.icds -o note.icds mimic3
    tar -czf mimic3.tar.gz mimic3; python3 -m zipfile -c mimic3.zip mimic3
    rec-cat --stream -o note.icds.zst note.icds
    rec-cat --where split=train,dev all.icds -o gold.icds
    kb-build -q -o titles.icds
    rec-cat -n 6 titles.icds -o kb.icds
    rec-cat --json kb.icds >kb.ndjson
    printf '%s\n' id,text,codes,split '1,"chest pain",401.9;428.0,train' '2,"fever, cough",486,test' >corpus.csv
    printf '%s\n' 401.9 428.0 >codes
    cat >answers.ndjson <<'X'
{"code":"401.9","answer":"Medical terms:\n- Hypertension\n- High blood pressure\nAbbreviations:\n- HTN\nSynonyms:\n- Hypertensive disease\n"}
{"code":"428.0","answer":"{\"medical_terms\":[\"Heart failure\"],\"abbreviations\":[\"CHF\"]}"}
X
    (rec-cat --text note.icds; rec-cat --text kb.icds) >corpus.txt
    spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=300 --hard_vocab_limit=false \
        --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 --num_threads=1 --minloglevel=2
    python3 "$ROOT/tests/cli/tokenizer_json.py" spiece.model >tokenizer.json
    note-sample -q -k kb.icds --budget 64 --tokenizer spiece.model note.icds -o sampled.icds
    tokenize -q -m spiece.model --max-length 64 -o token.icds sampled.icds
    tokenize -q -m spiece.model -o target.icds gold.icds
    tokenize -q -m spiece.model -o kg.icds kb.icds
    icd-train -q --init t5:d_model=8,layers=1,heads=1,d_ff=8 --d-a 8 --tokenizer spiece.model --target target.icds \
        --max-steps 1 --gen-eval 1 --max-new 4 --kg kg.icds --kg-pool code --save model -o log.icds token.icds
    icd-infer -q -m model --use ensemble --max-new 4 -o pred.icds token.icds
    icd-infer -q -m model --use att --split dev -o dev.icds token.icds
)
inputs >"$T/made" 2>&1 || { no "valid inputs" "$(tail -n 3 "$T/made")"; exit 1; }

# a chat endpoint on this machine
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 OPENAI_API_KEY=sk-none
mkdir "$T/server"; echo '* ok' >"$T/server/plan"
python3 "$ROOT/tests/cli/chat_server.py" "$T/server" & server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$T"' EXIT
for i in $(seq 200); do [ -f "$T/server/port" ] && break; sleep 0.05; done
ask="--ask http://127.0.0.1:$(cat "$T/server/port")/v1 --model tiny --cache OUT/cache --retry-wait 0.01"

# tool | name | arguments; OUT is an empty folder
small="--d-a 8 --max-steps 1 --gen-eval 1 --max-new 4 --target target.icds --save OUT/model -o OUT/log.icds"
rows="
rec-cat     | copy   | --stream -o OUT/x.icds note.icds
rec-cat     | zst    | --stream -o OUT/x.icds.zst note.icds
rec-cat     | unzst  | --text note.icds.zst
rec-cat     | check  | --check note.icds
rec-cat     | json   | --json pred.icds
rec-cat     | import | -q --from-json --schema kb -o OUT/x.icds kb.ndjson
rec-cat     | head   | --head pred.icds
rec-cat     | table  | -q --from-csv -g OUT/gold.icds -o OUT/note.icds corpus.csv
vocab-train | note   | -q --size 300 -o OUT/x.model note.icds
note-sample | scope  | -q -j1 -k kb.icds --budget 64 --scope gold --oracle-labels all.icds -o OUT/x.icds note.icds
note-sample | budget | -q -j2 -k kb.icds --budget 64 --tokenizer spiece.model -o OUT/x.icds note.icds
note-sample | stats  | -q -j1 -k kb.icds --stats note.icds
tokenize    | note   | -q -j2 -m spiece.model -o OUT/x.icds sampled.icds
tokenize    | json   | -q -j1 -m tokenizer.json -o OUT/x.icds sampled.icds
tokenize    | titles | -q -j1 -m spiece.model --format 2 -k titles.icds -o OUT/x.icds gold.icds
tokenize    | decode | -q -j1 -m spiece.model -d token.icds
icd-train   | init   | -q --init t5:d_model=8,layers=1,heads=1,d_ff=8 --tokenizer spiece.model $small token.icds
icd-train   | tuned  | -q -m model $small token.icds
icd-infer   | token  | -q -j1 -m model --use ensemble --max-new 4 --evidence -o OUT/x.icds token.icds
icd-linear  | token  | -q -j1 -t target.icds -o OUT/x.icds token.icds
pred-show   | text   | -q --format text -n note.icds pred.icds
pred-show   | json   | -q --format json -n note.icds pred.icds
icd-score   | other  | -q -j1 -g all.icds --bootstrap 2 --compare pred.icds -o OUT/x.icds pred.icds
icd-score   | tune   | -q -j1 -g all.icds --tune dev.icds --save-thresholds OUT/t.json pred.icds
icd-score   | json   | -q -j1 -g all.icds --mean --format json pred.icds pred.icds
mimic-split | folder | -q --splits mimic3/splits --gold OUT/gold.icds -o OUT/x.icds mimic3
mimic-split | tar    | -q --splits mimic3/splits --gold OUT/gold.icds -o OUT/x.icds mimic3.tar.gz
mimic-split | zip    | -q --splits mimic3/splits --gold OUT/gold.icds -o OUT/x.icds mimic3.zip
kb-build    | all    | -q --report OUT/r.ndjson -o OUT/x.icds
kb-build    | labels | -q --labels codes --answers answers.ndjson --report OUT/r.ndjson -o OUT/x.icds
kb-build    | ask    | -q --no-builtin --labels codes $ask -o OUT/x.icds
mimic-synth | all    | -q --admissions 3 --length 100 OUT/mimic3
"
for t in "$ROOT"/tools/*.c; do
    t=$(basename "$t" .c)
    grep -q "^$t " <<<"$rows" || no "$t" "has no row in tests/fault/alloc.sh"
done
cd "$T" || exit 1
while IFS='|' read -r tool name args; do
    tool=${tool// /} name=${name// /}
    [ -n "$tool" ] || continue
    case "$tool $name" in "${ONLY:-}"*) ;; *) continue ;; esac
    python3 "$HERE/alloc.py" "$SHIM" "$T/work" "$tool $name" "${ALLOC:-24}" -- "$tool" $args || failed=1
done <<<"$rows"
exit $failed
