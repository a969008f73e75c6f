/* Aho-Corasick over word ids: see match.h. Words are numbered by an open-addressing table; goto edges below the root
 * sit in another, keyed by state and word, and the root's edges are a plain array, since nearly every word of a note
 * leads from the root to the root. */
#include "lib/kb/match.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

enum { WORD_MAX = 64, EXPR_MAX = 64 }; /* bytes of a word that count; words of an expression (bits of a history) */
#define NONE UINT32_MAX

/* ---- words ---- */
struct word {
    unsigned char c[WORD_MAX + 8]; /* zeros behind, up to the next multiple of 8: words are hashed in eights */
    uint32_t n;
    bool caps; /* one to three letters, all capitals */
};

/* Class of a byte: the folded letter or digit it stands for, 0 for what separates words. */
static const unsigned char fold[256] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8',
    ['9'] = '9', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h',
    ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
    ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',
    ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
    ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

static bool upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

/* UTF-8 of blanks and punctuation that notes from word processors hold: U+0080-00BF and U+2000-206F. 0: a letter. */
static size_t wide_separator(const unsigned char *p, const unsigned char *end)
{
    if (p[0] == 0xC2 && end - p >= 2)
        return 2;
    return p[0] == 0xE2 && end - p >= 3 && (p[1] == 0x80 || p[1] == 0x81) ? 3 : 0;
}

/* An apostrophe, plain or typographic, joins what is around it: patient's, d/c'd. */
static size_t apostrophe(const unsigned char *p, const unsigned char *end)
{
    if (*p == '\'')
        return 1;
    return end - p >= 3 && p[0] == 0xE2 && p[1] == 0x80 && p[2] == 0x99 ? 3 : 0;
}

/* Plurals: "lines" but not "ARDS", "his", "sinus", "abscess"; capitals with a small s ("MIs") always. */
static bool plural(const struct word *w, uint32_t capitals)
{
    unsigned char b = w->c[w->n - 2];
    return capitals == w->n - 1 || (w->n >= 5 && b != 's' && b != 'u' && b != 'i');
}

static void finish(struct word *w, uint32_t n)
{
    uint64_t zero = 0;
    w->n = n;
    memcpy(w->c + n, &zero, 8);
}

/* The word at p when it is plain ASCII and not overlong, as nearly all are: its end, else NULL. */
static const unsigned char *plain_word(const unsigned char *p, const unsigned char *end, struct word *w)
{
    const unsigned char *start = p, *limit = end - p > WORD_MAX ? p + WORD_MAX : end;
    unsigned char f;
    uint32_t n = 0;
    for (; p < limit && (f = fold[*p]); p++)
        w->c[n++] = f;
    if (p < end && (p == limit || *p >= 0x80 || *p == '\''))
        return NULL;
    w->n = n;
    if (n >= 3 && p[-1] == 's') {
        uint32_t capitals = 0;
        for (uint32_t i = 0; i < n - 1; i++)
            capitals += upper(start[i]);
        if (plural(w, capitals))
            n--;
    }
    finish(w, n);
    w->caps = n <= 3 && upper(start[0]) && (n < 2 || upper(start[1])) && (n < 3 || upper(start[2]));
    return p;
}

/* The next word from *at on; false at the end. Called for every word of every note. */
static bool next_word(const unsigned char **at, const unsigned char *end, struct word *w)
{
    const unsigned char *p = *at;
    for (; p < end; p++) {
        if (fold[*p])
            break;
        if (*p >= 0x80) {
            size_t k = wide_separator(p, end);
            if (!k)
                break;
            p += k - 1;
        }
    }
    if (p >= end)
        return false;
    const unsigned char *stop = plain_word(p, end, w);
    if (stop) {
        *at = stop;
        return true;
    }
    uint32_t n = 0, len = 0, capitals = 0, letters = 0;
    bool last_small = false; /* the last byte was a small letter */
    while (p < end) {
        unsigned char c = *p, f = fold[c];
        if (!f) {
            size_t k = apostrophe(p, end);
            if (k) {
                if (p + k >= end || !fold[p[k]])
                    break;
                p += k;
                continue;
            }
            if (c < 0x80 || wide_separator(p, end))
                break;
            f = c;
        }
        if (n < WORD_MAX)
            w->c[n++] = f;
        len++;
        bool up = upper(c);
        capitals += up;
        letters += f >= 'a';
        last_small = f >= 'a' && !up;
        p++;
    }
    *at = p;
    w->n = n;
    if (n >= 3 && len == n && w->c[n - 1] == 's' && last_small && plural(w, capitals)) {
        n--;
        len--;
        letters--;
    }
    finish(w, n);
    w->caps = len <= 3 && letters == len && capitals == len;
    return true;
}

