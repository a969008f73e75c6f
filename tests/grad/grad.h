/* Gradient checks, in double: what a module's backward says against signed central differences of its forward.
 *
 * A test makes inputs, and hands grad_check() a forward over them. The function differentiated is sum(R * y) for a
 * fixed random R, or the loss a loss module adds up. Every element of every input is moved by h and 2h to both sides
 * (fourth-order stencil: truncation ~h^4, rounding ~1e-16/h, both far below the tolerance). Gradients start from random
 * values, not zero: a backward that overwrites instead of adding is caught; arena memory starts as NaN: one that reads
 * what it never wrote is caught. To add a test: copy tests/grad/dropout.c. The checker's own test is
 * tests/selftest/gradcheck.c. */
#ifndef ICD_GRAD_H
#define ICD_GRAD_H
#include "lib/nn/nn.h"
#include "lib/util/rng.h"
#include "tests/test.h"

#define GRAD_TOL 1e-6
#ifdef __SANITIZE_ADDRESS__
enum { GRAD_STEP = 7 }; /* that build looks for bad memory accesses, which every run shows: fewer elements do */
#else
enum { GRAD_STEP = 1 };
#endif
enum { GRAD_MAX = 16 };

struct grad {
    struct rng rng;
    struct var in[GRAD_MAX]; /* inputs and parameters */
    const char *name[GRAD_MAX];
    real *start[GRAD_MAX];   /* gradients before backward */
    int n;
    struct tape tape;
    /* Result, or NULL when the losses went to `loss`. in: the inputs in order of their making. */
    struct var *(*forward)(struct tape *t, struct var *in, struct tensor *loss, void *ctx);
    void *ctx;
    real *R;                 /* as many as the result has */
    int step;                /* every step-th element is checked */
    double worst;            /* largest relative error of all */
    /* of the run in hand */
    bool want_grad;
    double value;
};

static inline struct grad
grad_new(uint64_t seed, struct var *(*forward)(struct tape *, struct var *, struct tensor *, void *), void *ctx)
{
    struct grad g = {.rng = rng_new(seed, 7), .forward = forward, .ctx = ctx, .step = GRAD_STEP};
    const struct backend *be;
    if (backend_open("cpu", 1, &be) || tape_init(&g.tape, be))
        abort();
    g.tape.key = seed;
    g.tape.train = true;
    return g;
}
static inline real *grad_random(struct grad *g, int64_t n, double std)
{
    real *x = malloc((size_t)(n ? n : 1) * sizeof *x);
    for (int64_t i = 0; x && i < n; i++)
        x[i] = (real)(std * rng_normal(&g->rng));
    return x ? x : (abort(), x);
}
#define GRAD_INPUT(g, name, std, ...) \
    grad_input((g), (name), (std), (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})
static inline struct var *grad_input(struct grad *g, const char *name, double std, int nd, const int64_t *dim)
{
    struct var *x = &g->in[g->n];
    x->v = x->g = tensor_of(NULL, DT_REAL, nd, dim);
    int64_t n = tensor_numel(&x->v);
    x->v.data = grad_random(g, n, std);
    x->g.data = grad_random(g, n, 1);
    g->start[g->n] = malloc((size_t)(n + 1) * sizeof(real));
    memcpy(g->start[g->n], x->g.data, (size_t)n * sizeof(real));
    g->name[g->n++] = name;
    return x;
}

static void grad_run_(struct tape *t, void *ctx)
{
    struct grad *g = ctx;
    struct tensor loss = tape_scratch(t, DT_REAL, 1, (int64_t[]){1});
    real *l = loss.data;
    *l = 0;
    struct var *y = g->forward(t, g->in, &loss, g->ctx);
    g->value = (double)*l;
    int64_t n = y ? tensor_numel(&y->v) : 0;
    if (n && !g->R)
        g->R = grad_random(g, n, 1);
    for (int64_t i = 0; i < n; i++) {
        g->value += (double)g->R[i] * (double)((real *)y->v.data)[i];
        if (g->want_grad)
            ((real *)y->g.data)[i] += g->R[i];
    }
    if (g->want_grad)
        tape_backward(t);
}
static inline double grad_run(struct grad *g, bool want_grad)
{
    struct tape *t = &g->tape;
    if (want_grad) {
        size_t size = (size_t)1 << 20;
        memset(arena_alloc(t->dev, size), 0xff, size); /* NaN */
        tape_reset(t);
    }
    t->grad = g->want_grad = want_grad;
    t->site = 1 << 20;
    if (tape_run(t, grad_run_, g))
        abort();
    tape_reset(t);
    return g->value;
}
/* Largest relative error of input i; the scale is the element's own size, but not less than 1e-3 of the largest. */
static inline double grad_error(struct grad *g, int i)
{
    int64_t n = tensor_numel(&g->in[i].v);
    real *x = g->in[i].v.data, *dx = g->in[i].g.data;
    double *numeric = malloc((size_t)(n + 1) * sizeof *numeric), top = 0, worst = 0, h = 1e-4;
    for (int64_t j = 0; j < n; j += g->step) {
        real x0 = x[j];
        double f[4], at[4] = {-2, -1, 1, 2};
        for (int k = 0; k < 4; k++) {
            x[j] = (real)((double)x0 + at[k] * h);
            f[k] = grad_run(g, false);
        }
        x[j] = x0;
        numeric[j] = (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h);
        top = fmax(top, fabs(numeric[j]));
    }
    for (int64_t j = 0; j < n; j += g->step) {
        double a = (double)(dx[j] - g->start[i][j]);
        double e = fabs(a - numeric[j]) / fmax(fmax(fabs(a), fabs(numeric[j])), 1e-3 * top + 1e-12);
        worst = isnan(e) ? INFINITY : fmax(worst, e); /* a NaN must not be forgotten by the next comparison */
    }
    free(numeric);
    return worst;
}
static inline void grad_free(struct grad *g)
{
    for (int i = 0; i < g->n; i++) {
        free(g->in[i].v.data);
        free(g->in[i].g.data);
        free(g->start[i]);
    }
    free(g->R);
    tape_free(&g->tape);
}
/* Runs the comparison and returns whether all inputs agree; says which did not. */
static inline bool grad_agrees(struct grad *g, bool loud)
{
    bool ok = true;
    grad_run(g, true);
    for (int i = 0; i < g->n; i++) {
        double e = g->in[i].g.data ? grad_error(g, i) : 0;
        if (!(e < GRAD_TOL)) {
            ok = false;
            if (loud)
                fprintf(stderr, "gradient of %s: relative error %g\n", g->name[i], e);
        }
        g->worst = fmax(g->worst, e);
    }
    return ok;
}
static inline void grad_check(struct grad *g, const char *name)
{
    test_case(name, grad_agrees(g, true));
    grad_free(g);
}
/* Moves values off a kink at 0. */
static inline void grad_avoid_zero(struct var *x)
{
    real *v = x->v.data;
    for (int64_t i = 0; i < tensor_numel(&x->v); i++)
        if (fabs((double)v[i]) < 0.01)
            v[i] = (real)0.02;
}
#endif
