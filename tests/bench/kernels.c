/* How fast the kernels are; tests/bench/kernels.sh builds it and runs PyTorch's (kernels.py) at the same shapes.
 *   kernels [THREADS] [REPEATS]
 * Each line: what, best milliseconds of the repeats, GFLOP/s (products) or GB/s (the rest). */
#include "kernels/backend.h"
#include "lib/util/progress.h"
#include "lib/util/rng.h"
#include <stdio.h>
#include <stdlib.h>

static const struct backend *be;
static int repeats = 7;

static struct tensor make(int nd, const int64_t *dim)
{
    struct tensor t = tensor_of(NULL, DT_REAL, nd, dim);
    t.data = be->alloc((size_t)tensor_numel(&t) * sizeof(real));
    if (!t.data)
        exit(71);
    for (int64_t i = 0; i < tensor_numel(&t); i++)
        ((real *)t.data)[i] = (real)((i * 7919 % 1000) / 1000.0 - 0.5);
    return t;
}
#define MAKE(...) make((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})

#define TIME(name, unit, amount, statement)                                    \
    do {                                                                       \
        double best = 1e30;                                                    \
        for (int i_ = 0; i_ < repeats; i_++) {                                 \
            double t0 = now_seconds();                                         \
            statement;                                                         \
            double s = now_seconds() - t0;                                     \
            best = s < best ? s : best;                                        \
        }                                                                      \
        printf("%-44s %9.3f ms %9.1f %s\n", name, best * 1e3, (amount) / best * 1e-9, unit); \
    } while (0)

static void bench_gemm(int M, int N, int K)
{
    struct tensor a = MAKE(M, K), b = MAKE(N, K), c = MAKE(M, N);
    char name[64];
    snprintf(name, sizeof name, "gemm  c(%d,%d) = a b^T, K %d", M, N, K);
    TIME(name, "GF/s", 2.0 * M * N * K, be->op.gemm(&c, &a, 0, &b, 1, 1, 0));
    snprintf(name, sizeof name, "gemm da(%d,%d) += dc b", M, K);
    TIME(name, "GF/s", 2.0 * M * N * K, be->op.gemm(&a, &c, 0, &b, 0, 0.001, 1));
    snprintf(name, sizeof name, "gemm db(%d,%d) += dc^T a", N, K);
    TIME(name, "GF/s", 2.0 * M * N * K, be->op.gemm(&b, &c, 1, &a, 0, 0.001, 1));
    be->free(a.data);
    be->free(b.data);
    be->free(c.data);
}

