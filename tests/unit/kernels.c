/* Every op against a naive double reference, on odd shapes; outputs start as NaN, guards stand around every tensor.
 * Attention has a file of its own, kernels_attention.c; helpers are in kernels.h. */
#include "kernels/cpu/simd.h"
#include "tests/unit/kernels.h"

/* Dropout's rule, written from ops.def. */
static double keep(const struct dropout *d, uint64_t i)
{
    if (d->p == 0)
        return 1;
    uint32_t word = philox4x32(d->key, d->site, i / 8).v[i % 8 / 2], bits = i % 2 ? word >> 16 : word & 0xffff;
    double t = nearbyint(65536 * d->p);
    return bits < t ? 0 : 65536 / (65536 - t);
}

static void test_gemm(void)
{
    static const int shapes[][3] = {{1, 1, 1}, {3, 5, 7}, {1, 33, 17}, {65, 31, 2}, {64, 100, 130}, {17, 1, 9}};
    for (int s = 0; s < 6; s++)
        for (int how = 0; how < 16; how++) {
            int64_t M = shapes[s][0], N = shapes[s][1], K = shapes[s][2], pad = how & 4 ? 3 : 0;
            int ta = how & 1, tb = how >> 1 & 1;
            double alpha = 0.7, beta = how & 8 ? 1.5 : 0;
            struct tensor a = filled(ta ? STRIDED(pad, K, M) : STRIDED(pad, M, K), 1);
            struct tensor b = filled(tb ? STRIDED(pad, N, K) : STRIDED(pad, K, N), 1);
            struct tensor c = STRIDED(pad, M, N);
            if (beta != 0)
                filled(c, 1);
            double *want = calloc((size_t)(M * N), sizeof *want);
            for (int64_t i = 0; i < M; i++)
                for (int64_t j = 0; j < N; j++) {
                    for (int64_t k = 0; k < K; k++)
                        want[i * N + j] += alpha * (double)*el(&a, ta ? k * M + i : i * K + k) *
                                           (double)*el(&b, tb ? j * K + k : k * N + j);
                    want[i * N + j] += beta != 0 ? beta * (double)*el(&c, i * N + j) : 0;
                }
            be->op.gemm(&c, &a, ta, &b, tb, alpha, beta);
            CLOSE(&c, want, 1e-5);
            for (int64_t i = 0; pad && i + 1 < M; i++) /* the gap between rows is not ours */
                CHECK(isnan(((float *)c.data)[i * c.stride[0] + N]));
            free(want);
            CHECK(be->check() == 0);
            if (n_held > MAX_TENSORS - 6)
                done("gemm: shapes, transposes, strides, beta");
        }
    done("gemm: shapes, transposes, strides, beta");

    /* (2,3) batches on heads of a joined matrix, b repeated over the first dimension */
    struct tensor x = RANDOM(1, 2, 5, 12), q = tensor_heads(&x, 3); /* (2,5,3,4) */
    struct tensor a = {.data = q.data, .dtype = DT_REAL, .nd = 4, .dim = {2, 3, 5, 4},
                       .stride = {q.stride[0], q.stride[2], q.stride[1], 1}};
    struct tensor b = RANDOM(1, 1, 3, 6, 4), c = POISONED(2, 3, 5, 6);
    b.dim[0] = 2;
    b.stride[0] = 0;
    double want[2 * 3 * 5 * 6] = {0};
    for (int i = 0; i < 2 * 3 * 5 * 6; i++) {
        int n = i / 90, h = i / 30 % 3, t = i / 6 % 5, s = i % 6;
        for (int k = 0; k < 4; k++)
            want[i] += (double)*el(&x, (n * 5 + t) * 12 + h * 4 + k) * (double)((float *)b.data)[(h * 6 + s) * 4 + k];
    }
    be->op.gemm(&c, &a, 0, &b, 1, 1, 0);
    CLOSE(&c, want, 1e-5);
    struct tensor none = POISONED(3, 4), k0a = {.data = x.data, .nd = 2, .dim = {3, 0}, .stride = {1, 1}};
    struct tensor k0b = {.data = x.data, .nd = 2, .dim = {0, 4}, .stride = {4, 1}};
    be->op.gemm(&none, &k0a, 0, &k0b, 0, 1, 0);
    CLOSE(&none, ((double[12]){0}), 0);
    done("gemm: batches over strided heads, repeated operand, empty inner dimension");

    struct tensor p = RANDOM(1, 3, 4), r = RANDOM(1, 5, 4), wrong = POISONED(3, 3);
    be->op.gemm(&wrong, &p, 0, &r, 1, 1, 0);
    CHECK(be->check() != 0);
    CHECK(be->check() == 0);
    done("gemm: wrong shapes are reported once");
}

