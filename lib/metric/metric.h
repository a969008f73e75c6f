/* Metrics. One metric (or one family that shares its work) is one file: it ends in REGISTER(metric, <name>, its
 * fields); adding one is adding a file, nothing else. icd-score shows them all, with floor, intervals and comparison.
 * What is scored is sparse (a note has some twenty codes of thousands) but for the scores, and every note has a weight,
 * so that a resampled set is the same notes with other weights. Definitions and the names of the values follow CAML's
 * evaluation where it has the metric; man/icd-score.1 has them all. Tests: tests/unit/metric.c,
 * tests/cli/icd-score.sh. */
#ifndef ICD_METRIC_H
#define ICD_METRIC_H
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/register.h"

#define METRIC_EPS 1e-10 /* CAML's, in the denominators of macro metrics only */
enum { METRIC_BINS = 10 }; /* of calibration: (0,.1], ... (.9,1]; 0 is in the first */

struct metric_counts {
    int64_t tp, fp, fn;
};
struct metric_bin {
    uint64_t cells, gold;
    double score; /* their sum */
};
struct metric_note {
    const uint32_t *gold, *pred; /* label indices, ascending, none twice */
    uint32_t n_gold, n_pred;
    const float *score; /* (L), NULL: there are none; no NaN */
    uint32_t unknown;   /* generated strings that are no code */
    uint32_t outside;   /* predicted codes that are none of the labels: wrong ones, in no column */
    uint32_t weight;    /* how often the note counts */
    /* of its scores, by metric_prepare(), as none of it depends on other notes */
    const uint32_t *rank;         /* (n_gold) of its gold labels, ascending, from 1: see rank.c */
    const struct metric_bin *bin; /* (METRIC_BINS) */
    double doubt;                 /* sum of min(s, 1-s): how many labels are expected to be wrong */
    double square;                /* sum of (s-y)^2 */
};
struct metric_tree; /* hierarchy.c */
/* What is scored: n notes over L labels. */
struct metric_set {
    size_t n, L;
    struct metric_note *note;
    const char *const *code; /* (L) */
    bool scores;             /* every note has them */
    bool generated;          /* unknown is known */
    bool outside;            /* some note may have predicted codes outside the labels */
    const int64_t *at;       /* (n_at) the k of metrics at k */
    size_t n_at;
    bool part;               /* made by metric_subset: note and code are its own */
    /* by metric_prepare() */
    bool probability;            /* the scores lie in [0,1] */
    size_t *holder_at;           /* (L+1) and, from holder_at[l] on, the notes that have gold label l, ascending */
    uint32_t *holder;
    struct metric_tree *tree;
    void *store[5];              /* what notes point to, of this set alone */
    /* by metric_eval() */
    struct metric_counts *label, total; /* (L) and their sum, codes outside the labels counted as false */
    int64_t n_outside;                  /* such codes */
    int64_t notes;                      /* sum of the weights */
};
/* After n, L, note (gold, pred, score, weight), code and scores are set. E_NOMEM. */
int metric_prepare(struct metric_set *s);
/* The notes of `s` over the labels with keep[l], prepared; drop: without notes that have no gold among them. */
int metric_subset(const struct metric_set *s, const uint8_t *keep, bool drop, struct metric_set *out);
void metric_close(struct metric_set *s); /* what prepare, subset and eval allocated; zeroed is fine */
/* The scores of labels [l, l+k) by label: (k,n). */
void metric_columns(const struct metric_set *s, size_t l, size_t k, float *out);

struct metric_value {
    char name[48];
    double value;  /* NaN: not defined on this data */
    int64_t k;     /* of @k metrics, else 0 */
    int64_t label; /* of rows by code, else -1 */
    double at;     /* of rows along a curve: where; else NaN */
    double sd; /* of a mean over systems: their standard deviation; else NaN */
    /* NaN unless resampled (resample.h) */
    double lo, hi, other, diff, diff_lo, diff_hi, p;
};
struct metric_list {
    struct metric_value *v;
    size_t n, cap;
};
int metric_add(struct metric_list *l, const char *name, double value);
int metric_add_k(struct metric_list *l, const char *name, double value, int64_t k); /* name: up to its k */
int metric_add_row(struct metric_list *l, const char *name, double value, int64_t label, double at);
const struct metric_value *metric_get(const struct metric_list *l, const char *name); /* NULL if absent */

enum metric_needs {
    METRIC_SCORES = 1,      /* left out where there are none */
    METRIC_PROBABILITY = 2, /* scores in [0,1]; likewise */
    METRIC_GENERATED = 4,   /* likewise */
    METRIC_WHOLE = 8,       /* of all labels only, no part of them */
    METRIC_OUTSIDE = 16     /* left out where no code can be outside the labels */
};
enum metric_rows { ROWS_CODES = 1, ROWS_RELIABILITY = 2, ROWS_COVERAGE = 4 }; /* bits */
struct metric {
    const char *name;
    int order; /* place among the others when shown */
    int needs; /* metric_needs */
    /* The values, always the same names in the same order for the same labels. 0 or E_NOMEM. NULL: none. */
    int (*eval)(const struct metric_set *s, struct metric_list *out);
    /* A table on request, and which. */
    enum metric_rows rows_of;
    int (*rows)(const struct metric_set *s, struct metric_list *out);
};
const struct metric *metric_at(int i); /* by order; NULL past the last */
/* Counts, then every metric that the data allows; whole: also those of the whole label set only. */
int metric_eval(struct metric_set *s, bool whole, struct metric_list *out);
/* After metric_eval: the tables asked for (bits). */
int metric_rows(const struct metric_set *s, int which, struct metric_list *out);

static inline double metric_ratio(double a, double b) /* 0/0 is 0 */
{
    return b > 0 ? a / b : 0;
}
static inline double metric_f1(double p, double r)
{
    return metric_ratio(2 * p * r, p + r);
}
/* Labels that are in both of two ascending lists. */
uint32_t metric_hits(const struct metric_note *n);

/* The note-blind floor: the same k codes for every admission, the most frequent of the training set (ties: lower
 * index), with the k (the first, if several) that has the best micro-F1 on the training set itself. count(L): how many
 * of the n training admissions have the label. pick (L): its first k become those labels, ascending. */
void metric_floor(const int64_t *count, size_t L, int64_t n, uint32_t *pick, size_t *k);

#endif
