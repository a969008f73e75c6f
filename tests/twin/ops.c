/* Every op of kernels/ops.def, CPU against GPU, in fp32 and bf16: odd shapes, strides, guards, poisoned outputs. The
 * table of cases is made from ops.def: an op without a case does not link, and one that compares nothing fails. */
#include "tests/twin/twin.h"

#define T const struct tensor *
#define OP(name, args) static void twin_##name(void);
#include "kernels/ops.def"
#undef OP
#undef T

static const struct dropout drop = {0.2, 5, 6}, no_drop = {0, 5, 6};

/* ---- gemm ---- */
static void gemm_batches(void)
{
    /* (2,3) batches on heads of a joined matrix, b repeated over the first dimension (stride 0) */
    struct twin *x = ACT(IN, 1, 2, 5, 12), *b = ACT(IN, 1, 1, 3, 6, 4), *c = ACT(INOUT, 1, 2, 3, 5, 6);
    struct tensor *of[] = {&x->host, &x->dev, &b->host, &b->dev};
    for (int i = 0; i < 2; i++) {
        struct tensor q = tensor_heads(of[i], 3); /* (2,5,3,4) */
        *of[i] = q;
        of[i]->dim[1] = 3;
        of[i]->dim[2] = 5;
        of[i]->stride[1] = q.stride[2];
        of[i]->stride[2] = q.stride[1];
        of[i + 2]->dim[0] = 2;
        of[i + 2]->stride[0] = 0;
    }
    RUN(gemm, v(c), v(x), 0, v(b), 1, 0.5, 1);
    SAME(1e-5);
    for (int repeat = 0; repeat < 2; repeat++) { /* three dimensions; a repeated */
        struct twin *a3 = ACT_PAD(IN, 1, 2, repeat ? 1 : 4, 7, 3), *b3 = ACT(IN, 1, 4, 7, 5),
                    *c3 = ACT(OUT, 1, 4, 3, 5);
        if (repeat) {
            a3->host.dim[0] = a3->dev.dim[0] = 4;
            a3->host.stride[0] = a3->dev.stride[0] = 0;
        }
        RUN(gemm, v(c3), v(a3), 1, v(b3), 0, 1, 0);
        SAME(1e-5);
    }
    struct twin *many = ACT(IN, 1, 5, 2, 3, 4), *to = ACT(OUT, 1, 5, 2, 3, 3); /* contiguous: one call */
    RUN(gemm, v(to), v(many), 0, v(many), 1, 1, 0);
    SAME(1e-5);
}

static void twin_gemm(void)
{
    static const int shapes[][3] = {{1, 1, 1}, {3, 5, 7}, {1, 33, 17}, {65, 31, 2}, {64, 40, 130}, {17, 1, 9}};
    for (int s = 0; s < 6; s++)
        for (int how = 0; how < 16; how++) {
            int64_t M = shapes[s][0], N = shapes[s][1], K = shapes[s][2], pad = how & 4 ? 3 : 0;
            int ta = how & 1, tb = how >> 1 & 1, add = how & 8;
            struct twin *a = ACT_PAD(IN, 1, pad, ta ? K : M, ta ? M : K),
                        *b = ACT_PAD(IN, 1, pad, tb ? N : K, tb ? K : N);
            struct twin *c = ACT_PAD(add ? INOUT : OUT, 1, pad, M, N);
            RUN(gemm, v(c), v(a), ta, v(b), tb, 0.7, add ? 1.5 : 0);
            SAME(1e-5);
            if (!half)
                continue;
            a = ACT(IN, 1, M, K); /* gradients of weights and scores: bf16 operands, fp32 result */
            b = ACT(IN, 1, K, N);
            c = F32(INOUT, 1, M, N);
            RUN(gemm, v(c), v(a), 0, v(b), 0, 1, 1);
            SAME_AS(1e-5);
        }
    gemm_batches();
    struct twin *c = ACT(OUT, 1, 3, 4), *none = ACT(IN, 1, 4);
    struct tensor a = {.nd = 2, .dim = {3, 0}, .stride = {1, 1}}, b = {.nd = 2, .dim = {0, 4}, .stride = {4, 1}};
    a.data = b.data = none->dev.data;
    a.dtype = b.dtype = none->dev.dtype;
    gpu->op.gemm(&c->dev, &a, 0, &b, 0, 1, 0); /* no inner dimension: zeros over NaN */
    memset(c->mem, 0, 12 * sizeof *c->mem);
    SAME(0);
    struct twin *p = ACT(IN, 1, 3, 4), *r = ACT(IN, 1, 5, 4), *wrong = ACT(IN, 1, 3, 3);
    gpu->op.gemm(&wrong->dev, &p->dev, 0, &r->dev, 1, 1, 0);
    CHECK(gpu->check() == E_BUG);
    SAME(0);
}

