/* What can be told from the scores of positives and of all cells without sorting the cells: for each distinct score of
 * a positive, how many positives and negatives have it and how many lie above. The ROC area, average precision and the
 * best threshold all follow from these points, and there are few of them: positives are rare. Tests:
 * tests/unit/metric.c, tests/golden/make_score.py. */
#ifndef ICD_METRIC_CURVE_H
#define ICD_METRIC_CURVE_H
#include <stdint.h>

#include "lib/metric/metric.h"

struct curve {
    size_t m, cap;
    float *v;                     /* (m) distinct scores of positives, ascending */
    uint64_t *pos, *equal, *gap;  /* (m) positives, cells of score v; (m+1) cells above v[i-1] and below v[i] */
    struct curve_cell *cell;      /* (cap) positives as they come */
};
int curve_open(struct curve *c, size_t cap); /* for up to cap positives */
void curve_close(struct curve *c);
/* Of one label: its positives from holder, its cells col (n), weights from the set. */
void curve_label(struct curve *c, const struct metric_set *s, size_t l, const float *col);
/* Of all labels together; c opened for all positives. */
int curve_all(struct curve *c, const struct metric_set *s);
/* Area under the ROC curve, ties counted half; NaN without a positive or a negative. */
double curve_roc(const struct curve *c);
/* Average precision: the sum of precision times rise in recall over the distinct scores, not interpolated, ties as one
 * step; NaN without a positive. */
double curve_ap(const struct curve *c);
/* The place of the lowest positive score that "predict this and above" should include for the best F1, among those
 * above `least`; the highest place of several; m where there is none. f1: what it is there; may be NULL. */
size_t curve_best(const struct curve *c, float least, double *f1);

/* work(c, col, l, ctx) for every label with a gold note: c filled by curve_label, col (n) its scores; in any thread. */
int curve_labels(const struct metric_set *s, void (*work)(const struct curve *c, const float *col, size_t l, void *ctx),
                 void *ctx);

#endif
