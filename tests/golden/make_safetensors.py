#!/usr/bin/env python3
"""Writes tests/golden/safetensors with the safetensors library (needs torch): values i/4 - 1 in every type we read, a
scalar, an empty tensor, and the same in two shards with an index. Run by hand; the results are committed."""
import json
import os
import torch
from safetensors.torch import save_file

D = os.path.join(os.path.dirname(os.path.abspath(__file__)), "safetensors")
os.makedirs(os.path.join(D, "sharded"), exist_ok=True)
x = torch.arange(12).reshape(3, 4) / 4 - 1
t = {"f32": x, "f64": x.double(), "f16": x.half(), "bf16": x.bfloat16(), "i64": torch.arange(3),
     "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 4), "odd": torch.arange(3, dtype=torch.uint8),
     "special.f16": torch.tensor([float("inf"), float("-inf"), float("nan"), 6e-8, -6.1e-5, 65504.0, -0.0]).half()}
save_file(t, os.path.join(D, "all.safetensors"), metadata={"format": "pt", "note": "d\u00e9j\u00e0"})
names = sorted(t)
files = {"model-00001-of-00002.safetensors": names[:4], "model-00002-of-00002.safetensors": names[4:]}
for f, ns in files.items():
    save_file({n: t[n] for n in ns}, os.path.join(D, "sharded", f), metadata={"format": "pt"})
index = {"metadata": {"total_size": sum(v.numel() * v.element_size() for v in t.values())},
         "weight_map": {n: f for f, ns in files.items() for n in ns}}
with open(os.path.join(D, "sharded", "model.safetensors.index.json"), "w") as f:
    json.dump(index, f, indent=2)
