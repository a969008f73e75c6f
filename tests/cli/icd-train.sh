#!/usr/bin/env bash
# icd-train on a made-up corpus where each code has its own word: it is learned; a run stopped and taken up again gives
# the bytes of one that never stopped; the same run gives the same bytes; whatever is wrong with the input is refused.
. "$(dirname "$0")/../lib.sh"
for t in icd-train tokenize rec-cat; do [ -x "$BIN/$t" ] || { skip icd-train "no $t"; exit 0; }; done
command -v spm_train >/dev/null || { skip icd-train "no spm_train"; exit 0; }
cd "$T" || exit 1

# ---- the corpus: notes of 10 to 30 words, four codes, one word for each ----
python3 - <<'PY'
import json, random
r = random.Random(1)
words = {"401.9": "hypertension", "428.0": "failure", "250.00": "diabetes", "584.9": "renal"}
filler = "patient was seen today and left in good state with plan to rest at home after meals".split()
note, gold, extra = open("note.json", "w"), open("gold.json", "w"), open("extra.json", "w")
for i in range(170):
    split = "train" if i < 120 else "dev" if i < 150 else "test"
    codes = sorted(c for c in words if r.random() < 0.45) or ["401.9"]
    text = [r.choice(filler) for _ in range(r.randint(10, 26))]
    for c in codes:
        text.insert(r.randint(0, len(text)), words[c])
    rec = {"id": "n%d" % i, "subject": "s%d" % i, "split": split, "text": " ".join(text)}
    print(json.dumps(rec), file=note)
    print(json.dumps({"id": rec["id"], "split": split, "codes": codes}), file=gold if split != "test" else extra)
PY
python3 -c 'import json
for l in open("note.json"): print(json.loads(l)["text"])
for c in ("401.9", "428.0", "250.00", "584.9"): print(c + ", " + c)' >corpus.txt
spm_train --input=corpus.txt --model_prefix=spiece --model_type=unigram --vocab_size=120 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 >/dev/null 2>&1
spm_train --input=corpus.txt --model_prefix=other --model_type=unigram --vocab_size=90 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 --character_coverage=1.0 >/dev/null 2>&1
# target OUT VOCABULARY FILE...: gold records as a target stream
target() {
    local out=$1 vocabulary=$2; shift 2
    cat "$@" | rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0","584.9"]}' |
        tokenize -m $vocabulary -q -o $out
}
rec-cat --from-json --schema note note.json | tokenize -m spiece.model -o token.icds &&
    target target.icds spiece.model gold.json || { no corpus "could not be made"; exit 1; }

# train NAME OPTION...: a small model of everything there is
small="--init t5:d_model=32,layers=1,heads=2,d_kv=16,d_ff=64 --tokenizer spiece.model --target target.icds --d-a 32"
train() { local d=$1; shift; icd-train $small --save "$d" -o "$d.icds" -q -j 2 "$@" token.icds; }
records() { rec-cat --json "$1" | python3 -c '
import sys, json
for l in sys.stdin:
    r = json.loads(l)
    if r.get("event") == sys.argv[1]: print(*(r[k] for k in sys.argv[2].split(",")))' "$2" "$3"; }

# says NAME PATTERN: the last command's messages do
says() { grep -q -- "$2" err && ok "$1" || no "$1" "$(cat err)"; }

# ---- it learns ----
exits "trains" 0 train learned --loss gen+att --lr 5e-3 --epochs 40 --batch 8 --patience 0 --dropout 0.05 --warmup 10 \
    --seed 1
records learned.icds step loss >loss
is "the loss falls" "$(awk 'NR==1{a=$1} {b=$1} END{print (b < 0.2 * a) ? "yes" : "no: " a " to " b}' loss)" yes
is "keywords are learned" "$(records learned.icds eval f1_att,f1_gen |
    awk '$1>a{a=$1} $2>g{g=$2} END{print (a > 0.9 && g > 0.9) ? "yes" : "no: " a ", " g}')" yes
