/* exp, tanh and dropout masks written so that gcc turns loops over them into vector code without -ffast-math.
 * In double they are libm's. Accuracy is tested in tests/unit/kernels.c (exp: 1.1 ulp). */
#ifndef ICD_CPU_SIMD_H
#define ICD_CPU_SIMD_H
#include "kernels/drop.h"
#include <math.h>
#include <string.h>

#ifdef ICD_DOUBLE
static inline real vexp(real x)
{
    return exp(x);
}
static inline real vtanh(real x)
{
    return tanh(x);
}
#else
/* exp x = 2^n exp r, |r| <= ln2/2. Adding 1.5*2^23 rounds to an integer and leaves n in the low bits. Overflow gives
 * inf, results below 2^-126 give 0, NaN stays NaN. */
static inline float vexp(float x)
{
    float y = x < -87.3f ? -87.3f : x;
    y = y > 88.72283f ? 88.72283f : y;
    float big = y * 1.44269504f + 0x1.8p23f;
    float n = big - 0x1.8p23f;
    float r = y - n * 0x1.62e4p-1f;
    r = r - n * 0x1.7f7d1cp-20f; /* ln 2 in two parts: the first is short, so n times it is exact */
    float p = 1.38145604e-3f; /* minimax on that range, relative: 0.05 ulp, the rest is rounding */
    p = p * r + 8.3687352e-3f;
    p = p * r + 4.1668389e-2f;
    p = p * r + 1.66665211e-1f;
    p = p * r + 0.49999994f;
    p = p * r * r + r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &big, 4);
    /* 2^n in two halves, because 2^128 (x near the overflow limit) is no float */
    uint32_t half = ((bits << 9) >> 9) - 0x400000u; /* n as a signed number */
    int32_t n1 = (int32_t)half >> 1, n2 = (int32_t)half - n1;
    uint32_t b1 = (uint32_t)(n1 + 127) << 23, b2 = (uint32_t)(n2 + 127) << 23;
    float s1, s2;
    memcpy(&s1, &b1, 4);
    memcpy(&s2, &b2, 4);
    p = p * s1 * s2;
    p = x < -87.3f ? 0.0f : p;
    p = x > 88.72283f ? INFINITY : p;
    return x != x ? x : p;
}
/* Odd polynomial near 0, where 1 - 2/(e^2x + 1) would cancel. */
static inline float vtanh(float x)
{
    float a = fabsf(x), z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float small = x + x * z * p;
    float large = copysignf(1.0f - 2.0f / (vexp(2.0f * a) + 1.0f), x);
    return a < 0.625f ? small : large;
}
#endif

static inline real vsigmoid(real x)
{
    return 1 / (1 + vexp(-x));
}
/* x sigmoid(x) and its derivative */
static inline real silu(real x)
{
    return x * vsigmoid(x);
}
static inline real silu_d(real x)
{
    real s = vsigmoid(x);
    return s * (1 + x * (1 - s));
}
/* gelu_new: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
static inline real gelu(real x)
{
    real u = (real)0.79788456080286535588 * (x + (real)0.044715 * x * x * x);
    return (real)0.5 * x * (1 + vtanh(u));
}
static inline real gelu_d(real x)
{
    real u = (real)0.79788456080286535588 * (x + (real)0.044715 * x * x * x);
    real du = (real)0.79788456080286535588 * (1 + (real)(3 * 0.044715) * x * x);
    real th = vtanh(u);
    return (real)0.5 * (1 + th) + (real)0.5 * x * (1 - th * th) * du;
}

/* ---- dropout: the rule is in kernels/drop.h ---- */
/* The bits of n <= DROP_MAX elements from element `first` on; returned pointer is into buf. */
enum { DROP_MAX = 2048, DROP_MORE = 128 }; /* whole vectors of calls are made, of 8 elements a call */
struct drop_buf {
    union {
        uint64_t w[(DROP_MAX + DROP_MORE) / 4];
        uint16_t bits[DROP_MAX + DROP_MORE];
    };
};
const uint16_t *drop_bits(struct drop_buf *buf, const struct drop *d, uint64_t first, int64_t n);

#endif
