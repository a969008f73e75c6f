/* Predictions of one system, joined with their gold records: from a pred stream, or from the plain files that other
 * systems write (plain.h). Label sets need not be equal: a code that is none of gold's labels is kept as a wrong one,
 * and a gold label that the system does not know is never predicted. Tests: tests/cli/icd-score.sh,
 * tests/cli/icd-score-plain.sh, tests/cli/icd-score-split.sh. */
#ifndef ICD_METRIC_PREDS_H
#define ICD_METRIC_PREDS_H
#include "lib/metric/gold.h"
#include "lib/metric/metric.h"

struct pred_outside { /* the score of a code that is none of gold's labels */
    uint32_t label;   /* L + its place in preds.outside */
    double score;
};
struct pred {
    uint32_t gold;       /* index of the gold record */
    uint32_t *code, n;   /* ascending: n of gold's labels, */
    uint32_t outside;    /* and behind them so many other codes */
    uint32_t unknown;    /* generated strings that are no code */
    float *score;        /* (L) or NULL */
    double *exact;       /* (L) the same scores where a float does not hold some of them; NULL: score has all */
    struct pred_outside *more; /* (n_more) */
    uint32_t n_more;
};
struct preds {
    const char *name; /* for messages */
    const struct gold *gold;
    bool strict; /* a code outside gold's labels, or a label set without some of them, is an error */
    struct pred *v; /* by gold record, once preds_join() was called */
    size_t n, cap;
    bool scores;    /* all have them */
    bool final;     /* all have final codes */
    bool generated; /* unknown strings were counted */
    bool differ;    /* codes outside gold's labels are possible */
    int split;      /* of gold, that is scored; -1: several */
    size_t left_out; /* predictions of other splits */
    uint64_t unlisted; /* cells of a plain table without a score */
    size_t missing; /* gold labels that the system does not know */
    uint8_t *known; /* (L) NULL: all */
    uint32_t *row;  /* (gold->n) 1 + index in v, 0: not predicted */
    struct labels own; /* of a stream */
    uint32_t *map;  /* (own.n) a stream's label index to ours, from L on: outside */
    char **outside; /* (n_outside) codes that are none of gold's labels */
    size_t n_outside, outside_cap;
    void *index;    /* of outside, by code */
};
int preds_open(struct preds *p, const struct gold *g, const char *name, bool strict);
/* The stream's label set beside the gold one's; strict: E_DATA where they differ. */
int preds_labels(struct preds *p, const json_t *meta);
int preds_record(struct preds *p, const msgpack_object *rec);
/* After the last: by gold record, those of one split. want: NULL (test where there is one, else dev, else the only one
 * there is), a split's name, "all". E_DATA where there is none, or where gold records of that split have no
 * prediction. */
int preds_join(struct preds *p, const char *want);
/* Codes become those with a score above t[label]; one outside gold's labels: above t_outside[its place]. */
int preds_threshold(struct preds *p, const double *t, const double *t_outside);
/* Those of the notes in order, as a set to be scored; prepared. note is malloc'd, points to p and its gold. */
int preds_set(const struct preds *p, struct metric_set *s, struct metric_note **note);
/* The name of the split that is scored, NULL: several, or unnamed. */
const char *preds_split(const struct preds *p);
void preds_close(struct preds *p);

/* ---- for readers of plain files ---- */
/* A new prediction for that id; E_DATA: gold has none, or it was predicted before. */
int preds_add(struct preds *p, const char *id, size_t n, struct pred **out);
/* The prediction for that id, a new one if need be. */
int preds_get(struct preds *p, const char *id, size_t n, struct pred **out);
/* The index of a code, from L on if it is none of gold's labels. E_DATA: strict, and it is none. */
int preds_code(struct preds *p, const char *code, size_t n, uint32_t *label);
/* Sorts n codes, drops repeated ones, tells gold's labels from others. */
void preds_codes(const struct preds *p, struct pred *d, uint32_t n);
/* One score, of whatever code; rows of scores begin as NaN: not listed. E_DATA: that code was given before. */
int preds_score(struct preds *p, struct pred *d, uint32_t label, double score);
/* The labels with known[l] (L, becomes p's own) are those that the system knows. */
int preds_known(struct preds *p, uint8_t *known);

#endif
