/* lib/nn/dropout.c */
#include "tests/grad/grad.h"

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    return dropout(t, &in[0], *(double *)ctx);
}

/* Each call drops others, and so does another step; none drops outside training. */
static void sites(struct tape *t, void *ctx)
{
    static real one[64];
    struct var *x = tape_var(t, false, 1, (int64_t[]){64}), *y[3];
    for (int i = 0; i < 64; i++)
        one[i] = 1;
    t->be->upload(x->v.data, one, sizeof one);
    for (int i = 0; i < 3; i++) {
        t->site = i == 2 ? 1 << 20 : t->site;
        y[i] = dropout(t, x, 0.5);
    }
    *(bool *)ctx = t->train ? memcmp(y[0]->v.data, y[1]->v.data, sizeof one) && memcmp(y[0]->v.data, one, sizeof one) &&
                                  memcmp(y[0]->v.data, y[2]->v.data, sizeof one)
                            : !memcmp(y[0]->v.data, one, sizeof one) && !memcmp(y[1]->v.data, one, sizeof one);
}

int main(void)
{
    const struct backend *be;
    struct tape t;
    CHECK(backend_open("cpu", 1, &be) == 0 && tape_init(&t, be) == 0);
    for (int train = 0; train < 2; train++) {
        bool right = false;
        t.train = train;
        t.key = 7;
        CHECK(tape_run(&t, sites, &right) == 0 && right);
    }
    tape_free(&t);
    DONE("masks differ from site to site and are off outside training");
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (int on = 0; on < 2; on++) {
            double p = on ? 0.3 : 0;
            struct grad g = grad_new(seed, forward, &p);
            GRAD_INPUT(&g, "x", 1, 3, 7, 11);
            grad_check(&g, on ? "dropout" : "dropout off");
        }
    TEST_EXIT();
}
