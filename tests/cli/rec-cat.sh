#!/usr/bin/env bash
# rec-cat: JSON in and out, selections, copies, checks, and every way to refuse.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
cat >n.ndjson <<'X'
{"id":"1","subject":"7","split":"train","text":"HTN é \u0000\u0007 \"q\"\n[**Name**]\n","parts":[{"kind":"Discharge summary","row":1}]}

{"id":"2","split":"dev","text":"two","spans":[[0,1],[2,3]],"x":{"$f32":0.25},"y":[0.1,-3,18.0,{"$bin":"AAE="},null,true]}
{"id":"3","split":"test","text":"three\n"}
X
cat >g.ndjson <<'X'
{"id":"1","split":"train","codes":["428.0","401.9"]}
{"id":"2","split":"dev","codes":["038.9"]}
{"id":"3","split":"test","codes":[]}
X
exits "bare notes enter" 0 rec-cat --from-json --schema note -o n.icds n.ndjson
exits "bare gold enters" 0 rec-cat --from-json --schema gold -o g.icds g.ndjson
is "gold's labels are found and sorted" "$(rec-cat --head --json g.icds | grep -o '"meta":{.*},"history"')" \
    '"meta":{"labels":["038.9","401.9","428.0"],"label_set":"found"},"history"'
is "or given" "$(rec-cat --from-json --schema gold --meta '{"labels":["1","038.9"],"label_set":"mine"}' g.ndjson | rec-cat --head |
    sed -n 3p)" 'meta     {"labels":["1", "038.9"], "label_set":"mine"}'

# ---- round trip: stream -> JSON -> stream, byte for byte ----
round() { rec-cat --json "$2" >r.json && rec-cat --from-json r.json >r.icds && cmp -s r.icds "$2" && ok "$1" || no "$1"; }
round "round trip of notes" n.icds
round "round trip of gold" g.icds
rec-cat --where split=train,dev n.icds >some.icds
round "round trip with history and lineage" some.icds
is "JSON has header, records, end" "$(rec-cat --json n.icds | cut -c1-9 | tr '\n' ' ')" '{"header" {"id":"1" {"id":"2" {"id":"3" {"end":{" '
same "a copy is the same" <(rec-cat n.icds) n.icds
same "--stream is what a pipe gets" <(rec-cat --stream n.icds) n.icds
rec-cat -z n.icds >n.z && rec-cat -o n.zst n.icds
is "zstd both ways" "$(head -c 4 n.z | od -An -tx1)$(head -c 4 n.zst | od -An -tx1)" " 28 b5 2f fd 28 b5 2f fd"
same "zstd undone" <(rec-cat n.z) n.icds
is "zstd with its own checksum" "$(($(od -An -tu1 -j4 -N1 n.z) & 4))" 4
# what other writers of zstd do: several frames, skippable frames before (pzstd), between and behind
skippable='\x5a\x2a\x4d\x18\x04\x00\x00\x00\xff\xff\xff\xff'
same "skippable frames" <((printf $skippable; cat n.z; printf $skippable$skippable) | rec-cat) n.icds
rec-cat -z <(rec-cat -n 1 n.icds) >z1 # two frames that are two streams
exits "two compressed streams" 65 sh -c 'cat n.z z1 | rec-cat --check'
exits "a skippable frame alone" 65 sh -c "printf '$skippable' | rec-cat --check"
exits "a cut skippable frame" 65 sh -c "(cat n.z; printf '\x5a\x2a\x4d\x18\x04\x00') | rec-cat --check"
if command -v zstd >/dev/null; then
    same "several zstd frames" <((head -c 100 n.icds | zstd -qc; tail -c +101 n.icds | zstd -qc) | rec-cat) n.icds
    same "levels and windows of zstd" <(zstd -qc --ultra -22 n.icds | rec-cat) n.icds
