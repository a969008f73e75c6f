/* Binary cross-entropy of logits(B,L) against y(B,L); the loss adds the gradient to the logits' right away.
 * Test: tests/grad/bce.c. */
#include "lib/nn/module.h"

void bce(struct tape *t, const struct var *logits, const struct tensor *y, double scale, struct tensor *loss)
{
    MUST(t, tensor_numel(&logits->v) == tensor_numel(y));
    t->be->op.bce(loss, t->grad ? grad_of(logits) : NULL, &logits->v, y, scale);
}
