#!/usr/bin/env bash
# Every tool with outputs that fail (full, closed, a pipe nobody reads, a directory) and with command lines and inputs
# that are wrong: the right exit status, one message, nothing left behind. Tools and calls: tests/fault/table.
. "$(dirname "$0")/table"
seen=
first() { # the first call of each tool
    case " $seen " in *" $1 "*) return ;; esac
    seen="$seen $1"
    outputs "$@"; wrong "$@"
}
check() { if [ -z "$why" ]; then ok "$1"; else no "$1" "$why"; fi; }
# redirected WANT SHELL-COMMAND: as run(), for what needs the shell's redirections
redirected() {
    rm -rf "$T/out"; mkdir "$T/out"; : >"$T/stderr"
    (cd "$V" && eval "$2") >"$T/stdout" 2>"$T/stderr" </dev/null
    judge "$1" $?
}

outputs() {
    local tool=$1 input=$2 file=$3 call=${4//IN/$3}
    call=${call//OUT/$T/out}
    case $tool in
        mimic-synth) # writes a directory and nothing else
            redirected 74 "mimic-synth -q --admissions 5 /dev/full"; check "$tool: directory that can't be"
            redirected 74 "trap '' XFSZ; ulimit -f 8; mimic-synth -q --admissions 400 '$T/out/x' >/dev/null"
            check "$tool: disk full"
            redirected 0 "$tool $call >&-"; check "$tool: closed standard output"
            return ;;
    esac
    redirected 74 "$tool $call >/dev/full"; check "$tool: full standard output"
    redirected 74 "$tool $call >&-"; check "$tool: closed standard output"
    redirected 74 "$tool $call -o /dev/full"; check "$tool: -o full device"
    redirected 74 "trap '' XFSZ; ulimit -f 1; $tool $call -o '$T/out/x.icds' >/dev/null"; check "$tool: -o on a full disk"
    redirected "64|66|74" "$tool $call -o '$T/none/x.icds'"; check "$tool: -o where no folder is"
    redirected "64|74" "$tool $call -o '$T/out'"; check "$tool: -o a folder"
    # A pipe that nobody reads: quiet, and by the signal. 0 where all of it was written before the reader left.
    mkfifo "$T/fifo"
    redirected "141" "exec 7<>'$T/fifo' 8>'$T/fifo'; exec 7<&-; $tool $call >&8"
    # The small model's texts all meet their limit, and that is said.
    grep -qv ' generated texts met the limit ' "$T/stderr" && why="${why:-says something: $(head -c 200 "$T/stderr")}"
    check "$tool: pipe nobody reads"
    rm "$T/fifo"
    redirected "0" "$tool $call | true"; check "$tool: | true"
    # What was there before stays when the tool fails.
    mkdir -p "$T/old"; echo before >"$T/old/x.icds"
    redirected 74 "trap '' XFSZ; ulimit -f 1; $tool $call -o '$T/old/x.icds' >/dev/null"
    is "$tool: the file that was there stays" "$(cat "$T/old/x.icds" | tr '\n' ' ')$(ls -A "$T/old")" "before x.icds"
    # A file must not get the number of a closed descriptor: messages would go into it.
    redirected 0 "$tool ${call//-q /} -o '$T/out/x.icds' 2>&-"
    local reads="rec-cat --check"
    [ "$tool" = vocab-train ] && reads="tokenize -q $V/note.icds -m"
    [ -n "$why" ] || [[ $call = *--format* ]] || $reads "$T/out/x.icds" >/dev/null 2>"$T/stderr" || why="the output is damaged: $(cat "$T/stderr")"
    check "$tool: standard error closed"
    # A good run with -o: exit 0, mode 0600, nothing else in the folder.
    run 0 $tool $call -o "$T/out/x.icds"
    is "$tool: -o is one file of mode 600" "$why$(cd "$T/out" && find . -maxdepth 1 -type f -printf '%f %m\n')" "x.icds 600"
}

wrong() {
    local tool=$1 input=$2 file=$3 call=${4//IN/$3} a
    call=${call//OUT/$T/out}
    for a in --no-such-option --no-such-option=1 -? --threads=-1 --threads=many --threads --output; do
        run 64 $tool $call "$a"; check "$tool: $a"
    done
    # mimic-split takes its tables from several places, vocab-train several streams, icd-score several systems.
    case $tool in mimic-split|vocab-train|icd-score) ;; *) run 64 $tool $call one two three; check "$tool: too many operands" ;; esac
    run 0 $tool --help; check "$tool: --help"
    is "$tool: --help says something, on standard output" "$([ -s "$T/stdout" ] && [ ! -s "$T/stderr" ] && echo yes)" yes
    run 0 $tool --version; check "$tool: --version"
    redirected 74 "$tool --help >/dev/full"; check "$tool: --help to a full device"
    redirected 74 "$tool --version >&-"; check "$tool: --version, standard output closed"
    [ "$file" = - ] && return
    a=${4//OUT/$T/out}
    run 66 $tool ${a//IN//no/such/file}; check "$tool: missing file"
    [ "$tool" = mimic-split ] && return
    run "65|66|74" $tool ${a//IN/$T}; check "$tool: a folder as input"
    run 65 $tool ${a//IN/-}; check "$tool: empty standard input"
    redirected "65|66|74" "$tool ${a//IN/-} <&-"; check "$tool: closed standard input"
    redirected "65|66|74" "$tool ${a//IN/-} </"; check "$tool: standard input that can't be read"
}
each "$rows$more" first
run 66 mimic-split -q /no/such/directory; check "mimic-split: missing directory"
run "65|66" mimic-split -q --splits "$V/mimic3/splits" "$T"; check "mimic-split: a directory without tables"
exit $failed
