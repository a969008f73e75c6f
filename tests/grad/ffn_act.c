/* lib/nn/ffn_act.c */
#include "tests/grad/grad.h"

struct how {
    enum act kind;
    double p;
};
static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    const struct how *how = ctx;
    return ffn_act(t, &in[0], how->kind, how->p);
}

int main(void)
{
    static const char *names[] = {"relu", "gated gelu", "gated silu"};
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (int kind = ACT_RELU; kind <= ACT_SILU_GATED; kind++)
            for (int on = 0; on < 2; on++) {
                struct how how = {(enum act)kind, on ? 0.3 : 0};
                struct grad g = grad_new(seed, forward, &how);
                grad_avoid_zero(GRAD_INPUT(&g, "x", 1, 3, 7, 22));
                char name[64];
                snprintf(name, sizeof name, "%s%s", names[kind], on ? " with dropout" : "");
                grad_check(&g, name);
            }
    TEST_EXIT();
}
