/* The terms of all codes: see terms.h. Tests: tests/unit/terms.c. */
#include "lib/kb/terms.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/kb/match.h"
#include "lib/util/err.h"

const char *const kb_type_name[KB_TYPES] = {"term", "abbreviation", "synonym", "description"};

int kb_type_find(const char *name)
{
    for (int i = 0; i < KB_TYPES; i++)
        if (!strcmp(name, kb_type_name[i]))
            return i;
    return -1;
}

int terms_source(struct terms *t, const char *name, unsigned *index)
{
    if (t->sources == TERMS_SOURCES)
        return err_set(E_USAGE, "more than %d sources of expressions", TERMS_SOURCES);
    if (!(t->source[t->sources] = mem_strndup(name, strlen(name))))
        return E_NOMEM;
    *index = t->sources++;
    return 0;
}

int terms_add(struct terms *t, uint32_t code, enum kb_type type, const char *text, size_t n, unsigned source,
              bool *worded)
{
    size_t at = t->text.n, form;
    /* its text and, after it, its folded form; nothing if it has no word */
    TRY(buf_add(&t->text, text, n));
    TRY(buf_add(&t->text, "", 1));
    form = t->text.n;
    if (type != KB_DESCRIPTION)
        TRY(match_fold(text, n, &t->text));
    bool good = type == KB_DESCRIPTION ? n > 0 : t->text.n > form;
    if (worded)
        *worded = good;
    if (!good) {
        t->text.n = at;
        return 0;
    }
    TRY(buf_add(&t->text, "", 1));
    /* its row */
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 1024;
        struct term *v = mem_grow(t->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        t->v = v;
        t->cap = cap;
    }
    if (t->n == UINT32_MAX)
        return err_set(E_DATA, "more than 2^32 terms");
    t->v[t->n] = (struct term){.text = at,
                               .form = form,
                               .code = code,
                               .order = (uint32_t)t->n,
                               .sources = 1u << source,
                               .type = (uint8_t)type};
    t->n++;
    return 0;
}

static int by_form(const void *a, const void *b, void *ctx)
{
    const struct terms *t = ctx;
    const struct term *x = a, *y = b;
    int d = strcasecmp(t->text.p + x->form, t->text.p + y->form);
    d = d ? d : (x->code > y->code) - (x->code < y->code);
    return d ? d : (x->order > y->order) - (x->order < y->order);
}

static int by_code(const void *a, const void *b)
{
    const struct term *x = a, *y = b;
    int d = (x->code > y->code) - (x->code < y->code);
    return d ? d : (x->order > y->order) - (x->order < y->order);
}

/* v[0..n) have one form but for capitals, and one code: those with the same capitals are one. There are never many. */
static void unite(struct terms *t, struct term *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (!v[k].out && !strcmp(t->text.p + v[k].form, t->text.p + v[i].form)) {
                v[k].sources |= v[i].sources;
                v[i].out = true;
                t->repeated++;
                break;
            }
}

/* v[0..n) have one form but for capitals, by code. */
static int settle_form(struct terms *t, struct term *v, size_t n, uint32_t max_df, const struct terms_shared *shared)
{
    size_t codes = 0;
    uint32_t *code = mem_alloc(n, sizeof *code);
    if (!code)
        return E_NOMEM;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && v[end].code == v[i].code; end++)
            ;
        unite(t, v + i, end - i);
        code[codes++] = v[i].code;
    }
    for (size_t i = 0; i < n && max_df && codes > max_df; i++) {
        t->dropped += !v[i].out;
        v[i].out = true;
    }
    t->shared += codes > 1;
    int rc = codes > 1 && shared ? shared->hear(shared->ctx, t->text.p + v->text, code, codes) : 0;
    free(code);
    return rc;
}

int terms_settle(struct terms *t, uint32_t max_df, const struct terms_shared *shared)
{
    if (!t->n)
        return 0;
    qsort_r(t->v, t->n, sizeof *t->v, by_form, t);
    for (size_t i = 0, end; i < t->n; i = end) {
        const char *form = t->text.p + t->v[i].form;
        for (end = i + 1; end < t->n && !strcasecmp(t->text.p + t->v[end].form, form); end++)
            ;
        if (*form)
            TRY(settle_form(t, t->v + i, end - i, max_df, shared));
    }
    mem_sort(t->v, t->n, sizeof *t->v, by_code);
    return 0;
}

size_t terms_of(const struct terms *t, uint32_t code, size_t *first)
{
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->v[mid].code < code)
            lo = mid + 1;
        else
            hi = mid;
    }
    *first = lo;
    while (lo < t->n && t->v[lo].code == code)
        lo++;
    return lo - *first;
}

int terms_sources(const struct terms *t, const struct term *term, struct buf *out)
{
    out->n = 0;
    for (unsigned i = 0; i < t->sources; i++)
        if (term->sources >> i & 1)
            TRY(buf_fmt(out, "%s%s", out->n ? "," : "", t->source[i]));
    return buf_add(out, "", 1);
}

void terms_free(struct terms *t)
{
    buf_free(&t->text);
    free(t->v);
    for (unsigned i = 0; i < t->sources; i++)
        free(t->source[i]);
    *t = (struct terms){0};
}
