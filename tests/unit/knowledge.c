/* lib/model/knowledge.c: pieces and rows, which rows a note reads, refresh, and the way through a model directory. What
 * is computed with them: tests/golden/kg.c, tests/grad/kg_inject.c. */
#include "lib/model/knowledge.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"
#include <unistd.h>

enum { V = 30, EOS = 1 };
static const struct backend *be;

/* Five texts of three codes: 3, 2, 6, 1, 4 tokens. */
static const struct kg_text text[] = {{3, 0}, {2, 0}, {6, 1}, {1, 2}, {4, 2}};
static const int32_t ids[] = {10, 11, EOS, 12, EOS, 13, 14, 15, 16, 17, EOS, EOS, 10, 11, 18, EOS};

static struct knowledge *made(struct kg_cfg cfg)
{
    struct knowledge *k;
    if (knowledge_of(&k, &cfg, ids, text, 5)) {
        printf("not ok knowledge: %s\n", err_msg());
        exit(1);
    }
    return k;
}

static void pieces(void)
{
    static const struct {
        int64_t chunk;
        int n;
        int32_t piece[16];
    } want[] = {{100, 1, {16}},
                {16, 1, {16}},
                {15, 2, {12, 4}},
                {6, 4, {5, 6, 5}},
                {5, 5, {5, 5, 2, 4}},
                {3, 6, {3, 2, 3, 3, 1, 3, 1}},
                {1, 16, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}};
    for (size_t c = 0; c < sizeof want / sizeof *want; c++) {
        struct knowledge *k = made((struct kg_cfg){.chunk = want[c].chunk});
        int64_t at = 0;
        for (int64_t i = 0; i < k->pieces; i++) {
            CHECK(k->piece[i].at == at && k->piece[i].n == want[c].piece[i] && k->piece[i].n <= want[c].chunk);
            at += k->piece[i].n;
        }
        CHECK(at == 16);
        knowledge_free(k);
    }
    DONE("texts are put into pieces whole, cut only where one is too long");
}

static void rows(void)
{
    struct knowledge *k = made((struct kg_cfg){.chunk = 8});
    CHECK(k->rows == 16 && k->row[7] == 7 && k->row_n[7] == 1);
    knowledge_free(k);
    k = made((struct kg_cfg){.chunk = 8, .pool = KG_EXPRESSION});
    CHECK(k->rows == 5 && k->row[0] == 0 && k->row[15] == 4 && k->row_n[2] == 6 && k->row_n[3] == 1);
    knowledge_free(k);
    k = made((struct kg_cfg){.chunk = 8, .pool = KG_CODE});
    CHECK(k->rows == 3 && k->codes == 3 && k->row[4] == 0 && k->row[11] == 2 && k->row_n[2] == 5);
    knowledge_free(k);
    DONE("rows of tokens, texts and codes");
}

static struct model *with(struct knowledge *k, bool train)
{
    struct model *m;
    if (model_new(&m, "t5:d_model=8,layers=1,heads=2,d_kv=4,d_ff=8,dropout=0.2", V, 0, EOS) ||
        model_add_knowledge(m, k) || model_alloc(m, be, train)) {
        printf("not ok model: %s\n", err_msg());
        exit(1);
    }
    params_init(&m->params, 3);
    return m;
}

/* What a note reads: D' differs from D, by knowledge with other numbers in one row, if and only if it reads that
 * row. */
struct job {
    struct model *m;
    int64_t B, T;
    const int32_t *ids, *len;
    real *dec, *att; /* host */
};
static void forward(struct tape *t, void *ctx)
{
    struct job *j = ctx;
    struct encoded e = model_encode(j->m, t, j->B, j->T, j->ids, j->len);
    size_t bytes = (size_t)tensor_numel(&e.dec->v) * sizeof(real);
    j->dec = j->dec ? j->dec : malloc(bytes);
    j->att = j->att ? j->att : malloc(bytes);
    CHECK(be->download(j->dec, e.dec->v.data, bytes) == 0 && be->download(j->att, e.att->v.data, bytes) == 0);
}

