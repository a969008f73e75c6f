/* lib/nn/embed.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    struct tensor ids = tape_i32(t, ctx, 2, (int64_t[]){3, 4});
    return embed(t, &in[0], &ids);
}

int main(void)
{
    int32_t ids[12] = {0, 5, 5, 8, 5, 1, 0, 8, 8, 8, 8, 2}; /* repeated, first, last, never used */
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct grad g = grad_new(seed, forward, ids);
        GRAD_INPUT(&g, "table", 1, 9, 5);
        grad_check(&g, "embed");
    }
    TEST_EXIT();
}
