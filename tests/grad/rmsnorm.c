/* lib/nn/rmsnorm.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return rmsnorm(t, &in[0], &in[1], 1e-6);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct grad g = grad_new(seed, forward, NULL);
        GRAD_INPUT(&g, "x", 1, 3, 7, 11);
        GRAD_INPUT(&g, "w", 1, 11);
        grad_check(&g, "rmsnorm");
    }
    TEST_EXIT();
}