is "one evaluation an epoch" "$(records learned.icds eval step | wc -l)" 40
is "starts and ends" "$(records learned.icds start train,dev,labels) $(records learned.icds end reason)" "120 30 4 steps"
is "a Hugging Face directory" "$(cd learned && ls | tr '\n' ' ')" \
    "config.json generation_config.json icd.json icd.safetensors model.safetensors special_tokens_map.json $(
    )spiece.model tokenizer_config.json "
is "icd.json says what and how" "$(python3 -c '
import json
j = json.load(open("learned/icd.json"))
print(j["labels"], j["options"]["lr"], j["history"][-1]["tool"], j["lambda"] in (0, 1), 0 < j["threshold"] < 1,
      j["dev"]["f1"] > 0.9, j["tokenizer"]["xxh64"] != "",
      [e["name"] for e in j["lineage"][-1]["inputs"]])')" \
    "['250.00', '401.9', '428.0', '584.9'] 0.005 icd-train True True True True ['token', 'target', 'spiece.model']"
same "the tokenizer goes with the model" learned/spiece.model spiece.model
rec-cat --check learned.icds >/dev/null 2>&1 && ok "the log is a stream" || no "the log is a stream"

# ---- what icd-infer and icd-score find on the dev notes is what icd.json says ----
if [ -x "$BIN/icd-infer" ] && [ -x "$BIN/icd-score" ]; then
    rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0","584.9"]}' gold.json >all-gold.icds
    rec-cat --where split=dev all-gold.icds -o dev-gold.icds
    # a model half-way, so that its sides differ
    train half --loss gen+att --lr 5e-3 --epochs 11 --batch 8 --patience 0 --dropout 0.05 --warmup 10 2>/dev/null
    for m in learned half; do
        # what runs, where icd.json says how good it was
        for side in "--use att=dev,f1_att_best" "--use att --threshold 0.5=dev,f1_att" "--use gen=dev,f1_gen" "=dev,f1" \
            "--ensemble mix=ensemble,mix,f1" "--ensemble code=ensemble,code,f1" "--ensemble or=ensemble,or,f1" \
            "--ensemble and=ensemble,and,f1"; do
            icd-infer -m $m ${side%=*} --split dev -q token.icds 2>/dev/null |
                icd-score -g dev-gold.icds --train-gold all-gold.icds -q -o score.icds
            is "icd-infer ${side%=*} agrees on the dev notes ($m)" "$(rec-cat --json score.icds | python3 -c '
import json, sys
dev = json.load(open(sys.argv[1] + "/icd.json"))
for key in sys.argv[2].split(","): dev = dev[key]
f1 = [r["value"] for r in map(json.loads, sys.stdin) if r.get("metric") == "f1_micro"]
print(f1[0] > 0.3 and abs(f1[0] - dev) < 1e-9 or (f1, dev))' $m "${side#*=}")" True
        done
        # one search: icd-score finds the threshold that icd-train kept
        icd-infer -m $m --use att --split train -q token.icds -o others.icds
        icd-infer -m $m --use att --split dev -q token.icds -o dev.icds
        icd-score -q -g all-gold.icds --tune dev.icds others.icds | rec-cat --json | head -n 1 | python3 -c '
import json, sys
t, mine = json.load(sys.stdin)["header"]["meta"]["scored_threshold"], json.load(open(sys.argv[1] + "/icd.json"))["threshold"]
print(abs(t - mine) < 1e-6 or (t, mine))' $m >got
        is "icd-score --tune finds the threshold of icd.json ($m)" "$(cat got)" True
    done
    is "the best reading is the best" "$(python3 -c '
import json
e = json.load(open("half/icd.json"))["ensemble"]
print(e[e["best"]]["f1"] == max(e[k]["f1"] for k in ("code", "mix", "or", "and")))')" True
fi