/* ---- basic ---- */
static void twin_fill(void)
{
    for (int64_t pad = 0; pad < 3; pad++)
        for (int zero = 0; zero < 2; zero++) {
            struct twin *y = ACT_PAD(OUT, 1, pad, 3, 5, 7);
            RUN(fill, v(y), zero ? 0 : 2.5);
            SAME(0);
        }
}
static void twin_copy(void)
{
    for (int64_t pad = 0; pad < 3; pad++) {
        struct twin *x = ACT_PAD(IN, 1, pad, 3, 5, 7), *y = ACT_PAD(OUT, 1, 2 * pad, 3, 5, 7);
        RUN(copy, v(y), v(x));
        SAME_AS(0);
        struct twin *wide = F32(IN, 1, 35, 3), *narrow = ACT(OUT, 1, 35, 3); /* in bf16: rounds */
        RUN(copy, v(narrow), v(wide));
        SAME_AS(half ? 4e-3 : 0);
        struct twin *short_ = ACT(IN, 1, 35, 3), *full = F32(OUT, 1, 35, 3); /* in bf16: exact */
        RUN(copy, v(full), v(short_));
        SAME_AS(0);
    }
}
static void twin_axpy(void)
{
    struct twin *x = ACT_PAD(IN, 1, 1, 3, 5, 7), *y = ACT_PAD(INOUT, 1, 2, 3, 5, 7);
    RUN(axpy, v(y), v(x), -0.5);
    SAME(1e-6);
    x = ACT(IN, 1, 1003);
    y = ACT(INOUT, 1, 1003);
    RUN(axpy, v(y), v(x), 1);
    SAME(1e-6);
}
static void twin_sumsq(void)
{
    static const int64_t n[] = {1, 255, 70001, 200003};
    for (int i = 0; i < 4; i++) {
        struct twin *x = F32(IN, 1, n[i]), *out = F32(OUT, 1, 1);
        RUN(sumsq, v(out), v(x));
        SAME(2e-6);
    }
}
static void twin_argmax(void)
{
    struct twin *x = ACT(IN, 1, 6, 301), *ids = twin_new(OUT, DT_I32, false, 0, 0, DIMS(6));
    x->mem[0 * 301 + 270] = x->mem[0 * 301 + 14] = 50; /* the first of equals */
    x->mem[1 * 301] = NAN;
    x->mem[1 * 301 + 300] = 50;
    for (int j = 0; j < 301; j++) {
        x->mem[2 * 301 + j] = NAN;
        x->mem[3 * 301 + j] = -INFINITY;
        x->mem[4 * 301 + j] = (float)-j - 1;
    }
    twin_send(x, IN);
    RUN(argmax, v(ids), v(x));
    SAME(0);
    struct twin *one = ACT_PAD(IN, 1, 4, 3, 2), *id = twin_new(OUT, DT_I32, false, 0, 0, DIMS(3));
    RUN(argmax, v(id), v(one));
    SAME(0);
}

