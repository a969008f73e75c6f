/* See inclusion.h. */
#include "lib/kb/inclusion.h"

#include <stdlib.h>
#include <string.h>

#include "lib/code/code.h"
#include "lib/util/err.h"
#include "lib/util/file.h"

/* A code of the list under one of the names that terms may have it by: without dot, in upper case. */
struct name {
    char key[ICD9_MAX];
    uint32_t code;
};
struct names {
    struct name *v;
    size_t n;
};

static int by_key(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int c = strcmp(x->key, y->key);
    return c ? c : (x->code > y->code) - (x->code < y->code);
}

static size_t bare(const char *code, size_t n, char key[ICD9_MAX])
{
    size_t k = 0;
    for (size_t i = 0; i < n && k < ICD9_MAX - 1; i++)
        if (code[i] != '.')
            key[k++] = code[i] >= 'a' && code[i] <= 'z' ? (char)(code[i] - 'a' + 'A') : code[i];
    key[k] = 0;
    return k;
}

static int name_codes(const struct code_list *l, const struct titles *t, struct names *out)
{
    if (!(out->v = mem_alloc(2 * l->set.n, sizeof *out->v)))
        return E_NOMEM;
    for (uint32_t i = 0; i < l->set.n; i++) {
        const char *code = l->set.code[i];
        if (!(code_look(code, strlen(code)) & CODE_ICD10_CM) || titles_procedure(t, code))
            continue;
        struct name own = {.code = i}, less;
        size_t n = bare(code, strlen(code), own.key);
        out->v[out->n++] = less = own;
        /* without the seventh character, and without the X that only hold its place */
        n -= n == 7;
        while (n > 3 && less.key[n - 1] == 'X')
            n--;
        less.key[n] = 0;
        if (strcmp(less.key, own.key) != 0)
            out->v[out->n++] = less;
    }
    mem_sort(out->v, out->n, sizeof *out->v, by_key);
    return 0;
}

/* The first name of a key: the key itself with the smallest code. */
static size_t find(const struct names *s, const char *key)
{
    size_t low = 0;
    for (size_t high = s->n; low < high;) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(s->v[mid].key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static int read_line(const struct names *s, const char *p, size_t n,
                     int (*term)(void *ctx, uint32_t code, const char *text, size_t n), void *ctx)
{
    const char *tab = memchr(p, '\t', n);
    char key[ICD9_MAX];
    if (!tab || tab == p || tab + 1 == p + n)
        return err_set(E_DATA, "not CODE<TAB>TERM");
    const char *text = tab + 1;
    size_t len = (size_t)(p + n - text);
    bare(p, (size_t)(tab - p), key);
    for (size_t i = find(s, key); i < s->n && !strcmp(s->v[i].key, key); i++) {
        TRY(term(ctx, s->v[i].code, text, len));
        if (len > 4 && !memcmp(text + len - 4, " NOS", 4))
            TRY(term(ctx, s->v[i].code, text, len - 4));
    }
    return 0;
}

int inclusion_read(const char *path, const struct code_list *l, const struct titles *t,
                   int (*term)(void *ctx, uint32_t code, const char *text, size_t n), void *ctx)
{
    struct names names = {0};
    struct buf b = {0};
    int rc = name_codes(l, t, &names);
    if (!rc && (rc = table_read(path, &b)))
        err_ctx(rc, "%s", path_base(path));
    if (!rc && !b.n)
        rc = err_set(E_DATA, "%s: no terms", path_base(path));
    size_t line = 1;
    for (char *p = b.p, *stop; !rc && p < b.p + b.n; p = stop + 1, line++) {
        stop = memchr(p, '\n', (size_t)(b.p + b.n - p));
        stop = stop ? stop : b.p + b.n;
        rc = read_line(&names, p, (size_t)(stop - p), term, ctx);
        if (rc)
            err_ctx(rc, "%s: line %zu", path_base(path), line);
    }
    buf_free(&b);
    free(names.v);
    return rc;
}