# ---- determinism and resume: with dropout, accumulation, an evaluation in the middle of an epoch ----
run="--loss gen+att --lr 2e-3 --epochs 3 --batch 4 --accumulate 3 --dropout 0.2 --eval-every 7 --log-every 3 --seed 3"
tree() { (cd "$1" && find . -type f | sort | xargs md5sum); }
train whole $run
train again $run
is "the same bytes twice" "$(tree again)" "$(tree whole)"
same "the same log twice" again.icds whole.icds
train other $run --seed 4
[ "$(tree other)" != "$(tree whole)" ] && ok "another seed, another model" || no "another seed, another model"
for n in 1 4 7 10 13 29; do
    exits "stops after step $n" 75 train stop$n $run --stop-after $n
    is "no log of a stopped run ($n)" "$(ls stop$n.icds 2>/dev/null)" ""
    exits "goes on after step $n" 0 train stop$n $run --resume
    is "resumed after step $n: the same model" "$(tree stop$n)" "$(tree whole)"
    same "resumed after step $n: the same log" stop$n.icds whole.icds
done
train often $run --stop-after 5; for _ in 1 2 3 4 5; do train often $run --resume --stop-after 5; done
train often $run --resume 2>/dev/null
is "resumed six times: the same model" "$(tree often)" "$(tree whole)"
train saved $run --save-every 4
is "saving on the way changes nothing" "$(tree saved)" "$(tree whole)"
train crashed $run --stop-after 13 2>/dev/null
mkdir -p crashed/checkpoint/best.abc123 && echo cut >crashed/checkpoint/best.abc123/config.json
train crashed $run --resume
is "what a crash left in checkpoint goes too" "$(tree crashed)" "$(tree whole)"
is "a model directory is its owner's" "$(stat -c %a whole)" 700

# ---- every option that says how to learn makes a difference (what is given last counts) ----
short="$run --max-steps 8 --log-every 1"
train short $short
for opt in "--att-weight 3" "--d-a 16" "--batch 2" "--accumulate 2" "--lr 1e-3" "--schedule cosine" \
    "--schedule inverse_sqrt" "--schedule constant" "--warmup 4" "--decay 3" "--clip 0.05" "--dropout 0.1" "--seed 9" \
    "--loss att" "--metric loss" "--eval-every 2" "--gen-eval 3" "--log-every 4"; do
    rm -rf opt opt.icds
    train opt $short $opt
    if cmp -s opt.icds short.icds || [ ! -f opt/icd.json ]; then no "$opt makes a difference"; else
        [ "$(rec-cat --json opt.icds | grep event)" != "$(rec-cat --json short.icds | grep event)" ] &&
            ok "$opt makes a difference" || no "$opt makes a difference" "only in the header"; fi
done

# ---- signals: killed anywhere, the state is saved and the result is the same ----
long="--loss gen+att --lr 2e-3 --epochs 8 --batch 4 --accumulate 2 --dropout 0.2 --gen-eval 8 --patience 0"
train long $long
cat >kill.py <<'PY'
# kill.py SIGNAL DIR COMMAND...: runs the command, ends it by the signal a little later each time, goes on with --resume
import os, signal, subprocess, sys, time
sig, d, args = getattr(signal, "SIG" + sys.argv[1]), sys.argv[2], sys.argv[3:]
delay, kills = 0.05, 0
while True:
    have = os.path.exists(d + "/checkpoint/state.safetensors")
    p = subprocess.Popen(args + (["--resume"] if have else []), stderr=subprocess.DEVNULL)
    time.sleep(delay)
    if p.poll() is None and kills < 12:
        p.send_signal(sig)
    rc = p.wait()
    kills += rc == -sig and os.path.exists(d + "/checkpoint/state.safetensors")
    delay += 0.02
    if rc != -sig:
        print(rc, kills > 2)
        break
PY
for sig in TERM INT; do
    d=kill$sig
    is "SIG$sig again and again, then done" \
        "$(python3 kill.py $sig $d icd-train $small --save $d -o $d.icds -q -j 2 $long token.icds)" "0 True"
    is "SIG$sig: the same model" "$(tree $d)" "$(tree long)"
    same "SIG$sig: the same log" $d.icds long.icds
done
# the status is the signal's, and the message says how to go on
python3 - <<'PY' >status
import os, signal, subprocess, time
args = ("icd-train --init t5:d_model=32,layers=1 --tokenizer spiece.model --target target.icds --save sig "
        "--epochs 5000 --patience 0 --gen-eval 1 --eval-every 100000 --save-every 1 -o sig.icds -q token.icds").split()
