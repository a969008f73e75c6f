/* Macro averages: a mean over all labels, those without gold and prediction counting 0. Two numbers go by the name of
 * macro-F1, so neither is called that here: CAML's is the harmonic mean of macro precision and macro recall (never the
 * smaller one), the other is the mean of the labels' F1. */
#include "lib/metric/metric.h"

#include "lib/util/err.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double acc = 0, prec = 0, rec = 0, f1 = 0, fpr = 0, n = (double)s->L;
    for (size_t l = 0; l < s->L; l++) {
        double tp = (double)s->label[l].tp, fp = (double)s->label[l].fp, fn = (double)s->label[l].fn;
        acc += tp / (tp + fp + fn + METRIC_EPS);
        prec += tp / (tp + fp + METRIC_EPS);
        rec += tp / (tp + fn + METRIC_EPS);
        f1 += metric_ratio(2 * tp, 2 * tp + fp + fn);
        fpr += metric_ratio(fp, (double)s->notes - tp - fn);
    }
    acc = metric_ratio(acc, n);
    prec = metric_ratio(prec, n);
    rec = metric_ratio(rec, n);
    TRY(metric_add(out, "acc_macro", acc));
    TRY(metric_add(out, "prec_macro", prec));
    TRY(metric_add(out, "rec_macro", rec));
    TRY(metric_add(out, "f1_macro_caml", metric_f1(prec, rec)));
    TRY(metric_add(out, "f1_macro_mean", metric_ratio(f1, n)));
    return metric_add(out, "fpr_macro", metric_ratio(fpr, n));
}

REGISTER(metric, macro, .order = 20, .eval = eval);
