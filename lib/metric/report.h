/* Scores as records and as text: the table of icd-score, the leaderboard of several. Tests: tests/cli/icd-score*.sh. */
#ifndef ICD_METRIC_REPORT_H
#define ICD_METRIC_REPORT_H
#include <msgpack.h>

#include "lib/metric/group.h"
#include "lib/util/buf.h"

struct result { /* of one group */
    char suffix[48];
    size_t n, L;
    struct metric_list v, floor;
};
/* A value as a metric record, named prefix, its name, the suffix. k: of the record, 0: none. split: NULL: none. */
void report_record(msgpack_sbuffer *to, const char *prefix, const struct metric_value *v, const struct result *of,
                   int64_t k, const char *split, const char *const *code);
/* The values of a group under one another, with what was computed of: score, interval, comparison, floor. */
int report_result(struct buf *b, const struct result *r);
/* Rows by code, and along a curve, as tables. */
int report_rows(struct buf *b, const struct metric_list *rows, const char *const *code);
/* Metric streams, a row each, best micro-F1 first, under the floor. All must have been scored against the same gold
 * stream. What was made with the labels (oracle) is named below the table, never ranked. */
int report_leaderboard(struct buf *b, char **path, int n);

#endif
