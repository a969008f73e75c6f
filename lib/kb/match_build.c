/* Adding expressions and building the automaton: see match.h and match_table.h. */
#include <math.h>
#include <stdlib.h>

#include "lib/kb/match_table.h"
#include "lib/util/err.h"

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
        w.n = n;
        finish(&w);
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
    m->unit = 1;
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
    free(m->link);
    free(m->root);
    free(m);
}

size_t matcher_expressions(const struct matcher *m)
{
    return m->exprs;
}

void matcher_any_case(struct matcher *m)
{
    m->any_case = true;
}

uint64_t matcher_unit(const struct matcher *m)
{
    return m->unit;
}

/* The state that follows s by a word; made if it is new. */
static int walk(struct matcher *m, uint32_t *s, const struct word *w)
{
    uint32_t id, to;
    TRY(word_id(m, w, &id));
    struct edge *e = &m->edge[edge_slot(m, *s, id)];
    if (e->to != NONE) {
        *s = e->to;
        return 0;
    }
    TRY(state_new(m, *s, id, &to));
    *e = (struct edge){*s, id, to};
    *s = to;
    return ++m->edges >= m->edge_cap / 2 ? edge_table_grow(m) : 0;
}

static int add_expr(struct matcher *m, uint32_t s, bool caps, enum match_role role, uint32_t *expr)
{
    for (uint32_t e = m->state[s].expr; e != NONE; e = m->expr[e].next)
        if (m->expr[e].caps == caps && m->expr[e].role == role) {
            *expr = e;
            return 0;
        }
    if (m->exprs == m->expr_cap) {
        uint32_t cap = m->expr_cap ? 2 * m->expr_cap : 1024;
        struct expr *v = mem_grow(m->expr, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        m->expr = v;
        m->expr_cap = cap;
    }
    m->expr[m->exprs] = (struct expr){m->state[s].expr, NONE, 1, role, caps};
    *expr = m->state[s].expr = m->exprs++;
    return 0;
}

static int add_link(struct matcher *m, struct expr *e, uint32_t code)
{
    if (e->link != NONE && m->link[e->link].code == code)
        return 0;
    if (m->links == m->link_cap) {
        uint32_t cap = m->link_cap ? 2 * m->link_cap : 1024;
        struct link *v = mem_grow(m->link, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        m->link = v;
        m->link_cap = cap;
    }
    m->link[m->links] = (struct link){code, e->link};
    e->link = m->links++;
    return 0;
}

static int add(struct matcher *m, const char *text, size_t n, enum match_role role, uint32_t code)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    struct word w;
    uint32_t s = 0, words = 0, e;
    bool caps = false;
    if (m->built)
        return err_set(E_BUG, "expression added to a matcher that is built");
    for (; words < EXPR_MAX && next_word(&p, end, &w); words++) {
        TRY(walk(m, &s, &w));
        caps = words == 0 && w.caps && !m->any_case;
    }
    if (!words)
        return 0;
    TRY(add_expr(m, s, caps, role, &e));
    return role == MATCH_EXPRESSION ? add_link(m, &m->expr[e], code) : 0;
}

int matcher_add(struct matcher *m, const char *text, size_t n, uint32_t code)
{
    return add(m, text, n, MATCH_EXPRESSION, code);
}

int matcher_add_negation(struct matcher *m, const char *text, size_t n, enum match_role role)
{
    m->negation = true;
    return add(m, text, n, role, 0);
}

/* "or" drops or, not OR; "IV" drops IV, not iv. */
static bool is_stop_word(const struct matcher *stop, const struct word *w)
{
    uint32_t id = stop->slot[word_slot(stop, w, word_hash(w))].id;
    uint32_t s = id == NONE ? 0 : stop->root[id];
    for (uint32_t e = s ? stop->state[s].expr : NONE; e != NONE; e = stop->expr[e].next)
        if (stop->expr[e].caps == w->caps)
            return true;
    return false;
}

int matcher_add_words(struct matcher *m, const char *text, size_t n, uint32_t code, const struct matcher *stop)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    struct word w;
    while (next_word(&p, end, &w)) {
        if (stop && is_stop_word(stop, &w))
            continue;
        TRY(add(m, (const char *)w.at, (size_t)(p - w.at), MATCH_EXPRESSION, code));
    }
    return 0;
}

int matcher_build(struct matcher *m)
{
    uint32_t n = m->states, deepest = 0;
    if (!(m->root = mem_zalloc(m->words, sizeof *m->root)))
        return E_NOMEM;
    /* the root's edges */
    for (uint32_t s = 1; s < n; s++) {
        if (m->state[s].parent == 0)
            m->root[m->state[s].word] = s;
        if (m->state[s].depth > deepest)
            deepest = m->state[s].depth;
    }
    /* States by depth, as fail links go to smaller depths. */
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
    /* Fail links, and where the next expression is that ends in the same place. */
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

void matcher_idf(struct matcher *m, uint32_t codes)
{
    m->unit = 1000000;
    for (uint32_t e = 0; e < m->exprs; e++) {
        uint32_t df = 0;
        for (uint32_t i = m->expr[e].link; i != NONE; i = m->link[i].next)
            df++;
        if (df)
            m->expr[e].weight = (uint32_t)lround((double)m->unit * log((1.0 + codes) / df) / log(1.0 + codes));
    }
}
