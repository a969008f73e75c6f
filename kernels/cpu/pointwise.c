/* tanh and sigmoid. Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

void cpu_tanh_fwd(tensor_p y, tensor_p x)
{
    NEED("tanh", flat(y) && flat(x) && same_size(x, y));
    const real *xs = x->data;
    real *ys = y->data;
    FOR_PIECES(tensor_numel(y), at, n)
#pragma omp simd
        for (int64_t i = at; i < at + n; i++)
            ys[i] = vtanh(xs[i]);
}

void cpu_tanh_bwd(tensor_p dx, tensor_p dy, tensor_p y)
{
    NEED("tanh", flat(dx) && flat(dy) && flat(y) && same_size(dx, y) && same_size(dy, y));
    const real *ys = y->data, *dys = dy->data;
    real *dxs = dx->data;
    FOR_PIECES(tensor_numel(y), at, n)
#pragma omp simd
        for (int64_t i = at; i < at + n; i++)
            dxs[i] += dys[i] * (1 - ys[i] * ys[i]);
}

void cpu_sigmoid(tensor_p y, tensor_p x)
{
    NEED("sigmoid", flat(y) && flat(x) && same_size(x, y));
    const real *xs = x->data;
    real *ys = y->data;
    FOR_PIECES(tensor_numel(y), at, n)
#pragma omp simd
        for (int64_t i = at; i < at + n; i++)
            ys[i] = vsigmoid(xs[i]);
}
