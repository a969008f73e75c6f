/* y = tanh(x). Test: tests/grad/tanh_act.c. */
#include "lib/nn/module.h"

struct saved {
    struct var x, *y;
};
static void tanh_act_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    t->be->op.tanh_bwd(&s->x.g, &s->y->g, &s->y->v);
}

struct var *tanh_act(struct tape *t, const struct var *x)
{
    struct var *y = var_like(t, x, wants(x));
    t->be->op.tanh_fwd(&y->v, &x->v);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*x, y};
        tape_record(t, tanh_act_bwd, s);
    }
    return y;
}
