"""The opponent of tests/gpu/bench.sh: training steps of T5-base (random weights) with transformers on one GPU.
t5.py matmul: TFLOP/s of a bf16 product. t5.py STEPS BATCH NOTE TARGET eager|sdpa autocast|bf16: ms a step, MiB.
autocast: fp32 weights, products in bf16, as icdpipe does; bf16: weights, moments and everything in bf16."""
import sys
import time

import torch

if sys.argv[1] == "matmul":
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    best = 1e9
    for _ in range(12):
        torch.cuda.synchronize()
        t = time.perf_counter()
        for _ in range(4):
            a @ b
        torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - t) / 4)
    print(f"{2 * 8192 ** 3 / best / 1e12:.0f}")
    sys.exit()

from transformers import T5Config, T5ForConditionalGeneration  # noqa: E402

STEPS, BATCH, NOTE, TARGET = map(int, sys.argv[1:5])
attention, precision = sys.argv[5:7]
WARM, V = 2, 32128
torch.manual_seed(1)
config = T5Config(vocab_size=V, d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12, dropout_rate=0.1,
                  pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
config._attn_implementation = attention
try:
    model = T5ForConditionalGeneration(config)
    model.set_attn_implementation(attention)
except (ValueError, AttributeError) as e:
    print("not supported:", str(e).splitlines()[0][:80])
    sys.exit(3)
if model.config._attn_implementation != attention:
    print("not supported: it takes", model.config._attn_implementation)
    sys.exit(3)
model = model.to("cuda", torch.bfloat16 if precision == "bf16" else torch.float32).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
ids, target = (torch.randint(3, V, (BATCH, n), device="cuda") for n in (NOTE, TARGET))
mask = torch.ones_like(ids)
try:
    for step in range(WARM + STEPS):
        if step == WARM:
            torch.cuda.synchronize()
            t0 = time.perf_counter()
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "autocast"):
            loss = model(input_ids=ids, attention_mask=mask, labels=target).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        value = loss.item()
    torch.cuda.synchronize()
except torch.OutOfMemoryError:
    print("out of memory")
    sys.exit(4)
t = time.perf_counter() - t0
print(f"{1000 * t / STEPS:.1f} ms a step, loss {value:.4f}, {torch.cuda.max_memory_reserved() / 2 ** 20:.0f} MiB")
