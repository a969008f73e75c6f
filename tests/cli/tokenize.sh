#!/bin/bash
# tokenize: ids against Debian's spm_encode, offsets, targets and their order, knowledge, -d, refusals.
. "$(dirname "$0")/../lib.sh"
command -v spm_train >/dev/null && command -v spm_encode >/dev/null || { skip tokenize "no spm_train here (make deps)"; exit 0; }
cd "$T" || exit 1
# Two empty files are no evidence: same, but there must be something. try: exits, with its messages kept.
alike() { if [ -s "$2" ]; then same "$@"; else no "$1" "nothing to compare"; fi; }
try() { exits "$@"; cat "$T/err" >>"$T/errs"; }
NOTES=$ROOT/tests/golden/notes.txt
train() { # PREFIX OPTION...
    local p=$1; shift
    spm_train --input="$NOTES" --model_prefix="$p" --vocab_size=400 --hard_vocab_limit=false --pad_id=0 --eos_id=1 \
        --unk_id=2 --bos_id=-1 --character_coverage=1.0 "$@" 2>log || no "spm_train $p" "$(tail -n 1 log)"
}
mkdir dir; train dir/spiece; cp dir/spiece.model m.model; train other --model_type=bpe

# A note a line, a note of all lines (newlines inside), one of odd characters, an empty one; the last three are dev.
python3 - "$NOTES" >note.ndjson <<'P'
import json, sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")[:-1]
odd = "The \ufb01rst \ufb02ow\t\uff14\uff10\uff11\uff0e\uff19 caf\u0065\u0301\r\n\r\nna\u00efve\u00a0x \U0001F600 {end}   "
for i, t in enumerate(lines):
    print(json.dumps({"id": f"n{i}", "split": "train", "text": t}))
for i, t in enumerate(["\n".join(lines), odd, ""]):
    print(json.dumps({"id": f"o{i}", "split": "dev", "text": t}))
P
rec-cat --from-json --schema note -o note.icds note.ndjson || no "note stream"