static void own(void)
{
    enum { B = 4, T = 9, D = 8 };
    /* begins: 10, 12, 13 and above 20 begin a word */
    static const int32_t note[B * T] = {10, 11, 21, 12,  EOS, 0,  0,   0, 0,  /* texts 0, 1 */
                                        10, 11, 18, EOS, 0,   0,  0,   0, 0,  /* text 4: in 0 the word goes on */
                                        21, 22, 13, 14,  15,  16, EOS, 0, 0,  /* none: text 2 is not whole */
                                        21, 11, 10, 11,  12,  12, EOS, 0, 0}; /* 0, 1 once */
    static const int32_t len[B] = {5, 4, 7, 7};
    static const uint8_t reads[B][5] = {{1, 1, 0, 0, 0}, {0, 0, 0, 0, 1}, {0, 0, 0, 0, 0}, {1, 1, 0, 0, 0}};
    struct knowledge *k = made((struct kg_cfg){.chunk = 8, .pool = KG_EXPRESSION, .scope = KG_NOTE, .into = KG_LABELS});
    struct model *m = with(k, false);
    struct tape t;
    CHECK(tape_init(&t, be) == 0);
    struct job j = {m, B, T, note, len, NULL, NULL};
    CHECK(tape_run(&t, forward, &j) == E_BUG); /* where words begin is not known yet */
    k->begins = calloc(V, 1);
    k->first = calloc(V + 1, sizeof *k->first);
    k->by = calloc(5, sizeof *k->by);
    uint8_t *begins = k->begins;
    begins[10] = begins[12] = begins[13] = begins[EOS] = 1;
    for (int i = 20; i < V; i++)
        begins[i] = 1;
    static const int32_t by[] = {3, 0, 4, 1, 2}, from[] = {EOS, 10, 10, 12, 13}; /* texts by first token */
    memcpy(k->by, by, sizeof by);
    for (int v = 0; v <= V; v++)
        for (int i = 0; i < 5; i++)
            k->first[v] += from[i] < v;
    real *before = malloc(B * T * D * sizeof *before), row[D];
    CHECK(tape_run(&t, forward, &j) == 0);
    for (int r = 0; r < 5; r++) {
        memcpy(before, j.att, B * T * D * sizeof *before);
        for (int i = 0; i < D; i++)
            row[i] = (real)(r + i % 3) - 1;
        CHECK(be->upload((real *)m->params.p[k->memory].x.v.data + r * D, row, sizeof row) == 0);
        tape_reset(&t);
        CHECK(tape_run(&t, forward, &j) == 0);
        for (int b = 0; b < B; b++) {
            size_t bytes = (size_t)(len[b] * D) * sizeof(real);
            bool same = !memcmp(j.att + b * T * D, before + b * T * D, bytes);
            if (same == (bool)reads[b][r])
                fprintf(stderr, "note %d, text %d: %s\n", b, r, same ? "not read" : "read");
            CHECK(same != (bool)reads[b][r]);
        }
    }
    CHECK(!memcmp(j.att + 2 * T * D, j.dec + 2 * T * D, 7 * D * sizeof(real))); /* no text: D' is D */
    CHECK(memcmp(j.att, j.dec, 5 * D * sizeof(real)));
    free(before);
    free(j.dec);
    free(j.att);
    tape_free(&t);
    model_free(m);
    DONE("a note's own knowledge: whole texts, whole words");
}

