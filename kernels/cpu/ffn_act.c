/* The feed-forward activation with its dropout. relu: x(N,F) -> y(N,F); gated: x(N,2F) = [gate|up] -> y(N,F).
 * Dropout's index is that of y. Each kind has its loop over a piece of a row, so that it is a plain vector loop.
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

/* What one call works on: n elements of row i from column at. */
struct span {
    const real *gate, *up; /* relu: gate only */
    int64_t n;
    const uint16_t *bits; /* NULL: no dropout */
    uint16_t threshold;
    real scale;
};

/* The factor dropout puts on element i. */
#define KEEP(s, i) ((s).bits[i] >= (s).threshold ? (s).scale : 0)

static void span_fwd(real *restrict y, struct span s, enum act kind)
{
    switch (kind) {
    case ACT_RELU:
#pragma omp simd
        for (int64_t i = 0; i < s.n; i++)
            y[i] = s.gate[i] > 0 ? s.gate[i] : 0;
        break;
    case ACT_GELU_GATED:
#pragma omp simd
        for (int64_t i = 0; i < s.n; i++)
            y[i] = gelu(s.gate[i]) * s.up[i];
        break;
    case ACT_SILU_GATED:
#pragma omp simd
        for (int64_t i = 0; i < s.n; i++)
            y[i] = silu(s.gate[i]) * s.up[i];
        break;
    }
    if (s.bits)
#pragma omp simd
        for (int64_t i = 0; i < s.n; i++)
            y[i] *= KEEP(s, i);
}

/* g: dy with dropout's factor already on it. */
static void span_bwd(real *restrict dgate, real *restrict dup, const real *restrict g, struct span s, enum act kind)
{
    switch (kind) {
    case ACT_RELU:
#pragma omp simd
        for (int64_t i = 0; i < s.n; i++)
            dgate[i] += s.gate[i] > 0 ? g[i] : 0;
        break;
    case ACT_GELU_GATED:
#pragma omp simd
        for (int64_t i = 0; i < s.n; i++) {
            dgate[i] += g[i] * s.up[i] * gelu_d(s.gate[i]);
            dup[i] += g[i] * gelu(s.gate[i]);
        }
        break;
    case ACT_SILU_GATED:
#pragma omp simd
        for (int64_t i = 0; i < s.n; i++) {
            dgate[i] += g[i] * s.up[i] * silu_d(s.gate[i]);
            dup[i] += g[i] * silu(s.gate[i]);
        }
        break;
    }
}

static struct span span_at(tensor_p x, int64_t row, int64_t F, int64_t at, bool gated, const struct drop *d,
                           struct drop_buf *buf)
{
    const real *xs = (const real *)x->data + row * row_len(x) + at;
    struct span s = {.gate = xs, .up = gated ? xs + F : NULL, .threshold = d->threshold, .scale = d->scale};
    s.n = F - at < PIECE ? F - at : PIECE;
    if (d->on)
        s.bits = drop_bits(buf, d, (uint64_t)(row * F + at), s.n);
    return s;
}

void cpu_ffn_act_fwd(tensor_p y, tensor_p x, enum act kind, const struct dropout *cfg)
{
    bool gated = kind != ACT_RELU;
    int64_t N = row_count(y), F = row_len(y);
    NEED("ffn_act", flat(y) && flat(x) && row_count(x) == N && row_len(x) == (gated ? 2 * F : F));
    struct drop d = drop_open(cfg);
#pragma omp parallel for schedule(static) if (N * F > TEAM_WORK)
    for (int64_t row = 0; row < N; row++)
        for (int64_t at = 0; at < F; at += PIECE) {
            struct drop_buf buf;
            span_fwd((real *)y->data + row * F + at, span_at(x, row, F, at, gated, &d, &buf), kind);
        }
}

void cpu_ffn_act_bwd(tensor_p dx, tensor_p dy, tensor_p x, enum act kind, const struct dropout *cfg)
{
    bool gated = kind != ACT_RELU;
    int64_t N = row_count(dy), F = row_len(dy);
    NEED("ffn_act", flat(dx) && flat(dy) && flat(x) && row_count(x) == N && row_len(x) == (gated ? 2 * F : F));
    NEED("ffn_act", same_size(dx, x));
    struct drop d = drop_open(cfg);
#pragma omp parallel for schedule(static) if (N * F > TEAM_WORK)
    for (int64_t row = 0; row < N; row++)
        for (int64_t at = 0; at < F; at += PIECE) {
            struct drop_buf buf;
            struct span s = span_at(x, row, F, at, gated, &d, &buf);
            const real *g = (const real *)dy->data + row * F + at;
            real kept[PIECE];
            if (s.bits) {
#pragma omp simd
                for (int64_t i = 0; i < s.n; i++)
                    kept[i] = g[i] * KEEP(s, i);
                g = kept;
            }
            real *dgate = (real *)dx->data + row * row_len(dx) + at;
            span_bwd(dgate, gated ? dgate + F : NULL, g, s, kind);
        }
}
