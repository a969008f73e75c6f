#!/usr/bin/env bash
# Sampling. First what it is for: on synthetic notes longer than the budget, the share of planted evidence (mimic-synth's
# truth) that is in 2,048 pieces, for the head of the note, section level and paragraph level. Then its speed with one
# thread, reading and writing streams included (to /dev/null, so that no disk is measured), and memory: with the bundled
# expressions, and with the titles of 8,929 codes as terms. Levels count words here: counting pieces is the tokenizer's
# speed, which tokenize.sh measures.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
command -v spm_train >/dev/null || { echo "no spm_train (Debian: sentencepiece)" >&2; exit 1; }
mimic-synth -q --admissions "${LONG:-400}" --seed 9 --length "${WORDS:-5000}" long &&
    mimic-split -q --splits long/splits --gold gold.icds -o long.icds long 2>/dev/null && kb-build -q -o kb.icds || exit 1
(rec-cat -n 100 --text long.icds; rec-cat --text kb.icds) >corpus.txt
spm_train --input=corpus.txt --model_prefix=spiece --vocab_size=4000 --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 \
    --character_coverage=1.0 --num_threads=1 --minloglevel=2 || exit 1
for level in none section paragraph; do
    note-sample -q -k kb.icds --level $level --budget 2048 --tokenizer spiece.model long.icds | rec-cat --json >$level.json
done
python3 "$ROOT/tests/bench/sample_survival.py" long/truth.ndjson none.json section.json paragraph.json || exit 1

mimic-synth -q --admissions "${MANY:-6000}" --seed 3 many &&
    mimic-split -q --splits many/splits --gold gold.icds -o many.icds many 2>/dev/null || exit 1
mb=$(rec-cat --text many.icds | wc -c | awk '{print $1 / 1e6}')
awk -F'\t' 'NR % 2 && n < 8929 {print $1; n++}' "$ROOT/share/icd9/titles.tsv" >codes
kb-build -q --no-builtin --labels codes -o titles.icds || exit 1
# fastest NAME COMMAND...: MB/s of the best of ROUNDS; peak memory, of which the measuring Python may be a part
fastest() {
    local name=$1 i; shift
    for i in $(seq "${ROUNDS:-5}"); do
        python3 - "$@" <<'PY' || exit 1
import resource, subprocess, sys, time
t = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
PY
    done | sort -n | head -n 1 | awk -v mb="$mb" -v name="$name" \
        '{printf "%-44s %5.0f MB/s %5.0f MB of memory at most\n", name, mb / $1, $2}'
}
echo "speed on $mb MB of note text, one thread"
fastest "50 codes, $(rec-cat --json kb.icds | grep -o '"type":' | wc -l) expressions (goal 100 MB/s)" \
    note-sample -q -j1 -k kb.icds -o /dev/null many.icds
fastest "$(wc -l <codes) codes' titles (goal 40 MB/s, 300 MB)" note-sample -q -j1 -k titles.icds -o /dev/null many.icds
fastest "50 codes, by word" note-sample -q -j1 -k kb.icds --match word -o /dev/null many.icds
fastest "50 codes, denials" note-sample -q -j1 -k kb.icds --negex -o /dev/null many.icds
