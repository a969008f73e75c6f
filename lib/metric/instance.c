/* Averages over notes of what each note's codes score, 0/0 being 0. As with macro averages there are two F1: CAML's is
 * the harmonic mean of the averages, the other the average of the notes' F1. */
#include "lib/metric/metric.h"

#include "lib/util/err.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double prec = 0, rec = 0, f1 = 0, notes = (double)s->notes;
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        double hits = metric_hits(n), w = n->weight, pred = (double)n->n_pred + n->outside;
        prec += w * metric_ratio(hits, pred);
        rec += w * metric_ratio(hits, n->n_gold);
        f1 += w * metric_ratio(2 * hits, pred + n->n_gold);
    }
    prec = metric_ratio(prec, notes);
    rec = metric_ratio(rec, notes);
    TRY(metric_add(out, "prec_inst", prec));
    TRY(metric_add(out, "rec_inst", rec));
    TRY(metric_add(out, "f1_inst_caml", metric_f1(prec, rec)));
    return metric_add(out, "f1_inst_mean", metric_ratio(f1, notes));
}

REGISTER(metric, instance, .order = 30, .eval = eval);
