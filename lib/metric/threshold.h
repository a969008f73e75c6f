/* Thresholds tuned on dev predictions: a code is predicted where its score is above t. This is the project's one
 * search; icd-train keeps what it finds in the model, icd-score --tune finds the same again.
 * Tests: tests/unit/metric.c.
 *
 * The rule: all cuts between distinct scores are looked at, and that with the best F1 is taken; of equally good ones
 * the highest, which predicts the fewest codes. t is half way between the two scores around the cut. Where no score is
 * negative, a score of 0 is never predicted; where none lies below the cut, t is half way to 0, or just below a lowest
 * score that is not above 0. */
#ifndef ICD_METRIC_THRESHOLD_H
#define ICD_METRIC_THRESHOLD_H
#include "lib/metric/metric.h"

/* One threshold for all labels, and the micro-F1 it has on dev. Needs only the notes of dev (gold, score, weight), n
 * and L. E_DATA without a gold code. */
int threshold_all(const struct metric_set *dev, double *t, double *f1);
/* Micro-F1 of the codes with a score above t; 0 without gold and prediction. The same needs. */
double threshold_f1(const struct metric_set *s, double t);

/* t (L) for the best F1 on dev: micro-F1 with one for all labels, or by_code each label's own (a label without dev
 * positives gets the one for all). exact: by the rule above; else t is of Edin et al.'s grid, i/99 for i = 0...99, and
 * the lowest of equally good ones, as they publish it. dev is prepared and has scores. */
int threshold_tune(struct metric_set *dev, bool by_code, bool exact, double *t);

#endif
