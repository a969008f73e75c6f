/* What ops check and compute of their arguments' shapes, in every backend. Valid C11 and C++17. */
#ifndef ICD_SHAPE_H
#define ICD_SHAPE_H
#include "kernels/backend.h"
#include "lib/util/err.h"

/* Ops say at entry what they rely on; a violation is a bug of the caller. */
#define NEED(op, cond)                                     \
    do {                                                   \
        if (!(cond)) {                                     \
            backend_fail(E_BUG, "%s: not %s", op, #cond); \
            return;                                        \
        }                                                  \
    } while (0)

static inline bool flat(const struct tensor *t) /* real and contiguous, or absent */
{
    return !t || (t->dtype == DT_REAL && tensor_contiguous(t));
}
static inline bool same_size(const struct tensor *a, const struct tensor *b)
{
    return !a || !b || tensor_numel(a) == tensor_numel(b);
}
/* A tensor as rows of its last dimension. */
static inline int64_t row_len(const struct tensor *t)
{
    return t->dim[t->nd - 1];
}
static inline int64_t row_count(const struct tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->nd - 1; i++)
        n *= t->dim[i];
    return n;
}
/* Offset of row `r` of a possibly strided tensor. */
static inline int64_t row_offset(const struct tensor *t, int64_t r)
{
    int64_t off = 0;
    for (int i = t->nd - 2; i >= 0; i--) {
        off += r % t->dim[i] * t->stride[i];
        r /= t->dim[i];
    }
    return off;
}
/* Row stride as a leading dimension: libraries want at least the row's length even where there is one row only. */
static inline int64_t leading(const struct tensor *t)
{
    int64_t ld = t->stride[t->nd - 2], cols = row_len(t);
    if (ld > cols)
        return ld;
    return cols > 0 ? cols : 1;
}

#endif
