#!/usr/bin/env python3
"""For linear.sh: linear.py NOTES GOLD SOLVER SCORES. TF-IDF of words and one logistic regression for each label by
scikit-learn, with C = 100, on the train notes; writes scores to SCORES.dev.tsv and SCORES.test.tsv and prints wall and CPU seconds from
texts in memory to scores."""
import json
import sys
import time

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

notes, gold, solver, scores = sys.argv[1:]
read = lambda name: [r for r in map(json.loads, open(name)) if "id" in r]
codes = {r["id"]: r["codes"] for r in read(gold)}
part = {s: [r for r in read(notes) if r["split"] == s] for s in ("train", "dev", "test")}
labels = sorted({c for r in part["train"] for c in codes[r["id"]]})
y = np.array([[c in codes[r["id"]] for c in labels] for r in part["train"]])
wall, cpu = time.time(), time.process_time()
v = TfidfVectorizer(sublinear_tf=True, min_df=3)
x = v.fit_transform([r["text"] for r in part["train"]])
m = OneVsRestClassifier(LogisticRegression(C=100, max_iter=2000, solver=solver)).fit(x, y)
p = {s: m.predict_proba(v.transform([r["text"] for r in part[s]])) for s in ("dev", "test")}
print(f"{time.time() - wall:.2f} {time.process_time() - cpu:.2f}")
for s in p:
    with open(f"{scores}.{s}.tsv", "w") as f:
        print("id", *labels, sep="\t", file=f)
        for r, row in zip(part[s], p[s]):
            print(r["id"], *map(repr, map(float, row)), sep="\t", file=f)
