/* An answer's lines: headings, entries, talk. See answer.h; tests: tests/unit/answer.c. */
#include "lib/kb/answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"

enum { LEVEL_BOLD = 7, LEVEL_PLAIN = 8, HEADING_WORDS_MAX = 14 };

int answer_lost(struct answer *a, const char *why)
{
    a->told++;
    return a->sink->left_out(a->sink->ctx, a->line, true, why);
}

int answer_talk(struct answer *a, const char *why)
{
    return a->sink->left_out(a->sink->ctx, a->line, false, why);
}

/* ---- headings ---- */

int heading_type(struct slice s)
{
    static const struct {
        const char *word;
        enum kb_type type;
    } words[] = {{"abbreviation", KB_ABBREVIATION}, {"acronym", KB_ABBREVIATION},   {"initialism", KB_ABBREVIATION},
                 {"short form", KB_ABBREVIATION},   {"shorthand", KB_ABBREVIATION}, {"synonym", KB_SYNONYM},
                 {"alternative name", KB_SYNONYM},  {"alternate name", KB_SYNONYM}, {"other name", KB_SYNONYM},
                 {"alternative term", KB_SYNONYM},  {"alternate term", KB_SYNONYM}, {"also known as", KB_SYNONYM},
                 {"lay term", KB_SYNONYM},          {"layman's term", KB_SYNONYM},  {"clinical wording", KB_SYNONYM},
                 {"medical term", KB_TERM},         {"clinical term", KB_TERM},     {"related term", KB_TERM},
                 {"terminology", KB_TERM},          {"expressions", KB_TERM},       {"terms", KB_TERM},
                 {"diagnostic term", KB_TERM}};
    const char *first[KB_TYPES] = {0};
    size_t types = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = slice_find(s, words[i].word), **f = &first[words[i].type];
        if (at && (!*f || at < *f)) {
            types += !*f;
            *f = at;
        }
    }
    if (first[KB_ABBREVIATION]) /* "terms, abbreviations and synonyms" is a title over all */
        return types == 1 ? KB_ABBREVIATION : -1;
    if (types == 2)
        return first[KB_SYNONYM] <= first[KB_TERM] ? KB_SYNONYM : KB_TERM;
    if (first[KB_SYNONYM])
        return KB_SYNONYM;
    return first[KB_TERM] ? KB_TERM : -1;
}

struct heading {
    int level, type; /* -1: none of the three */
    struct slice rest;
};

/* A word or two that are a heading also without a mark. */
static bool bare_heading(struct slice s)
{
    static const char *const bare[] = {"medical terms",
                                       "terms",
                                       "abbreviations",
                                       "acronyms",
                                       "synonyms",
                                       "abbreviations and acronyms",
                                       "medical expressions",
                                       "related medical terms"};
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        if (slice_is(s, bare[i]))
            return true;
    return false;
}

/* "**Synonyms:** a, b", "## Synonyms", "Synonyms: a, b", "**Treatment**". An entry with an explanation looks alike; it
 * is one when its words name none of the three and something follows them. */
