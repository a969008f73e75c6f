/* lib/model: --init, config.json, aliases, directories that do not fit together, saving over what is there. */
#include "lib/model/model.h"
#include "lib/tensor/safetensors.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "tests/test.h"
#include <sys/stat.h>
#include <unistd.h>

static const struct backend *be;
static char dir[] = "/tmp/icdpipe-model.XXXXXX", d[64];

__attribute__((format(printf, 1, 2))) static void shell(const char *fmt, ...)
{
    char command[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    if (system(command))
        abort();
}

static void put(const char *name, const char *text)
{
    char p[128];
    snprintf(p, sizeof p, "%s/%s", d, name);
    FILE *f = fopen(p, "w");
    if (!f || fputs(text, f) < 0 || fclose(f))
        abort();
}

static void init(void)
{
    static const struct {
        const char *init;
        int rc;
    } c[] = {
        {"t5", 0}, {"t5:", 0}, {"t5:d_model=32,layers=1", 0}, {"t5:d_model=24,heads=3,d_kv=8,d_ff=5,gated=1", 0},
        {"t6", E_USAGE}, {"", E_USAGE}, {"t5:d_model=0", E_USAGE}, {"t5:d_model=-4", E_USAGE},
        {"t5:d_model=8x", E_USAGE},
        {"t5:d_model=", E_USAGE}, {"t5:d_model", E_USAGE}, {"t5:d_model=99999999999999999999", E_USAGE},
        {"t5:layers=1025", E_USAGE}, {"t5:dropout=1", E_USAGE}, {"t5:dropout=nan", E_USAGE},
        {"t5:dropout=-0.1", E_USAGE},
        {"t5:gated=2", E_USAGE}, {"t5:width=3", E_USAGE}, {"t5:heads=0", E_USAGE},
    };
    struct model *m;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        int rc = model_new(&m, c[i].init, 50, 0, 1);
        if (rc != c[i].rc)
            fprintf(stderr, "%s: code %d, wanted %d (%s)\n", c[i].init, rc, c[i].rc, err_msg());
        CHECK(rc == c[i].rc && (rc == 0) == (m != NULL));
        model_free(m);
    }
    CHECK(model_new(&m, "t5:d_model=48,heads=3,layers=3", 50, 0, 1) == 0);
    const struct model_arch *a = &m->arch;
    CHECK(a->D == 48 && a->H == 3 && a->K == 16 && a->F == 96 && a->layers == 3 && a->dec_layers == 3 && a->V == 50);
    CHECK(a->tied && a->pad == 0 && a->eos == 1 && a->start == 0 && a->dropout == 0.1 && a->act == ACT_RELU);
    CHECK_NEAR(a->hscale, 1 / sqrt(48.0), 1e-15);
    model_free(m);
    CHECK(model_new(&m, "t5:d_model=128,gated=1,dec_layers=2,dropout=0", 50, 0, 1) == 0);
    a = &m->arch;
    CHECK(a->H == 2 && a->K == 64 && a->dec_layers == 2 && a->layers == 1 && !a->tied && a->hscale == 1 &&
          a->dropout == 0);
    CHECK(a->act == ACT_GELU_GATED);
    CHECK(model_add_label_attn(m, 0, 4) == E_DATA && model_add_label_attn(m, 5, 0) == E_DATA);
    CHECK(model_add_label_attn(m, 5, 4) == 0 && model_add_label_attn(m, 5, 4) == 0 &&
          model_add_label_attn(m, 6, 4) == E_DATA);
    model_free(m);
    DONE("--init");
}

static int try_config(const char *sed)
{
    struct model *m;
    shell("rm -rf %s && cp -r tests/golden/t5-v1.0 %s && chmod -R u+w %s && sed -i '%s' %s/config.json", d, d, d, sed,
          d);
    int rc = model_open(&m, d);
    model_free(m);
    return rc;
}

