/* Views: shapes and strides, no memory of their own. Tests: tests/unit/tensor.c. */
#include "lib/tensor/tensor.h"

bool tensor_contiguous(const struct tensor *t)
{
    int64_t want = 1;
    for (int i = t->nd - 1; i >= 0; i--) {
        if (t->dim[i] != 1 && t->stride[i] != want)
            return false;
        want *= t->dim[i];
    }
    return true;
}

struct tensor tensor_of(void *data, enum dtype dtype, int nd, const int64_t *dim)
{
    struct tensor t = {.data = data, .dtype = dtype, .nd = nd};
    int64_t stride = 1;
    for (int i = nd - 1; i >= 0; i--) {
        t.dim[i] = dim[i];
        t.stride[i] = stride;
        stride *= dim[i];
    }
    return t;
}

struct tensor tensor_shape(const struct tensor *t, int nd, const int64_t *dim)
{
    return tensor_of(t->data, t->dtype, nd, dim);
}

struct tensor tensor_slice(const struct tensor *t, int d, int64_t from, int64_t n)
{
    struct tensor s = *t;
    if (s.data)
        s.data = (char *)s.data + (size_t)(from * s.stride[d]) * dtype_size(s.dtype);
    s.dim[d] = n;
    return s;
}

struct tensor tensor_heads(const struct tensor *t, int64_t heads)
{
    struct tensor s = *t;
    int last = t->nd - 1;
    s.nd++;
    s.dim[last] = heads;
    s.dim[last + 1] = t->dim[last] / heads;
    s.stride[last] = s.dim[last + 1];
    s.stride[last + 1] = 1;
    return s;
}
