/* T5LayerNorm: y = w * x * (mean(x^2) + eps)^-1/2 over the last dimension: from the residual stream to
 * what products read. Test: tests/grad/rmsnorm.c. */
#include "lib/nn/module.h"

struct saved {
    struct var x, w, *y;
    struct tensor rstd; /* (N) */
};
static void rmsnorm_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    t->be->op.rmsnorm_bwd(grad_of(&s->x), grad_of(&s->w), &s->y->g, &s->x.v, &s->w.v, &s->rstd);
}

struct var *rmsnorm(struct tape *t, const struct var *x, const struct var *w, double eps)
{
    MUST(t, x->v.dim[x->v.nd - 1] == tensor_numel(&w->v));
    struct var *y = tape_var(t, wants(x) || wants(w), x->v.nd, x->v.dim);
    struct tensor rows = rows_of(&x->v), rstd = tape_scratch(t, DT_REAL, 1, rows.dim);
    t->be->op.rmsnorm_fwd(&y->v, &rstd, &x->v, &w->v, eps);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*x, *w, y, rstd};
        tape_record(t, rmsnorm_bwd, s);
    }
    return y;
}
