#!/usr/bin/env bash
# An output that is a file the run reads, or another of its outputs: exit 64, one message that names it, nothing touched.
# Every option and operand that names a file has a row here, or the test fails.
. "$(dirname "$0")/table"
W=$T/w
cp -r "$V" "$W" && cd "$W" || exit 1
cp -r "$ROOT/share/caml" "$ROOT/share/labels" .; cp -r "$ROOT/share" own-share
cp "$ROOT/share/prompts/expressions.txt" prompt.txt; cp "$ROOT/share/sections/canonical.tsv" sections.tsv
cp "$ROOT/share/words/denials.tsv" "$ROOT/share/words/stop.txt" "$ROOT/share/icd9/titles.tsv" .
printf '401.9\n428.0\n' >codes.txt; printf 'Codes of: {note}\n' >template.txt
mkdir answers; printf '**Abbreviations**:\n- HTN\n' >answers/401.9.txt; echo '{"code": "401.9", "answer": "**Abbreviations**:\\n- HTN"}' >a.jsonl
(cd mimic3 && tar -cf ../mimic.tar ./*.gz); python3 -m zipfile -c mimic.zip mimic3/*.gz
ln -s . through; mkdir links cache
cp pred.icds copy.icds; cp -r model bare; rm bare/icd.* bare/spiece.model
tree() { find . -type f -not -path './links/*' -printf '%P %m %i %s %T@\n' | sort; }

# spell N FILE: another name of the file, in one of six ways; N says which.
spell() {
    local file=$2 link=links/$1
    case $(($1 % 6)) in
        0) echo "$file" ;;
        1) echo "./through/$file" ;;
        2) echo "$W/$file" ;;
        3) ln -sf "$W/$file" "$link.s" && echo "$link.s" ;;
        4) ln -f "$file" "$link.h" && echo "$link.h" ;;
        5) ln -sf "$W/links/$1.t" "$link.s" && ln -sf "../$file" "$link.t" && echo "$link.s" ;;
    esac
}
n=0
# refused NAME VICTIM COMMAND...
refused() {
    local name=$1 victim=$2 rc why=; shift 2
    "$@" >"$T/stdout" 2>"$T/err" </dev/null; rc=$?
    [ $rc = 64 ] || why="exit $rc: $(head -c 300 "$T/err")"
    [ "$(wc -l <"$T/err")" = 1 ] && grep -q 'output' "$T/err" || why="$why; said: $(head -c 300 "$T/err")"
    rm -f links/*.h
    tree >"$T/after"
    if ! cmp -s "$T/before" "$T/after"; then
        why="$why; touched: $(diff "$T/before" "$T/after" | grep -o '^[<>] [^ ]*' | sort -u | head -n 3 | tr '\n' ' ')"
        rm -rf "$W"; cp -a "$T/kept" "$W"; cd "$W" || exit 1; tree >"$T/before"
    fi
    if [ -z "$why" ]; then ok "$name"; else no "$name" "$why ($*)"; fi
}

train="-q --init t5:d_model=8,layers=1,heads=1,d_ff=8 --d-a 8 --max-steps 1 --save $T/saved --tokenizer spiece.model"
# tool | the option, or "operand" | the file that is read | arguments | other outputs than -o, with what they need
inputs="
rec-cat     | operand    | corpus.csv.gz | --from-csv corpus.csv.gz --gold g.icds | gold
rec-cat     | operand    | kb.ndjson    | --from-json kb.ndjson |
rec-cat     | operand    | note.icds    | --json note.icds |
rec-cat     | operand    | note.icds    | --head note.icds |
vocab-train | operand    | kb.icds      | -q --size 300 kb.icds note.icds |
vocab-train | codes      | gold.icds    | -q --size 300 --codes gold.icds note.icds |
note-sample | operand    | note.icds    | -q -k kb.icds --budget 64 note.icds |
note-sample | knowledge  | kb.icds      | -q -k kb.icds --budget 64 note.icds |
note-sample | tokenizer  | spiece.model | -q -k kb.icds --budget 64 --tokenizer spiece.model note.icds |
note-sample | template   | template.txt | -q -k kb.icds --budget 64 --tokenizer spiece.model --template template.txt note.icds |
note-sample | stop       | stop.txt     | -q -k kb.icds --budget 64 --match word --stop stop.txt note.icds |
note-sample | denials    | denials.tsv  | -q -k kb.icds --budget 64 --negex --denials denials.tsv note.icds |
note-sample | sections   | sections.tsv | -q -k kb.icds --budget 64 --sections sections.tsv note.icds |
note-sample | pred       | pred.icds    | -q -k kb.icds --budget 64 --scope predicted --pred pred.icds note.icds |
note-sample | train-labels | gold.icds  | -q -k kb.icds --budget 64 --scope gold-train --train-labels gold.icds note.icds |
note-sample | oracle-labels | all.icds  | -q -k kb.icds --budget 64 --scope gold --oracle-labels all.icds note.icds |
note-sample | share      | own-share/sections/canonical.tsv | -q -k kb.icds --budget 64 note.icds |
tokenize    | operand    | note.icds    | -q -m spiece.model note.icds |
tokenize    | operand    | token.icds   | -q -m spiece.model -d token.icds |
tokenize    | model      | spiece.model | -q -m spiece.model note.icds |
tokenize    | model      | model/spiece.model | -q -m model note.icds |
tokenize    | knowledge  | kb.icds      | -q -m spiece.model --format 2 -k kb.icds gold.icds |
tokenize    | template   | template.txt | -q -m spiece.model --template template.txt note.icds |
tokenize    | notes      | note.icds    | -q -m spiece.model --order note -k kb.icds --notes note.icds gold.icds |
icd-train   | operand    | token.icds   | $train --target target.icds token.icds |
icd-train   | target     | target.icds  | $train --target target.icds token.icds |
icd-train   | tokenizer  | spiece.model | $train --target target.icds token.icds |
icd-train   | kg         | kg.icds      | $train --target target.icds --kg kg.icds --kg-pool code token.icds |
icd-train   | model      | model/model.safetensors | -q -m model --max-steps 1 --save $T/saved --target target.icds token.icds |
icd-train   | model      | model/config.json | -q -m model --max-steps 1 --save $T/saved --target target.icds token.icds |
icd-infer   | operand    | token.icds   | -q -m model --use att token.icds |
icd-infer   | model      | model/model.safetensors | -q -m model --use att token.icds |
icd-infer   | model      | model/icd.json | -q -m model --use att token.icds |
icd-infer   | tokenizer  | spiece.model | -q -m bare --max-new 4 --tokenizer spiece.model --labels gold.icds token.icds |
icd-infer   | labels     | gold.icds    | -q -m bare --max-new 4 --tokenizer spiece.model --labels gold.icds token.icds |
icd-infer   | thresholds | t.json       | -q -m model --use att --thresholds t.json token.icds |
icd-linear  | operand    | token.icds   | -q -t target.icds token.icds |
icd-linear  | target     | target.icds  | -q -t target.icds token.icds |
icd-linear  | words      | spiece.model | -q -t target.icds -m spiece.model token.icds |
pred-show   | operand    | pred.icds    | -q --format text -n note.icds pred.icds |
pred-show   | notes      | note.icds    | -q --format text -n note.icds pred.icds |
pred-show   | kb         | kb.icds      | -q --format tsv -k kb.icds pred.icds |
icd-score   | operand    | pred.icds    | -q -g all.icds --tune dev.icds pred.icds | save-thresholds
icd-score   | gold       | all.icds     | -q -g all.icds --tune dev.icds pred.icds | save-thresholds
icd-score   | train-gold | gold.icds    | -q -g all.icds --train-gold gold.icds pred.icds |
icd-score   | thresholds | t.json       | -q -g all.icds --thresholds t.json pred.icds |
icd-score   | tune       | dev.icds     | -q -g all.icds --tune dev.icds pred.icds | save-thresholds
icd-score   | compare    | copy.icds    | -q -g all.icds --bootstrap 2 --compare copy.icds pred.icds |
icd-score   | compare-tune | dev.icds   | -q -g all.icds --tune dev.icds --bootstrap 2 --compare pred.icds --compare-tune dev.icds pred.icds | save-thresholds
icd-score   | operand    | metric.icds  | --leaderboard metric.icds |
mimic-split | operand    | mimic3/NOTEEVENTS.csv.gz | -q --splits caml mimic3 | gold report
mimic-split | operand    | mimic3/DIAGNOSES_ICD.csv.gz | -q --splits mimic3/splits --gold g.icds mimic3 | gold report
mimic-split | operand    | mimic.tar    | -q --splits mimic3/splits mimic.tar | gold report
mimic-split | operand    | mimic.zip    | -q --splits mimic3/splits mimic.zip | gold report
mimic-split | splits     | mimic3/splits/dev_50_hadm_ids.csv | -q --splits mimic3/splits --lists 50 mimic3 | report
mimic-split | splits     | mimic3/splits/dev_full_hadm_ids.csv | -q --splits mimic3/splits --lists full mimic3 | gold report
mimic-split | labels     | codes.txt    | -q --splits mimic3/splits --labels codes.txt --gold g.icds mimic3 | gold report
kb-build    | labels     | codes.txt    | -q --labels codes.txt | report
kb-build    | labels     | gold.icds    | -q --labels gold.icds | report
kb-build    | titles     | titles.tsv   | -q --titles titles.tsv | report
kb-build    | answers    | answers/401.9.txt | -q --answers answers | report
kb-build    | answers    | a.jsonl      | -q --answers a.jsonl | report
kb-build    | prompt     | prompt.txt   | -q --labels codes.txt --cache cache --prompt prompt.txt --ask http://127.0.0.1:9/v1 --model m | report
kb-build    | share      | own-share/kb/expressions.ndjson | -q | report
kb-build    | share      | own-share/icd9/titles.tsv | -q | report
"
# One of these says where it goes in other ways: a folder of its own, that is new or its own already.
apart="icd-train:save kb-build:cache"

export ICDPIPE_SHARE=$W/own-share
tree >"$T/before"; cp -a "$W" "$T/kept"
while IFS='|' read -r tool option victim args others; do
    tool=${tool// /}; option=${option// /}; victim=${victim// /}
    [ -n "$tool" ] || continue
    for out in output $others; do
        n=$((n + 1))
        o="--output x.icds"; [ "$out" = output ] && o=
        # the last one given counts
        refused "$tool: --$out is the file of $option ($victim, $((n % 6)))" "$victim" \
            $tool $o $args --$out "$(spell $n "$victim")"
    done
done <<<"$inputs"

# Every option that names a file is there.
for t in "$ROOT"/tools/*.c; do
    tool=$(basename "$t" .c)
    for option in $(grep -E 'OPT_(FILE|FILES|DIR|OUT)\b' "$t" | grep -oE '^ *\{(\.name = )?"[a-z0-9-]+"' | grep -oE '[a-z0-9-]+"' | tr -d '"'); do
        grep -qE "^$tool *\| *$option *\||^$tool *\|.*\|.*\|.*\|.*\b$option\b" <<<"$inputs" || case " $apart " in
            *" $tool:$option "*) ;;
            *) no "$tool: --$option has a row" "none" ;;
        esac
    done
    grep -qE "^$tool *\|" <<<"$inputs" || [ "$tool" = mimic-synth ] || no "$tool has a row" "none"
done

# Two outputs that are one file, there already or not.
split="mimic-split -q --splits mimic3/splits"
: >there.icds; ln -s there.icds to-there; ln there.icds hard; ln -s not-yet.icds to-none
tree >"$T/before"; rm -rf "$T/kept"; cp -a "$W" "$T/kept"
two() { refused "two outputs: $1" - $2; }
two "./a"               "$split --gold ./a.icds -o a.icds mimic3"
two "the whole path"    "$split --gold $W/a.icds -o a.icds mimic3"
two "a folder's link"   "$split --gold through/a.icds -o a.icds mimic3"
two "a link to it"      "$split --gold to-there -o there.icds mimic3"
two "a hard link"       "$split --gold hard -o there.icds mimic3"
two "a dangling link"   "$split --gold to-none -o not-yet.icds mimic3"
two "--report, --gold"  "$split --gold a.icds --report ./a.icds mimic3 -o b.icds"
two "--report, -o"      "$split --report a.icds mimic3 -o a.icds"
two "kb-build"          "kb-build -q --report k.icds -o ./k.icds"
two "icd-score"         "icd-score -q -g all.icds --tune dev.icds --save-thresholds s.json -o ./s.json pred.icds"
two "rec-cat"           "rec-cat --from-csv -g ./g.icds -o g.icds corpus.csv.gz"
mkdir saved
two "icd-train: a file of the model" "icd-train ${train//$T\/saved/saved} --target target.icds -o saved/icd.json token.icds"
rmdir saved

# Standard output under other names, as a pipe and as a file.
for what in /dev/stdout /dev/fd/1 /proc/self/fd/1 -; do
    for tool in "$split --gold $what mimic3" "$split --report $what mimic3" "$split --gold $what -o - mimic3" \
                "$split --gold $what --report $what -o c.icds mimic3" "rec-cat --from-csv -g $what corpus.csv.gz" \
                "kb-build -q --report $what" "icd-score -q -g all.icds --tune dev.icds --save-thresholds $what pred.icds"; do
        bash -c "set -o pipefail; $tool | cat" >/dev/null 2>"$T/err"; is "into a pipe: $tool" $? 64
        $tool >"$T/f" 2>"$T/err"; is "into a file: $tool" $? 64
    done
done
# It is what - is: nothing else in its place, what another program writes behind it stays.
for what in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
    { rec-cat --stream -o $what note.icds; printf end; } >"$T/f"
    is "-o $what into a file" "$(cat note.icds <(printf end) | md5sum)" "$(md5sum <"$T/f")"
done
refused "standard output: a file the run reads" - bash -c 'rec-cat --stream note.icds >>note.icds'
refused "standard input: the file that -o replaces" - bash -c 'rec-cat --stream <note.icds -o note.icds'
# What is no file can be both.
rec-cat --stream -o /dev/null note.icds && $split --gold /dev/null --report /dev/null -o /dev/null mimic3
is "/dev/null, several times" $? 0
exits "process substitution" 0 bash -c "$split --gold >(rec-cat --check >'$T/check') mimic3 | rec-cat --check; sleep 0.2"
is "process substitution: what came" "$(grep -c records "$T/out" "$T/check" | sed 's/.*://' | tr '\n' ' ')" "1 1 "

# A stream made of a stream may go in its place.
cp note.icds x.icds; ln -s x.icds to-x; ln x.icds hard-x
before=$(rec-cat --text --where split=train x.icds | md5sum)
rec-cat --stream --where split=train x.icds -o x.icds
is "rec-cat in place" "$? $(rec-cat --text x.icds | md5sum)" "0 $before"
rec-cat --stream --where split=train x.icds -o to-x; is "rec-cat in place, through a link" "$? $(readlink to-x)" "0 x.icds"
exit $failed
