/* tokenizer.json as a SentencePiece model: see hf_tokenizer.h. */
#include "lib/text/hf_tokenizer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text/spm_proto.h"
#include "lib/util/base64.h"
#include "lib/util/err.h"

#define MARK "\xe2\x96\x81"

static const char *type_of(const json_t *j)
{
    const char *type = json_string_value(json_object_get(j, "type"));
    return type ? type : "";
}

static bool is(const json_t *j, const char *type)
{
    return strcmp(type_of(j), type) == 0;
}

/* Calls each for every step of a normalizer or pre-tokenizer; a Sequence has several under `list`. */
static int for_steps(const json_t *j, const char *list, int (*each)(const json_t *step, void *ctx), void *ctx)
{
    const json_t *v;
    size_t i;
    if (!is(j, "Sequence"))
        return each(j, ctx);
    json_array_foreach(json_object_get(j, list), i, v)
        TRY(each(v, ctx));
    return 0;
}

static int no_such(const char *part, const json_t *j)
{
    return err_set(E_DATA, "%s of type %.40s is not SentencePiece's", part, *type_of(j) ? type_of(j) : "none");
}

/* ---- normalizer ---- */

/* {"pattern": {"Regex": " {2,}"}, "content": " " or the mark}: blanks in a row are one. */
static bool squeezes_blanks(const json_t *j)
{
    const char *regex = json_string_value(json_object_get(json_object_get(j, "pattern"), "Regex"));
    const char *content = json_string_value(json_object_get(j, "content"));
    return regex && content && !strcmp(regex, " {2,}") && (!strcmp(content, " ") || !strcmp(content, MARK));
}

static int normalizer_step(const json_t *j, void *ctx)
{
    struct buf *table = ctx;
    const json_t *map = json_object_get(j, "precompiled_charsmap");
    if (is(j, "Strip") || (is(j, "Replace") && squeezes_blanks(j)))
        return 0; /* SentencePiece always does */
    if (!is(j, "Precompiled") || !json_is_string(map) || table->n)
        return no_such("a normalizer", j);
    int rc = base64_read(table, json_string_value(map), json_string_length(map));
    return rc ? err_ctx(rc, "precompiled_charsmap") : 0;
}

static int put_normalizer(const json_t *root, struct buf *model)
{
    struct buf table = {0}, spec = {0};
    int rc = for_steps(json_object_get(root, "normalizer"), "normalizers", normalizer_step, &table);
    if (!rc && !table.n)
        rc = err_set(E_DATA, "a normalizer without a precompiled_charsmap is not SentencePiece's");
    if (!rc)
        rc = spm_proto_bytes(&spec, SPM_CHARSMAP, table.p, table.n);
    if (!rc)
        rc = spm_proto_bytes(model, SPM_NORMALIZER, spec.p, spec.n);
    buf_free(&table);
    buf_free(&spec);
    return rc;
}

/* ---- pre-tokenizer ---- */

static int pre_tokenizer_step(const json_t *j, void *ctx)
{
    bool *mark = ctx;
    const char *as = json_string_value(json_object_get(j, "replacement"));
    const char *scheme = json_string_value(json_object_get(j, "prepend_scheme"));
    if (is(j, "WhitespaceSplit"))
        return 0;
    if (!is(j, "Metaspace") || !as || strcmp(as, MARK))
        return no_such("a pre_tokenizer", j);
    if (json_is_false(json_object_get(j, "add_prefix_space")) || (scheme && !strcmp(scheme, "never")))
        return err_set(E_DATA, "a pre_tokenizer that puts no mark before the first word is not supported");
    *mark = true;
    return 0;
}

static int check_pre_tokenizer(const json_t *root)
{
    bool mark = false;
    const json_t *pre = json_object_get(root, "pre_tokenizer");
    TRY(for_steps(pre, "pretokenizers", pre_tokenizer_step, &mark));
    return mark ? 0 : no_such("a pre_tokenizer", pre);
}

/* ---- pieces ---- */

struct pieces {
    const json_t *vocab;
    size_t n; /* of the vocabulary and what is behind it */
    int64_t unk;
    const json_t **added; /* by id; NULL: not an added token */
};

