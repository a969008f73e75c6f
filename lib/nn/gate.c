/* y = x + sigmoid(g) * sub, element by element: a residual that the model can close. Kernel: kernels/cpu/gate.c; test:
 * tests/grad/gate.c. */
#include "lib/nn/module.h"

struct saved {
    struct var x, sub, g, *y;
};
static void gate_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    t->be->op.gate_bwd(grad_of(&s->x), grad_of(&s->sub), grad_of(&s->g), &s->y->g, &s->sub.v, &s->g.v);
}

struct var *gate(struct tape *t, const struct var *x, const struct var *sub, const struct var *g)
{
    MUST(t, tensor_numel(&x->v) == tensor_numel(&sub->v) && tensor_numel(&x->v) == tensor_numel(&g->v));
    struct var *y = var_like(t, x, wants(x) || wants(sub) || wants(g));
    t->be->op.gate_fwd(&y->v, &x->v, &sub->v, &g->v);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*x, *sub, *g, y};
        tape_record(t, gate_bwd, s);
    }
    return y;
}
