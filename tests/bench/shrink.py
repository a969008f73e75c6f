#!/usr/bin/env python3
"""shrink.py NOTES GOLD [LABELS]: what thresholds by code are worth on few dev notes, and how far they should be drawn
towards the one for all codes (icd-score --shrink, --min-positives). NOTES and GOLD are JSON lines (rec-cat --json);
LABELS keeps the so many most frequent ones. Scores are those of TF-IDF and logistic regression, trained on the train
split. The other notes are divided by chance into dev and test, 25 times; shown are the means of micro-F1 and of the mean
of the labels' F1. Needs numpy and scikit-learn; the numbers are in RESULTS.md."""
import collections
import json
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

SHRINK, LEAST, ROUNDS = (0, 2, 5, 10, 20, 40), (1, 3, 5, 10), 25


def records(path):
    return {r["id"]: r for r in map(json.loads, open(path)) if "id" in r}


def scores(notes, gold, most):
    ids = [i for i in notes if i in gold]
    split = np.array([notes[i]["split"] for i in ids])
    count = collections.Counter(c for i, s in zip(ids, split) if s == "train" for c in gold[i]["codes"])
    labels = sorted(count, key=lambda c: (-count[c], c))[:most]
    y = np.array([[c in gold[i]["codes"] for c in labels] for i in ids])
    x = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform([notes[i]["text"] for i in ids])
    train = split == "train"
    s = np.zeros(y.shape)
    for k in range(len(labels)):
        if not y[train, k].all():
            s[:, k] = LogisticRegression(C=10, max_iter=300).fit(x[train], y[train, k]).predict_proba(x)[:, 1]
    return s[~train], y[~train]


def best(s, y):
    """The search of lib/metric/threshold.c."""
    order = np.argsort(-s, kind="stable")
    s, y = s[order], y[order]
    f = 2 * np.cumsum(y) / (np.arange(1, len(s) + 1) + y.sum())
    f[:-1][s[:-1] == s[1:]] = -1
    at = int(np.argmax(f))
    return (s[at] + (s[at + 1] if at + 1 < len(s) else 0)) / 2


def f1(y, p):
    tp, both = (y & p).sum(0), y.sum(0) + p.sum(0)
    return 2 * tp.sum() / both.sum(), np.mean(2 * tp / np.maximum(both, 1))


s, y = scores(records(sys.argv[1]), records(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
rng = np.random.default_rng(1)
for size in (50, 200):
    of = collections.defaultdict(list)
    for _ in range(ROUNDS):
        order = rng.permutation(len(s))
        dev, test = order[:size], order[size:]
        both, n = best(s[dev].ravel(), y[dev].ravel()), y[dev].sum(0)
        own = np.array([best(s[dev, k], y[dev, k]) if n[k] else both for k in range(y.shape[1])])
        of["one for all"].append(f1(y[test], s[test] > both))
        for k in SHRINK:
            for least in LEAST:
                t = np.where(n < least, both, (n * own + k * both) / np.maximum(n + k, 1))
                of[f"shrink {k:2}, at least {least:2}"].append(f1(y[test], s[test] > t))
    print(f"{size} dev notes, {len(s) - size} test notes, {y.shape[1]} labels with {y.mean() * size:.1f} dev notes each")
    for name, v in of.items():
        print("  %-24s %.4f %.4f" % (name, *np.mean(v, 0)))
