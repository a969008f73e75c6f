/* lib/nn/dropout.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return dropout(t, &in[0], *(double *)ctx);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (int on = 0; on < 2; on++) {
            double p = on ? 0.3 : 0;
            struct grad g = grad_new(seed, forward, &p);
            GRAD_INPUT(&g, "x", 1, 3, 7, 11);
            grad_check(&g, on ? "dropout" : "dropout off");
        }
    TEST_EXIT();
}
