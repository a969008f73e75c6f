/* Settings that fit where a run starts: random weights want a larger rate, more epochs and more patience than a
 * checkpoint. The one place for them; tests/bench/RESULTS.md says how they were found. Tests: tests/unit/schedule.c,
 * tests/cli/icd-train.sh. */
#include <math.h>

#include "lib/train/train.h"

static const struct start {
    double lr, warmup, att_weight;
    int64_t epochs, patience;
    const char *schedule;
} starts[] = {
    /* from a checkpoint, from random weights */
    {.lr = 1e-4, .warmup = 0.05, .att_weight = 1, .epochs = 10, .patience = 3, .schedule = "linear"},
    {.lr = 1e-3, .warmup = 0.1, .att_weight = 20, .epochs = 30, .patience = 10, .schedule = "linear"},
};

void train_defaults(struct train_cfg *c, const char **schedule, bool scratch)
{
    const struct start *d = &starts[scratch];
    c->lr = isnan(c->lr) ? d->lr : c->lr;
    c->warmup = isnan(c->warmup) ? d->warmup : c->warmup;
    if (isnan(c->att_weight)) /* it weighs one loss against the other */
        c->att_weight = c->gen && c->att ? d->att_weight : 1;
    c->epochs = c->epochs == TRAIN_UNSET ? d->epochs : c->epochs;
    c->patience = c->patience == TRAIN_UNSET ? d->patience : c->patience;
    *schedule = *schedule ? *schedule : d->schedule;
}
