/* Attention against a naive reference in double, T5's buckets, the backend's doors, thread counts. */
#include "lib/util/err.h"
#include "tests/unit/kernels.h"

static double keep(const struct dropout *d, uint64_t i)
{
    if (d->p == 0)
        return 1;
    uint32_t word = philox4x32(d->key, d->site, i / 8).v[i % 8 / 2], bits = i % 2 ? word >> 16 : word & 0xffff;
    double t = nearbyint(65536 * d->p);
    return bits < t ? 0 : 65536 / (65536 - t);
}

struct shape {
    int B, T, S, H, K;
    bool bias, padded;
    struct attn_cfg c;
};

/* Everything by the book: P(B,H,T,S) in full, then gradients for a given dout. */
static void naive(const struct shape *n, const struct tensor *q, const struct tensor *k, const struct tensor *v,
                  const struct tensor *table, const int32_t *klen, const struct tensor *dout, double *o, double *dq,
                  double *dk, double *dv, double *dtable)
{
    int T = n->T, S = n->S, H = n->H, K = n->K;
    double *x = calloc((size_t)S, sizeof *x), *dp = calloc((size_t)S, sizeof *dp);
    for (int i = 0; i < n->B * H * T; i++) {
        int b = i / H / T, h = i / T % H, t = i % T;
        double top = -INFINITY, sum = 0, mean = 0;
        for (int s = 0; s < S; s++) {
            bool seen = (!n->padded || s < klen[b]) && (!n->c.causal || s <= t + n->c.q_pos);
            x[s] = seen ? 0 : -INFINITY;
            for (int c = 0; seen && c < K; c++)
                x[s] += n->c.scale * (double)*el(q, ((b * T + t) * H + h) * K + c) *
                        (double)*el(k, ((b * S + s) * H + h) * K + c);
            if (seen && n->bias)
                x[s] += (double)*el(table, H * t5_bucket(s - t - n->c.q_pos, n->c.bidirectional, n->c.buckets,
                                                         n->c.max_distance) + h);
            top = fmax(top, x[s]);
        }
        for (int s = 0; s < S; s++)
            sum += x[s] = isinf(x[s]) ? 0 : exp(x[s] - top);
        for (int s = 0; s < S; s++) {
            double f = keep(&n->c.drop, (uint64_t)i * (uint64_t)S + (uint64_t)s);
            x[s] = sum > 0 ? x[s] / sum : 0;
            dp[s] = 0;
            for (int c = 0; c < K; c++) {
                double d = (double)*el(dout, ((b * T + t) * H + h) * K + c), *at = &dv[((b * S + s) * H + h) * K + c];
                o[((b * T + t) * H + h) * K + c] += f * x[s] * (double)*el(v, ((b * S + s) * H + h) * K + c);
                *at += f * x[s] * d;
                dp[s] += f * d * (double)*el(v, ((b * S + s) * H + h) * K + c);
            }
            mean += x[s] * dp[s];
        }
        for (int s = 0; s < S; s++) {
            double ds = x[s] * (dp[s] - mean);
            if (n->bias)
                dtable[H * t5_bucket(s - t - n->c.q_pos, n->c.bidirectional, n->c.buckets, n->c.max_distance) + h] +=
                    ds;
            for (int c = 0; c < K; c++) {
                dq[((b * T + t) * H + h) * K + c] += n->c.scale * ds * (double)*el(k, ((b * S + s) * H + h) * K + c);
                dk[((b * S + s) * H + h) * K + c] += n->c.scale * ds * (double)*el(q, ((b * T + t) * H + h) * K + c);
            }
        }
    }
    free(x);
    free(dp);
}

/* (B,T,H,K) as heads of rows with `pad` columns more than they need. */
static struct tensor heads(int64_t B, int64_t T, int64_t H, int64_t K, int64_t pad, double std)
{
    struct tensor x = STRIDED(pad, B, T, H * K);
    x = tensor_heads(&x, H);
    return filled(x, std);
}
static double *copy_of(const struct tensor *t)
{
    double *c = malloc((size_t)tensor_numel(t) * sizeof *c);
    for (int64_t i = 0; c && i < tensor_numel(t); i++)
        c[i] = (double)*el(t, i);
    return c;
}