static void config(void)
{
    static const struct {
        const char *sed;
        int rc;
    } c[] = {
        {"", 0},
        {"s/\"model_type\": \"t5\"/\"model_type\": \"gpt9\"/", E_DATA},
        {"/model_type/d", E_DATA},
        {"s/\"d_model\": 16/\"d_model\": 17/", E_DATA},
        {"s/\"d_model\": 16/\"d_model\": \"16\"/", E_DATA},
        {"s/\"d_model\": 16/\"d_model\": 4000000000/", E_DATA},
        {"s/\"d_model\": 16/\"d_model\": -16/", E_DATA},
        {"/\"d_ff\"/d", E_DATA},
        {"/\"num_heads\"/d", E_DATA},
        {"/num_decoder_layers/d", 0}, /* as many as the encoder's */
        {"s/\"num_layers\": 2/\"num_layers\": 3/", E_DATA},
        {"s/\"vocab_size\": 64/\"vocab_size\": 65/", E_DATA},
        {"s/relu/swish/g", E_DATA},
        {"s/\"relative_attention_num_buckets\": 32/\"relative_attention_num_buckets\": 16/", E_DATA},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": 64/", E_DATA},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": [1]/", 0},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": [1, 9, 63]/", 0},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": null/", 0},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": []/", E_DATA},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": [1, 64]/", E_DATA},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": [1, \"2\"]/", E_DATA},
        {"s/\"eos_token_id\": 1/\"eos_token_id\": [1,2,3,4,5,6,7,8,9]/", E_DATA},
        {"s/\"decoder_start_token_id\": 0/\"decoder_start_token_id\": -1/", E_DATA},
        {"s/\"decoder_start_token_id\": 0/\"decoder_start_token_id\": null/", 0},
        {"s/\"model_type\": \"t5\"/\"model_type\": \"mt5\"/", 0},
        {"s/\"model_type\": \"t5\"/\"model_type\": \"umt5\"/", E_DATA},
        {"s/max_distance\": 128/max_distance\": 17/", 0},
        {"s/max_distance\": 128/max_distance\": 16/", E_DATA},
        {"s/\"feed_forward_proj\": \"relu\"/\"feed_forward_proj\": \"silu\"/", E_DATA},
        {"s/\"feed_forward_proj\": \"relu\"/\"feed_forward_proj\": 1/", E_DATA},
        {"/feed_forward_proj/d", 0},
        {"s/\"dropout_rate\": 0.1/\"dropout_rate\": 1.5/", E_DATA},
        {"1s/{/[/", E_DATA},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        int rc = try_config(c[i].sed);
        if (rc != c[i].rc)
            fprintf(stderr, "%s: code %d, wanted %d (%s)\n", c[i].sed, rc, c[i].rc, err_msg());
        CHECK(rc == c[i].rc);
    }
    DONE("config.json");
}

/* Writes d: the golden, with the tensor `from` also (copy) or instead under the name `to` (NULL: dropped), its fourth
 * number moved by `add`. */
static void rewrite(const char *golden, const char *from, const char *to, bool copy, float add)
{
    struct st_file *f;
    struct st_writer *w;
    char p[128];
    shell("rm -rf %s && cp -r tests/golden/%s %s && chmod -R u+w %s", d, golden, d, d);
    snprintf(p, sizeof p, "tests/golden/%s/model.safetensors", golden);
    CHECK(st_open(&f, p) == 0);
    snprintf(p, sizeof p, "%s/model.safetensors", d);
    CHECK(st_create(&w, p, NULL) == 0);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < st_count(f); i++) {
            const struct st_tensor *t = st_at(f, i);
            bool hit = !strcmp(t->name, from);
            float *x = malloc(t->bytes);
            CHECK(st_to_float(t, x) == 0);
            if (!hit || copy)
                CHECK((pass ? st_data(w, x, t->bytes) : st_declare(w, t->name, "F32", t->nd, t->dim)) == 0);
            x[3] += add;
            if (hit && to)
                CHECK((pass ? st_data(w, x, t->bytes) : st_declare(w, to, "F32", t->nd, t->dim)) == 0);
            free(x);
        }
    CHECK(st_end(w) == 0);
    st_discard(w);
    st_close(f);
}

