/* For the files of lib/nn only: the few lines every module would repeat. */
#ifndef ICD_NN_MODULE_H
#define ICD_NN_MODULE_H
#include "lib/nn/nn.h"
#include "lib/util/err.h"

/* A new var of the shape and type of x. */
static inline struct var *var_like(struct tape *t, const struct var *x, bool grad)
{
    return tape_var_of(t, x->v.dtype, grad, x->v.nd, x->v.dim);
}
/* x itself under another name: shares value and gradient. */
static inline struct var *var_alias(struct tape *t, const struct var *x)
{
    struct var *y = tape_closure(t, sizeof *y);
    *y = *x;
    return y;
}
/* x(..,C) as rows (N,C); the modules' inputs are contiguous (attention's are not, it takes them as they are). */
static inline struct tensor rows_of(const struct tensor *x)
{
    int64_t cols = x->dim[x->nd - 1], n = tensor_numel(x);
    return RESHAPE(x, cols ? n / cols : 0, cols);
}
/* Gradient to add to, NULL when none is wanted. */
static inline const struct tensor *grad_of(const struct var *x)
{
    return x->g.data ? &x->g : NULL;
}
#define MUST(t, cond)                                              \
    do {                                                           \
        if (!(cond))                                               \
            tape_fail((t), E_BUG, "%s: not %s", __func__, #cond); \
    } while (0)

#endif
