/* Label attention: every label reads the note with its own attention and scores itself. Reduction kernel:
 * kernels/cpu/label_attn.c; test: tests/grad/label_attn.c.
 *
 * The paper, for one note of T tokens with encoder states H(T,D), L labels and width A:
 *
 *   (1)  Z   = tanh(H W^T)          Z(T,A)   W(A,D)
 *   (2)  A   = softmax_t(U Z^T)     A(L,T)   U(L,A): one query per label; padding gets no weight
 *   (3)  V   = A H                  V(L,D)
 *   (4)  y_l = w_l . V_l + b_l      y(L)     w(L,D), b(L)
 *
 * V is never formed. Exchanging the sums of (3) and (4),
 *
 *   y_l = w_l . sum_t A_lt H_t + b_l = sum_t A_lt (w_l . H_t) + b_l,
 *
 * so with S = U Z^T and G = w H^T, both (L,T), label l needs only its rows of S and G:
 *
 *   y = rowsum(softmax(S) * G) + b.
 *
 * Backward, from dy(L) and P = softmax(S) made again from the saved log-sum-exp:
 *
 *   dG = dy P              dS = dy P (G - (y - b))       db = dy
 *   dU = dS Z     dZ = dS^T U     dw = dG H     dH = dG^T w + [through Z: the tape's business]
 *
 * Notes are taken one at a time, S and G made again in backward: memory is two (L,T) matrices whatever the batch,
 * 8,921 labels and 2,048 tokens included, and they stay in cache. */
#include "lib/nn/module.h"

struct saved {
    struct var h, z, *y;     /* h(B,T,D) z(B,T,A) y(B,L) */
    struct label_attn_w w;
    struct tensor tlen, lse; /* tlen(B) lse(B,L) */
    struct tensor S, G;      /* (L,T), of the note at hand */
};

/* Note b of x(B,R,C) as (R,C); of x(B,C) as (1,C). */
static struct tensor of_note(const struct tensor *x, int64_t b)
{
    struct tensor one = tensor_slice(x, 0, b, 1);
    return x->nd == 3 ? RESHAPE(&one, x->dim[1], x->dim[2]) : one;
}

/* S(L,T) = U Z^T and G(L,T) = w H^T of one note: h(T,D), z(T,A). */
static void scores(struct tape *t, const struct saved *s, const struct tensor *h, const struct tensor *z)
{
    t->be->op.gemm(&s->S, &s->w.U.v, 0, z, 1, 1, 0);
    t->be->op.gemm(&s->G, &s->w.w.v, 0, h, 1, 1, 0);
}

static void label_attn_bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    const struct ops *op = &t->be->op;
    const struct label_attn_w *w = &s->w;
    int64_t L = s->S.dim[0], T = s->S.dim[1];
    struct tensor S = RESHAPE(&s->S, 1, L, T), G = RESHAPE(&s->G, 1, L, T);
    for (int64_t b = 0; b < s->h.v.dim[0]; b++) {
        struct tensor h = of_note(&s->h.v, b), z = of_note(&s->z.v, b), tlen = tensor_slice(&s->tlen, 0, b, 1);
        struct tensor y = of_note(&s->y->v, b), dy = of_note(&s->y->g, b), lse = of_note(&s->lse, b);
        scores(t, s, &h, &z);
        op->label_attn_bwd(&S, &G, grad_of(&w->b), &dy, &y, &lse, &S, &G, &w->b.v, &tlen); /* S, G become dS, dG */
        if (wants(&w->U))
            op->gemm(&w->U.g, &s->S, 0, &z, 0, 1, 1); /* dU(L,A) += dS(L,T) Z(T,A) */
        if (wants(&w->w))
            op->gemm(&w->w.g, &s->G, 0, &h, 0, 1, 1); /* dw(L,D) += dG(L,T) H(T,D) */
        if (wants(&s->z)) {
            struct tensor dz = of_note(&s->z.g, b);
            op->gemm(&dz, &s->S, 1, &w->U.v, 0, 1, 1); /* dZ(T,A) += dS^T(T,L) U(L,A) */
        }
        if (wants(&s->h)) {
            struct tensor dh = of_note(&s->h.g, b);
            op->gemm(&dh, &s->G, 1, &w->w.v, 0, 1, 1); /* dH(T,D) += dG^T(T,L) w(L,D) */
        }
    }
}

/* Z, and the room S and G need. */
static struct saved prepare(struct tape *t, const struct var *h, const struct tensor *tlen,
                            const struct label_attn_w *w)
{
    int64_t B = h->v.dim[0], T = h->v.dim[1], L = w->U.v.dim[0];
    MUST(t, h->v.nd == 3 && tlen->dtype == DT_I32 && tensor_numel(tlen) == B);
    MUST(t, w->w.v.dim[0] == L && tensor_numel(&w->b.v) == L && w->w.v.dim[1] == h->v.dim[2]);
    const struct var *lin = linear(t, h, &w->W);
    return (struct saved){
        .h = *h, .z = *tanh_act(t, lin), .w = *w, .tlen = *tlen,
        .lse = tape_scratch(t, DT_REAL, 2, (int64_t[]){B, L}),
        .S = tape_scratch(t, t->products, 2, (int64_t[]){L, T}),
        .G = tape_scratch(t, t->products, 2, (int64_t[]){L, T}),
    };
}

/* Forward of every note; with `a`, also its attention a(B,L,T). */
static void forward(struct tape *t, const struct saved *s, const struct tensor *y_all, struct tensor *a)
{
    int64_t L = s->S.dim[0], T = s->S.dim[1];
    struct tensor S = RESHAPE(&s->S, 1, L, T), G = RESHAPE(&s->G, 1, L, T);
    for (int64_t b = 0; b < s->h.v.dim[0]; b++) {
        struct tensor h = of_note(&s->h.v, b), z = of_note(&s->z.v, b), tlen = tensor_slice(&s->tlen, 0, b, 1);
        struct tensor y = of_note(y_all, b), lse = of_note(&s->lse, b);
        scores(t, s, &h, &z);
        t->be->op.label_attn_fwd(&y, &lse, &S, &G, &s->w.b.v, &tlen);
        if (a) {
            struct tensor ab = tensor_slice(a, 0, b, 1);
            t->be->op.label_attn_weights(&ab, &S, &lse, &tlen);
        }
    }
}

struct var *label_attn(struct tape *t, const struct var *h, const struct tensor *tlen, const struct label_attn_w *w)
{
    bool grad = wants(h) || wants(&w->W) || wants(&w->U) || wants(&w->w) || wants(&w->b);
    struct saved s = prepare(t, h, tlen, w);
    s.y = tape_var_of(t, DT_REAL, grad, 2, (int64_t[]){h->v.dim[0], w->U.v.dim[0]});
    forward(t, &s, &s.y->v, NULL);
    if (wants(s.y)) {
        struct saved *keep = tape_closure(t, sizeof *keep);
        *keep = s;
        tape_record(t, label_attn_bwd, keep);
    }
    return s.y;
}

struct tensor label_attn_evidence(struct tape *t, const struct var *h, const struct tensor *tlen,
                                  const struct label_attn_w *w)
{
    struct saved s = prepare(t, h, tlen, w);
    int64_t B = h->v.dim[0], T = h->v.dim[1], L = w->U.v.dim[0];
    struct tensor y = tape_scratch(t, DT_REAL, 2, (int64_t[]){B, L});
    struct tensor a = tape_scratch(t, DT_REAL, 3, (int64_t[]){B, L, T});
    forward(t, &s, &y, &a);
    return a;
}
