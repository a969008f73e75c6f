/* CAML's tokens. Tests: tests/unit/caml.c. */
#include "lib/ingest/caml_text.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include <xxhash.h>

int caml_text_open(struct caml_text *c)
{
    *c = (struct caml_text){.slots = 1 << 16};
    c->seen = mem_zalloc(c->slots, sizeof *c->seen);
    c->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!c->utf8)
        return err_set(E_BUG, "this system has no C.UTF-8 locale, whose tables tell letters");
    return c->seen ? 0 : E_NOMEM;
}
void caml_text_close(struct caml_text *c)
{
    if (c->utf8)
        freelocale(c->utf8);
    free(c->seen);
    *c = (struct caml_text){0};
}

static int count_type(struct caml_text *c, uint64_t hash)
{
    hash += !hash; /* 0 marks a free slot */
    size_t k = hash & (c->slots - 1);
    while (c->seen[k] && c->seen[k] != hash)
        k = (k + 1) & (c->slots - 1);
    if (c->seen[k])
        return 0;
    c->seen[k] = hash;
    if (2 * ++c->types < c->slots)
        return 0;
    uint64_t *old = c->seen;
    size_t slots = c->slots;
    if (!(c->seen = mem_zalloc(2 * slots, sizeof *old))) {
        c->seen = old;
        return E_NOMEM;
    }
    c->slots = 2 * slots;
    for (size_t i = 0; i < slots; i++)
        if (old[i]) {
            for (k = old[i] & (c->slots - 1); c->seen[k];)
                k = (k + 1) & (c->slots - 1);
            c->seen[k] = old[i];
        }
    free(old);
    return 0;
}

static size_t bytes_from(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xE0)
        return 2;
    return first < 0xF0 ? 3 : 4;
}
/* The character at p (valid UTF-8), and its bytes. */
static wint_t character(const unsigned char *p, size_t *len)
{
    *len = bytes_from(p[0]);
    wint_t w = *len == 1 ? p[0] : p[0] & (0x7F >> *len);
    for (size_t i = 1; i < *len; i++)
        w = w << 6 | (p[i] & 0x3F);
    return w;
}
static size_t bytes_of(wint_t w)
{
    if (w < 0x80)
        return 1;
    if (w < 0x800)
        return 2;
    return w < 0x10000 ? 3 : 4;
}
static int add_character(struct buf *b, wint_t w)
{
    char u[4];
    size_t n = bytes_of(w);
    for (size_t i = n - 1; i; i--, w >>= 6)
        u[i] = (char)(0x80 | (w & 0x3F));
    u[0] = (char)(n == 1 ? w : (0xF00u >> n & 0xFF) | w);
    return buf_add(b, u, n);
}
/* The superscripts and fractions of Latin-1 are numeric to Python, and so part of a word; glibc knows them as neither.
 * */
static bool latin_number(wint_t w)
{
    return w == 0xB2 || w == 0xB3 || w == 0xB9 || (w >= 0xBC && w <= 0xBE);
}

static wint_t lower(wint_t w, locale_t utf8)
{
    if (w >= 0x80)
        return towlower_l(w, utf8);
    return w >= 'A' && w <= 'Z' ? w + 32 : w;
}
int caml_text_add(struct caml_text *c, const char *text, size_t n, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    bool first = true;
    while (p < end) {
        size_t begin = out->n, len;
        bool word = false, numeric = true;
        if (!first)
            TRY(buf_add(out, " ", 1));
        size_t token = out->n;
        for (; p < end; p += len) {
            wint_t w = character(p, &len);
            bool digit = (w >= '0' && w <= '9') || latin_number(w);
            c->other_bytes += w < 0x80 ? 0 : len;
            if (!digit && w != '_' && !(w < 0x80 ? (w | 32) >= 'a' && (w | 32) <= 'z' : iswalnum_l(w, c->utf8) != 0))
                break;
            word = true;
            numeric &= digit;
            TRY(add_character(out, lower(w, c->utf8)));
        }
        if (p < end)
            p += len;
        if (!word || numeric) {
            out->n = begin;
            continue;
        }
        first = false;
        c->tokens++;
        TRY(count_type(c, XXH64(out->p + token, out->n - token, 0)));
    }
    return 0;
}
