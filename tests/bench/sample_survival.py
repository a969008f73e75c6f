"""What share of planted evidence is kept: sample_survival.py TRUTH.ndjson HEAD.json [SAMPLE.json...] (rec-cat --json).
A mention is kept when one span holds all of it; it lies behind the cut when HEAD does not hold it."""
import json, sys

def records(path):
    return [r for r in map(json.loads, open(path, encoding="utf-8")) if "id" in r]

truth = {}
for t in map(json.loads, open(sys.argv[1], encoding="utf-8")):
    truth.setdefault(t["row"], []).append((t["begin"], t["end"], t["code"], t["text"]))

def mentions(r):
    """(note, code, begin, end) in the note's own bytes; the text there is checked to be the truth's."""
    for part in r["parts"]:
        for b, e, code, words in truth.get(part["row"], ()):
            b, e = part["begin"] + b, part["begin"] + e
            found = r["text"].encode()[b:e].decode().split()
            if [w.lower() for w in found] != words.lower().split():
                sys.exit("the truth does not stand where it should: are these its notes?")
            yield r["id"], code, b, e

def kept(path):
    out = set()
    for r in records(path):
        out |= {m for m in mentions(r) if any(b <= m[2] and m[3] <= e for b, e in r["spans"])}
    return out

every = {m for r in records(sys.argv[2]) for m in mentions(r)}
head = kept(sys.argv[2])
behind = every - head
codes = {m[:2] for m in every}
lost = codes - {m[:2] for m in head}
print(f"{len(every)} mentions, {len(behind)} behind the cut; {len(codes)} codes of notes, {len(lost)} named only behind it")
print(f"{'sample':12} {'all mentions':>14} {'behind the cut':>15} {'codes named':>12} {'of those lost by the head':>26}")
for path in sys.argv[2:]:
    k = kept(path)
    named = {m[:2] for m in k}
    share = lambda a, b: 100 * len(a) / len(b) if b else 100.0
    print(f"{path.split('/')[-1][:-5]:12} {share(k, every):13.1f}% {share(k & behind, behind):14.1f}% "
          f"{share(named, codes):11.1f}% {share(named & lost, lost):25.1f}%")
