/* One progress line on a terminal (standard error), nothing elsewhere: done, rate, time left. */
#ifndef ICD_PROGRESS_H
#define ICD_PROGRESS_H
#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *tool, *unit; /* "notes" */
    uint64_t total;          /* 0: unknown, */
    uint64_t before;         /* done before this run, where it goes on with another; 0 at the start */
    uint64_t part, whole;    /* then the share of the input in bytes is shown; whole 0: unknown, too */
    bool on;
    double t0, last;
};
void progress_start(struct progress *p, const char *tool, const char *unit, uint64_t total, bool quiet);
/* At most ten times a second; `extra` (may be NULL) is shown after it, e.g. "loss 1.234". Never note text. */
void progress_show(struct progress *p, uint64_t done, const char *extra);
void progress_end(struct progress *p); /* clears the line */
double now_seconds(void);              /* monotonic */

#endif
