#!/usr/bin/env bash
# once
# pipelines/base.mk makes again what is missing, older than its inputs or made by another command, with all that follows,
# and nothing else; rows of equal INPUT and TRAIN share a model; training goes on only where nothing has changed; a
# misspelt name is an error. Every case: what is done to the experiment, and the products that are new after it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common"
cat >x.mk <<EOF
SYNTH := --admissions 60 --seed 3 --length 200 -q
BUDGET := 48
VOCAB := 500
INIT := t5:d_model=8,layers=1,heads=1,d_kv=8,d_ff=8
TRAIN := --max-steps 2 --loss att --d-a 8 -q
INFER := --split test --use att
SAMPLE.know := --level paragraph
SAMPLE.head := --level none
INPUT.a := know
INPUT.b := head
INPUT.c := know
INPUT.d := know
TRAIN.d := --kg \$D/described.kg.icds --kg-pool code
INFER.c := --threshold 0.3
ROWS := a b c d
include $ROOT/pipelines/base.mk
EOF
run() { make -s -j3 -f x.mk D=d "$@" >log 2>err; }
# made: the products that are newer than the mark, in a line
made() {
    find d -newer mark \( -name '*.icds' -o -name icd.json -o -path d/spiece.model -o -name NOTEEVENTS.csv.gz \) -printf '%P\n' |
        sed 's/\.icds$//; s|/icd.json$||; s|/NOTEEVENTS.csv.gz$||' | grep -v 'train$\|gold$' | sort | xargs
}
# remakes NAME WANTED: one run, then another that makes nothing; new are WANTED, in any order
remakes() {
    run || { no "$1" "$(tail -n 2 err)"; return; }
    is "$1" "$(made)" "$(printf '%s\n' $2 | sort | xargs)"
    touch mark; sleep 0.02
    run; is "$1, and is then up to date" "$(made)" ""
}
# removed FILE... : makes exactly PRODUCTS
removed() { touch mark; sleep 0.02; (cd d && rm -rf $1); remakes "removed: $1" "$2"; }
# changed VARIABLE VALUE PRODUCTS
changed() {
    touch mark; sleep 0.02
    if grep -q "^$1 :=" x.mk; then sed -i "s|^$1 :=.*|$1 := $2|" x.mk; else sed -i "1i $1 := $2" x.mk; fi
    remakes "changed: $1 := $2" "$3"
}
a="a.model a.pred a.score" b="b.model b.pred b.score" c="c.pred c.score" d="d.model d.pred d.score"
rows="$a $b $c $d"
kg="described.kg" ids="know.token head.token target $kg"
touch mark; sleep 0.02
remakes "the first time" "mimic3 note kb described.kb spiece.model $ids $rows"
is "a model for two rows" "$(ls -d d/*.model | tr '\n' ' ')" "d/a.model d/b.model d/d.model d/spiece.model "
cmp -s d/a.pred.icds d/c.pred.icds && no "which predict" "the same" || ok "which predict by options of their own"

removed know.token.icds "know.token $a $c $d"
removed a.model "$a $c"
removed b.model "$b"
removed c.pred.icds "$c"
removed a.score.icds "a.score"
removed "a.pred.icds b.score.icds" "a.pred a.score b.score"
removed spiece.model "spiece.model $ids $rows"
removed kb.icds "kb spiece.model $ids $rows"
removed described.kb.icds "described.kb $kg $d"
removed described.kg.icds "$kg $d"
removed target.icds "target $rows"
removed gold.icds "note spiece.model $ids $rows"
removed note.icds "note spiece.model $ids $rows"
removed mimic3 "mimic3 note spiece.model $ids $rows"
removed "mimic3 *.icds options" "mimic3 note kb described.kb spiece.model $ids $rows"