fi
same "zstd from standard input undone" <(rec-cat - <n.zst) n.icds
rec-cat --json -o j.json n.icds && same "--json -o" j.json <(rec-cat --json n.icds)
is "files are for their owner only" "$(stat -c %a n.icds j.json | tr '\n' ' ')" "600 600 "
empty='{"header":{"format":"icds","version":1,"schema":"pred","meta":{},"history":[],"oracle":true}}
{"end":{"records":0,"xxh64":"'
echo "${empty}0000000000000000\",\"lineage\":[]}}" | rec-cat --from-json >e.icds 2>e.err
is "a wrong digest in JSON is told" "$? $(grep -c 'line 2: the end names another digest' e.err)" "65 1"

# a writer that does not use the shortest forms: read, copied as it is
python3 - <<'X'
import ctypes, struct
lib = ctypes.CDLL("libxxhash.so.0")
lib.XXH64.restype, lib.XXH64.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
def write(name, head, *recs):
    data = b"".join((head,) + recs)
    digest = b"%016x" % lib.XXH64(data, len(data), 0)
    open(name, "wb").write(data + b"\x92\x02\x83\xa7records" + bytes([len(recs)]) + b"\xa5xxh64\xb0" + digest + b"\xa7lineage\x90")
head = b"\xdc\x00\x02\xcc\x00\x84\xd9\x06format\xa4icds\xa7version\xd1\x00\x01\xa6schema\xa4gold\xa4meta\x80"
rec = b"\xdd\x00\x00\x00\x02\xcd\x00\x01\xdf\x00\x00\x00\x02\xa2id\xda\x00\x01a\xa5codes\xdc\x00\x00"
write("long.icds", head, rec)
write("twice.icds", head, rec, rec)
X
same "a copy of long forms is the same" <(rec-cat long.icds) long.icds
is "long forms are read" "$(rec-cat --json long.icds | sed -n 2p)" '{"id":"a","codes":[]}'
is "and selected" "$(rec-cat --where id=a long.icds | rec-cat --json | sed -n 2p)" '{"id":"a","codes":[]}'

# every number, in every schema: comes back as the text it is written as, and as the bytes it was
odd='[{"$f64":"0x7ff8000000000001"},{"$f64":"0xfff0000000000000"},{"$f32":"0x7fc00001"},{"$f32":"0xff800000"},{"$f32":-0.0},-0.0'
odd+=',4.94065645841247e-324,2.2250738585072014e-308,1.7976931348623157e+308,{"$f32":1.4013e-45},{"$f32":3.4028235e+38}'
odd+=',0.1,1.0,1e+22,9223372036854775807,-9223372036854775808,{"$u64":"18446744073709551615"},{"$u64":"9223372036854775808"}'
for n in 127 255 65535 4294967295; do odd+=",$n,$((n + 1)),-$n,-$((n + 1)),-$((n + 2))"; done
odd+=',{"$bin":""},{"$bin":"/w=="},{"$ext":[-1,"AAAAAA=="]},{"$ext":[5,""]},{"$ext":[-128,"AAECAwQ="]},{"$map":{"$bin":1}}'
odd+=",{\"\":{}},[],\"\\u0000\",true,false,null,$(printf '[%.0s' {1..28})$(printf ']%.0s' {1..28})]"
while read -r schema fields; do
    echo "{$fields,\"x\":$odd}" >odd.ndjson
    rec-cat --from-json --schema $schema -o odd.icds odd.ndjson && round "round trip of odd values: $schema" odd.icds
    same "odd values are told as they are: $schema" <(rec-cat --json odd.icds | sed '1d;$d') odd.ndjson
done <<'X'
note "id":"1","text":""
gold "id":"1","codes":[],"sequence":[]
kb "code":"1","terms":[]
token "id":"1","ids":{"$bin":""},"offsets":{"$bin":"AA=="}
target "id":"1","ids":{"$bin":"AAAA"}
pred "id":"1","codes":["a"],"gen":{},"scores":{"$bin":""},"evidence":[]
metric "metric":"m","value":{"$f64":"0x7ff8000000000000"},"n":-1
trainlog "event":"e","epoch":0.5
X
{ printf '\n \t\r\n'; head -n 1 n.ndjson | tr '\n' '\r'; printf '\n\n'; tail -n 1 n.ndjson | tr -d '\n'; } >blank.ndjson
is "blank lines, CRLF, no newline at the end" "$(rec-cat --from-json --schema note blank.ndjson | rec-cat --json | sed '1d;$d')" "$(head -n 1 n.ndjson; tail -n 1 n.ndjson)"

# a large one, with records over every buffer
awk 'BEGIN { for (i = 0; i < 300; i++) { printf "{\"id\":\"%d\",\"split\":\"train\",\"text\":\"", i;
    for (k = 0; k < i * 40; k++) printf "word%d ", k * i; print "\"}" } }' >big.ndjson
