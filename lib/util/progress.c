/* The progress line on a terminal. Tests: tests/unit/progress.c */
#include "lib/util/progress.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_start(struct progress *p, const char *tool, const char *unit, uint64_t total, bool quiet)
{
    *p = (struct progress){.tool = tool, .unit = unit, .total = total, .on = !quiet && isatty(STDERR_FILENO)};
    p->t0 = now_seconds();
    p->last = p->t0;
}

void progress_show(struct progress *p, uint64_t done, const char *extra)
{
    if (!p->on)
        return;
    double now = now_seconds();
    if (now - p->last < 0.1)
        return;
    p->last = now;
    double rate = (double)(done - p->before) / (now - p->t0);
    fprintf(stderr, "\r%s: %llu", p->tool, (unsigned long long)done);
    if (p->total)
        fprintf(stderr, "/%llu", (unsigned long long)p->total);
    fprintf(stderr, " %s, %.*f/s", p->unit ? p->unit : "records", rate < 10 ? 2 : 0, rate);
    double share = 0;
    if (p->total)
        share = (double)done / (double)p->total;
    else if (p->whole)
        share = (double)p->part / (double)p->whole;
    if (!p->total && share > 0 && share <= 1)
        fprintf(stderr, ", %d %%", (int)(100 * share));
    if (share > 0 && share < 1) {
        double now_done = share - (p->total ? (double)p->before / (double)p->total : 0);
        double left = now_done > 0 ? (now - p->t0) * (1 - share) / now_done : 1e9;
        unsigned long long s = left < 360000 ? (unsigned long long)(left + 0.5) : 359999;
        fprintf(stderr, ", %llu:%02llu:%02llu left", s / 3600, s / 60 % 60, s % 60);
    }
    if (extra)
        fprintf(stderr, ", %s", extra);
    fputs("\033[K", stderr); /* clears what a longer line left behind */
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->on && p->last > p->t0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    p->on = false;
}
