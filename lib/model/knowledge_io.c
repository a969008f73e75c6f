/* Knowledge in a model directory: icd.json's "kg" says how it is used, icd.safetensors has its texts (icd.kg.text:
 * tokens and code of each, icd.kg.ids: the tokens) beside the parameters. Tests: tests/unit/knowledge.c. */
#include "lib/model/knowledge.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

static const char text_name[] = "icd.kg.text", ids_name[] = "icd.kg.ids";
enum { CHUNK_MAX = 1 << 20 };

json_t *knowledge_json(const struct knowledge *k)
{
    const struct kg_cfg *c = &k->cfg;
    return json_pack("{s:s,s:s,s:s,s:s,s:b,s:b,s:b,s:b,s:I,s:I,s:I,s:I,s:I}", "pool", kg_pools[c->pool], "scope",
                     kg_scopes[c->scope], "into", kg_intos[c->into], "scale", kg_scales[c->scale], "share_w",
                     c->share_w, "tanh", c->tanh, "norm", c->norm, "gate", c->gate, "chunk", (json_int_t)c->chunk,
                     "codes", (json_int_t)k->codes, "texts", (json_int_t)k->texts, "tokens", (json_int_t)k->tokens,
                     "rows", (json_int_t)k->rows);
}

/* The index of j[key] in names. */
static int word_of(const json_t *j, const char *key, const char *const *names, int *v)
{
    const char *s = json_string_value(json_object_get(j, key));
    for (*v = 0; s && names[*v]; ++*v)
        if (!strcmp(names[*v], s))
            return 0;
    return err_set(E_DATA, "icd.json: kg.%s is missing or unknown", key);
}

static int flag_of(const json_t *j, const char *key, bool *v)
{
    const json_t *b = json_object_get(j, key);
    *v = json_is_true(b);
    return json_is_boolean(b) ? 0 : err_set(E_DATA, "icd.json: kg.%s is missing or no truth value", key);
}

static int cfg_from(const json_t *j, struct kg_cfg *c)
{
    int pool, scope, into, scale;
    TRY(word_of(j, "pool", kg_pools, &pool));
    TRY(word_of(j, "scope", kg_scopes, &scope));
    TRY(word_of(j, "into", kg_intos, &into));
    TRY(word_of(j, "scale", kg_scales, &scale));
    TRY(flag_of(j, "share_w", &c->share_w));
    TRY(flag_of(j, "tanh", &c->tanh));
    TRY(flag_of(j, "norm", &c->norm));
    TRY(flag_of(j, "gate", &c->gate));
    c->pool = (enum kg_pool)pool;
    c->scope = (enum kg_scope)scope;
    c->into = (enum kg_into)into;
    c->scale = (enum kg_scale)scale;
    c->chunk = json_integer_value(json_object_get(j, "chunk"));
    return c->chunk >= 1 && c->chunk <= CHUNK_MAX ? 0 : err_set(E_DATA, "icd.json: kg.chunk is out of range");
}

int knowledge_declare(const struct knowledge *k, struct st_writer *w)
{
    TRY(st_declare(w, text_name, "I32", 2, (int64_t[]){k->texts, 2}));
    return st_declare(w, ids_name, "I32", 1, (int64_t[]){k->tokens});
}

int knowledge_write(const struct knowledge *k, struct st_writer *w)
{
    _Static_assert(sizeof *k->text == 2 * sizeof(int32_t), "a row of icd.kg.text");
    TRY(st_data(w, k->text, (size_t)k->texts * sizeof *k->text));
    return st_data(w, k->ids, (size_t)k->tokens * sizeof *k->ids);
}

bool knowledge_tensor(const char *name)
{
    return !strcmp(name, text_name) || !strcmp(name, ids_name);
}

/* Do the texts tile the tokens, with codes 0, 1, .. in order, and are these of the vocabulary? */
static bool tiles(const struct kg_text *text, int64_t texts, const int32_t *ids, int64_t tokens, int64_t V)
{
    for (int64_t i = 0; i < tokens; i++)
        if (ids[i] < 0 || ids[i] >= V)
            return false;
    int64_t sum = 0;
    int32_t code = 0;
    for (int64_t i = 0; i < texts; i++) {
        if (text[i].n < 1 || text[i].n > tokens - sum || text[i].code < code || text[i].code > code + (i > 0))
            return false;
        sum += text[i].n;
        code = text[i].code;
    }
    return texts > 0 && sum == tokens;
}

int knowledge_open(struct knowledge **k, const json_t *kg, const struct st_file *f, int64_t V)
{
    struct kg_cfg c = {0};
    *k = NULL;
    TRY(cfg_from(kg, &c));
    const struct st_tensor *t = st_find(f, text_name), *i = st_find(f, ids_name);
    if (!t || !i || strcmp(t->dtype, "I32") || strcmp(i->dtype, "I32") || t->nd != 2 || t->dim[1] != 2 || i->nd != 1)
        return err_set(E_DATA, "tensors %s and %s: missing or of the wrong shape", text_name, ids_name);
    struct kg_text *text = mem_alloc(t->bytes, 1);
    int32_t *ids = mem_alloc(i->bytes, 1);
    int rc = text && ids ? 0 : E_NOMEM;
    if (!rc) {
        memcpy(text, t->data, t->bytes); /* what is mapped is not aligned */
        memcpy(ids, i->data, i->bytes);
        rc = tiles(text, t->dim[0], ids, i->dim[0], V)
                 ? knowledge_of(k, &c, ids, text, t->dim[0])
                 : err_set(E_DATA, "tensors %s and %s do not go together", text_name, ids_name);
    }
    free(text);
    free(ids);
    return rc;
}