static void test_basic(void)
{
    struct tensor y = STRIDED(2, 3, 5, 7), x = filled(STRIDED(1, 3, 5, 7), 1), z = POISONED(3, 5, 7);
    double want[105];
    be->op.fill(&y, 2.5);
    be->op.copy(&z, &x);
    be->op.axpy(&y, &x, 0.5);
    for (int i = 0; i < 105; i++) {
        want[i] = 2.5 + 0.5 * (double)*el(&x, i);
        CHECK(*el(&z, i) == *el(&x, i));
    }
    CLOSE(&y, want, 1e-6);
    CHECK(isnan(((float *)y.data)[7]));
    struct tensor big = RANDOM(1, 5003), copy = POISONED(5003);
    be->op.copy(&copy, &big);
    be->op.axpy(&copy, &big, 1);
    double sum = 0;
    for (int i = 0; i < 5003; i++) {
        CHECK(*el(&copy, i) == 2 * *el(&big, i));
        sum += (double)*el(&copy, i) * (double)*el(&copy, i);
    }
    struct tensor out = POISONED(1);
    be->op.sumsq(&out, &copy);
    CHECK_NEAR(*el(&out, 0) / sum, 1, 1e-6);
    be->op.fill(&copy, 0);
    be->op.sumsq(&out, &copy);
    CHECK(*el(&out, 0) == 0);
    done("fill, copy, axpy, sumsq");

    struct tensor ids = poisoned(DT_I32, 1, (int64_t[]){5}, 0), v = RANDOM(1, 5, 9);
    *el(&v, 0 * 9 + 4) = 50;
    *el(&v, 0 * 9 + 6) = 50; /* the first of equals */
    *el(&v, 1 * 9 + 0) = NAN;
    *el(&v, 1 * 9 + 8) = 50;
    for (int j = 0; j < 9; j++) {
        *el(&v, 2 * 9 + j) = NAN;
        *el(&v, 3 * 9 + j) = -INFINITY;
        *el(&v, 4 * 9 + j) = (float)-j - 1;
    }
    be->op.argmax(&ids, &v);
    static const int32_t best[5] = {4, 8, 0, 0, 0};
    for (int i = 0; i < 5; i++)
        CHECK(((int32_t *)ids.data)[i] == best[i]);
    done("argmax: first of equals, never NaN");
}

static void test_embed(void)
{
    static const int32_t id[6] = {4, 0, 4, 4, 2, 0};
    struct tensor ids = ints(6, id), table = RANDOM(1, 5, 7), y = POISONED(6, 7), dy = RANDOM(1, 6, 7);
    struct tensor d = RANDOM(1, 5, 7);
    double want[42], dwant[35];
    for (int i = 0; i < 35; i++)
        dwant[i] = (double)*el(&d, i);
    for (int i = 0; i < 42; i++) {
        want[i] = (double)*el(&table, id[i / 7] * 7 + i % 7);
        dwant[id[i / 7] * 7 + i % 7] += (double)*el(&dy, i);
    }
    be->op.embed_fwd(&y, &table, &ids);
    be->op.embed_bwd(&d, &dy, &ids);
    CLOSE(&y, want, 0);
    CLOSE(&d, dwant, 1e-6);
    static const int32_t bad[2] = {5, -1};
    for (int i = 0; i < 2; i++) {
        struct tensor wrong = ints(1, &bad[i]), row = POISONED(1, 7);
        be->op.embed_fwd(&row, &table, &wrong);
        CHECK(be->check() != 0);
    }
    done("embedding: rows, added gradient, wrong ids reported");
}

