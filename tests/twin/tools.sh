#!/usr/bin/env bash
# once
# icd-train and icd-infer on the GPU beside the CPU: losses, a run taken up again, codes, scores and text, bf16, memory
# that runs out. Without a GPU: the programs with kernels/cuda compiled for the CPU (tests/twin/host).
. "$(dirname "$0")/../lib.sh"
command -v spm_train >/dev/null || { skip tools "no spm_train"; exit 0; }
[ -n "${TWIN_REQUIRED:-}" ] && on=GPU || on=host
name() { echo "$on: $1"; }
[ -n "${TWIN_REQUIRED:-}" ] && G=$BIN || G=$B/host/bin
[ -x "$G/icd-train" ] || { skip tools "not built with sanitizers"; exit 0; }
cd "$T" || exit 1

# ---- a small corpus, where each code has its word ----
python3 - <<'PY'
import json, random
r = random.Random(1)
words = {"401.9": "hypertension", "428.0": "failure", "250.00": "diabetes"}
filler = "patient was seen today and left in good state with plan to rest at home".split()
note, gold = open("note.json", "w"), open("gold.json", "w")
for i in range(40):
    codes = sorted(c for c in words if r.random() < 0.45) or ["401.9"]
    text = [r.choice(filler) for _ in range(r.randint(4, 8))]
    for c in codes:
        text.insert(r.randint(0, len(text)), words[c])
    split = "train" if i < 32 else "dev"
    print(json.dumps({"id": "n%d" % i, "subject": "s%d" % i, "split": split, "text": " ".join(text)}), file=note)
    print(json.dumps({"id": "n%d" % i, "split": split, "codes": codes}), file=gold)
with open("corpus.txt", "w") as f:
    for l in open("note.json"): print(json.loads(l)["text"], file=f)
    for c in words: print(c + ", " + c, file=f)
PY
spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=60 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 >/dev/null 2>&1
rec-cat --from-json --schema note note.json | tokenize -m spiece.model -q -o token.icds &&
    rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0"]}' gold.json |
    tokenize -m spiece.model -q -o target.icds || { no "$(name corpus)" "could not be made"; exit 1; }
run="--init t5:d_model=16,layers=1,heads=2,d_kv=8,d_ff=32 --tokenizer spiece.model --target target.icds --d-a 8 -q -j 2
    --lr 1e-2 --batch 4 --max-steps 12 --eval-every 6 --gen-eval 2 --max-new 12 --log-every 1 --dropout 0.1"
