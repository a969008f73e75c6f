/* The share of notes whose predicted set is the gold set. */
#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    int64_t hits = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        if (n->n_gold == n->n_pred && !n->outside && metric_hits(n) == n->n_gold)
            hits += n->weight;
    }
    return metric_add(out, "exact_match", metric_ratio((double)hits, (double)s->notes));
}

REGISTER(metric, exact_match, .order = 40, .eval = eval);
