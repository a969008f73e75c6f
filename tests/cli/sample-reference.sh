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
# the same of odd writings: the characters that Python's Unicode knows, and expressions of the knowledge mangled
python3 - "$T/kb.json" "$T/odd.json" "$T/oddkb.json" <<'PY' || no setup "no odd notes"
import json, random, sys, unicodedata
r = random.Random(11)
terms = [t["text"] for line in open(sys.argv[1]) for t in json.loads(line).get("terms", ())]
APOSTROPHES = "'\u00b4\u02bc\u2018\u2019\u201b\u2032\uff07"
LATIN = [("us", "i"), ("um", "a"), ("a", "ae"), ("sis", "ses"), ("y", "ies"), ("x", "ces"), ("", "s"), ("", "es")]
def word(w):
    def wide(w): return "".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" else c for c in w)
    def between(c): i = r.randrange(len(w) + 1); return w[:i] + c + w[i:]
    def number(w):
        one, many = r.choice(LATIN)
        return w[: len(w) - len(one)] + many if w.endswith(one) else w
    return r.choice([str.upper, str.lower, str.title, wide, number, lambda w: unicodedata.normalize("NFD", w),
        lambda w: w.replace("fi", "\ufb01").replace("fl", "\ufb02"),
        lambda w: between(r.choice("\u00ad\u200b\ufeff\u2060")),
        lambda w: between(r.choice("\u0301\u0308\u0307")),
        lambda w: w + r.choice(APOSTROPHES) + r.choice(["s", "S", "", "d"]),
        lambda w: w + r.choice("\u00b9\u2122\u2460\u2080*"), lambda w: w.replace("o", "\u00f6"),
        lambda w: w.replace("i", "\u0130"),
        lambda w: w + r.choice(["\u00df", "\u03c2", "\u0131", "s"]), lambda w: w, lambda w: w])(w)
def mangled(t):
    return "".join(word(w) + r.choice([" ", "-", "\u2212", "\u2011", "\u00a0", "/", "  "]) for w in t.split())
every = [chr(c) for c in range(0x80, 0x110000) # of the many letters of China and Korea one in 20
    if (unicodedata.category(chr(c))[0] != "C" or c in (0xad, 0x200b, 0xfeff)) and
        (c < 0x3400 or 0xa000 <= c < 0xac00 or 0xd800 <= c < 0x20000 or c % 20 == 0)]
r.shuffle(every)
notes, used = [], r.sample(terms, 1500)
used += [mangled(t) for t in used] + ["a" + c + "b" for c in every[::13]]
with open(sys.argv[3], "w") as f:
    for i in range(0, len(used), 30):
        v = [{"text": t, "type": "term"} for t in used[i : i + 30]]
        print(json.dumps({"code": "%06d" % i, "terms": v}), file=f)
with open(sys.argv[2], "w") as f:
    for i in range(200):
        some = every[i::200]
        text = " ".join(r.choice([mangled(r.choice(used)), "a" + c + "b",
            r.choice(["A", "x", "", "Mi"]) + c + r.choice(["", "S", "b", "'s", " "])]) for c in some)
        print(json.dumps({"id": str(i), "split": "test", "text": text}), file=f)
PY
rec-cat --from-json --schema note -o "$T/odd.icds" "$T/odd.json" &&
    rec-cat --from-json --schema kb -o "$T/oddkb.icds" "$T/oddkb.json"
note-sample -q --explain -k "$T/oddkb.icds" --budget 50 "$T/odd.icds" | rec-cat --json >"$T/o.json"
is "odd writings" "$(python3 "$ROOT/tests/cli/sample_reference.py" "$T/oddkb.json" "$T/o.json" counts=1 \
    level=paragraph rank=n,p fill=p overflow=level order=p budget=50 top=3 keep= 2>&1 | tail -n 1)" 200
is "odd writings are found" "$(python3 -c '
import json, sys
n = [x["n"] for r in map(json.loads, open(sys.argv[1])) if "id" in r for x in r["sample"]["sections"]]
print(sum(n) > 5000)' "$T/o.json")" True
# the reference sees a sample that is not by the rules
sed 's/"spans":\[\[\([0-9]*\),/"spans":[[1\1,/' "$T/s.json" >"$T/bad.json"
python3 "$ROOT/tests/cli/sample_reference.py" "$T/kb.json" "$T/bad.json" counts=0 level=paragraph rank=n,p fill=p \
    overflow=level order=p budget=200 top=3 keep=DISCH_DX,PROCEDURE >/dev/null 2>"$T/why" && no "a wrong sample is seen" "it agreed" ||
    is "a wrong sample is seen" "$(grep -c '^record 1: spans: ' "$T/why")" 1
exit $failed
