/* How many generated strings were no code of the label set: counted, never hidden. */
#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += (int64_t)s->note[i].unknown * s->note[i].weight;
    return metric_add(out, "gen_unknown", (double)n);
}

REGISTER(metric, unknown, .order = 90, .needs = METRIC_GENERATED | METRIC_WHOLE, .eval = eval);