changed SAMPLE.know "--level section" "know.token $a $c $d"
changed TOKENS.head "--max-length 40" "head.token $b"
changed BUDGET 40 "know.token head.token $rows"
changed TARGET "--order code" "target $rows"
changed TRAIN "--max-steps 3 --loss att --d-a 8 -q" "$rows"
changed TRAIN.b "--lr 0.01" "$b"
changed INIT t5:d_model=8,layers=1,heads=2,d_kv=4,d_ff=8 "$rows"
changed INFER.c "--threshold 0.4" "$c"
changed INFER "--split test --use att -b 4" "a.pred a.score b.pred b.score $c d.pred d.score"
changed SCORE "--at 5" "a.score b.score c.score d.score"
changed VOCAB 520 "spiece.model $ids $rows"
changed KB "--max-df 3" "kb described.kb spiece.model $ids $rows"
changed SYNTH "--admissions 50 --seed 4 --length 200 -q" "mimic3 note spiece.model $ids $rows"
changed SPLIT "--splits \$D/mimic3/splits --no-addenda" "note spiece.model $ids $rows"
# ---- a file that an option names ----
touch mark; sleep 0.02; printf '{note}\nCodes: ' >./prompt.txt
changed TOKENS.head "--template ./prompt.txt" "head.token $b"
sleep 0.02; touch mark; sleep 0.02; printf '{note}\nThe codes: ' >./prompt.txt
remakes "that file changed" "head.token $b"

# ---- all these products are those of a run from nothing ----
mkdir fresh && (cd fresh && cp ../x.mk ../prompt.txt . && run)
for f in d/*.icds d/*.model/*; do cmp -s "$f" "fresh/$f" || no "$f" "differs from a run from nothing"; done
is "as many files as a run from nothing" "$(ls d d/*.model | wc -l)" "$(cd fresh && ls d d/*.model | wc -l)"

# ---- a row takes another's options, and both the same notes: the model that is there serves both ----
changed TRAIN.c "--lr 0.01" "c.model $c"
changed INPUT.b know "b.pred b.score"
[ -e d/b.model ] && no "a model that no row has any more" "is still there" || ok "a model that no row has any more is gone"
changed INPUT.b head "$b"

# ---- a command that fails leaves all as it was ----
touch mark; sleep 0.02
for v in SAMPLE.head=--tyop TRAIN.b=--tyop INFER.b=--tyop SCORE=--tyop KB=--tyop SPLIT=--tyop; do
    run "$v" && no "a wrong option" "went well: $v" || is "a wrong option is named: $v" "$(grep -c tyop err | sed s/2/1/)" 1
done
remakes "wrong options cost nothing" ""

# ---- what is not ours is not touched ----
for f in mimic3 note.icds gold.icds kb.icds; do
    mkdir -p own; if [ $f = mimic3 ]; then mkdir own/mimic3; else : >own/$f; fi
    run D=own && no "$f of somebody" "went well" || is "$f of somebody is left alone" "$(grep -c "own/$f was not made here" err)" 1
    rm -rf own
done
{ sed "/^include/d; s/^ROWS :=.*/ROWS := a b/; s/^INPUT.b :=.*/INPUT.b := mine/" x.mk
  printf 'include %s\n' "$ROOT/pipelines/base.mk"
  printf '$D/mine.token.icds: $D/head.token.icds\n\tcp $< $@\n'; } >own.mk
make -s -f own.mk D=d >log 2>err; is "an input by a rule of its own" "$(awk '$1 == "b"' log | wc -l), $(grep -c overriding err)" "1, 0"
rm -rf d/mine.token.icds d/b.*

# ---- training that was interrupted ----
sum() { (cd d/b.model && cat model.safetensors icd.safetensors | cksum); }
t="--lr 0.01 --max-steps 6"
run "TRAIN.b=$t"; whole=$(sum)
half() { run "TRAIN.b=$t --seed 2 --stop-after 2" "$@"; [ -f d/b.model/checkpoint/state.safetensors ] || no "half" "$(tail -n 1 err)"; }
run "TRAIN.b=$t --seed 2"; seed2=$(sum); rm -r d/b.model
half; is "stopped: no prediction, no score" "$(ls d/b.pred.icds d/b.score.icds 2>/dev/null)" ""
half
run "TRAIN.b=$t --seed 2 --stop-after 2"; is "goes on, as if never stopped" "$(ls d/b.model/checkpoint 2>/dev/null; sum)" "$seed2"
rm -r d/b.model; half; run "TRAIN.b=$t"; is "other options start anew" "$(sum)" "$whole"
half; touch d/head.token.icds; run "TRAIN.b=$t --seed 2 --stop-after 6"; is "so does a newer input" "$(sum)" "$seed2"

