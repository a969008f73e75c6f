#!/usr/bin/env python3
"""Writes tests/golden/score/: gold and predictions of a made-up problem, and their metrics by scikit-learn.
Needs numpy and scikit-learn; the tests do not. Run from the repository root."""
import base64, json, os
import numpy as np
from sklearn import metrics as sk

rng = np.random.default_rng(11)
codes = sorted(["401.9", "38.93", "428.0", "V45.81", "427.31", "E878.2", "99.04", "038.9", "285.9"])
L, n_train, n_dev, n_test = len(codes), 60, 10, 41
prior = np.linspace(0.6, 0.05, L)
n = n_train + n_dev + n_test
gold = (rng.random((n, L)) < prior).astype(np.uint8)
gold[:, 8] = gold[:, 8] & (np.arange(n) < n_train)  # a label that test never has
split = ["train"] * n_train + ["dev"] * n_dev + ["test"] * n_test
# Scores in 32nds: exact in a float, with many ties.
score = np.clip(np.round((gold * 0.35 + rng.random((n, L)) * 0.65) * 32) / 32, 0, 1).astype("<f4")
final = ((score > 0.5) ^ (rng.random((n, L)) < 0.05)).astype(np.uint8)  # generated codes differ from the scores

def rows(name, f):
    with open(f"tests/golden/score/{name}", "w") as out:
        for line in f:
            out.write(json.dumps(line, separators=(",", ":")) + "\n")

def names(row):
    return [c for c, v in zip(codes, row) if v]

os.makedirs("tests/golden/score", exist_ok=True)
with open("tests/golden/score/labels.json", "w") as out:
    out.write(json.dumps(codes) + "\n")
rows("gold.ndjson", ({"id": f"n{i}", "split": split[i], "codes": names(gold[i])} for i in range(n)))
test = [i for i in rng.permutation(n) if split[i] == "test"]  # another order than gold's
rows("pred.ndjson", ({"id": f"n{i}", "codes": names(final[i]), "gen": {"codes": names(final[i]), "text": "", "unknown": int(i) % 2},
                      "scores": {"$bin": base64.b64encode(score[i].tobytes()).decode()}} for i in test))

def evaluate(y, p, s=None):
    pm, rm = sk.precision_score(y, p, average="macro", zero_division=0), sk.recall_score(y, p, average="macro", zero_division=0)
    v = {
        "acc_micro": sk.jaccard_score(y, p, average="micro"), "prec_micro": sk.precision_score(y, p, average="micro"),
        "rec_micro": sk.recall_score(y, p, average="micro"), "f1_micro": sk.f1_score(y, p, average="micro"),
        "acc_macro": sk.jaccard_score(y, p, average="macro", zero_division=0), "prec_macro": pm, "rec_macro": rm,
        "f1_macro_caml": 2 * pm * rm / (pm + rm), "f1_macro_mean": sk.f1_score(y, p, average="macro", zero_division=0),
        "exact_match": sk.accuracy_score(y, p),
    }
    if s is not None:
        keep = [l for l in range(L) if 0 < y[:, l].sum() < len(y)]
        v["auc_macro"] = sk.roc_auc_score(y[:, keep], s[:, keep], average="macro")
        v["auc_micro"] = sk.roc_auc_score(y, s, average="micro")
        top = [sorted(range(L), key=lambda l: (s[i, l], l), reverse=True)[:5] for i in range(len(y))]
        v["prec_at_5"] = float(np.mean([y[i, t].sum() / 5 for i, t in enumerate(top)]))
    return {k: float(x) for k, x in v.items()}

y = gold[test]
train = gold[:n_train]
rank = sorted(range(L), key=lambda l: (-int(train[:, l].sum()), l))
def constant(k, rows):
    p = np.zeros((rows, L), np.uint8)
    p[:, rank[:k]] = 1
    return p
k = max(range(1, L + 1), key=lambda k: (sk.f1_score(train, constant(k, n_train), average="micro"), -k))
want = {"final": evaluate(y, final[test], score[test]), "above": evaluate(y, (score[test] > 0.625).astype(np.uint8), score[test]),
        "floor": evaluate(y, constant(k, len(y)))}
want["final"]["gen_unknown"] = float(sum(int(i) % 2 for i in test))
with open("tests/golden/score/want.json", "w") as out:
    json.dump({"k": k, **want}, out, indent=1)
    out.write("\n")
