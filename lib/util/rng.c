/* The sequential generator over Philox. Tests: tests/unit/rng.c (known answers of the generator itself too). */
#include "lib/util/rng.h"
#include <math.h>

uint64_t rng_u64(struct rng *r)
{
    struct philox p = philox4x32(r->key, r->stream, r->n++);
    return (uint64_t)p.v[0] | (uint64_t)p.v[1] << 32;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    /* The top 2^64 mod n values would favour small results, so they are drawn again. */
    uint64_t reject = (0 - n) % n, v;
    do
        v = rng_u64(r);
    while (v > UINT64_MAX - reject);
    return v % n;
}

double rng_normal(struct rng *r)
{
    double u = 1 - rng_unit(r), v = rng_unit(r); /* u in (0,1], so the logarithm is finite */
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

void rng_shuffle(struct rng *r, uint32_t *v, uint64_t n)
{
    for (uint64_t i = n; i > 1; i--) {
        uint64_t j = rng_below(r, i);
        uint32_t t = v[i - 1];
        v[i - 1] = v[j];
        v[j] = t;
    }
}
