/* Selective coding: notes in order of how sure their scores are (the fewest labels expected to be wrong first: the sum
 * of min(s, 1-s); of equal ones the earlier note), and the risk of the first so many. A note's risk is 1 - F1 of its
 * codes, 0 where there is neither gold nor prediction.
 * aurc: the mean over all depths of the mean risk down to there. */
#include <stdlib.h>

#include "lib/metric/metric.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

enum { STEPS = 10 };

static int by_doubt(const void *a, const void *b, void *note)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const struct metric_note *n = note;
    if (n[x].doubt != n[y].doubt)
        return n[x].doubt < n[y].doubt ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Mean risk and pooled F1 of the surest notes, at each tenth of all; the result is the mean over all depths. */
static int walk(const struct metric_set *s, double *risk, double *f1, double *area)
{
    uint32_t *order = mem_alloc(s->n, sizeof *order);
    int64_t seen = 0, step = 1;
    double sum = 0, total = 0, hits = 0, codes = 0;
    if (!order)
        return E_NOMEM;
    for (size_t i = 0; i < s->n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, s->n, sizeof *order, by_doubt, s->note);
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[order[i]];
        double h = metric_hits(n), both = (double)n->n_gold + n->n_pred + n->outside;
        for (uint32_t w = 0; w < n->weight; w++) { /* a note that stands there twice is two */
            sum += both > 0 ? 1 - 2 * h / both : 0;
            hits += h;
            codes += both;
            total += sum / (double)++seen;
            for (; step <= STEPS && seen * STEPS >= step * s->notes; step++) {
                risk[step - 1] = sum / (double)seen;
                f1[step - 1] = metric_ratio(2 * hits, codes);
            }
        }
    }
    *area = seen ? total / (double)seen : NAN;
    free(order);
    return 0;
}

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double risk[STEPS], f1[STEPS], area;
    TRY(walk(s, risk, f1, &area));
    return metric_add(out, "aurc", area);
}

static int rows(const struct metric_set *s, struct metric_list *out)
{
    double risk[STEPS], f1[STEPS], area;
    TRY(walk(s, risk, f1, &area));
    for (int i = 0; s->notes && i < STEPS; i++) {
        TRY(metric_add_row(out, "coverage_risk", risk[i], -1, (i + 1) / (double)STEPS));
        TRY(metric_add_row(out, "coverage_f1_micro", f1[i], -1, (i + 1) / (double)STEPS));
    }
    return 0;
}

REGISTER(metric, coverage,
         .order = 75, .needs = METRIC_PROBABILITY, .eval = eval, .rows_of = ROWS_COVERAGE, .rows = rows);
