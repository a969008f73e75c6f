#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
# Notes that came through other hands: the same sections whatever the line ends, blanks, colons and marks of headers.
py=${PYTHON:-python3}
mimic-synth -q --admissions 22 --seed 7 "$T/mimic3" &&
    mimic-split -q --splits "$T/mimic3/splits" --gold "$T/gold.icds" -o "$T/note.icds" "$T/mimic3" 2>/dev/null &&
    kb-build -q -o "$T/kb.icds" && rec-cat --json "$T/note.icds" >"$T/note.json" ||
    { no setup "synth, split or kb-build failed"; exit 1; }

cat >"$T/form.py" <<'PY'
import json, re, sys
how = {
    'lf': lambda t: t,
    'crlf': lambda t: t.replace('\n', '\r\n'),
    'crcrlf': lambda t: t.replace('\n', '\r\r\n'),
    'cr': lambda t: t.replace('\n', '\r'),
    'nel': lambda t: t.replace('\n', '\x85'),
    'ls': lambda t: t.replace('\n', '\u2028'),
    'ps': lambda t: t.replace('\n', '\u2029'),
    'vt': lambda t: t.replace('\n', '\v'),
    'ff': lambda t: t.replace('\n', '\f'),
    'ff-lines': lambda t: t.replace('\n\n', '\n\f\n'),
    'written': lambda t: t.replace('\n', '\\n'),
    'written-crlf': lambda t: t.replace('\n', '\\r\\n'),
    'br': lambda t: t.replace('\n', '<br>'),
    'nbsp-lines': lambda t: t.replace('\n\n', '\n\u00a0\n'),
    'nbsp': lambda t: t.replace(' ', '\u00a0'),
    'zero-width': lambda t: t.replace('\n', '\n\u200b'),
    'bom': lambda t: '\ufeff' + t,
    'colon': lambda t: t.replace(':', '\uff1a'),
    'bold': lambda t: re.sub(r'(?m)^([A-Z][A-Za-z ]{2,40}:)', r'**\1**', t),
    'bold-before-colon': lambda t: re.sub(r'(?m)^([A-Z][A-Za-z ]{2,40}):', r'**\1**:', t),
    'underlined': lambda t: re.sub(r'(?m)^([A-Z][A-Za-z ]{2,40}:)', r'__\1__', t),
    'one-line': lambda t: t.replace('\n', ' '),
}
make = how[sys.argv[1]]
for line in open(sys.argv[2]):
    d = json.loads(line)
    if 'id' in d:
        d['text'] = make(d['text'])
        d.pop('parts', None)
        print(json.dumps(d))
PY
# Which sections with how many paragraphs each note has.
cat >"$T/layout.py" <<'PY'
import json, sys
for line in sys.stdin:
    d = json.loads(line)
    if 'sample' in d:
        text, at = d['text'].encode(), 0
        for s in d['sample']['sections']:
            assert s['begin'] == at and s['body'] >= at
            at = s['end']
            text[s['begin']:s['body']].decode()
        assert at == len(text)
        print(d['id'], *[f"{s['id']}/{len(s['paragraphs'])}/{s['listed']:.3f}" for s in d['sample']['sections']])
PY
layout() {
    $py "$T/form.py" "$1" "$T/note.json" | rec-cat --from-json --schema note 2>"$T/err" |
        note-sample -k "$T/kb.icds" --budget 5 --explain 2>"$T/err" | rec-cat --json | $py "$T/layout.py"
}
layout lf >"$T/lf"
notes=$(wc -l <"$T/lf")
is "notes with sections" "$((notes > 10)) $(($(wc -w <"$T/lf") > 200))" "1 1"
is "nothing to say of them" "$(grep -c 'one section or' "$T/err")" 0
for form in crlf crcrlf cr nel ls ps vt ff ff-lines written written-crlf br nbsp-lines nbsp zero-width bom colon bold \
    bold-before-colon underlined; do
    layout "$form" >"$T/other"
    is "sections of $form" "$(diff "$T/lf" "$T/other" | grep -c '^[<>]')" 0
done

# without line breaks: told, once
layout one-line >"$T/other"
is "notes of one line" "$(grep -c "^note-sample: $notes of $notes notes have one section or one line each" "$T/err")" 1 "$T/err"
$py "$T/form.py" one-line "$T/note.json" | rec-cat --from-json --schema note |
    note-sample -k "$T/kb.icds" --budget 5 --stats -o "$T/s.icds" 2>"$T/err"
is "statistics of them" "$(grep -c ", $notes of one section or line\$" "$T/err")" 1 "$T/err"