int match_fold(const char *text, size_t n, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    struct word w;
    for (bool first = true; next_word(&p, end, &w); first = false) {
        for (uint32_t i = 0; w.caps && i < w.n; i++)
            w.c[i] = (unsigned char)(w.c[i] - 'a' + 'A');
        if (!first)
            TRY(buf_add(out, " ", 1));
        TRY(buf_add(out, w.c, w.n));
    }
    return 0;
}

static uint64_t word_hash(const struct word *w)
{
    uint64_t h = 0x9E3779B97F4A7C15u ^ w->n;
    for (uint32_t i = 0; i < w->n; i += 8) {
        uint64_t x;
        memcpy(&x, w->c + i, 8);
        h = (h ^ x) * 0xD6E8FEB86659FD93u;
        h ^= h >> 32;
    }
    return h;
}

/* ---- the automaton ---- */
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
struct expr {      /* expressions of the same words differ in which of them ask for capitals */
    uint64_t caps; /* bit i: the i-th word from the end */
    uint32_t next;
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
    uint32_t *root;
    bool built;
};

/* Index of the slot that holds w, or the empty one where it would go. */
static uint32_t word_slot(const struct matcher *m, const struct word *w, uint64_t h)
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

static int word_table_grow(struct matcher *m)
{
    uint32_t slots = m->slots ? 2 * m->slots : 1024;
    struct slot *old = m->slot, *s = mem_alloc(slots, sizeof *s);
    if (!s)
        return E_NOMEM;
    memset(s, 0xff, slots * sizeof *s);
    m->slot = s;
    m->slots = slots;
    for (uint32_t id = 0; id < m->words; id++) {
        struct word w;
        uint32_t n = (uint32_t)(m->word_at[id + 1] - m->word_at[id]);
        memcpy(w.c, m->chars.p + m->word_at[id], n);
        finish(&w, n);
        uint64_t h = word_hash(&w);
        s[word_slot(m, &w, h)] = (struct slot){id, (uint32_t)(h >> 32)};
    }
    free(old);
    return 0;
}

static int word_id(struct matcher *m, const struct word *w, uint32_t *id)
{
    uint64_t h = word_hash(w);
    uint32_t i = word_slot(m, w, h);
    if (m->slot[i].id != NONE) {
        *id = m->slot[i].id;
        return 0;
    }
    if (m->words + 2 > m->word_cap) {
        size_t cap = 2 * m->word_cap;
        size_t *at = mem_grow(m->word_at, cap, sizeof *at);
        if (!at)
            return E_NOMEM;
        m->word_at = at;
        m->word_cap = cap;
    }
    TRY(buf_add(&m->chars, w->c, w->n));
    *id = m->words++;
    m->word_at[m->words] = m->chars.n;
    m->slot[i] = (struct slot){*id, (uint32_t)(h >> 32)};
    return m->words >= m->slots / 2 ? word_table_grow(m) : 0;
}

static uint32_t edge_slot(const struct matcher *m, uint32_t state, uint32_t word)
{
    uint32_t mask = m->edge_cap - 1;
    uint64_t h = ((uint64_t)state << 32 | word) * 0x9E3779B97F4A7C15u;
    for (uint32_t i = (uint32_t)(h >> 32) & mask;; i = (i + 1) & mask) {
        const struct edge *e = &m->edge[i];
        if (e->to == NONE || (e->state == state && e->word == word))
            return i;
    }
}

static int edge_table_grow(struct matcher *m)
{
    uint32_t cap = m->edge_cap;
    struct edge *old = m->edge, *e = mem_alloc(cap ? 2 * cap : 4096, sizeof *e);
    if (!e)
        return E_NOMEM;
    m->edge = e;
    m->edge_cap = cap ? 2 * cap : 4096;
    memset(e, 0xff, m->edge_cap * sizeof *e);
    for (uint32_t i = 0; i < cap; i++)
        if (old[i].to != NONE)
            e[edge_slot(m, old[i].state, old[i].word)] = old[i];
    free(old);
    return 0;
}

