/* The rule file of sections (share/sections/canonical.tsv) and look-ups in it: see sections.h. */
#include "lib/text/section_rules.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text/sections.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"

/* p[0..n) as a key: trimmed, folded. 0 when it is empty or too long to be one. */
static uint32_t make_key(char key[KEY_MAX], const char *p, size_t n)
{
    uint32_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (blank(p[i])) {
            if (k && key[k - 1] != ' ')
                key[k++] = ' ';
        } else {
            key[k++] = lower(p[i]);
        }
        if (k == KEY_MAX)
            return 0;
    }
    return k && key[k - 1] == ' ' ? k - 1 : k;
}

static int key_order(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    uint32_t n = x->n < y->n ? x->n : y->n;
    int c = memcmp(x->text, y->text, n);
    if (c == 0)
        c = (x->n > y->n) - (x->n < y->n);
    return c ? c : (x->kind > y->kind) - (x->kind < y->kind);
}

int section_kind(const struct section_rules *r, const char *name, size_t n)
{
    for (int i = 0; i < r->kinds; i++)
        if (strlen(r->kind[i].name) == n && memcmp(r->kind[i].name, name, n) == 0)
            return i;
    return -1;
}

static int add_kind(struct section_rules *r, const char *name, size_t n, int *kind)
{
    if ((*kind = section_kind(r, name, n)) >= 0)
        return 0;
    if (r->kinds == KINDS_MAX)
        return err_set(E_DATA, "more than %d kinds of section", KINDS_MAX);
    char *s = mem_strndup(name, n);
    if (!s)
        return E_NOMEM;
    r->kind[r->kinds] = (struct kind){.name = s, .class = '-'};
    *kind = r->kinds++;
    return 0;
}

static int add_keys(struct section_rules *r, int kind, const char *p, const char *end)
{
    while (p < end) {
        const char *semi = memchr(p, ';', (size_t)(end - p));
        const char *stop = semi ? semi : end;
        if (r->keys == r->cap) {
            size_t cap = r->cap ? 2 * r->cap : 256;
            struct key *k = mem_grow(r->key, cap, sizeof *k);
            if (!k)
                return E_NOMEM;
            r->key = k;
            r->cap = cap;
        }
        struct key *k = &r->key[r->keys];
        if (!(k->n = make_key(k->text, p, (size_t)(stop - p))))
            return err_set(E_DATA, "a header is empty or longer than %d bytes", KEY_MAX - 1);
        k->kind = kind;
        r->keys++;
        p = stop + 1;
    }
    return 0;
}

static int parse_line(struct section_rules *r, const char *p, const char *end)
{
    const char *tab = memchr(p, '\t', (size_t)(end - p));
    const char *tab2 = tab ? memchr(tab + 1, '\t', (size_t)(end - tab - 1)) : NULL;
    int kind;
    if (!tab2 || tab == p)
        return err_set(E_DATA, "not ID, class and headers parted by tabs");
    size_t n = (size_t)(tab - p);
    if (n == 9 && memcmp(p, "SUBHEADER", n) == 0) {
        for (const char *w = tab + 1; w < tab2;) {
            const char *stop = w;
            while (stop < tab2 && *stop != ' ')
                stop++;
            if (stop > w) {
                TRY(add_kind(r, w, (size_t)(stop - w), &kind));
                r->kind[kind].inside = true;
            }
            w = stop + 1;
        }
        return add_keys(r, IS_SUBHEADER, tab2 + 1, end);
    }
    if (n == 4 && memcmp(p, "DENY", n) == 0)
        return add_keys(r, IS_DENIED, tab2 + 1, end);
    TRY(add_kind(r, p, n, &kind));
    r->kind[kind].class = tab[1];
    return add_keys(r, kind, tab2 + 1, end);
}

int section_rules_load(struct section_rules **out, const char *path)
{
    char found[4096], *text = NULL;
    size_t n;
    int rc = E_NOMEM;
    struct section_rules *r = mem_zalloc(1, sizeof *r);
    if (!r)
        return E_NOMEM;
    if (!path) {
        TRY_GOTO(rc, fail, share_path("sections/canonical.tsv", found, sizeof found));
        path = found;
    }
    TRY_GOTO(rc, fail, text_read(path, 1 << 20, &text, &n));
    TRY_GOTO(rc, fail, add_kind(r, "PREAMBLE", 8, &r->preamble));
    TRY_GOTO(rc, fail, add_kind(r, "OTHER", 5, &r->other));
    TRY_GOTO(rc, fail, add_kind(r, "ADDENDUM", 8, &r->addendum));
    /* each line a rule */
    int line = 1;
    for (const char *p = text, *end = text + n; p < end; line++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl ? nl : end;
        if (stop > p && *p != '#' && (rc = parse_line(r, p, stop)) != 0) {
            err_ctx(rc, "%s: line %d", path_base(path), line);
            goto fail;
        }
        p = stop + 1;
    }
    r->signature = section_kind(r, "SIGNATURE", 9);
    mem_sort(r->key, r->keys, sizeof *r->key, key_order);
    free(text);
    *out = r;
    return 0;
fail:
    free(text);
    section_rules_free(r);
    return rc;
}

void section_rules_free(struct section_rules *r)
{
    if (!r)
        return;
    for (int i = 0; i < r->kinds; i++)
        free(r->kind[i].name);
    free(r->key);
    free(r);
}

int section_kinds(const struct section_rules *r)
{
    return r->kinds;
}

char section_class(const struct section_rules *r, int kind)
{
    return kind >= 0 && kind < r->kinds ? r->kind[kind].class : '-';
}

const char *section_name(const struct section_rules *r, int kind)
{
    return kind >= 0 && kind < r->kinds ? r->kind[kind].name : "?";
}

struct found section_lookup(const struct section_rules *r, const char *p, size_t n)
{
    struct found f = {.kind = -1};
    struct key key = {.kind = IS_DENIED}; /* the least kind: the first of equal texts */
    if (n && p[n - 1] == ')') {           /* "Past Medical History (per family)" */
        const char *open = memrchr(p, '(', n);
        n = open ? (size_t)(open - p) : n;
    }
    if (!(key.n = make_key(key.text, p, n)))
        return f;
    size_t lo = 0, hi = r->keys;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (key_order(&r->key[mid], &key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < r->keys && r->key[lo].n == key.n && memcmp(r->key[lo].text, key.text, key.n) == 0; lo++) {
        f.sub |= r->key[lo].kind == IS_SUBHEADER;
        f.denied |= r->key[lo].kind == IS_DENIED;
        if (r->key[lo].kind >= 0)
            f.kind = r->key[lo].kind;
    }
    return f;
}