rec-cat --from-json --schema note big.ndjson >big.icds
round "round trip of large records" big.icds
same "records are the lines" <(rec-cat --json big.icds | sed '1d;$d') big.ndjson

data=$ROOT/../shared/data/codiesp/v4
if [ -d "$data" ]; then
    python3 - "$data" >real.ndjson <<'X'
import glob, json, os, sys
for split in ("train", "dev", "test"):
    for sub in ("text_files_en", "text_files"):
        for f in sorted(glob.glob(os.path.join(sys.argv[1], split, sub, "*.txt"))):
            t = open(f, encoding="utf-8", newline="").read()
            print(json.dumps({"id": sub + "/" + os.path.basename(f), "split": split, "text": t}, ensure_ascii=False, separators=(",", ":")))
X
    rec-cat --from-json --schema note real.ndjson >real.icds
    round "round trip of real text ($(wc -l <real.ndjson) notes)" real.icds
    same "real text comes back as it was" <(rec-cat --json real.icds | sed '1d;$d') real.ndjson
    is "all of it is there" "$(rec-cat --check real.icds | awk '{ print $2 }')" "$(wc -l <real.ndjson)"
else
    skip "round trip of real text" "no CodiEsp here"
fi

# ---- looking and picking ----
is "--check" "$(rec-cat --check n.icds | cut -c1-24)" "note  3 records  xxh64 $(rec-cat --json n.icds | tail -1 | sed 's/.*"records":3,"xxh64":"\(.\).*/\1/')"
is "--head" "$(rec-cat --head some.icds | sed 's/  .*//' | tr '\n' ' ')" "schema oracle meta history   "
is "--head shows who read whom" "$(rec-cat --head some.icds | tail -1 | cut -c1-32)" "  1  rec-cat 0.1.0  from 0  {\"wh"
printf '\x92\x00\x85\xa6format\xa4icds\xa7version\x01\xa6schema\xa4note\xa4meta\x81\xa2\x1bk\xa2\x7fv' >words.icds
printf '\xa7history\x91\x82\xa4tool\xa3\x1b[2\xa7version\xa2\n\x07' >>words.icds
is "--head steers no terminal" "$(rec-cat --head words.icds | tr '\n' '|')" 'schema   note|oracle   no|meta     {"?k":"?v"}|history|  0  ?[2 ??  |'
is "--where" "$(rec-cat --json --where split=dev,test n.icds | cut -c1-9 | tr '\n' ' ')" '{"id":"2" {"id":"3" '
is "--where takes whole values" "$(rec-cat --json --where split=tra,rain,ain,t,,trainX n.icds)" ""
is "--where of an empty value" "$(rec-cat --json --where split=,dev <(cat n.ndjson <(echo '{"id":"4","split":"","text":""}') |
    rec-cat --from-json --schema note) | cut -c1-9 | tr '\n' ' ')" '{"id":"2" {"id":"4" '
is "--where twice" "$(rec-cat --json --where split=dev,test --where id=3,1 n.icds | cut -c1-9)" '{"id":"3"'
is "-n" "$(rec-cat --json -n 2 n.icds | wc -l)" 2
is "-n after --where" "$(rec-cat --json -n 1 --where split=dev,test n.icds | cut -c1-9)" '{"id":"2"'
is "a selection is a stream" "$(rec-cat -n 2 n.icds | rec-cat --where split=dev | rec-cat --check | cut -d' ' -f1-3)" "note  1"
is "it names the selection" "$(rec-cat --head some.icds | grep -c 'split=train,dev')" 1
is "--text of notes: spans, or all" "$(rec-cat --text n.icds | tail -3 | tr '\n' '|')" "t|o|three|"
is "--text --where" "$(rec-cat --text --where split=test n.icds)" three
echo '{"code":"401.9","kind":"diagnosis","title":"Hypertension","terms":[{"text":"HTN","type":"abbreviation"},{"type":"term"}]}' |
    rec-cat --from-json --schema kb >kb.icds
is "--text of kb" "$(rec-cat --text kb.icds | tr '\n' '|')" "Hypertension|HTN|"
rec-cat --where split=train,dev g.icds | rec-cat --check >/dev/null && ok "the pipe of two" || no "the pipe of two"