/* ---- embedding, norm ---- */
static void twin_embed_fwd(void)
{
    static const int32_t id[6] = {4, 0, 4, 4, 2, 0}, wrong = 5;
    struct twin *ids = twin_ints(6, id), *table = ACT(IN, 1, 5, 301), *y = ACT(OUT, 1, 6, 301);
    RUN(embed_fwd, v(y), v(table), v(ids));
    SAME(0);
    ids = twin_ints(6, id); /* into the residual stream */
    table = ACT(IN, 1, 5, 301);
    y = F32(OUT, 1, 6, 301);
    RUN(embed_fwd, v(y), v(table), v(ids));
    SAME_AS(0);
    ids = twin_ints(1, &wrong);
    table = ACT(IN, 1, 5, 7);
    y = ACT(IN, 1, 1, 7);
    gpu->op.embed_fwd(&y->dev, &table->dev, &ids->dev);
    CHECK(gpu->check() == E_BUG);
    CHECK(strstr(err_msg(), "id 5") != NULL);
    SAME(0);
}
static void twin_embed_bwd(void)
{
    int32_t id[700];
    for (int i = 0; i < 700; i++) /* more positions than a block has threads; some ids once only */
        id[i] = i % 97 == 0 ? 10 + i / 97 : (int32_t)rng_below(&rng, 9);
    struct twin *ids = twin_ints(700, id), *dy = ACT(IN, 1, 700, 33), *d = F32(INOUT, 1, 20, 33);
    RUN(embed_bwd, v(d), v(dy), v(ids));
    twin_compare(0, __LINE__); /* rows in order of position: the same bits */
    twin_free();
}
static void twin_rmsnorm_fwd(void)
{
    static const int64_t D[] = {1, 33, 768};
    for (int i = 0; i < 3; i++) {
        struct twin *x = ACT(INOUT, 2, 5, D[i]), *w = F32(IN, 1, D[i]), *y = ACT(OUT, 1, 5, D[i]), *r = F32(OUT, 1, 5);
        memset(x->mem + 3 * D[i], 0, (size_t)D[i] * sizeof *x->mem); /* a row of zeros */
        twin_send(x, IN);
        RUN(rmsnorm_fwd, v(y), v(r), v(x), v(w), 1e-6);
        SAME(3e-6);
        x = F32(IN, 2, 5, D[i]); /* out of the residual stream */
        w = ACT(IN, 1, D[i]);
        y = ACT(OUT, 1, 5, D[i]);
        r = F32(OUT, 1, 5);
        RUN(rmsnorm_fwd, v(y), v(r), v(x), v(w), 1e-6);
        SAME(3e-6);
    }
}
static void twin_rmsnorm_bwd(void)
{
    for (int frozen = 0; frozen < 3; frozen++)
        for (int big = 0; big < 2; big++) {
            int64_t N = big ? 150 : 5, D = big ? 300 : 33;
            struct twin *x = ACT(IN, 2, N, D), *w = F32(IN, 1, D), *r = F32(IN, 1, N), *dy = ACT(IN, 1, N, D);
            struct twin *dx = frozen == 1 ? NULL : ACT(INOUT, 1, N, D), *dw = frozen == 2 ? NULL : F32(INOUT, 1, D);
            RUN(rmsnorm_bwd, v(dx), v(dw), v(dy), v(x), v(w), v(r));
            SAME(1e-5);
            x = F32(IN, 2, N, D);
            w = F32(IN, 1, D);
            r = F32(IN, 1, N);
            dy = ACT(IN, 1, N, D);
            dx = F32(INOUT, 1, N, D);
            dw = F32(INOUT, 1, D);
            RUN(rmsnorm_bwd, v(dx), v(dw), v(dy), v(x), v(w), v(r));
            SAME_AS(1e-5);
        }
}

