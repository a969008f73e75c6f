/* lib/nn/gate.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return gate(t, &in[0], &in[1], &in[2]);
}
static struct var *self(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return gate(t, &in[0], &in[0], &in[0]);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct grad g = grad_new(seed, forward, NULL);
        GRAD_INPUT(&g, "x", 1, 3, 7, 5);
        GRAD_INPUT(&g, "sub", 1, 3, 7, 5);
        GRAD_INPUT(&g, "g", 2, 3, 7, 5);
        grad_check(&g, "gate");
        g = grad_new(seed, self, NULL);
        GRAD_INPUT(&g, "x", 1, 3, 7);
        grad_check(&g, "gate of x by itself");
    }
    TEST_EXIT();
}
