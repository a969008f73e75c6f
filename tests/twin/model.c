/* Whole models on the CPU and on the GPU: gradients, accumulation, training whose losses follow the CPU's, a run that
 * is taken up again, greedy tokens, memory, and repetition bit for bit; T5 v1.0 and v1.1, fp32 and bf16.
 * Beside it: ops.c, the same for single ops. */
#include "lib/train/train.h"
#include "lib/util/rng.h"
#include "tests/twin/open.h"
#include <unistd.h>

enum { V = 50, L = 4, NOTES = 32, BATCH = 4, GROUP = 8, STEPS = 20, NEW = 12 };
static const char *const archs[] = {"t5:d_model=16,layers=1,heads=2,d_kv=8,d_ff=32",
                                    "t5:d_model=16,layers=1,heads=2,d_kv=8,d_ff=32,gated=1"};

struct rig {
    struct model *m;
    struct dataset d;
    struct train_cfg c;
    struct trainer t;
    struct train_state s;
    double loss[STEPS];
};

/* Notes of 3 to 16 tokens with targets of 1 to 8; what a note is about stands in it. */
static void made_up(struct dataset *d)
{
    struct rng r = rng_new(3, 0);
    *d = (struct dataset){.labels = L};
    for (int i = 0; i < NOTES; i++) {
        char id[16];
        int32_t ids[16], target[8], label[2] = {i % L, (i + 1) % L};
        int64_t len = 3 + (int64_t)rng_below(&r, 14), n = 1 + (int64_t)rng_below(&r, 8);
        for (int j = 0; j < 16; j++)
            ids[j] = 3 + (int32_t)rng_below(&r, V - 3);
        for (int j = 0; j < 8; j++)
            target[j] = 10 + i % L;
        ids[0] = 10 + i % L;
        ids[len - 1] = target[n - 1] = 1;
        snprintf(id, sizeof id, "n%d", i);
        CHECK(dataset_note(d, id, strlen(id), SPLIT_TRAIN, ids, len) == 0);
        CHECK(dataset_target(d, id, strlen(id), SPLIT_TRAIN, target, n, label, 1 + i % 2) == 0);
    }
    CHECK(dataset_seal(d) == 0);
}

static void rig_open(struct rig *r, const struct backend *be, const char *arch, enum dtype products, int64_t batch,
                     double dropout)
{
    *r = (struct rig){.c = {.gen = true, .att = true, .att_weight = 0.5, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8,
                            .decay = 0.01, .clip = 1, .seed = 5, .batch = batch, .accumulate = GROUP / batch}};
    made_up(&r->d);
    CHECK(model_new(&r->m, arch, V, 0, 1) == 0);
    r->m->arch.dropout = dropout;
    r->m->params.products = products;
    if (model_add_label_attn(r->m, L, 8) || model_alloc(r->m, be, true))
        abort();
    params_init(&r->m->params, 1);
    if (trainer_init(&r->t, r->m, be, &r->c, &r->d))
        abort();
    r->s.best = NAN;
}
static void rig_close(struct rig *r)
{
    trainer_free(&r->t);
    model_free(r->m);
    dataset_free(&r->d);
    buf_free(&r->s.log);
}
static real *fetched(const struct rig *r, const real *flat)
{
    size_t n = (size_t)r->m->params.numel;
    real *p = malloc(n * sizeof *p);
    if (!p || r->t.be->download(p, flat, n * sizeof *p))
        abort();
    return p;
}
static bool same_bits(const struct rig *a, const real *x, const struct rig *b, const real *y)
{
    real *p = fetched(a, x), *q = fetched(b, y);
    bool same = !memcmp(p, q, (size_t)a->m->params.numel * sizeof *p);
    free(p);
    free(q);
    return same;
}
static void gradients(struct rig *r, struct step_result *out)
{
    if (step_gradients(&r->t, r->d.of[SPLIT_TRAIN], GROUP, 0, out)) {
        fprintf(stderr, "%s\n", err_msg());
        test_bad_++;
    }
}
static void steps(struct rig *r, int n)
{
    struct step_result g;
    for (int i = 0; i < n; i++) {
        int64_t at = r->s.step * GROUP % NOTES;
        CHECK(step_gradients(&r->t, r->d.of[SPLIT_TRAIN] + at, GROUP, r->s.micro, &g) == 0);
        CHECK(optimizer_step(&r->t.opt, &r->c, 1e-2, g.norm, r->s.step + 1) == 0);
        r->loss[r->s.step++] = g.loss;
        r->s.micro += (uint64_t)(GROUP / r->c.batch);
    }
}

