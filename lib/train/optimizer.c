/* AdamW over a model's parameters, and the global norm that clips its gradient. Tests: tests/unit/optimizer.c. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include <math.h>
#include <stdlib.h>

static struct tensor flat(const struct params *ps, real *base, int i)
{
    return TENSOR(base + ps->p[i].offset, DT_REAL, tensor_numel(&ps->p[i].x.v));
}

/* Sums of squares of each parameter's part of `base`, on the host. */
static int sums(struct optimizer *o, real *base)
{
    const struct backend *be = o->ps->be;
    for (int i = 0; i < o->ps->n; i++) {
        struct tensor x = flat(o->ps, base, i), out = TENSOR(o->ss + i, DT_REAL, 1);
        be->op.sumsq(&out, &x);
    }
    return be->download(o->host, o->ss, (size_t)o->ps->n * sizeof(real));
}

int optimizer_init(struct optimizer *o, struct params *ps)
{
    *o = (struct optimizer){.ps = ps};
    o->touched = mem_zalloc((size_t)ps->n, sizeof *o->touched);
    o->host = mem_alloc((size_t)ps->n, sizeof *o->host);
    o->ss = ps->be->alloc((size_t)ps->n * sizeof *o->ss);
    if (!o->touched || !o->host || !o->ss)
        return E_NOMEM;
    TRY(sums(o, ps->m)); /* a moment is not 0 exactly where there once was a gradient */
    for (int i = 0; i < ps->n; i++)
        o->touched[i] = o->host[i] != 0;
    return 0;
}

void optimizer_free(struct optimizer *o)
{
    free(o->touched);
    free(o->host);
    if (o->ss)
        o->ps->be->free(o->ss);
    *o = (struct optimizer){0};
}

void optimizer_zero(struct optimizer *o)
{
    struct tensor g = TENSOR(o->ps->grad, DT_REAL, o->ps->numel);
    o->ps->be->op.fill(&g, 0);
}

int optimizer_norm(struct optimizer *o, double *norm)
{
    TRY(sums(o, o->ps->grad));
    double s = 0;
    for (int i = 0; i < o->ps->n; i++) {
        s += (double)o->host[i];
        o->touched[i] |= o->host[i] != 0;
    }
    *norm = sqrt(s);
    return 0;
}

int optimizer_step(struct optimizer *o, const struct train_cfg *c, double lr, double norm, int64_t step)
{
    const struct backend *be = o->ps->be;
    struct adamw_cfg cfg = {.lr = lr, .beta1 = c->beta1, .beta2 = c->beta2, .eps = c->eps, .step = step};
    cfg.grad_scale = c->clip > 0 ? fmin(1, c->clip / (norm + 1e-6)) : 1;
    for (int i = 0; i < o->ps->n; i++) {
        if (!o->touched[i])
            continue;
        cfg.decay = o->ps->p[i].decay ? c->decay : 0;
        struct tensor p = flat(o->ps, o->ps->value, i), m = flat(o->ps, o->ps->m, i), v = flat(o->ps, o->ps->v, i),
                      g = flat(o->ps, o->ps->grad, i);
        be->op.adamw(&p, &m, &v, &g, &cfg);
    }
    params_changed(o->ps);
    return be->check();
}
