/* T5's layer norm: y = w * x * rstd with rstd = (mean(x^2) + eps)^-1/2, no mean, no bias. x(N,D), w(D), rstd(N).
 *
 * Backward, with xh = x * rstd and g = dy * w:  dx = rstd * (g - xh * mean(g * xh)),  dw = sum over rows of dy * xh.
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include <math.h>
#include <string.h>

void cpu_rmsnorm_fwd(tensor_p y, tensor_p rstd, tensor_p x, tensor_p w, double eps)
{
    NEED("rmsnorm", flat(y) && flat(rstd) && flat(x) && flat(w) && same_size(x, y));
    NEED("rmsnorm", row_len(x) == tensor_numel(w) && row_count(x) == tensor_numel(rstd));
    int64_t N = row_count(x), D = row_len(x);
    const real *ws = w->data;
#pragma omp parallel for schedule(static) if (N * D > TEAM_WORK)
    for (int64_t i = 0; i < N; i++) {
        const real *xs = (const real *)x->data + i * D;
        real *ys = (real *)y->data + i * D, sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < D; j++)
            sum += xs[j] * xs[j];
        real r = (real)(1 / sqrt((double)sum / (double)D + eps));
        ((real *)rstd->data)[i] = r;
#pragma omp simd
        for (int64_t j = 0; j < D; j++)
            ys[j] = ws[j] * (xs[j] * r);
    }
}

void cpu_rmsnorm_bwd(tensor_p dx, tensor_p dw, tensor_p dy, tensor_p x, tensor_p w, tensor_p rstd)
{
    NEED("rmsnorm", flat(dx) && flat(dw) && flat(dy) && flat(rstd) && flat(x) && flat(w));
    NEED("rmsnorm", same_size(x, dy) && same_size(x, dx) && same_size(w, dw));
    int64_t N = row_count(x), D = row_len(x);
    const real *ws = w->data;
    int team = omp_get_max_threads();
    real *part = cpu_scratch(SCRATCH_OP, (size_t)(team * D) * sizeof *part); /* dw of each thread */
    if (!part)
        return;
    memset(part, 0, (size_t)(team * D) * sizeof *part);
#pragma omp parallel num_threads(team)
    {
        real *restrict dws = part + omp_get_thread_num() * D;
#pragma omp for schedule(static)
        for (int64_t i = 0; i < N; i++) {
            /* pass 1: dot = sum of dy w x, and dw += dy x rstd */
            const real *xs = (const real *)x->data + i * D, *dys = (const real *)dy->data + i * D;
            real r = ((const real *)rstd->data)[i], dot = 0;
#pragma omp simd reduction(+ : dot)
            for (int64_t j = 0; j < D; j++) {
                real p = dys[j] * xs[j];
                dot += p * ws[j];
                dws[j] += p * r;
            }
            if (!dx)
                continue;
            /* pass 2: dx += rstd (dy w - x rstd^2 dot / D) */
            real *dxs = (real *)dx->data + i * D, c = dot * r * r / (real)D;
#pragma omp simd
            for (int64_t j = 0; j < D; j++)
                dxs[j] += r * (dys[j] * ws[j] - xs[j] * c);
        }
    }
    /* dw of all threads, in order */
    if (dw)
        for (int t = 0; t < team; t++)
            for (int64_t j = 0; j < D; j++)
                ((real *)dw->data)[j] += part[t * D + j];
}