p = subprocess.Popen(args, stderr=subprocess.PIPE)
for _ in range(600):
    if os.path.exists("sig/checkpoint/state.safetensors"): break
    time.sleep(0.05)
p.send_signal(signal.SIGTERM)
err = p.stderr.read().decode()
print(p.wait() == -signal.SIGTERM, "--resume" in err, err.count("\n"))
PY
is "dies of the signal, one line says how to go on" "$(cat status)" "True True 1"

# ---- targets in turn: an order by chance for each epoch ----
for n in 1 2; do
    rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0","584.9"]}' gold.json |
        tokenize -m spiece.model -q --order shuffle --seed $n -o turn$n.icds
done
turns="--lr 3e-3 --batch 8 --patience 0 --target turn1.icds --target turn2.icds" # epochs of target, turn1, turn2
exits "three targets" 0 train turns $turns --epochs 4
train alone --lr 3e-3 --batch 8 --patience 0 --epochs 4
step() { records "$1" step loss_gen | sed -n "$2p"; }
is "the first epoch has the first" "$(step turns.icds 1)" "$(step alone.icds 1)"
is "the second another one" "$([ "$(records turns.icds eval epoch,loss | sed -n 2p)" != "$(records alone.icds eval epoch,loss | sed -n 2p)" ] &&
    echo yes)" yes
train turned $turns --epochs 4 --stop-after 22; train turned $turns --epochs 4 --stop-after 8 --resume 2>/dev/null
train turned $turns --epochs 4 --resume
is "stopped in the second epoch: the same model" "$(tree turned)" "$(tree turns)"
head -n 100 gold.json >few.json; target few.icds spiece.model few.json
exits "a turn without some notes" 65 train x $turns --target few.icds
says "is named" 'few.icds: no target for [0-9]* training notes'
sed 's/"codes": \["401.9"\]/"codes": ["428.0"]/' gold.json >changed.json
target changed.icds spiece.model changed.json
exits "a turn of other codes" 65 train x $turns --target changed.icds
says "is named" 'changed.icds: record [0-9]*: field codes: others than in the first'
target strange.icds other.model gold.json
exits "a turn of another vocabulary" 65 train x $turns --target strange.icds
rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0","584.9"]}' gold.json |
    tokenize -m spiece.model -q --separator ' ' -o apart.icds
exits "a turn with another separator" 65 train x $turns --target apart.icds
says "is named" 'apart.icds: its targets have another separator than those of target.icds'

# ---- resume that can't be ----
train stopped $run --stop-after 3 2>/dev/null
exits "resume with another option" 64 train stopped $run --resume --lr 3e-3
says "it is named" '--lr'
tokenize -m spiece.model --max-length 12 <(rec-cat --from-json --schema note note.json) >short.icds
exits "resume with another input" 64 icd-train $small --save stopped -q $run --resume short.icds
cp -r stopped others
exits "resume with other threads" 0 train others $run --resume -j 1
says "is told" 'bit for bit'
exits "resume where nothing is" 66 train nowhere $run --resume
head -c 3000 stopped/checkpoint/state.safetensors >cut && cp stopped/checkpoint/state.safetensors kept &&
    cp cut stopped/checkpoint/state.safetensors
exits "resume from a damaged state" 65 train stopped $run --resume
cp kept stopped/checkpoint/state.safetensors
exits "a directory in use is not overwritten" 64 train whole $run
exits "nor that of a stopped run" 64 train stopped $run
is "and stays as it was" "$(tree again)" "$(tree whole)"

