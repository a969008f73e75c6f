/* 1/sqrt(step), continuous with the warm-up; without one the time scale is 10,000 steps.
 * Tests: tests/unit/schedule.c. */
#include "lib/train/train.h"
#include <math.h>

static double factor(double done, double total, double warmup)
{
    double tau = warmup > 0 ? warmup : 10000;
    return sqrt(tau / (done + tau));
}

REGISTER(schedule, inverse_sqrt, .factor = factor);
