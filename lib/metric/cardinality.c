/* Codes a note, gold and predicted: whether a system predicts too many or too few. */
#include "lib/metric/metric.h"

#include "lib/util/err.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    TRY(metric_add(out, "codes_gold", metric_ratio((double)(s->total.tp + s->total.fn), (double)s->notes)));
    return metric_add(out, "codes_pred", metric_ratio((double)(s->total.tp + s->total.fp), (double)s->notes));
}

REGISTER(metric, cardinality, .order = 45, .eval = eval);