static void test_rmsnorm(void)
{
    enum { N = 5, D = 33 };
    struct tensor x = RANDOM(2, N, D), w = RANDOM(1, D), y = POISONED(N, D), rstd = POISONED(N);
    struct tensor dy = RANDOM(1, N, D), dx = RANDOM(1, N, D), dw = RANDOM(1, D);
    double want[N * D], dwant[N * D], wwant[D], rwant[N];
    for (int j = 0; j < D; j++) {
        *el(&x, 3 * D + j) = 0; /* a row of zeros */
        wwant[j] = (double)*el(&dw, j);
    }
    for (int i = 0; i < N; i++) {
        double sq = 0, dot = 0;
        for (int j = 0; j < D; j++)
            sq += pow((double)*el(&x, i * D + j), 2);
        double r = rwant[i] = 1 / sqrt(sq / D + 1e-6);
        for (int j = 0; j < D; j++)
            dot += (double)*el(&dy, i * D + j) * (double)*el(&w, j) * (double)*el(&x, i * D + j) * r / D;
        for (int j = 0; j < D; j++) {
            double xh = (double)*el(&x, i * D + j) * r, g = (double)*el(&dy, i * D + j);
            want[i * D + j] = (double)*el(&w, j) * xh;
            dwant[i * D + j] = (double)*el(&dx, i * D + j) + r * (g * (double)*el(&w, j) - xh * dot);
            wwant[j] += g * xh;
        }
    }
    be->op.rmsnorm_fwd(&y, &rstd, &x, &w, 1e-6);
    CLOSE(&y, want, 1e-6);
    CLOSE(&rstd, rwant, 1e-6);
    be->op.rmsnorm_bwd(&dx, &dw, &dy, &x, &w, &rstd);
    CLOSE(&dx, dwant, 1e-6);
    CLOSE(&dw, wwant, 1e-5);
    be->op.rmsnorm_bwd(NULL, &dw, &dy, &x, &w, &rstd);
    be->op.rmsnorm_bwd(&dx, NULL, &dy, &x, &w, &rstd);
    done("rmsnorm, a row of zeros included; frozen sides");
}

