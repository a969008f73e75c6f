/* Area under the ROC curve, ties counted half. auc_macro: the mean over the labels that have a positive and a negative;
 * auc_micro: one curve over all admissions and labels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/metric/metric.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

/* A float's bits as an integer of the same order, and the label below it: sorting keys sorts by score. */
static uint64_t key(float score, uint8_t y)
{
    uint32_t u;
    score += 0.0f; /* -0 becomes 0: they are a tie */
    memcpy(&u, &score, sizeof u);
    u = u & 0x80000000u ? ~u : u | 0x80000000u;
    return (uint64_t)u << 1 | y;
}
static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Pairs (positive above negative) over all pairs; NaN without any pair. Sorts k. */
static double area(uint64_t *k, size_t n)
{
    uint64_t pos = 0, neg = 0, twice = 0; /* twice: twice the pairs won; below 2^63 for 3e9 cells */
    qsort(k, n, sizeof *k, by_key);
    for (size_t i = 0, j; i < n; i = j) {
        uint64_t p = 0;
        for (j = i; j < n && k[j] >> 1 == k[i] >> 1; j++)
            p += k[j] & 1;
        twice += p * (2 * neg + (j - i - p));
        pos += p;
        neg += j - i - p;
    }
    return pos && neg ? (double)twice / 2 / (double)pos / (double)neg : NAN;
}

static int eval(const struct metric_set *s, struct metric_list *out)
{
    uint64_t *k = mem_alloc(s->n * s->L, sizeof *k);
    double sum = 0, kept = 0;
    if (!k)
        return E_NOMEM;
    for (size_t l = 0; l < s->L; l++) {
        for (size_t i = 0; i < s->n; i++)
            k[i] = key(s->score[i * s->L + l], s->gold[i * s->L + l]);
        double a = area(k, s->n);
        if (a == a) { /* defined */
            sum += a;
            kept++;
        }
    }
    for (size_t i = 0; i < s->n * s->L; i++)
        k[i] = key(s->score[i], s->gold[i]);
    double micro = area(k, s->n * s->L);
    free(k);
    TRY(metric_add(out, "auc_macro", kept > 0 ? sum / kept : NAN, 0));
    return metric_add(out, "auc_micro", micro, 0);
}

const struct metric metric_auc = {.name = "auc", .order = 40, .scores = true, .eval = eval};
REGISTER(metric, auc);
