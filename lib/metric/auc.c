/* Areas under the ROC and the precision-recall curve. macro: the mean over the labels where it is defined (ROC: a
 * positive and a negative; precision-recall: a positive); micro: one curve over all notes and labels. A single note
 * has no ROC area, as in CAML. */
#include <math.h>
#include <stdlib.h>

#include "lib/metric/curve.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

/* roc, ap (L): NaN where undefined */
static void label(const struct curve *c, const float *col, size_t l, void *ctx)
{
    double **to = ctx;
    to[0][l] = curve_roc(c);
    to[1][l] = curve_ap(c);
}

static int by_label(const struct metric_set *s, double *area[2])
{
    area[0] = mem_alloc(s->L, 2 * sizeof **area);
    if (!area[0])
        return E_NOMEM;
    area[1] = area[0] + s->L;
    for (size_t l = 0; l < 2 * s->L; l++)
        area[0][l] = NAN;
    return curve_labels(s, label, area);
}

static double mean(const double *v, size_t n)
{
    double sum = 0, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i] == v[i]) {
            sum += v[i];
            kept++;
        }
    return kept > 0 ? sum / kept : NAN;
}

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double *area[2] = {0};
    struct curve c = {0};
    int rc = by_label(s, area);
    if (!rc && !(rc = curve_open(&c, s->holder_at[s->L])))
        rc = curve_all(&c, s);
    if (!rc && !(rc = metric_add(out, "auc_macro", mean(area[0], s->L))) &&
        !(rc = metric_add(out, "auc_micro", s->n > 1 ? curve_roc(&c) : NAN)) &&
        !(rc = metric_add(out, "auprc_macro", mean(area[1], s->L))))
        rc = metric_add(out, "auprc_micro", curve_ap(&c));
    curve_close(&c);
    free(area[0]);
    return rc;
}

static int rows(const struct metric_set *s, struct metric_list *out)
{
    double *area[2] = {0};
    int rc = by_label(s, area);
    for (size_t l = 0; !rc && l < s->L; l++)
        if (!(rc = metric_add_row(out, "auc", area[0][l], (int64_t)l, NAN)))
            rc = metric_add_row(out, "auprc", area[1][l], (int64_t)l, NAN);
    free(area[0]);
    return rc;
}

REGISTER(metric, auc, .order = 50, .needs = METRIC_SCORES, .eval = eval, .rows_of = ROWS_CODES, .rows = rows);
