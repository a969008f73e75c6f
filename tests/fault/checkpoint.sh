#!/usr/bin/env bash
# once
# What an interrupted icd-train left is gone on with as it was or not at all: any byte of the state and of the best model
# changed, cut, emptied, lost or another run's is exit 65, with one line that says what. A directory has one writer, dead
# runs leave nothing for long, and a model directory is whole, all of one model, or none. Damage: tests/fault/checkpoint.py.
. "$(dirname "$0")/table"
command -v python3 >/dev/null || { skip checkpoint "no python3"; exit 0; }
hurt() { python3 "$ROOT/tests/fault/checkpoint.py" "$@"; }
hurt self || no "the digest of tests/fault/checkpoint.py"
san=; [[ $BIN == */san/* ]] && san=1
cd "$V" || exit 1
run="-q -j1 --init t5:d_model=8,layers=1,heads=1,d_ff=8 --d-a 8 --tokenizer spiece.model --target target.icds -b 8
     --eval-every 2 --save-every 3 --metric loss --patience 0 --gen-eval 1 --max-new 2 --lr 3e-3 --max-steps 12"
# train DIR OPTION...: status in rc, messages in $T/err
train() {
    local dir=$1; shift
    icd-train $run --save "$dir" -o "$dir.icds" "$@" token.icds >"$T/out" 2>"$T/err" </dev/null; rc=$?
}
tree() { (cd "$1" && find . -type f | sort | xargs sha256sum); }
train "$T/whole"; [ $rc = 0 ] || no "a run" "$(cat "$T/err")"
train "$T/other" --seed 2
train "$T/stopped" --stop-after 7
S=checkpoint/state.safetensors
best=$(cd "$T/stopped" && echo checkpoint/best*)
is "a stopped run has a state and a best model" "$rc $(ls "$T/stopped/$S" "$T/stopped/$best/model.safetensors" | wc -l)" "75 2"
fresh() { rm -rf "$T/d" "$T/d.icds"; cp -r "$T/stopped" "$T/d"; }
fresh; train "$T/d" --resume
is "what is whole goes on" "$rc $(tree "$T/d")" "0 $(tree "$T/whole")"
same "with its log" "$T/d.icds" "$T/whole.icds"

# ---- damage ----
bad=0
# refused NAME PATTERN: going on with $T/d is exit 65, in one line that has PATTERN; no log, no model
refused() {
    train "$T/d" --resume
    local why=
    [ $rc = 65 ] || why="exit $rc, wanted 65"
    [ "$(wc -l <"$T/err")" = 1 ] || why="$why, $(wc -l <"$T/err") lines"
    grep -q -- "$2" "$T/err" || why="$why, no $2"
    grep -q 'Sanitizer\|runtime error' "$T/err" && why="$why, sanitizer"
    [ -e "$T/d.icds" ] && why="$why, a log"
    [ -e "$T/d/config.json" ] && why="$why, a model"
    [ -z "$why" ] || { bad=$((bad + 1)); no "$1" "$why: $(head -c 300 "$T/err")"; }
}
all() { [ $bad = 0 ] && ok "$1"; bad=0; }
state() { refused "$1" "d/checkpoint: state.safetensors: "; }

places=$(python3 - "$(hurt at head "$T/stopped/$S")" "$(hurt at value "$T/stopped/$S")" "$(hurt at m "$T/stopped/$S")" \
    "$(hurt at v "$T/stopped/$S")" "$(hurt at log "$T/stopped/$S")" "$(hurt at digest "$T/stopped/$S")" ${san:+3} <<'PY'
import random, sys
r = random.Random(11)
for where in sys.argv[1:7]:
    a, b = map(int, where.split())
    for at in [a, b - 1] + [r.randrange(a, b) for _ in range(int(sys.argv[7]) if sys.argv[7:] else 8)]: print(at, r.randrange(8))
PY
)
while read -r at bit; do fresh; hurt flip $at $bit "$T/d/$S"; state "bit $bit of byte $at changed"; done <<<"$places"
all "any bit of the state: refused"

for f in $(hurt fields "$T/stopped/$S"); do
    for v in 1 null; do fresh; hurt set $f $v "$T/d/$S"; state "field $f is $v"; [ -n "$san" ] && break; done
done
all "any field of the state: refused"

# fields that no run has, with a digest that fits
big=9223372036854775807
for f in step=$big step=-1 step=6 step=8 step=null epoch=$big epoch=4 epoch=-1 group=$big group=1000000 group=-1 micro=$big micro=1 \
    done=true done=3 bad=-1 bad=$big best_step=$big best_step=-1 best_step=8 best_step=0 best=null best='{}' summed=-1 summed=$big \
    tokens=-1 note_tokens=-1 threads=0 threads=-5 threads=$big device=7 format=1 about=7 sum_loss='"x"' files=null files='{}' \
    files='{"a":7}' files='{"../x":"0000000000000000"}' files='{"":"0"}' eval_due=5; do
    fresh; hurt seal ${f%%=*} "${f#*=}" "$T/d/$S"; state "$f, sealed"
done
fresh; hurt seal step 7 "$T/d/$S"; train "$T/d" --resume
is "a digest made again for what was there goes on" "$rc $(tree "$T/d")" "0 $(tree "$T/whole")"
for log in '\xff\xff\xff\xff' '\x00\x00\x00\x00' '\x08\x00\x00\x00' '\x05\x00\x00\x00\xc1' '\x0c\x00\x00\x00\xdf\xff\xff\xff\xff'; do
    fresh; hurt log "$log" "$T/d/$S"; refused "log $log, sealed" "checkpoint: the log "
done
all "counters, names and records that no run has: refused"

size=$(stat -c %s "$T/stopped/$S")
for n in 0 1 7 8 9 100 $((size / 3)) $((size / 2)) $((size - 9)) $((size - 8)) $((size - 1)); do
    fresh; head -c $n "$T/stopped/$S" >"$T/d/$S"; state "cut at $n of $size"
done
fresh; head -c $size /dev/zero >"$T/d/$S"; state zeros
fresh; echo "no state" >"$T/d/$S"; state text
fresh; echo >>"$T/d/$S"; state "a byte more"
fresh; cp "$T/whole/model.safetensors" "$T/d/$S"; state "weights"
all "a state cut, empty or something else: refused"
train "$T/b" --seed 2 --stop-after 5
fresh; cp "$T/b/$S" "$T/d/$S"; train "$T/d" --resume
is "another run's state: its options are not these" "$rc $(grep -c -- --seed "$T/err")" "64 1"
fresh; rm "$T/d/$S"; train "$T/d" --resume
is "no state: no interrupted run" "$rc $(wc -l <"$T/err")" "66 1"

# ---- the best model so far ----
for f in $(cd "$T/stopped/$best" && echo *); do
    p=$T/d/$best/$f
    fresh; rm "$p"; refused "best: $f missing" "$best/$f: "
    fresh; : >"$p"; refused "best: $f empty" "$best/$f: "
    fresh; truncate -s -1 "$p"; refused "best: $f cut" "$best/$f: "
    fresh; python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[len(b) // 2] ^= 16
open(sys.argv[1], "wb").write(b)' "$p"; refused "best: $f changed" "$best/$f: "
    fresh; rm "$p"; mkdir "$p"; refused "best: $f a folder" "$best/$f: "
    cmp -s "$T/other/$f" "$T/stopped/$best/$f" || { fresh; cp "$T/other/$f" "$p"; refused "best: $f another run's" "$best/$f: "; }
done
fresh; rm -r "$T/d/$best"; refused "best missing" "$best/"
fresh; rm "$T/d/$best"/*; refused "best empty" "$best/"
fresh; rm -r "$T/d/$best"; cp -r "$T/other" "$T/d/$best"; refused "another run's best" "$best/"
all "a best model damaged, lost or another run's: refused"
fresh; echo >"$T/d/$best/more"; train "$T/d" --resume
is "what is no part of the best model does not come into it" "$rc $(tree "$T/d")" "0 $(tree "$T/whole")"

# ---- what dead runs left ----
fresh; mkdir -p "$T/d/checkpoint/best-9.abc123/x"; echo >"$T/d/checkpoint/best-9.abc123/x/y"; mkdir "$T/d/checkpoint/best-9"
echo >"$T/d/checkpoint/.state.safetensors.abc123"
train "$T/d" --resume --stop-after 1
is "what dead runs left goes with the next one" "$rc $(cd "$T/d/checkpoint" && echo $(ls -A))" "75 best-8 lock state.safetensors"
rm -rf "$T/d" "$T/d.icds"; mkdir -p "$T/d/checkpoint/best-9/x"; train "$T/d"
is "also with one from the start" "$rc $(tree "$T/d")" "0 $(tree "$T/whole")"
rm -rf "$T/d" "$T/d.icds"
icd-train $run --save "$T/d" -q "$V/target.icds" >/dev/null 2>&1
is "a run that fails before its first step leaves no directory" "$(ls -d "$T/d" 2>/dev/null)" ""
mkdir "$T/d"; icd-train $run --save "$T/d" -q "$V/target.icds" >/dev/null 2>&1
is "but one that was there" "$(ls -dA "$T/d")$(ls -A "$T/d")" "$T/d"
chmod 500 "$T/d"; train "$T/d"
if [ "$(id -u)" = 0 ]; then skip "a directory that is not to be written" "runs as root"
else is "a directory that is not to be written is found before the work" "$rc $(wc -l <"$T/err")" "74 1"; fi
chmod 700 "$T/d"

# ---- one writer ----
rm -rf "$T/d" "$T/d.icds"
icd-train $run --max-steps 1000000 --save "$T/d" token.icds >/dev/null 2>"$T/first" </dev/null & pid=$!
for _ in $(seq 600); do [ -e "$T/d/$S" ] && break; sleep 0.05; done
held() { is "$1" "$rc $(grep -c "another run.*process $pid" "$T/err") $(wc -l <"$T/err")" "64 1 1"; }
train "$T/d"; held "a second run is refused"
train "$T/d" --resume --max-steps 1000000; held "also one that would go on"
ln -s d "$T/name"; train "$T/name/" --resume --max-steps 1000000; held "also by another name"
train "$T/d" --dry-run
is "one that writes nothing runs" $rc 0
kill -KILL $pid; wait $pid 2>/dev/null
train "$T/d" --resume --max-steps 1000000 --stop-after 1
is "a killed run keeps no one out" "$rc $(cat "$T/first")" "75 "
odd=0 won=0
for i in 1 2 3 4 5 6; do
    rm -rf "$T/d" "$T"/[ab].*
    for n in a b; do
        seed=1; [ $n = b ] && seed=2
        (icd-train $run --seed $seed --save "$T/d" -o "$T/$n.icds" token.icds 2>"$T/$n.err" </dev/null; echo $? >"$T/$n.rc") &
    done; wait
    for n in a:whole b:other; do
        [ "$(cat "$T/${n%:*}.rc")" != 0 ] && continue
        won=$((won + 1))
        cmp -s "$T/d/model.safetensors" "$T/${n#*:}/model.safetensors" && cmp -s "$T/${n%:*}.icds" "$T/${n#*:}.icds" || odd=$((odd + 1))
    done
    [ "$(sort "$T"/[ab].rc | tr '\n' ' ')" = "0 64 " ] || odd=$((odd + 1))
done
is "of two started together one gets the directory, and fills it with its own" "$won $odd" "6 0"

# ---- the model's files come into place one by one, the one that makes a model of them last ----
fresh; mkdir -p "$T/d/icd.safetensors/x"; train "$T/d" --resume
is "stopped between two files" "$rc $(ls "$T/d/config.json" 2>/dev/null)" "74 "
icd-infer -q -m "$T/d" token.icds >/dev/null 2>"$T/err"; is "they are no model" $? 66
rm -r "$T/d/icd.safetensors"; cp -r "$T/d" "$T/half"
train "$T/d" --resume
is "the rest follows" "$rc $(tree "$T/d")" "0 $(tree "$T/whole")"
for f in $(cd "$T/half" && find . -maxdepth 1 -type f); do
    rm -rf "$T/d" "$T/d.icds"; cp -r "$T/half" "$T/d"; echo >>"$T/d/$f"; refused "a file changed meanwhile: $f" "${f#./}: "
done
all "a file changed between two files: refused"

# ---- a model directory is all of one model ----
for f in model.safetensors icd.safetensors icd.json; do
    rm -rf "$T/d"; cp -r "$T/whole" "$T/d"; cp "$T/other/$f" "$T/d"
    icd-infer -q -m "$T/d" --max-new 2 token.icds >"$T/out" 2>"$T/err"
    is "$f of another model: icd-infer" "$? $(grep -c 'not what icd.json' "$T/err")" "65 1"
    icd-train -m "$T/d" ${run/--init*spiece.model/} --save "$T/x" token.icds >"$T/out" 2>"$T/err"
    is "$f of another model: icd-train" "$? $(ls -d "$T/x" 2>/dev/null)" "65 "
done
rm -rf "$T/d"; cp -r "$T/whole" "$T/d"
python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); j.pop("weights", None); json.dump(j, open(sys.argv[1], "w"))' "$T/d/icd.json"
icd-infer -q -m "$T/d" --max-new 2 token.icds >"$T/out" 2>"$T/err"; is "an icd.json that does not say: taken" $? 0
exit $failed
