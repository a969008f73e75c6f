/* Pieces of a softmax over one row, shared by attention, label attention and cross-entropy. */
#ifndef ICD_CPU_SOFTMAX_H
#define ICD_CPU_SOFTMAX_H
#include "kernels/cpu/simd.h"

static inline real row_max(const real *x, int64_t n)
{
    real m = -INFINITY;
#pragma omp simd reduction(max : m)
    for (int64_t i = 0; i < n; i++)
        m = x[i] > m ? x[i] : m;
    return m;
}
/* y = exp(x - c); returns the sum. y may be x. */
static inline real row_exp(real *y, const real *x, int64_t n, real c)
{
    real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) {
        y[i] = vexp(x[i] - c);
        sum += y[i];
    }
    return sum;
}
static inline real row_sum_exp(const real *x, int64_t n, real c)
{
    real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += vexp(x[i] - c);
    return sum;
}

#endif