# ---- at the end it says whether the model is of any use ----
exits "a model that has learned nothing" 0 train useless --loss att --lr 0 --max-steps 1
says "is said to be useless" 'warning: the best model is not useful yet: it has micro-F1 0.6[0-9]* on the dev notes.*; a program that never reads a note has 0.6[0-9]*$'
exits "one that writes nothing" 0 train silent --loss gen --lr 0 --max-steps 1
says "is useless, and always the same" 'useful yet: it has micro-F1 0.0000 on the dev notes and predicts the same for every dev note; a program'
says "and what to try" 'warning: what to try: .*--lr'
floor=$(rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0","584.9"]}' gold.json | rec-cat --where split=dev -o floor.icds
    icd-infer -q -m useless token.icds --split dev | icd-score -q -g floor.icds --train-gold all-gold.icds |
    rec-cat --json | python3 -c '
import json, sys
print(*("%.4f" % r["value"] for r in map(json.loads, sys.stdin) if r.get("metric") == "floor_f1_micro"))')
exits "one that has" 0 icd-train -m learned --target target.icds --save useful -o useful.icds --lr 0 --max-steps 1 token.icds
says "it says its F1, and that of the floor" "the best model (step 1) has micro-F1 [01].[0-9]* on the dev notes; a program that never reads a note has $floor$"
is "which the log has" "$(printf %.4f $(records useful.icds end floor))" "$floor"

# ---- one side only, warm start, early stopping, no dev notes ----
exits "generation only" 0 train gen $run --loss gen
exits "label attention only" 0 train att $run --loss att
rec-cat --from-json --schema gold gold.json | tokenize -q -m spiece.model --format 0 -o untold.icds
exits "targets without text, label attention only" 0 icd-train ${small/target.icds/untold.icds} --save untold -o untold.log \
    -q -j 2 $run --loss att token.icds
same "learn the same" untold/icd.safetensors att/icd.safetensors
for loss in gen gen+att; do
    exits "targets without text, --loss $loss" 65 icd-train ${small/target.icds/untold.icds} --save bad -q --loss $loss token.icds
    says "says why" 'untold.icds: made with tokenize --format 0, .* for --loss att alone'
done
is "no head without label attention" "$(ls gen/icd.safetensors 2>/dev/null)" ""
is "lambda is the side that is there" "$(python3 -c '
import json; print(json.load(open("gen/icd.json"))["lambda"], json.load(open("att/icd.json"))["lambda"])')" "1 0"
exits "goes on from a model directory" 0 icd-train -m learned --target target.icds --save warm -o warm.icds -q --lr 1e-5 \
    --max-steps 2 --batch 8 token.icds
is "with what it knew" "$(records warm.icds eval f1_att | awk '{print ($1 > 0.85)}')" 1
for n in 0 2; do
    icd-train -m learned --target target.icds --save cut$n -o cut$n.icds -q --lr 0 --max-steps 1 --max-new $n token.icds
done
is "max-new cuts the text" "$(echo $(records cut0.icds eval f1_gen) $(records cut2.icds eval f1_gen) |
    awk '{print ($1 > $2) ? "yes" : $0}')" yes
