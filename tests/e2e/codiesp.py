#!/usr/bin/env python3
"""CodiEsp (v4, English text, diagnoses) as JSON lines: codiesp.py V4-FOLDER OUT writes OUT/{note,gold}.json and OUT/labels.json
(the 50 codes most frequent in the training notes). Notes without any of them are left out, as in MIMIC-III-50."""
import collections
import json
import os
import sys

v4, out = sys.argv[1:]
codes, texts = {}, {}
for split in ("train", "dev", "test"):
    folder = os.path.join(v4, split, "text_files_en")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            texts[split, os.path.splitext(name)[0]] = f.read()
    with open(os.path.join(v4, split, split + "D.tsv"), encoding="utf-8") as f:
        for line in f:
            note, code = line.split()[:2]
            codes.setdefault((split, note), set()).add(code.upper())
count = collections.Counter(c for (split, _), s in codes.items() if split == "train" for c in s)
labels = sorted(sorted(count, key=lambda c: (-count[c], c))[:50])
with open(os.path.join(out, "labels.json"), "w") as f:
    json.dump({"labels": labels}, f)
with open(os.path.join(out, "note.json"), "w") as note, open(os.path.join(out, "gold.json"), "w") as gold:
    for (split, name), text in texts.items():
        mine = sorted(codes.get((split, name), set()) & set(labels))
        if mine:
            print(json.dumps({"id": name, "split": split, "text": text}), file=note)
            print(json.dumps({"id": name, "split": split, "codes": mine}), file=gold)
