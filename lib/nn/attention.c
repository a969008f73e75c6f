/* Multi-head attention with T5's relative bias; no gradient goes to masked keys. Kernel: kernels/cpu/attention.c;
 * test: tests/grad/attention.c. */
#include "lib/nn/module.h"

struct saved {
    struct var q, k, v, bias, *y;
    struct tensor lse, klen; /* lse(B,H,T); klen.data NULL: none */
    struct attn_cfg c;
};
static const struct tensor *present(const struct tensor *x)
{
    return x->data ? x : NULL;
}
static void attention_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    int64_t H = s->q.v.dim[2];
    struct tensor o = tensor_heads(&s->y->v, H), dout = tensor_heads(&s->y->g, H); /* (B,T,H,K) */
    t->be->op.attention_bwd(&s->q.g, &s->k.g, &s->v.g, grad_of(&s->bias), &dout, &o, &s->lse, &s->q.v, &s->k.v,
                            &s->v.v, present(&s->bias.v), present(&s->klen), &s->c);
}

struct var *attention(struct tape *t, const struct var *q, const struct var *k, const struct var *v,
                      const struct var *bias, const struct tensor *klen, const struct attn_cfg *c, double p)
{
    MUST(t, q->v.nd == 4 && k->v.nd == 4 && v->v.nd == 4);
    MUST(t, !bias || (bias->v.dim[0] == c->buckets && bias->v.dim[1] == q->v.dim[2]));
    MUST(t, !!wants(q) == !!wants(k) && !!wants(k) == !!wants(v)); /* the backward kernel gives all three */
    int64_t B = q->v.dim[0], T = q->v.dim[1], H = q->v.dim[2], K = q->v.dim[3];
    struct attn_cfg cfg = *c;
    cfg.drop = tape_dropout(t, p);
    struct var *y = NEW(t, wants(q), B, T, H * K);
    struct tensor o = tensor_heads(&y->v, H), lse = tape_scratch(t, DT_REAL, 3, (int64_t[]){B, H, T});
    t->be->op.attention_fwd(&o, &lse, &q->v, &k->v, &v->v, bias ? &bias->v : NULL, klen, &cfg);
    if (wants(y)) {
        struct saved *s = tape_closure(t, sizeof *s);
        *s = (struct saved){.q = *q, .k = *k, .v = *v, .y = y, .lse = lse, .c = cfg};
        if (bias)
            s->bias = *bias;
        if (klen)
            s->klen = *klen;
        tape_record(t, attention_bwd, s);
    }
    return y;
}

struct var var_heads(const struct var *x, int64_t from, int64_t heads, int64_t k)
{
    struct tensor v = tensor_slice(&x->v, 2, from, heads * k), g = v;
    if (wants(x))
        g = tensor_slice(&x->g, 2, from, heads * k);
    else
        g.data = NULL;
    return (struct var){tensor_heads(&v, heads), tensor_heads(&g, heads)};
}
