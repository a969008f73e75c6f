/* The reduction at the heart of label attention: y(B,L) = bias(L) + sum_t P(B,L,T) g(B,L,T), P = softmax over
 * t < tlen(B) of s(B,L,T); one block per row. Twin: kernels/cpu/label_attn.c. */
#include "kernels/cuda/cuda.h"

static __device__ int64_t length(const int32_t *tlen, int64_t b, int64_t T)
{
    int64_t n = tlen[b];
    if (n < 0)
        return 0;
    return n < T ? n : T;
}

template <class X>
static __global__ void label_rows(float *y, float *lse, const X *s, const X *g, struct either bias,
                                  const int32_t *tlen, int64_t L, int64_t T)
{
    int64_t i = blockIdx.x, n = length(tlen, i / L, T);
    const X *ss = s + i * T, *gs = g + i * T;
    float max = -INFINITY, sum = 0, dot = 0;
    for (int64_t t = threadIdx.x; t < n; t += blockDim.x)
        max = larger_of()(max, load(ss[t]));
    max = block_reduce(max, larger_of());
    for (int64_t t = threadIdx.x; t < n; t += blockDim.x) {
        float p = expf(load(ss[t]) - max);
        sum += p;
        dot += p * load(gs[t]);
    }
    sum = block_reduce(sum, sum_of());
    dot = block_reduce(dot, sum_of());
    if (threadIdx.x == 0) {
        y[i] = load_at(bias, i % L) + (n ? dot / sum : 0);
        lse[i] = n ? max + logf(sum) : 0;
    }
}

void cuda_label_attn_fwd(tensor_p y, tensor_p lse, tensor_p s, tensor_p g, tensor_p bias, tensor_p tlen)
{
    op_call call("label_attn_fwd", {y, lse, s, g, bias, tlen});
    NEED("label_attn", flat(y) && flat(lse) && flat_as(s, {s, g}) && flat_as(bias, {bias}) && same_size(s, g));
    NEED("label_attn", s->nd == 3 && tensor_numel(y) == s->dim[0] * s->dim[1] && same_size(y, lse));
    NEED("label_attn", tlen->dtype == DT_I32 && tensor_numel(tlen) == s->dim[0] && tensor_numel(bias) == s->dim[1]);
    int64_t L = s->dim[1], T = s->dim[2];
    BY_TYPE(s, LAUNCH(label_rows<X>, s->dim[0] * L, BLOCK, data_of<float>(y), data_of<float>(lse), data_of<X>(s),
                      data_of<X>(g), either_of(bias), data_of<int32_t>(tlen), L, T));
}

/* ds = dy P (g - (y - bias)), dg = dy P; both 0 from tlen on. ds may be s, dg may be g. */
template <class X>
static __global__ void label_rows_bwd(X *ds, X *dg, const float *dy, const float *y, const float *lse, const X *s,
                                      const X *g, struct either bias, const int32_t *tlen, int64_t L, int64_t T)
{
    int64_t i = blockIdx.x, n = length(tlen, i / L, T);
    float up = dy[i], c = lse[i], mean = y[i] - load_at(bias, i % L);
    for (int64_t t = threadIdx.x; t < T; t += blockDim.x) {
        int64_t at = i * T + t;
        float p = t < n ? up * expf(load(s[at]) - c) : 0, d = t < n ? load(g[at]) - mean : 0;
        store(&dg[at], p);
        store(&ds[at], p * d);
    }
}
static __global__ void label_bias(float *dbias, const float *dy, int64_t B, int64_t L)
{
    int64_t l = thread_index();
    if (l >= L)
        return;
    float sum = dbias[l];
    for (int64_t b = 0; b < B; b++)
        sum += dy[b * L + l];
    dbias[l] = sum;
}

void cuda_label_attn_bwd(tensor_p ds, tensor_p dg, tensor_p dbias, tensor_p dy, tensor_p y, tensor_p lse, tensor_p s,
                         tensor_p g, tensor_p bias, tensor_p tlen)
{
    op_call call("label_attn_bwd", {ds, dg, dbias, dy, y, lse, s, g, bias, tlen});
    NEED("label_attn", flat_as(s, {ds, dg, s, g}) && flat(dbias) && flat(dy) && flat(y) && flat(lse));
    NEED("label_attn", s->nd == 3 && same_size(s, g) && same_size(s, ds) && same_size(s, dg) && same_size(y, dy));
    NEED("label_attn", tensor_numel(y) == s->dim[0] * s->dim[1] && same_size(y, lse) && flat_as(bias, {bias}));
    NEED("label_attn", tlen->dtype == DT_I32 && tensor_numel(tlen) == s->dim[0] && tensor_numel(bias) == s->dim[1]);
    int64_t B = s->dim[0], L = s->dim[1], T = s->dim[2];
    BY_TYPE(s, LAUNCH(label_rows_bwd<X>, B * L, BLOCK, data_of<X>(ds), data_of<X>(dg), data_of<float>(dy),
                      data_of<float>(y), data_of<float>(lse), data_of<X>(s), data_of<X>(g), either_of(bias),
                      data_of<int32_t>(tlen), L, T));
    if (dbias)
        LAUNCH_EACH(label_bias, L, data_of<float>(dbias), data_of<float>(dy), B, L);
}

template <class X>
static __global__ void label_weights(float *a, const X *s, const float *lse, const int32_t *tlen, int64_t L, int64_t T)
{
    int64_t i = blockIdx.x, n = length(tlen, i / L, T);
    for (int64_t t = threadIdx.x; t < T; t += blockDim.x)
        a[i * T + t] = t < n ? expf(load(s[i * T + t]) - lse[i]) : 0;
}

void cuda_label_attn_weights(tensor_p a, tensor_p s, tensor_p lse, tensor_p tlen)
{
    op_call call("label_attn_weights", {a, s, lse, tlen});
    NEED("label_attn", flat(a) && flat_as(s, {s}) && flat(lse) && s->nd == 3 && same_size(a, s));
    NEED("label_attn", tlen->dtype == DT_I32 && tensor_numel(tlen) == s->dim[0]);
    int64_t L = s->dim[1], T = s->dim[2];
    BY_TYPE(s, LAUNCH(label_weights<X>, s->dim[0] * L, BLOCK, data_of<float>(a), data_of<X>(s), data_of<float>(lse),
                      data_of<int32_t>(tlen), L, T));
}