# ---- refusals ----
exits "no schema for bare records" 64 rec-cat --from-json n.ndjson
exits "a schema that is not" 64 rec-cat --from-json --schema nope n.ndjson
exits "two modes" 64 rec-cat --json --check n.icds
exits "--where with --check" 64 rec-cat --check --where a=b n.icds
exits "--where without =" 64 rec-cat --where split n.icds
exits "--where on a field nobody has" 64 rec-cat --json --where splt=dev n.icds
exits "--schema without --from-json" 64 rec-cat --schema note n.icds
exits "--meta that is no object" 64 rec-cat --from-json --schema note --meta '[1]' n.ndjson
exits "--meta beside a header line" 64 rec-cat --from-json --meta '{}' r.json
exits "--schema against the header" 64 rec-cat --from-json --schema pred r.json
exits "two inputs" 64 rec-cat n.icds g.icds
exits "--text of gold" 65 rec-cat --text g.icds
exits "--check of two records with one id" 65 rec-cat --check twice.icds
is "it says which" "$(cat err)" "rec-cat: twice.icds: record 2: field id: an earlier record has the same"
exits "JSON as a stream" 65 rec-cat n.ndjson
is "points to --from-json" "$(grep -c -- --from-json err)" 1
exits "nothing as JSON" 65 rec-cat --from-json --schema note /dev/null
exits "nothing as a stream" 65 rec-cat --check /dev/null
exits "no such file" 66 rec-cat none.icds
exits "no such JSON" 66 rec-cat --from-json --schema note none
exits "a folder" 66 rec-cat --from-json --schema note .
exits "a folder as a stream" 66 rec-cat --check .
exits "a folder on standard input" 66 sh -c 'rec-cat --check <.'
exits "a stream as JSON" 65 rec-cat --from-json --schema note n.icds
exits "full disk, JSON" 74 sh -c 'rec-cat --json n.icds >/dev/full'
exits "full disk, stream" 74 sh -c 'rec-cat n.icds >/dev/full'
exits "full disk, selection" 74 sh -c 'rec-cat -n 1 n.icds >/dev/full'
exits "closed output, JSON" 74 sh -c 'rec-cat --json n.icds >&-'
exits "closed output, stream" 74 sh -c 'rec-cat n.icds >&-'

# bad LINE-TEXT: what the message must say. The text itself must not be told.
bad() { # name, message, lines on standard input
    rec-cat --from-json --schema "${3:-note}" >b.icds 2>b.err; local got=$?
    if [ $got = 65 ] && grep -q -- "$2" b.err && ! grep -q SECRET b.err && [ "$(wc -l <b.err)" = 1 ]; then ok "$1"
    else no "$1" "$got $(cat b.err)"; fi
}
bad "not JSON" "line 2: column .*: not JSON" <<'X'
{"id":"1","text":"SECRET"}
{"id":"2","text":SECRET}
X
bad "cut JSON" "line 1: column .*: the JSON is cut off" <<<'{"id":"1","text":"SECRET"'
bad "more on a line" "line 1: column .*: more than one JSON value" <<<'{"id":"1","text":"SECRET"} {"id":"2"}'
bad "key twice" "line 1: column .*: a key stands twice" <<<'{"id":"1","id":"2","text":"SECRET"}'
bad "not UTF-8" "line 1: column 26: not UTF-8" < <(printf '{"id":"1","text":"SECRET \xff"}\n')
bad "no text" "line 3: field text: missing" <<'X'

