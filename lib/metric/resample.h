/* How sure a score is, by resampling notes. Round i draws from rng_new(seed, i) (bootstrap) or rng_new(seed, 2^32 + i)
 * (randomisation), so results depend on the seed alone, not on threads. Tests: tests/unit/resample.c. */
#ifndef ICD_METRIC_RESAMPLE_H
#define ICD_METRIC_RESAMPLE_H
#include "lib/metric/metric.h"

struct resample {
    int64_t rounds;
    uint64_t seed;
    bool whole;                            /* as in metric_eval */
    void (*tick)(void *ctx, uint64_t done); /* in the calling thread; may be NULL */
    void *ctx;
};
/* lo and hi of each value of v, which metric_eval made from a: the 2.5th and 97.5th percentile (linear between order
 * statistics) over `rounds` samples of n notes with replacement. Rounds in which a value is not defined are left out of
 * its interval. */
int metric_intervals(const struct metric_set *a, const struct resample *r, struct metric_list *v);
/* a and b, the same notes by two systems: other (b's value), diff (a - b), diff_lo and diff_hi (as above, both on the
 * same sample) and p, two-sided, of the hypothesis that the systems are exchangeable: in each round every note's
 * outputs change sides with probability 1/2, and p = (1 + rounds with a difference as large) / (1 + rounds). */
int metric_compare(const struct metric_set *a, const struct metric_set *b, const struct resample *r,
                   struct metric_list *v);

#endif
