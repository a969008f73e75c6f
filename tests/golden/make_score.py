#!/usr/bin/env python3
"""Writes tests/golden/score/: gold and predictions of a made-up problem, and all that icd-score says of them, by
scikit-learn where it computes the same thing, else by the definition, with notes repeated where icd-score weighs them.
Needs numpy and scikit-learn; the tests do not. Run from the repository root."""
import base64, json, os, warnings
import numpy as np
from sklearn import calibration, metrics as sk
warnings.filterwarnings("ignore")

rng = np.random.default_rng(11)
codes = sorted(["401.9", "38.93", "428.0", "V45.81", "427.31", "E878.2", "99.04", "038.9", "285.9", "250.00", "250.02", "427.1", "38.91"])
L, n_train, n_dev, n_test = len(codes), 60, 20, 41
prior = np.linspace(0.6, 0.05, L)
n = n_train + n_dev + n_test
gold = (rng.random((n, L)) < prior).astype(np.uint8)
gold[:, codes.index("99.04")] &= np.arange(n) < n_train  # a label that dev and test never have
gold[n_train + n_dev + 7] = 0  # a note without codes
split = ["train"] * n_train + ["dev"] * n_dev + ["test"] * n_test
def system(good):
    # Scores in 32nds: exact in a float, with many ties.
    s = np.clip(np.round((gold * good + rng.random((n, L)) * (1 - good)) * 32) / 32, 0, 1).astype("<f4")
    return s, ((s > 0.5) ^ (rng.random((n, L)) < 0.05)).astype(np.uint8)  # generated codes differ from the scores
score, final = system(0.35)
score2, final2 = system(0.25)

def write(name, f):
    with open(f"tests/golden/score/{name}", "w") as out:
        for line in f:
            out.write((line if isinstance(line, str) else json.dumps(line, separators=(",", ":"))) + "\n")
def names(row):
    return [c for c, v in zip(codes, row) if v]
def record(i, final, score):
    return {"id": f"n{i}", "codes": names(final[i]), "gen": {"codes": names(final[i]), "text": "", "unknown": int(i) % 2},
            "scores": {"$bin": base64.b64encode(score[i].tobytes()).decode()}}
os.makedirs("tests/golden/score", exist_ok=True)
with open("tests/golden/score/labels.json", "w") as out:
    out.write(json.dumps(codes) + "\n")
shuffled = rng.permutation(n)  # another order than gold's
test = sorted((i for i in range(n) if split[i] == "test"), key=lambda i: f"n{i}")  # icd-score's order: by id
dev = [i for i in range(n) if split[i] == "dev"]
write("gold.ndjson", ({"id": f"n{i}", "split": split[i], "codes": names(gold[i])} for i in range(n)))
write("pred.ndjson", (record(i, final, score) for i in shuffled if split[i] == "test"))
write("other.ndjson", (record(i, final2, score2) for i in shuffled if split[i] == "test"))
write("dev.ndjson", (record(i, final, score) for i in shuffled if split[i] == "dev"))
write("pred.psv", ("|".join([f"n{i}"] + (names(final[i]) or [""])) for i in shuffled if split[i] == "test"))
column = rng.permutation(L)
write("pred.tsv", ["\t".join(["id"] + [codes[l] for l in column])] +
      ["\t".join([f"n{i}"] + [repr(float(score[i, l])) for l in column]) for i in shuffled if split[i] == "test"])
write("long.tsv", ["id\tcode\tscore"] + [f"n{i}\t{codes[l]}\t{float(score[i, l])!r}" for l in column for i in shuffled
                                          if split[i] == "test" and score[i, l] > 0])

# ---- definitions ----
EPS, AT = 1e-10, (1, 5, 15)
def ratio(a, b):
    return a / b if b > 0 else 0.0
def f1(p, r):
    return ratio(2 * p * r, p + r)
def procedure(code):
    return code.find(".") == 2
def above(code):
    """code and what is above it"""
    category = code.split(".")[0]
    return [code] + ([code[:i] for i in range(len(code) - 1, len(category) + 1, -1)] + [category] if "." in code else [])
def caml_kind(code, gold_side):
    at = code.find(".")
    if at == 3 or (at < 0 and (len(code) == 3 or code[0] == "E" and len(code) == 4)):
        return "d"
    return "p" if at == 2 else "d" if at == 4 and code[0] == "E" and not gold_side else None

def hierarchy(y, p, names_, completed):
    tp = fp = fn = 0
    for g, q in zip(y, p):
        a, b = {}, {}
        for to, row in ((a, g), (b, q)):
            for c in (c for c, v in zip(names_, row) if v):
                for up in above(c):
                    to[up] = 1 if completed else to.get(up, 0) + 1
        for up in set(a) | set(b):
            tp += min(a.get(up, 0), b.get(up, 0))
            fp += max(b.get(up, 0) - a.get(up, 0), 0)
            fn += max(a.get(up, 0) - b.get(up, 0), 0)
    return ratio(tp, tp + fp), ratio(tp, tp + fn)

