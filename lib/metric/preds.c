/* Predictions by gold record: see preds.h. */
#include "lib/metric/preds.h"

#include <stdlib.h>
#include <string.h>

#include "lib/stream/stream.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

int preds_open(struct preds *p, const struct gold *g, const char *name)
{
    *p = (struct preds){.name = name, .gold = g};
    return (p->row = mem_zalloc(g->n, sizeof *p->row)) ? 0 : E_NOMEM;
}

int preds_labels(struct preds *p, const json_t *meta)
{
    struct labels own;
    int rc = labels_open(&own, meta);
    if (!rc)
        rc = labels_same(&p->gold->labels, &own);
    if (!rc && !(p->map = mem_alloc(own.n, sizeof *p->map)))
        rc = E_NOMEM;
    for (size_t i = 0; !rc && i < own.n; i++) /* the same codes in byte order, which ours already are in */
        p->map[own.sorted[i]] = (uint32_t)i;
    labels_close(&own);
    return rc;
}

int preds_add(struct preds *p, const char *id, size_t n, struct pred **out)
{
    const struct gold_note *g = gold_find(p->gold, id, n);
    if (!g)
        return err_set(E_DATA, "field id: not in the gold stream");
    size_t at = (size_t)(g - p->gold->v);
    if (p->row[at])
        return err_set(E_DATA, "field id: predicted twice");
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 256;
        struct pred *v = mem_grow(p->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        p->v = v;
        p->cap = cap;
    }
    *out = &p->v[p->n++];
    **out = (struct pred){.gold = (uint32_t)at};
    p->row[at] = (uint32_t)p->n;
    return 0;
}

static int read_scores(const struct preds *p, const char *from, size_t bytes, float **out)
{
    size_t L = p->gold->labels.n;
    if (bytes != L * sizeof **out)
        return err_set(E_DATA, "field scores: %zu bytes for %zu labels", bytes, L);
    if (!(*out = mem_alloc(L, sizeof **out)))
        return E_NOMEM;
    for (size_t l = 0; l < L; l++) {
        float x;
        memcpy(&x, from + l * sizeof x, sizeof x);
        if (!isfinite(x))
            return err_set(E_DATA, "field scores: not a finite number at label %zu", l);
        (*out)[p->map[l]] = x;
    }
    return 0;
}

/* Generated strings that are no code. */
static int read_unknown(struct preds *p, const msgpack_object *rec, uint32_t *unknown)
{
    const msgpack_object *gen = rec_get(rec, "gen"), *u;
    if (!gen || gen->type != MSGPACK_OBJECT_MAP)
        return 0;
    u = rec_get(gen, "unknown");
    if (!u || u->type != MSGPACK_OBJECT_POSITIVE_INTEGER || u->via.u64 > UINT32_MAX)
        return err_set(E_DATA, "field gen: no count of unknown strings");
    *unknown = (uint32_t)u->via.u64;
    p->generated = true;
    return 0;
}

int preds_record(struct preds *p, const msgpack_object *rec)
{
    const char *id, *from;
    size_t id_n, bytes;
    struct pred *d;
    rec_str(rec, "id", &id, &id_n);
    bool scores = rec_bin(rec, "scores", &from, &bytes);
    if (p->n == 0)
        p->scores = scores;
    if (scores != p->scores)
        return err_set(E_DATA, "field scores: some records have it and some do not");
    TRY(preds_add(p, id, id_n, &d));
    if (scores)
        TRY(read_scores(p, from, bytes, &d->score));
    TRY(gold_codes(&p->gold->labels, rec_get(rec, "codes"), &d->code, &d->n));
    p->final = true;
    return read_unknown(p, rec, &d->unknown);
}

static int by_gold(const void *a, const void *b)
{
    uint32_t x = ((const struct pred *)a)->gold, y = ((const struct pred *)b)->gold;
    return x < y ? -1 : x > y;
}

int preds_join(struct preds *p)
{
    const struct gold *g = p->gold;
    bool split[sizeof g->split / sizeof *g->split] = {0};
    size_t missing = 0, first = 0;
    if (p->n == 0)
        return err_set(E_DATA, "%s: no predictions to score", p->name);
    qsort(p->v, p->n, sizeof *p->v, by_gold);
    for (size_t i = 0; i < p->n; i++) {
        p->row[p->v[i].gold] = (uint32_t)i + 1;
        split[g->v[p->v[i].gold].split] = true;
    }
    for (size_t i = 0; i < g->n; i++)
        if (!p->row[i] && split[g->v[i].split]) {
            first = missing++ && g->v[first].record < g->v[i].record ? first : i;
        }
    if (missing)
        return err_set(E_DATA,
                       "%s: %zu gold records of the splits that were predicted have no prediction, the first "
                       "being record %llu of %s",
                       p->name, missing, (unsigned long long)g->v[first].record, g->name);
    return 0;
}

int preds_threshold(struct preds *p, const double *t)
{
    size_t L = p->gold->labels.n;
    for (size_t i = 0; i < p->n; i++) {
        struct pred *d = &p->v[i];
        uint32_t n = 0;
        for (size_t l = 0; l < L; l++)
            n += (double)d->score[l] > t[l];
        free(d->code);
        if (!(d->code = mem_alloc(n, sizeof *d->code)))
            return E_NOMEM;
        d->n = 0;
        for (size_t l = 0; l < L; l++)
            if ((double)d->score[l] > t[l])
                d->code[d->n++] = (uint32_t)l;
    }
    p->final = true;
    return 0;
}

int preds_set(const struct preds *p, struct metric_set *s, struct metric_note **note)
{
    const struct gold *g = p->gold;
    s->n = p->n;
    s->L = g->labels.n;
    s->code = (const char *const *)g->labels.code;
    s->scores = p->scores;
    s->generated = p->generated;
    if (!(s->note = *note = mem_zalloc(p->n, sizeof **note)))
        return E_NOMEM;
    for (size_t i = 0; i < p->n; i++) {
        const struct pred *d = &p->v[i];
        const struct gold_note *n = &g->v[d->gold];
        s->note[i] = (struct metric_note){.gold = n->code,
                                          .n_gold = n->n,
                                          .pred = d->code,
                                          .n_pred = d->n,
                                          .score = d->score,
                                          .unknown = d->unknown,
                                          .weight = 1};
    }
    return metric_prepare(s);
}

const char *preds_split(const struct preds *p)
{
    int only = p->n ? p->gold->v[p->v[0].gold].split : 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->gold->v[p->v[i].gold].split != only)
            return NULL;
    return p->n && *p->gold->split[only] ? p->gold->split[only] : NULL;
}

void preds_close(struct preds *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->v[i].code);
        free(p->v[i].score);
    }
    free(p->v);
    free(p->row);
    free(p->map);
    *p = (struct preds){0};
}
