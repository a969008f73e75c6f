/* A kb stream in memory: see kb.h. */
#include "lib/kb/kb.h"

#include <stdlib.h>

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
    const char *code;
    size_t n;
    rec_str(rec, "code", &code, &n);
    if (kb->codes == kb->code_cap) {
        size_t cap = kb->code_cap ? 2 * kb->code_cap : 64;
        struct kb_code *v = mem_grow(kb->code, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        kb->code = v;
        kb->code_cap = cap;
    }
    kb->code[kb->codes++] = (struct kb_code){kb->text.n, n, kb->terms, 0};
    TRY(buf_add(&kb->text, code, n));
    const msgpack_object *terms = rec_get(rec, "terms");
    for (uint32_t i = 0; terms && i < terms->via.array.size; i++)
        TRY(add_term(kb, &terms->via.array.ptr[i]));
    return 0;
}

int kb_load(struct kb *kb, struct stream *s)
{
    const msgpack_object *rec;
    enum stream_got got;
    int rc = 0;
    while (!rc && (got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        if ((rc = add_code(kb, rec)) != 0)
            err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    if (!rc && !kb->terms)
        rc = err_set(E_DATA, "%s: no expressions in it (kb-build --kind expressions writes them)", stream_name(s));
    return rc;
}

int kb_matcher(const struct kb *kb, struct matcher **out)
{
    struct matcher *m;
    int rc = 0;
    TRY(matcher_new(&m));
    for (size_t i = 0; i < kb->terms && !rc; i++)
        rc = matcher_add(m, kb->text.p + kb->term[i].text, kb->term[i].n);
    if (!rc)
        rc = matcher_build(m);
    if (rc)
        matcher_free(m);
    else
        *out = m;
    return rc;
}

void kb_free(struct kb *kb)
{
    buf_free(&kb->text);
    free(kb->code);
    free(kb->term);
    *kb = (struct kb){0};
}