/* ---- activations, dropout, residual ---- */
static void each_act(bool backward)
{
    for (int kind = ACT_RELU; kind <= ACT_SILU_GATED; kind++)
        for (int on = 0; on < 2; on++)
            for (int wide = 0; wide < 2; wide++) {
                int64_t F = wide ? 515 : 13, W = kind == ACT_RELU ? F : 2 * F;
                const struct dropout *d = on ? &drop : &no_drop;
                struct twin *x = ACT(IN, 2, 3, W);
                if (backward) {
                    struct twin *dy = ACT(IN, 1, 3, F), *dx = ACT(INOUT, 1, 3, W);
                    RUN(ffn_act_bwd, v(dx), v(dy), v(x), (enum act)kind, d);
                } else {
                    struct twin *y = ACT(OUT, 1, 3, F);
                    RUN(ffn_act_fwd, v(y), v(x), (enum act)kind, d);
                }
                SAME(2e-6);
            }
}
static void twin_ffn_act_fwd(void)
{
    each_act(false);
}
static void twin_ffn_act_bwd(void)
{
    each_act(true);
}
static void twin_dropout_fwd(void)
{
    static const int64_t n[] = {1, 7, 8, 10007};
    for (int i = 0; i < 4; i++)
        for (int on = 0; on < 2; on++) {
            struct twin *x = ACT(IN, 1, n[i]), *y = ACT(OUT, 1, n[i]);
            RUN(dropout_fwd, v(y), v(x), on ? &drop : &no_drop);
            twin_compare(half ? 4e-3 : 0, __LINE__); /* fp32: bit-identical */
            twin_free();
        }
    struct dropout all = {1, 1, 1}; /* in bf16 too: what is dropped is the same */
    struct twin *x = ACT(IN, 1, 4001), *y = ACT(OUT, 1, 4001);
    RUN(dropout_fwd, v(y), v(x), &all);
    SAME(0);
}
static void twin_dropout_bwd(void)
{
    for (int on = 0; on < 2; on++) {
        struct twin *dy = ACT(IN, 1, 1003), *dx = ACT(INOUT, 1, 1003);
        RUN(dropout_bwd, v(dx), v(dy), on ? &drop : &no_drop);
        SAME(1e-6);
        for (int wide = 0; wide < 2; wide++) { /* to and from the residual stream */
            dy = wide ? F32(IN, 1, 1003) : ACT(IN, 1, 1003);
            dx = wide ? ACT(INOUT, 1, 1003) : F32(INOUT, 1, 1003);
            RUN(dropout_bwd, v(dx), v(dy), on ? &drop : &no_drop);
            SAME(1e-6);
        }
    }
}
static void twin_residual_fwd(void)
{
    for (int on = 0; on < 2; on++) {
        struct twin *x = ACT(IN, 1, 1003), *sub = ACT(IN, 1, 1003), *y = ACT(OUT, 1, 1003);
        RUN(residual_fwd, v(y), v(x), v(sub), on ? &drop : &no_drop);
        SAME(1e-6);
        x = F32(IN, 1, 1003);
        sub = ACT(IN, 1, 1003);
        y = F32(OUT, 1, 1003);
        RUN(residual_fwd, v(y), v(x), v(sub), on ? &drop : &no_drop);
        SAME_AS(1e-6);
    }
}
static void twin_residual_bwd(void)
{
    for (int which = 0; which < 3; which++) {
        struct twin *dy = ACT(IN, 1, 1003), *dx = which == 1 ? NULL : ACT(INOUT, 1, 1003);
        struct twin *ds = which == 2 ? NULL : ACT(INOUT, 1, 1003);
        RUN(residual_bwd, v(dx), v(ds), v(dy), &drop);
        SAME(1e-6);
        dy = F32(IN, 1, 1003);
        dx = F32(INOUT, 1, 1003);
        ds = ACT(INOUT, 1, 1003);
        RUN(residual_bwd, v(dx), v(ds), v(dy), &drop);
        SAME(1e-6);
    }
}
static void twin_gate_fwd(void)
{
    struct twin *x = ACT(IN, 1, 1003), *sub = ACT(IN, 1, 1003), *g = ACT(IN, 3, 1003), *y = ACT(OUT, 1, 1003);
    RUN(gate_fwd, v(y), v(x), v(sub), v(g));
    SAME(1e-6);
}
static void twin_gate_bwd(void)
{
    for (int without = 0; without < 4; without++) { /* each gradient may be unwanted */
        struct twin *dx = without == 1 ? NULL : ACT(INOUT, 1, 1003), *ds = without == 2 ? NULL : ACT(INOUT, 1, 1003),
                    *dg = without == 3 ? NULL : ACT(INOUT, 1, 1003), *dy = ACT(IN, 1, 1003), *sub = ACT(IN, 1, 1003),
                    *g = ACT(IN, 3, 1003);
        RUN(gate_bwd, v(dx), v(ds), v(dg), v(dy), v(sub), v(g));
        SAME(1e-6);
    }
}
static void twin_tanh_fwd(void)
{
    struct twin *x = ACT(IN, 3, 1003), *y = ACT(OUT, 1, 1003);
    RUN(tanh_fwd, v(y), v(x));
    SAME(1e-6);
}
static void twin_tanh_bwd(void)
{
    struct twin *y = ACT(IN, 0.4, 1003), *dy = ACT(IN, 1, 1003), *dx = ACT(INOUT, 1, 1003);
    RUN(tanh_bwd, v(dx), v(dy), v(y));
    SAME(1e-6);
}
static void twin_sigmoid(void)
{
    struct twin *x = F32(IN, 4, 1003), *y = F32(OUT, 1, 1003);
    RUN(sigmoid, v(y), v(x));
    SAME(1e-6);
}

