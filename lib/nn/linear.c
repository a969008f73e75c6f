/* y(..,O) = x(..,I) w(O,I)^T. Test: tests/grad/linear.c. */
#include "lib/nn/module.h"

struct saved {
    struct var x, w, *y;
};
static void linear_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    struct tensor x = rows_of(&s->x.v), dx = rows_of(&s->x.g), dy = rows_of(&s->y->g);
    if (wants(&s->x))
        t->be->op.gemm(&dx, &dy, 0, &s->w.v, 0, 1, 1);      /* dx(N,I) += dy(N,O) w(O,I) */
    if (wants(&s->w))
        t->be->op.gemm(&s->w.g, &dy, 1, &x, 0, 1, 1);       /* dw(O,I) += dy^T(O,N) x(N,I) */
}

struct var *linear(struct tape *t, const struct var *x, const struct var *w)
{
    int last = x->v.nd - 1;
    MUST(t, tensor_contiguous(&x->v) && w->v.nd == 2 && x->v.dim[last] == w->v.dim[1]);
    int64_t dim[4] = {x->v.dim[0], x->v.dim[1], x->v.dim[2], x->v.dim[3]};
    dim[last] = w->v.dim[0];
    struct var *y = tape_var(t, wants(x) || wants(w), x->v.nd, dim);
    struct tensor xs = rows_of(&x->v), ys = rows_of(&y->v);
    t->be->op.gemm(&ys, &xs, 0, &w->v, 1, 1, 0);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*x, *w, y};
        tape_record(t, linear_bwd, s);
    }
    return y;
}
