/* lib/nn/label_attn.c, and that it equals the paper's eqs 1-4 written out with V. */
#include "tests/grad/grad.h"

enum { B = 3, T = 7, D = 11, A = 5, L = 4 };
static const int32_t len[B] = {7, 1, 4};

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    struct tensor tlen = tape_i32(t, len, 1, (int64_t[]){B});
    struct label_attn_w w = {in[1], in[2], in[3], in[4]};
    struct var *y = label_attn(t, &in[0], &tlen, &w);
    if (ctx) { /* a second use of h: gradients must add up */
        struct var *z = label_attn(t, &in[0], &tlen, &w);
        return residual(t, y, z, 0);
    }
    return y;
}

/* in: h W U w b */
static void inputs(struct grad *g)
{
    GRAD_INPUT(g, "h", 1, B, T, D);
    GRAD_INPUT(g, "W", 0.5, A, D);
    GRAD_INPUT(g, "U", 1, L, A);
    GRAD_INPUT(g, "w", 1, L, D);
    GRAD_INPUT(g, "b", 1, L);
}

static void paper(struct tape *t, void *ctx)
{
    struct var *in = ((struct grad *)ctx)->in;
    struct tensor loss = {0}, tlen = tape_i32(t, len, 1, (int64_t[]){B});
    struct label_attn_w weights = {in[1], in[2], in[3], in[4]};
    const real *y = forward(t, in, &loss, NULL)->v.data;
    const real *a = label_attn_evidence(t, &in[0], &tlen, &weights).data;
    const real *h = in[0].v.data, *W = in[1].v.data, *U = in[2].v.data, *w = in[3].v.data, *b = in[4].v.data;
    for (int n = 0; n < B; n++)
        for (int l = 0; l < L; l++) {
            double p[T], sum = 0, out = (double)b[l];
            for (int i = 0; i < len[n]; i++) {
                double s = 0;
                for (int c = 0; c < A; c++) {
                    double z = 0;
                    for (int d = 0; d < D; d++)
                        z += (double)h[(n * T + i) * D + d] * (double)W[c * D + d];
                    s += tanh(z) * (double)U[l * A + c];
                }
                sum += p[i] = exp(s);
            }
            for (int d = 0; d < D; d++) {
                double V = 0;
                for (int i = 0; i < len[n]; i++)
                    V += p[i] / sum * (double)h[(n * T + i) * D + d];
                out += (double)w[l * D + d] * V;
            }
            CHECK_NEAR(y[n * L + l], out, 1e-12);
            for (int i = 0; i < T; i++)
                CHECK_NEAR(a[(n * L + l) * T + i], i < len[n] ? p[i] / sum : 0, 1e-13);
        }
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (int twice = 0; twice < 2; twice++) {
            struct grad g = grad_new(seed, forward, twice ? &g : NULL);
            inputs(&g);
            grad_check(&g, twice ? "label attention, used twice" : "label attention");
        }
    struct grad g = grad_new(9, forward, NULL);
    inputs(&g);
    CHECK(!tape_run(&g.tape, paper, &g));
    DONE("equal to eqs 1-4 with V formed; evidence is eq 2");
    grad_free(&g);
    TEST_EXIT();
}
