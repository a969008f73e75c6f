/* lib/nn/residual.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return residual(t, &in[0], &in[1], *(double *)ctx);
}
static struct var *self(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return residual(t, &in[0], &in[0], *(double *)ctx);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (int on = 0; on < 2; on++) {
            double p = on ? 0.4 : 0;
            struct grad g = grad_new(seed, forward, &p);
            GRAD_INPUT(&g, "x", 1, 3, 7, 5);
            GRAD_INPUT(&g, "sub", 1, 3, 7, 5);
            grad_check(&g, on ? "residual with dropout" : "residual");
            g = grad_new(seed, self, &p);
            GRAD_INPUT(&g, "x", 1, 3, 7);
            grad_check(&g, "residual of x with itself");
        }
    TEST_EXIT();
}
