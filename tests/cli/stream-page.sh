#!/usr/bin/env bash
# The filter that icd-stream(5) shows, as it stands in the page: on notes with parts, on sampled notes, in a pipe.
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1
python3 -c 'import msgpack, xxhash' 2>/dev/null || { skip "the filter of icd-stream(5)" "no msgpack and xxhash for Python"; exit 0; }
awk '/^    import sys, msgpack/ { on = 1 } /^\.fi/ { on = 0 } on { sub(/^    /, ""); gsub(/\\-/, "-"); print }' \
    "$ROOT/man/icd-stream.5" >half.py
is "the page shows a filter" "$(grep -c 'max_buffer_size=2\*\*31 - 1' half.py)" 1
mimic-synth -q --admissions 30 --length 200 --seed 3 mimic && mimic-split -q --splits mimic/splits -z -o note.icds.zst mimic
kb-build -q -o kb.icds
rec-cat note.icds.zst >note.icds
exits "notes with parts" 0 sh -c 'python3 half.py <note.icds >half.icds'
exits "are sound" 0 rec-cat --check half.icds
is "without a warning" "$(cat "$T/err")" ""
exits "can be sampled" 0 note-sample -q -k kb.icds --budget 40 half.icds -o sampled.icds
exits "sampled notes" 0 sh -c 'note-sample -q -k kb.icds --budget 40 note.icds | python3 half.py >half.icds'
exits "are sound, too" 0 rec-cat --check half.icds
is "a filter that does not enter itself is noticed" "$(sed 's/ + \[own\]//' half.py >mute.py
    python3 mute.py <note.icds | rec-cat --check 2>&1 >/dev/null | grep -c 'did not enter itself')" 1
printf '{"id":"1","text":"aüüüb","parts":[{"begin":0,"end":3},{"begin":3,"end":8}]}\n' |
    rec-cat --from-json --schema note | python3 half.py | rec-cat --json >umlaut
is "half of a text of wide characters" "$(sed -n 2p umlaut)" '{"id":"1","text":"aü","parts":[{"begin":0,"end":3}]}'
exit $failed
