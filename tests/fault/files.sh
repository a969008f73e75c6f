#!/usr/bin/env bash
# Inputs that are no streams, cut short or replaced by what they are not: compressed tables, vocabularies, weights, JSON.
# Half a file is never taken for a whole one. Files and calls: `files` in tests/fault/table.
. "$(dirname "$0")/table"

# place FILE INPUT: where FILE has to lie to be read as INPUT; a model or table directory is links with FILE put in
place() {
    local whole=$1 file=$2
    case $whole in
        */*) rm -rf "$T/dir"; mkdir "$T/dir"
             ln -s "$V/${whole%%/*}"/* "$T/dir"; rm -f "$T/dir/${whole#*/}"
             [ -n "$file" ] && ln -s "$file" "$T/dir/${whole#*/}"
             at=$T/dir ;;
        *) at=${file:-$T/none} ;;
    esac
}
cuts() {
    local tool=$1 input=$2 file=$3 args=$4 size i cut bad=0 a=${4//OUT/$T/out}
    size=$(stat -c %s "$V/$file")
    place "$file" "$V/$file"; run 0 "$tool" ${a//IN/$at}
    [ -n "$why" ] && { no "$tool $input: whole" "$why"; return; }
    for i in $(seq 0 19); do
        cut=$(((size - 2) * i / 19)) # the last byte may be a newline that nobody misses
        # JSON lines and an SPM file may be cut behind a whole line or field: what is left is a shorter whole file.
        case "$tool $input" in "rec-cat json") head -c $cut "$V/$file" | sed '$s/}$//' >"$T/cut" ;; *) head -c $cut "$V/$file" >"$T/cut" ;; esac
        place "$file" "$T/cut"; run "64|65|66" "$tool" ${a//IN/$at}
        [ -n "$why" ] && { no "$tool $input: cut at $cut of $size" "$why"; bad=$((bad + 1)); }
    done
    head -c 5000 /dev/zero >"$T/cut"; place "$file" "$T/cut"; run "64|65|66" "$tool" ${a//IN/$at}
    [ -n "$why" ] && { no "$tool $input: zeros" "$why"; bad=$((bad + 1)); }
    printf '%s not what it should be\n' $CANARY >"$T/cut"; place "$file" "$T/cut"; run "64|65|66" "$tool" ${a//IN/$at}
    [ -n "$why" ] && { no "$tool $input: text" "$why"; bad=$((bad + 1)); }
    place "$file" ""; run "65|66" "$tool" ${a//IN/$at}
    [ -n "$why" ] && { no "$tool $input: missing" "$why"; bad=$((bad + 1)); }
    [ $bad = 0 ] && ok "$tool $input: cut, zeros, text, missing"
}
each "$files" cuts

# ---- any byte of a table's archive, a vocabulary or weights changed: refused or harmless, never a crash ----
flips() {
    local tool=$1 input=$2 file=$3 args=$4 bad=0 f a=${4//OUT/$T/out}
    rm -rf "$T/flips"; mkdir "$T/flips"
    python3 - "$V/$file" "$T/flips" <<'PY'
import random, sys
good, r = open(sys.argv[1], "rb").read(), random.Random(7)
for i in range(12):
    b = bytearray(good)
    for at in [r.randrange(min(len(b), 400)) if i % 2 else r.randrange(len(b)) for _ in range(1 + i % 3)]:
        b[at] = r.choice([0, 255, b[at] ^ 1 << r.randrange(8)])
    open("%s/%d" % (sys.argv[2], i), "wb").write(b)
PY
    for f in "$T"/flips/*; do
        place "$file" "$f"; run any "$tool" ${a//IN/$at}
        [ -n "$why" ] && { no "$tool $input: bytes changed (${f##*/})" "$why"; bad=$((bad + 1)); }
    done
    [ $bad = 0 ] && ok "$tool $input: bytes changed"
}
each "$files" flips
exit $failed
