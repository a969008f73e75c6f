/* Half a cosine down to 0 at the last step. Tests: tests/unit/schedule.c. */
#include "lib/train/train.h"
#include <math.h>

static double factor(double done, double total, double warmup)
{
    double p = total > 0 ? fmin(1, done / total) : 1;
    return 0.5 * (1 + cos(acos(-1) * p));
}

REGISTER(schedule, cosine, .factor = factor);
