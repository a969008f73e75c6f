/* Straight down to 0 at the last step. Tests: tests/unit/schedule.c. */
#include "lib/train/train.h"
#include <math.h>

static double factor(double done, double total, double warmup)
{
    return total > 0 ? fmax(0, (total - done) / total) : 0;
}

REGISTER(schedule, linear, .factor = factor);
