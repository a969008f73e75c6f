/* The gradient checker must fail on wrong gradients: tanh with a backward that is wrong in one way each. */
#include "lib/nn/module.h"
#include "tests/grad/grad.h"

enum bug { RIGHT, SIGN, FACTOR, OVERWRITES, FORGETS_ONE, NOTHING, NANS, READS_JUNK, BUGS };
struct saved {
    struct var x, *y;
    enum bug bug;
};
static void bwd(struct tape *t, void *closure)
{
    const struct saved *s = closure;
    real *dx = s->x.g.data;
    const real *dy = s->y->g.data, *y = s->y->v.data;
    int64_t n = tensor_numel(&s->x.v);
    const real *junk = tape_scratch(t, DT_REAL, 1, &n).data;
    for (int64_t i = 0; i < n; i++) {
        real d = dy[i] * (1 - y[i] * y[i]);
        switch (s->bug) {
        case RIGHT: dx[i] += d; break;
        case SIGN: dx[i] -= d; break;
        case FACTOR: dx[i] += d * (real)(1 + 1e-5); break;
        case OVERWRITES: dx[i] = d; break;
        case FORGETS_ONE: dx[i] += i == n - 1 ? 0 : d; break;
        case NANS: dx[i] += i == 3 ? (real)NAN : d; break;
        case READS_JUNK: dx[i] += d + 0 * junk[i]; break;
        default: break;
        }
    }
}
static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    struct var *y = var_like(t, &in[0], true);
    t->be->op.tanh_fwd(&y->v, &in[0].v);
    struct saved *s = tape_closure(t, sizeof *s);
    *s = (struct saved){in[0], y, *(enum bug *)ctx};
    if (t->grad)
        tape_record(t, bwd, s);
    return y;
}

int main(void)
{
    static const char *names[BUGS] = {
        "passes what is right", "catches a wrong sign",           "catches a factor of 1.00001",
        "catches overwriting",  "catches a forgotten element",    "catches no backward at all",
        "catches NaN",          "catches use of unwritten memory"};
    for (int bug = RIGHT; bug < BUGS; bug++) {
        enum bug b = (enum bug)bug;
        struct grad g = grad_new(1, forward, &b);
        g.step = 1;
        GRAD_INPUT(&g, "x", 1, 3, 7);
        test_case(names[bug], grad_agrees(&g, false) == (bug == RIGHT));
        grad_free(&g);
    }
    TEST_EXIT();
}
