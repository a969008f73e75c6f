/* T5 against Hugging Face transformers: the goldens of make_t5.py. Logits within 1e-5, loss and gradients within 1e-4
 * relative, ten AdamW steps within 1e-4, greedy tokens exactly; a saved directory holds the same tensors. */
#include "lib/model/model.h"
#include "lib/tensor/safetensors.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "tests/test.h"
#include <sys/stat.h>
#include <unistd.h>

struct golden {
    const char *dir;
    struct st_file *f;
    struct model *m;
    struct tape t;
    const struct backend *be;
    /* one forward */
    const char *in, *dec_in;         /* names of the input ids and, when given, of the decoder's */
    struct tensor dec, target, len;
    int64_t steps;                   /* > 0: decode with a cache, so many tokens at a time */
    real *loss;                      /* device */
    real *out;                       /* host: logits */
    int64_t rows;
    struct var *h;
};

static const struct st_tensor *want(struct golden *g, const char *name)
{
    const struct st_tensor *t = st_find(g->f, name);
    if (!t) {
        printf("not ok %s: no tensor %s\n", g->dir, name);
        exit(1);
    }
    return t;
}

static float *floats(struct golden *g, const char *name)
{
    const struct st_tensor *t = want(g, name);
    float *x = malloc(t->bytes + 1);
    if (st_to_float(t, x))
        abort();
    return x;
}

/* Files keep 4-byte alignment only by luck: copy. */
static int32_t *ints(struct golden *g, const char *name)
{
    const struct st_tensor *t = want(g, name);
    int32_t *x = malloc(t->bytes + 1);
    memcpy(x, t->data, t->bytes);
    return x;
}

static void encode(struct tape *t, void *ctx)
{
    struct golden *g = ctx;
    const struct st_tensor *s = want(g, g->in);
    int32_t *ids = ints(g, g->in), *len = malloc((size_t)s->dim[0] * sizeof *len);
    char name[64];
    snprintf(name, sizeof name, "%.*slen", (int)(strlen(g->in) - 3), g->in);
    for (int64_t b = 0; b < s->dim[0]; b++)
        len[b] = (int32_t)s->dim[1];
    if (st_find(g->f, name))
        memcpy(len, want(g, name)->data, (size_t)s->dim[0] * sizeof *len);
    struct tensor x = tape_i32(t, ids, 2, s->dim);
    g->len = tape_i32(t, len, 1, s->dim);
    free(ids);
    free(len);
    g->h = g->m->family->encode(g->m, t, &x, &g->len);
}

/* labels -> decoder input and targets, as T5 shifts them; or the decoder input that the golden names. */
static void decoder_input(struct golden *g, int32_t **dec, int32_t **target, int64_t dim[2])
{
    const char *name = g->dec_in ? g->dec_in : "labels";
    const struct st_tensor *s = want(g, name);
    int32_t *l = ints(g, name);
    dim[0] = s->dim[0];
    dim[1] = s->dim[1];
    *dec = malloc(s->bytes);
    *target = malloc(s->bytes);
    for (int64_t i = 0; i < dim[0] * dim[1]; i++) {
        (*target)[i] = l[i] < 0 ? -1 : l[i];
        (*dec)[i] = g->dec_in ? l[i] : i % dim[1] == 0 ? g->m->arch.start : l[i - 1] < 0 ? g->m->arch.pad : l[i - 1];
    }
    free(l);
}

/* g->out = logits of teacher forcing, or of g->steps tokens at a time through the cache. */
static void logits(struct tape *t, void *ctx)
{
    struct golden *g = ctx;
    const struct model_arch *a = &g->m->arch;
    int32_t *dec, *target;
    int64_t dim[2];
    encode(t, g);
    decoder_input(g, &dec, &target, dim);
    int64_t B = dim[0], U = dim[1], step = g->steps ? g->steps : U;
    struct tensor ids = tape_i32(t, dec, 2, dim), head = g->m->params.p[g->m->head].x.v;
    free(dec);
    free(target);
    struct kv_cache *cache = g->steps ? g->m->family->cache(g->m, t, g->h, &g->len, U) : NULL;
    g->rows = B * U;
    free(g->out);
    g->out = malloc((size_t)(g->rows * a->V) * sizeof *g->out);
    for (int64_t u = 0; u < U; u += step) {
        int64_t n = U - u < step ? U - u : step;
        struct tensor part = tape_scratch(t, DT_I32, 2, (int64_t[]){B, n}), from = tensor_slice(&ids, 1, u, n);
        t->be->op.copy(&part, &from);
        struct var *y = g->m->family->decode(g->m, t, &part, g->h, &g->len, cache);
        struct tensor x = RESHAPE(&y->v, B * n, a->D), z = tape_scratch(t, DT_REAL, 2, (int64_t[]){B * n, a->V});
        t->be->op.gemm(&z, &x, 0, &head, 1, a->hscale, 0);
        for (int64_t b = 0; b < B; b++)
            t->be->download(g->out + (b * U + u) * a->V, (real *)z.data + b * n * a->V,
                            (size_t)(n * a->V) * sizeof(real));
    }
}

