/* A system whose predictions are scored: where they come from, which codes of them count, its own thresholds. And the
 * firewall of thresholds: they come from dev notes that are not scored, by the same model. Tests:
 * tests/cli/icd-score.sh, tests/cli/icd-score-tune.sh, tests/cli/icd-score-thresholds.sh. */
#ifndef ICD_METRIC_SYSTEM_H
#define ICD_METRIC_SYSTEM_H
#include "lib/metric/preds.h"
#include "lib/metric/report.h"
#include "lib/metric/threshold_file.h"
#include "lib/stream/stage.h"

struct system_cfg {
    bool strict;
    const char *split; /* as in preds_join */
    double threshold;  /* given by hand; NaN: none */
    const char *threshold_text; /* as it was given */
    struct threshold_how how;
};
struct system {
    const char *path;
    const char *name;  /* of the file, for messages */
    char *title;       /* for tables: without folder and endings, unlike the other systems' */
    struct stream *s;  /* NULL: plain */
    bool plain;
    struct preds preds;
    struct metric_set set;
    struct metric_note *note;
    double *t, all;    /* (L) thresholds of its own, and the one for other codes; NULL: none */
    bool t_by_code;
    const char *t_from; /* the file they come from */
    bool tuned;         /* on dev predictions, else read */
    bool above;         /* scored are the codes above a threshold, not final ones */
    struct result *result; /* (groups) */
};
int system_open(struct run *r, struct system *y, const char *path);
/* A title for each, unlike the others'. */
int system_titles(struct system *y, size_t n);
/* Its predictions of the split, joined with gold. */
int system_read(struct run *r, struct system *y, const struct gold *g, const struct system_cfg *c);
/* Thresholds for y from predictions of dev notes, each of which is marked in tuned (gold->n) by the file's name. save:
 * what thresholds_read takes, a new reference; NULL: not wanted. */
int system_tune(struct run *r, struct system *y, const char *dev, const struct gold *g, const struct system_cfg *c,
                const char **tuned, json_t **save);
/* Thresholds for y from a file. */
int system_thresholds(struct run *r, struct system *y, const char *path, const struct gold *g);
/* After system_read: the codes that count, and the set. must: a threshold by hand needs scores. */
int system_decide(struct run *r, struct system *y, const struct system_cfg *c, bool must);
/* Which codes are scored, in words. */
int system_codes(struct buf *b, const struct system *y, const struct system_cfg *c);
/* What its notes were cut to, in words, from the history of its predictions; nothing where that is not known. */
int system_input(struct buf *b, const struct system *y);
/* Above what score a code is predicted: a number, "by code", null for the final codes. */
json_t *system_threshold(const struct system *y, const struct system_cfg *c);
void system_close(struct system *y);

#endif
