#!/usr/bin/env python3
"""Writes tests/golden/t5-v1.0, t5-v1.1, t5-odd and mt5: tiny models saved by Hugging Face transformers, and what
transformers and PyTorch compute with them. Run by hand (torch, transformers 5, safetensors), with the names of those to
write; the results are committed. t5-odd is gated-silu, its config.json says untied but no head is in the file, eos is a
list, fewer distances than buckets, and generation_config.json has its own start and ends; mt5 has a head of its own.

  config.json, generation_config.json, model.safetensors   as save_pretrained writes them
  keys.txt           the names in model.safetensors, sorted
  golden.safetensors ids, len, labels (-100: ignored)      one padded batch
                     logits, loss, grad.<parameter>        no dropout
                     losses                                of 10 AdamW steps, lr 1e-3, no decay
                     long.ids, long.logits                 distances beyond the last bucket
                     gen.ids, gen.len, gen.out             greedy tokens, cut at eos, padded with -1
"""
import json
import os
import sys
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import MT5Config, MT5ForConditionalGeneration, T5Config, T5ForConditionalGeneration

HERE = os.path.dirname(os.path.abspath(__file__))
V, STEPS, MAX_NEW = 64, 10, 12


def build(seed, **kw):
    torch.manual_seed(seed)
    tied, mt5 = kw.pop("tied"), kw.pop("mt5", False)
    Config, Model = (MT5Config, MT5ForConditionalGeneration) if mt5 else (T5Config, T5ForConditionalGeneration)
    c = Config(vocab_size=V, dropout_rate=0.1, tie_word_embeddings=tied, decoder_start_token_id=0, **kw)
    m = Model._from_config(c, attn_implementation="eager")
    if not tied:
        m.lm_head.weight = torch.nn.Parameter(0.5 * torch.randn(V, c.d_model))
    with torch.no_grad():
        for n, p in m.named_parameters():
            if "layer_norm" in n:
                p.add_(0.2 * torch.randn_like(p))
        if tied:  # otherwise the residual stream hands each token through and every greedy token is the start token
            m.shared.weight.mul_(0.2)
            m.decoder.final_layer_norm.weight.mul_(5)
    return m.eval()


def batch(lens, T):
    ids = torch.zeros(len(lens), T, dtype=torch.int64)
    for i, n in enumerate(lens):
        ids[i, :n] = torch.cat([torch.randint(3, V, (n - 1,)), torch.tensor([1])])
    return ids, (torch.arange(T)[None] < torch.tensor(lens)[:, None]).long()


def greedy(m, ids, mask):
    out = m.generate(input_ids=ids, attention_mask=mask, max_new_tokens=MAX_NEW, do_sample=False, num_beams=1)[:, 1:]
    rows = []
    eos = m.generation_config.eos_token_id
    for r in out.tolist():
        rows.append(next((r[:i] for i, x in enumerate(r) if x in (eos if isinstance(eos, list) else [eos])), r))
    return rows


def edit(name, **changes):
    """Sets keys of a JSON file; None takes them out."""
    j = json.load(open(name))
    for k, v in changes.items():
        j.pop(k, None) if v is None else j.update({k: v})
    with open(name, "w") as f:
        json.dump(j, f, indent=2)