static double gelu_new(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
static double activate(enum act kind, double gate, double up)
{
    return kind == ACT_RELU         ? fmax(gate, 0)
           : kind == ACT_GELU_GATED ? gelu_new(gate) * up
                                    : gate / (1 + exp(-gate)) * up;
}
static void test_ffn_act(void)
{
    enum { N = 3, F = 2100 }; /* wider than a piece of dropout bits, and odd against 8 below */
    for (int f = 0; f < 2; f++)
        for (int kind = ACT_RELU; kind <= ACT_SILU_GATED; kind++)
            for (int on = 0; on < 2; on++) {
                int64_t width = f ? F : 13, W = kind == ACT_RELU ? width : 2 * width, up = kind == ACT_RELU ? 0 : width;
                struct dropout d = {on ? 0.2 : 0, 5, 6};
                struct tensor x = RANDOM(2, N, W), y = POISONED(N, width), dy = RANDOM(1, N, width),
                              dx = RANDOM(1, N, W);
                struct tensor dx0 = twin(&dx);
                double *want = calloc((size_t)(N * W), sizeof *want), *dwant = calloc((size_t)(N * W), sizeof *dwant);
                for (int64_t i = 0; i < N * width; i++) {
                    int64_t at = i / width * W + i % width;
                    double k = keep(&d, (uint64_t)i), g = (double)*el(&x, at), u = (double)*el(&x, at + up), h = 1e-5;
                    double up_dy = k * (double)*el(&dy, i);
                    want[i] = k * activate((enum act)kind, g, u);
                    dwant[at] = (double)*el(&dx0, at) + up_dy * (kind == ACT_RELU ? g > 0 :
                                (activate((enum act)kind, g + h, u) - activate((enum act)kind, g - h, u)) / (2 * h));
                    if (up)
                        dwant[at + up] = (double)*el(&dx0, at + up) + up_dy * activate((enum act)kind, g, 1);
                }
                be->op.ffn_act_fwd(&y, &x, (enum act)kind, &d);
                CLOSE(&y, want, 2e-6);
                be->op.ffn_act_bwd(&dx, &dy, &x, (enum act)kind, &d);
                CLOSE(&dx, dwant, 2e-6);
                free(want);
                free(dwant);
                done(kind == ACT_RELU ? "relu" : kind == ACT_GELU_GATED ? "gated gelu" : "gated silu");
            }
}

static void test_dropout(void)
{
    enum { N = 100003 };
    struct tensor x = RANDOM(1, N), y = POISONED(N), sub = RANDOM(1, N), r = POISONED(N), dx = RANDOM(1, N);
    struct tensor dx0 = twin(&dx), ds = RANDOM(1, N), ds0 = twin(&ds), dy = RANDOM(1, N);
    struct tensor da = RANDOM(1, N), da0 = twin(&da);
    struct dropout d = {0.1, 0x123456789abcdef0u, 0xfedcba987654321u};
    be->op.dropout_fwd(&y, &x, &d);
    be->op.dropout_bwd(&da, &dy, &d);
    be->op.residual_fwd(&r, &x, &sub, &d);
    be->op.residual_bwd(&dx, &ds, &dy, &d);
    int64_t kept = 0;
    for (int64_t i = 0; i < N; i++) {
        double k = keep(&d, (uint64_t)i);
        kept += k != 0;
        CHECK_NEAR(*el(&y, i), k * (double)*el(&x, i), 1e-6 * fabs((double)*el(&x, i)));
        CHECK_NEAR(*el(&r, i), (double)*el(&x, i) + k * (double)*el(&sub, i), 1e-5);
        CHECK_NEAR(*el(&da, i), (double)*el(&da0, i) + k * (double)*el(&dy, i), 1e-5);
        CHECK_NEAR(*el(&dx, i), (double)*el(&dx0, i) + (double)*el(&dy, i), 1e-5);
        CHECK_NEAR(*el(&ds, i), (double)*el(&ds0, i) + k * (double)*el(&dy, i), 1e-5);
        if (test_bad_ > 5)
            break;
    }
    CHECK_NEAR((double)kept / N, 0.9, 4 * sqrt(0.09 / N));
    done("dropout: Philox(key, site, i/8), keep rate, residual, backward");

    /* The bits themselves, also where the counter leaves its low word: tensors of more than 2^35 elements. */
    struct drop open = drop_open(&d);
    for (uint64_t first = ((uint64_t)1 << 35) - 67; first < ((uint64_t)1 << 35) + 9; first++) {
        struct drop_buf buf;
        int64_t n = first % 3 ? (int64_t)(first % 100) + 1 : DROP_MAX;
        const uint16_t *bits = drop_bits(&buf, &open, first, n);
        for (int64_t i = 0; i < n; i++)
            CHECK((bits[i] >= open.threshold) == (keep(&d, first + (uint64_t)i) != 0));
    }
    done("dropout: bits of any place and length");

    struct tensor a = RANDOM(1, 1000), b = POISONED(1000), c = POISONED(1000), e = POISONED(1000);
    struct dropout first = {0.5, 1, 1}, site = {0.5, 1, 2}, key = {0.5, 2, 1}, none = {0, 1, 1}, all = {1, 1, 1};
    be->op.dropout_fwd(&b, &a, &first);
    be->op.dropout_fwd(&c, &a, &first);
    CHECK(!memcmp(b.data, c.data, 4000));
    be->op.dropout_fwd(&c, &a, &site);
    be->op.dropout_fwd(&e, &a, &key);
    int same_site = 0, same_key = 0;
    for (int i = 0; i < 1000; i++) {
        same_site += (*el(&b, i) == 0) == (*el(&c, i) == 0);
        same_key += (*el(&b, i) == 0) == (*el(&e, i) == 0);
    }
    CHECK(abs(same_site - 500) < 80 && abs(same_key - 500) < 80);
    be->op.dropout_fwd(&c, &a, &none);
    CHECK(!memcmp(a.data, c.data, 4000));
    be->op.dropout_fwd(&c, &a, &all);
    for (int i = 0; i < 1000; i++)
        CHECK(isfinite(*el(&c, i)));
    done("dropout: repeats itself; other sites and keys are independent; p 0 copies");
}

static void test_exp(void)
{
    double worst = 0;
    for (uint32_t u = 0x33800000u; u < 0x42b17218u; u += 997) /* from 2^-24 to the overflow limit, both signs */
        for (int sign = 0; sign < 2; sign++) {
            uint32_t bits = u | (uint32_t)sign << 31;
            float x;
            int e;
            memcpy(&x, &bits, sizeof x);
            double want = exp((double)x);
            frexp(want, &e);
            if (x >= -87.3f)
                worst = fmax(worst, fabs((double)vexp(x) - want) / ldexp(1, e - 24));
        }
    CHECK(worst > 0 && worst < 1.1);
    CHECK(vexp(0) == 1 && vexp(89) == INFINITY && vexp(-88) == 0 && vexp(-INFINITY) == 0 && isnan(vexp(NAN)));
    DONE("exp to 1.1 ulp");
}

static void test_pointwise(void)
{
    enum { N = 200001 };
    struct tensor x = POISONED(N), th = POISONED(N), sg = POISONED(N);
    for (int i = 0; i < N; i++)
        *el(&x, i) = (float)((i - N / 2) * 1e-3);
    *el(&x, 0) = -INFINITY;
    *el(&x, N - 1) = INFINITY;
    *el(&x, 1) = NAN;
    be->op.tanh_fwd(&th, &x);
    be->op.sigmoid(&sg, &x);
    double worst_t = 0, worst_s = 0;
    for (int i = 2; i < N; i++) {
        double v = (double)*el(&x, i), t = tanh(v), s = 1 / (1 + exp(-v));
        if (t != 0)
            worst_t = fmax(worst_t, fabs((double)*el(&th, i) - t) / fabs(t));
        if (s > 1e-37)
            worst_s = fmax(worst_s, fabs((double)*el(&sg, i) - s) / s);
    }
    CHECK(worst_t < 3e-7);
    CHECK(worst_s < 4e-7);
    CHECK(*el(&th, 0) == -1 && *el(&th, N - 1) == 1 && isnan(*el(&th, 1)));
    CHECK(*el(&sg, 0) == 0 && *el(&sg, N - 1) == 1 && isnan(*el(&sg, 1)));
    struct tensor y = RANDOM(0.3, 77), dy = RANDOM(1, 77), dx = RANDOM(1, 77);
    double want[77];
    for (int i = 0; i < 77; i++)
        want[i] = (double)*el(&dx, i) + (double)*el(&dy, i) * (1 - pow((double)*el(&y, i), 2));
    be->op.tanh_bwd(&dx, &dy, &y);
    CLOSE(&dx, want, 1e-6);
    done("tanh and sigmoid to a few ulp from -100 to 100, infinities and NaN");
}

static void test_gate(void)
{
    struct tensor x = RANDOM(1, 77), sub = RANDOM(1, 77), g = RANDOM(2, 77), y = POISONED(77), dy = RANDOM(1, 77);
    struct tensor dx = RANDOM(1, 77), dsub = RANDOM(1, 77), dg = RANDOM(1, 77);
    double want[77], ws[77], wg[77];
    be->op.gate_fwd(&y, &x, &sub, &g);
    for (int i = 0; i < 77; i++) {
        double s = 1 / (1 + exp(-(double)*el(&g, i))), d = (double)*el(&dy, i), u = (double)*el(&sub, i);
        want[i] = (double)*el(&x, i) + s * u;
        ws[i] = (double)*el(&dsub, i) + d * s;
        wg[i] = (double)*el(&dg, i) + d * u * s * (1 - s);
    }
    CLOSE(&y, want, 1e-6);
    for (int i = 0; i < 77; i++)
        want[i] = (double)*el(&dx, i) + (double)*el(&dy, i);
    be->op.gate_bwd(&dx, &dsub, &dg, &dy, &sub, &g);
    CLOSE(&dx, want, 1e-6);
    CLOSE(&dsub, ws, 1e-6);
    CLOSE(&dg, wg, 1e-6);
    be->op.gate_bwd(NULL, NULL, NULL, &dy, &sub, &g);
    CLOSE(&dg, wg, 1e-6);
    done("gate and its gradients, each of which may be unwanted");
}

static void test_losses(void)
{
    enum { N = 7, V = 131 };
    static const int32_t tg[N] = {3, -1, 130, 0, -100, 64, 64};
    for (int grad = 0; grad < 2; grad++) {
        struct tensor x = RANDOM(3, N, V), x0 = twin(&x), target = ints(N, tg), loss = RANDOM(1, 1);
        *el(&x, 3 * V + 7) = *el(&x0, 3 * V + 7) = 200; /* exp would overflow */
        double want = (double)*el(&loss, 0), *dwant = calloc(N * V, sizeof *dwant);
        for (int i = 0; i < N; i++) {
            double sum = 0, top = -1e9;
            for (int j = 0; j < V; j++)
                top = fmax(top, (double)*el(&x0, i * V + j));
            for (int j = 0; j < V; j++)
                sum += exp((double)*el(&x0, i * V + j) - top);
            if (tg[i] < 0)
                continue;
            want += 0.25 * (log(sum) + top - (double)*el(&x0, i * V + tg[i]));
            for (int j = 0; j < V; j++)
                dwant[i * V + j] = 0.25 * (exp((double)*el(&x0, i * V + j) - top) / sum - (j == tg[i]));
        }
        be->op.xent(&loss, &x, &target, 0.25, grad);
        CHECK_NEAR(*el(&loss, 0), want, 1e-5 * fabs(want));
        if (grad)
            CLOSE(&x, dwant, 1e-6);
        else
            CHECK(!memcmp(x.data, x0.data, N * V * sizeof(float)));
        free(dwant);
        done(grad ? "cross-entropy with gradient, ignored rows zeroed" : "cross-entropy, logits untouched");
    }
    struct tensor x = RANDOM(1, 1, 5), loss = RANDOM(1, 1), target = ints(1, (int32_t[]){5});
    be->op.xent(&loss, &x, &target, 1, 1);
    CHECK(be->check() != 0);
    done("cross-entropy: target outside the vocabulary is reported");

    struct tensor z = RANDOM(3, 3, 5), y = POISONED(3, 5), dx = RANDOM(1, 3, 5), l = RANDOM(1, 1);
    *el(&z, 0) = 300;
    *el(&z, 1) = -300;
    double want = (double)*el(&l, 0), dwant[15];
    for (int i = 0; i < 15; i++) {
        double t = *el(&y, i) = (float)(i % 2), a = (double)*el(&z, i);
        want += 0.5 * (fmax(a, 0) - a * t + log1p(exp(-fabs(a))));
        dwant[i] = (double)*el(&dx, i) + 0.5 * (1 / (1 + exp(-a)) - t);
    }
    be->op.bce(&l, &dx, &z, &y, 0.5);
    CHECK_NEAR(*el(&l, 0), want, 1e-5 * fabs(want));
    CLOSE(&dx, dwant, 1e-6);
    be->op.bce(&l, NULL, &z, &y, 0.5);
    done("binary cross-entropy, far logits included");
}

static void test_label_attn(void)
{
    enum { B = 3, L = 4, T = 19 };
    static const int32_t len[B] = {19, 1, 6};
    struct tensor s = RANDOM(2, B, L, T), g = RANDOM(1, B, L, T), bias = RANDOM(1, L), tlen = ints(B, len);
    struct tensor y = POISONED(B, L), lse = POISONED(B, L), a = POISONED(B, L, T), dy = RANDOM(1, B, L),
                  db = RANDOM(1, L);
    double want[B * L], P[B * L * T] = {0}, ds[B * L * T] = {0}, dg[B * L * T] = {0}, dbw[L];
    for (int i = 0; i < B * L * T; i++) /* what stands behind tlen is never read */
        if (i % T >= len[i / T / L])
            *el(&s, i) = *el(&g, i) = NAN;
    for (int l = 0; l < L; l++)
        dbw[l] = (double)*el(&db, l);
    for (int i = 0; i < B * L; i++) {
        double sum = 0;
        want[i] = 0;
        for (int t = 0; t < len[i / L]; t++)
            sum += exp((double)*el(&s, i * T + t));
        for (int t = 0; t < len[i / L]; t++) {
            P[i * T + t] = exp((double)*el(&s, i * T + t)) / sum;
            want[i] += P[i * T + t] * (double)*el(&g, i * T + t);
        }
        for (int t = 0; t < len[i / L]; t++) {
            dg[i * T + t] = (double)*el(&dy, i) * P[i * T + t];
            ds[i * T + t] = dg[i * T + t] * ((double)*el(&g, i * T + t) - want[i]);
        }
        dbw[i % L] += (double)*el(&dy, i);
        want[i] += (double)*el(&bias, i % L);
    }
    be->op.label_attn_fwd(&y, &lse, &s, &g, &bias, &tlen);
    CLOSE(&y, want, 1e-5);
    be->op.label_attn_weights(&a, &s, &lse, &tlen);
    CLOSE(&a, P, 1e-5);
    be->op.label_attn_bwd(&s, &g, &db, &dy, &y, &lse, &s, &g, &bias, &tlen); /* in place */
    CLOSE(&s, ds, 1e-5);
    CLOSE(&g, dg, 1e-5);
    CLOSE(&db, dbw, 1e-5);
    done("label attention: forward, weights, backward in place");
}

static void test_adamw(void)
{
    enum { N = 4099 };
    struct tensor p = RANDOM(1, N), m = RANDOM(0.1, N), v = POISONED(N), g = RANDOM(1, N);
    struct adamw_cfg c = {
        .lr = 1e-2, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 0.1, .grad_scale = 0.5, .step = 3};
    double pw[N], mw[N], vw[N];
    for (int i = 0; i < N; i++) {
        *el(&v, i) = (float)fabs(0.01 * rng_normal(&rng));
        double x = 0.5 * (double)*el(&g, i);
        mw[i] = 0.9 * (double)*el(&m, i) + 0.1 * x;
        vw[i] = 0.999 * (double)*el(&v, i) + 0.001 * x * x;
        pw[i] = (double)*el(&p, i) * (1 - 1e-3) -
                1e-2 / (1 - pow(0.9, 3)) * mw[i] / (sqrt(vw[i]) / sqrt(1 - pow(0.999, 3)) + 1e-8);
    }
    be->op.adamw(&p, &m, &v, &g, &c);
    CLOSE(&p, pw, 1e-6);
    CLOSE(&m, mw, 1e-6);
    CLOSE(&v, vw, 1e-6);
    struct tensor z = POISONED(3), zm = POISONED(3), zv = POISONED(3), zg = POISONED(3);
    be->op.fill(&z, 1);
    be->op.fill(&zm, 0);
    be->op.fill(&zv, 0);
    be->op.fill(&zg, 0);
    c.decay = 0;
    c.step = 1;
    be->op.adamw(&z, &zm, &zv, &zg, &c);
    CHECK(*el(&z, 0) == 1);
    c.beta1 = 1e-4;
    be->op.fill(&zm, 1e-36);
    be->op.adamw(&z, &zm, &zv, &zg, &c); /* 1e-40 would be a denormal: slow for ever after */
    CHECK(*el(&zm, 1) == 0 && isfinite(*el(&z, 1)));
    done("AdamW in PyTorch's order; nothing moves without a gradient");
}

int main(void)
{
    rng = rng_new(1, 2);
    test_exp();
    for (int threads = 1; threads <= 2; threads++) {
        CHECK(!backend_open("cpu", threads, &be));
        test_gemm();
        test_basic();
        test_embed();
        test_rmsnorm();
        test_ffn_act();
        test_dropout();
        test_pointwise();
    test_gate();
        test_losses();
        test_label_attn();
        test_adamw();
    }
    TEST_EXIT();
}
