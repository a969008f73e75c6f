/* Dropout from a counter-based generator: no mask is stored, backward draws the same bits again.
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

/* Vectors of 64-bit lanes and the product of their low halves: one instruction, which gcc does not find by itself. */
#if defined __AVX512F__
#include <immintrin.h>
typedef uint64_t lanes __attribute__((vector_size(64)));
#define LOW_PRODUCT(a, b) ((lanes)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#elif defined __AVX2__
#include <immintrin.h>
typedef uint64_t lanes __attribute__((vector_size(32)));
#define LOW_PRODUCT(a, b) ((lanes)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#else
typedef uint64_t lanes __attribute__((vector_size(16)));
#define LOW_PRODUCT(a, b) (((a) & 0xFFFFFFFFu) * ((b) & 0xFFFFFFFFu))
#endif
enum { LANES = sizeof(lanes) / sizeof(uint64_t) };

/* Philox on LANES counters side by side; words 0,1 and 2,3 of lane j are out[2j] and out[2j+1]. The rounds are
 * those of philox4x32() in lib/util/rng.h. Words are in the low halves of the lanes; what is in the high ones
 * does not matter. */
static inline void philox_group(uint64_t *restrict out, uint64_t key, uint64_t site, uint64_t counter)
{
    lanes m0 = (lanes){0} + 0xD2511F53u, m1 = (lanes){0} + 0xCD9E8D57u;
    lanes k0 = (lanes){0} + key, k1 = k0 >> 32, c0, c1, c2, c3;
    for (int j = 0; j < LANES; j++)
        c0[j] = counter + (uint64_t)j;
    c1 = c0 >> 32;
    c2 = (lanes){0} + site;
    c3 = c2 >> 32;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        lanes p0 = LOW_PRODUCT(c0, m0), p1 = LOW_PRODUCT(c2, m1);
        c0 = p1 >> 32 ^ c1 ^ k0;
        c2 = p0 >> 32 ^ c3 ^ k1;
        c1 = p1;
        c3 = p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    lanes a = (c0 & 0xFFFFFFFFu) | c1 << 32, b = (c2 & 0xFFFFFFFFu) | c3 << 32;
    for (int j = 0; j < LANES; j++) {
        out[2 * j] = a[j];
        out[2 * j + 1] = b[j];
    }
}

/* Not inlined: large, and gcc 12 would warn of what it does not see written. */
__attribute__((noinline)) const uint16_t *drop_bits(struct drop_buf *buf, const struct drop *d, uint64_t first,
                                                    int64_t n)
{
    uint64_t counter = first / 8, end = (first + (uint64_t)n + 7) / 8;
    for (uint64_t *w = buf->w; counter < end; counter += LANES, w += 2 * LANES)
        philox_group(w, d->key, d->site, counter);
    return buf->bits + first % 8; /* little-endian: the low half comes first */
}

void cpu_dropout_fwd(tensor_p y, tensor_p x, const struct dropout *cfg)
{
    NEED("dropout", flat(y) && flat(x) && same_size(x, y));
    const real *xs = x->data;
    real *ys = y->data;
    struct drop d = drop_open(cfg);
    FOR_PIECES(tensor_numel(y), at, n) {
        if (!d.on) {
            memmove(ys + at, xs + at, (size_t)n * sizeof *ys);
            continue;
        }
        struct drop_buf buf;
        const uint16_t *r = drop_bits(&buf, &d, (uint64_t)at, n);
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            ys[at + i] = r[i] >= d.threshold ? xs[at + i] * d.scale : 0;
    }
}

void cpu_dropout_bwd(tensor_p dx, tensor_p dy, const struct dropout *cfg)
{
    NEED("dropout", flat(dx) && flat(dy) && same_size(dx, dy));
    const real *dys = dy->data;
    real *dxs = dx->data;
    struct drop d = drop_open(cfg);
    FOR_PIECES(tensor_numel(dx), at, n) {
        struct drop_buf buf;
        const uint16_t *r = d.on ? drop_bits(&buf, &d, (uint64_t)at, n) : NULL;
        if (r)
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                dxs[at + i] += r[i] >= d.threshold ? dys[at + i] * d.scale : 0;
        else
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                dxs[at + i] += dys[at + i];
    }
}
