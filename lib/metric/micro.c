/* Micro averages: pooled over all notes and labels. CAML has no epsilon here; its 0/0 is 0 with us. */
#include "lib/metric/metric.h"

#include "lib/util/err.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double tp = (double)s->total.tp, fp = (double)s->total.fp, fn = (double)s->total.fn;
    double p = metric_ratio(tp, tp + fp), r = metric_ratio(tp, tp + fn), cells = (double)s->notes * (double)s->L;
    TRY(metric_add(out, "acc_micro", metric_ratio(tp, tp + fp + fn))); /* Jaccard: the papers' "accuracy" */
    TRY(metric_add(out, "prec_micro", p));
    TRY(metric_add(out, "rec_micro", r));
    TRY(metric_add(out, "f1_micro", metric_f1(p, r)));
    return metric_add(out, "fpr_micro", metric_ratio(fp - (double)s->n_outside, cells - tp - fn));
}

REGISTER(metric, micro, .order = 10, .eval = eval);
