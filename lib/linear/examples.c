/* Notes for a linear model: see examples.h. */
#include "lib/linear/examples.h"

#include <stdlib.h>
#include <string.h>

#include "lib/kb/word.h"
#include "lib/util/err.h"

/* The example of this id, made when it is new. */
static int example_at(struct examples *e, const msgpack_object *rec, struct example **x)
{
    const char *id, *split = "";
    size_t id_n, split_n = 0;
    uint32_t at;
    rec_str(rec, "id", &id, &id_n);
    rec_str(rec, "split", &split, &split_n);
    if (id_n == 0 || memchr(id, 0, id_n))
        return err_set(E_DATA, "field id: empty, or holds a NUL byte");
    int known = names_add(&e->id, id, id_n, &at);
    if (known > 1)
        return known;
    if (at >= e->cap) {
        size_t cap = e->id.cap;
        struct example *v = mem_grow(e->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        memset(v + e->cap, 0, (cap - e->cap) * sizeof *v);
        e->v = v;
        e->cap = cap;
    }
    *x = &e->v[at];
    if (!known)
        return ((*x)->split = mem_strndup(split, split_n)) ? 0 : E_NOMEM;
    if (strlen((*x)->split) != split_n || memcmp((*x)->split, split, split_n))
        return err_set(E_DATA, "field split: not the split that the other stream gives this id");
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int examples_target(struct examples *e, const msgpack_object *rec, const struct labels *l)
{
    struct example *x;
    if (!rec_is(rec, "split", "train") && !rec_is(rec, "split", "dev"))
        return err_set(E_DATA, "field split: a target must be train or dev (labels of test notes are never read)");
    const msgpack_object *codes = rec_get(rec, "codes");
    if (!codes)
        return err_set(E_DATA, "field codes: missing");
    TRY(example_at(e, rec, &x));
    if (x->label)
        return err_set(E_DATA, "field id: given twice");
    uint32_t n = codes->via.array.size, kept = 0;
    if (!(x->label = mem_alloc(n, sizeof *x->label)))
        return E_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        int64_t at = labels_find(l, c->ptr, c->size);
        if (at < 0)
            return err_set(E_DATA, "field codes: a code is not in the header's labels");
        x->label[i] = (uint32_t)at;
    }
    mem_sort(x->label, n, sizeof *x->label, by_number);
    for (uint32_t i = 0; i < n; i++)
        if (!i || x->label[i] != x->label[i - 1])
            x->label[kept++] = x->label[i];
    x->labels = kept;
    return 0;
}

/* ---- units ---- */

static int add_unit(struct buf *units, uint32_t unit)
{
    return buf_add(units, &unit, sizeof unit);
}

static int piece_units(const struct examples *e, const int32_t *id, size_t n, struct buf *units)
{
    for (size_t i = 0; i < n; i++)
        if (id[i] != e->silent[0] && id[i] != e->silent[1] && id[i] != e->silent[2])
            TRY(add_unit(units, (uint32_t)id[i]));
    return 0;
}

static int word_units(struct examples *e, const int32_t *id, size_t n, struct buf *units)
{
    struct buf text = {0};
    struct word w;
    int rc = spm_decode(e->words, id, n, &text);
    const unsigned char *at = (const unsigned char *)text.p, *end = at + text.n;
    while (!rc && at < end && next_word(&at, end, &w)) {
        uint32_t unit;
        rc = names_add(&e->word, (const char *)w.c, w.n, &unit);
        if (rc <= 1)
            rc = add_unit(units, unit);
    }
    buf_free(&text);
    return rc;
}

int examples_tokens(struct examples *e, const msgpack_object *rec, int64_t pieces)
{
    struct example *x;
    struct buf units = {0};
    int32_t *ids;
    int64_t n;
    TRY(example_at(e, rec, &x));
    if (x->tokens)
        return err_set(E_DATA, "field id: given twice");
    TRY(rec_ids(rec, "ids", pieces, &ids, &n));
    int rc = e->words ? word_units(e, ids, (size_t)n, &units) : piece_units(e, ids, (size_t)n, &units);
    free(ids);
    if (!rc)
        rc = tfidf_bag(&e->text, (const uint32_t *)(const void *)units.p, units.n / sizeof(uint32_t), &x->bag);
    buf_free(&units);
    if (!rc && e->n == e->order_cap) {
        size_t cap = e->order_cap ? 2 * e->order_cap : 1024;
        uint32_t *order = mem_grow(e->order, cap, sizeof *order);
        if (!order)
            return E_NOMEM;
        e->order = order;
        e->order_cap = cap;
    }
    if (rc)
        return rc;
    x->tokens = true;
    e->order[e->n++] = (uint32_t)(x - e->v);
    return 0;
}

bool example_is(const struct example *x, const char *split)
{
    return x->tokens && strcmp(x->split, split) == 0;
}

/* ---- rows ---- */

int examples_rows(struct examples *e, double bias)
{
    const struct bag **train = mem_alloc(e->n, sizeof *train);
    size_t n = 0;
    if (!train)
        return E_NOMEM;
    for (uint32_t i = 0; i < e->n; i++) {
        const struct example *x = &e->v[e->order[i]];
        if (x->label && example_is(x, "train"))
            train[n++] = &x->bag;
    }
    int rc = n ? tfidf_fit(&e->text, train, n) : err_set(E_DATA, "no training note with a target");
    free(train);
    TRY(rc);
    if (!e->text.n)
        return err_set(E_DATA, "no word or piece is in at least %u training notes (--least-notes; they are %zu)",
                       e->text.least_texts, n);
    for (uint32_t i = 0; i < e->n; i++) {
        struct example *x = &e->v[e->order[i]];
        TRY(tfidf_row(&e->text, &x->bag, bias, &x->row));
        bag_free(&x->bag);
    }
    return 0;
}

void examples_free(struct examples *e)
{
    for (size_t i = 0; i < e->id.n && i < e->cap; i++) {
        free(e->v[i].split);
        free(e->v[i].label);
        bag_free(&e->v[i].bag);
        free(e->v[i].row);
    }
    free(e->v);
    free(e->order);
    names_free(&e->id);
    names_free(&e->word);
    tfidf_free(&e->text);
    *e = (struct examples){0};
}