static int load(struct model **m)
{
    TRY(model_open(m, d));
    TRY(model_alloc(*m, be, false));
    return model_weights(*m, d);
}

static void names(void)
{
    static const struct {
        const char *what, *golden, *from, *to;
        bool copy;
        float add;
        int rc;
        bool tied;
        const char *message;
    } c[] = {
        {"as it is", "t5-v1.0", "", NULL, true, 0, 0, true, ""},
        {"only lm_head", "t5-v1.0", "shared.weight", "lm_head.weight", false, 0, 0, true, ""},
        {"only encoder.embed_tokens", "t5-v1.0", "shared.weight", "encoder.embed_tokens.weight", false, 0, 0, true, ""},
        {"lm_head again", "t5-v1.0", "shared.weight", "lm_head.weight", true, 0, 0, true, ""},
        {"lm_head with other numbers", "t5-v1.0", "shared.weight", "lm_head.weight", true, 1, 0, false, ""},
        {"decoder.embed_tokens again", "t5-v1.0", "shared.weight", "decoder.embed_tokens.weight", true, 0, 0, true, ""},
        {"decoder.embed_tokens with other numbers", "t5-v1.0", "shared.weight", "decoder.embed_tokens.weight", true, 1,
         E_DATA,
         true, "not the same numbers"},
        {"no embedding", "t5-v1.0", "shared.weight", NULL, false, 0, E_DATA, true, "shared.weight is missing"},
        {"a tensor missing", "t5-v1.0", "decoder.block.1.layer.2.DenseReluDense.wo.weight", NULL, false, 0, E_DATA,
         true,
         "decoder.block.1.layer.2.DenseReluDense.wo.weight is missing"},
        {"a tensor too many", "t5-v1.0", "shared.weight", "adapter.weight", true, 0, E_DATA, true,
         "unexpected tensor adapter.weight"},
        {"our own head's name", "t5-v1.0", "shared.weight", "icd.label_attn.W", true, 0, E_DATA, true,
         "unexpected tensor icd"},
        {"the bias of old files", "t5-v1.0", "shared.weight",
         "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", true, 0, 0, true, ""},
        {"v1.1", "t5-v1.1", "", NULL, true, 0, 0, false, ""},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct model *m = NULL;
        rewrite(c[i].golden, c[i].from, c[i].to, c[i].copy, c[i].add);
        int rc = load(&m);
        if (rc != c[i].rc)
            fprintf(stderr, "%s: code %d, wanted %d (%s)\n", c[i].what, rc, c[i].rc, err_msg());
        CHECK(rc == c[i].rc && (!rc || strstr(err_msg(), c[i].message)));
        CHECK(rc || m->arch.tied == c[i].tied);
        model_free(m);
    }
    /* config.json of transformers 4 says untied, and nothing of the scale */
    struct model *m;
    rewrite("t5-v1.1", "", NULL, true, 0);
    shell("sed -i '/scale_decoder/d; s/\"tie_word_embeddings\": true/\"tie_word_embeddings\": false/' %s/config.json",
          d);
    CHECK(model_open(&m, d) == 0 && !m->arch.tied && m->arch.hscale == 1);
    model_free(m);
    rewrite("t5-v1.1", "lm_head.weight", NULL, false, 0);
    shell("sed -i 's/\"tie_word_embeddings\": true/\"tie_word_embeddings\": false/' %s/config.json", d);
    /* and without a head: transformers 5 takes the embedding, unscaled */
    CHECK(model_open(&m, d) == 0 && m->arch.tied && m->arch.hscale == 1);
    model_free(m);
    DONE("tensor names and aliases");
}

static bool there(const char *name)
{
    char p[128];
    snprintf(p, sizeof p, "%s/%s", d, name);
    return access(p, F_OK) == 0;
}

