/* Sections and paragraphs: see sections.h. The text is read line by line:
 *  - line ends and blanks of other systems and Markdown's bold marks are plain ones before (lf.c);
 *  - a known header is at the start of a line (after blanks, a list number, '#', '-' or '*') and is followed by
 *    ':' or ends the line; administrative ones may share a line ("Admission Date: .. Discharge Date: ..");
 *  - an unknown one is a short line that ends in ':', or a line in capitals below an empty line, but not between lines
 *    of a medication list or a lab grid;
 *  - a line of nothing but a removed name and a title opens the signature;
 *  - inside the sections that SUBHEADER names (the hospital course), system and problem headings open paragraphs;
 *  - elsewhere a paragraph is a block between empty lines: notes are wrapped hard, so a line is not a paragraph. A
 *    header is never a paragraph: it begins the first paragraph of its section. */
#include "lib/text/sections.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text/section_rules.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

/* ---- lines ---- */
struct line {
    const char *p, *end; /* without the newline */
    const char *text;    /* after blanks and list marks */
    const char *stop;    /* before trailing blanks */
    bool marked;         /* there was a list mark */
    bool heading;        /* it was "##" or more, as of Markdown */
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
        l.heading |= *q == '#' && q > l.text && q[-1] == '#';
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

static size_t grid_tokens(const char *p, const char *end)
{
    size_t n = 0;
    for (const char *q = p; q + 2 < end; q++)
        n += q[1] == '-' && (capital(*q) || (*q >= 'a' && *q <= 'z') || *q == ')') && digit(q[2]);
    return n;
}

static bool dose(const char *p, const char *end)
{
    static const char *const unit[] = {"mg", "mcg", "ml", "gram", "unit", "meq", "tablet", "capsule", "puff"};
    for (const char *q = p + 1; q < end; q++) {
        if (!digit(q[-1]) && !(q - 1 > p && blank(q[-1]) && (digit(q[-2]) || q[-2] == ')')))
            continue;
        for (size_t u = 0; u < sizeof unit / sizeof *unit; u++)
            if ((size_t)(end - q) >= strlen(unit[u]) && strncasecmp(q, unit[u], strlen(unit[u])) == 0)
                return true;
    }
    return false;
}

/* Is this a line of a medication list ("Aspirin 81 mg Tablet Sig: ..") or of a lab grid ("WBC-9.9 RBC-3.3*")? */
static bool list_line(const char *p, const char *end)
{
    static const char *const mark[] = {"Sig:", "Disp:*", "Refills:*"};
    size_t n = (size_t)(end - p);
    for (size_t i = 0; i < sizeof mark / sizeof *mark; i++)
        if (memmem(p, n, mark[i], strlen(mark[i])))
            return true;
    return grid_tokens(p, end) >= 2 || (n <= 120 && dose(p, end));
}

int section_listed(const char *text, const struct section *s, double *share)
{
    struct lf_text lf = {0};
    size_t lines = 0, listed = 0;
    TRY(lf_form(text + s->body, (size_t)(s->end - s->body), &lf));
    for (const char *p = lf.p, *end = lf.p + lf.n; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
        const char *q = p;
        while (q < stop && blank(*q))
            q++;
        lines += q < stop;
        listed += q < stop && list_line(p, stop);
        p = nl ? nl + 1 : end;
    }
    lf_free(&lf);
    *share = lines ? (double)listed / (double)lines : 0;
    return 0;
}

/* The line of text next to p in this direction that is not empty; false: there is none. */
static bool line_before(const char *text, const char *p, const char **b, const char **e)
{
    while (p > text && (blank(p[-1]) || p[-1] == '\n'))
        p--;
    *e = p;
    while (p > text && p[-1] != '\n')
        p--;
    *b = p;
    return *e > *b;
}
static bool line_after(const char *p, const char *end, const char **b, const char **e)
{
    while (p < end && (blank(*p) || *p == '\n'))
        p++;
    *b = p;
    while (p < end && *p != '\n')
        p++;
    *e = p;
    return *e > *b;
}

static bool within_list(const struct line *l, const char *text, const char *end)
{
    const char *b, *e;
    return line_before(text, l->p, &b, &e) && list_line(b, e) && line_after(l->end, end, &b, &e) && list_line(b, e);
}

/* "    [**First Name8 (NamePattern2) 12**] [**Last Name (un) 3**], M.D. [**MD Number(1) 45**]" and no more. */
static bool signature_line(const struct line *l)
{
    static const char *const title[] = {"MD", "DO", "PHD", "RN", "NP", "PA", "PAC", "DR", "MBBS"};
    bool name = false, titled = false;
    for (const char *p = l->text; p < l->stop;) {
        char word[8];
        size_t n = 0;
        if (l->stop - p > 3 && memcmp(p, "[**", 3) == 0) {
            const char *close = memmem(p, (size_t)(l->stop - p), "**]", 3);
            if (!close)
                return false;
            name = true;
            titled |= memmem(p, (size_t)(close - p), "MD Number", 9) != NULL;
            p = close + 3;
        } else if (blank(*p) || *p == ',' || *p == '_' || *p == '-') {
            p++;
        } else {
            bool known = false;
            for (; p < l->stop && !blank(*p) && *p != ',' && *p != '['; p++)
                if (*p != '.' && *p != '-' && n < sizeof word)
                    word[n++] = capital(*p) ? *p : (char)(*p - 'a' + 'A');
            for (size_t i = 0; i < sizeof title / sizeof *title; i++)
                known |= strlen(title[i]) == n && memcmp(title[i], word, n) == 0;
            if (!known)
                return false;
            titled = true;
        }
    }
    return name && titled;
}

enum { GENERIC_MAX = 50, GENERIC_WORDS = 6 };
/* A short line that ends in ':', or (below an empty line) one in capitals: a header nobody listed. */
static bool generic(const struct line *l, bool after_empty)
{
    const char *stop = l->stop;
    bool colon = l->colon && l->colon == stop - 1;
    size_t words = 0;
    bool marked = l->marked && !l->heading;
    if (marked || (l->colon && !colon) || stop - l->text > GENERIC_MAX || stop <= l->text || !capital(*l->text))
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

/* "Admission Date: ..   Discharge Date: ..": further administrative headers of a line; the longest that ends at a
 * colon. */
static int inline_headers(const struct section_rules *r, const struct line *l, const char *text, struct sections *s)
{
    const char *p = l->colon + 1, *colon;
    for (; p < l->stop && (colon = memchr(p, ':', (size_t)(l->stop - p))); p = colon + 1) {
        const char *best = NULL;
        int kind = -1;
        for (const char *q = colon - 1; q > p && colon - q < KEY_MAX; q--) {
            if (!blank(q[-1]) || blank(*q))
                continue;
            struct found f = section_lookup(r, q, (size_t)(colon - q));
            if (f.kind >= 0 && r->kind[f.kind].class == 'A') {
                best = q;
                kind = f.kind;
            }
        }
        if (best)
            TRY(open_section(s, kind, best - text, colon + 1 - text));
    }
    return 0;
}

/* ---- paragraphs of one line ---- */
static bool sentence_end(char c)
{
    return c == '.' || c == '?' || c == '!';
}

/* Further sentences that begin inside [p,end). */
static int open_sentences(struct sections *s, const char *text, const char *p, const char *end)
{
    for (const char *q = p; q + 2 < end; q++)
        if (sentence_end(*q) && blank(q[1])) {
            const char *next = q + 1;
            while (next < end && blank(*next))
                next++;
            if (next < end && (capital(*next) || digit(*next) || *next == '['))
                TRY(open_paragraph(s, next - text));
        }
    return 0;
}

/* Does the line open a section, or (*sub) a paragraph of the present one? *body: where its header ends. */
static int opens(const struct section_rules *r, const struct line *l, const char *text, const char *end,
                 const struct sections *s, bool after_empty, bool *sub, const char **body)
{
    int now = s->n ? s->sec[s->n - 1].kind : -1;
    bool inside = now >= 0 && r->kind[now].inside;
    const char *stop = l->colon ? l->colon : l->stop;
    struct found f = section_lookup(r, l->text, (size_t)(stop - l->text));
    *sub = false;
    *body = l->colon ? l->colon + 1 : l->stop;
    if (l->text >= l->stop)
        return -1;
    bool heading = l->heading && f.kind >= 0; /* other authors mark problems so */
    if (inside && ((l->problem && !heading) || f.sub)) {
        *sub = l->problem || l->colon || after_empty;
        return -1;
    }
    /* One word alone on a line may be the tail of a wrapped sentence. */
    bool alone = l->colon || after_empty || memchr(l->text, ' ', (size_t)(l->stop - l->text));
    if (f.kind >= 0 && alone && (l->colon || capital(*l->text)))
        return f.kind;
    if (after_empty && r->signature >= 0 && now != r->signature && signature_line(l)) {
        *body = l->p;
        return r->signature;
    }
    if (f.denied || f.kind >= 0 || !generic(l, after_empty) || within_list(l, text, end))
        return -1;
    *sub = inside;
    return inside ? -1 : r->other;
}

static int64_t part_at(const struct lf_text *lf, const struct section_start *start)
{
    return (int64_t)lf_from_raw(lf, (size_t)start->at);
}

/* As sections_find, of a text with plain line ends; start[]: places in lf's raw text. */
static int find_plain(const struct section_rules *r, const struct lf_text *lf, const struct section_start *start,
                      size_t nstart, enum paragraphs how, struct sections *s)
{
    const char *text = lf->p, *end = text + lf->n;
    bool after_empty = true, body = false; /* the paragraph so far has more than a header */
    bool ended = false;                    /* the line before ended a sentence */
    size_t next = 0;
    s->n = s->npara = 0;
    TRY(open_section(s, r->preamble, 0, 0));
    for (const char *p = text; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl ? nl : end, *after = nl ? nl + 1 : end;
        /* a further note of the admission begins here, or inside this line */
        bool forced = false, addendum = false;
        int64_t part = next < nstart ? part_at(lf, &start[next]) : INT64_MAX;
        for (; part <= p - text; part = ++next < nstart ? part_at(lf, &start[next]) : INT64_MAX)
            if (part == p - text && p > text) {
                forced = true;
                addendum = start[next].addendum;
            }
        if (part < after - text) /* a part begins inside the line: the line ends before it */
            after = stop = text + part;
        /* what the line opens */
        struct line l = read_line(p, stop);
        const char *header_end;
        bool sub;
        int kind = opens(r, &l, text, end, s, after_empty || forced, &sub, &header_end);
        int64_t at = p - text;
        if (forced && kind < 0) {
            kind = addendum ? r->addendum : r->preamble;
            header_end = p;
        }
        /* a section, a paragraph, or neither */
        if (kind >= 0) {
            if (at == 0) /* no text before the first header */
                s->n = s->npara = 0;
            TRY(open_section(s, kind, at, header_end - text));
            if (l.colon && header_end == l.colon + 1 && r->kind[kind].class == 'A')
                TRY(inline_headers(r, &l, text, s));
            body = header_end < l.stop;
            if (how == PARAGRAPH_SENTENCE && body)
                TRY(open_sentences(s, text, text + s->sec[s->n - 1].body, l.stop));
        } else if (l.text < l.stop || l.marked) {
            bool more = how == PARAGRAPH_LINE || (how == PARAGRAPH_BULLET && l.marked) ||
                        (how == PARAGRAPH_SENTENCE && (l.marked || ended));
            if (body && (sub || after_empty || more))
                TRY(open_paragraph(s, at));
            body = true;
            if (how == PARAGRAPH_SENTENCE)
                TRY(open_sentences(s, text, l.text, l.stop));
        }
        ended = l.stop > l.text && sentence_end(l.stop[-1]);
        after_empty = l.text >= l.stop && !l.marked;
        p = after;
        s->lines++;
    }
    s->sec[s->n - 1].end = s->para[s->npara - 1].end = (int64_t)lf->n;
    return 0;
}

/* Places in the plain text become places in the raw one. What was dropped before a header belongs to it, and so does
 * what was dropped behind its colon. */
static void to_raw(const struct lf_text *lf, size_t n, struct sections *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct section *x = &s->sec[i];
        bool header = x->body > x->begin;
        x->begin = (int64_t)lf_end_of(lf, (size_t)x->begin);
        x->end = i + 1 < s->n ? (int64_t)lf_end_of(lf, (size_t)x->end) : (int64_t)n;
        int64_t body = header ? (int64_t)lf_begin_of(lf, (size_t)x->body) : x->begin;
        x->body = body < x->end ? body : x->end;
    }
    for (size_t i = 0; i < s->npara; i++) {
        s->para[i].begin = (int64_t)lf_end_of(lf, (size_t)s->para[i].begin);
        s->para[i].end = i + 1 < s->npara ? (int64_t)lf_end_of(lf, (size_t)s->para[i].end) : (int64_t)n;
    }
}

int sections_find(const struct section_rules *r, const char *text, size_t n, const struct section_start *start,
                  size_t nstart, enum paragraphs how, struct sections *s)
{
    s->n = s->npara = s->lines = 0;
    if (n == 0)
        return 0;
    TRY(lf_form(text, n, &s->lf));
    TRY(find_plain(r, &s->lf, start, nstart, how, s));
    if (s->lf.p != text)
        to_raw(&s->lf, n, s);
    return 0;
}

void sections_free(struct sections *s)
{
    free(s->sec);
    free(s->para);
    lf_free(&s->lf);
    *s = (struct sections){0};
}