static void one(const char *name, struct shape n)
{
    struct tensor q = heads(n.B, n.T, n.H, n.K, 3, 1), k = heads(n.B, n.S, n.H, n.K, 0, 1),
                  v = heads(n.B, n.S, n.H, n.K, 1, 1);
    struct tensor o = heads(n.B, n.T, n.H, n.K, 2, NAN), lse = POISONED(n.B, n.H, n.T),
                  dout = heads(n.B, n.T, n.H, n.K, 0, 1);
    struct tensor dq = heads(n.B, n.T, n.H, n.K, 0, 1), dk = heads(n.B, n.S, n.H, n.K, 5, 1),
                  dv = heads(n.B, n.S, n.H, n.K, 0, 1);
    struct tensor table = RANDOM(1, n.c.buckets, n.H), dtable = RANDOM(1, n.c.buckets, n.H);
    int32_t len[4] = {n.S, 1, 0, n.S / 2 + 1};
    struct tensor klen = ints(n.B, len);
    for (int64_t i = 0; n.padded && i < tensor_numel(&v); i++) /* what stands behind klen does not matter */
        if (i / n.H / n.K % n.S >= len[i / n.H / n.K / n.S])
            *el(&k, i) = *el(&v, i) = NAN;
    double *wo = calloc((size_t)tensor_numel(&o), sizeof *wo), *wq = copy_of(&dq), *wk = copy_of(&dk),
           *wv = copy_of(&dv);
    double *wt = copy_of(&dtable);
    struct tensor clean_k = twin(&k), clean_v = twin(&v);
    for (int64_t i = 0; i < tensor_numel(&k); i++) {
        *el(&clean_k, i) = isnan(*el(&k, i)) ? 0 : *el(&k, i);
        *el(&clean_v, i) = isnan(*el(&v, i)) ? 0 : *el(&v, i);
    }
    naive(&n, &q, &clean_k, &clean_v, &table, len, &dout, wo, wq, wk, wv, wt);
    be->op.attention_fwd(&o, &lse, &q, &k, &v, n.bias ? &table : NULL, n.padded ? &klen : NULL, &n.c);
    CLOSE(&o, wo, 1e-5);
    be->op.attention_bwd(&dq, &dk, &dv, n.bias ? &dtable : NULL, &dout, &o, &lse, &q, &k, &v, n.bias ? &table : NULL,
                         n.padded ? &klen : NULL, &n.c);
    CLOSE(&dq, wq, 2e-5);
    CLOSE(&dk, wk, 2e-5);
    CLOSE(&dv, wv, 2e-5);
    CLOSE(&dtable, wt, 5e-5);
    free(wo);
    free(wq);
    free(wk);
    free(wv);
    free(wt);
    done(name);
}

static void test_attention(void)
{
    struct attn_cfg enc = {.scale = 1, .bidirectional = true, .buckets = 32, .max_distance = 128};
    struct attn_cfg dec = {.scale = 1, .causal = true, .buckets = 32, .max_distance = 128};
    struct attn_cfg cross = {.scale = 0.5, .buckets = 2, .max_distance = 2};
    one("attention: one token", (struct shape){1, 1, 1, 1, 1, true, false, enc});
    one("attention: one head, more keys than a block, parts of them for each thread",
        (struct shape){1, 70, 2100, 1, 5, false, false, cross});
    one("attention: likewise, padded and with dropout",
        (struct shape){1, 3, 2100, 1, 5, false, true, {.scale = 1, .drop = {0.3, 7, 11}}});
    one("attention: encoder, bias, padding, a note of no tokens", (struct shape){4, 71, 71, 3, 5, true, true, enc});
    one("attention: decoder, causal, bias", (struct shape){2, 131, 131, 2, 8, true, false, dec});
    one("attention: cross, padding", (struct shape){3, 9, 70, 3, 7, false, true, cross});
    enc.drop = (struct dropout){0.25, 11, 12};
    dec.drop = (struct dropout){0.25, 11, 13};
    one("attention: encoder with dropout", (struct shape){4, 67, 67, 3, 5, true, true, enc});
    one("attention: decoder with dropout", (struct shape){2, 65, 65, 3, 16, true, true, dec});
    dec.drop.p = 0;
    dec.q_pos = 40;
    one("attention: cached decoding", (struct shape){3, 1, 41, 3, 5, true, false, dec});
    one("attention: several new tokens behind a cache", (struct shape){2, 3, 43, 3, 5, true, false, dec});
    enc.drop.p = 0.5;
    one("attention: rows longer than a piece of dropout bits", (struct shape){1, 3, 2500, 1, 4, true, false, enc});
}

