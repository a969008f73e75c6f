/* y = x + sigmoid(g) * sub. Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

void cpu_gate_fwd(tensor_p y, tensor_p x, tensor_p sub, tensor_p g)
{
    NEED("gate", flat(y) && flat(x) && flat(sub) && flat(g));
    NEED("gate", same_size(x, y) && same_size(sub, y) && same_size(g, y));
    const real *xs = x->data, *ss = sub->data, *gs = g->data;
    real *ys = y->data;
    FOR_PIECES(tensor_numel(y), at, n)
#pragma omp simd
        for (int64_t i = at; i < at + n; i++)
            ys[i] = xs[i] + vsigmoid(gs[i]) * ss[i];
}

void cpu_gate_bwd(tensor_p dx, tensor_p dsub, tensor_p dg, tensor_p dy, tensor_p sub, tensor_p g)
{
    NEED("gate", flat(dx) && flat(dsub) && flat(dg) && flat(dy) && flat(sub) && flat(g));
    NEED("gate", same_size(dx, dy) && same_size(dsub, dy) && same_size(dg, dy));
    NEED("gate", same_size(sub, dy) && same_size(g, dy));
    const real *ss = sub->data, *gs = g->data, *dys = dy->data;
    if (dx)
        cpu_axpy(dx, dy, 1);
    if (dsub) {
        real *to = dsub->data;
        FOR_PIECES(tensor_numel(dy), at, n)
#pragma omp simd
            for (int64_t i = at; i < at + n; i++)
                to[i] += dys[i] * vsigmoid(gs[i]);
    }
    if (dg) {
        real *to = dg->data;
        FOR_PIECES(tensor_numel(dy), at, n)
#pragma omp simd
            for (int64_t i = at; i < at + n; i++) {
                real s = vsigmoid(gs[i]);
                to[i] += dys[i] * ss[i] * s * (1 - s);
            }
    }
}
