/* lib/model/t5.c as a whole: two losses (text and label attention) over padded notes, with dropout; every element of
 * every parameter. */
#include "lib/model/model.h"
#include "tests/grad/grad.h"

static const int32_t ids[] = {5, 9, 3, 7, 1, 4, 6, 1, 0, 0}, len[] = {5, 3};
static const int32_t dec[] = {0, 8, 5, 0, 3, 3}, target[] = {8, 5, 1, 3, 1, -1};
static const real labels[] = {1, 0, 1, 0, 1, 1};

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    struct model *m = ctx; /* its parameters are views into in[0] */
    struct tensor x = tape_i32(t, ids, 2, (int64_t[]){2, 5}), n = tape_i32(t, len, 1, (int64_t[]){2});
    struct tensor d = tape_i32(t, dec, 2, (int64_t[]){2, 3}), tg = tape_i32(t, target, 2, (int64_t[]){2, 3});
    struct tensor y = tape_real(t, labels, 2, (int64_t[]){2, 3});
    struct var *h = m->family->encode(m, t, &x, &n);
    struct label_attn_w w = model_label_attn(m);
    bce(t, label_attn(t, h, &n, &w), &y, 1.0 / 6, loss);
    xent(t, m->family->decode(m, t, &d, h, &n, NULL), &m->params.p[m->head].x, m->arch.hscale, &tg, 1.0 / 5, loss);
    return NULL;
}

/* One input holds all parameters, as neighbours are read as one matrix; each is judged by its own scale. */
static void check(const char *arch, uint64_t seed, const char *name)
{
    struct model *m;
    const struct backend *be;
    if (model_new(&m, arch, 10, 0, 1) || model_add_label_attn(m, 3, 4) || backend_open("cpu", 1, &be) ||
        model_alloc(m, be, false))
        abort();
    params_init(&m->params, seed);
    struct grad g = grad_new(seed, forward, m);
    struct var all = *GRAD_INPUT(&g, "parameters", 0.1, m->params.numel);
    real *x = all.v.data, *dx = all.g.data, *start = g.start[0];
    for (int64_t i = 0; i < m->params.numel; i++) /* off the initial ones and zeros */
        x[i] += m->params.value[i];
    for (int i = 0; i < m->params.n; i++) {
        m->params.p[i].x.v.data = x + m->params.p[i].offset;
        m->params.p[i].x.g.data = dx + m->params.p[i].offset;
    }
    grad_run(&g, true);
    for (int i = 0; i < m->params.n; i++) {
        const struct param *p = &m->params.p[i];
        g.in[0] = p->x;
        g.start[0] = start + p->offset;
        double e = grad_error(&g, 0);
        if (!(e < GRAD_TOL)) {
            fprintf(stderr, "gradient of %s: relative error %g\n", p->name, e);
            test_bad_++;
        }
    }
    g.in[0] = all;
    g.start[0] = start;
    grad_free(&g);
    model_free(m);
    DONE(name);
}

int main(void)
{
    for (uint64_t seed = 2; seed <= 4; seed++) { /* with 1, a relu's kink lies between two points of the difference */
        check("t5:d_model=6,heads=2,d_kv=3,d_ff=5,layers=2,dec_layers=2,dropout=0.2", seed,
              "T5 v1.0 with label attention");
        check("t5:d_model=4,heads=1,d_kv=3,d_ff=6,layers=1,dec_layers=2,gated=1,dropout=0.1", seed,
              "T5 v1.1 with label attention");
    }
    TEST_EXIT();
}
