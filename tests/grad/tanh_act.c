/* lib/nn/tanh_act.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return tanh_act(t, &in[0]);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct grad g = grad_new(seed, forward, NULL);
        GRAD_INPUT(&g, "x", 1.5, 3, 7, 5);
        grad_check(&g, "tanh");
    }
    TEST_EXIT();
}
