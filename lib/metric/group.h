/* Parts of the label set that are scored apart: the labels present in what is scored, diagnoses and procedures, bins by
 * how often a label stands in the training set. Tests: tests/unit/metric.c, tests/cli/icd-score.sh. */
#ifndef ICD_METRIC_GROUP_H
#define ICD_METRIC_GROUP_H
#include "lib/metric/metric.h"

struct group {
    char suffix[48]; /* of its metrics' names: "_procedure_present" */
    uint8_t *keep;   /* (L); NULL: all labels */
    bool drop;       /* without notes that have no gold in it */
};
struct groups {
    struct group *v;
    size_t n, cap;
};
struct group_wish {
    bool all, present; /* label universes: every label; those with gold in s, and only notes that have such a label */
    bool kinds;        /* diagnosis and procedure, in each universe */
    const int64_t *edge; /* (n_edge) ascending: bins of 0..edge[0], edge[0]+1..edge[1], ..., more */
    size_t n_edge;
    const int64_t *train; /* (L) training notes with the label */
};
/* Groups without a label are not there. */
int groups_make(struct groups *g, const struct metric_set *s, const struct group_wish *w);
void groups_free(struct groups *g);

/* "1,5,10": ascending numbers of at least min; malloc'd. E_USAGE. */
int group_list(const char *text, int64_t min, int64_t **v, size_t *n);

#endif
