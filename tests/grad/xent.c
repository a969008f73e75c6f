/* lib/nn/xent.c */
#include "tests/grad/grad.h"

enum { B = 3, U = 7, D = 5, V = 11 };
static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    struct tensor target = tape_i32(t, ctx, 2, (int64_t[]){B, U});
    xent(t, &in[0], &in[1], 0.4, &target, 0.3, loss);
    return NULL;
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct rng r = rng_new(seed, 1);
        int32_t target[B * U];
        for (int i = 0; i < B * U; i++)
            target[i] = i % 5 == 3 ? -1 : (int32_t)rng_below(&r, V);
        struct grad g = grad_new(seed, forward, target);
        GRAD_INPUT(&g, "h", 1, B, U, D);
        GRAD_INPUT(&g, "head", 1, V, D);
        grad_check(&g, "cross-entropy through the head");
    }
    TEST_EXIT();
}