def kinds_caml(y, p, names_):
    sides = [[[{c for c, v in zip(names_, row) if v and caml_kind(c, side) == k} for row in m] for side, m in ((True, y), (False, p))] for k in "dp"]
    use = [i for i in range(len(y)) if sides[0][0][i] and sides[0][1][i]]
    return [ratio(2 * sum(len(g[i] & q[i]) for i in use), sum(len(g[i]) + len(q[i]) for i in use)) for g, q in sides]

def coverage(y, p, s):
    doubt = np.minimum(s.astype(float), 1 - s.astype(float)).sum(1)
    hits, both = (y & p).sum(1), y.sum(1) + p.sum(1).astype(int)
    order = np.argsort(doubt, kind="stable")
    risk = np.array([1 - 2 * h / b if b else 0 for h, b in zip(hits, both)])[order]
    mean = np.cumsum(risk) / np.arange(1, len(y) + 1)
    depth = [int(np.ceil(len(y) * t / 10 - 1e-9)) for t in range(1, 11)]
    return mean.mean(), [mean[d - 1] for d in depth], [ratio(2 * hits[order][:d].sum(), both[order][:d].sum()) for d in depth]

def evaluate(y, p, s, names_, unknown=None, whole=True):
    n, L = y.shape
    yi, pi = y.astype(int), p.astype(int)
    tp, fp, fn = (yi & pi).sum(0), ((1 - yi) & pi).sum(0), (yi & (1 - pi)).sum(0)
    tn = n - tp - fp - fn
    pm, rm = np.mean(tp / (tp + fp + EPS)), np.mean(tp / (tp + fn + EPS))
    v = {
        "acc_micro": sk.jaccard_score(y, p, average="micro", zero_division=0), "prec_micro": sk.precision_score(y, p, average="micro", zero_division=0),
        "rec_micro": sk.recall_score(y, p, average="micro", zero_division=0), "f1_micro": sk.f1_score(y, p, average="micro", zero_division=0),
        "fpr_micro": ratio(fp.sum(), fp.sum() + tn.sum()),
        "acc_macro": np.mean(tp / (tp + fp + fn + EPS)), "prec_macro": pm, "rec_macro": rm, "f1_macro_caml": f1(pm, rm),
        "f1_macro_mean": sk.f1_score(y, p, average="macro", zero_division=0), "fpr_macro": np.mean([ratio(a, a + b) for a, b in zip(fp, tn)]),
        "exact_match": sk.accuracy_score(y, p), "acc_hamming": 1 - sk.hamming_loss(y, p),
        "codes_gold": y.sum() / n, "codes_pred": p.sum() / n,
    }
    if L > 1:  # scikit-learn takes one column for a binary problem
        assert abs(v["prec_macro"] - sk.precision_score(y, p, average="macro", zero_division=0)) < 1e-9
        assert abs(v["rec_macro"] - sk.recall_score(y, p, average="macro", zero_division=0)) < 1e-9
        assert abs(v["acc_macro"] - sk.jaccard_score(y, p, average="macro", zero_division=0)) < 1e-9
        v["prec_inst"] = sk.precision_score(y, p, average="samples", zero_division=0)
        v["rec_inst"] = sk.recall_score(y, p, average="samples", zero_division=0)
        v["f1_inst_mean"] = sk.f1_score(y, p, average="samples", zero_division=0)
    else:
        v["prec_inst"] = v["rec_inst"] = v["f1_inst_mean"] = tp.sum() / n
        v.update(dict(zip(("acc_micro", "prec_micro", "rec_micro", "f1_micro"), (
            ratio(tp.sum(), (tp + fp + fn).sum()), ratio(tp.sum(), (tp + fp).sum()), ratio(tp.sum(), (tp + fn).sum()), ratio(2 * tp.sum(), (2 * tp + fp + fn).sum())))))
        v["f1_macro_mean"] = v["f1_micro"]
    v["f1_inst_caml"] = f1(v["prec_inst"], v["rec_inst"])
    for name, completed in (("set", True), ("count", False)):
        a, b = hierarchy(y, p, names_, completed)
        v.update({f"prec_hier_{name}": a, f"rec_hier_{name}": b, f"f1_hier_{name}": f1(a, b)})
    if whole:
        v["f1_micro_diagnosis_caml"], v["f1_micro_procedure_caml"] = kinds_caml(y, p, names_)
        if unknown is not None:
            v["gen_unknown"] = int(unknown.sum())
    if s is not None:
        some = y.sum(0) > 0
        keep = [l for l in range(L) if 0 < y[:, l].sum() < n]
        v["auc_macro"] = np.mean([sk.roc_auc_score(y[:, l], s[:, l]) for l in keep]) if keep else np.nan
        v["auc_micro"] = sk.roc_auc_score(y.ravel(), s.ravel()) if 0 < y.sum() < y.size else np.nan
        v["auprc_macro"] = np.mean([sk.average_precision_score(y[:, l], s[:, l]) for l in range(L) if some[l]]) if some.any() else np.nan
        v["auprc_micro"] = sk.average_precision_score(y.ravel(), s.ravel()) if some.any() else np.nan
        order = [sorted(range(L), key=lambda l: (s[i, l], l), reverse=True) for i in range(n)]
        hit = np.array([y[i, o] for i, o in enumerate(order)])
        g = y.sum(1)
        for k in AT:
            a, b = np.mean(hit[:, :k].sum(1) / min(k, L)), np.mean([ratio(h, x) for h, x in zip(hit[:, :k].sum(1), g)])
            v.update({f"prec_at_{k}": a, f"rec_at_{k}": b, f"f1_at_{k}": f1(a, b)})
        with_gold = [i for i in range(n) if g[i]]
        v["map"] = np.mean([sum(hit[i, :r + 1].sum() / (r + 1) for r in range(L) if hit[i, r]) / g[i] for i in with_gold]) if with_gold else np.nan
        v["r_precision"] = np.mean([hit[i, :g[i]].sum() / g[i] for i in with_gold]) if with_gold else np.nan
        v["brier"] = sk.brier_score_loss(y.ravel(), s.ravel().astype(float), pos_label=1) if 0 < y.sum() < y.size else np.mean((y - s.astype(float)) ** 2)
        which = np.searchsorted(np.arange(1, 10) / 10, s.ravel().astype(float))
        v["ece"] = sum(abs(s.ravel().astype(float)[which == b].sum() - y.ravel()[which == b].sum()) for b in range(10)) / y.size
        v["aurc"] = coverage(y, p, s)[0]
    return {k: float(x) for k, x in v.items()}

