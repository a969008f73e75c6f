"""Knowledge-driven sampling (eqs 10-11 of the paper), written again from the paper and man/note-sample.1, naively and
with whole fractions: sections and paragraphs are taken from note-sample's --explain, everything else is counted anew.
usage: sample_reference.py KB.json SAMPLE.json counts=1 level=paragraph rank=n,p fill=p overflow=level order=p \\
           budget=150 top=3 keep=
counts=0 takes N and |T| from note-sample, which do not depend on the other options: it saves time.
Prints how many notes agree; exits 1 at the first that does not, naming record and field only."""
import json, re, sys
from fractions import Fraction

LETTER = "[0-9A-Za-z\u00c0-\u1fff\u2070-\U0010ffff]"
WORD = re.compile(f"{LETTER}+(?:['\u2019][0-9A-Za-z]{LETTER}*)*")

def words(text):
    """Folded words of a text: (word, is it a short form in capitals)."""
    for m in WORD.finditer(text):
        w = re.sub("['\u2019]", "", m.group())
        capitals = sum("A" <= c <= "Z" for c in w)
        if len(w) >= 3 and w[-1] == "s" and (capitals == len(w) - 1 or (len(w) >= 5 and w[-2].lower() not in "sui")):
            w = w[:-1]
        yield re.sub("[A-Z]", lambda c: c.group().lower(), w), bool(re.fullmatch("[A-Z]{1,3}", w))

def count(text, expressions):
    """N and |T|: words that belong to an expression, all words."""
    ws = list(words(text))
    covered = set()
    for i, (w, _) in enumerate(ws):
        for e in expressions.get(w, ()):
            if i + len(e) <= len(ws) and all(a == b and (c or not d) for (a, c), (b, d) in zip(ws[i:], e)):
                covered.update(range(i, i + len(e)))
    return len(covered), len(ws)

def ends(text):
    """Where the words of a text end, as the budget counts them: between blanks."""
    return [m.end() for m in re.finditer(rb"[^ \t\n\v\f\r]+", text)]

def select(text, sections, o):
    p = lambda x: Fraction(int(x["n"]), x["words"]) if x["words"] else Fraction(0)
    best_p = lambda v: sorted(v, key=lambda x: (-p(x), x["begin"]))
    best_n = lambda v: sorted(v, key=lambda x: (-x["n"], x["begin"]))
    by = {"n,p": best_n, "lex": lambda v: sorted(v, key=lambda x: (-x["n"], -p(x), x["begin"])), "p": best_p}[o["rank"]]
    always = [s for s in sections if s["id"] in o["keep"].split(",")]
    rest = [s for s in sections if s not in always]
    if any(s["n"] for s in sections):
        chosen = [s for s in by(rest)[: o["top"]] if s["n"]]
        left = [s for s in rest if s not in chosen]
        left = {"none": lambda v: [], "p": best_p, "n": best_n, "doc": lambda v: v}[o["fill"]](left)
        ranked = best_p(always) + (best_p(chosen) if o["rank"] == "n,p" else chosen) + left
    else:
        chosen, ranked = [], always + rest if always else []
    if not always and not chosen:
        ranked = []

    def pieces(s, paragraphs):
        v = [(s["begin"], s["body"])]
        v += [(q["begin"], q["end"]) for q in best_p(s["paragraphs"])] if paragraphs else [(s["body"], s["end"])]
        out = []
        for b, e in v:
            if b < e and out and out[-1][1] == b:
                out[-1] = (out[-1][0], e)
            elif b < e:
                out.append((b, e))
        return out

    room, spans = o["budget"], []

    def take(v):
        nonlocal room
        for b, e in v:
            at = ends(text[b:e])
            if len(at) > room:
                e, at = b + at[room - 1] if room else b, at[:room]
            if at:
                spans.append([b, e])
                room -= len(at)
            if not room:
                return

    for s in ranked:
        v = pieces(s, o["level"] == "paragraph")
        if sum(len(ends(text[b:e])) for b, e in v) > room and o["overflow"] != "level":
            if o["overflow"] == "skip":
                continue
            v = pieces(s, o["overflow"] == "paragraph")
        take(v)
    if not spans:
        take([(0, len(text))])
    return sorted(spans) if o["order"] == "doc" else spans

def main():
    o = dict(a.split("=", 1) for a in sys.argv[3:])
    o["budget"], o["top"] = int(o["budget"]), int(o["top"])
    expressions = {}
    for line in open(sys.argv[1], encoding="utf-8"):
        for term in json.loads(line).get("terms", ()):
            e = list(words(term["text"]))[:64]
            if e:
                expressions.setdefault(e[0][0], []).append(e)
    notes = 0
    for line in open(sys.argv[2], encoding="utf-8"):
        r = json.loads(line)
        if "id" not in r:
            continue
        notes += 1
        text, sample = r["text"].encode(), r["sample"]
        def check(field, got, want):
            if got != want:
                sys.exit(f"record {notes}: {field}: {got}, reference {want}")
        for s in sample["sections"] if o["counts"] == "1" else ():
            n, total = count(text[s["begin"] : s["body"]].decode(), expressions)
            for q in s["paragraphs"]:
                x, y = count(text[q["begin"] : q["end"]].decode(), expressions)
                check("paragraph n, words", (q["n"], q["words"]), (x, y))
                q["n"], n, total = x, n + x, total + y
            check("section n, words", (s["n"], s["words"]), (n, total))
            check("section p", s["p"], n / total if total else 0)
            s["n"] = n
        check("tokens", sample["tokens"], len(ends(text)))
        whole = sample["tokens"] <= o["budget"]
        check("spans", r["spans"], [[0, len(text)]] if whole else select(text, sample["sections"], o))
    print(notes)

main()
