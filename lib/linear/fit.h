/* Training on the train notes, choosing on the dev notes: the penalty and the one threshold that give the best micro-F1
 * there. Tests: tests/cli/icd-linear.sh. */
#ifndef ICD_LINEAR_FIT_H
#define ICD_LINEAR_FIT_H
#include "lib/linear/examples.h"

struct linear_fit { /* set what is above the line */
    const struct examples *of;
    const struct labels *labels;
    double penalty;      /* 0: the best on dev */
    const uint32_t *ask; /* (asked) numbers of the notes to predict */
    size_t asked;
    int threads;
    void (*done)(void *ctx, double penalty, size_t labels); /* progress */
    void *ctx;
    /* ---- by linear_fit() ---- */
    double threshold, f1; /* on dev */
    size_t train, dev;    /* notes */
    float *score;         /* (asked, labels) */
};
/* Penalties are tried from 10 on in steps of about 3, upwards while each is better than the one before; downwards where
 * 30 is no better than 10. E_DATA when no dev note has a target, tokens and a code. */
int linear_fit(struct linear_fit *c);
void linear_fit_free(struct linear_fit *c);

#endif
