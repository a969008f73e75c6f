#!/usr/bin/env bash
# once
# make codiesp: a real corpus that is not MIMIC, CodiEsp's clinical cases (English text), with the 50 diagnoses most
# frequent in training. Rows are above the note-blind floor; label attention is a small model here, for time. The folder
# CODIESP=FOLDER (its v4) says where the corpus is.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
run() { make -s -f "$ROOT/pipelines/codiesp.mk" D=d "$@" >log 2>err; }

# ---- its form, on a folder of the same shape ----
for s in train dev test; do
    mkdir -p v4/$s/text_files_en
    printf 'a%s\ti10\na%s\tI10\na%s\tj18.9\nb%s\ts72.001\n' $s $s $s $s >v4/$s/${s}D.tsv
    printf 'He said "no" \\ yes.\r\nTab\there, caf\303\251.\n' >v4/$s/text_files_en/a$s.txt
    printf 'Second case.' >v4/$s/text_files_en/b$s.txt
    printf 'Without a code.\n' >v4/$s/text_files_en/c$s.txt
done
run CODIESP=v4 TOP=2 d/note.icds d/gold.icds || no "a small folder" "$(tail -n 1 err)"
is "text as it is, without carriage returns" "$(rec-cat --json d/note.icds | grep '"id":"atest"' | grep -o '"text":.*[^}]')" \
    '"text":"He said \"no\" \\ yes.\nTab\there, café.\n"'
is "codes in capitals, once, and the most frequent ones" "$(rec-cat --json d/gold.icds | grep -o '"codes":\[[^]]*\]' | sort -u)" '"codes":["I10","J18.9"]'
is "a note without any of them is left out" "$(rec-cat --check d/note.icds | grep -o '[0-9]* records')" "3 records"
run CODIESP=none d/note.icds && no "a folder that is not there" "went well"
is "a folder that is not there" "$(grep -c 'none/train/trainD.tsv is not there' err)" 1

# ---- the corpus itself ----
v4=${CODIESP:-$ROOT/../shared/data/codiesp/v4}
[ -d "$v4" ] || { skip codiesp "no CodiEsp (CODIESP=FOLDER)"; exit $failed; }
rm -r d; run CODIESP="$v4" ROWS="linear att" BUDGET=512 INIT=t5:d_model=64,layers=1,d_ff=128 \
    TRAIN.att="--loss att --d-a 64 --lr 4e-3 --epochs 20" || { no "runs" "$(tail -n 3 err)"; exit 1; }
is "notes of train, dev and test" "$(rec-cat --json d/note.icds | grep -o '"split":"[a-z]*"' | sort | uniq -c | xargs)" \
    "207 split:dev 227 split:test 440 split:train"
floor=$(awk '/^note-blind/ {print $3}' log)
for r in linear att; do
    f1=$(awk -v r=$r '$1 == r {print $2; exit}' log)
    is "$r is above the note-blind floor" "$(awk "BEGIN {print ($f1 > $floor) ? \"yes\" : \"no: $f1, floor $floor\"}")" yes
done
sed 's/^/# /' log
exit $failed