EDGES = [5, 20]
def groups(y, train):
    for present in (False, True):
        universe = (y.sum(0) > 0) | (not present)
        parts = {"": universe, "_diagnosis": universe & [not procedure(c) for c in codes], "_procedure": universe & [procedure(c) for c in codes],
                 "_train_0_5": universe & (train <= 5), "_train_6_20": universe & (train > 5) & (train <= 20), "_train_above_20": universe & (train > 20)}
        for name, mask in parts.items():
            if mask.any():
                yield name + ("_present" if present else ""), mask, y[:, mask].any(1) if present else np.ones(len(y), bool)
def everywhere(y, p, s, train, unknown=None, rows=None):
    """All groups; rows: notes taken (with repeats). Groups are those of the original notes."""
    v = {}
    for suffix, mask, notes in groups(y, train):
        use = [i for i in (range(len(y)) if rows is None else rows) if notes[i]]
        m = evaluate(y[use][:, mask], p[use][:, mask], None if s is None else s[use][:, mask], [c for c, x in zip(codes, mask) if x],
                     None if unknown is None else unknown[use], suffix == "")
        v.update({k + suffix: x for k, x in m.items()})
    return v

# ---- the generator of lib/util/rng.h ----
def philox(key, hi, lo):
    c, k = [lo & 0xFFFFFFFF, lo >> 32, hi & 0xFFFFFFFF, hi >> 32], [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & 0xFFFFFFFF, a >> 32 ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [k[0] + 0x9E3779B9 & 0xFFFFFFFF, k[1] + 0xBB67AE85 & 0xFFFFFFFF]
    return c[0] | c[1] << 32
def below(seed, stream, count, n):  # no draw is rejected for so small an n
    return [philox(seed, stream, i) % n for i in range(count)]

# ---- what is wanted ----
y, unknown = gold[test], np.array([i % 2 for i in test])
train_count = gold[:n_train].sum(0).astype(int)
rank = sorted(range(L), key=lambda l: (-train_count[l], l))
def constant(k, rows):
    p = np.zeros((rows, L), np.uint8)
    p[:, rank[:k]] = 1
    return p
k = max(range(1, L + 1), key=lambda k: (sk.f1_score(gold[:n_train], constant(k, n_train), average="micro"), -k))
a, b = (final[test], score[test]), (final2[test], score2[test])
want = {"k": k, "final": everywhere(y, *a, train_count, unknown), "above": everywhere(y, (score[test] > 0.625).astype(np.uint8), score[test], train_count, unknown),
        "half": evaluate(y, (score[test] > 0.5).astype(np.uint8), score[test], codes), "codes": evaluate(y, final[test], None, codes),
        "floor": everywhere(y, constant(k, len(y)), None, train_count)}

SEED, ROUNDS = 7, 8
def intervals(per_round):
    return {k: [float(np.percentile([v for v in per_round[k] if v == v], q)) for q in (2.5, 97.5)] for k in per_round if any(v == v for v in per_round[k])}
lo_hi, diffs, swapped = {}, {}, {}
for suffix, mask, notes in groups(y, train_count):  # a group's rounds draw from the group's notes
    if "train" in suffix:
        continue
    use = np.flatnonzero(notes)
    m, names_, whole = len(use), [c for c, x in zip(codes, mask) if x], suffix == ""
    part = lambda x, rows: x[use][rows][:, mask]
    one = lambda q, rows: evaluate(part(y, rows), part(q[0], rows), part(q[1], rows), names_, unknown[use][rows], whole)
    for r in range(ROUNDS):
        rows = sorted(below(SEED, r, m, m))
        va, vb = one(a, rows), one(b, rows)
        flip = np.array(below(SEED, (1 << 32) + r, m, 2), bool)
        every = np.arange(m)
        mix = [[np.where(flip[:, None], q[use], p[use]) for p, q in zip(*pair)] for pair in ((a, b), (b, a))]
        sa, sb = (evaluate(part(y, every), x[0][:, mask], x[1][:, mask], names_, unknown[use], whole) for x in mix)
        for name in va:
            lo_hi.setdefault(name + suffix, []).append(va[name])
            diffs.setdefault(name + suffix, []).append(va[name] - vb[name])
            swapped.setdefault(name + suffix, []).append(sa[name] - sb[name])
other = everywhere(y, *b, train_count, unknown)
want["interval"] = intervals(lo_hi)
spread = intervals(diffs)
want["compare"] = {m: [other[m], want["final"][m] - other[m], *spread[m],
                       (1 + sum(abs(d) >= abs(want["final"][m] - other[m]) - 1e-12 for d in swapped[m])) / (1 + ROUNDS)] for m in other if m in spread}

rows = {}
for l, c in enumerate(codes):
    g, p, s = y[:, l], final[test][:, l], score[test][:, l]
    rows[c] = {"train": int(train_count[l]), "gold": int(g.sum()), "predicted": int(p.sum()), "right": int((g & p).sum()),
               "prec": sk.precision_score(g, p, zero_division=0), "rec": sk.recall_score(g, p, zero_division=0), "f1": sk.f1_score(g, p, zero_division=0)}
    if g.any():
        rows[c]["auc"], rows[c]["auprc"] = sk.roc_auc_score(g, s), sk.average_precision_score(g, s)
true, mean = calibration.calibration_curve(y.ravel(), score[test].ravel().astype(float), n_bins=10)
cells = np.bincount(np.searchsorted(np.arange(1, 10) / 10, score[test].ravel().astype(float)), minlength=10)
filled = iter(zip(true, mean))
for i, c in enumerate(cells):
    rows[f"{(i + 1) / 10}"] = {"reliability_cells": int(c)}
    if c:
        rows[f"{(i + 1) / 10}"]["reliability_gold"], rows[f"{(i + 1) / 10}"]["reliability_score"] = next(filled)
_, risk, f1s = coverage(y, *a)
for i in range(10):
    rows[f"{(i + 1) / 10}"].update(coverage_risk=risk[i], coverage_f1_micro=f1s[i])
want["rows"] = {c: {k: float(v) for k, v in row.items()} for c, row in rows.items()}

# Thresholds by trying them all, strictly above. Exact: half way between scores, the highest of the best; the grid: the
# lowest of the best.
yd, sd = gold[dev], score[dev].astype(float)
def best(g, s, candidates):
    of = [sk.f1_score(g.ravel(), (s > t).astype(np.uint8).ravel(), zero_division=0) for t in candidates]
    return float(candidates[int(np.argmax(np.array(of) >= max(of) - 1e-12))])
def exact(s):  # of scores that are not negative: 0 is never predicted
    v = np.union1d(s, [0])
    return [v[-1], *((v[1:] + v[:-1]) / 2)[::-1]]
grid = [i / 99 for i in range(100)]
tuned = {"all-exact": [best(yd, sd, exact(sd))] * L, "all-grid": [best(yd, sd, grid)] * L}
for how in ("exact", "grid"):
    tuned[f"code-{how}"] = [best(yd[:, l], sd[:, l], grid if how == "grid" else exact(sd[:, l])) if yd[:, l].any() else tuned[f"all-{how}"][l] for l in range(L)]
want["tuned"] = {m: {"t": dict(zip(codes, t)), "f1_micro": float(sk.f1_score(y, (score[test].astype(float) > t).astype(np.uint8), average="micro"))} for m, t in tuned.items()}
with open("tests/golden/score/want.json", "w") as out:
    out.write(json.dumps(want, separators=(",", ":")).replace('},"', '},\n"') + "\n")