static void refresh(void)
{
    struct model *m = with(made((struct kg_cfg){.chunk = 4}), true);
    int64_t n = tensor_numel(&m->params.p[m->kg->memory].x.v);
    size_t bytes = (size_t)n * sizeof(real);
    real *a = malloc(bytes), *b = malloc(bytes);
    struct tape t;
    CHECK(tape_init(&t, be) == 0);
    t.grad = t.train = true;
    t.key = 5;
    CHECK(knowledge_refresh(m, &t) == 0 && t.grad && t.train);
    size_t grown = arena_grown(t.dev) + arena_grown(t.host);
    CHECK(be->download(a, m->params.p[m->kg->memory].x.v.data, bytes) == 0);
    t.site = 77; /* dropout would see it */
    CHECK(knowledge_refresh(m, &t) == 0 && arena_grown(t.dev) + arena_grown(t.host) == grown);
    CHECK(be->download(b, m->params.p[m->kg->memory].x.v.data, bytes) == 0);
    CHECK(!memcmp(a, b, bytes));
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs((double)a[i]);
    CHECK(sum > (double)n / 10 && model_learned(m) == m->params.numel - n);
    free(a);
    free(b);
    tape_free(&t);
    model_free(m);
    DONE("refresh: no dropout, no gradient, the same again, no new memory");
}

static void saved(void)
{
    char dir[] = "/tmp/icdpipe-kg.XXXXXX", path[64], command[96];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/m", dir);
    struct model *m = with(made((struct kg_cfg){.chunk = 7,
                                                .pool = KG_CODE,
                                                .scope = KG_NOTE,
                                                .into = KG_DECODER,
                                                .scale = KG_SQRT,
                                                .gate = true,
                                                .norm = true}),
                           false),
                 *n = NULL;
    m->icd = json_pack("{s:[s], s:o}", "labels", "a", "kg", knowledge_json(m->kg));
    CHECK(model_save(m, path) == 0 && model_open(&n, path) == 0); /* no label attention */
    json_t *kg = n && n->kg ? knowledge_json(n->kg) : NULL;
    CHECK(json_equal(kg, json_object_get(m->icd, "kg")));
    json_decref(kg);
    CHECK(n && n->kg && n->kg->texts == 5 && n->kg->tokens == 16 && !memcmp(n->kg->ids, ids, sizeof ids) &&
          !memcmp(n->kg->text, text, sizeof text) && n->label_head < 0);
    CHECK(n && model_add_label_attn(n, 1, 4) == 0 && model_alloc(n, be, false) == 0); /* new, beside what is there */
    CHECK(n && model_weights(n, path) == 0 && n->params.numel > m->params.numel &&
          !memcmp(n->params.value, m->params.value, (size_t)m->params.numel * sizeof(real)));
    CHECK(n && model_save(n, path) == 0); /* both */
    model_free(n);
    CHECK(model_open(&n, path) == 0 && n->label_head >= 0 && n->kg && n->labels == 1);
    model_free(n);
    model_free(m);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK(system(command) == 0);
    DONE("saved and opened, with and without label attention");
}

static void shared(void)
{
    struct model *m;
    CHECK(model_new(&m, "t5:d_model=8,layers=1", V, 0, EOS) == 0);
    CHECK(model_add_knowledge(m, made((struct kg_cfg){.chunk = 9, .share_w = true})) == E_USAGE);
    CHECK(model_add_label_attn(m, 3, 7) == 0);
    CHECK(model_add_knowledge(m, made((struct kg_cfg){.chunk = 9, .share_w = true})) == E_USAGE);
    model_free(m);
    CHECK(model_new(&m, "t5:d_model=8,layers=1", V, 0, EOS) == 0 && model_add_label_attn(m, 3, 8) == 0);
    CHECK(model_add_knowledge(m, made((struct kg_cfg){.chunk = 9, .share_w = true})) == 0 && m->kg->W == m->label_head);
    CHECK(!params_find(&m->params, "icd.kg.W"));
    model_free(m);
    DONE("a shared W needs a label attention as wide as the model");
}

int main(void)
{
    if (backend_open("cpu", 1, &be))
        return 1;
    pieces();
    rows();
    own();
    refresh();
    saved();
    shared();
    TEST_EXIT();
}