/* ---- attention ---- */
struct shape {
    int B, T, S, H, K;
    bool bias, padded;
    struct attn_cfg c;
    bool joined; /* keys are the values too, and their gradient is one (KG-injection) */
};
static const int32_t lengths[4] = {1 << 20, 1, 0, 5};

/* What stands behind klen is not used: NaN. */
static struct twin *keys(const struct shape *n, int64_t pad)
{
    struct twin *k = ACT_PAD(IN, 1, pad, n->B, n->S, n->H * n->K);
    for (int64_t b = 0; n->padded && b < n->B; b++)
        for (int64_t s = lengths[b]; s < n->S; s++)
            for (int64_t j = 0; j < n->H * n->K; j++)
                k->mem[b * k->host.stride[0] + s * k->host.stride[1] + j] = NAN;
    twin_send(k, IN);
    return twin_heads(k, n->H);
}
static void one_attention(struct shape n, bool backward)
{
    struct twin *q = twin_heads(ACT_PAD(IN, 1, 3, n.B, n.T, n.H * n.K), n.H);
    struct twin *k = keys(&n, 0), *w = n.joined ? k : keys(&n, 1);
    struct twin *o = twin_heads(ACT_PAD(OUT, 1, 2, n.B, n.T, n.H * n.K), n.H), *lse = F32(OUT, 1, n.B, n.H, n.T);
    struct twin *bias = n.bias ? ACT(IN, 1, n.c.buckets, n.H) : NULL, *klen = n.padded ? twin_ints(n.B, lengths) : NULL;
    on_gpu = false;
    if (!backward) {
        RUN(attention_fwd, v(o), v(lse), v(q), v(k), v(w), v(bias), v(klen), &n.c);
        SAME(1e-5);
        return;
    }
    cpu->op.attention_fwd(v(o), v(lse), v(q), v(k), v(w), v(bias), v(klen), &n.c);
    twin_send(o, IN);
    twin_send(lse, IN);
    struct twin *dout = twin_heads(ACT(IN, 1, n.B, n.T, n.H * n.K), n.H),
                *db = n.bias ? F32(INOUT, 1, n.c.buckets, n.H) : NULL;
    struct twin *dq = twin_heads(ACT(INOUT, 1, n.B, n.T, n.H * n.K), n.H);
    struct twin *dk = twin_heads(ACT_PAD(INOUT, 1, 5, n.B, n.S, n.H * n.K), n.H);
    struct twin *dv = n.joined ? dk : twin_heads(ACT(INOUT, 1, n.B, n.S, n.H * n.K), n.H);
    RUN(attention_bwd, v(dq), v(dk), v(dv), v(db), v(dout), v(o), v(lse), v(q), v(k), v(w), v(bias), v(klen), &n.c);
    SAME(3e-5);
}
static void each_attention(bool backward)
{
    struct attn_cfg enc = {.scale = 1, .bidirectional = true, .buckets = 32, .max_distance = 128}, dec = enc,
                    cross = enc;
    dec.bidirectional = false;
    dec.causal = true;
    cross = (struct attn_cfg){.scale = 0.5, .buckets = 2, .max_distance = 2};
    one_attention((struct shape){1, 1, 1, 1, 1, true, false, enc}, backward);
    one_attention((struct shape){4, 41, 41, 3, 5, true, true, enc}, backward);
    one_attention((struct shape){2, 131, 131, 2, 8, true, false, dec}, backward);
    one_attention((struct shape){3, 9, 70, 3, 7, false, true, cross}, backward);
    one_attention((struct shape){3, 9, 70, 1, 16, false, true, cross, true}, backward);
    one_attention((struct shape){1, 20, 300, 1, 24, false, false, cross, true}, backward);
    enc.drop = (struct dropout){0.25, 11, 12};
    dec.drop = (struct dropout){0.25, 11, 13};
    one_attention((struct shape){4, 37, 37, 3, 5, true, true, enc}, backward);
    one_attention((struct shape){2, 35, 35, 3, 16, true, true, dec}, backward);
    dec.drop.p = 0;
    dec.q_pos = 40;
    one_attention((struct shape){3, 1, 41, 3, 5, true, false, dec}, backward);
    one_attention((struct shape){2, 3, 43, 3, 5, true, false, dec}, backward);
    enc.drop.p = 0.5;
    one_attention((struct shape){1, 3, 601, 1, 4, true, false, enc}, backward);
}
static void twin_attention_fwd(void)
{
    each_attention(false);
}
static void twin_attention_bwd(void)
{
    each_attention(true);
}