{"id":"1","text":"SECRET"}
{"id":"2"}
X
bad "wrong type" "line 1: field text: not a string" <<<'{"id":"1","text":["SECRET"]}'
bad "same id" "line 2: field id: an earlier record has the same" <<'X'
{"id":"SECRET","text":""}
{"id":"SECRET","text":""}
X
bad "an array" "line 1: the record is not a map" <<<'["SECRET"]'
bad "bad base64" "line 1: not base64" token <<<'{"id":"1","ids":{"$bin":"SECRET!="}}'
bad "unknown special form" "line 1: an object whose one key starts with" <<<'{"id":"1","text":"SECRET","x":{"$SECRET":1}}'
bad "too deep" "line 1: nested deeper" < <(printf '{"id":"1","text":"SECRET","x":%s%s}\n' "$(printf '[%.0s' {1..40})" "$(printf ']%.0s' {1..40})")
bad "much too deep" "line 1:" < <(python3 -c 'print("[" * 100000)')
bad "a huge number" "line 1: column .*: a number too large" <<<'{"id":"1","text":"SECRET","x":123456789012345678901234567890}'
bad "codes that are none" "line 1: field codes" gold <<<'{"id":"1","codes":["SECRET",1]}'
bad "an empty code" "line 2: field codes" gold <<<'{"id":"1","codes":["SECRET"]}
{"id":"2","codes":[""]}'
case $B in
    */san) ;; # slow there
    *) bad "a line without end" "line 1: longer than 1073741824 bytes" < <(head -c 1100000000 /dev/zero | tr '\0' x) ;;
esac
bad "gold id twice" "line 2: field id" gold <<<'{"id":"SECRET","codes":[]}
{"id":"SECRET","codes":[]}'

rec-cat --json n.icds >whole.json
exact() { # name message
    rec-cat --from-json -o x.icds 2>x.err; local got=$?
    [ $got = 65 ] && grep -q -- "$2" x.err && [ ! -e x.icds ] && ok "$1" || no "$1" "$got $(cat x.err)"
}
exact "no end line" "no end line" < <(head -n 4 whole.json)
exact "a record is missing" "the end counts 3 records, 2 were there" < <(sed 2d whole.json)
exact "a record was changed" "the end names another digest" < <(sed 's/three/tree/' whole.json)
exact "a lineage that is no list" "line 5: the end is malformed" < <(sed '$s/"lineage":.*/"lineage":5}}/' whole.json)
exact "a header too deep" "line 1: nested deeper" < <(sed "1s/\"meta\":{/&\"x\":$(printf '[%.0s' {1..40})$(printf ']%.0s' {1..40}),/" whole.json)
exact "lines after the end" "lines after the end" < <(cat whole.json n.ndjson)
exact "an unknown schema in the header" "line 1: header: unknown schema" < <(sed 's/"schema":"note"/"schema":"nope"/' whole.json)

# A pipe whose first part fails: the cause and its code arrive, and no output does.
head -c 300 n.icds | rec-cat 2>err1 | rec-cat 2>err2 | rec-cat --json >/dev/null 2>err3
is "a failure goes down the pipe" "${PIPESTATUS[*]} $(grep -c '^rec-cat: standard input: rec-cat failed: standard input: .*cut off' err3)" "0 65 65 65 1"
wrong=
for at in $(seq 1 25 $(($(stat -c %s n.icds) - 1))); do
    head -c "$at" n.icds >cut
    for how in --json --check --text --stream "--where split=test"; do
        # shellcheck disable=SC2086
        rec-cat $how -o whole cut 2>cut.err; rc=$?
        [ $rc = 65 ] && [ ! -e whole ] && [ "$(wc -l <cut.err)" = 1 ] || wrong="$wrong $at:$how:$rc"
    done
done
is "cut anywhere: no output, one line" "$wrong" ""
rec-cat --json big.icds 2>pipe.err | head -n 1 >/dev/null
is "a closed pipe: quiet, and not exit 0" "${PIPESTATUS[0]} $(cat pipe.err)" "141 "
is "no temporary files" "$(find . -name '.*.??????' | wc -l)" 0

# ---- a terminal ----
python3 - >tty.out <<'X'
import os, pty, sys
def run(*argv):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    out = b""
    while True:
        try: got = os.read(fd, 65536)
        except OSError: break
        if not got: break
        out += got
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out
rc, out = run("rec-cat", "n.icds")
print("json", rc, out.startswith(b'{"header"'))
rc, out = run("rec-cat", "--stream", "n.icds")
print("stream", rc, b"binary output to a terminal" in out)
rc, out = run("rec-cat", "-n", "1", "--stream", "n.icds")
print("select", rc, b"binary output to a terminal" in out)
rc, out = run("rec-cat", "--json")
print("stdin", rc, b"standard input is a terminal" in out)
X
is "on a terminal: JSON by itself, never binary, no silent wait" "$(tr '\n' ' ' <tty.out)" "json 0 True stream 64 True select 64 True stdin 64 True "
exit $failed
