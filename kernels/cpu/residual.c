/* y = x + drop(sub): one pass instead of two. Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

void cpu_residual_fwd(tensor_p y, tensor_p x, tensor_p sub, const struct dropout *cfg)
{
    NEED("residual", flat(y) && flat(x) && flat(sub) && same_size(x, y) && same_size(x, sub));
    const real *xs = x->data, *ss = sub->data;
    real *ys = y->data;
    struct drop d = drop_open(cfg);
    FOR_PIECES(tensor_numel(y), at, n) {
        struct drop_buf buf;
        const uint16_t *r = d.on ? drop_bits(&buf, &d, (uint64_t)at, n) : NULL;
        if (r)
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                ys[at + i] = xs[at + i] + (r[i] >= d.threshold ? ss[at + i] * d.scale : 0);
        else
#pragma omp simd
            for (int64_t i = 0; i < n; i++)
                ys[at + i] = xs[at + i] + ss[at + i];
    }
}

void cpu_residual_bwd(tensor_p dx, tensor_p dsub, tensor_p dy, const struct dropout *cfg)
{
    NEED("residual", flat(dx) && flat(dsub) && flat(dy) && same_size(dx, dy) && same_size(dsub, dy));
    if (dx)
        cpu_axpy(dx, dy, 1);
    if (dsub)
        cpu_dropout_bwd(dsub, dy, cfg);
}
