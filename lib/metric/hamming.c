/* The share of cells (a note and a label) that are right, nearly all of them being right for predicting nothing: what
 * some code calls accuracy. The papers' "accuracy" is acc_micro and acc_macro, the Jaccard index. */
#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double cells = (double)s->notes * (double)s->L, wrong = (double)(s->total.fp - s->n_outside + s->total.fn);
    return metric_add(out, "acc_hamming", metric_ratio(cells - wrong, cells));
}

REGISTER(metric, hamming, .order = 42, .eval = eval);
