/* lib/metric/resample: what must hold of intervals and p-values whatever the draws are; the draws themselves are
 * checked by tests/cli/icd-score-tune.sh against numpy's. */
#include <omp.h>

#include "lib/metric/resample.h"
#include "lib/util/rng.h"
#include "tests/unit/metric.h"

enum { N = 40, L = 6 };

/* Gold at random; systems that flip a cell with the given probabilities. */
static void make(uint64_t seed, uint8_t *gold, uint8_t *a, uint8_t *b, double worse_a, double worse_b)
{
    struct rng r = rng_new(seed, 0);
    for (int i = 0; i < N * L; i++) {
        gold[i] = rng_unit(&r) < 0.4;
        a[i] = gold[i] ^ (rng_unit(&r) < worse_a);
        b[i] = gold[i] ^ (rng_unit(&r) < worse_b);
    }
}

static struct metric_value compare(uint64_t seed, double worse_a, double worse_b, int64_t rounds)
{
    uint8_t gold[N * L], a[N * L], b[N * L];
    struct metric_list v = {0};
    make(seed, gold, a, b, worse_a, worse_b);
    struct dense x = dense_set(N, L, gold, a, NULL, NULL, 0), y = dense_set(N, L, gold, b, NULL, NULL, 0);
    const struct resample r = {.rounds = rounds, .seed = seed};
    CHECK(metric_eval(&x.set, false, &v) == 0 && metric_intervals(&x.set, &r, &v) == 0);
    CHECK(metric_compare(&x.set, &y.set, &r, &v) == 0);
    struct metric_value f = *metric_get(&v, "f1_micro");
    dense_close(&x);
    dense_close(&y);
    free(v.v);
    return f;
}

int main(void)
{
    omp_set_num_threads(1); /* sets so small are not worth a second thread; tests/cli/icd-score-tune.sh has three */
    struct metric_value f = compare(1, 0.05, 0.3, 400);
    CHECK(f.diff > 0.1 && f.value - f.other == f.diff && f.diff_lo > 0 && f.diff_lo < f.diff && f.diff < f.diff_hi);
    CHECK_NEAR(f.p, 1 / 401.0, 1e-12);
    CHECK(f.lo < f.value && f.value < f.hi);
    DONE("a much better system");

    f = compare(2, 0, 0, 50);
    CHECK(f.value == 1 && f.lo == 1 && f.hi == 1 && f.diff == 0 && f.diff_lo == 0 && f.diff_hi == 0 && f.p == 1);
    DONE("two that make no error");

    /* Of systems of the same quality p is uniform: of 60, about 3 are at most 0.05 (sd 1.7). */
    int low = 0, covered = 0;
    for (uint64_t seed = 10; seed < 70; seed++) {
        f = compare(seed, 0.2, 0.2, 39);
        low += f.p <= 0.05;
        covered += f.diff_lo <= 0 && 0 <= f.diff_hi;
    }
    CHECK(low >= 1 && low <= 9);
    CHECK(covered >= 49 && covered <= 59);
    printf("# of 60 comparisons of equals %d have p <= 0.05, %d intervals hold 0\n", low, covered);
    DONE("equals differ as often as they should");

    /* One round with one note: the sample is the note; its exchange is one of two differences. */
    const uint8_t gold[] = {1, 0}, a[] = {1, 0}, b[] = {0, 1};
    struct metric_list v = {0};
    struct dense x = dense_set(1, 2, gold, a, NULL, NULL, 0), y = dense_set(1, 2, gold, b, NULL, NULL, 0);
    const struct resample r = {.rounds = 5, .seed = 3};
    CHECK(metric_eval(&x.set, false, &v) == 0 && metric_compare(&x.set, &y.set, &r, &v) == 0);
    const struct metric_value *e = metric_get(&v, "exact_match");
    CHECK(e->value == 1 && e->other == 0 && e->diff_lo == 1 && e->diff_hi == 1 && e->p == 1);
    dense_close(&x);
    dense_close(&y);
    free(v.v);
    DONE("one note");
    TEST_EXIT();
}
