#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
# One note of MB megabytes in little memory: what does not fit the model is neither encoded nor held. Without windows an
# encoder needs some 130 bytes per byte. tests/long/long-note.sh has a larger note.
py=${PYTHON:-python3} MB=${MB:-20} LIMIT=${LIMIT:-500000} # KiB of address space
command -v spm_train >/dev/null || { skip long-note "no spm_train here (make deps)"; exit 0; }
(ulimit -v "$LIMIT"; tokenize --version) >/dev/null 2>&1 || { skip long-note "a sanitized program maps more than that"; exit 0; }
cd "$T" || exit 1
spm_train --input="$ROOT/tests/golden/notes.txt" --model_prefix=v --vocab_size=400 --hard_vocab_limit=false \
    --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 >/dev/null 2>&1 && kb-build -q -o kb.icds || { no setup "no vocabulary"; exit 1; }
cat >note.py <<'PY'
import json, sys
lines = open(sys.argv[1]).read()
text = {'lines': lines, 'cr': lines.replace('\n', '\r'), 'words': ' '.join(lines.split()) + ' ',
        'blankless': ''.join(lines.split())}[sys.argv[2]]
size = int(sys.argv[3])
text = text.encode()
text = (text * (size // len(text) + 1))[:size].decode(errors='ignore')
print(json.dumps({'id': '1', 'split': 'train', 'text': text}))
PY
ids() { rec-cat --json "$1" | sed -n 's/.*"ids":{"$bin":"\([^"]*\)".*/\1/p'; }
little() { (ulimit -v "$LIMIT"; "$@") >out 2>err; } # a command in little memory
for form in lines cr words blankless; do
    $py note.py "$ROOT/tests/golden/notes.txt" $form $((MB * 1000000)) | rec-cat --from-json --schema note -o big.icds
    $py note.py "$ROOT/tests/golden/notes.txt" $form 100000 | rec-cat --from-json --schema note -o head.icds
    little tokenize -j 1 -m v.model --max-length 64 -o a.icds big.icds
    is "$form, tokenize" "$? $(rec-cat --json a.icds | grep -c '"id":"1"')" "0 1" err
    is "$form, how much was cut" "$(grep -c -- '--max-length 64 cut 1 records and about 100.00 % of all' err)" 1 err
    tokenize -q -m v.model --max-length 64 -o b.icds head.icds
    is "$form, ids of 4 bytes in base64" "$(ids a.icds | wc -c)" 345
    is "$form, same ids as of its head" "$(ids a.icds)" "$(ids b.icds)"
    little note-sample -j 1 -k kb.icds -t v.model --budget 64 -o s.icds big.icds
    is "$form, note-sample" "$? $(rec-cat --json s.icds | grep -c '"spans":\[\[')" "0 1" err
    is "$form, its sample fits" "$(tokenize -m v.model --max-length 64 s.icds 2>err | rec-cat --json | grep -c '"id":"1"') $(wc -l <err)" "1 0" err
done
