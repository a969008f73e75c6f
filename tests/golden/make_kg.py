#!/usr/bin/env python3
"""Writes tests/golden/kg/golden.safetensors: eqs 1-9 of the paper in plain PyTorch, on the encoder and decoder of
tests/golden/t5-v1.0 as Hugging Face transformers computes them. Run by hand (torch, transformers, safetensors); the
result is committed.

  ids, len, dec, target, y       two padded notes, their target text and labels
  kg.ids, kg.text                the knowledge: tokens; (tokens, code) of each text
  W U w b, Wkg, gate, norm       weights of label attention and KG-injection
  <variant>.D1 .logits .loss     D' (padding zeroed), label scores, loss of text and of labels
  <variant>.grad.<parameter>     of the sum of both losses
The variants are those of tests/golden/kg.c, by name.
"""
import os
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import T5ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

HERE = os.path.dirname(os.path.abspath(__file__))
L, CHUNK = 3, 11
TEXTS = [(3, 0), (4, 0), (2, 1), (9, 1), (25, 2), (5, 2)]  # one longer than two chunks
WATCHED = ("shared.weight", "encoder.block.0.layer.0.SelfAttention.q.weight", "encoder.final_layer_norm.weight",
           "encoder.block.1.layer.1.DenseReluDense.wo.weight", "decoder.block.1.layer.1.EncDecAttention.k.weight")
VARIANTS = {
    "literal": {}, "full": {"full": True}, "tanh": {"tanh": True, "scale": True}, "norm": {"norm": True},
    "gate": {"gate": True}, "shared": {"share": True}, "expression": {"pool": "expression", "full": True},
    "code": {"pool": "code", "full": True}, "labels": {"into": "labels"}, "decoder": {"into": "decoder"},
    "alone": {"pool": "expression", "chunk": 1},
}


def pieces(chunk):
    """Whole texts together up to `chunk` tokens; a longer text is cut."""
    out, at, n, pos = [], 0, 0, 0
    for size, _ in TEXTS:
        if n and n + size > chunk:
            out.append((at, n))
            at, n = pos, 0
        left = size
        while left > chunk:
            out.append((at, chunk))
            at, left = at + chunk, left - chunk
        n += left
        pos += size
    return out + [(at, n)]


def knowledge(m, ids, pool, chunk):
    """Eq. 6: D_m, a row a token or the mean of a text's or a code's tokens."""
    rows = torch.cat([m.encoder(input_ids=ids[None, a:a + n]).last_hidden_state[0] for a, n in pieces(chunk)])
    if pool == "token":
        return rows
    group = torch.tensor([i if pool == "expression" else c for i, (n, c) in enumerate(TEXTS) for _ in range(n)])
    return torch.stack([rows[group == g].mean(0) for g in range(int(group.max()) + 1)])


def run(m, x, w, tanh=False, scale=False, norm=False, gate=False, share=False, pool="token", into="both", full=False,
        chunk=CHUNK):
    mask = (torch.arange(x["ids"].shape[1])[None] < x["len"][:, None]).float()
    d = m.encoder(input_ids=x["ids"], attention_mask=mask).last_hidden_state
    dm = knowledge(m, x["kg.ids"], pool, chunk)
    dm = dm if full else dm.detach()
    z = dm @ (w["W"] if share else w["Wkg"]).T                        # (7)
    z = torch.tanh(z) if tanh else z
    s = d @ z.T
    a = torch.softmax(s / d.shape[-1] ** 0.5 if scale else s, -1)     # (8)
    add = a @ z
    if gate:
        add = torch.sigmoid(d @ w["gate"].T) * add
    d1 = d + add                                                      # (9)
    if norm:
        d1 = w["norm"] * d1 * torch.rsqrt(d1.pow(2).mean(-1, keepdim=True) + m.config.layer_norm_epsilon)
    h = d if into == "decoder" else d1
    u = torch.tanh(h @ w["W"].T) @ w["U"].T                           # (1), (2)
    att = torch.softmax(u.masked_fill(mask[..., None] == 0, float("-inf")), 1)
    v = att.transpose(1, 2) @ h                                       # (3)
    logits = (v * w["w"]).sum(-1) + w["b"]                            # (4)
    loss_att = F.binary_cross_entropy_with_logits(logits, x["y"])
    out = m(encoder_outputs=BaseModelOutput(d if into == "labels" else d1), attention_mask=mask,
            decoder_input_ids=x["dec"]).logits
    loss_gen = F.cross_entropy(out.flatten(0, 1), x["target"].flatten(), ignore_index=-1)
    return d1 * mask[..., None], logits, loss_gen, loss_att


def main():
    torch.manual_seed(7)
    m = T5ForConditionalGeneration.from_pretrained(os.path.join(HERE, "t5-v1.0"), attn_implementation="eager").eval()
    D, V = m.config.d_model, m.config.vocab_size
    x = {"ids": torch.randint(3, V, (2, 9)), "len": torch.tensor([9, 6]),
         "dec": torch.cat([torch.zeros(2, 1, dtype=torch.int64), torch.randint(3, V, (2, 4))], 1),
         "target": torch.randint(3, V, (2, 5)), "y": torch.tensor([[1., 0, 1], [0, 1, 0]]),
         "kg.ids": torch.randint(3, V, (sum(n for n, _ in TEXTS),)), "kg.text": torch.tensor(TEXTS)}
    x["ids"][1, 6:] = 0
    x["target"][1, 3:] = -1
    w = {"W": torch.randn(D, D) / D ** 0.5, "U": torch.randn(L, D), "w": torch.randn(L, D), "b": torch.randn(L),
         "Wkg": torch.randn(D, D) / 6, "gate": torch.randn(D, D) / 3, "norm": 1 + 0.2 * torch.randn(D)}
    out = {k: v.int() if v.dtype == torch.int64 else v for k, v in x.items()} | w
    names = dict(m.named_parameters())
    for name, how in VARIANTS.items():
        for p in [*m.parameters(), *w.values()]:
            p.grad = None
            p.requires_grad_(True)
        d1, logits, gen, att = run(m, x, w, **how)
        (gen + att).backward()
        out |= {f"{name}.D1": d1, f"{name}.logits": logits, f"{name}.loss": torch.stack([gen, att])}
        out |= {f"{name}.grad.{k}": v.grad.clone() for k, v in w.items() if v.grad is not None}
        out |= {f"{name}.grad.{k}": names[k].grad.clone() for k in WATCHED}
        print(name, gen.item(), att.item())
    save_file({k: v.detach().contiguous() for k, v in out.items()}, os.path.join(HERE, "kg", "golden.safetensors"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
