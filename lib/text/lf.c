/* A text with plain line ends: see lf.h. */
#include "lib/text/lf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"

/* ---- what is there ---- */

/* How a character reads: as itself, as another byte, or not at all. */
enum { ITSELF = -1, DROPPED = -2 };
struct seen {
    int as;
    size_t n; /* bytes of it */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* U+0080 to U+07FF: two bytes. */
static int two_bytes(unsigned c)
{
    if (c == 0x85) /* NEL */
        return '\n';
    if (c == 0xA0) /* no-break space */
        return ' ';
    return c == 0xAD || c == 0x61C ? DROPPED : ITSELF; /* soft hyphen, a mark of direction */
}

/* U+0800 to U+FFFF: three bytes. */
static int three_bytes(unsigned c)
{
    if (c == 0x2028 || c == 0x2029) /* line and paragraph separator */
        return '\n';
    if ((c >= 0x2000 && c <= 0x200A) || c == 0x1680 || c == 0x202F || c == 0x205F || c == 0x3000)
        return ' ';
    if (c == 0xFF1A || c == 0xFE55 || c == 0xFE13 || c == 0x2236 || c == 0xA789) /* colons */
        return ':';
    /* without width: spaces, joiners, marks of direction, the byte order mark */
    bool none = (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
                c == 0x180E || c == 0xFEFF;
    return none ? DROPPED : ITSELF;
}

/* A control character that some systems end lines or pages with. Beside a newline it ends nothing more. */
static struct seen control(const char *text, const char *p, const char *end)
{
    const char *q = p + 1;
    while (q < end && *q == '\r')
        q++;
    bool beside = (q < end && *q == '\n') || (p > text && p[-1] == '\n');
    return (struct seen){beside ? ' ' : '\n', 1};
}

/* "\n", "\r\n", "\.br\" (HL7) or "<br>" written out; 0: none. */
static size_t written_break(const char *p, const char *end)
{
    static const char *const form[] = {"\\r\\n", "\\n", "\\r", "\\.br\\", "<br>", "<br/>", "<br />"};
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        size_t n = strlen(form[i]);
        if ((size_t)(end - p) >= n && strncasecmp(p, form[i], n) == 0)
            return n;
    }
    return 0;
}

static size_t count_written(const char *text, size_t n, char first)
{
    size_t count = 0;
    const char *end = text + n;
    for (const char *p = text; p < end && (p = memchr(p, first, (size_t)(end - p)));) {
        size_t k = written_break(p, end);
        count += k > 0;
        p += k ? k : 1;
    }
    return count;
}

/* Are line breaks written out? In a note with as many real ones, a "\n" is anything: the path of a file, an escape. */
static bool breaks_written(const char *text, size_t n)
{
    size_t real = 0, written = n ? count_written(text, n, '\\') + count_written(text, n, '<') : 0;
    for (size_t i = 0; written && i < n; i++)
        real += (text[i] == '\n') | (text[i] == '\r');
    return written > real;
}

static struct seen see(const char *text, const char *p, const char *end, bool written)
{
    unsigned char c = (unsigned char)*p;
    if (c == '\r' || c == '\v' || c == '\f' || (c >= 0x1C && c <= 0x1E))
        return control(text, p, end);
    if (written && (c == '\\' || c == '<')) {
        size_t k = written_break(p, end);
        if (k)
            return (struct seen){'\n', k};
        if (end - p >= 2 && p[0] == '\\' && p[1] == 't')
            return (struct seen){' ', 2};
    }
#define TAIL(i) ((unsigned char)p[i] & 0x3Fu)
#define IS_TAIL(i) (((unsigned char)p[i] & 0xC0) == 0x80)
    if ((c & 0xE0) == 0xC0 && end - p >= 2 && IS_TAIL(1))
        return (struct seen){two_bytes((c & 0x1Fu) << 6 | TAIL(1)), 2};
    if ((c & 0xF0) == 0xE0 && end - p >= 3 && IS_TAIL(1) && IS_TAIL(2))
        return (struct seen){three_bytes((c & 0x0Fu) << 12 | TAIL(1) << 6 | TAIL(2)), 3};
#undef TAIL
#undef IS_TAIL
    return (struct seen){ITSELF, 1};
}

/* ---- Markdown ---- */

static bool letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

enum { EMPHASIS_MAX = 80 };
/* "**Chief Complaint:**", "__HPI__:", "***PMH***" at p, the first of a line after blanks and list marks: the length of
 * its marks in *marks, where the closing ones begin. NULL: nothing of the kind; "[**" and "**]" of removed names are
 * not. */
static const char *emphasis(const char *p, const char *end, size_t *marks)
{
    size_t k = 0;
    while (p + k < end && k < 4 && p[k] == *p)
        k++;
    const char *q = p + k;
    if (k > 3 || q >= end || !letter_or_digit(*q))
        return NULL;
    while (q < end && q - p < EMPHASIS_MAX && *q != *p && *q != '[' && *q != '\n' && *q != '\r')
        q++;
    size_t closing = 0;
    while (q + closing < end && q[closing] == *p)
        closing++;
    if (closing != k || is_blank(q[-1]))
        return NULL;
    const char *after = q + k;
    while (after < end && (*after == ' ' || *after == '\t'))
        after++;
    /* it is a header's: a colon inside or behind, or nothing else on the line ("*" alone marks lists, too) */
    bool colon = q[-1] == ':' || (after < end && *after == ':');
    bool alone = k > 1 && (after == end || *after == '\n' || *after == '\r');
    *marks = k;
    return colon || alone ? q : NULL;
}

/* Is there nothing but blanks and list marks between the line's begin and p? */
static bool begins_line(const char *text, const char *p)
{
    static const char marks[] = " \t\r#-*.)0123456789";
    while (p > text && p[-1] != '\n' && memchr(marks, p[-1], sizeof marks - 1))
        p--;
    return p == text || p[-1] == '\n';
}

/* ---- the copy ---- */

/* Bytes that a character begins with which may not read as itself: controls, those beyond ASCII, Markdown's marks;
 * with 2 where line breaks are written out. */
static const unsigned char odd[256] = {
    [1 ... 8] = 1, [11 ... 31] = 1, [128 ... 255] = 1, ['*'] = 1, ['_'] = 1, ['\\'] = 2, ['<'] = 2,
};

/* The next such byte at or behind p, or end. Every byte of every note goes through here. */
static const char *next_odd(const char *p, const char *end, unsigned which)
{
    for (; end - p >= 8; p += 8) {
        const unsigned char *q = (const unsigned char *)p;
        if ((odd[q[0]] | odd[q[1]] | odd[q[2]] | odd[q[3]] | odd[q[4]] | odd[q[5]] | odd[q[6]] | odd[q[7]]) & which)
            break;
    }
    while (p < end && !(odd[(unsigned char)*p] & which))
        p++;
    return p;
}

/* Plain byte `at`, the next one, is raw byte `raw`; what is before it ends at `end`. */
static int shift_to(struct lf_text *t, size_t at, size_t end, size_t raw)
{
    struct lf_shift *last = t->shifts ? &t->shift[t->shifts - 1] : NULL;
    if (last && last->at == at) {
        last->raw = raw;
        return 0;
    }
    if (t->shifts == t->shift_cap) {
        size_t cap = t->shift_cap ? 2 * t->shift_cap : 256;
        struct lf_shift *s = mem_grow(t->shift, cap, sizeof *s);
        if (!s)
            return E_NOMEM;
        t->shift = s;
        t->shift_cap = cap;
    }
    t->shift[t->shifts++] = (struct lf_shift){at, end, raw};
    return 0;
}

/* [p,end) of the raw text is the next of the plain one. The text is never longer than it was, so `own` holds it. */
static void append(struct lf_text *t, const char *p, const char *end)
{
    memcpy(t->own + t->n, p, (size_t)(end - p));
    t->n += (size_t)(end - p);
}

static int make_room(struct lf_text *t, size_t n)
{
    t->p = t->own;
    if (n <= t->own_cap)
        return 0;
    char *own = mem_grow(t->own, n, 1);
    if (!own)
        return E_NOMEM;
    t->p = t->own = own;
    t->own_cap = n;
    return 0;
}

int lf_form(const char *text, size_t n, struct lf_text *t)
{
    const char *end = text + n, *done = text, *closing = NULL;
    bool written = breaks_written(text, n);
    size_t marks = 0;
    t->p = text;
    t->n = t->shifts = 0;
    for (const char *p = text; p < end;) {
        p = next_odd(p, end, written ? 3 : 1);
        if (closing && p > closing)
            p = closing;
        if (p == end)
            break;
        struct seen s = see(text, p, end, written);
        if (t->p != text) {
            append(t, done, p);
            done = p;
        }
        const char *line = t->p == text ? text : t->own, *at = t->p == text ? p : t->own + t->n;
        if (p == closing) {
            s = (struct seen){DROPPED, marks};
            closing = NULL;
        } else if ((*p == '*' || *p == '_') && begins_line(line, at) && (closing = emphasis(p, end, &marks))) {
            s = (struct seen){DROPPED, marks};
        }
        const char *next = p + s.n;
        if (s.as != ITSELF) {
            if (t->p == text) {
                TRY(make_room(t, n));
                append(t, text, p);
            }
            if (s.as != DROPPED)
                t->own[t->n++] = (char)s.as;
            done = next;
            if (s.as == DROPPED || s.n > 1)
                TRY(shift_to(t, t->n, (size_t)((s.as == DROPPED ? p : next) - text), (size_t)(next - text)));
        }
        p = next;
    }
    if (t->p == text)
        t->n = n;
    else
        append(t, done, end);
    return 0;
}

/* ---- the way back ---- */

/* How many shifts are at or before plain byte `at`. */
static size_t shifts_at(const struct lf_text *t, size_t at)
{
    size_t lo = 0, hi = t->shifts;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (t->shift[mid].at <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t lf_begin_of(const struct lf_text *t, size_t at)
{
    size_t k = shifts_at(t, at);
    return k ? t->shift[k - 1].raw + (at - t->shift[k - 1].at) : at;
}

size_t lf_end_of(const struct lf_text *t, size_t at)
{
    size_t k = shifts_at(t, at);
    return k && t->shift[k - 1].at == at ? t->shift[k - 1].end : lf_begin_of(t, at);
}

size_t lf_from_raw(const struct lf_text *t, size_t raw)
{
    size_t lo = 0, hi = t->n;
    if (!t->shifts)
        return raw < hi ? raw : hi;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (lf_begin_of(t, mid) < raw)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void lf_free(struct lf_text *t)
{
    free(t->own);
    free(t->shift);
    *t = (struct lf_text){0};
}
