/* The feed-forward activation with its dropout. relu: x(N,F) -> y(N,F); gated: x(N,2F) = [gate|up] -> y(N,F).
 * Dropout's index is that of y; a thread does 8 elements of y. Twin: kernels/cpu/ffn_act.c. */
#include "kernels/cuda/cuda.h"

/* An activation and its derivative. gelu_new: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
static __device__ float activation(enum act kind, float x)
{
    if (kind == ACT_RELU)
        return x > 0 ? x : 0;
    if (kind == ACT_SILU_GATED)
        return x * device_sigmoid(x);
    return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
}
static __device__ float derivative(enum act kind, float x) /* of the gated ones */
{
    if (kind == ACT_SILU_GATED) {
        float s = device_sigmoid(x);
        return s * (1 + x * (1 - s));
    }
    float th = tanhf(0.7978845608f * (x + 0.044715f * x * x * x));
    float du = 0.7978845608f * (1 + 3 * 0.044715f * x * x);
    return 0.5f * (1 + th) + 0.5f * x * (1 - th * th) * du;
}

/* The eight elements of rows of `width` that belong to y's from i on: the gates, or with `skip` F what they open. */
template <class X>
static __device__ struct eight gather(const X *x, int64_t i, int64_t left, int64_t F, int64_t width, int64_t skip)
{
    struct eight r = {{0, 0, 0, 0, 0, 0, 0, 0}};
    if (width == F || i % F + 8 <= F)
        return load8(x + i / F * width + i % F + skip, left);
    for (int64_t e = 0; e < 8 && e < left; e++)
        r.v[e] = load(x[(i + e) / F * width + (i + e) % F + skip]);
    return r;
}
template <class X>
static __device__ void scatter(X *x, struct eight v, int64_t i, int64_t left, int64_t F, int64_t width, int64_t skip)
{
    if (width == F || i % F + 8 <= F)
        store8(x + i / F * width + i % F + skip, v, left);
    else
        for (int64_t e = 0; e < 8 && e < left; e++)
            store(&x[(i + e) / F * width + (i + e) % F + skip], v.v[e]);
}

template <class X>
static __global__ void act_each(X *y, const X *x, int64_t n, int64_t F, enum act kind, struct drop d)
{
    int64_t group = thread_index(), i = 8 * group, width = kind == ACT_RELU ? F : 2 * F;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    struct eight v = gather(x, i, n - i, F, width, 0), up = v;
    if (kind != ACT_RELU)
        up = gather(x, i, n - i, F, width, F);
    for (int e = 0; e < 8; e++)
        v.v[e] = activation(kind, v.v[e]) * (kind != ACT_RELU ? up.v[e] : 1) * k.k[e];
    store8(y + i, v, n - i);
}

void cuda_ffn_act_fwd(tensor_p y, tensor_p x, enum act kind, const struct dropout *cfg)
{
    op_call call("ffn_act_fwd", {y, x});
    bool gated = kind != ACT_RELU;
    int64_t N = row_count(y), F = row_len(y), n = N * F;
    NEED("ffn_act", flat_as(y, {y, x}) && row_count(x) == N && row_len(x) == (gated ? 2 * F : F));
    BY_TYPE(y, LAUNCH_GROUPS(act_each<X>, n, data_of<X>(y), data_of<X>(x), n, F, kind, drop_open(cfg)));
}

template <class X>
static __global__ void act_each_bwd(X *dx, const X *dy, const X *x, int64_t n, int64_t F, enum act kind, struct drop d)
{
    int64_t group = thread_index(), i = 8 * group, left = n - i, width = kind == ACT_RELU ? F : 2 * F;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    struct eight g = load8(dy + i, left), gate = gather(x, i, left, F, width, 0);
    struct eight to = gather((const X *)dx, i, left, F, width, 0);
    for (int e = 0; e < 8; e++)
        g.v[e] *= k.k[e];
    if (kind == ACT_RELU) {
        for (int e = 0; e < 8; e++)
            to.v[e] += gate.v[e] > 0 ? g.v[e] : 0;
        scatter(dx, to, i, left, F, width, 0);
        return;
    }
    struct eight up = gather(x, i, left, F, width, F), to_up = gather((const X *)dx, i, left, F, width, F);
    for (int e = 0; e < 8; e++) {
        to.v[e] += g.v[e] * up.v[e] * derivative(kind, gate.v[e]);
        to_up.v[e] += g.v[e] * activation(kind, gate.v[e]);
    }
    scatter(dx, to, i, left, F, width, 0);
    scatter(dx, to_up, i, left, F, width, F);
}

void cuda_ffn_act_bwd(tensor_p dx, tensor_p dy, tensor_p x, enum act kind, const struct dropout *cfg)
{
    op_call call("ffn_act_bwd", {dx, dy, x});
    bool gated = kind != ACT_RELU;
    int64_t N = row_count(dy), F = row_len(dy), n = N * F;
    NEED("ffn_act", flat_as(dy, {dx, dy, x}) && row_count(x) == N && row_len(x) == (gated ? 2 * F : F));
    NEED("ffn_act", same_size(dx, x));
    BY_TYPE(dy, LAUNCH_GROUPS(act_each_bwd<X>, n, data_of<X>(dx), data_of<X>(dy), data_of<X>(x), n, F, kind,
                              drop_open(cfg)));
}
