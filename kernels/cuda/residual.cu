/* y = x + drop(sub). Twin: kernels/cpu/residual.c. */
#include "kernels/cuda/cuda.h"

template <class X>
static __global__ void residual_each(X *y, const X *x, const X *sub, int64_t n, struct drop d)
{
    int64_t group = thread_index(), i = 8 * group;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    for (int e = 0; e < 8 && i + e < n; e++)
        store(&y[i + e], load(x[i + e]) + (k.k[e] != 0 ? load(sub[i + e]) * k.k[e] : 0));
}

void cuda_residual_fwd(tensor_p y, tensor_p x, tensor_p sub, const struct dropout *cfg)
{
    op_call call("residual_fwd", {y, x, sub});
    NEED("residual", flat_as(y, {y, x, sub}) && same_size(x, y) && same_size(x, sub));
    int64_t n = tensor_numel(y);
    BY_TYPE(y, LAUNCH_GROUPS(residual_each<X>, n, data_of<X>(y), data_of<X>(x), data_of<X>(sub), n, drop_open(cfg)));
}

void cuda_residual_bwd(tensor_p dx, tensor_p dsub, tensor_p dy, const struct dropout *cfg)
{
    op_call call("residual_bwd", {dx, dsub, dy});
    NEED("residual", flat_as(dy, {dx, dsub, dy}) && same_size(dx, dy) && same_size(dsub, dy));
    if (dx)
        cuda_axpy(dx, dy, 1);
    if (dsub)
        cuda_dropout_bwd(dsub, dy, cfg);
}
