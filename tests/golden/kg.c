/* KG-injection, label attention and both losses against PyTorch: the goldens of make_kg.py (eqs 1-9), for every option.
 * D', scores and losses within 1e-5, gradients within 1e-4 relative. What was saved says the same. */
#include "lib/model/knowledge.h"
#include "lib/util/err.h"
#include "tests/test.h"

static struct st_file *f;
static const struct backend *be;

static const struct st_tensor *want(const char *a, const char *b)
{
    char name[200];
    snprintf(name, sizeof name, "%s%s", a, b);
    const struct st_tensor *t = st_find(f, name);
    if (!t) {
        printf("not ok golden: no tensor %s\n", name);
        exit(1);
    }
    return t;
}
static void *copy(const char *name)
{
    const struct st_tensor *t = want(name, "");
    return memcpy(malloc(t->bytes), t->data, t->bytes);
}

static const struct variant {
    const char *name;
    struct kg_cfg cfg;
    bool full;
} variants[] = {
    {"literal", {.chunk = 11}, false},
    {"full", {.chunk = 11}, true},
    {"tanh", {.chunk = 11, .tanh = true, .scale = KG_SQRT}, false},
    {"norm", {.chunk = 11, .norm = true}, false},
    {"gate", {.chunk = 11, .gate = true}, false},
    {"shared", {.chunk = 11, .share_w = true}, false},
    {"expression", {.chunk = 11, .pool = KG_EXPRESSION}, true},
    {"code", {.chunk = 11, .pool = KG_CODE}, true},
    {"labels", {.chunk = 11, .into = KG_LABELS}, false},
    {"decoder", {.chunk = 11, .into = KG_DECODER}, false},
    {"alone", {.chunk = 1, .pool = KG_EXPRESSION}, false},
};

struct job {
    struct model *m;
    const struct variant *v;
    struct tape t;
    real *loss;          /* device: text, labels */
    struct encoded e;
    struct var *logits;
};

static void upload(struct model *m, const char *parameter, const char *name)
{
    struct param *p = params_find(&m->params, parameter);
    const struct st_tensor *t = want(name, "");
    float *x = malloc(t->bytes);
    if (!p)
        return free(x);
    CHECK(st_numel(t) == tensor_numel(&p->x.v) && st_to_float(t, x) == 0 &&
          be->upload(p->x.v.data, x, t->bytes) == 0);
    free(x);
}