static void loss(struct tape *t, void *ctx)
{
    struct golden *g = ctx;
    int32_t *dec, *target;
    int64_t dim[2], n = 0;
    struct tensor sum = TENSOR(g->loss, DT_REAL, 1);
    encode(t, g);
    decoder_input(g, &dec, &target, dim);
    for (int64_t i = 0; i < dim[0] * dim[1]; i++)
        n += target[i] >= 0;
    struct tensor ids = tape_i32(t, dec, 2, dim), tg = tape_i32(t, target, 2, dim);
    free(dec);
    free(target);
    t->be->op.fill(&sum, 0);
    struct var *y = g->m->family->decode(g->m, t, &ids, g->h, &g->len, NULL);
    xent(t, y, &g->m->params.p[g->m->head].x, g->m->arch.hscale, &tg, 1.0 / (double)n, &sum);
    tape_backward(t);
}

static real run_loss(struct golden *g)
{
    real x = NAN;
    struct tensor grads = TENSOR(g->m->params.grad, DT_REAL, g->m->params.numel);
    tape_reset(&g->t);
    g->be->op.fill(&grads, 0);
    g->t.grad = true;
    CHECK(tape_run(&g->t, loss, g) == 0);
    g->be->download(&x, g->loss, sizeof x);
    g->t.grad = false;
    return x;
}

static double run_logits(struct golden *g, const char *name, int64_t every)
{
    tape_reset(&g->t);
    CHECK(tape_run(&g->t, logits, g) == 0);
    float *expect = floats(g, name);
    int64_t V = g->m->arch.V, n = 0;
    double worst = 0;
    for (int64_t r = 0; r < g->rows; r += every, n++)
        for (int64_t v = 0; v < V; v++) {
            double d = fabs((double)g->out[r * V + v] - (double)expect[n * V + v]);
            if (!(d <= worst))
                worst = d;
        }
    CHECK(n * V == st_numel(want(g, name)));
    free(expect);
    return worst;
}

static void check_gradients(struct golden *g)
{
    for (int i = 0; i < g->m->family_params; i++) {
        const struct param *p = &g->m->params.p[i];
        char name[200];
        snprintf(name, sizeof name, "grad.%s", p->name);
        float *expect = floats(g, name);
        int64_t n = tensor_numel(&p->x.v);
        real *x = malloc((size_t)n * sizeof *x);
        double diff = 0, norm = 0;
        g->be->download(x, p->x.g.data, (size_t)n * sizeof *x);
        CHECK(n == st_numel(want(g, name)));
        for (int64_t j = 0; j < n; j++) {
            double d = (double)x[j] - (double)expect[j];
            diff += d * d;
            norm += (double)expect[j] * (double)expect[j];
        }
        double rms = sqrt(norm / (double)n);
        for (int64_t j = 0; j < n; j++) /* no element is judged finer than a tenth of its matrix's root mean square */
            CHECK_NEAR(x[j], expect[j], 1e-4 * fmax(fabs((double)expect[j]), 0.1 * rms));
        if (!(sqrt(diff) <= 1e-4 * sqrt(norm)) || norm == 0) {
            fprintf(stderr, "%s: relative error %g\n", p->name, sqrt(diff / norm));
            test_bad_++;
        }
        free(x);
        free(expect);
    }
}

static void check_greedy(struct golden *g)
{
    const struct st_tensor *s = want(g, "gen.out");
    int64_t B = s->dim[0], max_new = s->dim[1];
    int32_t *expect = ints(g, "gen.out"), *out = malloc(s->bytes), *n = malloc((size_t)B * sizeof *n);
    g->in = "gen.ids";
    tape_reset(&g->t);
    CHECK(tape_run(&g->t, encode, g) == 0);
    CHECK(generate_greedy(g->m, &g->t, g->h, &g->len, &(struct generate){.max_new = max_new}, out, n) == 0);
    for (int64_t b = 0; b < B; b++) {
        int64_t k = 0;
        while (k < max_new && expect[b * max_new + k] >= 0)
            k++;
        CHECK(n[b] == k && !memcmp(out + b * max_new, expect + b * max_new, (size_t)k * sizeof *out));
    }
    g->in = "ids";
    free(expect);
    free(out);
    free(n);
}

