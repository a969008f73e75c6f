/* ids(B,T) -> rows of table(V,D): (B,T,D), the beginning of the residual stream (real). Test: tests/grad/embed.c. */
#include "lib/nn/module.h"

struct saved {
    struct var table, *y;
    struct tensor ids;
};
static void embed_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    t->be->op.embed_bwd(&s->table.g, &s->y->g, &s->ids);
}

struct var *embed(struct tape *t, const struct var *table, const struct tensor *ids)
{
    MUST(t, ids->nd == 2 && ids->dtype == DT_I32 && table->v.nd == 2);
    struct var *y = tape_var_of(t, DT_REAL, wants(table), 3, (int64_t[]){ids->dim[0], ids->dim[1], table->v.dim[1]});
    t->be->op.embed_fwd(&y->v, &table->v, ids);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){*table, y, *ids};
        tape_record(t, embed_bwd, s);
    }
    return y;
}
