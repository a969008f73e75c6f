/* Metrics. One metric (or one family that shares its work) is one file: it ends in REGISTER(metric, <name>) and
 * defines `const struct metric metric_<name>`; adding one is adding a file, nothing else. icd-score shows them all.
 * Definitions and the names of the values follow CAML's evaluation where it has the metric. Tests:
 * tests/unit/metric.c. */
#ifndef ICD_METRIC_H
#define ICD_METRIC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/register.h"

#define METRIC_EPS 1e-10 /* CAML's, in the denominators of macro metrics only */

struct metric_counts {
    int64_t tp, fp, fn;
};
/* What is scored: n admissions over L labels. */
struct metric_set {
    size_t n, L;
    const uint8_t *gold, *pred;  /* (n,L), 0 or 1 */
    const float *score;          /* (n,L), NULL: there are none */
    int64_t unknown;             /* generated strings that are no code; -1: nothing was generated */
    struct metric_counts *label; /* (L) and their sum: metric_count() */
    struct metric_counts total;
};
int metric_count(struct metric_set *s); /* fills label (free it) and total */

struct metric_value {
    char name[48];
    double value; /* NaN: not defined on this data */
    int k;        /* of @k metrics, else 0 */
};
struct metric_list {
    struct metric_value *v;
    size_t n, cap;
};
int metric_add(struct metric_list *l, const char *name, double value, int k);
const struct metric_value *metric_get(const struct metric_list *l, const char *name); /* NULL if absent */

struct metric {
    const char *name;
    int order;    /* place among the others when shown */
    bool scores;  /* needs scores: left out when there are none */
    int (*eval)(const struct metric_set *s, struct metric_list *out); /* 0 or E_NOMEM */
};
const struct metric *metric_at(int i); /* by order; NULL past the last */
/* Every metric that the data allows. */
int metric_all(const struct metric_set *s, struct metric_list *out);

static inline double metric_ratio(double a, double b) /* 0/0 is 0 */
{
    return b > 0 ? a / b : 0;
}
static inline double metric_f1(double p, double r)
{
    return metric_ratio(2 * p * r, p + r);
}

/* The note-blind floor: the same k codes for every admission, the most frequent of the training set (ties: lower
 * index), with the k (the first, if several) that has the best micro-F1 on the training set itself. count(L): how many
 * of the n training admissions have the label. pick(L) is set to 0 or 1. */
int metric_floor(const int64_t *count, size_t L, int64_t n, uint8_t *pick, size_t *k);

#endif
