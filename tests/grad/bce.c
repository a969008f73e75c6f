/* lib/nn/bce.c */
#include "tests/grad/grad.h"

enum { B = 3, L = 7 };
static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    real y[B * L];
    for (int i = 0; i < B * L; i++)
        y[i] = i % 3 == 0;
    struct tensor target = tape_real(t, y, 2, (int64_t[]){B, L});
    bce(t, &in[0], &target, 0.3, loss);
    return NULL;
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct grad g = grad_new(seed, forward, NULL);
        GRAD_INPUT(&g, "logits", 3, B, L);
        grad_check(&g, "binary cross-entropy");
    }
    TEST_EXIT();
}