is "max-steps is obeyed" "$(records warm.icds end step)" 2
exits "patience" 0 train patient --loss att --lr 0 --epochs 30 --patience 2
is "the log of a run says with how many threads" "$(rec-cat --json patient.icds | head -n 1 | python3 -c '
import json, sys; print(json.load(sys.stdin)["header"]["history"][-1]["options"]["threads"])')" 2
is "stops after two evaluations without improvement" "$(records patient.icds end reason,step)" "patience 45"
rec-cat --where split=train target.icds -o t-train.icds
exits "without dev notes" 0 icd-train ${small/target.icds/t-train.icds} --save nodev -q -o nodev.icds --max-steps 3 token.icds
is "the last model is kept" "$(records nodev.icds end best_step)" 3
exits "dry run" 0 icd-train $small --save dry --dry-run token.icds
is "prints sizes and no text" "$(grep -c 'parameters\|memory\|first example' err) $(grep -c 'hypertension' err)" "3 0"
[ -e dry ] && no "a dry run writes nothing" || ok "a dry run writes nothing"
is "nor to standard output" "$(wc -c <out)" 0
is "the memory of saving is told" "$(grep -c 'a batch of the longest notes and targets, [0-9.]* MiB more while' err)" 1
python3 - note.json >long.json <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
train = next(r for r in rows if r.get('split') == 'train')
train['text'] = (train['text'] + ' ') * (60000 // len(train['text']) + 1)
print(*map(json.dumps, rows), sep='\n')
PY
rec-cat --from-json --schema note long.json | tokenize -m spiece.model --max-length 0 -q -o long.icds
exits "dry run with a note far longer than the rest" 0 icd-train $small --save dry --dry-run long.icds
is "is told before anything is computed" "$(echo $(grep -o 'the longest training note has\|[0-9] parameters,\|memory:' err | tr -d '0-9'))" \
    "the longest training note has parameters, memory:"
exits "but where it is told to" 0 icd-train $small --save dry --dry-run -q -o dry.icds token.icds
is "a log without records" "$(rec-cat --json dry.icds | tail -n 1 | grep -c '"records":0')" 1
# on a terminal, and no -o: the model is the product
terminal() { python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" </dev/null >tty.out; }
for how in "" --dry-run; do
    terminal icd-train $small --save tty$how --max-steps 1 -q $how token.icds
    is "runs on a terminal without -o $how" "$? $(grep -c '^icd-train: .*warning' tty.out) $(grep -c trainlog tty.out)" \
        "0 $([ "$how" ] && echo 0 || echo 2) 0"
done
[ -f tty/icd.json ] && ok "and saves the model" || no "and saves the model"
terminal icd-train $small --save ttyo --max-steps 1 -q -o - token.icds
is "a log to a terminal is refused where it is asked for" "$?" 64

# ---- defaults fit the start, and are what the run says ----
# start WHICH: the defaults as --help tells them
start() { icd-train --help | tr -s ' \n' ' ' | python3 -c '
import re, sys
text, which = sys.stdin.read(), int(sys.argv[1])
for o in "lr schedule warmup epochs patience att-weight".split():
    m = re.search("--%s .*?Default: ([^ ]+?)(?: with -m, ([^ ]+) with --init)?[.](?: |$)" % o, text)
    print("--" + o, which and m[2] or m[1], end=" ")' "$1" | sed 's/ $//'; }
said() { icd-train "$@" --max-steps 1 token.icds 2>&1 | sed -n 's/^icd-train: from/from/p'; }
is "the defaults of random weights" "$(said $small --save d1 -o d1.icds)" "from random weights: $(start 1)"
is "of a checkpoint" "$(said -m learned --target target.icds --save d2 -o d2.icds)" "from learned: $(start 0)"
resolved() { rec-cat --json "$1" | head -n 1 | python3 -c '
import json, sys
o = json.load(sys.stdin)["header"]["history"][-1]["options"]
print("from %s:" % (o.get("model") or "random weights"),
      *("--%s %s" % (k, o[k]) for k in "lr schedule warmup epochs patience att-weight".split()))'; }
is "history has them resolved" "$(resolved d1.icds | sed 's/[.]0$//')" "from random weights: $(start 1)"
exits "what is given counts" 0 icd-train $small --save d4 --max-steps 1 --lr 0.25 --schedule cosine --warmup 0 --epochs 7 \
    --patience 5 --att-weight 0.5 -o d4.icds token.icds
says "and is said" 'from random weights: --lr 0.25 --schedule cosine --warmup 0 --epochs 7 --patience 5 --att-weight 0.5$'
is "and is in the history" "$(resolved d4.icds)" \
    "from random weights: --lr 0.25 --schedule cosine --warmup 0.0 --epochs 7 --patience 5 --att-weight 0.5"
exits "timing is told on request" 0 train timed $run --max-steps 2 --timing
says "tokens per second" 'tokens/s'
is "but not in the log" "$(rec-cat --json timed.icds | grep -c tokens_per)" 0

# ---- input that is refused ----
# edit OUT STREAM CODE: the stream with its records r changed by some Python
edit() {
    rec-cat --json "$2" >edit.json
    python3 - "$3" >edited.json <<'PY'
import json, sys
lines = [json.loads(l) for l in open("edit.json")]
r = lines[1:-1]
exec(sys.argv[1])
print(*(json.dumps(x) for x in r), sep="\n")
json.dump(lines[0]["header"]["meta"], open("meta.json", "w"))
open("schema", "w").write(lines[0]["header"]["schema"])
PY
    rec-cat --from-json --schema "$(cat schema)" \
        --meta "$(cat meta.json)" -o "$1" edited.json
}
# refused NAME CODE MESSAGE [token]: by an edited target (or token) stream
refused() {
    edit edited.icds ${4:-target}.icds "$2" || { no "$1" "not made"; return; }
    if [ "${4:-target}" = target ]; then exits "$1" 65 icd-train ${small/target.icds/edited.icds} --save bad -q token.icds
    else exits "$1" 65 icd-train $small --save bad -q edited.icds; fi
    says "$1: says so" "$3"
}
bin='import base64, struct; ids = lambda *v: {"$bin": base64.b64encode(struct.pack("<%di" % len(v), *v)).decode()}; '
refused "targets of test notes" 'r[149]["split"] = "test"' 'record 150: field split'
refused "targets without a split" 'del r[4]["split"]' 'record 5: field split'
refused "a code that is no label" 'r[2]["codes"] = ["999.9"]' 'record 3: field codes'
refused "no codes" 'del r[2]["codes"]' 'record 3: field codes'
refused "another split than the note's" 'r[6]["split"] = "dev"' 'record 7: field split' token
refused "ids that are not in the vocabulary" "$bin"'r[6]["ids"] = ids(3, 4, 100000, 1)' 'record 7: field ids'
refused "negative ids" "$bin"'r[6]["ids"] = ids(3, -4, 1)' 'record 7: field ids' token
refused "ids that are cut" 'r[6]["ids"] = {"$bin": "AAECAwQ="}' 'record 7: field ids' token
refused "no ids" 'r[6]["ids"] = {"$bin": ""}' 'record 7: field ids' token
refused "no target at all" 'for i, x in enumerate(r): x["id"] = "x%d" % i' 'no training note with a target'
target othertok.icds other.model gold.json
exits "targets of another tokenizer" 65 icd-train ${small/target.icds/othertok.icds} --save bad -q token.icds
exits "another tokenizer than the streams'" 65 icd-train ${small/spiece.model/other.model} --save bad -q token.icds
exits "other labels than the model's" 65 icd-train -m learned -q --save bad --target <(
    rec-cat --from-json --schema gold --meta '{"labels":["250.00","401.9","428.0","584.9","250.01"]}' gold.json |
        tokenize -m spiece.model -q) token.icds
head -n 99 gold.json >few.json
target few.icds spiece.model few.json
exits "notes without targets are counted" 0 icd-train ${small/target.icds/few.icds} --save few -q -o few.out --max-steps 1 token.icds
says "and reported" '51 train or dev notes have no target'
exits "a learning rate that destroys the model" 65 train bad $run --lr 1000 --clip 0 --warmup 0 --schedule constant
says "names the step" 'step [0-9]*: .*not finite'
rm -rf bad
for f in "--init t5:d_model=32" "--tokenizer spiece.model" "-m learned --tokenizer spiece.model" "-m learned --init t5:" ""; do
    exits "usage: '$f'" 64 icd-train $f --target target.icds --save bad -q token.icds
done
exits "usage: metric of a side that is not trained" 64 train bad --loss gen --metric f1-att
exits "usage: unknown schedule" 64 train bad --schedule sometimes
exits "usage: no --target" 64 icd-train --save bad token.icds
exits "unknown family" 64 icd-train --init nope:d=1 --tokenizer spiece.model --target target.icds --save bad token.icds
exits "no such device" 69 train bad --device cuda:99
exits "no device of this name" 64 train bad --device cudax
exits "missing target file" 66 icd-train ${small/target.icds/missing.icds} --save bad token.icds
exits "token stream cut short" 65 icd-train $small --save bad <(head -c 5000 token.icds)
exits "notes instead of tokens" 65 icd-train $small --save bad <(rec-cat --from-json --schema note note.json)
exits "full disk" 74 icd-train $small --save full -q --max-steps 1 -o /dev/full token.icds
exits "model directory that can't be made" 74 icd-train $small --save /proc/x -q --max-steps 1 token.icds
is "nothing is left behind" "$(ls -d bad bad.icds 2>/dev/null)" ""
exit $failed
