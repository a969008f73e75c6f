/* y = x + drop(sub), the end of every sub-layer; y is of x's type, whatever sub's. Test: tests/grad/residual.c. */
#include "lib/nn/module.h"

struct saved {
    struct var x, sub, *y;
    struct dropout d;
};
static void residual_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    t->be->op.residual_bwd(grad_of(&s->x), grad_of(&s->sub), &s->y->g, &s->d);
}

struct var *residual(struct tape *t, const struct var *x, const struct var *sub, double p)
{
    MUST(t, tensor_numel(&x->v) == tensor_numel(&sub->v));
    struct dropout d = tape_dropout(t, p);
    struct var *y = var_like(t, x, wants(x) || wants(sub));
    t->be->op.residual_fwd(&y->v, &x->v, &sub->v, &d);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*x, *sub, y, d};
        tape_record(t, residual_bwd, s);
    }
    return y;
}
