#!/usr/bin/env bash
# vocab-train: against Debian's spm_train on the same text, special pieces, codes that can be spelled, sizes, bytes
# that depend on nothing else, the firewall, odd texts, refusals.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
NOTES=$ROOT/tests/golden/notes.txt
python3 - "$NOTES" >note.ndjson <<'P'
import json, sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")[:-1]
for i, t in enumerate(lines):
    print(json.dumps({"id": f"n{i}", "split": "train", "text": t}))
# Blanks of all kinds; a run of 200 KB without any; one line of 1 MB.
for i, t in enumerate(["acute\trenal\r\nfailure\u00a0of\u3000kidneys", "", " \n "]):
    print(json.dumps({"id": f"o{i}", "split": "train", "text": t}))
print(json.dumps({"id": "held1", "split": "dev", "text": "zyzzyva zyzzyva zyzzyva"}))
print(json.dumps({"id": "held2", "split": "test", "text": "xylyl xylyl xylyl"}))
P
rec-cat --from-json --schema note -o note.icds note.ndjson
cat >kb.ndjson <<'J'
{"code":"401.9","kind":"diagnosis","title":"Unspecified essential hypertension","terms":[{"text":"high blood pressure","type":"term"},{"text":"HTN","type":"abbreviation"}]}
{"code":"428.0","kind":"diagnosis","title":"Congestive heart failure","description":"The heart pumps too little blood."}
J
rec-cat --from-json --schema kb -o kb.icds kb.ndjson
cat >gold.ndjson <<'J'
{"id":"n0","split":"train","codes":["401.9","428.0","V45.81"]}
{"id":"n1","split":"train","codes":["428.0"]}
{"id":"held1","split":"dev","codes":["X~9","401.9"]}
{"id":"held2","split":"test","codes":["X~9"]}
J
gold() { rec-cat --from-json --schema gold "$@"; }
gold -o gold.icds gold.ndjson
# made NAME OPTION...: makes NAME.model; what it said is in NAME.err
made() { local n=$1; shift; vocab-train -o "$n.model" "$@" 2>"$n.err" || no "vocab-train $n" "$(tail -n 1 "$n.err")"; }
pieces() { rec-cat --from-json --schema note <<<'{"id":"a","text":"x"}' | tokenize -q -m "$1" | rec-cat --json | head -n 1 |
    python3 -c "import sys, json; t = json.load(sys.stdin)['header']['meta']['tokenizer']; print(*[t[k] for k in sys.argv[1:]])" "${@:2}"; }

# ---- what it learns ----
made v --size 400 --codes gold.icds note.icds kb.icds
is "the special pieces of T5" "$(pieces v.model pieces pad eos unk bos)" "400 0 1 2 -1"
is "it says what it read, and SentencePiece says nothing" "$(sed -E 's/[0-9]+/N/g' v.err)" \
    "vocab-train: N pieces from N notes, N words, N of them different"
is "notes of dev and test are not counted" "$(grep -o 'from [0-9]* notes' v.err)" \
    "from $(grep -c '"split": "train"' note.ndjson) notes"
