/* A kb stream in memory: see kb.h. */
#include "lib/kb/kb.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

static int add_term(struct kb *kb, const msgpack_object *term)
{
    const char *p;
    size_t n;
    if (term->type != MSGPACK_OBJECT_MAP)
        return err_set(E_DATA, "field terms: not a list of maps");
    const msgpack_object *text = rec_get(term, "text");
    if (!text || text->type != MSGPACK_OBJECT_STR)
        return err_set(E_DATA, "field terms: a term without text");
    p = text->via.str.ptr;
    n = text->via.str.size;
    if (kb->terms == kb->term_cap) {
        size_t cap = kb->term_cap ? 2 * kb->term_cap : 1024;
        struct kb_term *v = mem_grow(kb->term, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        kb->term = v;
        kb->term_cap = cap;
    }
    kb->term[kb->terms++] = (struct kb_term){kb->text.n, n};
    kb->code[kb->codes - 1].n++;
    return buf_add(&kb->text, p, n);
}

static int add_code(struct kb *kb, const msgpack_object *rec)
{
    const char *code, *title;
    size_t n, title_n;
    rec_str(rec, "code", &code, &n);
    if (kb->codes == kb->code_cap) {
        size_t cap = kb->code_cap ? 2 * kb->code_cap : 64;
        struct kb_code *v = mem_grow(kb->code, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        kb->code = v;
        kb->code_cap = cap;
    }
    struct kb_code *c = &kb->code[kb->codes++];
    *c = (struct kb_code){.code = kb->text.n, .code_n = n, .first = kb->terms};
    TRY(buf_add(&kb->text, code, n));
    if (rec_str(rec, "title", &title, &title_n)) {
        c->title = kb->text.n;
        c->title_n = title_n;
        TRY(buf_add(&kb->text, title, title_n));
    }
    const msgpack_object *terms = rec_get(rec, "terms");
    for (uint32_t i = 0; terms && i < terms->via.array.size; i++)
        TRY(add_term(kb, &terms->via.array.ptr[i]));
    return 0;
}

static int compare(const char *a, size_t an, const char *b, size_t bn)
{
    int d = memcmp(a, b, an < bn ? an : bn);
    return d ? d : (an > bn) - (an < bn);
}

static int by_name(const void *a, const void *b, void *ctx)
{
    const struct kb *kb = ctx;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const struct kb_code *x = &kb->code[i], *y = &kb->code[j];
    int d = compare(kb->text.p + x->code, x->code_n, kb->text.p + y->code, y->code_n);
    return d ? d : (i > j) - (i < j);
}

int kb_load(struct kb *kb, struct stream *s)
{
    const msgpack_object *rec;
    enum stream_got got;
    int rc = 0;
    while (!rc && (got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        if ((rc = add_code(kb, rec)) != 0)
            err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    if (!rc && kb->codes > UINT32_MAX)
        rc = err_set(E_DATA, "%s: too many codes", stream_name(s));
    if (!rc && !(kb->sorted = mem_alloc(kb->codes, sizeof *kb->sorted)))
        rc = E_NOMEM;
    for (size_t i = 0; i < kb->codes && !rc; i++)
        kb->sorted[i] = (uint32_t)i;
    if (!rc)
        qsort_r(kb->sorted, kb->codes, sizeof *kb->sorted, by_name, kb);
    return rc;
}

static int compare_at(const struct kb *kb, size_t i, const char *code, size_t n)
{
    const struct kb_code *c = &kb->code[kb->sorted[i]];
    return compare(kb->text.p + c->code, c->code_n, code, n);
}

size_t kb_find(const struct kb *kb, const char *code, size_t n, size_t *first)
{
    size_t lo = 0, hi = kb->codes;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare_at(kb, mid, code, n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *first = lo;
    while (lo < kb->codes && compare_at(kb, lo, code, n) == 0)
        lo++;
    return lo - *first;
}

void kb_free(struct kb *kb)
{
    buf_free(&kb->text);
    free(kb->code);
    free(kb->term);
    free(kb->sorted);
    *kb = (struct kb){0};
}
