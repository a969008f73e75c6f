/* Dropout's rule (ops.def), the same bits on every device: element i takes 16 bits of Philox(key, site, i/8): word
 * (i%8)/2, its low half when i is even. Dropped when below round(65536 p); the kept are scaled by the inverse of the
 * keep rate this really gives. Valid C11 and C++17; a compiler for a device defines ICD_DEVICE before. */
#ifndef ICD_DROP_H
#define ICD_DROP_H
#include "kernels/backend.h"
#include "lib/util/rng.h"
#include <math.h>

struct drop {
    uint64_t key, site;
    uint16_t threshold;
    bool on;
    real scale;
};
static inline struct drop drop_open(const struct dropout *d)
{
    struct drop r = {0, 0, 0, false, 1};
    if (d && d->p > 0) {
        double t = nearbyint(65536 * d->p);
        r.key = d->key;
        r.site = d->site;
        r.threshold = (uint16_t)(t < 65535 ? t : 65535);
        r.on = true;
        r.scale = (real)(65536 / (65536 - (double)r.threshold));
    }
    return r;
}
/* The factors of elements 8*group to 8*group+7: 0 or the scale of the kept. */
struct keep8 {
    real k[8];
};
static ICD_DEVICE inline struct keep8 drop_keep8(struct drop d, uint64_t group)
{
    struct keep8 r = {{1, 1, 1, 1, 1, 1, 1, 1}};
    if (d.on) {
        struct philox w = philox4x32(d.key, d.site, group);
        for (int i = 0; i < 8; i++)
            r.k[i] = (w.v[i / 2] >> 16 * (i % 2) & 0xffff) >= d.threshold ? d.scale : 0;
    }
    return r;
}

#endif
