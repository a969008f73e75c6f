/* lib/nn/kg_inject.c: every form, shared knowledge and a note's own rows, and that it equals the paper's eqs 7-9
 * written out; knowledge pooled from several pieces. */
#include "tests/grad/grad.h"

enum { B = 3, T = 5, D = 7, N = 9, S = 4 };
static const int32_t rows[B * S] = {0, 3, 8, 3, 5, 0, 0, 0, 1, 2, 0, 0}, count[B] = {4, 1, 0};
struct how {
    struct kg_form form;
    bool keys, gate, norm, pooled;
};

/* in: d, m, W, [G], [norm]; pooled: m is made from h(2,3,D) and x(1,4,D) instead */
static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    const struct how *how = ctx;
    struct kg_keys keys = {tape_i32(t, rows, 2, (int64_t[]){B, S}), tape_i32(t, count, 1, (int64_t[]){B})};
    struct kg_w w = {.W = in[2]};
    const struct var *m = &in[1];
    int at = 3;
    if (how->pooled) {
        struct var *sum = NEW(t, true, N, D);
        t->be->op.fill(&sum->v, 0);
        real p[5 * 6], q[5 * 4]; /* 6 states into rows 0..4, 4 into rows 4..8: row 4 is of both */
        for (int i = 0; i < 30; i++)
            p[i] = i % 7 == 0 ? (real)0.5 : i % 4 == 1 ? 1 : 0;
        for (int i = 0; i < 20; i++)
            q[i] = i % 5 == 0 ? 1 : i % 3 == 1 ? (real)0.25 : 0;
        struct tensor P = tape_real(t, p, 2, (int64_t[]){5, 6}), Q = tape_real(t, q, 2, (int64_t[]){5, 4});
        kg_pool(t, sum, 0, &in[1], &P);
        kg_pool(t, sum, 4, &in[at++], &Q);
        m = sum;
    }
    w.gate = how->gate ? &in[at++] : NULL;
    w.norm = how->norm ? &in[at++] : NULL;
    return kg_inject(t, &in[0], m, how->keys ? &keys : NULL, &w, &how->form);
}

static void inputs(struct grad *g, const struct how *how)
{
    GRAD_INPUT(g, "D", 1, B, T, D);
    if (how->pooled)
        GRAD_INPUT(g, "states", 1, 2, 3, D);
    else
        GRAD_INPUT(g, "D_m", 1, N, D);
    GRAD_INPUT(g, "W", 0.3, D, D);
    if (how->pooled)
        GRAD_INPUT(g, "more states", 1, 1, 4, D);
    if (how->gate)
        GRAD_INPUT(g, "gate", 0.5, D, D);
    if (how->norm)
        GRAD_INPUT(g, "norm", 1, D);
}

/* D' of eqs 7-9 with the options, one number at a time. */
static void paper(struct tape *t, void *ctx)
{
    const struct grad *g = ctx;
    const struct how *how = g->ctx;
    struct tensor loss = {0};
    const real *y = forward(t, (struct var *)g->in, &loss, g->ctx)->v.data;
    const real *d = g->in[0].v.data, *m = g->in[1].v.data, *W = g->in[2].v.data;
    const real *G = g->in[3].v.data, *norm = g->in[3 + how->gate].v.data;
    double Z[N][D];
    for (int n = 0; n < N; n++)
        for (int j = 0; j < D; j++) {
            double z = 0;
            for (int i = 0; i < D; i++)
                z += (double)m[n * D + i] * (double)W[j * D + i];
            Z[n][j] = how->form.tanh ? tanh(z) : z;
        }
    for (int r = 0; r < B * T; r++) {
        int b = r / T, n = how->keys ? count[b] : N;
        double p[N], sum = 0, out[D], square = 0;
        for (int i = 0; i < n; i++) {
            double s = 0;
            for (int j = 0; j < D; j++)
                s += (double)d[r * D + j] * Z[how->keys ? rows[b * S + i] : i][j];
            sum += p[i] = exp(how->form.sqrt ? s / sqrt(D) : s);
        }
        for (int j = 0; j < D; j++) {
            double a = 0, gate = 0;
            for (int i = 0; i < n; i++)
                a += p[i] / sum * Z[how->keys ? rows[b * S + i] : i][j];
            for (int i = 0; how->gate && i < D; i++)
                gate += (double)d[r * D + i] * (double)G[j * D + i];
            out[j] = (double)d[r * D + j] + a * (how->gate ? 1 / (1 + exp(-gate)) : 1);
            square += out[j] * out[j];
        }
        for (int j = 0; j < D; j++)
            CHECK_NEAR(y[r * D + j], how->norm ? out[j] / sqrt(square / D + how->form.eps) * (double)norm[j] : out[j],
                       1e-12);
    }
}

int main(void)
{
    static const struct how all[] = {
        {{0}, false, false, false, false},        {{.tanh = true}, false, false, false, false},
        {{.sqrt = true}, false, false, false, false}, {{0}, true, false, false, false},
        {{0}, false, true, false, false},         {{.eps = 1e-3}, false, false, true, false},
        {{true, true, 1e-3}, true, true, true, false}, {{0}, false, false, false, true},
        {{true, false, 1e-3}, true, false, true, true},
    };
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            struct how how = all[i];
            char name[96];
            snprintf(name, sizeof name, "KG-injection%s%s%s%s%s%s", how.form.tanh ? ", tanh" : "",
                     how.form.sqrt ? ", scaled" : "", how.keys ? ", a note's own" : "", how.gate ? ", gate" : "",
                     how.norm ? ", norm" : "", how.pooled ? ", pooled" : "");
            struct grad g = grad_new(seed, forward, &how);
            inputs(&g, &how);
            if (!how.pooled)
                CHECK(!tape_run(&g.tape, paper, &g));
            tape_reset(&g.tape);
            grad_check(&g, name);
        }
    DONE("equal to eqs 7-9 written out");
    TEST_EXIT();
}
