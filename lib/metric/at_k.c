/* Precision, recall and F1 of the k labels with the highest scores (ties: rank.h). Precision is over min(k, L); recall
 * is 0 for a note without gold; F1 is CAML's, the harmonic mean of the two averages. */
#include "lib/metric/metric.h"

#include "lib/util/err.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    for (size_t a = 0; a < s->n_at; a++) {
        int64_t k = s->at[a], hits = 0;
        double over = (double)((uint64_t)k < s->L ? (uint64_t)k : s->L), rec = 0;
        for (size_t i = 0; i < s->n; i++) {
            const struct metric_note *n = &s->note[i];
            uint32_t h = 0;
            while (h < n->n_gold && n->rank[h] <= k)
                h++;
            hits += (int64_t)h * n->weight;
            rec += n->weight * metric_ratio(h, n->n_gold);
        }
        double prec = metric_ratio((double)hits, over * (double)s->notes);
        rec = metric_ratio(rec, (double)s->notes);
        TRY(metric_add_k(out, "prec_at_", prec, k));
        TRY(metric_add_k(out, "rec_at_", rec, k));
        TRY(metric_add_k(out, "f1_at_", metric_f1(prec, rec), k));
    }
    return 0;
}

REGISTER(metric, at_k, .order = 60, .needs = METRIC_SCORES, .eval = eval);