# train NAME DEVICE OPTION...
train() {
    local d=$1 device=$2; shift 2
    "$G/icd-train" $run --save "$d" -o "$d.icds" --device "$device" "$@" token.icds
}
losses() { rec-cat --json "$1.icds" | python3 -c '
import sys, json
for l in sys.stdin:
    r = json.loads(l)
    if r.get("event") == "step": print(r["loss"])'; }
# near NAME FILE FILE TOLERANCE: numbers, relative
near() {
    paste -d ' ' "$2" "$3" |
        awk -v t="$4" '!($1-$2 <= t*$1 && $2-$1 <= t*$1) {bad++; print} END {exit !(NR > 3 && !bad)}' >far &&
        ok "$1" || no "$1" "$(head -n 3 far)"
}
# fits NAME: the last message says what was asked, what is free and which batch would fit
fits() { grep -q 'asked for .* are free .*; --batch [0-9]* fits$' err && ok "$1" || no "$1" "$(cat err)"; }

exits "$(name 'trains on the CPU')" 0 train c cpu
exits "$(name 'trains in fp32')" 0 train g cuda
exits "$(name 'trains in bf16')" 0 train h cuda --precision bf16
for d in c g h; do losses $d >$d.loss; done
near "$(name 'losses in fp32 are the CPU'"'"'s')" c.loss g.loss 1e-4
near "$(name 'losses in bf16 follow the CPU'"'"'s')" c.loss h.loss 3e-2

# ---- KG-injection ----
printf '{"code":"%s","kind":"diagnosis","title":"%s","description":"","terms":[]}\n' 401.9 hypertension 428.0 failure |
    rec-cat --from-json --schema kb | tokenize -q -m spiece.model -o kg.icds
for how in "--kg-refresh 3" "--kg-grad full" "--kg-scope note --kg-gate --kg-norm"; do
    rm -rf kc kd ke
    train kc cpu --kg kg.icds $how && train kd cuda --kg kg.icds $how && train ke cuda --precision bf16 --kg kg.icds $how ||
        no "$(name "$how")" "fails"
    for d in kc kd ke; do losses $d >$d.loss; done
    near "$(name "$how: losses in fp32 are the CPU's")" kc.loss kd.loss 1e-4
    near "$(name "$how: losses in bf16 follow the CPU's")" kc.loss ke.loss 3e-2
done

# ---- taken up again ----
for p in fp32 bf16; do
    [ $p = fp32 ] && whole=g other=bf16 || whole=h other=fp32
    exits "$(name "$p: stopped")" 75 train r$p cuda --precision $p --stop-after 5
    exits "$(name "$p: not in another precision")" 64 train r$p cuda --precision $other --resume
    exits "$(name "$p: taken up again")" 0 train r$p cuda --precision $p --resume
    same "$(name "$p: the same log")" r$p.icds $whole.icds
    for f in model.safetensors icd.safetensors icd.json; do same "$(name "$p: the same $f")" r$p/$f $whole/$f; done
done
ICD_SYNC=1 exits "$(name 'ICD_SYNC=1 trains')" 0 train s cuda
same "$(name 'ICD_SYNC=1: the same model')" s/model.safetensors g/model.safetensors
python3 - h/model.safetensors <<'PY' >types
import json, struct, sys
b = open(sys.argv[1], "rb").read()
h = json.loads(b[8:8 + struct.unpack("<Q", b[:8])[0]])
print(*sorted({t["dtype"] for k, t in h.items() if k != "__metadata__"}))
PY
is "$(name 'bf16: what is saved is fp32')" "$(cat types)" F32

# ---- predictions ----
infer() { "$G/icd-infer" -m "$1" --use "$2" --device "$3" -q --max-new 12 -o "$4" ${5:-} token.icds; }
shown() { rec-cat --json "$1" | python3 -c '
import sys, json, struct
for l in sys.stdin:
    r = json.loads(l)
    if "id" not in r: continue
    evidence = [(e["code"], [s[:2] for s in e["spans"][:1]]) for e in r.get("evidence", [])]
    print(r["id"], r["codes"], r.get("gen"), evidence)'; }
exits "$(name 'infers on the CPU')" 0 infer g gen cpu cpu.icds
exits "$(name 'infers on the GPU')" 0 infer g gen cuda gpu.icds
shown cpu.icds >cpu.txt; shown gpu.icds >gpu.txt
is "$(name 'every note was predicted')" "$(wc -l <gpu.txt)" 40
same "$(name 'greedy text and codes are the CPU'"'"'s')" cpu.txt gpu.txt
exits "$(name 'infers by label attention')" 0 infer g att cuda gatt.icds --evidence
exits "$(name 'and on the CPU')" 0 infer g att cpu catt.icds --evidence
shown gatt.icds >gatt.txt; shown catt.icds >catt.txt
same "$(name 'label attention and evidence are the CPU'"'"'s')" catt.txt gatt.txt
exits "$(name 'infers in bf16')" 0 infer h gen cuda hg.icds --precision=bf16
exits "$(name 'the CPU takes what bf16 trained')" 0 infer h gen cpu hc.icds
shown hg.icds >hg.txt; shown hc.icds >hc.txt
agree=$(paste -d '\n' hg.txt hc.txt | awk 'NR % 2 {a = $0; next} {n += a == $0} END {print n + 0}')
[ "$agree" -ge 36 ] && ok "$(name 'bf16: nearly all predictions are those of fp32')" ||
    no "$(name 'bf16: nearly all predictions are those of fp32')" "$agree of 40"

# ---- refusals ----
exits "$(name 'bf16 is not the CPU'"'"'s')" 69 train x cpu --precision bf16
exits "$(name 'no such GPU')" 69 train x cuda:99
if [ -z "${TWIN_REQUIRED:-}" ]; then # a GPU of a few MiB
    export HOST_GPU_MIB=33
    exits "$(name 'out of memory in training')" 71 train m cuda --batch 32
    fits "$(name 'says what fits')"
    batch=$(sed -n 's/.*--batch \([0-9]*\) fits$/\1/p' err)
    exits "$(name 'and that fits')" 0 train m2 cuda --batch "${batch:-0}" --max-steps 1 --gen-eval 1
    exits "$(name 'out of memory in inference')" 71 infer g gen cuda o.icds "--batch=40"
    fits "$(name 'says what fits, too')"
    [ -e o.icds ] && no "$(name 'leaves nothing behind')" "o.icds" || ok "$(name 'leaves nothing behind')"
    HOST_GPU_MIB=1 exits "$(name 'a GPU without room for the start')" 69 train n cuda
fi
exit $failed
