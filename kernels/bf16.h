/* bfloat16: the upper half of a float. Valid C11 and C++17; a compiler for a device defines ICD_DEVICE before. */
#ifndef ICD_BF16_H
#define ICD_BF16_H
#include <stdint.h>
#include <string.h>
#ifndef ICD_DEVICE
#define ICD_DEVICE
#endif

typedef struct {
    uint16_t bits;
} bf16;

static ICD_DEVICE inline float bf16_to_float(bf16 x)
{
    uint32_t u = (uint32_t)x.bits << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}
/* Round to nearest, ties to even; NaN stays NaN, what is too large becomes infinity. */
static ICD_DEVICE inline bf16 bf16_from_float(float f)
{
    uint32_t u;
    bf16 r;
    memcpy(&u, &f, 4);
    if ((u & 0x7fffffffu) > 0x7f800000u)
        r.bits = (uint16_t)(u >> 16 | 0x40);
    else
        r.bits = (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
    return r;
}

#endif
