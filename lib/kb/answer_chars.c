/* The characters of an answer that only look like others or like none: invisible ones, odd blanks and ends of lines,
 * what HTML writes as "&quot;". Tests: tests/unit/answer_entries.c. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

/* The first character and its bytes; the text is UTF-8. */
uint32_t slice_char(struct slice s, size_t *bytes)
{
    const unsigned char *p = (const unsigned char *)s.p;
    uint32_t c = *p;
    size_t n = 1 + (c >= 0xC0) + (c >= 0xE0) + (c >= 0xF0);
    if (n > 1 && n <= s.n) {
        c &= 0x7Fu >> n;
        for (size_t i = 1; i < n; i++)
            c = c << 6 | (p[i] & 0x3Fu);
    }
    *bytes = n <= s.n ? n : s.n;
    return c;
}

/* Soft hyphen, zero width, direction of writing, variation of a sign. */
static bool invisible(uint32_t c)
{
    return c == 0xAD || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

static bool odd_blank(uint32_t c)
{
    return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
}

void answer_chars(struct buf *b)
{
    size_t to = 0, n;
    for (size_t i = 0; i < b->n; i += n) {
        uint32_t c = slice_char((struct slice){b->p + i, b->n - i}, &n);
        if (c == '\r') {
            b->p[to++] = i + 1 < b->n && b->p[i + 1] == '\n' ? ' ' : '\n';
        } else if (odd_blank(c)) {
            b->p[to++] = ' ';
        } else if (!invisible(c)) {
            memmove(b->p + to, b->p + i, n);
            to += n;
        }
    }
    b->n = to;
}

static int add_char(struct buf *out, uint32_t c)
{
    char s[4];
    size_t n = 0;
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return buf_str(out, "\xEF\xBF\xBD");
    if (c < 0x80) {
        s[n++] = (char)c;
    } else {
        if (c >= 0x10000)
            s[n++] = (char)(0xF0 | c >> 18);
        if (c >= 0x800)
            s[n++] = (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3F) : 0xE0 | c >> 12);
        s[n++] = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3F) : 0xC0 | c >> 6);
        s[n++] = (char)(0x80 | (c & 0x3F));
    }
    return buf_add(out, s, n);
}

/* The character that "&...;" at the beginning of s stands for, 0: it stands for none that is known here. */
static uint32_t reference(struct slice s, size_t *bytes)
{
    static const struct {
        const char *name;
        uint32_t c;
    } names[] = {
        {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},    {"apos", '\''},   {"nbsp", ' '},
        {"ndash", 0x2013}, {"mdash", 0x2014}, {"hellip", '.'},   {"bull", 0x2022}, {"middot", 0xB7}, {"lsquo", 0x2018},
        {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D}, {"laquo", 0xAB},  {"raquo", 0xBB},  {"rarr", 0x2192},
        {"eacute", 0xE9},  {"egrave", 0xE8},  {"ouml", 0xF6},    {"auml", 0xE4},   {"uuml", 0xFC},   {"ccedil", 0xE7},
        {"ntilde", 0xF1},  {"alpha", 0x3B1},  {"beta", 0x3B2},   {"gamma", 0x3B3}, {"deg", 0xB0},    {"ge", 0x2265},
        {"le", 0x2264},    {"plusmn", 0xB1},  {"micro", 0xB5},   {"szlig", 0xDF},  {"zwnj", 0x200C}, {"shy", 0xAD}};
    size_t n = 1;
    while (n < s.n && n < 12 && (isalnum((unsigned char)s.p[n]) || s.p[n] == '#'))
        n++;
    if (n < 2 || n >= s.n || s.p[n] != ';')
        return 0;
    *bytes = n + 1;
    struct slice name = {s.p + 1, n - 1};
    if (*name.p == '#') {
        char digits[12] = "", *end;
        bool hex = name.n > 1 && (name.p[1] | 32) == 'x';
        memcpy(digits, name.p + 1 + hex, name.n - 1 - hex);
        unsigned long c = strtoul(digits, &end, hex ? 16 : 10);
        return !*end && c <= 0x10FFFF ? (uint32_t)c : 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name.n == strlen(names[i].name) && !strncasecmp(name.p, names[i].name, name.n))
            return names[i].c;
    return 0;
}

int answer_references(struct slice s, struct buf *out)
{
    size_t n;
    for (size_t i = 0; i < s.n; i += n) {
        uint32_t c = slice_char((struct slice){s.p + i, s.n - i}, &n), meant;
        if (c == '&' && (meant = reference((struct slice){s.p + i, s.n - i}, &n))) {
            TRY(odd_blank(meant) || meant == '\n' ? buf_str(out, " ") : 0);
            TRY(odd_blank(meant) || meant == '\n' || invisible(meant) ? 0 : add_char(out, meant));
        } else if (c == 0x85 || c == 0x2028 || c == 0x2029) { /* ends of a line, not counted as one */
            TRY(buf_str(out, "\v"));
        } else {
            TRY(buf_add(out, s.p + i, n));
        }
    }
    return 0;
}
