/* Scores shown: as records, as tables for people (one system, or several under one another), as TSV, CSV and JSON; and
 * the leaderboard of several scores. Tests: tests/cli/icd-score*.sh. */
#ifndef ICD_METRIC_REPORT_H
#define ICD_METRIC_REPORT_H
#include <jansson.h>
#include <msgpack.h>

#include "lib/metric/group.h"
#include "lib/util/buf.h"

struct result { /* of one system and group */
    char suffix[48];
    size_t n, L;
    struct metric_list v;
};
struct report_system {
    const char *title;           /* NULL: the only one, it needs no name */
    const struct result *result; /* (groups) */
    const struct metric_list *rows; /* by code and along curves */
};
struct report {
    const char *split; /* NULL: several, or unnamed */
    const char *const *code;
    size_t groups;
    const struct report_system *system; /* (n) */
    size_t n;
    const struct result *mean;  /* (groups) of all systems, with standard deviations; NULL: not wanted */
    const struct result *floor; /* (groups) NULL: no training records */
    size_t floor_k;
    bool picked; /* the metrics are those that were asked for */
};

/* Metrics asked for: names or patterns as of a shell, between commas, such as f1_*,auc_micro. */
struct report_picks {
    char *text;
    const char **v;
    bool *used;
    size_t n;
};
int report_picks(struct report_picks *p, const char *text);
void report_pick(struct report_picks *p, struct result *r); /* others leave the list */
int report_picked(const struct report_picks *p);            /* E_USAGE: one of them is no metric that was there */
void report_picks_free(struct report_picks *p);

/* A record of each value, in order: emit(ctx, map, bytes). */
int report_records(const struct report *p, int (*emit)(void *ctx, const char *body, size_t n), void *ctx);
/* One system: the metrics of a group under one another, with intervals, floor and comparison; tables of rows. */
int report_tables(struct buf *b, const struct report *p);
/* Several: a row per system and a column per metric, intervals below. */
int report_board(struct buf *b, const struct report *p);
/* A line per system and metric, under a heading. */
int report_separated(struct buf *b, const struct report *p, char by);
/* head becomes part of it, and is used up. */
int report_json(struct buf *b, const struct report *p, json_t *head);

/* The metrics of a table of several systems, unless others are asked for. NULL past the last. */
const char *report_main(size_t i);
/* Of a file: its name without endings such as .pred.icds and .score.icds.zst; other dots are the system's. */
char *report_title(const char *file);
/* Metric streams, a row each, best micro-F1 first, under the floor. All must have been scored against the same gold
 * stream. What was made with the labels (oracle) is named below the table, never ranked. */
int report_leaderboard(struct buf *b, char **path, int n);

/* ---- a table of several systems, for both ---- */
struct grid {
    size_t columns;
    const char *const *column; /* names */
    int names;                 /* width of the first column */
};
/* The lines of one block of columns [from, to): names; a value each, NaN shown as a dash; intervals. */
int grid_head(struct buf *b, const struct grid *g, size_t from, size_t to);
int grid_line(struct buf *b, const struct grid *g, size_t from, size_t to, const char *name, const double *v);
int grid_interval(struct buf *b, const struct grid *g, size_t from, size_t to, const double *lo, const double *hi);
size_t grid_fits(const struct grid *g, size_t from, int width); /* the end of a block that is not wider */

#endif
