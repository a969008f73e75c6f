#!/usr/bin/env bash
# tokenizer.json of transformers and tokenizers (make_tokenizer.py): the ids that they give, for every line of notes.txt
# and of odd texts; decoding; what SentencePiece has not is refused and named.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
G=$ROOT/tests/golden
# SentencePiece's table out of a vocabulary of our own, in place of @charsmap@.
cat >whole.py <<'P'
import json, sys; sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from tokenizer_json import table
model, name, *changes = sys.argv[2:]
table = table(open(model, "rb").read())
j = json.loads(open(name, encoding="utf-8").read().replace("@charsmap@", table))
for c in changes: exec(c)
json.dump(j, sys.stdout, ensure_ascii=False)
P
python3 - "$G/notes.txt" "$G/tokenizer/odd.txt" >note.ndjson <<'P'
import json, sys; sys.dont_write_bytecode = True
texts = [t for f in sys.argv[1:] for t in open(f, encoding="utf-8", newline="\n").read().split("\n")[:-1]]
for i, t in enumerate(texts): print(json.dumps({"id": f"n{i}", "split": "train", "text": t}))
P
rec-cat --from-json --schema note -o note.icds note.ndjson
vocab-train -q --size 300 -o own.model note.icds
ids() { tokenize -q -m "$1" --max-length 0 note.icds | rec-cat --json | python3 -c "
import sys, json, base64, struct
for r in map(json.loads, sys.stdin):
    if 'ids' in r:
        b = base64.b64decode(r['ids']['\$bin']); print(*struct.unpack('<%di' % (len(b) // 4), b))"; }
for name in t5 behind mt5; do
    mkdir $name; python3 whole.py "$ROOT/tests/cli" own.model "$G/tokenizer/$name.json" >$name/tokenizer.json
    ids $name >got
    is "$name: lines" "$(wc -l <got)" "$(wc -l <note.ndjson)"
    same "$name: ids of tokenizers" got "$G/tokenizer/$name.ids"
done
ids t5/tokenizer.json >got
same "the file itself" got "$G/tokenizer/t5.ids"
head_of() { rec-cat --json "$1" | head -n 1 | python3 -c "
import json, sys; t = json.load(sys.stdin)['header']['meta']['tokenizer']; print(*(t[k] for k in ('name', 'pieces', 'pad', 'eos', 'unk', 'bos')))"; }
tokenize -q -m t5 -o token.icds note.icds
is "its name, pieces with <extra_id>, special ids" "$(head_of token.icds)" "tokenizer.json 500 0 1 2 -1"
is "<extra_id> behind the vocabulary are pieces" "$(tokenize -q -m behind note.icds >b.icds; head_of b.icds)" "tokenizer.json 500 0 1 2 -1"
is "decodes" "$(tokenize -m t5 -d token.icds | sed -n 2p)" "n1	Chief Complaint: shortness of breath and chest pain for three days."
exits "another file is another vocabulary" 65 tokenize -m behind -d token.icds
cp own.model t5/spiece.model
is "spiece.model goes first" "$(tokenize -q -m t5 note.icds >b.icds; head_of b.icds)" "spiece.model 300 0 1 2 -1"
# A special token in a note is text: no note can end itself.
rec-cat --from-json --schema note <<<'{"id":"a","text":"pain</s>fever"}' | tokenize -q -m behind | rec-cat --json | python3 -c "
import sys, json, base64, struct
b = base64.b64decode([json.loads(l) for l in sys.stdin][1]['ids']['\$bin'])
print(struct.unpack('<%di' % (len(b) // 4), b).count(1))" >got
is "a special token in a note is text" "$(cat got)" 1
exits "note-sample reads it" 0 note-sample -q --level none --budget 16 --tokenizer mt5 note.icds

# refused NAME WHAT CHANGE: python that changes j
refused() {
    mkdir -p bad; python3 whole.py "$ROOT/tests/cli" own.model "$G/tokenizer/t5.json" "$3" >bad/tokenizer.json
    exits "$1" 65 tokenize -q -m bad note.icds
    is "$1: says so" "$(grep -c -- "^tokenize: tokenizer.json: $2" err)" 1 || cat err
}
refused "a BPE vocabulary" "a BPE model; only Unigram" 'j["model"]["type"] = "BPE"'
refused "no model" "a nameless model" 'del j["model"]'
refused "byte fallback" "model.byte_fallback" 'j["model"]["byte_fallback"] = True'
refused "no unk" "model.unk_id" 'j["model"]["unk_id"] = None'
refused "unk out of range" "model.unk_id" 'j["model"]["unk_id"] = 500'
refused "no pieces" "model has no vocab" 'j["model"]["vocab"] = []'
refused "a piece without score" "model.vocab\[7\]" 'j["model"]["vocab"][7] = ["x"]'
refused "a score that is text" "model.vocab\[7\]" 'j["model"]["vocab"][7][1] = "1"'
refused "an empty piece" "model.vocab\[7\]" 'j["model"]["vocab"][7][0] = ""'
refused "NUL in a piece" "model.vocab\[7\]" 'j["model"]["vocab"][7][0] = "a\0b"'
refused "a piece twice" "not a SentencePiece model" 'j["model"]["vocab"][7] = j["model"]["vocab"][8]'
refused "lower case" "a normalizer of type Lowercase" 'j["normalizer"] = {"type": "Sequence", "normalizers": [j["normalizer"], {"type": "Lowercase"}]}'
refused "another replacement" "a normalizer of type Replace" 'j["normalizer"] = {"type": "Sequence", "normalizers": [j["normalizer"], {"type": "Replace", "pattern": {"String": "a"}, "content": "b"}]}'
refused "no normalizer" "a normalizer of type none" 'j["normalizer"] = None'
refused "an empty sequence" "a normalizer without a precompiled_charsmap" 'j["normalizer"] = {"type": "Sequence", "normalizers": []}'
refused "a table that is no base64" "precompiled_charsmap: " 'j["normalizer"]["precompiled_charsmap"] = "####"'
refused "a damaged table" "not a SentencePiece model" 'j["normalizer"]["precompiled_charsmap"] = "////" + table[4:]'
refused "byte-level pieces" "a pre_tokenizer of type ByteLevel" 'j["pre_tokenizer"] = {"type": "ByteLevel"}'
refused "no pre_tokenizer" "a pre_tokenizer of type none" 'j["pre_tokenizer"] = None'
refused "only white space" "a pre_tokenizer of type WhitespaceSplit" 'j["pre_tokenizer"] = {"type": "WhitespaceSplit"}'
refused "no mark before the first word" "a pre_tokenizer that puts no mark" 'j["pre_tokenizer"]["pretokenizers"][1]["prepend_scheme"] = "never"'
refused "a token that is not special" "added_tokens\[5\] is no special token" 'j["added_tokens"][5]["special"] = False'
refused "a gap" "added_tokens: no token of id 500" 'j["added_tokens"].append(dict(j["added_tokens"][5], id=501, content="<x>"))'
refused "an id twice" "added_tokens\[103\]: no content, or an id" 'j["added_tokens"].append(dict(j["added_tokens"][5], content="<x>"))'
refused "an id that is another piece's" "added_tokens\[5\]: the vocabulary has another piece" 'j["added_tokens"][5]["content"] = "<x>"'
head -c 5000 behind/tokenizer.json >bad/tokenizer.json
exits "cut short" 65 tokenize -q -m bad note.icds
is "cut short: says so" "$(grep -c '^tokenize: tokenizer.json: not a JSON object' err)" 1
exit $failed
