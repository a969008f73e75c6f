#!/usr/bin/env python3
"""For score.sh. make DIR: a made-up MIMIC-III-full test set, 3,372 notes by 8,921 labels, as JSON lines for rec-cat and as
arrays. time DIR METRICS: scikit-learn's metrics of the arrays, timed by CPU seconds (after loading), and whether they are
those in METRICS (icd-score's records as JSON lines)."""
import base64
import json
import sys
import time
import warnings

import numpy as np

N, L = 3372, 8921
warnings.filterwarnings("ignore")


def make(to):
    rng = np.random.default_rng(5)
    codes = [f"{100 + l // 100}.{l % 100:02d}" for l in range(L)]
    rate = 0.35 / np.arange(1, L + 1) ** 0.9
    rate = rng.permutation(rate * 18 / rate.sum())
    y = rng.random((N, L)) < np.minimum(rate, 0.5)
    s = np.empty((N, L), "<f4")
    with open(f"{to}/gold.ndjson", "w") as gold, open(f"{to}/pred.ndjson", "w") as pred:
        gold.write(json.dumps({"id": "t", "split": "train", "codes": codes[:9]}) + "\n")
        for i in range(N):
            s[i] = 1 / (1 + np.exp(np.where(y[i], 1, 7) + np.where(y[i], 3, 1.5) * rng.standard_normal(L)))
            gold.write(json.dumps({"id": f"{i:04d}", "split": "test", "codes": [codes[l] for l in np.flatnonzero(y[i])]}) + "\n")
            pred.write(json.dumps({"id": f"{i:04d}", "codes": [codes[l] for l in np.flatnonzero(s[i] > 0.5)],
                                   "scores": {"$bin": base64.b64encode(s[i].tobytes()).decode()}}) + "\n")
    json.dump({"labels": codes}, open(f"{to}/meta.json", "w"))
    np.save(f"{to}/y.npy", y.astype(np.uint8))
    np.save(f"{to}/s.npy", s)


def f1(p, r):
    return 2 * p * r / (p + r)


def sklearn_metrics(y, s):
    from sklearn import calibration, metrics as sk
    p = (s > 0.5).astype(np.uint8)
    v = {}
    for kind, average in (("micro", "micro"), ("macro", "macro"), ("inst", "samples")):
        v["prec_" + kind], v["rec_" + kind], f, _ = sk.precision_recall_fscore_support(y, p, average=average, zero_division=0)
        v[{"micro": "f1_micro", "macro": "f1_macro_mean", "inst": "f1_inst_mean"}[kind]] = f
        if kind != "inst":
            v["acc_" + kind] = sk.jaccard_score(y, p, average=average, zero_division=0)
    v["f1_macro_caml"], v["f1_inst_caml"] = f1(v["prec_macro"], v["rec_macro"]), f1(v["prec_inst"], v["rec_inst"])
    v["exact_match"], v["acc_hamming"] = sk.accuracy_score(y, p), 1 - sk.hamming_loss(y, p)
    some = y.any(0)
    # In C order: of any other array numpy's take, which scikit-learn calls for every label, copies the whole each time.
    by_label = np.ascontiguousarray(y[:, some]), np.ascontiguousarray(s[:, some])
    v["auc_macro"] = sk.roc_auc_score(*by_label, average="macro")
    v["auprc_macro"] = sk.average_precision_score(*by_label, average="macro")
    flat, scores = y.ravel(), s.ravel()
    v["auc_micro"], v["auprc_micro"] = sk.roc_auc_score(flat, scores), sk.average_precision_score(flat, scores)
    noted = y.any(1)
    v["map"] = sk.label_ranking_average_precision_score(y[noted], s[noted])
    v["brier"] = sk.brier_score_loss(flat, scores)
    calibration.calibration_curve(flat, scores, n_bins=10)
    order = np.argsort(s, axis=1)[:, ::-1][:, :15]  # scikit-learn has no precision at k for many labels
    hit = np.take_along_axis(y, order, axis=1)
    for k in (5, 8, 15):
        v[f"prec_at_{k}"] = hit[:, :k].sum(1).mean() / k
    return v


def timed(at, metrics):
    y, s = np.load(f"{at}/y.npy"), np.load(f"{at}/s.npy")
    t0, c0 = time.monotonic(), time.process_time()
    v = sklearn_metrics(y, s)
    wall, cpu = time.monotonic() - t0, time.process_time() - c0
    mine = {r["metric"]: r["value"] for r in map(json.loads, open(metrics)) if "metric" in r}
    worst = max((abs(mine[m] - x), m) for m, x in v.items())
    if not worst[0] <= 1e-9:
        sys.exit(f"{worst[1]} differs by {worst[0]}")
    print(f"{wall:.2f} {cpu:.2f} {len(v)} {worst[0]:.1e} {worst[1]} {len(mine)}")


if __name__ == "__main__":
    make(sys.argv[2]) if sys.argv[1] == "make" else timed(sys.argv[2], sys.argv[3])
