/* Sections and paragraphs: see sections.h. The text is read line by line:
 *  - a known header stands at the start of a line (behind blanks, a list number, '#', '-' or '*') and is followed by
 *    ':' or ends the line; administrative ones may share a line ("Admission Date: .. Discharge Date: ..");
 *  - an unknown one is a short line that ends in ':', or a line in capitals below an empty line;
 *  - inside the sections that SUBHEADER names (the hospital course), system and problem headings open paragraphs;
 *  - elsewhere a paragraph is a block between empty lines: notes are wrapped hard, so a line is not a paragraph. A
 *    header never stands alone, it begins the first paragraph of its section. */
#include "lib/text/sections.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"

enum { KEY_MAX = 64, GENERIC_MAX = 50, GENERIC_WORDS = 6, KINDS_MAX = 256 };
enum { IS_SUBHEADER = -1, IS_DENIED = -2 }; /* kinds of keys that open no section */

struct key {
    char text[KEY_MAX]; /* lower case, one blank between words */
    uint32_t n;
    int kind;
};
struct kind {
    char *name;
    bool admin, inside; /* class A; SUBHEADERs count inside it */
};
struct section_rules {
    struct kind kind[KINDS_MAX];
    int kinds, preamble, other, addendum;
    struct key *key; /* sorted by text, then kind */
    size_t keys, cap;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}
static bool digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool capital(char c)
{
    return c >= 'A' && c <= 'Z';
}
static char lower(char c)
{
    return capital(c) ? (char)(c - 'A' + 'a') : c;
}

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

/* ---- the rule file ---- */
static int key_order(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    uint32_t n = x->n < y->n ? x->n : y->n;
    int c = memcmp(x->text, y->text, n);
    if (c == 0)
        c = (x->n > y->n) - (x->n < y->n);
    return c ? c : (x->kind > y->kind) - (x->kind < y->kind);
}

static int add_kind(struct section_rules *r, const char *name, size_t n, int *kind)
{
    for (int i = 0; i < r->kinds; i++)
        if (strlen(r->kind[i].name) == n && memcmp(r->kind[i].name, name, n) == 0) {
            *kind = i;
            return 0;
        }
    if (r->kinds == KINDS_MAX)
        return err_set(E_DATA, "more than %d kinds of section", KINDS_MAX);
    char *s = mem_strndup(name, n);
    if (!s)
        return E_NOMEM;
    r->kind[r->kinds] = (struct kind){.name = s};
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
    r->kind[kind].admin = tab[1] == 'A';
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
    TRY_GOTO(rc, fail, file_read(path, 1 << 20, &text, &n));
    TRY_GOTO(rc, fail, add_kind(r, "PREAMBLE", 8, &r->preamble));
    TRY_GOTO(rc, fail, add_kind(r, "OTHER", 5, &r->other));
    TRY_GOTO(rc, fail, add_kind(r, "ADDENDUM", 8, &r->addendum));
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
    qsort(r->key, r->keys, sizeof *r->key, key_order);
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

const char *section_name(const struct section_rules *r, int kind)
{
    return kind >= 0 && kind < r->kinds ? r->kind[kind].name : "?";
}

/* What a header text is: *kind of the section it opens or -1, and whether it is a SUBHEADER, DENIED. */
struct found {
    int kind;
    bool sub, denied;
};
static struct found lookup(const struct section_rules *r, const char *p, size_t n)
{
    struct found f = {.kind = -1};
    struct key key = {.kind = IS_DENIED}; /* the least kind: the first of equal texts */
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

/* ---- lines ---- */
struct line {
    const char *p, *end; /* without the newline */
    const char *text;    /* behind blanks and list marks */
    const char *stop;    /* before trailing blanks */
    bool marked;         /* there was a list mark */
    bool problem;        /* it was '#' or a number: how problems of a course are listed */
    const char *colon;   /* NULL if none */
};

static struct line read_line(const char *p, const char *end)
{
    struct line l = {.p = p, .end = end, .text = p, .stop = end};
    while (l.stop > p && blank(l.stop[-1]))
        l.stop--;
    while (l.text < l.stop && blank(*l.text))
        l.text++;
    const char *q = l.text;
    while (q < l.stop && (*q == '#' || *q == '-' || *q == '*')) {
        l.problem |= *q == '#';
        q++;
    }
    const char *num = q;
    while (q < l.stop && digit(*q) && q - num < 3)
        q++;
    if (q > num) {
        if (q < l.stop && (*q == '.' || *q == ')') && (q + 1 == l.stop || !digit(q[1]))) {
            q++;
            l.problem = true;
        } else if (!l.problem) {
            q = num;
        }
    }
    if (q > l.text) {
        l.marked = true;
        while (q < l.stop && blank(*q))
            q++;
        l.text = q;
    }
    l.colon = memchr(l.text, ':', (size_t)(l.stop - l.text));
    return l;
}

/* A short line that ends in ':', or (below an empty line) one in capitals: a header nobody listed. */
static bool generic(const struct line *l, bool after_empty)
{
    const char *stop = l->stop;
    bool colon = l->colon && l->colon == stop - 1;
    size_t words = 0;
    if (l->marked || (l->colon && !colon) || stop - l->text > GENERIC_MAX || stop <= l->text || !capital(*l->text))
        return false;
    for (const char *p = l->text; p < stop - colon; p++) {
        if (digit(*p) || *p == '[' || *p == ',' || *p == '.' || *p == ';' || *p == '?' || *p == '!' || *p == '*' ||
            (unsigned char)*p < ' ')
            return false;
        if (!colon && lower(*p) == *p && *p >= 'a' && *p <= 'z')
            return false;
        words += !blank(*p) && (p == l->text || blank(p[-1]));
    }
    return words <= GENERIC_WORDS && (colon || (after_empty && words >= 2));
}

/* ---- building ---- */
static int open_paragraph(struct sections *s, int64_t at)
{
    if (s->npara == s->para_cap) {
        size_t cap = s->para_cap ? 2 * s->para_cap : 128;
        struct paragraph *p = mem_grow(s->para, cap, sizeof *p);
        if (!p)
            return E_NOMEM;
        s->para = p;
        s->para_cap = cap;
    }
    if (s->npara)
        s->para[s->npara - 1].end = at;
    s->para[s->npara++] = (struct paragraph){at, at};
    s->sec[s->n - 1].npara++;
    return 0;
}

static int open_section(struct sections *s, int kind, int64_t at, int64_t body)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 64;
        struct section *p = mem_grow(s->sec, cap, sizeof *p);
        if (!p)
            return E_NOMEM;
        s->sec = p;
        s->cap = cap;
    }
    if (s->n)
        s->sec[s->n - 1].end = at;
    s->sec[s->n++] = (struct section){.kind = kind, .begin = at, .body = body, .end = at, .para = s->npara};
    return open_paragraph(s, at);
}

