/* Where a note's gold labels stand among all its labels by score. */
#ifndef ICD_METRIC_RANK_H
#define ICD_METRIC_RANK_H
#include "lib/metric/metric.h"

/* The number of v[0..n), ascending, below x. */
static inline size_t rank_below(const float *v, size_t n, float x)
{
    const float *at = v;
    while (n > 1) { /* no branch on the data: it would be guessed wrong half of the time */
        size_t half = n / 2;
        at += half & (0 - (size_t)(at[half - 1] < x));
        n -= half;
    }
    return (size_t)(at - v) + (n == 1 && *at < x);
}

struct rank_scratch; /* of one thread, for notes of up to so many gold labels */
struct rank_scratch *rank_scratch(size_t gold);
/* rank (n_gold): from 1, ascending. A higher score goes first, of equal ones the higher label index (what reversing a
 * stable ascending sort gives; CAML's own sort is not stable). */
void rank_gold(struct rank_scratch *r, const struct metric_note *n, size_t L, uint32_t *rank);

#endif
