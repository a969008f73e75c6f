/* AdamW with clipping over parameters with and without decay, against torch.optim.AdamW and clip_grad_norm_. */
#include "lib/train/train.h"
#include "tests/test.h"

/* torch 2: betas .9 .999, eps 1e-8, lr 1e-2, decay .1 on p and r and 0 on q; r.grad None; clipped to norm 1. */
static const real grads[3][6] = {{0.1f, -0.2f, 0, 3, 1, 0.5f}, {-0.3f, 0.2f, 0.05f, 0.01f, 0, -0.01f},
                                 {2, 1, -1, 0.5f, 0.25f, 0.125f}};
static const double norms[3] = {3.20936131, 0.364280134, 2.51557636};
static const double want[3][7] = {
    {0.489500016, -1.23874998, 1.99800003, 0.114875004, 0.99000001, -3.00999999, 4},
    {0.495720237, -1.24262369, 1.98856068, 0.107980289, 0.983299434, -3.01620984, 4},
    {0.491090268, -1.24887478, 1.99219286, 0.101416461, 0.97642231, -3.02272296, 4}};

static void setup(struct params *ps, const struct backend *be)
{
    static const real start[7] = {0.5f, -1.25f, 2, 0.125f, 1, -3, 4};
    CHECK(PARAM(ps, "p", 1, true, 2, 2) == 0 && PARAM(ps, "q", 1, false, 2) == 1 && PARAM(ps, "r", 1, true, 1) == 2);
    CHECK(params_alloc(ps, be, true) == 0);
    CHECK(be->upload(ps->value, start, sizeof start) == 0);
}

int main(void)
{
    const struct backend *be;
    struct params ps = {0};
    struct optimizer o;
    struct train_cfg c = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 0.1, .clip = 1};
    real value[7], moments[2][7];
    double norm;
    CHECK(backend_open("cpu", 2, &be) == 0);
    setup(&ps, be);
    CHECK(optimizer_init(&o, &ps) == 0);
    for (int s = 0; s < 3; s++) {
        optimizer_zero(&o);
        CHECK(be->upload(ps.grad, grads[s], sizeof grads[s]) == 0);
        CHECK(optimizer_norm(&o, &norm) == 0);
        CHECK_NEAR(norm, norms[s], 1e-6);
        CHECK(optimizer_step(&o, &c, 1e-2, norm, s + 1) == 0);
        CHECK(be->download(value, ps.value, sizeof value) == 0);
        for (int i = 0; i < 7; i++)
            CHECK_NEAR(value[i], want[s][i], 1e-6);
        if (s == 1) { /* taken up again from the moments alone: the untouched parameter stays untouched */
            optimizer_free(&o);
            CHECK(optimizer_init(&o, &ps) == 0);
            CHECK(o.touched[0] && o.touched[1] && !o.touched[2]);
        }
    }
    DONE("as torch");

    CHECK(be->download(moments[0], ps.m, sizeof moments[0]) == 0);
    CHECK(be->download(moments[1], ps.v, sizeof moments[1]) == 0);
    CHECK(moments[0][6] == 0 && moments[1][6] == 0);
    optimizer_free(&o);
    params_free(&ps);
    setup(&ps, be);
    CHECK(optimizer_init(&o, &ps) == 0);
    c.clip = 0;
    c.decay = 0;
    CHECK(be->upload(ps.grad, grads[0], sizeof grads[0]) == 0 && optimizer_norm(&o, &norm) == 0);
    CHECK(optimizer_step(&o, &c, 1e-2, norm, 1) == 0 && be->download(value, ps.value, sizeof value) == 0);
    CHECK_NEAR(value[0], 0.49, 1e-6); /* the first step is lr * sign(g), whatever the scale of g */
    CHECK_NEAR(value[1], -1.24, 1e-6);
    CHECK(value[2] == 2);
    DONE("without clipping and decay");

    optimizer_free(&o); /* clip_grad_norm_ divides by norm + 1e-6, which a tiny norm shows in the first moment */
    params_free(&ps);
    setup(&ps, be);
    real tiny[6] = {3e-6f, 0, 0, 0, 4e-6f, 0};
    c.clip = 1e-6;
    CHECK(optimizer_init(&o, &ps) == 0 && be->upload(ps.grad, tiny, sizeof tiny) == 0);
    CHECK(optimizer_norm(&o, &norm) == 0 && optimizer_step(&o, &c, 1e-2, norm, 1) == 0);
    CHECK(be->download(moments[0], ps.m, sizeof moments[0]) == 0);
    CHECK_NEAR(moments[0][0], 0.1 * 3e-6 * (1e-6 / 6e-6), 1e-13);
    DONE("clipping of a tiny gradient");

    real bad[6] = {NAN};
    CHECK(be->upload(ps.grad, bad, sizeof bad) == 0 && optimizer_norm(&o, &norm) == 0 && !isfinite(norm));
    DONE("NaN is seen in the norm");
    optimizer_free(&o);
    params_free(&ps);
    TEST_EXIT();
}