/* "Admission Date: ..   Discharge Date: ..": further administrative headers of a line, behind two blanks or a tab. */
static int inline_headers(const struct section_rules *r, const struct line *l, const char *text, struct sections *s)
{
    const char *p = l->colon + 1;
    while (p < l->stop) {
        const char *colon = memchr(p, ':', (size_t)(l->stop - p));
        if (!colon)
            break;
        const char *q = colon; /* back to where the words before the colon begin */
        while (q > p && !(blank(q[-1]) && (q[-1] == '\t' || (q - 1 > p && blank(q[-2])))))
            q--;
        if (q > p) {
            struct found f = lookup(r, q, (size_t)(colon - q));
            if (f.kind >= 0 && r->kind[f.kind].admin)
                TRY(open_section(s, f.kind, q - text, colon + 1 - text));
        }
        p = colon + 1;
    }
    return 0;
}

/* Does the line open a section, or (*sub) a paragraph of the present one? *body: where its header ends. */
static int opens(const struct section_rules *r, const struct line *l, const struct sections *s, bool after_empty,
                 bool *sub, const char **body)
{
    bool inside = s->n && r->kind[s->sec[s->n - 1].kind].inside;
    const char *stop = l->colon ? l->colon : l->stop;
    struct found f = lookup(r, l->text, (size_t)(stop - l->text));
    *sub = false;
    *body = l->colon ? l->colon + 1 : l->stop;
    if (l->text >= l->stop)
        return -1;
    if (inside && (l->problem || f.sub)) {
        *sub = l->problem || l->colon || after_empty;
        return -1;
    }
    /* One word alone on a line may be the tail of a wrapped sentence. */
    bool alone = l->colon || after_empty || memchr(l->text, ' ', (size_t)(l->stop - l->text));
    if (f.kind >= 0 && alone && (l->colon || capital(*l->text)))
        return f.kind;
    if (f.denied || f.kind >= 0 || !generic(l, after_empty))
        return -1;
    *sub = inside;
    return inside ? -1 : r->other;
}

int sections_find(const struct section_rules *r, const char *text, size_t n, const struct section_start *start,
                  size_t nstart, struct sections *s)
{
    const char *end = text + n;
    bool after_empty = true, body = false; /* the paragraph so far has more than a header */
    size_t next = 0;
    s->n = s->npara = 0;
    if (n == 0)
        return 0;
    TRY(open_section(s, r->preamble, 0, 0));
    for (const char *p = text; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl ? nl : end, *after = nl ? nl + 1 : end;
        bool forced = false, addendum = false;
        for (; next < nstart && start[next].at <= p - text; next++)
            if (start[next].at == p - text && p > text) {
                forced = true;
                addendum = start[next].addendum;
            }
        if (next < nstart && start[next].at < after - text) /* a part begins inside the line: the line ends before it */
            after = stop = text + start[next].at;
        struct line l = read_line(p, stop);
        const char *header_end;
        bool sub;
        int kind = opens(r, &l, s, after_empty || forced, &sub, &header_end);
        int64_t at = p - text;
        if (forced && kind < 0) {
            kind = addendum ? r->addendum : r->preamble;
            header_end = p;
        }
        if (kind >= 0) {
            if (at == 0) /* no text before the first header */
                s->n = s->npara = 0;
            TRY(open_section(s, kind, at, header_end - text));
            if (l.colon && header_end == l.colon + 1 && r->kind[kind].admin)
                TRY(inline_headers(r, &l, text, s));
            body = header_end < l.stop;
        } else if (l.text < l.stop || l.marked) {
            if (body && (sub || after_empty))
                TRY(open_paragraph(s, at));
            body = true;
        }
        after_empty = l.text >= l.stop && !l.marked;
        p = after;
    }
    s->sec[s->n - 1].end = s->para[s->npara - 1].end = (int64_t)n;
    return 0;
}

void sections_free(struct sections *s)
{
    free(s->sec);
    free(s->para);
    *s = (struct sections){0};
}
