/* One-vs-rest logistic regression with an L2 penalty, by liblinear's primal solver: the door to liblinear. Labels are
 * independent, so threads share them out; the solver draws no random numbers, so scores do not depend on threads.
 * Tests: tests/unit/linear.c, tests/golden/linear.sh. */
#ifndef ICD_LOGISTIC_H
#define ICD_LOGISTIC_H
#include <stddef.h>
#include <stdint.h>

struct feature_node;
struct logistic {
    struct feature_node *const *x; /* (n) training rows */
    size_t n;
    int32_t features; /* places in a row */
    size_t labels;
    const size_t *holder_at; /* (labels+1) and, from holder_at[l] on, the rows that have label l */
    const uint32_t *holder;
    double penalty; /* C: what a unit of loss costs beside half the squared weights */
    int threads;
    void (*done)(void *ctx, size_t labels); /* progress, from the calling thread; NULL: none */
    void *ctx;
};
/* Trains every label and gives each of n rows its probability of it: score (n,labels). A label that no training row
 * has gets 0, one that all have gets 1. E_NOMEM. */
int logistic_scores(const struct logistic *g, struct feature_node *const *row, size_t n, float *score);

#endif
