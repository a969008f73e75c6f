# Sourced by tests/e2e/*.sh behind tests/lib.sh: the small pipe and what its streams hold.
cd "$T" || exit 1
command -v spm_train >/dev/null || { skip "$(basename "$0")" "no spm_train (Debian: sentencepiece)"; exit 0; }
# pipe DIR [MAKE-ARGUMENT]...: runs small.mk in DIR/d; what it says is in DIR/log
pipe() {
    local d=$1; shift
    mkdir -p "$d"
    (cd "$d" && unset MAKEFLAGS MFLAGS MAKELEVEL && make -s -j4 -f "$ROOT/tests/e2e/small.mk" D=d "$@") >"$d/log" 2>"$d/err"
}
# records STREAM: its records alone, as JSON lines: what may not depend on anything but what the stage was to read
records() { rec-cat --json "$1" | grep -v '^{"\(header\|end\)":'; }
# records_equal NAME STREAM STREAM; records_differ likewise
records_equal() {
    records "$2" >r1 && records "$3" >r2 && [ -s r1 ] || { no "$1" "no records"; return; }
    same "$1" r1 r2
}
records_differ() {
    records "$2" >r1 && records "$3" >r2 && [ -s r1 ] || { no "$1" "no records"; return; }
    if cmp -s r1 r2; then no "$1" "the same records"; else ok "$1"; fi
}