static bool heading_of(struct slice s, struct heading *h)
{
    bool bullet, colon = false;
    size_t sharp = 0;
    const char *at;
    /* the marks before it */
    while (sharp < s.n && sharp < 6 && s.p[sharp] == '#')
        sharp++;
    s = answer_unbullet(slice_trim((struct slice){s.p + sharp, s.n - sharp}), &bullet);
    struct slice head = s;
    h->rest = (struct slice){s.p + s.n, 0};
    h->level = sharp ? (int)sharp : LEVEL_PLAIN;
    /* the head, and what follows it: bold, or up to a colon */
    if (s.n > 4 && (!memcmp(s.p, "**", 2) || !memcmp(s.p, "__", 2)) && (at = memmem(s.p + 2, s.n - 2, s.p, 2))) {
        head = (struct slice){s.p + 2, (size_t)(at - s.p) - 2};
        h->rest = slice_trim((struct slice){at + 2, s.n - head.n - 4});
        h->level = sharp ? (int)sharp : LEVEL_BOLD;
        colon = h->rest.n && *h->rest.p == ':';
        if (colon)
            h->rest = slice_trim((struct slice){h->rest.p + 1, h->rest.n - 1});
    } else if ((at = memchr(s.p, ':', s.n))) {
        head = (struct slice){s.p, (size_t)(at - s.p)};
        h->rest = slice_trim((struct slice){at + 1, s.n - head.n - 1});
        colon = true;
    }
    head = slice_plain(head);
    if (head.n && head.p[head.n - 1] == ':') {
        colon = true;
        head = slice_plain((struct slice){head.p, head.n - 1});
    }
    /* is it one? */
    if (!slice_worded(head) || slice_words(head) > HEADING_WORDS_MAX)
        return false;
    h->rest = slice_plain(h->rest);
    h->type = heading_type(head);
    if (h->type >= 0)
        return colon || sharp || (h->level == LEVEL_BOLD && !bullet) || bare_heading(head);
    return sharp || (!h->rest.n && colon && !bullet);
}

static int open_heading(struct answer *a, const struct heading *h)
{
    a->columns = 0;
    if (h->type < 0) {
        if (a->in && !a->other && h->level > a->level)
            return 0; /* a group within the section */
        a->other = a->in;
        a->level = a->other ? h->level : a->level;
        return answer_talk(a, "a heading that is none of the three");
    }
    a->in = true;
    a->other = false;
    a->section = (enum kb_type)h->type;
    a->level = h->level;
    return slice_worded(h->rest) ? answer_entry(a, a->section, h->rest, true) : 0;
}

/* ---- tables ---- */

/* The next cell of "| a | b |"; false at the end. */
static bool next_cell(struct slice *row, struct slice *cell)
{
    if (!row->n)
        return false;
    const char *bar = memchr(row->p, '|', row->n);
    size_t n = bar ? (size_t)(bar - row->p) : row->n, used = bar ? n + 1 : n;
    *cell = slice_plain((struct slice){row->p, n});
    *row = (struct slice){row->p + used, row->n - used};
    return true;
}

static int table_row(struct answer *a, struct slice row)
{
    struct slice cell, rest;
    size_t named = 0, cells = 0;
    row = slice_trim((struct slice){row.p + 1, row.n - 1});
    /* a row of headings names the columns */
    for (rest = row; next_cell(&rest, &cell); cells++) {
        int type = heading_type(cell);
        if (cells < 3 && type >= 0 && slice_words(cell) <= 4) {
            a->column[cells] = (enum kb_type)type;
            named++;
        }
    }
    if (named && named == cells) {
        a->columns = cells;
        a->in = true;
        return 0;
    }
    if (named && cells > named && a->in) /* "| Abbreviation | Meaning |" over the rows of a section */
        return answer_talk(a, "a table's head");
    if (!a->in || a->other)
        return slice_worded(row) ? answer_lost(a, "a table under none of the three headings") : 0;
    /* a row of entries */
    cells = 0;
    for (rest = row; next_cell(&rest, &cell); cells++) {
        if (!slice_worded(cell))
            continue;
        if (a->columns && cells < a->columns)
            TRY(answer_entry(a, a->column[cells], cell, false));
        else if (cells == 0)
            TRY(answer_entry(a, a->section, cell, false));
        else if (cells == 1 && a->section == KB_ABBREVIATION)
            TRY(answer_entry(a, KB_TERM, cell, false));
        else
            TRY(answer_talk(a, "a further column"));
    }
    return 0;
}

/* ---- lines ---- */

