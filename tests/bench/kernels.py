"""PyTorch at the shapes of kernels.c: python kernels.py [THREADS]. Same columns."""
import sys
import time

import torch
import torch.nn.functional as F

THREADS, REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 2, 7
torch.set_num_threads(THREADS)
torch.manual_seed(1)


def clock(name, unit, amount, f, before=lambda: None):
    best = 1e30
    for _ in range(REPEATS):
        x = before()
        t = time.perf_counter()
        f() if x is None else f(x)
        best = min(best, time.perf_counter() - t)
    print(f"{name:44s} {best * 1e3:9.3f} ms {amount / best * 1e-9:9.1f} {unit}", flush=True)


def gemm(M, N, K):
    a, b, c, n = torch.rand(M, K), torch.rand(N, K), torch.rand(M, N), 2 * M * N * K
    clock(f"gemm  c({M},{N}) = a b^T, K {K}", "GF/s", n, lambda: a @ b.T)
    clock(f"gemm da({M},{K}) = dc b", "GF/s", n, lambda: c @ b)
    clock(f"gemm db({N},{K}) = dc^T a", "GF/s", n, lambda: c.T @ a)


def attention(B, H, T, S, K, p):
    """As transformers' T5 does it: scores in full, bias through the table."""
    q, k, v = (torch.randn(B, H, n, K, requires_grad=True) for n in (T, S, S))
    table = torch.randn(32, H, requires_grad=True)
    bucket = (torch.arange(S)[None] - torch.arange(T)[:, None]).clamp(-15, 15) + 16
    n = 4 * B * H * T * S * K

    def forward():
        scores = torch.matmul(q, k.transpose(3, 2)) + table[bucket].permute(2, 0, 1)[None]
        return torch.matmul(F.dropout(F.softmax(scores.float(), -1), p, training=True), v)

    clock(f"attention forward B{B} H{H} T{T} S{S} K{K} p{p}", "GF/s", n, forward)
    g = torch.randn(B, H, T, K)
    clock("  backward", "GF/s", 2.5 * n, lambda o: o.backward(g), before=forward)


print(f"{THREADS} threads, best of {REPEATS}")
for shape in ((2048, 768, 256), (2048, 1024, 256), (2048, 256, 1024), (2048, 256, 256), (2048, 3072, 768)):
    gemm(*shape)
for shape in ((4, 4, 512, 512, 64, 0.0), (4, 4, 512, 512, 64, 0.1), (4, 4, 200, 512, 64, 0.1), (1, 12, 2048, 2048, 64, 0.1)):
    attention(*shape)

gemm(800, 32128, 256)
h, head = (0.3 * torch.randn(800, 256)).requires_grad_(), (0.3 * torch.randn(32128, 256)).requires_grad_()
target = torch.arange(800) * 37
clock("head and cross-entropy, forward + backward", "GF/s", 6 * 800 * 32128 * 256,
      lambda: F.cross_entropy(h @ head.T, target).backward())

p = torch.randn(20_000_000, requires_grad=True)
p.grad = torch.randn(20_000_000)
for kind in ("foreach", "fused"):
    clock(f"adamw 20M, {kind}", "GB/s", 28 * 20e6, torch.optim.AdamW([p], **{kind: True}).step)
clock("norm of 20M (sumsq)", "GB/s", 4 * 20e6, lambda: p.grad.norm())

x, w, gate, n = torch.randn(2048, 1024), torch.randn(1024), torch.randn(2048, 2048), 4 * 2048 * 1024
clock("rmsnorm 2048 x 1024 forward", "GB/s", 2 * n, lambda: w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)))
clock("dropout 2048 x 1024", "GB/s", 2 * n, lambda: F.dropout(x, 0.1, True))
clock("relu with dropout", "GB/s", 2 * n, lambda: F.dropout(F.relu(x), 0.1, True))
clock("gated gelu with dropout", "GB/s", 3 * n,
      lambda: F.dropout(F.gelu(gate[:, :1024], approximate="tanh") * gate[:, 1024:], 0.1, True))
clock("tanh", "GB/s", 2 * n, lambda: torch.tanh(x))
