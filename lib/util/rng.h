/* Random numbers. Philox4x32-10 (Salmon et al. 2011): a pure function of (key, counter), so dropout can
 * be regenerated in the backward pass, is the same on every device and needs no state in a checkpoint. */
#ifndef ICD_RNG_H
#define ICD_RNG_H
#include <stdint.h>
#ifndef ICD_DEVICE /* a compiler for a device puts its qualifiers here */
#define ICD_DEVICE
#endif

struct philox {
    uint32_t v[4];
};
static ICD_DEVICE inline struct philox philox4x32(uint64_t key, uint64_t hi, uint64_t lo)
{
    uint32_t c0 = (uint32_t)lo, c1 = (uint32_t)(lo >> 32), c2 = (uint32_t)hi, c3 = (uint32_t)(hi >> 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int i = 0; i < 10; i++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    struct philox r = {{c0, c1, c2, c3}};
    return r;
}
/* Top 24 bits as a float in [0,1): exact in fp32, the same on every device. */
static inline float philox_unit(uint32_t r)
{
    return (float)(r >> 8) * 0x1p-24f;
}

/* A sequential generator on top, for shuffles and synthesis. Copyable; the counter is its whole state. */
struct rng {
    uint64_t key, stream, n;
};
static inline struct rng rng_new(uint64_t key, uint64_t stream)
{
    struct rng r = {key, stream, 0};
    return r;
}
uint64_t rng_u64(struct rng *r);
double rng_unit(struct rng *r);                   /* [0,1), 53 bits */
uint64_t rng_below(struct rng *r, uint64_t n);    /* [0,n), unbiased; n > 0 */
double rng_normal(struct rng *r);                 /* N(0,1), Box-Muller */
void rng_shuffle(struct rng *r, uint32_t *v, uint64_t n); /* Fisher-Yates */

#endif
