#!/usr/bin/env bash
# Every stream input of every tool, damaged in every way that tests/fault/mangle.py knows: refused with the right exit
# status and a message, without a crash, without note text in the message and without a file left behind. Read from a
# file and from standard input in turn, written to -o and to standard output in turn. Tools and calls: tests/fault/table.
. "$(dirname "$0")/table"
for t in "$ROOT"/tools/*.c; do
    t=$(basename "$t" .c)
    grep -Eq "^$t +\|" <<<"$rows$more" || no "$t has a row in tests/fault/table"
done

faults() {
    local tool=$1 input=$2 file=$3 args=$4 bad=0 n=0 f name want a
    rm -rf "$T/faults"
    python3 "$ROOT/tests/fault/mangle.py" "$V/$file" "$T/faults" $CANARY || { no "$tool $input: faults made"; return; }
    for f in "$V/$file" "$T"/faults/*; do
        name=${f##*/}
        case $name in 65-*) want=65 ;; 74-*) want=74 ;; any-*) want=any ;; *) want=0 ;; esac
        n=$((n + 1)) a=${args//OUT/$T/out}
        case "$tool $a" in
            "rec-cat --json"*|"rec-cat --text"*|*" -d "*) ;;
            *) [ $((n % 2)) = 0 ] && a="-o $T/out/x.icds $a" ;;
        esac
        run "$want" "$tool" ${a//IN/$f}
        [ -n "$why" ] && { no "$tool $input: $name" "$why"; bad=$((bad + 1)); }
        [ $bad -ge 12 ] && { no "$tool $input: too many, stopped"; return; }
    done
    [ $bad = 0 ] && ok "$tool $input: $n streams"
}
for half in 0 1; do # side by side, each with a folder of its own
    (T=$T/$half; mkdir "$T"; each "$(awk -v half=$half 'NR % 2 == half' <<<"$rows")" faults; exit $failed) &
    halves+=" $!"
done
for half in $halves; do wait $half || failed=1; done

# ---- an abort travels down a pipe, with its cause ----
good="$V/note.icds"
{ head -c $(($(stat -c %s "$good") / 2)) "$good"; } >"$T/half"
is "the cause travels down the pipe" "$(cd "$V"; rec-cat --stream <"$T/half" 2>/dev/null |
    note-sample -q -k kb.icds --budget 64 --tokenizer spiece.model 2>/dev/null |
    tokenize -q -m spiece.model 2>"$T/err" >/dev/null; echo $? $(grep -c 'rec-cat' "$T/err"))" "65 1"
# Before there is a header, too: an input that is not there.
told() {
    local tool=$1 input=$2 args=${4//OUT/$T/out}
    case "$tool $args" in *--json*|*--text*|*" -d "*|vocab-train*) return ;; esac # these write no stream
    rm -rf "$T/out"; mkdir "$T/out"
    is "$tool $input: an input that is not there is told down the pipe" "$(cd "$V"; "$tool" ${args//IN/not-there} 2>/dev/null |
        rec-cat --check 2>&1 >/dev/null | grep -o "$tool failed: .*: No such file" | head -c 200)" \
        "$tool failed: not-there: No such file"
}
each "$rows" told
exit $failed
