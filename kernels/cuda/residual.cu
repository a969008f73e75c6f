/* y = x + drop(sub); sub may be of another type. Twin: kernels/cpu/residual.c. */
#include "kernels/cuda/cuda.h"

template <class X, class Y>
static __global__ void residual_each(X *y, const X *x, const Y *sub, int64_t n, struct drop d)
{
    int64_t group = thread_index(), i = 8 * group;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    struct eight v = load8(x + i, n - i), s = load8(sub + i, n - i);
    for (int e = 0; e < 8; e++)
        v.v[e] += k.k[e] != 0 ? s.v[e] * k.k[e] : 0;
    store8(y + i, v, n - i);
}

void cuda_residual_fwd(tensor_p y, tensor_p x, tensor_p sub, const struct dropout *cfg)
{
    op_call call("residual_fwd", {y, x, sub});
    NEED("residual", flat_as(y, {y, x}) && flat_as(sub, {sub}) && same_size(x, y) && same_size(x, sub));
    int64_t n = tensor_numel(y);
    BY_TYPES(y, sub, LAUNCH_GROUPS((residual_each<X, Y>), n, data_of<X>(y), data_of<X>(x), data_of<Y>(sub), n,
                                   drop_open(cfg)));
}

void cuda_residual_bwd(tensor_p dx, tensor_p dsub, tensor_p dy, const struct dropout *cfg)
{
    op_call call("residual_bwd", {dx, dsub, dy});
    NEED("residual", flat_as(dy, {dx, dy}) && same_size(dx, dy) && same_size(dsub, dy));
    if (dx)
        cuda_axpy(dx, dy, 1);
    if (dsub)
        cuda_dropout_bwd(dsub, dy, cfg);
}
