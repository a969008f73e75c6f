/* What icd-score computes: gold and its floor, systems, label groups, every metric of each with its resampling. Tests:
 * tests/cli/icd-score*.sh. */
#ifndef ICD_METRIC_SCORE_H
#define ICD_METRIC_SCORE_H
#include "lib/metric/report.h"
#include "lib/metric/resample.h"
#include "lib/metric/system.h"

struct score {
    struct gold gold;
    struct system *system; /* (n) */
    size_t n;
    struct system other; /* of a comparison */
    bool compare;
    const char **tuned; /* (gold) the file in which a threshold was tuned on the note, NULL: none */
    /* the constant prediction, where there are training records */
    uint32_t *floor;
    size_t floor_k;
    struct metric_set floor_set;
    struct metric_note *floor_note;
    struct result *floor_result, *mean; /* (groups) */
    struct groups groups;
    struct metric_list *rows; /* (n) */
    struct report report;
    struct report_system *shown; /* (n) of the report */
};
struct score_cfg {
    struct system_cfg system;
    const int64_t *at; /* (n_at) */
    size_t n_at;
    struct group_wish groups; /* its train is set here */
    int64_t rounds, compare_rounds;
    uint64_t seed;
    int rows;         /* metric_rows, bits */
    bool mean;
    void (*tick)(void *ctx, uint64_t done);
    void *ctx;
};

/* One gold stream, and where train is a path, the training records from there. */
int score_gold(struct run *r, struct score *s, const char *gold, const char *train, bool strict);
/* Reads all systems, which have been opened; decides their codes. */
int score_read(struct run *r, struct score *s, const struct score_cfg *c);
/* All values of all groups, then the report. */
int score_all(struct score *s, const struct score_cfg *c);
void score_close(struct score *s);

#endif
