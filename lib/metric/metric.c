/* The table of metrics, lists of values, counts: see metric.h. */
#include "lib/metric/metric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"

#define X(name) extern const struct metric metric_##name;
#include "metric.def"
#undef X

#define X(name) &metric_##name,
static const struct metric *const table[] = {
#include "metric.def"
};
#undef X
enum { N_METRICS = sizeof table / sizeof *table };

const struct metric *metric_at(int i)
{
    /* The i-th smallest (order, place in the table): few metrics, asked rarely. */
    for (int a = 0; a < N_METRICS; a++) {
        int before = 0;
        for (int b = 0; b < N_METRICS; b++)
            before += table[b]->order < table[a]->order || (table[b]->order == table[a]->order && b < a);
        if (before == i)
            return table[a];
    }
    return NULL;
}

/* ---- counts ---- */

uint32_t metric_hits(const struct metric_note *n)
{
    uint32_t hits = 0;
    for (uint32_t g = 0, p = 0; g < n->n_gold && p < n->n_pred;) {
        hits += n->gold[g] == n->pred[p];
        uint32_t x = n->gold[g], y = n->pred[p];
        g += x <= y;
        p += y <= x;
    }
    return hits;
}

static int count(struct metric_set *s)
{
    if (!s->label && !(s->label = mem_alloc(s->L, sizeof *s->label)))
        return E_NOMEM;
    memset(s->label, 0, s->L * sizeof *s->label);
    s->total = (struct metric_counts){0};
    s->notes = s->n_outside = 0;
    /* pass 1: all predicted are wrong and all gold missing, but for those that are both */
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        s->notes += n->weight;
        s->n_outside += (int64_t)n->outside * n->weight;
        for (uint32_t j = 0; j < n->n_pred; j++)
            s->label[n->pred[j]].fp += n->weight;
        for (uint32_t j = 0; j < n->n_gold; j++)
            s->label[n->gold[j]].fn += n->weight;
        for (uint32_t g = 0, p = 0; g < n->n_gold && p < n->n_pred;) {
            uint32_t x = n->gold[g], y = n->pred[p];
            if (x == y) {
                s->label[x].tp += n->weight;
                s->label[x].fp -= n->weight;
                s->label[x].fn -= n->weight;
            }
            g += x <= y;
            p += y <= x;
        }
    }
    /* pass 2: their sum */
    for (size_t l = 0; l < s->L; l++) {
        s->total.tp += s->label[l].tp;
        s->total.fp += s->label[l].fp;
        s->total.fn += s->label[l].fn;
    }
    s->total.fp += s->n_outside;
    return 0;
}

static bool allowed(const struct metric_set *s, int needs, bool whole)
{
    return (s->scores || !(needs & (METRIC_SCORES | METRIC_PROBABILITY))) &&
           (s->probability || !(needs & METRIC_PROBABILITY)) && (s->generated || !(needs & METRIC_GENERATED)) &&
           (s->outside || !(needs & METRIC_OUTSIDE)) && (whole || !(needs & METRIC_WHOLE));
}

int metric_eval(struct metric_set *s, bool whole, struct metric_list *out)
{
    const struct metric *m;
    TRY(count(s));
    for (int i = 0; (m = metric_at(i)) != NULL; i++)
        if (m->eval && allowed(s, m->needs, whole))
            TRY(m->eval(s, out));
    return 0;
}

int metric_rows(const struct metric_set *s, int which, struct metric_list *out)
{
    const struct metric *m;
    for (int i = 0; (m = metric_at(i)) != NULL; i++)
        if (m->rows && (m->rows_of & which) && allowed(s, m->needs, true))
            TRY(m->rows(s, out));
    return 0;
}

/* ---- lists ---- */

static int add(struct metric_list *l, const char *name, double value, int64_t k, int64_t label, double at)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct metric_value *v = mem_grow(l->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        l->v = v;
        l->cap = cap;
    }
    struct metric_value *v = &l->v[l->n++];
    *v = (struct metric_value){.value = value,
                               .k = k,
                               .label = label,
                               .at = at,
                               .sd = NAN,
                               .lo = NAN,
                               .hi = NAN,
                               .other = NAN,
                               .diff = NAN,
                               .diff_lo = NAN,
                               .diff_hi = NAN,
                               .p = NAN};
    snprintf(v->name, sizeof v->name, "%s", name);
    return 0;
}

int metric_add(struct metric_list *l, const char *name, double value)
{
    return add(l, name, value, 0, -1, NAN);
}

int metric_add_k(struct metric_list *l, const char *name, double value, int64_t k)
{
    char full[48];
    snprintf(full, sizeof full, "%s%lld", name, (long long)k);
    return add(l, full, value, k, -1, NAN);
}

int metric_add_row(struct metric_list *l, const char *name, double value, int64_t label, double at)
{
    return add(l, name, value, 0, label, at);
}

const struct metric_value *metric_get(const struct metric_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].name, name) == 0)
            return &l->v[i];
    return NULL;
}
