/* y = drop(x). Kernel: kernels/cpu/dropout.c; test: tests/grad/dropout.c. This is the smallest module: copy it to make
 * a new one. What backward needs is copied into `saved`, because x may be a local of the caller. */
#include "lib/nn/module.h"

struct saved {
    struct var x, *y;
    struct dropout d;
};
static void dropout_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    t->be->op.dropout_bwd(&s->x.g, &s->y->g, &s->d);
}

struct var *dropout(struct tape *t, const struct var *x, double p)
{
    struct dropout d = tape_dropout(t, p); /* counted even if unused: numbering does not depend on p */
    if (d.p == 0)
        return var_alias(t, x);
    struct var *y = var_like(t, x, wants(x));
    t->be->op.dropout_fwd(&y->v, &x->v, &d);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*x, y, d};
        tape_record(t, dropout_bwd, s);
    }
    return y;
}
