/* R-precision: of each note with gold, the precision at as many labels as it has gold ones; the mean. */
#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double sum = 0, notes = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        uint32_t h = 0;
        while (h < n->n_gold && n->rank[h] <= n->n_gold)
            h++;
        sum += n->weight * metric_ratio(h, n->n_gold);
        notes += n->n_gold ? n->weight : 0;
    }
    return metric_add(out, "r_precision", notes > 0 ? sum / notes : NAN);
}

REGISTER(metric, r_precision, .order = 64, .needs = METRIC_SCORES, .eval = eval);
