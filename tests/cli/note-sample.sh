#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
# Notes, a vocabulary and knowledge of our own making; every property below is checked on all notes.
py=${PYTHON:-python3}
mimic-synth -q --admissions 80 --seed 5 "$T/mimic3" &&
    mimic-split -q --splits "$T/mimic3/splits" --gold "$T/gold.icds" -o "$T/note.icds" "$T/mimic3" 2>/dev/null &&
    kb-build -o "$T/kb.icds" || { no setup "synth, split or kb-build failed"; exit 1; }
{ rec-cat --text "$T/note.icds"; rec-cat --text "$T/kb.icds"; } >"$T/corpus"
spm=
if command -v spm_train >/dev/null; then
    spm_train --input="$T/corpus" --model_prefix="$T/spiece" --vocab_size=1500 --pad_id=0 --eos_id=1 --unk_id=2 --bos_id=-1 \
        >/dev/null 2>&1 && spm=$T/spiece.model
fi

# properties NAME BUDGET KIND...: of $T/s.icds against $T/note.icds
cat >"$T/properties.py" <<'PY'
import json, sys
def records(path):
    for line in open(path):
        row = json.loads(line)
        if 'id' in row:
            yield row
want, cut = sys.argv[3:], 0
notes, samples = list(records(sys.argv[1])), list(records(sys.argv[2]))
assert len(notes) == len(samples) > 0
for a, b in zip(notes, samples):
    spans = b.pop('spans')
    a.pop('spans', None)
    assert a == b, 'more than the spans was changed'
    text = a['text'].encode()
    seen = sorted(map(tuple, spans))
    assert spans and all(0 <= x <= y <= len(text) for x, y in spans)
    assert all(p[1] <= q[0] for p, q in zip(seen, seen[1:])), 'spans overlap'
    for x, y in spans:
        text[x:y].decode()
    whole = spans == [[0, len(text)]]
    cut += not whole
    if 'whole' in want:
        assert whole
    if 'head' in want:
        assert len(spans) == 1 and spans[0][0] == 0
    if 'doc' in want:
        assert [list(s) for s in seen] == spans
    for w in want:
        if w.startswith('words='):
            assert whole or sum(len(text[x:y].split()) for x, y in spans) <= int(w[6:])
if 'cut' in want:
    assert cut == len(notes)
if 'disorder' in want:
    assert any(b['spans'] != sorted(b['spans']) for b in records(sys.argv[2]))
PY
rec-cat --json "$T/note.icds" >"$T/note.json"
holds() {
    local name=$1; shift
    rec-cat --json "$T/s.icds" >"$T/s.json" && if $py "$T/properties.py" "$T/note.json" "$T/s.json" "$@" 2>"$T/why"
    then ok "$name"; else no "$name" "$(tail -n 1 "$T/why")"; fi
}
sample() { note-sample -q "$@" -o "$T/s.icds" "$T/note.icds"; }

sample --level none --budget 100 && holds head-words head cut words=100
sample --level none -k "$T/kb.icds" --budget 100 && holds head-with-kb head cut words=100
for level in section paragraph; do
    for order in p doc; do
        for fill in none p doc; do
            sample -k "$T/kb.icds" --level $level --order $order --fill $fill --budget 150
            holds $level-$order-$fill cut words=150 "$([ $order = doc ] && echo doc || echo any)"
        done
    done
    sample -k "$T/kb.icds" --level $level --budget 100000000 && holds $level-whole whole
done
sample -k "$T/kb.icds" --budget 150 && holds by-p disorder && cp "$T/s.icds" "$T/p.icds"
is top-sections "$(sample -k "$T/kb.icds" --budget 150 --top-sections 1; cmp -s "$T/s.icds" "$T/p.icds" && echo same || echo other)" other
sample -k "$T/kb.icds" --budget 150 --no-headers && holds no-headers cut words=150
is headers-matter "$(cmp -s "$T/s.icds" "$T/p.icds" && echo same || echo other)" other
sample -k "$T/kb.icds" --budget 1 && holds budget-1 cut words=1

# no word of the knowledge in the notes: their heads
printf '{"code":"486","terms":[{"text":"qqqq zzzz","type":"term"}]}\n' | rec-cat --from-json --schema kb -o "$T/alien.icds"
sample -k "$T/alien.icds" --budget 120 && holds no-hit-is-head head cut words=120