# Debian's spm_train reads lines of text. Words in copies give its candidates and more, so held-out notes are no longer in pieces.
if command -v spm_train >/dev/null; then
    mimic-synth -q --admissions 100 --length 300 mimic3 && mimic-split -q --splits mimic3/splits --gold all.icds -o synth.icds mimic3
    rec-cat --where split=train --text synth.icds >corpus.txt
    spm_train --input=corpus.txt --model_prefix=spm --vocab_size=600 --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 \
        --required_chars="$(printf "$(printf '\\x%x' $(seq 33 126))")" --num_threads=8 --character_coverage=1.0 --minloglevel=2
    made synth --size 600 synth.icds
    ids() { rec-cat --where split=dev,test synth.icds | tokenize -q --max-length 0 -m "$1" | rec-cat --json | python3 -c "
import sys, json, base64
print(sum(len(base64.b64decode(r['ids']['\$bin'])) // 4 for r in map(json.loads, sys.stdin) if 'ids' in r))"; }
    ours=$(ids synth.model) theirs=$(ids spm.model)
    if [ "$ours" -gt 1000 ] && [ "$ours" -le "$theirs" ]; then ok "held-out notes take no more ids than with spm_train"; else
        no "held-out notes take no more ids than with spm_train" "$ours, $theirs"; fi
else
    skip "against spm_train" "no spm_train"
fi

# ---- bytes ----
vocab-train -q -j 1 --size 400 -c gold.icds note.icds kb.icds >one.model
same "another -j, standard output" one.model v.model
taskset -c "$(taskset -pc $$ | sed 's/.*[:, -]//')" vocab-train -q --size 400 -c gold.icds kb.icds - <note.icds >pinned.model
same "one processor, standard input, another order of inputs" pinned.model v.model
sed 's/zyzzyva/quokka/g; s/xylyl/numbat/g' note.ndjson | rec-cat --from-json --schema note -o held.icds
sed '/held/s/"401.9"/"V45.81"/' gold.ndjson | gold -o heldgold.icds
made held --size 400 -c heldgold.icds held.icds kb.icds
same "firewall: notes and codes of dev and test change nothing" held.model v.model
sed 's/"n1","split":"train","codes":\["428.0"\]/"n1","split":"train","codes":["V45.81"]/' gold.ndjson | gold -o other.icds
made other --size 400 -c other.icds note.icds kb.icds
cmp -s other.model v.model && no "codes of train notes count" "they change nothing" || ok "codes of train notes count"
sed 's/, *"split": *"[a-z]*"//' note.ndjson | rec-cat --from-json --schema note | vocab-train --size 400 -o bare.model 2>err
is "notes without a split are train notes" "$(grep -o 'from [0-9]* notes' err)" "from $(wc -l <note.ndjson) notes"

# ---- codes can be spelled ----
python3 - >codes.ndjson <<'P'
import json
codes = ["401.9", "I10", "250.00", "250.01", "a/b|c", "q~{z}", "K\u00e9", "\u4e2d\u6587", "\u03b2-2", "%", "E11.9^"]
for i, c in enumerate(codes):
    print(json.dumps({"id": f"n{i}", "split": "dev" if i > 3 else "train", "codes": [c, codes[i - 1]]}))
P
gold -o codes.icds codes.ndjson
made spell --size 400 --coverage 0.98 -c codes.icds note.icds
exits "codes of any characters can be spelled, with little coverage" 0 tokenize -q -m spell.model --order given -o t.icds codes.icds
exits "with other separators" 0 tokenize -q -m spell.model --separator ' | ' --order code -o t2.icds codes.icds
codes_of() { python3 -c "
import json
for l in open('codes.ndjson'): r = json.loads(l); print(r['id'] + '\t' + ', '.join(r['codes']))"; }
codes_of >want; tokenize -m spell.model -d t.icds >got
same "and read back" got want
vocab-train -q --size 400 --codes caml50 -o list.model note.icds
printf '401.9\tremark\nV45.81\n' >codes.txt
made file --size 400 --codes codes.txt --codes caml50 note.icds
is "a list" "$(pieces file.model pieces)" 400

# ---- whole codes ----
made whole --size 400 --whole-codes -c codes.icds note.icds
is "whole codes are within the size" "$(pieces whole.model pieces pad eos unk bos)" "400 0 1 2 -1"
tokenize -q -m whole.model --order given -o w.icds codes.icds
tokenize -m whole.model -d w.icds >got
same "whole codes read back" got want
is "one piece each: two codes, a comma and eos are 4 ids" "$(rec-cat --json w.icds | python3 -c "
import sys, json, base64
print(*{len(base64.b64decode(r['ids']['\$bin'])) // 4 for r in map(json.loads, sys.stdin) if 'ids' in r})")" 4
made all50 --size 300 --whole-codes -c caml50 note.icds
rec-cat --from-json --schema gold --meta "$(python3 -c "
import json, sys; print(json.dumps({'labels': [l.split(',')[0].strip() for l in open(sys.argv[1]) if l.strip()]}))" "$ROOT/share/caml/TOP_50_CODES.csv")" \
    <<<'{"id":"a","split":"train","codes":["038.9"]}' >top.icds
exits "50 whole codes" 0 tokenize -q -m all50.model top.icds
exits "a code that normalising rewrites can't be whole" 65 vocab-train -q --whole-codes --size 400 -c <(gold <<<'{"id":"a","split":"train","codes":["x"]}') -o never.model note.icds
gold -o wide.icds <<<'{"id":"a","split":"train","codes":["４０１"]}'
exits "a code that normalising rewrites can't be whole" 65 vocab-train -q --whole-codes --size 400 -c wide.icds -o never.model note.icds
is "it is named" "$(grep -c "code ４０１ can't be one piece" err)" 1

# ---- sizes ----
made big --size 50000 note.icds
n=$(pieces big.model pieces)
is "a corpus that has no more" "$(sed -n 1p big.err)" "vocab-train: $n pieces: this corpus has no more (--size 50000)"
made max --size "$n" note.icds
same "that many is what it has" max.model big.model
is "is said once" "$(grep -c 'has no more' max.err big.err | paste -sd ' ')" "max.err:0 big.err:1"
python3 -c "
import json
print(json.dumps({'id': 'a', 'split': 'train', 'text': ' '.join(chr(0x4e00 + i) for i in range(300))}))" | rec-cat --from-json --schema note -o han.icds
exits "a size below the characters" 65 vocab-train --size 200 -o never.model han.icds
least=$(grep -oE 'take [0-9]+' err | tr -dc 0-9)
made least --size "${least:-100}" han.icds
exits "one less" 65 vocab-train --size "$((least - 1))" -o never.model han.icds
exits "a size without room for codes" 65 vocab-train --size 100 --whole-codes -c "$ROOT/share/caml/TOP_50_CODES.csv" -o never.model note.icds
least=$(grep -oE 'take [0-9]+' err | tr -dc 0-9)
made least --size "${least:-100}" --whole-codes -c "$ROOT/share/caml/TOP_50_CODES.csv" note.icds

# ---- odd texts ----
python3 - >odd.ndjson <<'P'
import json
words = " ".join("word%d" % (i % 997) for i in range(150000))
texts = [words, "x" * 300000, "\u00e9" * 100000, "a\u0000b\u0001c", "\u2585\u2585 \u2581\u2581 \u2047 <unk> </s> \u200b \ufeff", "\U0001F600", "t\tt"]
for i, t in enumerate(texts):
    print(json.dumps({"id": f"n{i}", "split": "train", "text": t}))
P
rec-cat --from-json --schema note -o odd.icds odd.ndjson
made odd --size 400 odd.icds
is "long lines and words, NUL, marks of SentencePiece's own" "$(sed -nE 's/.*, ([0-9]+) words.*/\1/p' odd.err)" $((150000 + 293 + 196 + 3 + 7 + 1 + 2))
tokenize -q -m odd.model --max-length 0 odd.icds | tokenize -m odd.model -d >got
is "the words of a line of 1 MB are learned" "$(sed -n 1p got | cut -c 4-26)" "word0 word1 word2 word3"

# ---- refusals ----
exits "no train note" 65 vocab-train -o never.model <(rec-cat --where split=dev,test note.icds)
exits "no word" 65 vocab-train -o never.model <(rec-cat --from-json --schema note <<<'{"id":"a","split":"train","text":" \n"}')
exits "a gold stream is no text" 65 vocab-train -o never.model gold.icds
exits "codes of no gold stream" 65 vocab-train -o never.model -c note.icds note.icds
exits "no such codes" 66 vocab-train -o never.model -c nowhere note.icds
exits "no such notes" 66 vocab-train -o never.model nowhere.icds
exits "whole codes of what" 64 vocab-train -o never.model --whole-codes note.icds
exits "a size of 3" 64 vocab-train -o never.model --size 3 note.icds
head -c 2000 note.icds >short.icds
exits "notes cut short" 65 vocab-train -o never.model short.icds
head -c 150 gold.icds >shortgold.icds
exits "codes cut short" 65 vocab-train -o never.model -c shortgold.icds note.icds
exits "no such folder" 74 vocab-train -o nowhere/v.model note.icds
is "nothing is left behind" "$(find . -name '*never*')" ""
exit $failed
