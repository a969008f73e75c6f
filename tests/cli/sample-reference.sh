#!/usr/bin/env bash
# once: note-sample against a second implementation of eqs 10-11 (sample_reference.py), on 500 synthetic notes
. "$(dirname "$0")/../lib.sh"
mimic-synth -q --admissions 560 --seed 11 --length 500 "$T/mimic3" &&
    mimic-split -q --splits "$T/mimic3/splits" --gold "$T/gold.icds" "$T/mimic3" 2>/dev/null |
    rec-cat -n 500 --json >"$T/all.json" && kb-build -q -o "$T/kb.icds" || { no setup "no notes"; exit 1; }
rec-cat --json "$T/kb.icds" >"$T/kb.json"
grep '^{"id"' "$T/all.json" | rec-cat --from-json --schema note -o "$T/note.icds"
is notes "$(rec-cat --json "$T/note.icds" | grep -c '^{"id"')" 500
# agrees NAME OPTION=VALUE...: with the defaults otherwise
agrees() {
    local name=$1 o=() a; shift
    declare -A v=([level]=paragraph [rank]=n,p [fill]=p [overflow]=level [order]=p [budget]=200 [top]=3 [keep]=
        [counts]=0)
    for a in "$@"; do v[${a%%=*}]=${a#*=}; done
    for a in level rank fill overflow order budget; do o+=("--$a" "${v[$a]}"); done
    o+=(--top-sections "${v[top]}"); [ -z "${v[keep]}" ] || o+=(--always-keep "${v[keep]}")
    note-sample -q --explain -k "$T/kb.icds" "${o[@]}" "$T/note.icds" | rec-cat --json >"$T/s.json"
    o=(); for a in "${!v[@]}"; do o+=("$a=${v[$a]}"); done
    is "$name" "$(python3 "$ROOT/tests/cli/sample_reference.py" "$T/kb.json" "$T/s.json" "${o[@]}" 2>&1 | tail -n 1)" 500
}
agrees paragraph counts=1
agrees section level=section
agrees "half the note" budget=400
agrees "one section, nothing else" top=1 fill=none
agrees "lexicographic, filled by N" rank=lex fill=n
agrees "by p, in the note's order" rank=p order=doc fill=doc
agrees "sections that do not fit are left out" level=section overflow=skip
agrees "paragraphs of what does not fit" level=section overflow=paragraph
agrees "head of what does not fit" overflow=truncate budget=300
agrees "diagnoses first" keep=DISCH_DX,PROCEDURE
# the reference sees a sample that is not by the rules
sed 's/"spans":\[\[\([0-9]*\),/"spans":[[1\1,/' "$T/s.json" >"$T/bad.json"
python3 "$ROOT/tests/cli/sample_reference.py" "$T/kb.json" "$T/bad.json" counts=0 level=paragraph rank=n,p fill=p \
    overflow=level order=p budget=200 top=3 keep=DISCH_DX,PROCEDURE >/dev/null 2>"$T/why" && no "a wrong sample is seen" "it agreed" ||
    is "a wrong sample is seen" "$(grep -c '^record 1: spans: ' "$T/why")" 1
exit $failed
