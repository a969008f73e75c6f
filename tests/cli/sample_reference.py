"""Knowledge-driven sampling (eqs 10-11 of the paper), written again from the paper and man/note-sample.1, naively and
with whole fractions: sections and paragraphs are taken from note-sample's --explain, everything else is counted anew.
usage: sample_reference.py KB.json SAMPLE.json counts=1 level=paragraph rank=n,p fill=p overflow=level order=p \\
           budget=150 top=3 keep=
counts=0 takes N and |T| from note-sample, which do not depend on the other options: it saves time.
Prints how many notes agree; exits 1 at the first that does not, naming record and field only."""
import functools, json, re, sys, unicodedata
from fractions import Fraction

APOSTROPHES = "'\u00b4\u02bc\u2018\u2019\u201b\u2032\uff07"
# what Unicode calls default ignorable, as far as it is assigned
INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
                       "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
                       "\U000e0000-\U000e0fff]")

@functools.cache
def kind(c):
    """L a letter or digit, M a mark on one, ' an apostrophe, - invisible, or a blank: what separates words."""
    if c in APOSTROPHES:
        return "'"
    if INVISIBLE.match(c):
        return "-"
    category, form = unicodedata.category(c), unicodedata.decomposition(c)
    if form.startswith("<super>"):
        return " "
    if category[0] == "L" or category in ("Nd", "Nl") or (category == "No" and form.startswith("<sub>")):
        return "L"
    return "M" if category[0] == "M" else " "

WORD = re.compile("L(?:[LM-]|'(?=L))*")

@functools.cache
def number(w):
    """Singular and plural are one word: the endings of man/note-sample.1, by bytes."""
    long = lambda n: len(w.encode()) >= n
    if not long(4):
        return w
    if long(6) and w.endswith(("sis", "xis", "tis")):
        w = w[:-2] + "es"
    if long(5) and re.search("[^sui]s$", w):
        w = w[:-1]
    for least, plural, singular in [(4, "ie", "y"), (5, "sse", "ss"), (6, "se", "s"), (4, "xe", "x"), (5, "ae", "a"),
                                    (5, "che", "ch"), (5, "she", "sh"), (5, "oe", "o"), (5, "ice", "ix"),
                                    (6, "nge", "nx")]:
        if long(least) and w.endswith(plural):
            w = w[: -len(plural)] + singular
            break
    for least, plural, singular in [(4, "ex", "ix"), (7, "mata", "ma"), (6, "mina", "men"), (5, "um", "a"),
                                    (4, "i", "us")]:
        if long(least) and w.endswith(plural):
            return w[: -len(plural)] + singular
    return w

@functools.cache
def fold(w):
    """(word, is it a short form in capitals) of a word as it stands."""
    w = "".join(c for c in w if kind(c) != "-")
    possessive = w[-1] in "sS" and len(w) > 1 and kind(w[-2]) == "'"
    w = "".join(c for c in w if kind(c) != "'")
    letters = [c for c in w if kind(c) == "L"]
    capital = [unicodedata.category(c) == "Lu" for c in letters]
    if possessive or (len(letters) >= 3 and all(capital[:-1]) and w[-1] == "s"):
        w, capital = w[:-1], capital[:-1]
    f = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", w).casefold())
    f = unicodedata.normalize("NFD", f).replace("\u0131", "i")
    f = re.sub("i\u0307+", "i", f)
    return number(unicodedata.normalize("NFC", f)), len(capital) <= 3 and all(capital)

def words(text):
    """Folded words of a text: (word, is it a short form in capitals)."""
    for m in WORD.finditer("".join(map(kind, text))):
        yield fold(text[m.start() : m.end()])

def count(text, expressions):
    """N and |T|: words that belong to an expression, all words."""
    ws = list(words(text))
    covered = set()
    for i, (w, _) in enumerate(ws):
        for e in expressions.get(w, ()):
            if i + len(e) <= len(ws) and all(
                    a == b and (c or not d or len(e) > 1) for (a, c), (b, d) in zip(ws[i:], e)):
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
