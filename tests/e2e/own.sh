#!/usr/bin/env bash
# once
# pipelines/base.mk with notes of one's own, in each form that they may have, and with a checkpoint to start from.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
cat >x.mk <<EOF
INIT := t5:d_model=8,layers=1,heads=1,d_kv=8,d_ff=8
TRAIN := --max-steps 2 --loss att --d-a 8 -q
SAMPLE.all := --level none
INPUT.row := all
VOCAB := 300
BUDGET := 40
ROWS := row
include $ROOT/pipelines/base.mk
EOF
run() { local d=$1; shift; make -s -f x.mk D=$d "$@" >log 2>err; }
records() { rec-cat --json "$1" | grep -v '^{"\(header\|end\)":'; }

# ---- 60 notes with codes of ICD-10, in one table; the same as JSON lines, as two of them, as streams ----
python3 - <<'PY'
import csv, json, random
random.seed(3)
said = {"I10": "high blood pressure", "E11.9": "diabetes", "J18.9": "pneumonia in the left lung", "N39.0": "a urinary infection"}
rows = []
for i in range(60):
    codes = [c for c in said if random.random() < 0.4] or ["I10"]
    text = "Seen in clinic, %d years old. " % random.randint(30, 90) + " ".join("She has %s." % said[c] for c in codes)
    rows.append((i, ["train", "train", "train", "dev", "test"][i % 5], text, codes))
with open("one.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["id", "split", "text", "codes"])
    w.writerows((i, s, t, ";".join(c)) for i, s, t, c in rows)
with open("one.json", "w") as one, open("text.json", "w") as text, open("codes.json", "w") as codes:
    for i, s, t, c in rows:
        print(json.dumps({"id": str(i), "split": s, "text": t, "codes": c}), file=one)
        print(json.dumps({"id": str(i), "split": s, "text": t}), file=text)
        print(json.dumps({"id": str(i), "split": s, "codes": c}), file=codes)
open("titles.tsv", "w").writelines("%s\t%s, as we call it\n" % x for x in said.items())
PY
rec-cat --from-json --schema note -o text.icds text.json && rec-cat --from-json --schema gold -o codes.icds.zst codes.json
run csv NOTES=one.csv TITLES=titles.tsv || { no "one table" "$(tail -n 3 err)"; exit 1; }
is "one table becomes a table of scores" "$(awk '{print $1}' log | tr '\n' ' ')" "12 note-blind row "
is "the codes are those of the notes" "$(rec-cat --json csv/kb.icds | grep -o '"code":"[A-Z0-9.]*"' | sort | xargs)" \
    "code:E11.9 code:I10 code:J18.9 code:N39.0"
is "with the titles given" "$(rec-cat --json csv/kb.icds | grep -c 'as we call it')" 4
run json NOTES=one.json || no "JSON lines" "$(tail -n 1 err)"
run two NOTES=text.json GOLD=codes.json || no "two files" "$(tail -n 1 err)"
run streams NOTES=text.icds GOLD=codes.icds.zst || no "streams" "$(tail -n 1 err)"
for d in json two streams; do
    for s in note gold; do
        records csv/$s.icds >r1; records $d/$s.icds >r2; same "$d: the same $s records" r1 r2
    done
done
run drawn NOTES=one.csv 'IMPORT=--draw 60,20,20 --seed 2 --columns id=id,text=text,codes=codes' || no "drawn" "$(tail -n 1 err)"
is "splits drawn by the options for reading" "$(records drawn/note.icds | grep -c '"split":"test"')" 12
touch mark; sleep 0.02; touch one.csv; run csv NOTES=one.csv TITLES=titles.tsv
is "a table that changed is read again" "$(find csv -newer mark -name '*.icds' | wc -l)" "$(find csv -name '*.icds' | wc -l)"
touch mark; sleep 0.02; touch titles.tsv; run csv NOTES=one.csv TITLES=titles.tsv
is "so are titles" "$(find csv -newer mark -name kb.icds | wc -l)" 1

# ---- a checkpoint: its weights, its vocabulary; none is made ----
run tuned NOTES=one.csv MODEL=csv/row.model || no "a checkpoint" "$(tail -n 1 err)"
is "it has its own vocabulary" "$(ls tuned/spiece.model 2>&1 | grep -c 'No such'; cmp tuned/row.model/spiece.model csv/row.model/spiece.model && echo same)" "1
same"
is "and starts from its weights" "$(rec-cat --head tuned/row.train.icds | grep -o 'icd-train .*"model":"row.model"' | wc -l)" 1
touch mark; sleep 0.02; touch csv/row.model/model.safetensors; run tuned NOTES=one.csv MODEL=csv/row.model
is "other weights: trained again" "$(find tuned -newer mark -name icd.json | wc -l)" 1

# ---- what cannot be ----
wrong() { # NAME SAYS ARGUMENT...
    local name=$1 says=$2; shift 2
    run wrong "$@" && no "$name" "went well" || is "$name" "$(grep -cF -- "$says" err)" 1
}
wrong "notes that are not there" "NOTES: none.json is not there" NOTES=none.json
wrong "a stream of notes without codes" "a stream of notes has no codes" NOTES=text.icds
wrong "codes without notes" "GOLD goes with NOTES" GOLD=codes.icds.zst
wrong "two sources" "two sources of notes" NOTES=one.csv MIMIC=mimic
wrong "a checkpoint that is not there" "MODEL: t5-base/config.json is not there" NOTES=one.csv MODEL=t5-base
printf 'id,text,codes,split\n1,x,I10,trian\n' >bad.csv
wrong "a table with a fault" "trian" NOTES=bad.csv
is "leaves no half of it" "$(ls wrong | grep -c icds)" 0
exit $failed
