"""The opponent of train_vs_torch.c: train_vs_torch.py STEPS THREADS, the same shapes with transformers and PyTorch."""
import sys
import time

import torch
from transformers import T5Config, T5ForConditionalGeneration

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
NOTES, NOTE, TARGET, V, WARM = 4, 512, 64, 32128, 2
torch.manual_seed(1)
model = T5ForConditionalGeneration(T5Config(
    vocab_size=V, d_model=256, d_kv=64, d_ff=1024, num_layers=4, num_heads=4, dropout_rate=0.1,
    pad_token_id=0, eos_token_id=1, decoder_start_token_id=0))
model.train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
ids, target = torch.randint(3, V, (NOTES, NOTE)), torch.randint(3, V, (NOTES, TARGET))
mask = torch.ones_like(ids)
for step in range(WARM + STEPS):
    if step == WARM:
        t0 = time.perf_counter()
    loss = model(input_ids=ids, attention_mask=mask, labels=target).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    value = loss.item()
t = time.perf_counter() - t0
print(f"{STEPS * NOTES * (NOTE + TARGET) / t:.1f} tokens/s, {1000 * t / STEPS:.1f} ms a step, loss {value:.4f}")
