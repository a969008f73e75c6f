/* Mean average precision: of each note with gold, the mean over its gold labels of the precision at their rank. */
#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    double sum = 0, notes = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        double ap = 0;
        for (uint32_t j = 0; j < n->n_gold; j++)
            ap += (double)(j + 1) / n->rank[j];
        sum += n->weight * metric_ratio(ap, n->n_gold);
        notes += n->n_gold ? n->weight : 0;
    }
    return metric_add(out, "map", notes > 0 ? sum / notes : NAN);
}

REGISTER(metric, map, .order = 62, .needs = METRIC_SCORES, .eval = eval);