static int state_new(struct matcher *m, uint32_t parent, uint32_t word, uint32_t *s)
{
    if (m->states == m->state_cap) {
        uint32_t cap = m->state_cap ? 2 * m->state_cap : 1024;
        struct state *v = mem_grow(m->state, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        m->state = v;
        m->state_cap = cap;
    }
    uint32_t depth = m->states ? m->state[parent].depth + 1 : 0;
    m->state[m->states] = (struct state){.expr = NONE, .depth = depth, .parent = parent, .word = word};
    *s = m->states++;
    return 0;
}

int matcher_new(struct matcher **out)
{
    uint32_t root;
    int rc = E_NOMEM;
    struct matcher *m = mem_zalloc(1, sizeof *m);
    if (!m)
        return E_NOMEM;
    m->word_cap = 1024;
    if (!(m->word_at = mem_zalloc(m->word_cap, sizeof *m->word_at)))
        goto fail;
    TRY_GOTO(rc, fail, word_table_grow(m));
    TRY_GOTO(rc, fail, edge_table_grow(m));
    TRY_GOTO(rc, fail, state_new(m, 0, NONE, &root));
    *out = m;
    return 0;
fail:
    matcher_free(m);
    return rc;
}

void matcher_free(struct matcher *m)
{
    if (!m)
        return;
    free(m->slot);
    free(m->word_at);
    buf_free(&m->chars);
    free(m->edge);
    free(m->state);
    free(m->expr);
    free(m->root);
    free(m);
}

size_t matcher_expressions(const struct matcher *m)
{
    return m->exprs;
}

int matcher_add(struct matcher *m, const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    struct word w;
    uint32_t s = 0, words = 0;
    uint64_t caps = 0;
    if (m->built)
        return err_set(E_BUG, "matcher_add after matcher_build");
    while (words < EXPR_MAX && next_word(&p, end, &w)) {
        uint32_t id, i;
        TRY(word_id(m, &w, &id));
        i = edge_slot(m, s, id);
        if (m->edge[i].to == NONE) {
            uint32_t to;
            TRY(state_new(m, s, id, &to));
            m->edge[i] = (struct edge){s, id, to};
            s = to;
            if (++m->edges >= m->edge_cap / 2)
                TRY(edge_table_grow(m));
        } else {
            s = m->edge[i].to;
        }
        caps = caps << 1 | w.caps;
        words++;
    }
    if (!words)
        return 0;
    for (uint32_t e = m->state[s].expr; e != NONE; e = m->expr[e].next)
        if (m->expr[e].caps == caps)
            return 0;
    if (m->exprs == m->expr_cap) {
        uint32_t cap = m->expr_cap ? 2 * m->expr_cap : 1024;
        struct expr *v = mem_grow(m->expr, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        m->expr = v;
        m->expr_cap = cap;
    }
    m->expr[m->exprs] = (struct expr){caps, m->state[s].expr};
    m->state[s].expr = m->exprs++;
    return 0;
}

static uint32_t step(const struct matcher *m, uint32_t s, uint32_t word)
{
    for (; s; s = m->state[s].fail) {
        const struct edge *e = &m->edge[edge_slot(m, s, word)];
        if (e->to != NONE)
            return e->to;
    }
    return m->root[word];
}

int matcher_build(struct matcher *m)
{
    uint32_t n = m->states, deepest = 0;
    if (!(m->root = mem_zalloc(m->words, sizeof *m->root)))
        return E_NOMEM;
    for (uint32_t s = 1; s < n; s++) {
        if (m->state[s].parent == 0)
            m->root[m->state[s].word] = s;
        if (m->state[s].depth > deepest)
            deepest = m->state[s].depth;
    }
    /* Fail links go to smaller depths, so states are taken depth by depth. */
    uint32_t *order = mem_alloc(n, sizeof *order), *first = mem_zalloc(deepest + 2, sizeof *first);
    if (!order || !first) {
        free(order);
        free(first);
        return E_NOMEM;
    }
    for (uint32_t s = 0; s < n; s++)
        first[m->state[s].depth + 1]++;
    for (uint32_t d = 0; d <= deepest; d++)
        first[d + 1] += first[d];
    for (uint32_t s = 0; s < n; s++)
        order[first[m->state[s].depth]++] = s;
    for (uint32_t i = 1; i < n; i++) {
        struct state *s = &m->state[order[i]];
        s->fail = s->depth > 1 ? step(m, m->state[s->parent].fail, s->word) : 0;
        s->out = s->expr != NONE ? order[i] : m->state[s->fail].out;
    }
    free(order);
    free(first);
    m->built = true;
    return 0;
}

/* Words of the longest expression that ends at state s, given which of the last 64 words were in capitals. */
static uint32_t longest(const struct matcher *m, uint32_t s, uint64_t caps)
{
    for (s = m->state[s].out; s; s = m->state[m->state[s].fail].out)
        for (uint32_t e = m->state[s].expr; e != NONE; e = m->expr[e].next)
            if ((m->expr[e].caps & ~caps) == 0)
                return m->state[s].depth;
    return 0;
}

void matcher_count(const struct matcher *m, const char *text, size_t n, struct match_count *c)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    struct word w;
    uint32_t s = 0;
    uint64_t caps = 0, done = 0; /* of the last 64 words, the latest in bit 0: in capitals; covered */
    while (next_word(&p, end, &w)) {
        c->words++;
        caps = caps << 1 | w.caps;
        done <<= 1;
        uint32_t word = m->slot[word_slot(m, &w, word_hash(&w))].id;
        if (word == NONE) {
            s = 0;
            continue;
        }
        s = step(m, s, word);
        uint32_t len = longest(m, s, caps);
        if (len) {
            uint64_t mask = ~0ull >> (64 - len);
            c->covered += (uint64_t)__builtin_popcountll(mask & ~done);
            done |= mask;
        }
    }
}