static void bench_attention(int B, int H, int T, int S, int K, double p)
{
    struct tensor x = MAKE(B, T, H * K), y = MAKE(B, S, 2 * H * K), ys = tensor_slice(&y, 2, 0, H * K);
    struct tensor yv = tensor_slice(&y, 2, H * K, H * K), dx = MAKE(B, T, H * K), dy = MAKE(B, S, 2 * H * K);
    struct tensor dys = tensor_slice(&dy, 2, 0, H * K), dyv = tensor_slice(&dy, 2, H * K, H * K);
    struct tensor q = tensor_heads(&x, H), k = tensor_heads(&ys, H), v = tensor_heads(&yv, H);
    struct tensor dq = tensor_heads(&dx, H), dk = tensor_heads(&dys, H), dv = tensor_heads(&dyv, H);
    struct tensor out = MAKE(B, T, H * K), o = tensor_heads(&out, H), lse = MAKE(B, H, T);
    struct tensor table = MAKE(32, H), dtable = MAKE(32, H);
    struct attn_cfg c = {.scale = 1, .bidirectional = true, .buckets = 32, .max_distance = 128, .drop = {p, 1, 2}};
    double flop = 4.0 * B * H * T * S * K;
    char name[64];
    snprintf(name, sizeof name, "attention forward B%d H%d T%d S%d K%d p%.1f", B, H, T, S, K, p);
    TIME(name, "GF/s", flop, be->op.attention_fwd(&o, &lse, &q, &k, &v, &table, NULL, &c));
    TIME("  backward", "GF/s", 2.5 * flop,
         be->op.attention_bwd(&dq, &dk, &dv, &dtable, &o, &o, &lse, &q, &k, &v, &table, NULL, &c));
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    repeats = argc > 2 ? atoi(argv[2]) : repeats;
    if (backend_open("cpu", threads, &be))
        return 1;
    printf("%d threads, best of %d\n", threads, repeats);
    bench_gemm(2048, 768, 256);
    bench_gemm(2048, 1024, 256);
    bench_gemm(2048, 256, 1024);
    bench_gemm(2048, 256, 256);
    bench_gemm(2048, 3072, 768);
    bench_attention(4, 4, 512, 512, 64, 0);
    bench_attention(4, 4, 512, 512, 64, 0.1);
    bench_attention(4, 4, 200, 512, 64, 0.1);
    bench_attention(1, 12, 2048, 2048, 64, 0.1);

    struct tensor h = MAKE(800, 256), head = MAKE(32128, 256), logits = MAKE(800, 32128), loss = MAKE(1);
    struct tensor target = {.dtype = DT_I32, .nd = 1, .dim = {800}, .stride = {1}, .data = be->alloc(3200)};
    for (int i = 0; i < 800; i++)
        ((int32_t *)target.data)[i] = i * 37;
    bench_gemm(800, 32128, 256);
    TIME("cross-entropy 800 x 32128, gradient in place", "GB/s", 8.0 * 800 * 32128,
         be->op.xent(&loss, &logits, &target, 1.0 / 800, 1));
    TIME("head and cross-entropy, forward + backward", "GF/s", 6.0 * 800 * 32128 * 256,
         (be->op.gemm(&logits, &h, 0, &head, 1, 1, 0), be->op.xent(&loss, &logits, &target, 1.0 / 800, 1),
          be->op.gemm(&h, &logits, 0, &head, 0, 1e-6, 1), be->op.gemm(&head, &logits, 1, &h, 0, 1e-6, 1)));

    int64_t n = 20000000;
    struct tensor p = MAKE(n), m = MAKE(n), v = MAKE(n), g = MAKE(n), out = MAKE(1);
    struct adamw_cfg adam = {1e-3, 0.9, 0.999, 1e-8, 0.01, 1, 10};
    be->op.fill(&v, 0);
    TIME("adamw 20M", "GB/s", 28.0 * (double)n, be->op.adamw(&p, &m, &v, &g, &adam));
    TIME("sumsq 20M", "GB/s", 4.0 * (double)n, be->op.sumsq(&out, &g));

    struct tensor x = MAKE(2048, 1024), y = MAKE(2048, 1024), dx = MAKE(2048, 1024), w = MAKE(1024), dw = MAKE(1024);
    struct tensor rstd = MAKE(2048), gate = MAKE(2048, 2048), dgate = MAKE(2048, 2048);
    struct dropout off = {0}, on = {0.1, 1, 2};
    double bytes = 4.0 * 2048 * 1024;
    TIME("rmsnorm 2048 x 1024 forward", "GB/s", 2 * bytes, be->op.rmsnorm_fwd(&y, &rstd, &x, &w, 1e-6));
    TIME("rmsnorm backward", "GB/s", 4 * bytes, be->op.rmsnorm_bwd(&dx, &dw, &y, &x, &w, &rstd));
    TIME("dropout 2048 x 1024", "GB/s", 2 * bytes, be->op.dropout_fwd(&y, &x, &on));
    TIME("residual with dropout", "GB/s", 3 * bytes, be->op.residual_fwd(&y, &x, &dx, &on));
    TIME("residual without", "GB/s", 3 * bytes, be->op.residual_fwd(&y, &x, &dx, &off));
    TIME("relu with dropout", "GB/s", 2 * bytes, be->op.ffn_act_fwd(&y, &x, ACT_RELU, &on));
    TIME("relu with dropout, backward", "GB/s", 4 * bytes, be->op.ffn_act_bwd(&dx, &y, &x, ACT_RELU, &on));
    TIME("gated gelu with dropout", "GB/s", 3 * bytes, be->op.ffn_act_fwd(&y, &gate, ACT_GELU_GATED, &on));
    TIME("gated gelu with dropout, backward", "GB/s", 7 * bytes,
         be->op.ffn_act_bwd(&dgate, &y, &gate, ACT_GELU_GATED, &on));
    TIME("tanh", "GB/s", 2 * bytes, be->op.tanh_fwd(&y, &x));
    return be->check();
}
