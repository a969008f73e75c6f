/* The table of metrics and what they share: see metric.h. */
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

int metric_all(const struct metric_set *s, struct metric_list *out)
{
    const struct metric *m;
    for (int i = 0; (m = metric_at(i)) != NULL; i++)
        if (!m->scores || s->score)
            TRY(m->eval(s, out));
    return 0;
}

int metric_add(struct metric_list *l, const char *name, double value, int k)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 32;
        struct metric_value *v = mem_grow(l->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        l->v = v;
        l->cap = cap;
    }
    struct metric_value *v = &l->v[l->n++];
    snprintf(v->name, sizeof v->name, "%s", name);
    v->value = value;
    v->k = k;
    return 0;
}

const struct metric_value *metric_get(const struct metric_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].name, name) == 0)
            return &l->v[i];
    return NULL;
}

int metric_count(struct metric_set *s)
{
    s->total = (struct metric_counts){0};
    if (!(s->label = mem_zalloc(s->L, sizeof *s->label)))
        return E_NOMEM;
    for (size_t i = 0; i < s->n; i++)
        for (size_t l = 0; l < s->L; l++) {
            int g = s->gold[i * s->L + l], p = s->pred[i * s->L + l];
            s->label[l].tp += g && p;
            s->label[l].fp += !g && p;
            s->label[l].fn += g && !p;
        }
    for (size_t l = 0; l < s->L; l++) {
        s->total.tp += s->label[l].tp;
        s->total.fp += s->label[l].fp;
        s->total.fn += s->label[l].fn;
    }
    return 0;
}