# ---- notes ----
try "notes" 0 tokenize -m m.model --max-length 0 -o token.icds note.icds
cp err notes.err
rec-cat --json token.icds >token.json
python3 - note.ndjson token.json >check.txt 2>&1 <<'P'
import base64, json, struct, subprocess, sys
notes = {r["id"]: r for r in map(json.loads, open(sys.argv[1]))}
head, *recs, end = map(json.loads, open(sys.argv[2]))
meta = head["header"]["meta"]
assert head["header"]["schema"] == "token" and meta["of"] == "note" and meta["ids"] == "i32" and meta["offsets"] == "u32"
assert sorted(meta["tokenizer"]) == ["bos", "eos", "name", "pad", "pieces", "unk", "xxh64"] and meta["tokenizer"]["name"] == "m.model"
assert [r["id"] for r in recs] == list(notes)
def of(r, f, c):
    b = base64.b64decode(r[f]["$bin"])
    return list(struct.unpack("<%d%s" % (len(b) // 4, c), b))
n = 0
for r in recs:
    raw = notes[r["id"]]["text"].encode()
    ids, off = of(r, "ids", "i"), of(r, "offsets", "I")
    assert r["split"] == notes[r["id"]]["split"]
    assert ids[-1] == 1 and off[-2:] == [len(raw)] * 2 and len(off) == 2 * len(ids)
    at = 0
    for b, e in zip(off[:-2:2], off[1:-2:2]):
        assert at <= b <= e <= len(raw) and not raw[at:b].strip(), (r["id"], at, b, e)
        raw[b:e].decode()  # whole characters
        at = e
    assert not raw[at:].strip()
    if r["id"][0] == "n":
        want = subprocess.run(["spm_encode", "--model=m.model", "--output_format=id"], input=raw + b"\n", capture_output=True, check=True)
        assert ids[:-1] == [int(x) for x in want.stdout.split()], r["id"]
        n += 1
assert n > 20
unknown = sum(of(r, "ids", "i").count(2) for r in recs)
assert unknown > 0 and open("notes.err").read() == "tokenize: %d ids are the unknown piece\n" % unknown, unknown
print("fine")
P
is "ids of spm_encode, offsets, meta" "$(tail -n 1 check.txt)" fine
# Every note of a synthetic corpus: a newline is a blank to this vocabulary's normaliser, so spm_encode can be given lines.
mimic-synth -q --admissions 60 --length 300 mimic3 && mimic-split -q --splits mimic3/splits --gold g.icds -o synth.icds mimic3 2>log
rec-cat --json synth.icds | python3 -c "
import json, sys
for r in map(json.loads, sys.stdin):
    if 'id' in r: print(' '.join(r['text'].splitlines()))" | spm_encode --model=m.model --output_format=id >want.ids 2>log
tokenize -q -m m.model --max-length 0 synth.icds | rec-cat --json | python3 -c "
import base64, json, struct, sys
for r in map(json.loads, sys.stdin):
    if 'ids' in r:
        b = base64.b64decode(r['ids']['\$bin'])
        print(*struct.unpack('<%di' % (len(b) // 4), b)[:-1])" >got.ids
alike "ids of spm_encode on $(wc -l <got.ids) synthetic notes" got.ids want.ids

for j in 1 2 5; do tokenize -q -m m.model --max-length 0 -j $j note.icds >j$j.icds || no "-j $j"; done
alike "threads 1 and 2" j1.icds j2.icds
alike "threads 1 and 5" j1.icds j5.icds
alike "a pipe and a file" j1.icds token.icds
tokenize -q -m dir --max-length 0 note.icds >d.icds
rec-cat --json d.icds | sed -n '2,$p' | grep -v '^{"end"' >d1; rec-cat --json token.icds | sed -n '2,$p' | grep -v '^{"end"' >d2
alike "a model directory" d1 d2

tokenize -q -m m.model -d token.icds >text.txt
is "-d: a line a record" "$(wc -l <text.txt)" "$(wc -l <note.ndjson)"
sed -n "s/^n[0-9]*	//p" text.txt >got.txt
tr -s ' ' <"$NOTES" >want.txt
alike "-d: the text comes back" got.txt want.txt
tokenize -q -m m.model -d -o text2.txt token.icds
alike "-d -o" text2.txt text.txt
printf '%s\n' '{"id":"a\nb\tc\rd\\e","text":"one\ntwo"}' | rec-cat --from-json --schema note | tokenize -q -m m.model | tokenize -q -m m.model -d >odd.txt
is "-d: an id that has line ends and tabs" "$(cut -f 1 odd.txt) $(wc -l <odd.txt)" 'a\nb\tc\rd\\e 1'
is "-d -o: for the owner only" "$(stat -c %a text2.txt)" 600

lengths() { rec-cat --json "$1" | python3 -c "
import sys,json,base64
print(*[len(base64.b64decode(r['ids']['\$bin']))//4 for r in map(json.loads,sys.stdin) if 'ids' in r])"; }
read -ra full <<<"$(lengths token.icds)"
tokenize -m m.model --max-length 16 note.icds 2>err >cut.icds
wrong=0; i=0; for n in $(lengths cut.icds); do [ "$n" -eq $((full[i] < 16 ? full[i] : 16)) ] || wrong=1; i=$((i + 1)); done
is "--max-length" "$i notes, $wrong wrong" "$(wc -l <note.ndjson) notes, 0 wrong"
is "--max-length says what it cut" "$(grep -c 'cut [0-9]* records and [0-9.]* % of all' err)" 1
printf 'Assign codes:\n' >prompt.txt
tokenize -q -m m.model --max-length 0 --template prompt.txt note.icds >tpl.icds
p=$(printf 'Assign codes:\n' | spm_encode --model=m.model --output_format=id 2>/dev/null | wc -w)
wrong=0; i=0; for n in $(lengths tpl.icds); do [ "$n" -eq $((full[i] + p)) ] || wrong=1; i=$((i + 1)); done
is "--template" "$i notes, $wrong wrong" "$(wc -l <note.ndjson) notes, 0 wrong"
is "--template: offsets 0,0" "$(rec-cat --json tpl.icds | python3 -c "
import sys,json,base64
r=[json.loads(l) for l in sys.stdin][1]; print(set(base64.b64decode(r['offsets']['\$bin'])[:8*$p]))")" "{0}"
try "--template leaves no room" 64 tokenize -m m.model --max-length $((p + 1)) --template prompt.txt note.icds

echo '{"id":"a","text":"acute renal failure. He denies chest pain. Atrial fibrillation","spans":[[0,20],[43,62]]}' >span.ndjson
rec-cat --from-json --schema note span.ndjson | tokenize -q -m m.model >span.icds
is "spans only, in order" "$(tokenize -m m.model -d span.icds)" "a	acute renal failure. Atrial fibrillation"
echo '{"id":"a","text":"acute","spans":[[0,9]]}' | rec-cat --from-json --schema note >badspan.icds
try "span outside the text" 65 tokenize -q -m m.model badspan.icds

# ---- gold ----
cat >gold.ndjson <<'J'
{"id":"t1","split":"train","codes":["401.9","428.0","V45.81"],"sequence":[["428.0",1],["V45.81",3],["401.9",2]]}
{"id":"t2","split":"train","codes":["428.0","38.93"]}
{"id":"t3","split":"train","codes":["428.0","401.9"]}
{"id":"d1","split":"dev","codes":["38.93","401.9","428.0","V45.81"]}
{"id":"d2","split":"dev","codes":["V45.81"]}
{"id":"d3","split":"dev","codes":[]}
J
META='{"labels":["38.93","401.9","428.0","V45.81"],"label_set":"made up"}'
gold() { rec-cat --from-json --schema gold --meta "$META" "$@"; }
gold gold.ndjson >gold.icds
target() { tokenize -q -m m.model "$@" >target.icds && tokenize -q -m m.model -d target.icds | cut -f 2 | paste -sd '|'; }
is "order freq: train counts, ties by code" "$(target gold.icds)" \
    "428.0, 401.9, V45.81|428.0, 38.93|428.0, 401.9|428.0, 401.9, 38.93, V45.81|V45.81|"
is "codes stand in the order of the text" "$(rec-cat --json target.icds | sed -n 2p | grep -o '"codes":\[[^]]*\]')" '"codes":["428.0","401.9","V45.81"]'
is "target meta" "$(rec-cat --json target.icds | head -n 1 | python3 -c "
import sys,json
m=json.load(sys.stdin)['header']['meta']; print(sorted(m), m['order'], m['separator'], m['tokenizer']['name'])")" \
    "['format', 'ids', 'label_set', 'labels', 'order', 'separator', 'tokenizer'] freq ,  m.model"
is "order code" "$(target --order code gold.icds)" \
    "401.9, 428.0, V45.81|38.93, 428.0|401.9, 428.0|38.93, 401.9, 428.0, V45.81|V45.81|"
is "order sequence, byte-wise where unknown" "$(target --order sequence gold.icds)" \
    "428.0, 401.9, V45.81|38.93, 428.0|401.9, 428.0|38.93, 401.9, 428.0, V45.81|V45.81|"
is "separator" "$(target --separator '; ' gold.icds)" "428.0; 401.9; V45.81|428.0; 38.93|428.0; 401.9|428.0; 401.9; 38.93; V45.81|V45.81|"
sed 's/"d1","split":"dev","codes":\[[^]]*\]/"d1","split":"dev","codes":["38.93"]/' gold.ndjson | gold >gold2.icds
tokenize -q -m m.model gold.icds | rec-cat --where split=train --json | sed -n '2,4p' >a1; tokenize -q -m m.model gold2.icds | rec-cat --where split=train --json | sed -n '2,4p' >a2
alike "firewall: dev labels change no training target" a1 a2
{ cat gold.ndjson; echo '{"id":"x","split":"test","codes":["428.0"]}'; } | gold >leak.icds
try "firewall: a test record is refused" 65 tokenize -q -m m.model leak.icds
is "firewall: says what to do" "$(grep -c 'record 7: .*rec-cat --where split=train,dev' err)" 1
rec-cat --where split=train,dev leak.icds | tokenize -q -m m.model | rec-cat --check >/dev/null && ok "firewall: filtered it is taken" || no "firewall: filtered"
grep dev gold.ndjson | gold >dev.icds
try "order freq without training records" 65 tokenize -q -m m.model dev.icds
try "order code without training records" 0 tokenize -q -m m.model --order code dev.icds
echo '{"id":"t1","split":"train","codes":["401.9"]}' >one.ndjson
rec-cat --from-json --schema gold --meta '{"labels":["401.9","40{1"]}' one.ndjson >brace.icds
try "a code the vocabulary lacks" 65 tokenize -q -m m.model brace.icds
is "it names character and code" "$(grep -c "can't express '{' of code 40{1" err)" 1
try "a separator it lacks" 65 tokenize -q -m m.model --separator '|' gold.icds
is "it names the character" "$(grep -c "can't express '|' of the separator" err)" 1
try "a separator that normalisation eats" 65 tokenize -q -m m.model --separator $'\n' gold.icds
is "it names the control character" "$(grep -c "control character 0x0a of the separator" err)" 1
try "an empty separator" 64 tokenize -q -m m.model --separator '' gold.icds
rec-cat --from-json --schema gold --meta '{"labels":["428.0"]}' one.ndjson >stranger.icds 2>/dev/null &&
    try "a code that is no label" 65 tokenize -q -m m.model stranger.icds

# ---- orders that need more than the codes ----
is "order given" "$(target --order given gold.icds)" \
    "401.9, 428.0, V45.81|428.0, 38.93|428.0, 401.9|38.93, 401.9, 428.0, V45.81|V45.81|"
target --order shuffle gold.icds >s1; target --order shuffle gold.icds >s2
alike "order shuffle is the same each time" s1 s2
for seed in 1 2 3 4 5 6 7 8; do target --order shuffle --seed $seed gold.icds; done | sort -u >s1
is "and another with another seed" "$([ "$(wc -l <s1)" -gt 4 ] && echo yes)" yes
for i in 1 2 3 4 5 6 7 8; do echo "{\"id\":\"s$i\",\"split\":\"dev\",\"codes\":[\"401.9\",\"428.0\",\"V45.81\",\"38.93\"]}"; done | gold >alike.icds
is "and another for another note" "$([ "$(target --order shuffle alike.icds | tr '|' '\n' | sort -u | wc -l)" -gt 3 ] && echo yes)" yes
is "it only changes the order" "$(tr '|' '\n' <s1 | sed 's/, /\n/g' | sort -u | paste -sd ' ')" " 38.93 401.9 428.0 V45.81"
cat >kbo.ndjson <<'J'
{"code":"401.9","title":"Hypertension NOS","terms":[{"text":"HTN","type":"abbreviation","source":"x"}]}
{"code":"428.0","title":"CHF NOS","terms":[{"text":"heart failure","type":"term","source":"x"}]}
{"code":"38.93","title":"Venous cath","terms":[{"text":"PICC","type":"abbreviation","source":"x"}]}
{"code":"V45.81","title":"CABG status","terms":[]}
J
rec-cat --from-json --schema kb --meta "$META" kbo.ndjson >kbo.icds
sed '2s/CHF NOS/CHF NOS \xf0\x9f\x98\x80/' kbo.ndjson | rec-cat --from-json --schema kb --meta "$META" >odd.kb
tokenize -m m.model --format 2 -k odd.kb -o odd.icds gold.icds 2>msg
is "unknown pieces of targets are told" "$(cat msg)" "tokenize: $(grep -c '428.0' gold.ndjson) ids are the unknown piece"
printf '%s\n' '{"id":"d1","text":"PICC, then heart failure. Old HTN; HTN"}' '{"id":"x","text":"HTN"}' \
    '{"id":"t1","text":"s/p bypass, HTN and heart failure"}' | rec-cat --from-json --schema note >noteo.icds
is "order note: where expressions stand, the others by code" "$(target --order note -k kbo.icds --notes noteo.icds gold.icds)" \
    "401.9, 428.0, V45.81|38.93, 428.0|401.9, 428.0|38.93, 428.0, 401.9, V45.81|V45.81|"
try "order note without notes" 64 tokenize -q -m m.model --order note -k kbo.icds gold.icds
try "order note without knowledge" 64 tokenize -q -m m.model --order note --notes noteo.icds gold.icds
try "notes for another order" 64 tokenize -q -m m.model --notes noteo.icds gold.icds

# ---- the paper's formats ----
is "format 2: codes with titles" "$(target --format 2 -k kbo.icds gold.icds | cut -d '|' -f 1)" \
    "428.0 (CHF NOS), 401.9 (Hypertension NOS), V45.81 (CABG status)"
is "format 3 and 4: plain codes" "$(target --format 3 gold.icds) $(target --format 4 gold.icds)" "$(target gold.icds) $(target gold.icds)"
sed 's/CHF NOS/C ) H (a (b) c) F ( NOS/' kbo.ndjson | rec-cat --from-json --schema kb >odd.icds
is "parentheses without a partner are left out" "$(target --format 2 -k odd.icds gold.icds | grep -o '428[^,]*' | head -n 1)" \
    "428.0 (C H (a (b) c) F NOS)"
tr -d '()' <"$NOTES" >plain.txt
spm_train --input=plain.txt --model_prefix=noparen --vocab_size=400 --hard_vocab_limit=false --pad_id=0 --eos_id=1 --unk_id=2 \
    --bos_id=-1 2>log
try "a vocabulary without parentheses" 65 tokenize -q -m noparen.model --format 2 -k kbo.icds gold.icds
is "it names the code" "$(grep -c 'code 38.93 with its description' err)" 1
tokenize -q -m noparen.model gold.icds >/dev/null && ok "which writes plain codes" || no "which writes plain codes"
grep -v V45 kbo.ndjson | rec-cat --from-json --schema kb >bad.icds
try "a label without title" 65 tokenize -q -m m.model --format 2 -k bad.icds gold.icds
LIST='38.93, 401.9, 428.0, V45.81'
TITLES='38.93 (Venous cath), 401.9 (Hypertension NOS), 428.0 (CHF NOS), V45.81 (CABG status)'
echo '{"id":"a","text":"acute renal failure"}' | rec-cat --from-json --schema note >one.icds
asked() { tokenize -q -m m.model "$@" one.icds | tokenize -m m.model -d | cut -f 2; }
is "format 1" "$(asked --format 1)" "acute renal failure"
is "format 2" "$(asked --format 2)" "acute renal failure"
is "format 3: the label set in its order" "$(asked --format 3 -k kbo.icds)" "acute renal failure $LIST"
is "format 4" "$(asked --format 4 -k kbo.icds)" "acute renal failure $TITLES"
printf 'Codes: {labels} Note: {note} Answer:\n' >tpl
is "template" "$(asked --format 3 -k kbo.icds --template tpl)" "Codes: $LIST Note: acute renal failure Answer:"
full=$(tokenize -q -m m.model --format 3 -k kbo.icds --template tpl one.icds | lengths /dev/stdin)
is "the note is cut, not the list" \
    "$(asked --format 3 -k kbo.icds --template tpl --max-length $((full - 2)) | sed 's/Note: .* Answer/Note: N Answer/')" \
    "Codes: $LIST Note: N Answer:"
is "to the length" "$(tokenize -q -m m.model --format 3 -k kbo.icds --template tpl --max-length $((full - 2)) one.icds |
    lengths /dev/stdin)" $((full - 2))
printf 'x {list}' >tpl; try "a brace that stands for nothing" 65 tokenize -q -m m.model --template tpl one.icds
printf 'x {labels}' >tpl; try "labels in format 1" 65 tokenize -q -m m.model --template tpl one.icds
try "format 3 without knowledge" 64 tokenize -q -m m.model --format 3 one.icds
try "knowledge nobody asked for" 64 tokenize -q -m m.model -k kbo.icds one.icds
try "a format of knowledge" 64 tokenize -q -m m.model --format 3 -k kbo.icds kbo.icds
try "no such format" 64 tokenize -q -m m.model --format 5 one.icds
try "a template that is no text of ours" 66 tokenize -q -m m.model --template nowhere one.icds

# ---- targets without text ----
try "a code that can't be spelled" 65 tokenize -q -m m.model brace.icds
is "says what to do" "$(grep -c "express '{' of code 40{1: vocab-train --codes makes one that can; for label attention alone, --format 0" err)" 1
try "a separator that can't be spelled" 65 tokenize -q -m m.model --separator '{' gold.icds
is "says so" "$(grep -c "express '{' of the separator: choose another --separator" err)" 1
try "format 0 spells nothing" 0 tokenize -q -m m.model --format 0 -o none.icds brace.icds
is "its targets: codes, and eos alone" "$(rec-cat --json none.icds | sed -n 2p)" \
    '{"id":"t1","split":"train","codes":["401.9"],"ids":{"$bin":"AQAAAA=="}}'
is "its meta" "$(rec-cat --json none.icds | head -n 1 | grep -o '"format":0' | sort -u)" '"format":0'
try "format 0 has no order" 64 tokenize -q -m m.model --format 0 --order code gold.icds
try "nor separator" 64 tokenize -q -m m.model --format 0 --separator '; ' gold.icds
try "nor notes" 64 tokenize -q -m m.model --format 0 note.icds
try "nor knowledge" 64 tokenize -q -m m.model --format 0 kbo.icds

# ---- knowledge ----
cat >kb.ndjson <<'J'
{"code":"401.9","title":"Hypertension NOS","terms":[{"text":"HTN","type":"abbreviation","source":"x"},{"text":"high blood pressure","type":"synonym","source":"x"}]}
{"code":"428.0","title":"CHF NOS","description":"the heart pumps too little","terms":[]}
J
kb() { rec-cat --from-json --schema kb --meta "{\"labels\":[\"401.9\",\"428.0\"],\"knowledge\":\"$1\"}" kb.ndjson | tokenize -q -m m.model -j "${2:-2}"; }
kb expressions >kb.icds
is "expressions, the title where there are none" "$(tokenize -m m.model -d kb.icds | paste -sd '|')" "401.9/0	HTN|401.9/1	high blood pressure|428.0/0	CHF NOS"
is "code and type" "$(rec-cat --json kb.icds | grep -o '"code":"[^"]*","type":"[^"]*"' | paste -sd ' ')" \
    '"code":"401.9","type":"abbreviation" "code":"401.9","type":"synonym" "code":"428.0","type":"title"'
is "of kb" "$(rec-cat --json kb.icds | head -n 1 | grep -c '"of":"kb"')" 1
is "descriptions" "$(kb descriptions | tokenize -m m.model -d | paste -sd '|')" "401.9/0	Hypertension NOS|428.0/0	the heart pumps too little"
kb expressions 1 >kb1.icds; alike "knowledge, threads 1 and 2" kb1.icds kb.icds

# ---- refusals ----
try "another vocabulary" 65 tokenize -m other.model -d token.icds
try "nothing to decode" 65 tokenize -m m.model -d note.icds
try "encoded already" 65 tokenize -m m.model token.icds
try "no vocabulary" 66 tokenize -m nowhere.model note.icds
try "a directory without one" 66 tokenize -m . note.icds
try "not a vocabulary" 65 tokenize -m note.ndjson note.icds
try "-m is needed" 64 tokenize note.icds
try "template for gold" 64 tokenize -m m.model --template prompt.txt gold.icds
try "no template" 66 tokenize -m m.model --template nowhere.txt note.icds
spm_train --input="$NOTES" --model_prefix=noeos --vocab_size=400 --hard_vocab_limit=false --eos_id=-1 2>log
try "a vocabulary without eos" 65 tokenize -m noeos.model note.icds
head -c 2000 note.icds >short.icds
try "input cut short" 65 tokenize -q -m m.model -o never.icds short.icds
is "no half-written file" "$(ls short.icds never.icds* .never* 2>/dev/null | paste -sd ' ')" short.icds
said=$(grep -c '^tokenize: ' errs)
if [ "$said" -ge 15 ] && ! grep -qi 'shortness\|hypertension\|renal' errs; then ok "no note text in $said messages"; else no "no note text in messages" "$said messages"; fi
exit $failed