/* Largest relative L2 distance of a parameter's gradients. */
static double apart(const struct rig *a, const struct rig *b)
{
    real *p = fetched(a, a->m->params.grad), *q = fetched(b, b->m->params.grad);
    double most = 0;
    for (int i = 0; i < a->m->params.n; i++) {
        const struct param *x = &a->m->params.p[i];
        double diff = 0, all = 0;
        for (int64_t j = x->offset; j < x->offset + tensor_numel(&x->w); j++) {
            diff += pow((double)p[j] - (double)q[j], 2);
            all += pow((double)p[j], 2);
        }
        double e = sqrt(diff / all);
        if (!(e <= most)) /* NaN too */
            most = e;
    }
    free(p);
    free(q);
    return most;
}

static void test_gradients(const char *arch, enum dtype products)
{
    struct rig a, b;
    struct step_result x, y;
    rig_open(&a, cpu, arch, DT_REAL, BATCH, 0.1);
    rig_open(&b, gpu, arch, products, BATCH, 0.1);
    gradients(&a, &x);
    gradients(&b, &y);
    bool bf = products == DT_BF16;
    CHECK_NEAR(x.loss_gen, y.loss_gen, (bf ? 1e-2 : 1e-5) * x.loss_gen);
    CHECK_NEAR(x.loss_att, y.loss_att, (bf ? 1e-2 : 1e-5) * x.loss_att);
    CHECK_NEAR(apart(&a, &b), 0, bf ? 6e-2 : 1e-4);
    rig_close(&a);
    rig_close(&b);
    DONE(bf ? "bf16: every gradient near the CPU's" : "fp32: every gradient the CPU's");
}

static void test_accumulation(const char *arch, enum dtype products)
{
    struct rig a, b;
    struct step_result x, y;
    bool bf = products == DT_BF16;
    rig_open(&a, gpu, arch, products, GROUP, 0);
    rig_open(&b, gpu, arch, products, 2, 0);
    gradients(&a, &x);
    gradients(&b, &y);
    CHECK_NEAR(x.loss, y.loss, (bf ? 1e-2 : 1e-5) * x.loss);
    CHECK_NEAR(apart(&a, &b), 0, bf ? 3e-2 : 1e-4);
    gradients(&b, &y); /* does not remember the step before */
    CHECK_NEAR(apart(&a, &b), 0, bf ? 3e-2 : 1e-4);
    rig_close(&a);
    rig_close(&b);
    DONE(bf ? "bf16: one batch is several accumulated" : "fp32: one batch is several accumulated");
}

/* Tokens of the first BATCH notes. */
static void tokens(struct rig *r, int32_t *out, int32_t *n)
{
    batch_fill(&r->t.batch, &r->d, r->d.of[SPLIT_TRAIN], BATCH, &r->m->arch);
    r->t.tape.grad = r->t.tape.train = false;
    train_loss_reset(&r->t);
    tape_reset(&r->t.tape);
    CHECK(tape_run(&r->t.tape, train_forward, &r->t) == 0);
    const struct generate how = {.max_new = NEW};
    CHECK(generate_greedy(r->m, &r->t.tape, r->t.enc.dec, &r->t.enc.len, &how, out, n) == 0);
}
static void test_greedy(struct rig *a, struct rig *b)
{
    int32_t x[BATCH * NEW] = {0}, y[BATCH * NEW] = {0}, nx[BATCH], ny[BATCH];
    int64_t said = 0;
    real *p = fetched(b, b->m->params.value);
    CHECK(a->t.be->upload(a->m->params.value, p, (size_t)b->m->params.numel * sizeof *p) == 0);
    params_changed(&a->m->params);
    free(p);
    tokens(a, x, nx);
    tokens(b, y, ny);
    CHECK(!memcmp(nx, ny, sizeof nx) && !memcmp(x, y, sizeof x));
    for (int i = 0; i < BATCH; i++)
        said += ny[i];
    CHECK(said > 0);
    DONE("fp32: greedy tokens are the CPU's");
}