/* First distance of each bucket, as checked against Hugging Face's rule (bidirectional: for keys to the left). */
static void test_buckets(void)
{
    static const int both[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
    static const int past[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                               16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
    int b = 0, p = 0;
    for (int d = 0; d < 400; d++) {
        b += b + 1 < 16 && d == both[b + 1];
        p += p + 1 < 32 && d == past[p + 1];
        CHECK(t5_bucket(-d, true, 32, 128) == b);
        CHECK(t5_bucket(d, true, 32, 128) == (d ? 16 + b : 0));
        CHECK(t5_bucket(-d, false, 32, 128) == p);
        CHECK(t5_bucket(d, false, 32, 128) == 0);
    }
    CHECK(t5_bucket(INT64_MAX, true, 32, 128) == 31 && t5_bucket(-INT64_MAX, false, 32, 128) == 31);
    for (int n = 1; n <= 8; n++)
        for (int d = -300; d <= 300; d++) { /* never outside the table, whatever the configuration */
            int x = t5_bucket(d, true, n, 4), y = t5_bucket(d, false, n, 4);
            CHECK(x >= 0 && x < n && y >= 0 && y < n);
        }
    DONE("T5 buckets at every distance to 400");
}

static void test_open(void)
{
    const struct backend *x;
    CHECK(backend_open("cuda", 1, &x) == E_NODEVICE || backend_open("cuda", 1, &x) == 0);
    CHECK(backend_open("cudax", 1, &x) == E_USAGE && strstr(err_msg(), "cudax"));
    CHECK(backend_open("", 1, &x) == E_USAGE);
    CHECK(backend_open("auto", 1, &x) == 0);
    DONE("devices by name");
    backend_open("cpu", 1, &be);
    backend_fail(E_DATA, "first %d", 1);
    backend_fail(E_IO, "second");
    CHECK(be->check() == E_DATA && !strcmp(err_msg(), "first 1"));
    CHECK(be->check() == 0);
    DONE("the first failure sticks until it is asked for");
}

/* One and two threads give the same up to rounding; the same count gives the same bits. */
static void test_threads(void)
{
    enum { B = 2, T = 130, H = 3, K = 16 };
    struct attn_cfg c = {.scale = 1, .bidirectional = true, .buckets = 32, .max_distance = 128, .drop = {0.1, 1, 2}};
    struct tensor q = heads(B, T, H, K, 0, 1), table = RANDOM(1, 32, H), o[3], dq[3], dk[3], dv[3], dt[3], lse[3],
                  gm[3];
    static const int threads[3] = {1, 2, 2};
    for (int i = 0; i < 3; i++) {
        backend_open("cpu", threads[i], &be);
        o[i] = heads(B, T, H, K, 0, NAN);
        lse[i] = POISONED(B, H, T);
        struct tensor *grads[3] = {&dq[i], &dk[i], &dv[i]};
        for (int j = 0; j < 3; j++)
            *grads[j] = heads(B, T, H, K, 0, 0);
        dt[i] = RANDOM(0, 32, H);
        be->op.attention_fwd(&o[i], &lse[i], &q, &q, &q, &table, NULL, &c);
        be->op.attention_bwd(&dq[i], &dk[i], &dv[i], &dt[i], &q, &o[i], &lse[i], &q, &q, &q, &table, NULL, &c);
        struct tensor a = RESHAPE(&q, B * T, H * K);
        gm[i] = POISONED(H * K, H * K);
        be->op.gemm(&gm[i], &a, 1, &a, 0, 1, 0);
    }
    struct tensor *all[] = {o, dq, dk, dv, dt, gm};
    for (int i = 0; i < 6; i++) {
        double *want = copy_of(&all[i][0]);
        CLOSE(&all[i][1], want, 1e-5);
        free(want);
        CHECK(!memcmp(all[i][1].data, all[i][2].data, (size_t)tensor_numel(&all[i][1]) * sizeof(float)));
    }
    done("one and two threads agree to rounding, two and two to the bit");
}

int main(void)
{
    rng = rng_new(3, 4);
    for (int threads = 1; threads <= 2; threads++) {
        backend_open("cpu", threads, &be);
        test_attention();
    }
    test_buckets();
    test_open();
    test_threads();
    TEST_EXIT();
}
