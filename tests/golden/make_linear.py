#!/usr/bin/env python3
"""Writes tests/golden/linear/: notes as ids, their codes, and the probabilities that scikit-learn's TfidfVectorizer and
LogisticRegression give for them, with pieces alone and with runs of up to three. Needs scikit-learn; the tests do not. Run
from the repository root."""
import base64, json, os
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(4)
codes, L, N = ["250.00", "401.9", "428.0", "V10.3"], 4, 150
notes, gold = [], []
for i in range(N):
    y = rng.random(L) < (0.5, 0.3, 0.1, 0.2)
    ids = list(rng.integers(3, 40, rng.integers(5, 40)))
    for l in range(L):
        ids += [50 + l] * int(rng.integers(0, 4) if y[l] else rng.random() < 0.1)
    rng.shuffle(ids)
    notes.append([int(x) for x in ids] + [1])  # 1: end of sequence, no feature
    gold.append(y)
gold = np.array(gold)
split = ["train", "train", "dev", "test"] * N
os.makedirs("tests/golden/linear", exist_ok=True)
def write(name, records):
    with open(f"tests/golden/linear/{name}", "w") as f:
        for r in records:
            f.write(json.dumps(r, separators=(",", ":")) + "\n")
write("token.ndjson", ({"id": f"n{i}", "split": split[i], "ids": {"$bin": base64.b64encode(np.array(x, "<i4").tobytes()).decode()}}
                       for i, x in enumerate(notes)))
write("gold.ndjson", ({"id": f"n{i}", "split": split[i], "codes": [c for c, y in zip(codes, gold[i]) if y]}
                      for i in range(N) if split[i] != "test"))
train = [i for i in range(N) if split[i] == "train"]
test = [i for i in range(N) if split[i] == "test"]
# ngrams, least notes, C
with open("tests/golden/linear/want.ndjson", "w") as f:
    for ngrams, least, C in ((1, 1, 1), (1, 1, 100), (3, 1, 10), (2, 3, 30)):
        runs = lambda x: [tuple(x[i:i + k]) for k in range(1, ngrams + 1) for i in range(len(x) - k)]
        v = TfidfVectorizer(analyzer=runs, sublinear_tf=True, min_df=least)
        X = v.fit_transform([notes[i] for i in train])
        # the intercept is a feature of value 10, penalised as the others are
        m = [LogisticRegression(solver="liblinear", C=C, intercept_scaling=10, tol=1e-10, max_iter=10000).fit(X, gold[train, l]) for l in range(L)]
        p = np.array([x.predict_proba(v.transform([notes[i] for i in test]))[:, 1] for x in m]).T
        f.write(json.dumps({"ngrams": ngrams, "least": least, "C": C, "features": X.shape[1], "p": np.round(p, 6).tolist()}) + "\n")
