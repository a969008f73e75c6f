/* Inside of the matcher: its tables, shared by match_build.c, which makes them, and match.c, which walks them. Words
 * are numbered by an open-addressing table; goto edges below the root sit in another, keyed by state and word, and
 * the root's edges are a plain array, since nearly every word of a note leads from the root to the root. */
#ifndef ICD_MATCH_TABLE_H
#define ICD_MATCH_TABLE_H
#include "lib/kb/match.h"
#include "lib/kb/word.h"

enum { EXPR_MAX = 64 }; /* words of an expression: bits of a history */
#define NONE UINT32_MAX

struct slot {    /* of the word table */
    uint32_t id; /* NONE: empty */
    uint32_t hash;
};
struct edge {                 /* of the goto table; state 0's edges are in root[] */
    uint32_t state, word, to; /* to NONE: empty */
};
struct state {
    uint32_t fail,
        out;       /* out: the nearest state down the fail links, itself included, that ends an expression; 0: none */
    uint32_t expr; /* first of the expressions that end here, NONE */
    uint32_t depth;
    uint32_t parent, word; /* how it is reached, to build from */
};
struct expr { /* expressions of the same words differ in whether they ask for capitals, and in their role */
    uint32_t next;
    uint32_t link;   /* first of the codes it belongs to, the latest first */
    uint32_t weight; /* of a word it covers */
    enum match_role role;
    bool caps; /* one short form: in capitals only */
};
struct link {
    uint32_t code, next;
};
struct matcher {
    struct slot *slot;
    uint32_t slots, words;
    size_t *word_at; /* word i is chars.p + word_at[i] .. word_at[i+1] */
    size_t word_cap;
    struct buf chars;
    struct edge *edge;
    uint32_t edges, edge_cap;
    struct state *state;
    uint32_t states, state_cap;
    struct expr *expr;
    uint32_t exprs, expr_cap;
    struct link *link;
    uint32_t links, link_cap;
    uint32_t *root;
    uint64_t unit; /* what a covered word adds, at most */
    bool any_case, negation, built;
};

/* Index of the slot that holds w, or the empty one where it would go. */
static inline uint32_t word_slot(const struct matcher *m, const struct word *w, uint64_t h)
{
    uint32_t mask = m->slots - 1, i = (uint32_t)h & mask, tag = (uint32_t)(h >> 32);
    for (;; i = (i + 1) & mask) {
        uint32_t id = m->slot[i].id;
        if (id == NONE)
            return i;
        if (m->slot[i].hash == tag && m->word_at[id + 1] - m->word_at[id] == w->n &&
            memcmp(m->chars.p + m->word_at[id], w->c, w->n) == 0)
            return i;
    }
}

static inline uint32_t edge_slot(const struct matcher *m, uint32_t state, uint32_t word)
{
    uint32_t mask = m->edge_cap - 1;
    uint64_t h = ((uint64_t)state << 32 | word) * 0x9E3779B97F4A7C15u;
    for (uint32_t i = (uint32_t)(h >> 32) & mask;; i = (i + 1) & mask) {
        const struct edge *e = &m->edge[i];
        if (e->to == NONE || (e->state == state && e->word == word))
            return i;
    }
}

static inline uint32_t step(const struct matcher *m, uint32_t s, uint32_t word)
{
    for (; s; s = m->state[s].fail) {
        const struct edge *e = &m->edge[edge_slot(m, s, word)];
        if (e->to != NONE)
            return e->to;
    }
    return m->root[word];
}

#endif
