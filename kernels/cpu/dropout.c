/* Dropout from a counter-based generator: no mask is stored, backward draws the same bits again. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

/* Philox on DROP_GROUP counters side by side; words 0,1 and 2,3 of lane j are out[2j] and out[2j+1]. The rounds are
 * those of philox4x32() in lib/util/rng.h. Words stand in the low halves of 64-bit lanes: a product needs no shuffling
 * then, which makes this twice as fast as with 32-bit lanes. */
static void philox_group(uint64_t *restrict out, uint64_t key, uint64_t site, uint64_t counter)
{
    uint64_t c0[DROP_GROUP], c1[DROP_GROUP], c2[DROP_GROUP], c3[DROP_GROUP];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma omp simd
    for (int j = 0; j < DROP_GROUP; j++) {
        uint64_t c = counter + (uint64_t)j;
        c0[j] = (uint32_t)c;
        c1[j] = c >> 32;
        c2[j] = (uint32_t)site;
        c3[j] = site >> 32;
    }
#pragma GCC unroll 10 /* keeps the lanes in registers */
    for (int round = 0; round < 10; round++) {
#pragma omp simd
        for (int j = 0; j < DROP_GROUP; j++) {
            uint64_t p0 = 0xD2511F53u * c0[j], p1 = 0xCD9E8D57u * c2[j];
            c0[j] = (p1 >> 32) ^ c1[j] ^ k0;
            c2[j] = (p0 >> 32) ^ c3[j] ^ k1;
            c1[j] = (uint32_t)p1;
            c3[j] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
#pragma omp simd
    for (int j = 0; j < DROP_GROUP; j++) {
        out[2 * j] = c0[j] | c1[j] << 32;
        out[2 * j + 1] = c2[j] | c3[j] << 32;
    }
}

/* Not inlined: large, and gcc 12 would warn of what it does not see written. */
__attribute__((noinline)) const uint16_t *drop_bits(struct drop_buf *buf, const struct drop *d, uint64_t first,
                                                    int64_t n)
{
    uint64_t counter = first / 8, end = (first + (uint64_t)n + 7) / 8;
    for (uint64_t *w = buf->w; counter < end; counter += DROP_GROUP, w += 2 * DROP_GROUP)
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