# ---- seeds, and a row that others are compared with ----
run SEEDS="1 2" ROWS="b c" || no "two seeds" "$(tail -n 1 err)"
is "a model for each seed, a line for each row" "$(ls -d d/*.[12].model | xargs); $(grep -c ' sd 0' log)" \
    "d/b.1.model d/b.2.model d/c.1.model d/c.2.model; 2"
run COMPARE=a || no "compared" "$(tail -n 1 err)"
is "p for all rows but the one compared with" "$(awk '/^[a-d] / {print $1, ($3 ~ /^[01]\.[0-9][0-9][0-9]$/)}' log | xargs)" "a 0 b 1 c 1 d 1"

# ---- programs: next to pipelines, installed, or on the PATH ----
echo "which: ; @command -v icd-train" >which.mk
for d in tree/bin tree/share/icdpipe/bin path; do mkdir -p $d; cp "$(command -v icd-train)" $d; done
mkdir -p tree/pipelines tree/share/icdpipe/pipelines
cp "$ROOT"/pipelines/*.mk tree/pipelines; cp "$ROOT"/pipelines/*.mk tree/share/icdpipe/pipelines
which() { env -u BIN PATH="${2:-/usr/bin:/bin}" make -s -f which.mk -f "$1/base.mk" which 2>&1; }
is "in the tree" "$(which tree/pipelines)" "$PWD/tree/bin/icd-train"
rm -r tree/share/icdpipe/bin; is "installed" "$(which tree/share/icdpipe/pipelines)" "$PWD/tree/bin/icd-train"
rm -r tree/bin; is "on the PATH" "$(which tree/pipelines "$PWD/path:$PATH")" "$PWD/path/icd-train"
is "nowhere" "$(which tree/pipelines | grep -c 'neither in .*/tree/bin nor on the PATH')" 1

# ---- names ----
wrong() { # NAME SAYS ARGUMENT...
    local name=$1 says=$2; shift 2
    run "$@" && no "$name" "went well" || is "$name" "$(grep -cF -- "$says" err)" 1
}
for v in TRIAN VOCABB ROW SAMPEL.know TRIAN.a; do wrong "$v is not a name" "$v: nothing reads" "$v=1"; done
sed '1i TRIAN.a := --lr 1' x.mk >z.mk
is "nor in a file" "$(make -f z.mk D=d 2>&1 | grep -c 'TRIAN.a: nothing reads')" 1
{ echo 'LABELS := --lr 0.01'; sed 's/^TRAIN.b :=.*/TRAIN.b := $(LABELS)/' x.mk; } >z.mk
is "a variable that the file itself reads is none" "$(make -n -f z.mk D=d 2>&1 | grep -c 'nothing reads')" 0
wrong "a row without input" "No rule to make target 'd/e.pred.icds'" "ROWS=a e"
wrong "an input that is not there" "No rule to make target 'd/knwo.token.icds'" INPUT.a=knwo
wrong "options of a row that is not there" "TRAIN.e: no such row is trained, as INPUT.e is not set" TRAIN.e=-q
wrong "a row to compare with that is not shown" "COMPARE: e is not among ROWS" COMPARE=e
wrong "a checkpoint that is not there" "MODEL: t5-base/config.json is not there" MODEL=t5-base
wrong "notes that are not there" "NOTES: none.json is not there" NOTES=none.json
wrong "programs that are not there" "icd-train is neither in" BIN=/nowhere PATH=/usr/bin:/bin
exit $failed
