/* AdamW (Loshchilov & Hutter 2019) in PyTorch's order, one pass over p, m, v, g: memory bound.
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include <math.h>

void cpu_adamw(tensor_p p, tensor_p m, tensor_p v, tensor_p g, const struct adamw_cfg *c)
{
    NEED("adamw", flat(p) && flat(m) && flat(v) && flat(g) && same_size(p, m) && same_size(p, v) && same_size(p, g));
    real *restrict ps = p->data, *restrict ms = m->data, *restrict vs = v->data;
    const real *restrict gs = g->data;
    real b1 = (real)c->beta1, b2 = (real)c->beta2, a1 = (real)(1 - c->beta1), a2 = (real)(1 - c->beta2);
    real shrink = (real)(1 - c->lr * c->decay), scale = (real)c->grad_scale, eps = (real)c->eps;
    real rate = (real)(c->lr / (1 - pow(c->beta1, (double)c->step)));
    real root = (real)(1 / sqrt(1 - pow(c->beta2, (double)c->step)));
    FOR_PIECES(tensor_numel(p), at, n)
#pragma omp simd
        for (int64_t i = at; i < at + n; i++) {
            real x = gs[i] * scale;
            ms[i] = b1 * ms[i] + a1 * x;
            vs[i] = b2 * vs[i] + a2 * x * x;
            real s = vs[i] > 0 ? vs[i] : 0; /* never negative; says so to gcc, which then vectorises sqrt */
#ifdef ICD_DOUBLE
            ps[i] = ps[i] * shrink - rate * ms[i] / (sqrt(s) * root + eps);
#else
            ps[i] = ps[i] * shrink - rate * ms[i] / (sqrtf(s) * root + eps);
#endif
        }
}
