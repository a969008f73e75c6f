/* Dropout: a thread makes the factors of 8 elements with one Philox call (kernels/drop.h), forward and again backward.
 * Twin: kernels/cpu/dropout.c. */
#include "kernels/cuda/cuda.h"

template <class X>
static __global__ void drop_each(X *y, const X *x, int64_t n, struct drop d)
{
    int64_t group = thread_index(), i = 8 * group;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    struct eight v = load8(x + i, n - i);
    for (int e = 0; e < 8; e++)
        v.v[e] = k.k[e] != 0 ? v.v[e] * k.k[e] : 0;
    store8(y + i, v, n - i);
}

void cuda_dropout_fwd(tensor_p y, tensor_p x, const struct dropout *cfg)
{
    op_call call("dropout_fwd", {y, x});
    NEED("dropout", flat_as(y, {y, x}) && same_size(x, y));
    int64_t n = tensor_numel(y);
    BY_TYPE(y, LAUNCH_GROUPS(drop_each<X>, n, data_of<X>(y), data_of<X>(x), n, drop_open(cfg)));
}

template <class X, class Y>
static __global__ void drop_add_each(X *dx, const Y *dy, int64_t n, struct drop d)
{
    int64_t group = thread_index(), i = 8 * group;
    if (i >= n)
        return;
    struct keep8 k = drop_keep8(d, (uint64_t)group);
    struct eight to = load8(dx + i, n - i), v = load8(dy + i, n - i);
    for (int e = 0; e < 8; e++)
        if (k.k[e] != 0)
            to.v[e] += v.v[e] * k.k[e];
    store8(dx + i, to, n - i);
}

void cuda_dropout_bwd(tensor_p dx, tensor_p dy, const struct dropout *cfg)
{
    op_call call("dropout_bwd", {dx, dy});
    NEED("dropout", flat_as(dx, {dx}) && flat_as(dy, {dy}) && same_size(dx, dy));
    int64_t n = tensor_numel(dx);
    BY_TYPES(dx, dy, LAUNCH_GROUPS((drop_add_each<X, Y>), n, data_of<X>(dx), data_of<Y>(dy), n, drop_open(cfg)));
}
