/* One-vs-rest logistic regression: see logistic.h. */
#include "lib/linear/logistic.h"

#include <linear.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"

/* How far the gradient is to fall. At 0.01, the default of liblinear, scores differ in the second digit. */
static const double tolerance = 1e-4;

/* Where the BLAS that liblinear was linked with is OpenBLAS: its own threads would make sums depend on the machine. */
extern void openblas_set_num_threads(int n) __attribute__((weak));

static void silent(const char *s)
{
}

static double of_row(const double *w, const struct feature_node *x)
{
    double z = 0;
    for (; x->index > 0; x++)
        z += w[x->index - 1] * x->value;
    return z;
}

static int one_label(const struct logistic *g, size_t l, double *y, struct feature_node *const *row, size_t n,
                     float *score)
{
    size_t positive = g->holder_at[l + 1] - g->holder_at[l];
    if (positive == 0 || positive == g->n) {
        for (size_t i = 0; i < n; i++)
            score[i * g->labels + l] = positive != 0;
        return 0;
    }
    for (size_t i = 0; i < g->n; i++)
        y[i] = -1;
    for (size_t j = g->holder_at[l]; j < g->holder_at[l + 1]; j++)
        y[g->holder[j]] = 1;
    /* The constant feature is a column like the others, so bias stays -1 ("none"); liblinear changes no row. */
    const struct problem p = {
        .l = (int)g->n, .n = g->features, .y = y, .x = (struct feature_node **)(uintptr_t)g->x, .bias = -1};
    const struct parameter how = {.solver_type = L2R_LR, .eps = tolerance, .C = g->penalty};
    struct model *m = train(&p, &how);
    double sign = m->label[0] == 1 ? 1 : -1;
    for (size_t i = 0; i < n; i++)
        score[i * g->labels + l] = (float)(1 / (1 + exp(-sign * of_row(m->w, row[i]))));
    free_and_destroy_model(&m);
    return 0;
}

/* liblinear does not look whether it got its memory: about what all threads will ask for is tried before. */
static int enough_memory(const struct logistic *g)
{
    size_t one = (12 * (size_t)g->features + 8 * g->n) * sizeof(double);
    void *p = mem_alloc((size_t)g->threads, one);
    free(p);
    return p ? 0 : E_NOMEM;
}

int logistic_scores(const struct logistic *g, struct feature_node *const *row, size_t n, float *score)
{
    int rc = enough_memory(g);
    size_t done = 0;
    if (rc)
        return rc;
    set_print_string_function(silent);
    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
#pragma omp parallel num_threads(g->threads)
    {
        double *y = mem_alloc(g->n, sizeof *y);
        if (!y) {
#pragma omp atomic write
            rc = E_NOMEM;
        }
#pragma omp for schedule(dynamic)
        for (size_t l = 0; l < g->labels; l++) {
            if (y)
                one_label(g, l, y, row, n, score);
            size_t so_far;
#pragma omp atomic capture
            so_far = ++done;
            if (g->done && omp_get_thread_num() == 0)
                g->done(g->ctx, so_far);
        }
        free(y);
    }
    return rc ? err_nomem(g->n * sizeof(double)) : 0;
}
