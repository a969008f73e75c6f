"""icd_score_compare.py WANT SECTION [PREFIX]: metric records (JSON lines) on standard input against a section of
tests/golden/score/want.json, to 1e-12; prints what differs, or "fine". Sections of plain values must be there in whole and
nothing else may; PREFIX picks the floor's records. Sourced by the tests of icd-score."""
import json
import sys

want, section = json.load(open(sys.argv[1])), sys.argv[2]
prefix = sys.argv[3] if len(sys.argv) > 3 else ""
records = [r for r in map(json.loads, sys.stdin) if "metric" in r]
whole = [r for r in records if "code" not in r and "at" not in r]
mine = {r["metric"][len(prefix):]: r for r in whole if r["metric"].startswith(prefix or "") and (prefix or not r["metric"].startswith("floor_"))}


def near(a, b):
    return abs(a - b) <= 1e-12


bad = []
if section == "rows":
    rows = {}
    for r in records:
        if "code" in r or "at" in r:
            rows.setdefault(r["code"] if "code" in r else str(r["at"]), {})[r["metric"]] = r["value"]
    for row in sorted(set(rows) | set(want["rows"])):
        a, b = rows.get(row, {}), want["rows"].get(row, {})
        bad += [f"{row}:{m}" for m in set(a) | set(b) if m not in a or m not in b or not near(a[m], b[m])]
elif section == "interval":
    bad = [m for m, v in want[section].items() if not (near(mine[m]["lo"], v[0]) and near(mine[m]["hi"], v[1]))]
elif section == "compare":
    fields = ("other", "diff", "diff_lo", "diff_hi", "p")
    bad = [m for m, v in want[section].items() if not all(near(mine[m].get(f, 9e9), x) for f, x in zip(fields, v))]
else:
    v = {m: x for m, x in want[section].items() if x == x}
    bad = [m for m in v if m not in mine or not near(mine[m]["value"], v[m])] + [m for m in mine if m not in v]
    bad += [m for m, r in mine.items() if not m.endswith("present") and (r["n"] != 41 or r["split"] != "test")]
    bad += [m for m, r in mine.items() if prefix and r["k"] != want["k"]]
print(*(bad or ["fine"]))
