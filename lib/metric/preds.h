/* Predictions of one system, joined with their gold records: from a pred stream, or from the plain files that other
 * systems write. Tests: tests/cli/icd-score.sh, tests/cli/icd-score-plain.sh. */
#ifndef ICD_METRIC_PREDS_H
#define ICD_METRIC_PREDS_H
#include <stdio.h>

#include "lib/metric/gold.h"
#include "lib/metric/metric.h"

struct pred {
    uint32_t gold;        /* index of the gold record */
    uint32_t *code, n;    /* ascending */
    uint32_t unknown;
    float *score;         /* (L) or NULL */
};
struct preds {
    const char *name; /* for messages */
    const struct gold *gold;
    struct pred *v; /* by gold record, once preds_join() was called */
    size_t n, cap;
    bool scores;    /* all have them */
    bool final;     /* all have final codes */
    bool generated; /* unknown strings were counted */
    uint64_t unlisted; /* cells of a plain table without a score */
    uint32_t *row;  /* (gold->n) 1 + index in v, 0: not predicted */
    uint32_t *map;  /* (L) a stream's label index to ours */
};
int preds_open(struct preds *p, const struct gold *g, const char *name);
/* The stream's label set against the gold one's; E_DATA where they differ. */
int preds_labels(struct preds *p, const json_t *meta);
int preds_record(struct preds *p, const msgpack_object *rec);
/* A whole plain file (plain.c). Messages name line and field. */
int preds_plain(struct preds *p, const char *path);
/* What a file is by its first line: codes (with '|'), scores (with a tab). What is no regular file is not plain. */
enum plain { PLAIN_NOT, PLAIN_CODES, PLAIN_SCORES };
enum plain preds_plain_kind(const char *path);
/* After the last: by gold record; E_DATA where there is none, or where gold records of a split that was predicted have
 * no prediction. */
int preds_join(struct preds *p);
/* Codes become those with a score above t[label]. */
int preds_threshold(struct preds *p, const double *t);
/* Those of the notes in order, as a set to be scored; prepared. note is malloc'd, points to p and its gold. */
int preds_set(const struct preds *p, struct metric_set *s, struct metric_note **note);
/* The name of the only split that is predicted, NULL: several, or unnamed. */
const char *preds_split(const struct preds *p);
void preds_close(struct preds *p);

/* A new prediction for that id; E_DATA: gold has none, or it was predicted before. */
int preds_add(struct preds *p, const char *id, size_t n, struct pred **out);

#endif
