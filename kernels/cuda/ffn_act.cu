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
static __device__ float derivative(enum act kind, float x)
{
    if (kind == ACT_RELU)
        return x > 0 ? 1.0f : 0.0f;
    if (kind == ACT_SILU_GATED) {
        float s = device_sigmoid(x);
        return s * (1 + x * (1 - s));
    }
    float th = tanhf(0.7978845608f * (x + 0.044715f * x * x * x));
    float du = 0.7978845608f * (1 + 3 * 0.044715f * x * x);
    return 0.5f * (1 + th) + 0.5f * x * (1 - th * th) * du;
}

template <class X>
static __global__ void act_each(X *y, const X *x, int64_t n, int64_t F, enum act kind, struct drop d)
{
    int64_t group = thread_index(), i = 8 * group;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    int64_t row = i / F, j = i % F, width = kind == ACT_RELU ? F : 2 * F;
    for (int e = 0; e < 8 && i + e < n; e++) {
        const X *at = x + row * width + j;
        float v = activation(kind, load(at[0]));
        if (kind != ACT_RELU)
            v *= load(at[F]);
        store(&y[i + e], v * k.k[e]);
        if (++j == F) {
            j = 0;
            row++;
        }
    }
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
    int64_t group = thread_index(), i = 8 * group;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    int64_t row = i / F, j = i % F, width = kind == ACT_RELU ? F : 2 * F;
    for (int e = 0; e < 8 && i + e < n; e++) {
        int64_t at = row * width + j;
        float g = load(dy[i + e]) * k.k[e], gate = load(x[at]), slope = derivative(kind, gate);
        if (kind == ACT_RELU) {
            store(&dx[at], load(dx[at]) + (slope != 0 ? g : 0));
        } else {
            store(&dx[at], load(dx[at]) + g * load(x[at + F]) * slope);
            store(&dx[at + F], load(dx[at + F]) + g * activation(kind, gate));
        }
        if (++j == F) {
            j = 0;
            row++;
        }
    }
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
