/* The table by code: counts, precision, recall and F1 of each label. */
#include "lib/metric/metric.h"

#include "lib/util/err.h"

static int rows(const struct metric_set *s, struct metric_list *out)
{
    for (size_t l = 0; l < s->L; l++) {
        double tp = (double)s->label[l].tp, fp = (double)s->label[l].fp, fn = (double)s->label[l].fn;
        TRY(metric_add_row(out, "gold", tp + fn, (int64_t)l, NAN));
        TRY(metric_add_row(out, "predicted", tp + fp, (int64_t)l, NAN));
        TRY(metric_add_row(out, "right", tp, (int64_t)l, NAN));
        TRY(metric_add_row(out, "prec", metric_ratio(tp, tp + fp), (int64_t)l, NAN));
        TRY(metric_add_row(out, "rec", metric_ratio(tp, tp + fn), (int64_t)l, NAN));
        TRY(metric_add_row(out, "f1", metric_ratio(2 * tp, 2 * tp + fp + fn), (int64_t)l, NAN));
    }
    return 0;
}

REGISTER(metric, codes, .order = 5, .rows_of = ROWS_CODES, .rows = rows);
