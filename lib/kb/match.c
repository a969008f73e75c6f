/* Finding expressions in text: see match.h. */
#include <stdlib.h>

#include "lib/kb/match_table.h"
#include "lib/util/err.h"

int match_fold(const char *text, size_t n, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    struct word w, next;
    if (!next_word(&p, end, &w))
        return 0;
    bool more = next_word(&p, end, &next);
    if (!more && w.caps)
        return word_capitals(&w, out);
    TRY(buf_add(out, w.c, w.n));
    for (; more; more = next_word(&p, end, &next)) {
        TRY(buf_add(out, " ", 1));
        TRY(buf_add(out, next.c, next.n));
    }
    return 0;
}

static bool in_scope(const struct matcher *m, const struct expr *e, const uint64_t *scope)
{
    if (!scope)
        return true;
    for (uint32_t i = e->link; i != NONE; i = m->link[i].next)
        if (scope[m->link[i].code / 64] >> m->link[i].code % 64 & 1)
            return true;
    return false;
}

/* Words of the longest expression in scope that ends at state s, given whether the last word is a short form in
 * capitals; *weight: what each of its words adds. */
static uint32_t longest(const struct matcher *m, uint32_t s, bool caps, const uint64_t *scope, uint32_t *weight)
{
    for (s = m->state[s].out; s; s = m->state[m->state[s].fail].out) {
        *weight = 0;
        for (uint32_t i = m->state[s].expr; i != NONE; i = m->expr[i].next) {
            const struct expr *e = &m->expr[i];
            if (e->caps <= caps && e->weight > *weight && e->role == MATCH_EXPRESSION && in_scope(m, e, scope))
                *weight = e->weight;
        }
        if (*weight)
            return m->state[s].depth;
    }
    return 0;
}

/* ---- negation: which of the last 64 words are denied ---- */
enum { NEGATION_AFTER_WORDS = 5 }; /* how far back "was ruled out" reaches */

struct negation {
    bool on;
    uint64_t words;    /* bit i: the i-th last word is denied */
    uint32_t age;      /* words since it was turned on */
    uint32_t sentence; /* words of the sentence so far */
};

/* Does what is between two words end a sentence? */
static bool sentence_ends(const unsigned char *p, const unsigned char *end)
{
    for (int lines = 0; p < end; p++) {
        lines += *p == '\n';
        if (*p == ';' || *p == '?' || *p == '!' || lines > 1 || (lines && (*p == '-' || *p == '*' || *p == '#')))
            return true;
        if (*p == '.' && p + 1 < end && (p[1] == ' ' || p[1] == '\n' || p[1] == '\t' || p[1] == '\r'))
            return true;
    }
    return false;
}

static void negation_word(struct negation *g, bool new_sentence)
{
    if (new_sentence)
        *g = (struct negation){.words = g->words};
    g->words = g->words << 1 | g->on;
    g->age += g->on;
    g->sentence++;
}

/* What the longest negation expression that ends here does; how many words back are denied after all. */
static uint32_t negation_step(const struct matcher *m, struct negation *g, uint32_t s)
{
    for (s = m->state[s].out; s; s = m->state[m->state[s].fail].out)
        for (uint32_t i = m->state[s].expr; i != NONE; i = m->expr[i].next) {
            uint32_t depth = m->state[s].depth;
            switch (m->expr[i].role) {
            case MATCH_EXPRESSION:
                continue;
            case MATCH_NEGATES_NEXT:
                g->on = true;
                g->age = depth; /* its own words belong to it */
                return 0;
            case MATCH_NEGATES_LAST:
                return g->sentence < depth + NEGATION_AFTER_WORDS ? g->sentence : depth + NEGATION_AFTER_WORDS;
            case MATCH_NEGATES_NOT:
                g->on = false;
                return 0;
            }
        }
    return 0;
}

/* ---- counting ---- */
static int mark_word(struct match_words *v, const char *text, const struct word *w, const unsigned char *end)
{
    if (v->n == v->cap) {
        size_t cap = v->cap ? 2 * v->cap : 256;
        struct match_word *p = mem_grow(v->word, cap, sizeof *p);
        if (!p)
            return E_NOMEM;
        v->word = p;
        v->cap = cap;
    }
    v->word[v->n++] = (struct match_word){w->at - (const unsigned char *)text, end - (const unsigned char *)text, 0};
    return 0;
}

/* The one loop; negation and marking are constants where it is used. */
static inline __attribute__((always_inline)) int run(const struct matcher *m, const char *text, size_t n,
                                                     const uint64_t *scope, bool negation, struct match_words *mark,
                                                     struct match_count *c)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n, *last = p;
    struct negation g = {0};
    struct word w;
    uint32_t s = 0, weight, back, gain[64]; /* what each of the last 64 words added, by its number */
    uint64_t done = 0;                      /* of the last 64 words, the latest in bit 0: covered */
    for (; next_word(&p, end, &w); last = p) {
        c->words++;
        done <<= 1;
        if (negation)
            negation_word(&g, sentence_ends(last, w.at));
        if (mark)
            TRY(mark_word(mark, text, &w, p));
        /* the automaton takes the word */
        uint32_t word = m->slot[word_slot(m, &w, word_hash(&w))].id;
        if (word == NONE) {
            s = 0;
            continue;
        }
        s = step(m, s, word);
        /* the longest expression that ends here: what it covers now counts */
        uint32_t len = longest(m, s, w.caps, scope, &weight);
        if (len && !(negation && g.words >> (len - 1) & 1)) { /* denied: its first word is */
            uint64_t mask = ~0ull >> (64 - len);
            c->covered += weight * (uint64_t)__builtin_popcountll(mask & ~done);
            for (uint32_t i = 0; negation && i < len; i++)
                if (!(done >> i & 1))
                    gain[(c->words - i) % 64] = weight;
            done |= mask;
            for (size_t i = 0; mark && i < len && i < mark->n; i++)
                if (mark->word[mark->n - 1 - i].weight < weight)
                    mark->word[mark->n - 1 - i].weight = weight;
            if (negation && g.on && len >= g.age) { /* "without mention of complication" is a name, not a denial */
                g.on = false;
                continue;
            }
        }
        /* words that the expression before turns out to deny count no more */
        if (negation && (back = negation_step(m, &g, s)) > 0) {
            for (uint32_t i = 0; i < back && i < 64; i++) {
                if (done >> i & 1)
                    c->covered -= gain[(c->words - i) % 64];
                done &= ~(1ull << i);
                if (mark && i < mark->n)
                    mark->word[mark->n - 1 - i].weight = 0;
            }
        }
    }
    return 0;
}

void matcher_count(const struct matcher *m, const char *text, size_t n, const uint64_t *scope, struct match_count *c)
{
    if (m->negation)
        run(m, text, n, scope, true, NULL, c);
    else
        run(m, text, n, scope, false, NULL, c);
}

int matcher_mark(const struct matcher *m, const char *text, size_t n, const uint64_t *scope, struct match_words *out)
{
    struct match_count c = {0};
    out->n = 0;
    return m->negation ? run(m, text, n, scope, true, out, &c) : run(m, text, n, scope, false, out, &c);
}

void match_words_free(struct match_words *v)
{
    free(v->word);
    *v = (struct match_words){0};
}