/* Saved, the directory holds the names that transformers wrote, and the same numbers. */
static void check_saved(struct golden *g, const char *scratch)
{
    char path[512], line[256];
    struct st_file *a, *b;
    CHECK(model_weights(g->m, g->dir) == 0); /* after training: the golden's again */
    snprintf(path, sizeof path, "%s/%s", scratch, path_base(g->dir));
    for (int again = 0; again < 2; again++) /* a second time over itself */
        CHECK(model_save(g->m, path) == 0);
    CHECK(st_open_dir(&a, g->dir) == 0 && st_open_dir(&b, path) == 0);
    snprintf(line, sizeof line, "%s/keys.txt", g->dir);
    FILE *f = fopen(line, "r");
    int n = 0;
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        const struct st_tensor *x = st_find(a, line), *y = st_find(b, line);
        CHECK(x && y && x->bytes == y->bytes && x->nd == y->nd && !memcmp(x->data, y->data, x->bytes));
        n++;
    }
    CHECK(f && n == st_count(b) && n == g->m->family_params);
    fclose(f);
    CHECK(!strcmp(json_string_value(json_object_get(st_metadata(b), "format")), "pt"));
    st_close(a);
    st_close(b);
    struct model *m;
    CHECK(model_open(&m, path) == 0);
    CHECK(m && m->arch.tied == g->m->arch.tied && m->arch.hscale == g->m->arch.hscale);
    CHECK(m && json_object_get(m->config, "is_gated_act")); /* a key that is not ours is kept */
    model_free(m);
}

/* An argument: the saved models stay there, for tests/golden/t5.sh. */
int main(int argc, char **argv)
{
    static const char *const dirs[] = {"tests/golden/t5-v1.0", "tests/golden/t5-v1.1", "tests/golden/t5-odd",
                                       "tests/golden/mt5"};
    static const bool tied[] = {true, false, true, false}, scaled[] = {true, false, false, false};
    char name[80], temporary[] = "/tmp/icdpipe-t5.XXXXXX", *scratch = argc > 1 ? argv[1] : mkdtemp(temporary);
    if (!scratch)
        return 1;
    for (int i = 0; i < 4; i++) {
        struct golden g = {.dir = dirs[i], .in = "ids"};
        const char *v = dirs[i] + strlen("tests/golden/");
#define CASE(what)                                         \
    do {                                                   \
        snprintf(name, sizeof name, "%s: %s", v, what);    \
        DONE(name);                                        \
    } while (0)
        snprintf(name, sizeof name, "%s/golden.safetensors", dirs[i]);
        CHECK(st_open(&g.f, name) == 0 && model_open(&g.m, dirs[i]) == 0 && backend_open("cpu", 2, &g.be) == 0);
        if (!g.f || !g.m || model_alloc(g.m, g.be, true) || model_weights(g.m, dirs[i]) || tape_init(&g.t, g.be)) {
            printf("not ok %s: %s\n", v, err_msg());
            return 1;
        }
        CHECK(g.m->arch.tied == tied[i] && (g.m->arch.hscale < 1) == scaled[i]);
        CASE("opens");
        g.loss = g.be->alloc(sizeof *g.loss);

        double d = run_logits(&g, "logits", 1);
        fprintf(stderr, "%s: logits differ by at most %g\n", v, d);
        CHECK(d <= 1e-5);
        CASE("logits");
        for (g.steps = 1; g.steps < 8; g.steps += 2) { /* also several tokens at a time */
            d = run_logits(&g, "logits", 1);
            CHECK(d <= 1e-5);
        }
        g.in = "long.ids";
        g.dec_in = "long.dec";
        g.steps = 1;
        d = run_logits(&g, "long.logits", 13);
        CHECK(d <= 2e-5);
        CASE("cached decoding");
        g.steps = 0;
        d = run_logits(&g, "long.logits", 13);
        fprintf(stderr, "%s: long logits differ by at most %g\n", v, d);
        CHECK(d <= 2e-5);
        CASE("distances behind the last bucket");
        g.in = "ids";
        g.dec_in = NULL;
        float *expect = floats(&g, "loss");
        CHECK_NEAR(run_loss(&g), expect[0], 1e-5);
        check_gradients(&g);
        free(expect);
        CASE("loss and gradients");
        check_greedy(&g);
        CASE("greedy tokens");

        expect = floats(&g, "losses");
        struct params *ps = &g.m->params;
        struct tensor all[4];
        real *flat[] = {ps->value, ps->m, ps->v, ps->grad};
        for (int k = 0; k < 4; k++)
            all[k] = TENSOR(flat[k], DT_REAL, ps->numel);
        for (int s = 0; s < 10; s++) {
            struct adamw_cfg c = {
                .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .grad_scale = 1, .step = s + 1};
            CHECK_NEAR(run_loss(&g), expect[s], 1e-4);
            g.be->op.adamw(&all[0], &all[1], &all[2], &all[3], &c);
        }
        free(expect);
        CASE("ten AdamW steps");
        check_saved(&g, scratch);
        CASE("saved");
        tape_free(&g.t);
        g.be->free(g.loss);
        free(g.out);
        model_free(g.m);
        st_close(g.f);
    }
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    if (argc == 1 && system(command))
        return 1;
    TEST_EXIT();
}