/* ---- label attention ---- */
static const int32_t tokens[3] = {300, 1, 0};
static struct twin *label_rows(enum role role, double std)
{
    struct twin *s = ACT(role, std, 3, 4, 300);
    for (int64_t i = 0; i < 3 * 4 * 300; i++)
        if (i % 300 >= tokens[i / 1200])
            s->mem[i] = NAN; /* not used */
    twin_send(s, role);
    return s;
}
static void twin_label_attn_fwd(void)
{
    struct twin *s = label_rows(IN, 2), *g = label_rows(IN, 1), *bias = F32(IN, 1, 4), *len = twin_ints(3, tokens);
    struct twin *y = F32(OUT, 1, 3, 4), *lse = F32(OUT, 1, 3, 4);
    RUN(label_attn_fwd, v(y), v(lse), v(s), v(g), v(bias), v(len));
    SAME(1e-5);
}
static void twin_label_attn_bwd(void)
{
    struct twin *s = label_rows(INOUT, 2), *g = label_rows(INOUT, 1), *bias = F32(IN, 1, 4),
                *len = twin_ints(3, tokens);
    struct twin *y = F32(OUT, 1, 3, 4), *lse = F32(OUT, 1, 3, 4), *dy = F32(IN, 1, 3, 4), *db = F32(INOUT, 1, 4);
    on_gpu = false;
    cpu->op.label_attn_fwd(v(y), v(lse), v(s), v(g), v(bias), v(len));
    twin_send(y, IN);
    twin_send(lse, IN);
    RUN(label_attn_bwd, v(s), v(g), v(db), v(dy), v(y), v(lse), v(s), v(g), v(bias), v(len)); /* in place */
    SAME(1e-5);
}
static void twin_label_attn_weights(void)
{
    struct twin *s = label_rows(IN, 2), *lse = F32(IN, 1, 3, 4), *len = twin_ints(3, tokens),
                *a = F32(OUT, 1, 3, 4, 300);
    RUN(label_attn_weights, v(a), v(s), v(lse), v(len));
    SAME(1e-5);
}