static void saving(void)
{
    struct model *m, *n;
    CHECK(model_new(&m, "t5:d_model=8,layers=1,d_kv=4,d_ff=6", 20, 0, 1) == 0 && model_add_label_attn(m, 3, 5) == 0);
    CHECK(model_alloc(m, be, false) == 0);
    params_init(&m->params, 4);
    m->icd = json_pack("{s:[s,s,s], s:f}", "labels", "a", "b", "c", "lambda", 0.0);
    json_object_set_new(m->config, "of_somebody_else", json_pack("[i]", 7));
    m->spiece = strdup("not really a vocabulary");
    m->spiece_n = strlen(m->spiece);
    shell("rm -rf %s", d);
    CHECK(model_save(m, d) == 0);
    CHECK(there("config.json") && there("model.safetensors") && there("icd.safetensors") && there("icd.json") &&
          there("spiece.model") && there("generation_config.json") && there("tokenizer_config.json") &&
          there("special_tokens_map.json"));
    CHECK(load(&n) == 0 && n->label_head == n->family_params && n->labels == 3 && n->d_a == 5);
    CHECK(n && n->params.numel == m->params.numel &&
          !memcmp(n->params.value, m->params.value, (size_t)m->params.numel * sizeof(real)));
    CHECK(n && json_object_size(json_object_get(n->icd, "weights")) == 2 && !json_object_del(n->icd, "weights"));
    CHECK(n && json_equal(n->icd, m->icd) && json_object_get(n->config, "of_somebody_else"));
    CHECK(n && n->spiece_n == m->spiece_n && !memcmp(n->spiece, m->spiece, m->spiece_n));
    model_free(n);
    DONE("saved and opened");

    /* over itself: what a model directory does not know stays, also a file that was passed on */
    shell("mkdir %s/checkpoint && echo state >%s/checkpoint/state", d, d);
    put("tokenizer_config.json", "{\"mine\": 1}\n");
    CHECK(load(&n) == 0 && n && model_save(n, d) == 0 && there("checkpoint/state"));
    model_free(n);
    CHECK(load(&n) == 0);
    model_free(n);
    shell("grep -q mine %s/tokenizer_config.json", d);
    shell("test $(ls -d %s* | wc -l) = 1", d); /* no temporary directory left */
    shell("test $(stat -c %%a %s/model.safetensors) = 600 && test $(stat -c %%a %s) = 700", d, d);
    DONE("saved over an older one");

    shell("rm -rf %s && mkdir %s && echo x >%s/thesis.txt", d, d, d);
    CHECK(model_save(m, d) == E_DATA && there("thesis.txt") && !there("config.json"));
    shell("test $(ls -d %s* | wc -l) = 1", d);
    CHECK(model_save(m, "/nonexistent/model") == E_IO);
    DONE("not over somebody's directory");

    shell("rm -rf %s", d);
    CHECK(model_save(m, d) == 0);
    put("icd.json", "{\"labels\": [\"a\", \"b\"]}");
    CHECK(model_open(&n, d) == E_DATA);
    put("icd.json", "{\"labels\": [\"a\", \"b\", 3]}");
    CHECK(model_open(&n, d) == E_DATA);
    put("icd.json", "{\"labels\": \"abc\"}");
    CHECK(model_open(&n, d) == E_DATA);
    put("icd.json", "{}");
    CHECK(model_open(&n, d) == E_DATA);
    put("icd.json", "[]");
    CHECK(model_open(&n, d) == E_DATA);
    put("icd.json", "{\"labels\": [\"a\", \"b\", \"c\"]}");
    CHECK(model_open(&n, d) == 0);
    model_free(n);
    DONE("icd.json and its head");
    model_free(m);
}

int main(void)
{
    if (!mkdtemp(dir) || backend_open("cpu", 1, &be))
        return 1;
    snprintf(d, sizeof d, "%s/m", dir);
    init();
    config();
    names();
    saving();
    shell("rm -rf %s", dir);
    TEST_EXIT();
}
