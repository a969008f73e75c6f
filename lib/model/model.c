/* A model's life without its files (model_io.c): families, configuration, the label-attention head, parameters.
 * To add a family: copy t5.c; nothing here changes. Tests: tests/golden/t5.c, tests/unit/model.c. */
#include "lib/model/knowledge.h"
#include "lib/text/spm.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define X(name) extern const struct model_family model_family_##name;
#include "model_family.def"
#undef X

static const struct model_family *const families[] = {
#define X(name) &model_family_##name,
#include "model_family.def"
#undef X
};

const struct model_family *model_family_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof families / sizeof *families; i++)
        if (!strcmp(families[i]->name, name))
            return families[i];
    return NULL;
}

const char *model_family_names(void)
{
    static char names[256]; /* the same bytes whoever writes them */
    size_t n = 0;
    for (size_t i = 0; i < sizeof families / sizeof *families && n < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", families[i]->name);
    return names;
}

int model_family_of(const json_t *config, const struct model_family **f)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    char known[256] = "";
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        *f = families[i];
        const char *const reads[] = {(*f)->name, (*f)->also};
        for (int k = 0; k < 2 && reads[k]; k++) {
            size_t n = strlen(known);
            if (type && !strcmp(reads[k], type))
                return 0;
            snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", reads[k]);
        }
    }
    return err_set(E_DATA, "config.json: model_type %.40s is none of %s", type ? type : "(none)", known);
}

/* ---- special tokens ---- */

static int token(const json_t *j, int64_t vocab, const char *file, const char *key, int32_t *id)
{
    json_int_t v = json_is_integer(j) ? json_integer_value(j) : -1;
    if (v < 0 || v >= vocab)
        return err_set(E_DATA, "%s: %s is out of range", file, key);
    *id = (int32_t)v;
    return 0;
}

int model_special(struct model *m, const json_t *j, const char *file, bool own)
{
    struct model_arch *a = &m->arch;
    const json_t *start = json_object_get(j, "decoder_start_token_id"), *eos = json_object_get(j, "eos_token_id"), *v;
    size_t i, n = json_array_size(eos);
    if (start && !json_is_null(start))
        TRY(token(start, a->V, file, "decoder_start_token_id", &a->start));
    if (!eos || json_is_null(eos))
        return 0;
    if (json_is_array(eos) && (n == 0 || n > MODEL_ENDS))
        return err_set(E_DATA, "%s: eos_token_id is not a list of 1 to %d tokens", file, MODEL_ENDS);
    a->ends = json_is_array(eos) ? (int)n : 1;
    if (!json_is_array(eos))
        TRY(token(eos, a->V, file, "eos_token_id", a->end));
    json_array_foreach(eos, i, v)
        TRY(token(v, a->V, file, "eos_token_id", a->end + i));
    if (own)
        a->eos = a->end[0];
    return 0;
}

bool model_ends(const struct model *m, int32_t id)
{
    for (int i = 0; i < m->arch.ends; i++)
        if (m->arch.end[i] == id)
            return true;
    return false;
}

int model_take_tokenizer(struct model *m, const char *path)
{
    char file[4096];
    if (m->spiece)
        return err_set(E_USAGE, "--tokenizer: the model has its own");
    TRY(spm_find(path, file, sizeof file));
    TRY(file_read(file, 256u << 20, &m->spiece, &m->spiece_n));
    m->spiece_name = m->spiece_n && *m->spiece == '{' ? "tokenizer.json" : "spiece.model";
    return 0;
}

/* ---- making ---- */

int model_new(struct model **out, const char *init, int64_t vocab, int32_t pad, int32_t eos)
{
    *out = NULL;
    size_t n = strcspn(init, ":");
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)(n < 31 ? n : 31), init);
    const struct model_family *f = model_family_find(name);
    if (!f)
        return err_set(E_USAGE, "no model family '%s' (there are: %s)", name, model_family_names());
    json_t *config = NULL;
    TRY(f->init_config(init[n] ? init + n + 1 : "", vocab, &config));
    struct model *m = mem_zalloc(1, sizeof *m);
    if (!m || (pad >= 0 && json_object_set_new(config, "pad_token_id", json_integer(pad))) ||
        json_object_set_new(config, "eos_token_id", json_integer(eos)) ||
        json_object_set_new(config, "decoder_start_token_id", json_integer(pad >= 0 ? pad : 0))) {
        json_decref(config);
        free(m);
        return err_nomem(sizeof *m);
    }
    *m = (struct model){.family = f, .config = config, .label_head = -1, .spiece_name = "spiece.model"};
    int rc = f->configure(m);
    if (!rc)
        rc = f->declare(m);
    if (rc) {
        model_free(m);
        return rc;
    }
    m->family_params = m->params.n;
    *out = m;
    return 0;
}

int model_add_label_attn(struct model *m, int64_t labels, int64_t d_a)
{
    if (m->label_head >= 0) /* a directory's own head: the same one again is fine */
        return m->labels == labels && m->d_a == d_a
                   ? 0
                   : err_set(E_DATA, "the model has a label-attention head of %lld labels and d_a %lld already",
                             (long long)m->labels, (long long)m->d_a);
    if (labels < 1 || labels > 1000000 || d_a < 1 || d_a > 65536)
        return err_set(E_DATA, "label attention: %lld labels and d_a %lld are out of range", (long long)labels,
                       (long long)d_a);
    int64_t D = m->arch.D;
    double std_d = 1 / sqrt((double)D), std_a = 1 / sqrt((double)d_a);
    int W = PARAM(&m->params, "icd.label_attn.W", std_d, true, d_a, D);
    if (W < 0 || PARAM(&m->params, "icd.label_attn.U", std_a, true, labels, d_a) < 0 ||
        PARAM(&m->params, "icd.label_attn.w", std_d, true, labels, D) < 0 ||
        PARAM(&m->params, "icd.label_attn.b", 0, false, labels) < 0)
        return err_nomem(0);
    m->label_head = W;
    m->labels = labels;
    m->d_a = d_a;
    return 0;
}

struct label_attn_w model_label_attn(const struct model *m)
{
    const struct param *p = m->params.p + m->label_head;
    return (struct label_attn_w){.W = p[0].x, .U = p[1].x, .w = p[2].x, .b = p[3].x};
}

int model_alloc(struct model *m, const struct backend *be, bool train)
{
    return params_alloc(&m->params, be, train);
}

void model_free(struct model *m)
{
    if (!m)
        return;
    params_free(&m->params);
    knowledge_free(m->kg);
    json_decref(m->config);
    json_decref(m->icd);
    free(m->family_state);
    free(m->spiece);
    for (size_t i = 0; i < sizeof m->file / sizeof *m->file; i++)
        free(m->file[i].p);
    free(m);
}
