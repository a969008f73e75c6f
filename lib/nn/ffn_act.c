/* Activation of the feed-forward layer with its dropout; gated kinds halve the width: x(..,2F) = [gate|up] -> (..,F).
 * Test: tests/grad/ffn_act.c. */
#include "lib/nn/module.h"

struct saved {
    struct var x, *y;
    enum act kind;
    struct dropout d;
};
static void ffn_act_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    t->be->op.ffn_act_bwd(&s->x.g, &s->y->g, &s->x.v, s->kind, &s->d);
}

struct var *ffn_act(struct tape *t, const struct var *x, enum act kind, double p)
{
    int last = x->v.nd - 1;
    int64_t dim[4] = {x->v.dim[0], x->v.dim[1], x->v.dim[2], x->v.dim[3]};
    MUST(t, kind == ACT_RELU || dim[last] % 2 == 0);
    dim[last] /= kind == ACT_RELU ? 1 : 2;
    struct dropout d = tape_dropout(t, p);
    struct var *y = tape_var(t, wants(x), x->v.nd, dim);
    t->be->op.ffn_act_fwd(&y->v, &x->v, kind, &d);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*x, y, kind, d};
        tape_record(t, ffn_act_bwd, s);
    }
    return y;
}