def main(name, seed, config=None, generation=None, **kw):
    if sys.argv[1:] and name not in sys.argv[1:]:
        return
    d = os.path.join(HERE, name)
    m = build(seed, **kw)
    m.save_pretrained(d)
    start = 0
    if config:
        edit(os.path.join(d, "config.json"), **config)
        edit(os.path.join(d, "generation_config.json"), **generation)
        m = type(m).from_pretrained(d, attn_implementation="eager").eval()
        start = m.generation_config.decoder_start_token_id
    with safe_open(os.path.join(d, "model.safetensors"), "pt") as f:
        keys = sorted(f.keys())
    with open(os.path.join(d, "keys.txt"), "w") as f:
        f.write("".join(k + "\n" for k in keys))
    g = {}
    ids, mask = batch([19, 7, 12], 19)
    labels = torch.full((3, 9), -100)
    for i, n in enumerate([9, 4, 6]):
        labels[i, :n] = torch.cat([torch.randint(3, V, (n - 1,)), torch.tensor([1])])
    said = torch.cat([torch.full((3, 1), start), labels[:, :-1].clamp(min=0)], 1)
    out = m(input_ids=ids, attention_mask=mask, labels=labels, decoder_input_ids=said)
    out.loss.backward()
    g |= {"ids": ids.int(), "len": mask.sum(1).int(), "labels": labels.int(), "logits": out.logits,
          "loss": out.loss.reshape(1)}
    g |= {"grad." + n: p.grad.clone() for n, p in m.named_parameters()}
    m.zero_grad()
    lids, lmask = batch([300], 300)
    dec = torch.randint(3, V, (1, 140))
    dec[0, 0] = start
    with torch.no_grad():
        g |= {"long.ids": lids.int(), "long.dec": dec.int(),
              "long.logits": m(input_ids=lids, attention_mask=lmask, decoder_input_ids=dec).logits[:, ::13]}
    # six notes whose outputs end at different places, decoded as one padded batch
    pool = {}
    for _ in range(400):
        n = int(torch.randint(2, 16, (1,)))
        x, k = batch([n], n)
        r = greedy(m, x, k)[0]
        if len(r) not in pool or len(set(r)) > len(set(pool[len(r)][1])):
            pool[len(r)] = (x[0], r)
    pick = [pool[k] for k in sorted(pool, key=lambda k: (-len(set(pool[k][1])), k))][:6]
    print(name, "lengths", [len(r) for _, r in pick], [r for _, r in pick])
    T = max(len(x) for x, _ in pick)
    gids = torch.zeros(len(pick), T, dtype=torch.int64)
    for i, (x, _) in enumerate(pick):
        gids[i, : len(x)] = x
    glen = torch.tensor([len(x) for x, _ in pick])
    rows = greedy(m, gids, (torch.arange(T)[None] < glen[:, None]).long())
    gout = torch.full((len(pick), MAX_NEW), -1)
    for i, r in enumerate(rows):
        gout[i, : len(r)] = torch.tensor(r)
    g |= {"gen.ids": gids.int(), "gen.len": glen.int(), "gen.out": gout.int()}
    opt = torch.optim.AdamW(m.parameters(), lr=1e-3, weight_decay=0.0)
    losses = []
    for _ in range(STEPS):
        opt.zero_grad()
        loss = m(input_ids=ids, attention_mask=mask, labels=labels, decoder_input_ids=said).loss
        loss.backward()
        opt.step()
        losses.append(float(loss))
    print(name, "losses", losses)
    g["losses"] = torch.tensor(losses, dtype=torch.float64)
    save_file({k: v.detach().contiguous() for k, v in g.items()}, os.path.join(d, "golden.safetensors"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main("t5-v1.0", 1, tied=True, d_model=16, d_kv=8, num_heads=3, d_ff=32, num_layers=2, feed_forward_proj="relu")
    main("t5-v1.1", 2, tied=False, d_model=16, d_kv=6, num_heads=2, d_ff=24, num_layers=3, num_decoder_layers=2,
         feed_forward_proj="gated-gelu")
    main("t5-odd", 3, tied=True, d_model=8, d_kv=4, num_heads=2, d_ff=12, num_layers=1, feed_forward_proj="gated-silu",
         relative_attention_max_distance=20,
         config={"tie_word_embeddings": False, "scale_decoder_outputs": None, "eos_token_id": [1]},
         generation={"decoder_start_token_id": 5, "eos_token_id": [1, 9, 33]})
    main("mt5", 4, tied=False, mt5=True, d_model=8, d_kv=4, num_heads=2, d_ff=12, num_layers=1)
