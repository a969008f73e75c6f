/* tanh and sigmoid. Twin: kernels/cpu/pointwise.c. */
#include "kernels/cuda/cuda.h"

template <class X>
static __global__ void tanh_each(X *y, const X *x, int64_t n)
{
    int64_t i = thread_index();
    if (i < n)
        store(&y[i], tanhf(load(x[i])));
}

void cuda_tanh_fwd(tensor_p y, tensor_p x)
{
    op_call call("tanh_fwd", {y, x});
    NEED("tanh", flat_as(y, {y, x}) && same_size(x, y));
    int64_t n = tensor_numel(y);
    BY_TYPE(y, LAUNCH_EACH(tanh_each<X>, n, data_of<X>(y), data_of<X>(x), n));
}

template <class X>
static __global__ void tanh_each_bwd(X *dx, const X *dy, const X *y, int64_t n)
{
    int64_t i = thread_index();
    if (i < n) {
        float v = load(y[i]);
        store(&dx[i], load(dx[i]) + load(dy[i]) * (1 - v * v));
    }
}

void cuda_tanh_bwd(tensor_p dx, tensor_p dy, tensor_p y)
{
    op_call call("tanh_bwd", {dx, dy, y});
    NEED("tanh", flat_as(y, {dx, dy, y}) && same_size(dx, y) && same_size(dy, y));
    int64_t n = tensor_numel(y);
    BY_TYPE(y, LAUNCH_EACH(tanh_each_bwd<X>, n, data_of<X>(dx), data_of<X>(dy), data_of<X>(y), n));
}

static __global__ void sigmoid_each(float *y, const float *x, int64_t n)
{
    int64_t i = thread_index();
    if (i < n)
        y[i] = device_sigmoid(x[i]);
}

void cuda_sigmoid(tensor_p y, tensor_p x)
{
    op_call call("sigmoid", {y, x});
    NEED("sigmoid", flat(y) && flat(x) && same_size(x, y));
    int64_t n = tensor_numel(y);
    LAUNCH_EACH(sigmoid_each, n, data_of<float>(y), data_of<float>(x), n);
}
