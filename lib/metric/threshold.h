/* Thresholds tuned on dev predictions: a code is predicted where its score is above t. Tests: tests/unit/metric.c. */
#ifndef ICD_METRIC_THRESHOLD_H
#define ICD_METRIC_THRESHOLD_H
#include "lib/metric/metric.h"

/* t (L) for the best F1 on dev, the lowest t of several: micro-F1 with one for all labels, or by_code each label's own
 * (a label without dev positives gets the one for all). exact: t is any distinct score or below all of them, so that
 * all choices there are were looked at; else it is one of Edin's grid, i/99 for i = 0...99. dev is prepared and has
 * scores. */
int threshold_tune(struct metric_set *dev, bool by_code, bool exact, double *t);

#endif
