/* Learning-rate schedules: warm-up, and the table of the schedule_<name>.c files. To add one, copy schedule_linear.c.
 * Formulas as in Hugging Face's trainer. Tests: tests/unit/schedule.c. */
#include "lib/train/train.h"
#include <math.h>
#include <string.h>

#define X(name) extern const struct schedule schedule_##name;
#include "schedule.def"
#undef X

#define X(name) &schedule_##name,
static const struct schedule *const all[] = {
#include "schedule.def"
    NULL};
#undef X

#define X(name) #name,
const char *const schedule_names[] = {
#include "schedule.def"
    NULL};
#undef X

const struct schedule *schedule_find(const char *name)
{
    for (int i = 0; all[i]; i++)
        if (!strcmp(all[i]->name, name))
            return all[i];
    return NULL;
}

double schedule_at(const struct schedule *s, int64_t step, int64_t total, int64_t warmup)
{
    if (step < warmup)
        return (double)step / (double)warmup;
    return s->factor((double)(step - warmup), (double)(total - warmup), (double)warmup);
}

int64_t schedule_warmup(double warmup, int64_t total)
{
    return (int64_t)(warmup < 1 ? ceil(warmup * (double)total) : warmup);
}
