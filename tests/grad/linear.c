/* lib/nn/linear.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return linear(t, &in[0], &in[1]);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct grad g = grad_new(seed, forward, NULL);
        GRAD_INPUT(&g, "x", 1, 3, 7, 5);
        GRAD_INPUT(&g, "w", 1, 11, 5);
        grad_check(&g, "linear (B,T,I)");
        g = grad_new(seed, forward, NULL);
        GRAD_INPUT(&g, "x", 1, 1, 5);
        GRAD_INPUT(&g, "w", 1, 1, 5);
        grad_check(&g, "linear, one row and one output");
    }
    TEST_EXIT();
}
