/* Thresholds as a file, so that what icd-score scored is what icd-infer --thresholds predicts: one JSON object,
 *   {"format": "icd-thresholds", "version": 1, "by": "all" or "code", "search": "exact" or "grid", "all": t,
 *    "min_positives": N, "shrink": K, "labels": [code, ...], "thresholds": [t, ...], "notes": N, "split": "dev",
 *    "model": digest, "from": {"name": ..., "xxh64": ..., "lineage": [...]}}
 * A code is predicted where its score is above its threshold. Only format, version, labels and thresholds are needed.
 * Tests: tests/cli/icd-score-thresholds.sh, tests/unit/metric.c. */
#ifndef ICD_METRIC_THRESHOLD_FILE_H
#define ICD_METRIC_THRESHOLD_FILE_H
#include <jansson.h>

#include "lib/metric/metric.h"
#include "lib/text/labels.h"

/* Of a search on dev notes. Thresholds by code as they are overfit: shrink 5 was the best or close to it on synthetic
 * notes and on CodiEsp, with 50 dev notes and with 200; shrunk so, a minimum of positives above 1 brings nothing
 * (tests/bench/shrink.py, RESULTS.md). */
struct threshold_how {
    bool by_code, exact;
    int64_t min_positives; /* by_code: a label with fewer gets the threshold for all */
    double shrink;         /* by_code: a label with n positives gets (n t + shrink all) / (n + shrink) */
};
/* Of dev (prepared, with scores): t (L), and the one for all labels. */
int threshold_find(struct metric_set *dev, const struct threshold_how *how, double *t, double *all);

struct thresholds {
    struct labels labels;
    double *t;    /* (labels.n) */
    double all;   /* of codes that are none of the labels; NaN: the file has none */
    bool by_code; /* else all labels have one */
    json_t *file; /* as read */
};
/* E_NOINPUT, E_DATA. */
int thresholds_read(struct thresholds *f, const char *path);
/* t (n) by name; E_DATA names a label that the file has not, or says that the file is for another model: its `model` is
 * the digest of another pred stream's meta.model (model NULL: not known). */
int thresholds_for(const struct thresholds *f, const json_t *model, const char *const *code, size_t n, double *t);
void thresholds_close(struct thresholds *f); /* zeroed is fine */

/* A new object as above, without notes, split, model and from. NULL: E_NOMEM. */
json_t *thresholds_json(const struct threshold_how *how, const char *const *code, const double *t, size_t n,
                        double all);
/* The digest of what a pred stream says of its model, 16 hex digits. E_NOMEM. */
int thresholds_digest(const json_t *model, char hex[17]);

#endif
