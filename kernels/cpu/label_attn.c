/* The reduction at the heart of label attention (the products around it are gemms, see lib/nn/label_attn.c):
 * y(B,L) = bias(L) + sum_t P(B,L,T) g(B,L,T), P = softmax over t < tlen(B) of s(B,L,T).
 * A note of length 0 has y = bias. Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/softmax.h"
#include <string.h>

static int64_t length(tensor_p tlen, int64_t b, int64_t T)
{
    int64_t n = ((const int32_t *)tlen->data)[b];
    if (n < 0)
        return 0;
    return n < T ? n : T;
}

void cpu_label_attn_fwd(tensor_p y, tensor_p lse, tensor_p s, tensor_p g, tensor_p bias, tensor_p tlen)
{
    NEED("label_attn", flat(y) && flat(lse) && flat(s) && flat(g) && flat(bias) && same_size(s, g));
    NEED("label_attn", s->nd == 3 && tensor_numel(y) == s->dim[0] * s->dim[1] && same_size(y, lse));
    NEED("label_attn", tlen->dtype == DT_I32 && tensor_numel(tlen) == s->dim[0] && tensor_numel(bias) == s->dim[1]);
    int64_t B = s->dim[0], L = s->dim[1], T = s->dim[2];
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < B * L; i++) {
        const real *ss = (const real *)s->data + i * T, *gs = (const real *)g->data + i * T;
        int64_t n = length(tlen, i / L, T);
        real max = row_max(ss, n), sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
        for (int64_t t = 0; t < n; t++) {
            real p = vexp(ss[t] - max);
            sum += p;
            dot += p * gs[t];
        }
        ((real *)y->data)[i] = ((const real *)bias->data)[i % L] + (n ? dot / sum : 0);
        ((real *)lse->data)[i] = n ? max + (real)log((double)sum) : 0;
    }
}

/* ds = dy P (g - (y - bias)), dg = dy P; both 0 from tlen on. ds may be s, dg may be g. */
void cpu_label_attn_bwd(tensor_p ds, tensor_p dg, tensor_p dbias, tensor_p dy, tensor_p y, tensor_p lse, tensor_p s,
                        tensor_p g, tensor_p bias, tensor_p tlen)
{
    NEED("label_attn", flat(ds) && flat(dg) && flat(dbias) && flat(dy) && flat(y) && flat(lse) && flat(s) && flat(g));
    NEED("label_attn", s->nd == 3 && same_size(s, g) && same_size(s, ds) && same_size(s, dg) && same_size(y, dy));
    int64_t B = s->dim[0], L = s->dim[1], T = s->dim[2];
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < B * L; i++) {
        const real *ss = (const real *)s->data + i * T, *gs = (const real *)g->data + i * T;
        real *dss = (real *)ds->data + i * T, *dgs = (real *)dg->data + i * T;
        int64_t n = length(tlen, i / L, T);
        real c = ((const real *)lse->data)[i], up = ((const real *)dy->data)[i];
        real mean = ((const real *)y->data)[i] - ((const real *)bias->data)[i % L];
#pragma omp simd
        for (int64_t t = 0; t < n; t++) {
            real p = up * vexp(ss[t] - c), d = gs[t] - mean;
            dgs[t] = p;
            dss[t] = p * d;
        }
        memset(dss + n, 0, (size_t)(T - n) * sizeof *dss);
        memset(dgs + n, 0, (size_t)(T - n) * sizeof *dgs);
    }
    if (dbias)
        for (int64_t i = 0; i < B * L; i++)
            ((real *)dbias->data)[i % L] += ((const real *)dy->data)[i];
}

void cpu_label_attn_weights(tensor_p a, tensor_p s, tensor_p lse, tensor_p tlen)
{
    NEED("label_attn", flat(a) && flat(s) && flat(lse) && s->nd == 3 && same_size(a, s));
    int64_t B = s->dim[0], L = s->dim[1], T = s->dim[2];
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < B * L; i++) {
        int64_t n = length(tlen, i / L, T);
        real *as = (real *)a->data + i * T;
        row_exp(as, (const real *)s->data + i * T, n, ((const real *)lse->data)[i]);
        memset(as + n, 0, (size_t)(T - n) * sizeof *as);
    }
}
