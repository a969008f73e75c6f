/* What tests/unit/answer*.c share: an answer read, and what came of it as one line: the terms (T:, A:, S:, D: by type,
 * parted by "|"), how many pieces were told as lost, and promises that were broken. */
#ifndef ICD_TEST_ANSWER_H
#define ICD_TEST_ANSWER_H
#include "lib/kb/answer.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"
#include "tests/test.h"

struct got {
    struct buf terms;
    size_t lost, talk, line;
    char why[128];
    size_t broken; /* promises */
};

static int on_term(void *ctx, enum kb_type type, const char *text, size_t n)
{
    struct got *g = ctx;
    struct buf clean = {0};
    uint64_t bad = 0;
    size_t max = type == KB_DESCRIPTION ? DESCRIPTION_MAX : ENTRY_MAX;
    CHECK(utf8_add(&clean, text, n, &bad) == 0);
    size_t before = g->broken;
    g->broken += bad || !n || n > max || memchr(text, 0, n) || text[0] == ' ' || text[n - 1] == ' ';
    for (size_t i = 0; i < n; i++)
        g->broken += (unsigned char)text[i] < ' ' || text[i] == 0x7f ||
                     (i + 1 < n && text[i] == ' ' && text[i + 1] == ' ') ||
                     (i + 1 < n && text[i] == '\xc2' && (unsigned char)text[i + 1] < 0xa0);
    buf_free(&clean);
    if (g->broken > before)
        fprintf(stderr, "broken: '%.*s'\n", (int)n, text);
    return buf_fmt(&g->terms, "%s%c:%.*s", g->terms.n ? "|" : "", "TASD"[type], (int)n, text);
}

static int on_left_out(void *ctx, size_t line, bool lost, const char *why)
{
    struct got *g = ctx;
    g->lost += lost;
    g->talk += !lost;
    if (lost) {
        g->line = line;
        snprintf(g->why, sizeof g->why, "%s", why);
    }
    return 0;
}

static inline struct got read_answer(const char *text, size_t n, bool description)
{
    struct got g = {0};
    const struct answer_sink sink = {&g, on_term, on_left_out};
    size_t found;
    char *exact = malloc(n ? n : 1); /* nothing behind it, so that the sanitizer sees who reads on */
    memcpy(exact, text, n);
    CHECK(answer_read(exact, n, description, "401.9", &sink, &found) == 0);
    CHECK(buf_add(&g.terms, "", 1) == 0);
    CHECK((found > 0) == (g.terms.n > 1) && (found || g.lost));
    free(exact);
    return g;
}

/* The terms are these, and so many pieces are lost (-1: whatever their number). */
static inline void expect(const char *name, const char *text, bool description, const char *terms, long lost)
{
    struct got g = read_answer(text, strlen(text), description);
    bool right = strcmp(g.terms.p, terms) == 0 && (lost < 0 || g.lost == (size_t)lost) && !g.broken;
    CHECK(right);
    if (!right)
        fprintf(stderr, "%s:\n  got    %s (%zu lost: %s)\n  wanted %s (%ld)\n", name, g.terms.p, g.lost, g.why, terms,
                lost);
    buf_free(&g.terms);
}

#endif
