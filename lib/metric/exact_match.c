/* The share of admissions whose predicted set is the gold set. */
#include <string.h>

#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    size_t hits = 0;
    for (size_t i = 0; i < s->n; i++)
        hits += memcmp(s->gold + i * s->L, s->pred + i * s->L, s->L) == 0;
    return metric_add(out, "exact_match", metric_ratio((double)hits, (double)s->n), 0);
}

const struct metric metric_exact_match = {.name = "exact_match", .order = 30, .eval = eval};
REGISTER(metric, exact_match);
