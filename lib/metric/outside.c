/* How many predicted codes are none of the gold stream's labels. They count as wrong in the metrics of all labels. */
#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    return metric_add(out, "codes_outside", (double)s->n_outside);
}

REGISTER(metric, outside, .order = 46, .needs = METRIC_OUTSIDE | METRIC_WHOLE, .eval = eval);
