/* The words at places of a text: see excerpt.h. */
#include "lib/text/excerpt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kb/word.h"
#include "lib/util/err.h"

/* Bytes of the character at p; p is valid UTF-8. */
static size_t wide(const char *p)
{
    unsigned char c = (unsigned char)*p;
    if (c >= 0xF0)
        return 4;
    if (c >= 0xE0)
        return 3;
    return c >= 0xC0 ? 2 : 1;
}

static bool control(const char *p, size_t n)
{
    unsigned char c = (unsigned char)p[0];
    return c < ' ' || c == 0x7F || (n > 1 && c == 0xC2 && (unsigned char)p[1] <= 0xA0); /* C1, no-break space */
}

int plain_text(struct buf *out, const char *p, size_t n)
{
    bool blank = true; /* none at the beginning */
    for (size_t i = 0, k; i < n; i += k) {
        k = wide(p + i);
        k = k < n - i ? k : n - i;
        bool b = p[i] == ' ' || control(p + i, n - i);
        if (b && !blank)
            TRY(buf_add(out, " ", 1));
        if (!b)
            TRY(buf_add(out, p + i, k));
        blank = b;
    }
    if (n && blank && out->n && out->p[out->n - 1] == ' ')
        out->n--;
    return 0;
}

/* ---- places ---- */

/* Does a letter, digit or mark begin at i? */
static bool letter(const char *text, size_t n, size_t i)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t k;
    enum wide is = p[i] < 0x80 ? WIDE_SEPARATES : wide_at(p + i, p + n, &k);
    return fold[p[i]] || is == WIDE_LETTER || is == WIDE_MARK;
}

static size_t before(const char *text, size_t i) /* where the character before i begins */
{
    do
        i--;
    while (i && ((unsigned char)text[i] & 0xC0) == 0x80);
    return i;
}

/* What is between begin and end without blanks and marks around it, words made whole. False: no word there. */
static bool widen(const char *text, size_t n, struct place *p)
{
    size_t b = p->begin, e = p->end;
    while (b && b < n && ((unsigned char)text[b] & 0xC0) == 0x80)
        b--;
    while (b < e && !letter(text, n, b))
        b += wide(text + b);
    if (b >= e)
        return false;
    while (b && letter(text, n, before(text, b)))
        b = before(text, b);
    while (e < n && ((unsigned char)text[e] & 0xC0) == 0x80)
        e++;
    while (e > b && !letter(text, n, before(text, e)))
        e = before(text, e);
    while (e < n && letter(text, n, e))
        e += wide(text + e);
    *p = (struct place){b, e < n ? e : n, p->weight};
    return true;
}

static int by_begin(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->begin != y->begin ? (x->begin > y->begin) - (x->begin < y->begin) : (x->end > y->end) - (x->end < y->end);
}

static int by_weight(const void *a, const void *b)
{
    const struct excerpt *x = a, *y = b;
    if (x->at.weight != y->at.weight)
        return x->at.weight < y->at.weight ? 1 : -1;
    return (x->at.begin > y->at.begin) - (x->at.begin < y->at.begin);
}

static bool only_blanks(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t'))
        i++;
    return i == n;
}

/* In order of the text; those that overlap, or have only blanks between them, are one. How many are left. */
static size_t merge(const char *text, struct place *p, size_t n)
{
    size_t m = 0;
    mem_sort(p, n, sizeof *p, by_begin);
    for (size_t i = 0; i < n; i++) {
        struct place *last = m ? &p[m - 1] : NULL;
        if (last && (p[i].begin <= last->end || only_blanks(text + last->end, p[i].begin - last->end))) {
            last->end = p[i].end > last->end ? p[i].end : last->end;
            last->weight += p[i].weight;
        } else {
            p[m++] = p[i];
        }
    }
    return m;
}

static bool same_words(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && (!fold[(unsigned char)*a] || fold[(unsigned char)*a] != fold[(unsigned char)*b]))
            return false;
    return *a == *b;
}

int excerpts(const char *text, size_t text_n, struct place *place, size_t places, struct excerpt **out, size_t *n)
{
    size_t kept = 0;
    int rc = 0;
    *n = 0;
    *out = NULL;
    /* words made whole, then neighbours joined */
    for (size_t i = 0; i < places; i++) {
        if (place[i].begin > place[i].end || place[i].end > text_n)
            return err_set(E_DATA, "a place of evidence is not within the note's text");
        if (widen(text, text_n, &place[i]))
            place[kept++] = place[i];
    }
    kept = merge(text, place, kept);
    if (!(*out = mem_zalloc(kept, sizeof **out)))
        return E_NOMEM;
    /* each once */
    for (size_t i = 0; i < kept && !rc; i++) {
        struct buf words = {0};
        rc = plain_text(&words, text + place[i].begin, place[i].end - place[i].begin);
        if (!rc)
            rc = buf_add(&words, "", 1);
        size_t k = 0;
        while (!rc && k < *n && !same_words((*out)[k].words, words.p))
            k++;
        if (!rc && k == *n)
            (*out)[(*n)++] = (struct excerpt){place[i], words.p};
        else {
            (*out)[k].at.weight += place[i].weight;
            buf_free(&words);
        }
    }
    if (!rc)
        mem_sort(*out, *n, sizeof **out, by_weight);
    return rc;
}

void excerpts_free(struct excerpt *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(e[i].words);
    free(e);
}