static void job_open(struct job *j, const struct variant *v)
{
    struct knowledge *k;
    int32_t *ids = copy("kg.ids"), *text = copy("kg.text");
    *j = (struct job){.v = v, .loss = be->alloc(2 * sizeof(real))};
    if (model_open(&j->m, "tests/golden/t5-v1.0") || model_add_label_attn(j->m, 3, j->m->arch.D) ||
        knowledge_of(&k, &v->cfg, ids, (struct kg_text *)text, want("kg.text", "")->dim[0]) ||
        model_add_knowledge(j->m, k) || model_alloc(j->m, be, true) ||
        model_weights(j->m, "tests/golden/t5-v1.0") || tape_init(&j->t, be)) {
        printf("not ok %s: %s\n", v->name, err_msg());
        exit(1);
    }
    j->m->kg->full = v->full;
    j->m->arch.dropout = 0;
    static const char *const names[][2] = {{"icd.label_attn.W", "W"}, {"icd.label_attn.U", "U"},
                                           {"icd.label_attn.w", "w"}, {"icd.label_attn.b", "b"},
                                           {"icd.kg.W", "Wkg"}, {"icd.kg.gate", "gate"}, {"icd.kg.norm", "norm"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        upload(j->m, names[i][0], names[i][1]);
    free(ids);
    free(text);
}

static void job_close(struct job *j)
{
    tape_free(&j->t);
    be->free(j->loss);
    model_free(j->m);
}

static void forward(struct tape *t, void *ctx)
{
    struct job *j = ctx;
    struct model *m = j->m;
    const struct st_tensor *s = want("ids", ""), *u = want("dec", ""), *y = want("y", "");
    int32_t *ids = copy("ids"), *len = copy("len"), *dec = copy("dec"), *target = copy("target"), n = 0;
    float *labels = copy("y");
    j->e = model_encode(m, t, s->dim[0], s->dim[1], ids, len);
    for (int64_t i = 0; i < st_numel(u); i++)
        n += target[i] >= 0;
    struct tensor d = tape_i32(t, dec, 2, u->dim), tg = tape_i32(t, target, 2, u->dim);
    struct tensor Y = tape_real(t, labels, 2, y->dim), both = TENSOR(j->loss, DT_REAL, 2);
    struct tensor gen = TENSOR(j->loss, DT_REAL, 1), att = TENSOR(j->loss + 1, DT_REAL, 1);
    struct label_attn_w w = model_label_attn(m);
    void *all[] = {ids, len, dec, target, labels};
    for (int i = 0; i < 5; i++)
        free(all[i]);
    t->be->op.fill(&both, 0);
    j->logits = label_attn(t, j->e.att, &j->e.len, &w);
    bce(t, j->logits, &Y, 1.0 / (double)st_numel(y), &att);
    struct var *h = m->family->decode(m, t, &d, j->e.dec, &j->e.len, NULL);
    xent(t, h, &m->params.p[m->head].x, m->arch.hscale, &tg, 1.0 / n, &gen);
    if (t->grad)
        tape_backward(t);
}

static void run(struct job *j, bool grad)
{
    struct tensor g = TENSOR(j->m->params.grad, DT_REAL, j->m->params.numel);
    be->op.fill(&g, 0);
    tape_reset(&j->t);
    j->t.grad = grad;
    CHECK(tape_run(&j->t, forward, j) == 0);
}

/* What is on the device at x against a golden. */
static void same(const void *x, const struct st_tensor *t, double tol)
{
    int64_t n = st_numel(t);
    float *expect = malloc(t->bytes);
    real *got = malloc((size_t)n * sizeof *got);
    CHECK(st_to_float(t, expect) == 0 && be->download(got, x, (size_t)n * sizeof *got) == 0);
    for (int64_t i = 0; i < n; i++)
        CHECK_NEAR(got[i], expect[i], tol);
    free(expect);
    free(got);
}

static void values(struct job *j)
{
    const char *v = j->v->name;
    const struct st_tensor *d1 = want(v, ".D1");
    int32_t *len = copy("len");
    const struct var *h = j->v->cfg.into == KG_LABELS ? j->e.att : j->e.dec;
    for (int64_t b = 0, T = d1->dim[1], D = d1->dim[2]; b < d1->dim[0]; b++) { /* padding is not compared */
        struct st_tensor one = *d1;
        one.dim[0] = 1;
        one.dim[1] = len[b];
        one.bytes = (size_t)(len[b] * D) * sizeof(float);
        one.data = (const char *)d1->data + (size_t)(b * T * D) * sizeof(float);
        same((const real *)h->v.data + b * T * D, &one, 1e-5);
    }
    same(j->logits->v.data, want(v, ".logits"), 1e-5);
    same(j->loss, want(v, ".loss"), 1e-5);
    free(len);
}

static void gradient(struct job *j, const char *parameter, const char *name)
{
    char key[200];
    struct param *p = params_find(&j->m->params, parameter);
    snprintf(key, sizeof key, "%s.grad.%s", j->v->name, name);
    const struct st_tensor *t = st_find(f, key);
    if (!t) { /* not used in this variant */
        CHECK(!p || p->x.v.nd == 2);
        return;
    }
    CHECK(p != NULL);
    int64_t n = st_numel(t);
    float *expect = malloc(t->bytes);
    double norm = 0;
    CHECK(st_to_float(t, expect) == 0);
    for (int64_t i = 0; i < n; i++)
        norm += (double)expect[i] * (double)expect[i];
    CHECK(norm > 0);
    if (p)
        same(p->x.g.data, t, 1e-4 * sqrt(norm / (double)n));
    free(expect);
}

static void gradients(struct job *j)
{
    static const char *const names[][2] = {
        {"icd.label_attn.W", "W"}, {"icd.label_attn.U", "U"}, {"icd.label_attn.w", "w"}, {"icd.label_attn.b", "b"},
        {"icd.kg.W", "Wkg"}, {"icd.kg.gate", "gate"}, {"icd.kg.norm", "norm"}, {"shared.weight", "shared.weight"},
        {"encoder.block.0.layer.0.SelfAttention.q.weight", "encoder.block.0.layer.0.SelfAttention.q.weight"},
        {"encoder.final_layer_norm.weight", "encoder.final_layer_norm.weight"},
        {"encoder.block.1.layer.1.DenseReluDense.wo.weight", "encoder.block.1.layer.1.DenseReluDense.wo.weight"},
        {"decoder.block.1.layer.1.EncDecAttention.k.weight", "decoder.block.1.layer.1.EncDecAttention.k.weight"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        gradient(j, names[i][0], names[i][1]);
    struct param *memory = params_find(&j->m->params, "icd.kg.memory");
    real *g = malloc((size_t)tensor_numel(&memory->x.v) * sizeof *g);
    CHECK(be->download(g, memory->x.g.data, (size_t)tensor_numel(&memory->x.v) * sizeof *g) == 0);
    for (int64_t i = 0; i < tensor_numel(&memory->x.v); i++)
        CHECK(g[i] == 0);
    free(g);
}

int main(void)
{
    if (backend_open("cpu", 2, &be) || st_open(&f, "tests/golden/kg/golden.safetensors"))
        return 1;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct job j;
        char name[64];
        job_open(&j, &variants[i]);
        CHECK(knowledge_refresh(j.m, &j.t) == 0);
        run(&j, false);
        values(&j);
        snprintf(name, sizeof name, "values: %s", variants[i].name);
        DONE(name);
        run(&j, true);
        values(&j);
        gradients(&j);
        snprintf(name, sizeof name, "gradients: %s", variants[i].name);
        DONE(name);
        job_close(&j);
    }
    st_close(f);
    TEST_EXIT();
}
