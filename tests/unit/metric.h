/* A metric_set from dense 0/1 matrices, for tests of lib/metric. */
#ifndef ICD_TEST_METRIC_H
#define ICD_TEST_METRIC_H
#include "lib/metric/metric.h"
#include "tests/test.h"

struct dense {
    struct metric_set set;
    struct metric_note *note;
    uint32_t *list;
};
/* gold, pred, score (n,L); score may be NULL. Codes are 001 to 0NN. Prepared. */
static struct dense dense_set(size_t n, size_t L, const uint8_t *gold, const uint8_t *pred, const float *score,
                              const int64_t *at, size_t n_at)
{
    static const char *const code[] = {"001", "002", "003", "004", "005", "006",
                                       "007", "008", "009", "010", "011", "012"};
    struct dense d = {.note = calloc(n + 1, sizeof *d.note), .list = calloc(2 * n * L + 1, sizeof *d.list)};
    uint32_t *to = d.list;
    for (size_t i = 0; i < n; i++) {
        struct metric_note *x = &d.note[i];
        *x = (struct metric_note){.gold = to, .score = score ? score + i * L : NULL, .weight = 1};
        for (size_t l = 0; l < L; l++)
            if (gold[i * L + l])
                to[x->n_gold++] = (uint32_t)l;
        x->pred = to += x->n_gold;
        for (size_t l = 0; l < L; l++)
            if (pred[i * L + l])
                to[x->n_pred++] = (uint32_t)l;
        to += x->n_pred;
    }
    d.set = (struct metric_set){
        .n = n, .L = L, .note = d.note, .code = code, .scores = score != NULL, .at = at, .n_at = n_at};
    CHECK(metric_prepare(&d.set) == 0);
    return d;
}
static void dense_close(struct dense *d)
{
    metric_close(&d->set);
    free(d->note);
    free(d->list);
}
static inline double value(const struct metric_list *l, const char *name)
{
    const struct metric_value *v = metric_get(l, name);
    return v ? v->value : -99;
}
#endif