# the same bytes from any number of threads, and from a sample sampled again
note-sample -q -j1 -k "$T/kb.icds" --budget 150 -o "$T/1.icds" "$T/note.icds"
note-sample -q -j2 -k "$T/kb.icds" --budget 150 -o "$T/2.icds" "$T/note.icds"
same threads "$T/1.icds" "$T/2.icds"
note-sample -q -k "$T/kb.icds" --budget 150 "$T/2.icds" | rec-cat --json | grep -v '^{"header"\|^{"end"' >"$T/twice"
rec-cat --json "$T/2.icds" | grep -v '^{"header"\|^{"end"' >"$T/once"
same idempotent "$T/once" "$T/twice"

if [ -n "$spm" ]; then
    for level in none section paragraph; do
        for budget in 2 17 257; do
            sample -k "$T/kb.icds" --level $level --budget $budget --tokenizer "$spm"
            holds "pieces-$level-$budget" cut
            # as tokenize encodes it, no note is over the budget, and it is nearly used up
            tokenize -q -m "$spm" "$T/s.icds" | rec-cat --json | $py -c "
import base64, json, sys
n = [len(base64.b64decode(r['ids']['\$bin'])) // 4 for r in map(json.loads, sys.stdin) if 'ids' in r]
assert max(n) <= $budget, max(n)
assert $budget < 64 or min(n) > $budget - 30, min(n)" 2>"$T/why" && ok "exact-$level-$budget" || no "exact-$level-$budget" "$(tail -n 1 "$T/why")"
        done
    done
    sample -k "$T/kb.icds" --order doc --budget 200 --tokenizer "$spm" && holds pieces-doc cut doc
    sample -k "$T/kb.icds" --budget 10000000 --tokenizer "$spm" && holds pieces-whole whole
    exits model-not-there 66 note-sample -k "$T/kb.icds" --tokenizer "$T/none.model" "$T/note.icds"
    exits model-damaged 65 note-sample -k "$T/kb.icds" --tokenizer "$T/corpus" "$T/note.icds"
else
    skip pieces "no spm_train"
fi

# every reading keeps the properties, and is another sample than the default's
reading() { # NAME OPTION...
    local name=$1; shift
    sample -k "$T/kb.icds" --budget 150 "$@" && holds "$name" cut words=150
    is "$name: another sample" "$(cmp -s "$T/s.icds" "$T/p.icds" && echo same || echo other)" other
}
reading rank-lex --rank lex
reading rank-p --rank p
reading fill-n --fill n
reading overflow-truncate --overflow truncate
reading overflow-skip --overflow skip
reading section-overflow-paragraph --level section --overflow paragraph
reading para-line --para line
reading para-bullet --para bullet
reading para-sentence --para sentence
reading always-keep --always-keep DISCH_DX,PROCEDURE
reading match-word --match word
reading idf --match word --idf
reading no-stop --match word --stop /dev/null
reading any-case --no-abbr-case
reading negex --negex
printf 'NEXT\tthe\n' >"$T/denials"
reading denials --negex --denials "$T/denials"
sample -k "$T/kb.icds" --budget 100000000 --short reorder && holds reorder disorder
# records NAME: those of a stream, to compare
records() { rec-cat --json "$1" | grep '^{"id"'; }
sample -k "$T/kb.icds" --match word --budget 150 && records "$T/s.icds" >"$T/a"
sample -k "$T/kb.icds" --match word --budget 150 --stop "$ROOT/share/words/stop.txt" && records "$T/s.icds" >"$T/b"
same "the bundled stop words are the default" "$T/a" "$T/b"
exits idf-by-phrase 64 note-sample -k "$T/kb.icds" --idf "$T/note.icds"
exits stop-by-phrase 64 note-sample -k "$T/kb.icds" --stop "$T/rules" "$T/note.icds"
exits denials-without-negex 64 note-sample -k "$T/kb.icds" --denials "$T/denials" "$T/note.icds"
printf 'NEXT no\n' >"$T/denials"
exits bad-denials 65 note-sample -k "$T/kb.icds" --negex --denials "$T/denials" "$T/note.icds"
exits always-keep-what 64 note-sample -k "$T/kb.icds" --always-keep DISCH_DX,NOSUCH "$T/note.icds"
exits pieces-without-tokenizer 64 note-sample -k "$T/kb.icds" --count-unit piece "$T/note.icds"
exits template-without-tokenizer 64 note-sample -k "$T/kb.icds" --template "$T/corpus" "$T/note.icds"
exits format-without-kb 64 note-sample --level none --format 3 --tokenizer "$T/none" "$T/note.icds"

# prompt and list of codes count in the budget: as tokenize writes it, no note is cut, and the budget is nearly used up
if [ -n "$spm" ]; then
    printf 'Assign codes: {note} Choose among: {labels}' >"$T/tpl"
    printf 'Assign codes:' >"$T/tpl1"
    for f in 1 2 3 4; do
        budget=$((f < 3 ? 200 : f == 3 ? 900 : 1800))
        o=(--format $f --template "$T/tpl$([ $f -lt 3 ] && echo 1)")
        k=(); [ $f -lt 3 ] || k=(-k "$T/kb.icds")
        note-sample -q -k "$T/kb.icds" --budget $budget --tokenizer "$spm" "${o[@]}" -o "$T/f.icds" "$T/note.icds"
        tokenize -q -m "$spm" --max-length 0 "${o[@]}" "${k[@]}" "$T/f.icds" | rec-cat --json | $py -c "
import base64, json, sys
n = [len(base64.b64decode(r['ids']['\$bin'])) // 4 for r in map(json.loads, sys.stdin) if 'ids' in r]
assert max(n) <= $budget < max(n) + 10 and min(n) > $budget - 30, (min(n), max(n))" 2>"$T/why" &&
            ok "format-$f" || no "format-$f" "$(tail -n 1 "$T/why")"
    done
    exits no-room 64 note-sample -k "$T/kb.icds" --budget 60 --format 3 --tokenizer "$spm" "$T/note.icds"
    sample -k "$T/kb.icds" --budget 150 --tokenizer "$spm" && records "$T/s.icds" >"$T/a"
    sample -k "$T/kb.icds" --budget 150 --tokenizer "$spm" --count-unit piece && holds count-pieces cut
    records "$T/s.icds" >"$T/b"
    is "count-pieces: another sample" "$(cmp -s "$T/a" "$T/b" && echo same || echo other)" other
fi

# --explain: N, p and bytes kept are what they say, no text is in it, the spans are those without it
note-sample -q -k "$T/kb.icds" --budget 150 --explain "$T/note.icds" | rec-cat --json >"$T/e.json"
$py - "$T/e.json" "$T/p.icds.json" >"$T/why" 2>&1 <<'PY' && ok explain || no explain "$(tail -n 1 "$T/why")"
import json, sys
paragraphs = 0
for r in map(json.loads, open(sys.argv[1])):
    if 'id' not in r:
        continue
    s = r['sample']
    assert sorted(s) == ['chosen', 'how', 'kept', 'reserved', 'sections', 'tokens'] and s['how'] == 'sampled'
    assert s['kept'] == sum(len(r['text'].encode()[b:e].split()) for b, e in r['spans']) <= 150
    at, kept = 0, 0
    for x in s['sections']:
        assert sorted(x) == ['begin', 'body', 'class', 'end', 'id', 'kept', 'listed', 'n', 'p', 'paragraphs', 'place', 'words']
        assert x['begin'] == at <= x['body'] <= x['end'] and 0 <= x['n'] <= x['words'] and 0 <= x['listed'] <= 1
        at, kept = x['end'], kept + x['kept']
        body = x['body']
        for q in x['paragraphs']:
            assert q['begin'] == body and abs(q['p'] * q['words'] - q['n']) < 1e-9
            body, paragraphs = q['end'], paragraphs + 1
        assert body == x['end'] and abs(x['p'] * x['words'] - x['n']) < 1e-9
    assert at == len(r['text'].encode()) and kept == sum(e - b for b, e in r['spans'])
    top = sorted((x for x in s['sections'] if x['place'] <= s['chosen']), key=lambda x: x['place'])
    assert [x['p'] for x in top] == sorted((x['p'] for x in top), reverse=True)
    assert min(x['n'] for x in top) >= max([x['n'] for x in s['sections'] if x not in top] + [0])
assert paragraphs > 1000
PY
sed 's/,"sample":{.*//; s/"sample":{.*"spans"/"spans"/' "$T/e.json" | grep -o '"spans":[^a-z]*' | sed 's/[,}]*$//' >"$T/a"
records "$T/p.icds" | grep -o '"spans":[^a-z]*' | sed 's/[,}]*$//' >"$T/b"
same explain-changes-no-span "$T/a" "$T/b"
note-sample -q -k "$T/kb.icds" --budget 150 --explain "$T/note.icds" | note-sample -q -k "$T/kb.icds" --budget 150 >"$T/x.icds"
is "explain is not carried over" "$(records "$T/x.icds" | grep -c '"sample":')" 0

# characters of several bytes are never cut, a text without blanks neither overruns nor vanishes
printf '{"id":"1","text":"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 \xe2\x82\xac\xe2\x82\xac"}\n{"id":"2","text":""}\n' |
    rec-cat --from-json --schema note -o "$T/u.icds"
if [ -n "$spm" ]; then
    for budget in 1 2 3 4 5 6 7; do
        note-sample -q -k "$T/kb.icds" --budget $budget --tokenizer "$spm" "$T/u.icds" | rec-cat --json | $py -c "
import json, sys
for r in map(json.loads, sys.stdin):
    for x, y in r.get('spans', []):
        r['text'].encode()[x:y].decode()
" && ok "characters-$budget" || no "characters-$budget" "a character was cut"
    done
fi

# --stats
note-sample -k "$T/kb.icds" --budget 150 --stats -o "$T/s.icds" "$T/note.icds" 2>"$T/stats"
same stats-change-nothing "$T/s.icds" "$T/p.icds"
is stats-table "$(grep -c '^section \|^HOSPITAL_COURSE \|notes, .* within the budget\|lost by keeping the head' \
    "$T/stats")" 5
# the table's numbers are those of --explain
$py - "$T/e.json" "$T/stats" >"$T/why" 2>&1 <<'PY' && ok stats-agree || no stats-agree "$(tail -n 1 "$T/why")"
import json, sys
kinds, tokens, kept, head, notes = {}, 0, 0, 0, 0
for r in map(json.loads, open(sys.argv[1])):
    if 'id' in r:
        s = r['sample']
        notes, tokens, kept, head = notes + 1, tokens + s['tokens'], kept + s['kept'], head + min(150, s['tokens'])
        for x in s['sections']:
            if x['place'] <= s['chosen']:
                kinds.setdefault(x['id'], []).append((x['n'], x['words'], x['p']))
table = open(sys.argv[2]).read().splitlines()
mean = lambda v, i: sum(x[i] for x in v) / len(v)
n = 0
for line in table[1:]:
    f = line.split()
    if f[0] in kinds:
        v = kinds[f[0]]
        assert f[1:5] == ['%.2f' % mean(v, 0), '%.2f' % mean(v, 1), '%.3f' % mean(v, 2), str(len(v))], line
        n += 1
assert n == len(kinds) > 3
loss = lambda k: '%.2f%%' % (100 * (tokens - k) / tokens)
assert any('lost by keeping the head: %s, by this sample: %s' % (loss(head), loss(kept)) in t for t in table), table
PY
note-sample -j2 -k "$T/kb.icds" --budget 150 --stats -o "$T/s.icds" "$T/note.icds" 2>"$T/stats2"
same stats-threads "$T/stats" "$T/stats2"
note-sample --level none --budget 150 --stats -o "$T/s.icds" "$T/note.icds" 2>"$T/stats"
is stats-head "$(grep -c 'lost by keeping the head' "$T/stats")" 2

# where addenda begin
printf '{"id":"1","text":"one two. more sepsis","parts":[{"kind":"Report","begin":0,"end":9},{"kind":"Addendum","begin":9,"end":20}]}\n' |
    rec-cat --from-json --schema note -o "$T/a.icds"
is addendum "$(note-sample -q -k "$T/kb.icds" --budget 2 "$T/a.icds" | rec-cat --json | grep -c '"spans":\[\[9,20\]\]\|"spans": \[\[9, 20\]\]')" 1
printf '{"id":"1","text":"one","parts":[{"kind":"Report","begin":9}]}\n' | rec-cat --from-json --schema note -o "$T/a.icds"
exits bad-parts 65 note-sample -k "$T/kb.icds" "$T/a.icds"

# own section headers
printf 'MINE\tD\tmy header\n' >"$T/rules"
printf '{"id":"1","text":"aa bb cc\\nMy Header: sepsis\\n"}\n' | rec-cat --from-json --schema note -o "$T/m.icds"
is own-sections "$(note-sample -q -k "$T/kb.icds" --sections "$T/rules" --budget 3 "$T/m.icds" | rec-cat --text)" "My Header: sepsis"
printf 'MINE\n' >"$T/rules"
exits bad-sections 65 note-sample -k "$T/kb.icds" --sections "$T/rules" "$T/m.icds"

exits needs-kb 64 note-sample "$T/note.icds"
exits kb-not-there 66 note-sample -k "$T/none" "$T/note.icds"
kb-build -q --kind descriptions -o "$T/d.icds"
exits kb-of-descriptions 65 note-sample -k "$T/d.icds" "$T/note.icds"
exits kb-is-a-note 65 note-sample -k "$T/note.icds" "$T/note.icds"
exits note-is-a-kb 65 note-sample -k "$T/kb.icds" "$T/kb.icds"
exits budget-0 64 note-sample -k "$T/kb.icds" --budget 0 "$T/note.icds"
exits bad-level 64 note-sample -k "$T/kb.icds" --level word "$T/note.icds"
printf '{"code":"486","terms":["x"]}\n' | rec-cat --from-json --schema kb -o "$T/bad.icds"
exits kb-terms 65 note-sample -k "$T/bad.icds" "$T/note.icds"
exit $failed
