/* y = x + sigmoid(g) * sub. Twin: kernels/cpu/gate.c. */
#include "kernels/cuda/cuda.h"

template <class X>
static __global__ void gate_each(X *y, const X *x, const X *sub, const X *g, int64_t n)
{
    int64_t i = thread_index();
    if (i < n)
        store(&y[i], load(x[i]) + device_sigmoid(load(g[i])) * load(sub[i]));
}

void cuda_gate_fwd(tensor_p y, tensor_p x, tensor_p sub, tensor_p g)
{
    op_call call("gate_fwd", {y, x, sub, g});
    NEED("gate", flat_as(y, {y, x, sub, g}) && same_size(x, y) && same_size(sub, y) && same_size(g, y));
    int64_t n = tensor_numel(y);
    BY_TYPE(y, LAUNCH_EACH(gate_each<X>, n, data_of<X>(y), data_of<X>(x), data_of<X>(sub), data_of<X>(g), n));
}

/* dsub, dg NULL: not wanted. */
template <class X>
static __global__ void gate_each_bwd(X *dsub, X *dg, const X *dy, const X *sub, const X *g, int64_t n)
{
    int64_t i = thread_index();
    if (i >= n)
        return;
    float d = load(dy[i]), s = device_sigmoid(load(g[i]));
    if (dsub)
        store(&dsub[i], load(dsub[i]) + d * s);
    if (dg)
        store(&dg[i], load(dg[i]) + d * load(sub[i]) * s * (1 - s));
}

void cuda_gate_bwd(tensor_p dx, tensor_p dsub, tensor_p dg, tensor_p dy, tensor_p sub, tensor_p g)
{
    op_call call("gate_bwd", {dx, dsub, dg, dy, sub, g});
    NEED("gate", flat_as(dy, {dx, dsub, dg, dy, sub, g}) && same_size(dx, dy) && same_size(dsub, dy) &&
                     same_size(dg, dy) && same_size(sub, dy) && same_size(g, dy));
    int64_t n = tensor_numel(dy);
    if (dx)
        cuda_axpy(dx, dy, 1);
    BY_TYPE(dy, LAUNCH_EACH(gate_each_bwd<X>, n, data_of<X>(dsub), data_of<X>(dg), data_of<X>(dy), data_of<X>(sub),
                            data_of<X>(g), n));
}
