#!/usr/bin/env bash
# A tool that is stopped in the middle leaves no half-written file under its final name: SIGTERM and SIGINT also remove the
# temporary file, SIGKILL can't. Input comes through a pipe that stays open half-way, so that the middle is where it waits.
. "$(dirname "$0")/table"
seen=
# stopped TOOL SIGNAL COMMAND...: starts it, waits until it has read the half, sends the signal, sets rc
stopped() {
    local tool=$1 signal=$2 i; shift 2
    rm -rf "$T/out" "$T/fifo"; mkdir "$T/out"; mkfifo "$T/fifo"
    (cd "$V" && exec "$@" <"$T/fifo" >"$T/stdout" 2>"$T/stderr") & pid=$!
    exec 5>"$T/fifo"
    head -c "$half" "$V/$file" >&5
    for i in $(seq 100); do
        [ "$(awk '/^State/ {print $2}' /proc/$pid/status 2>/dev/null)" = S ] && break
        sleep 0.02
    done
    sleep 0.1
    kill -"$signal" $pid; wait $pid; rc=$?
    exec 5>&-
}
kills() {
    local tool=$1 input=$2 file=$3 args=$4 half left
    case " $seen " in *" $tool "*) return ;; esac
    seen="$seen $tool"
    half=$(($(stat -c %s "$V/$file") / 2))
    for s in TERM INT KILL; do
        # A background job of a script ignores SIGINT; env puts it back.
        args=${4//OUT/$T/out}
        stopped "$tool" $s env --default-signal=INT "$tool" ${args//IN/-} -o "$T/out/x.icds" 2>/dev/null
        left=$(cd "$T/out" && find . -type f | tr '\n' ' ')
        case $s-$rc in TERM-143|INT-130|KILL-137) ;; *) no "$tool: SIG$s" "exit $rc: $(head -c 300 "$T/stderr")"; continue ;; esac
        [ $s = KILL ] && left=$(grep -ao '\./x.icds ' <<<"$left")
        if grep -aq "$CANARY\|Sanitizer" "$T/stderr"; then no "$tool: SIG$s" "message: $(grep -av $CANARY "$T/stderr" | head -c 300)"
        elif [ -n "$left" ]; then no "$tool: SIG$s" "left behind: $left"
        else ok "$tool: SIG$s"; fi
    done
}
each "$rows" kills

# Tools that read no stream: stopped at some moment, what stands under the final name is whole or absent.
whole() { # NAME COMMAND: five moments
    local name=$1 d pid bad=; shift
    for d in 0.01 0.05 0.1 0.2 0.4; do
        rm -rf "$T/out"; mkdir "$T/out"
        (cd "$V" && exec "$@" >/dev/null 2>&1) & pid=$!
        sleep $d; kill -KILL $pid 2>/dev/null; wait $pid 2>/dev/null
        for f in "$T"/out/*.icds; do [ -f "$f" ] && { rec-cat --check "$f" >/dev/null 2>&1 || bad="$bad $d s"; }; done
    done
    if [ -z "$bad" ]; then ok "$name: killed at any moment"; else no "$name: killed" "half a file at$bad"; fi
}
whole kb-build kb-build -q -o "$T/out/kb.icds"
whole mimic-split mimic-split -q --splits mimic3/splits --gold "$T/out/gold.icds" -o "$T/out/note.icds" mimic3
exit $failed