static void test_training(const char *arch, enum dtype products)
{
    struct rig a, b, c;
    bool bf = products == DT_BF16;
    rig_open(&a, cpu, arch, DT_REAL, BATCH, 0.1);
    rig_open(&b, gpu, arch, products, BATCH, 0.1);
    rig_open(&c, gpu, arch, products, BATCH, 0.1);
    steps(&a, STEPS);
    steps(&b, NOTES / GROUP); /* has seen every shape */
    size_t grown = arena_grown(b.t.tape.dev);
    steps(&b, STEPS - NOTES / GROUP);
    CHECK(arena_grown(b.t.tape.dev) == grown);
    for (int i = 0; i < STEPS; i++)
        CHECK_NEAR(a.loss[i], b.loss[i], (bf ? 3e-2 : 2e-4) * a.loss[i]);
    CHECK(b.loss[STEPS - 1] < 0.8 * b.loss[0]);
    DONE(bf ? "bf16: losses of 20 steps follow the CPU's" : "fp32: losses of 20 steps are the CPU's");
    steps(&c, 3);
    CHECK(!memcmp(b.loss, c.loss, 3 * sizeof *b.loss));
    DONE(bf ? "bf16: the same steps give the same bits" : "fp32: the same steps give the same bits");
    if (!bf)
        test_greedy(&a, &b);
    rig_close(&a);
    rig_close(&b);
    rig_close(&c);
}

static void test_resume(const char *arch, enum dtype products)
{
    struct rig a, b, c;
    char dir[] = "/tmp/icdpipe-twin.XXXXXX", path[64];
    struct run_dir d = {.lock = -1};
    json_t *about = json_pack("{s:{}}", "options");
    if (!mkdtemp(dir) || !about)
        abort();
    rig_open(&a, gpu, arch, products, BATCH, 0.1);
    rig_open(&b, gpu, arch, products, BATCH, 0.1);
    rig_open(&c, gpu, arch, products, BATCH, 0.1);
    steps(&a, 6);
    steps(&b, 3);
    b.s.group = 3;
    b.s.threads = 1;
    strcpy(b.s.device, "cpu");
    c.c.max_steps = 6;
    CHECK(run_dir_open(&d, dir, false) == 0 && checkpoint_save(dir, b.m, &b.s, about) == 0);
    CHECK(checkpoint_load(dir, c.m, &c.s, about, &c.c, &c.d) == 0 && c.s.step == 3 && c.s.micro == b.s.micro);
    optimizer_free(&c.t.opt);
    CHECK(optimizer_init(&c.t.opt, &c.m->params) == 0);
    steps(&c, 3);
    CHECK(!memcmp(a.loss + 3, c.loss + 3, 3 * sizeof *a.loss));
    CHECK(same_bits(&a, a.m->params.value, &c, c.m->params.value) && same_bits(&a, a.m->params.m, &c, c.m->params.m) &&
          same_bits(&a, a.m->params.v, &c, c.m->params.v));
    snprintf(path, sizeof path, "%s/checkpoint/state.safetensors", dir);
    CHECK(unlink(path) == 0);
    run_dir_close(&d); /* with no state there, the checkpoint goes */
    CHECK(rmdir(dir) == 0);
    json_decref(about);
    rig_close(&a);
    rig_close(&b);
    rig_close(&c);
    DONE(products == DT_BF16 ? "bf16: taken up again, the same bits" : "fp32: taken up again, the same bits");
}

int main(void)
{
    if (!twin_open())
        return 0;
    enum dtype none;
    CHECK(backend_precision(cpu, "bf16", &none) == E_NODEVICE && strstr(err_msg(), "cpu"));
    CHECK(backend_precision(gpu, "bf16", &none) == 0 && none == DT_BF16);
    DONE("bf16 is the GPU's");
    for (int i = 0; i < 2; i++) {
        printf("# %s\n", archs[i]);
        for (int p = 0; p < 2; p++) {
            enum dtype products = p ? DT_BF16 : DT_REAL;
            test_gradients(archs[i], products);
            if (i > 0)
                continue;
            test_accumulation(archs[i], products);
            test_training(archs[i], products);
            test_resume(archs[i], products);
        }
    }
    TEST_EXIT();
}
