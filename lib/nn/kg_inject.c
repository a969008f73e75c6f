/* KG-injection (section 3.2 of the paper): every token of a note reads the knowledge and adds what it found. With the
 * note's latent states D(T,D) and the knowledge's D_m(N,D), which kg_pool collects from the encoder's (eq. 6):
 *
 *   (7)  Z_m = D_m W^T               W(D,D), Linear layout; --kg-tanh: Z_m = tanh(D_m W^T)
 *   (8)  A   = softmax(D Z_m^T)      (T,N), over the knowledge; --kg-scale sqrt: softmax(D Z_m^T / sqrt(D))
 *   (9)  D'  = D + A Z_m             --kg-gate: D + sigmoid(D G^T) * A Z_m;  --kg-norm: T5LayerNorm of that
 *
 * Keys and values are the same rows Z_m, so this is attention with one head as wide as the model, and the sums over A
 * never need the (T,N) matrix. Where all notes read the same knowledge, the batch is one note of B*T rows. There is
 * nothing of T5 in it: D may as well be the embeddings of a decoder-only model. Backward is that of its modules;
 * choose and kg_pool have their own, next to them. Tests: tests/grad/kg_inject.c, tests/golden/kg.c. */
#include "lib/nn/module.h"
#include <math.h>

/* x as (b,rows,1,D): one head. */
static struct var one_head(const struct var *x, int64_t b)
{
    int64_t D = x->v.dim[x->v.nd - 1], rows = tensor_numel(&x->v) / (b * D);
    return (struct var){RESHAPE(&x->v, b, rows, 1, D), RESHAPE(&x->g, b, rows, 1, D)};
}

/* Rows of z(N,D) for each note: (B,S,D). */
struct chosen {
    struct var z, *y;
    struct tensor row;
};
static void choose_bwd(struct tape *t, void *closure)
{
    const struct chosen *s = closure;
    const struct tensor *dz = &s->z.g;
    if (dz->dtype == DT_REAL) {
        t->be->op.embed_bwd(dz, &s->y->g, &s->row);
        return;
    }
    struct tensor sum = tape_scratch(t, DT_REAL, 2, dz->dim), part = tape_scratch(t, dz->dtype, 2, dz->dim);
    t->be->op.fill(&sum, 0); /* rows are summed in fp32 */
    t->be->op.embed_bwd(&sum, &s->y->g, &s->row);
    t->be->op.copy(&part, &sum);
    t->be->op.axpy(dz, &part, 1);
}
static struct var *choose(struct tape *t, const struct var *z, const struct tensor *row)
{
    struct var *y = NEW(t, wants(z), row->dim[0], row->dim[1], z->v.dim[1]);
    t->be->op.embed_fwd(&y->v, &z->v, row);
    if (wants(y)) {
        struct chosen *s = tape_closure(t, sizeof *s);
        *s = (struct chosen){*z, y, *row};
        tape_record(t, choose_bwd, s);
    }
    return y;
}

struct var *kg_inject(struct tape *t, const struct var *d, const struct var *m, const struct kg_keys *keys,
                      const struct kg_w *w, const struct kg_form *form)
{
    int64_t B = d->v.dim[0], D = d->v.dim[2];
    MUST(t, d->v.nd == 3 && m->v.nd == 2 && m->v.dim[1] == D && w->W.v.dim[0] == D && w->W.v.dim[1] == D);
    const struct var *z = linear(t, m, &w->W);
    if (form->tanh)
        z = tanh_act(t, z);
    if (keys)
        z = choose(t, z, &keys->row);
    struct attn_cfg c = {.scale = form->sqrt ? 1 / sqrt((double)D) : 1};
    struct var q = one_head(d, keys ? B : 1), kv = one_head(z, keys ? B : 1);
    if (!t->grad)
        q.g.data = kv.g.data = NULL;
    struct var *found = attention(t, &q, &kv, &kv, NULL, keys ? &keys->len : NULL, &c, 0);
    struct var a = {RESHAPE(&found->v, B, d->v.dim[1], D), RESHAPE(&found->g, B, d->v.dim[1], D)};
    struct var *y = w->gate ? gate(t, d, &a, linear(t, d, w->gate)) : residual(t, d, &a, 0);
    return w->norm ? rmsnorm(t, y, w->norm, form->eps) : y;
}

struct saved {
    struct var m, h; /* the rows of m that were added to */
    struct tensor p;
};
static void kg_pool_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    struct tensor dh = rows_of(&s->h.g);
    t->be->op.gemm(&dh, &s->p, 1, &s->m.g, 0, 1, 1); /* dh(C,D) += p^T(C,R) dm(R,D) */
}

void kg_pool(struct tape *t, const struct var *m, int64_t from, const struct var *h, const struct tensor *p)
{
    struct tensor x = rows_of(&h->v);
    MUST(t, p->nd == 2 && p->dim[1] == x.dim[0] && m->v.dim[1] == x.dim[1]);
    struct tensor means = *p;
    if (p->dtype != x.dtype) { /* a product wants both alike */
        means = tape_scratch(t, x.dtype, 2, p->dim);
        t->be->op.copy(&means, p);
    }
    struct var part = {tensor_slice(&m->v, 0, from, p->dim[0]), tensor_slice(&m->g, 0, from, p->dim[0])};
    t->be->op.gemm(&part.v, &means, 0, &x, 0, 1, 1); /* m(R,D) += p(R,C) h(C,D) */
    if (wants(m) && wants(h)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){part, *h, means};
        tape_record(t, kg_pool_bwd, s);
    }
}