/* ---- losses, optimizer ---- */
static void twin_bce(void)
{
    for (int grad = 0; grad < 2; grad++) {
        struct twin *x = F32(IN, 3, 37, 50), *y = F32(IN, 1, 37, 50), *l = F32(INOUT, 1, 1);
        struct twin *dx = grad ? F32(INOUT, 1, 37, 50) : NULL;
        for (int i = 0; i < 37 * 50; i++)
            y->mem[i] = (float)(i % 3 == 0);
        twin_send(y, IN);
        twin_set(x, 0, 300);
        twin_set(x, 1, -300);
        RUN(bce, v(l), v(dx), v(x), v(y), 0.25);
        SAME(1e-5);
    }
}
static void twin_xent(void)
{
    static const int32_t tg[7] = {3, -1, 1300, 0, -100, 64, 64}, outside = 5;
    for (int grad = 0; grad < 2; grad++) {
        struct twin *x = ACT(grad ? INOUT : IN, 3, 7, 1301), *target = twin_ints(7, tg), *l = F32(INOUT, 1, 1);
        twin_set(x, 3 * 1301 + 7, 200); /* exp would overflow */
        RUN(xent, v(l), v(x), v(target), 0.25, grad);
        SAME(1e-5);
    }
    struct twin *x = ACT(IN, 1, 1, 5), *target = twin_ints(1, &outside), *l = F32(IN, 1, 1);
    gpu->op.xent(&l->dev, &x->dev, &target->dev, 0, 1);
    CHECK(gpu->check() == E_BUG);
    SAME(0);
}
static void twin_adamw(void)
{
    struct twin *p = F32(INOUT, 1, 4099), *m = F32(INOUT, 0.1, 4099), *s = F32(INOUT, 0.1, 4099), *g = F32(IN, 1, 4099);
    struct adamw_cfg c = {
        .lr = 1e-2, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 0.1, .grad_scale = 0.5, .step = 3};
    for (int i = 0; i < 4099; i++)
        s->mem[i] *= s->mem[i];
    twin_send(s, INOUT);
    RUN(adamw, v(p), v(m), v(s), v(g), &c);
    SAME(2e-6);
}

/* Arguments: names of ops, those alone are tried; none: all. */
static bool wanted(int argc, char **argv, const char *name)
{
    bool found = argc == 1;
    for (int i = 1; i < argc; i++)
        found = found || !strcmp(argv[i], name);
    return found;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
#define OP(name, args) {#name, twin_##name},
#include "kernels/ops.def"
#undef OP
    };
    if (!twin_open())
        return 0;
    rng = rng_new(7, 7);
    for (int bf = 0; bf < 2; bf++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            char name[80];
            if (!wanted(argc, argv, cases[i].name))
                continue;
            half = bf;
            halved = false;
            compared = 0;
            cases[i].run();
            CHECK(compared > 0);
            if (bf && !halved)
                continue; /* has no bf16 argument: said already */
            snprintf(name, sizeof name, "%s: CPU and GPU agree in %s", cases[i].name, bf ? "bf16" : "fp32");
            DONE(name);
        }
    }
    TEST_EXIT();
}