static int line(struct answer *a, struct slice s)
{
    struct heading h;
    bool bullet;
    s = slice_trim(s);
    while (s.n && *s.p == '>')
        s = slice_trim((struct slice){s.p + 1, s.n - 1});
    if (!s.n) {
        a->talk = false;
        return 0;
    }
    /* what belongs to no entry: fences, the question, tables, headings, talk */
    if (s.n >= 3 && (!memcmp(s.p, "```", 3) || !memcmp(s.p, "~~~", 3)))
        return 0;
    if (answer_is_question(s))
        return answer_talk(a, "the question");
    if (!a->in && (slice_begins(s, "A.") || slice_begins(s, "A:"))) /* later it would be "A. fib" */
        s = slice_trim((struct slice){s.p + 2, s.n - 2});
    if (s.n > 1 && *s.p == '|')
        return table_row(a, s);
    if (heading_of(s, &h)) {
        a->talk = false;
        return open_heading(a, &h);
    }
    struct slice entry = answer_unbullet(s, &bullet);
    a->talk &= !bullet;
    if (a->talk || (!bullet && answer_is_talk(s))) {
        a->talk = true;
        return answer_talk(a, "words to the reader");
    }
    /* an entry */
    if (!a->in && !bullet)
        return slice_worded(s) ? answer_talk(a, "before the first heading") : 0;
    if (!a->in || a->other)
        return slice_worded(entry) ? answer_lost(a, "an entry under none of the three headings") : 0;
    size_t commas = 0;
    for (size_t i = 0; i < entry.n; i++)
        commas += entry.p[i] == ',';
    return answer_entry(a, a->section, entry, !bullet && commas > 1);
}

static int lines(struct answer *a, struct slice text)
{
    for (const char *p = text.p, *end = text.p + text.n, *stop; p < end; p = stop + 1) {
        stop = memchr(p, '\n', (size_t)(end - p));
        stop = stop ? stop : end;
        a->line++;
        TRY(stop - p > ANSWER_LINE_MAX ? answer_lost(a, "a line that is too long")
                                       : line(a, (struct slice){p, (size_t)(stop - p)}));
    }
    return 0;
}

/* ---- whole answers ---- */

/* What a reasoning model thought aloud gives way to as many newlines; so lines keep their numbers. False: the block
 * never ends, so there is no answer. */
static bool drop_thoughts(char *p, size_t n)
{
    static const char *const tags[][2] = {{"<think>", "</think>"}, {"<thinking>", "</thinking>"}};
    for (size_t k = 0; k < sizeof tags / sizeof *tags; k++)
        for (char *from, *to; (from = memmem(p, n, tags[k][0], strlen(tags[k][0])));) {
            to = memmem(from, n - (size_t)(from - p), tags[k][1], strlen(tags[k][1]));
            if (!to)
                return false;
            for (to += strlen(tags[k][1]); from < to; from++)
                *from = *from == '\n' ? '\n' : ' ';
        }
    return true;
}

static int read_clean(struct answer *a, struct buf *b, bool description)
{
    struct slice text = {b->p, b->n};
    bool json = false;
    if (!drop_thoughts(b->p, b->n))
        return answer_lost(a, "cut off while thinking");
    TRY(answer_json(a, b->p, b->n, description, &json));
    if (!json && description)
        TRY(answer_description(a, text));
    else if (!json)
        TRY(lines(a, text));
    if (a->found || a->told)
        return 0;
    a->line = 0;
    if (!slice_worded(text))
        return answer_lost(a, "empty");
    if (answer_refuses(text))
        return answer_lost(a, "a refusal");
    return answer_lost(a, description ? "no description"
                                      : "none of the headings Medical terms, Abbreviations, Synonyms");
}

int answer_read(const char *text, size_t n, bool description, const char *code, const struct answer_sink *sink,
                size_t *found)
{
    struct answer a = {.sink = sink, .code = code};
    struct buf b = {0};
    uint64_t bad = 0;
    if (n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) /* byte order mark */
        text += 3, n -= 3;
    int rc = utf8_add(&b, text, n, &bad);
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] == '\r')
            b.p[i] = i + 1 < b.n && b.p[i + 1] == '\n' ? ' ' : '\n';
    rc = rc ? rc : read_clean(&a, &b, description);
    *found = a.found;
    buf_free(&b);
    return rc;
}