/* added_tokens by their ids: each is a piece of the vocabulary, or the next behind it. */
static int place_added(const json_t *tokens, struct pieces *v)
{
    const json_t *j;
    size_t i, in = json_array_size(v->vocab), all = in + json_array_size(tokens);
    if (!(v->added = mem_zalloc(all, sizeof *v->added)))
        return E_NOMEM;
    v->n = in;
    json_array_foreach(tokens, i, j) {
        const json_t *id = json_object_get(j, "id"), *content = json_object_get(j, "content");
        json_int_t at = json_is_integer(id) ? json_integer_value(id) : -1;
        if (at < 0 || (size_t)at >= all || !json_string_length(content) || v->added[at])
            return err_set(E_DATA, "added_tokens[%zu]: no content, or an id that is taken or behind a gap", i);
        if (!json_is_true(json_object_get(j, "special")))
            return err_set(E_DATA, "added_tokens[%zu] is no special token: SentencePiece would cut the text around it "
                           "in another way", i);
        if ((size_t)at < in && strcmp(json_string_value(content),
                                      json_string_value(json_array_get(json_array_get(v->vocab, (size_t)at), 0))))
            return err_set(E_DATA, "added_tokens[%zu]: the vocabulary has another piece of this id", i);
        v->added[at] = j;
        v->n = (size_t)at >= v->n ? (size_t)at + 1 : v->n;
    }
    for (i = in; i < v->n; i++)
        if (!v->added[i])
            return err_set(E_DATA, "added_tokens: no token of id %zu", i);
    return 0;
}

static int check_vocab(const json_t *vocab)
{
    const json_t *j;
    size_t i;
    if (!json_array_size(vocab))
        return err_set(E_DATA, "model has no vocab");
    json_array_foreach(vocab, i, j) {
        const json_t *text = json_array_get(j, 0);
        if (!json_string_length(text) || strlen(json_string_value(text)) != json_string_length(text) ||
            !json_is_number(json_array_get(j, 1)))
            return err_set(E_DATA, "model.vocab[%zu] is not a piece and its score", i);
    }
    return 0;
}

static int put_piece(const struct pieces *v, size_t id, struct buf *model)
{
    const json_t *j = json_array_get(v->vocab, id), *text = json_array_get(j, 0);
    enum spm_type type = SPM_NORMAL;
    if (!j)
        text = json_object_get(v->added[id], "content");
    if ((int64_t)id == v->unk)
        type = SPM_UNKNOWN;
    else if (v->added[id])
        type = SPM_CONTROL;
    return spm_proto_piece(model, json_string_value(text), json_string_length(text),
                           (float)json_number_value(json_array_get(j, 1)), type);
}

static int put_pieces(const json_t *root, struct buf *model)
{
    const json_t *m = json_object_get(root, "model"), *unk = json_object_get(m, "unk_id");
    struct pieces v = {.vocab = json_object_get(m, "vocab"), .unk = -1};
    if (json_is_integer(unk))
        v.unk = json_integer_value(unk);
    if (!is(m, "Unigram"))
        return err_set(E_DATA, "a %.40s model; only Unigram vocabularies are read from tokenizer.json",
                       *type_of(m) ? type_of(m) : "nameless");
    if (json_is_true(json_object_get(m, "byte_fallback")))
        return err_set(E_DATA, "model.byte_fallback is not supported");
    TRY(check_vocab(v.vocab));
    if (v.unk < 0 || (size_t)v.unk >= json_array_size(v.vocab))
        return err_set(E_DATA, "model.unk_id is not the id of a piece");
    int rc = place_added(json_object_get(root, "added_tokens"), &v);
    for (size_t i = 0; i < v.n && !rc; i++)
        rc = put_piece(&v, i, model);
    free(v.added);
    return rc;
}

int hf_tokenizer(const char *p, size_t n, struct buf *model)
{
    json_error_t e;
    json_t *root = json_loadb(p, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(E_DATA, "not a JSON object (line %d)", e.line);
    }
    int rc = put_pieces(root, model);
    if (!rc)
        rc = check_pre_tokenizer(root);
    if (!rc)
        rc = put_normalizer(root, model);
    json_decref(root);
    return rc;
}
