/* How many generated strings were no code of the label set: counted, never hidden. */
#include "lib/metric/metric.h"

static int eval(const struct metric_set *s, struct metric_list *out)
{
    return s->unknown < 0 ? 0 : metric_add(out, "gen_unknown", (double)s->unknown, 0);
}

const struct metric metric_unknown = {.name = "unknown", .order = 90, .eval = eval};
REGISTER(metric, unknown);
