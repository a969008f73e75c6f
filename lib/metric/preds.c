/* Predictions by gold record: see preds.h. */
#include "lib/metric/preds.h"

#include <float.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/stream/stream.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

int preds_open(struct preds *p, const struct gold *g, const char *name, bool strict)
{
    *p = (struct preds){.name = name, .gold = g, .strict = strict, .split = -1};
    return (p->row = mem_zalloc(g->n, sizeof *p->row)) ? 0 : E_NOMEM;
}

/* ---- codes and labels ---- */

struct outsider { /* of the index: the code is its key */
    const char *code;
    uint32_t label;
};

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct outsider *)a)->code, ((const struct outsider *)b)->code);
}

static int outside(struct preds *p, const char *code, size_t n, uint32_t *label)
{
    struct outsider *e = mem_alloc(1, sizeof *e), **found;
    char *own = mem_strndup(code, n);
    if (p->n_outside == p->outside_cap && own) {
        size_t cap = p->outside_cap ? 2 * p->outside_cap : 64;
        char **v = mem_grow(p->outside, cap, sizeof *v);
        p->outside = v ? v : p->outside;
        p->outside_cap = v ? cap : p->outside_cap;
    }
    if (!e || !own || p->n_outside == p->outside_cap) {
        free(e);
        free(own);
        return E_NOMEM;
    }
    *e = (struct outsider){own, (uint32_t)(p->gold->labels.n + p->n_outside)};
    if (!(found = tsearch(e, &p->index, by_code))) {
        free(e);
        free(own);
        return err_nomem(sizeof *e);
    }
    *label = (*found)->label;
    if (*found == e)
        p->outside[p->n_outside++] = own;
    else {
        free(e);
        free(own);
    }
    p->differ = true;
    return 0;
}

int preds_code(struct preds *p, const char *code, size_t n, uint32_t *label)
{
    int64_t l = labels_find(&p->gold->labels, code, n);
    if (l >= 0) {
        *label = (uint32_t)l;
        return 0;
    }
    return p->strict ? err_set(E_DATA, "not a code of the gold stream's labels") : outside(p, code, n, label);
}

void preds_codes(const struct preds *p, struct pred *d, uint32_t n)
{
    n = gold_unique(d->code, n);
    for (d->n = n; d->n && d->code[d->n - 1] >= p->gold->labels.n; d->n--)
        ;
    d->outside = n - d->n;
}

int preds_known(struct preds *p, uint8_t *known)
{
    size_t L = p->gold->labels.n;
    free(p->known);
    p->known = known;
    p->missing = 0;
    for (size_t l = 0; l < L; l++)
        p->missing += !known[l];
    if (p->missing && p->strict)
        return err_set(E_DATA, "label sets differ: %zu of the gold stream's %zu labels are not there", p->missing, L);
    return p->missing == L ? err_set(E_DATA, "no label in common with the gold stream") : 0;
}

int preds_labels(struct preds *p, const json_t *meta)
{
    TRY(labels_open(&p->own, meta));
    if (p->strict)
        TRY(labels_same(&p->gold->labels, &p->own));
    uint8_t *known = mem_zalloc(p->gold->labels.n, 1);
    if (!known || !(p->map = mem_alloc(p->own.n, sizeof *p->map))) {
        free(known);
        return E_NOMEM;
    }
    int rc = 0;
    for (size_t i = 0; !rc && i < p->own.n; i++) {
        rc = preds_code(p, p->own.code[i], strlen(p->own.code[i]), &p->map[i]);
        if (!rc && p->map[i] < p->gold->labels.n)
            known[p->map[i]] = 1;
    }
    if (!rc)
        return preds_known(p, known);
    free(known);
    return rc;
}

/* ---- predictions as they come ---- */

int preds_get(struct preds *p, const char *id, size_t n, struct pred **out)
{
    const struct gold_note *g = gold_find(p->gold, id, n);
    if (!g)
        return err_set(E_DATA, "field id: not in the gold stream");
    size_t at = (size_t)(g - p->gold->v);
    if (p->row[at]) {
        *out = &p->v[p->row[at] - 1];
        return 0;
    }
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

int preds_add(struct preds *p, const char *id, size_t n, struct pred **out)
{
    size_t before = p->n;
    TRY(preds_get(p, id, n, out));
    return p->n > before ? 0 : err_set(E_DATA, "field id: predicted twice");
}

int preds_score(struct preds *p, struct pred *d, uint32_t label, double score)
{
    size_t L = p->gold->labels.n;
    if (label < L) {
        if (d->exact[label] == d->exact[label])
            return err_set(E_DATA, "the code stands there twice for this id");
        d->exact[label] = score;
        return 0;
    }
    for (uint32_t i = 0; i < d->n_more; i++)
        if (d->more[i].label == label)
            return err_set(E_DATA, "the code stands there twice for this id");
    if ((d->n_more & (d->n_more + 1)) == 0) { /* full at 0, 1, 3, 7, ... */
        struct pred_outside *v = mem_grow(d->more, 2 * (size_t)d->n_more + 1, sizeof *v);
        if (!v)
            return E_NOMEM;
        d->more = v;
    }
    d->more[d->n_more++] = (struct pred_outside){label, score};
    return 0;
}

static int read_floats(const struct preds *p, const char *from, struct pred *d)
{
    size_t L = p->gold->labels.n;
    for (size_t i = 0; i < p->own.n; i++) {
        float x;
        memcpy(&x, from + i * sizeof x, sizeof x);
        if (!isfinite(x))
            return err_set(E_DATA, "field scores: not a finite number at label %zu", i);
        if (p->map[i] < L)
            d->score[p->map[i]] = x;
        else
            d->more[d->n_more++] = (struct pred_outside){p->map[i], (double)x};
    }
    return 0;
}

static int read_doubles(const struct preds *p, const char *from, struct pred *d)
{
    size_t L = p->gold->labels.n;
    for (size_t l = 0; l < L; l++)
        d->exact[l] = NAN; /* until it comes, or for ever: not known */
    for (size_t i = 0; i < p->own.n; i++) {
        double x;
        memcpy(&x, from + i * sizeof x, sizeof x);
        if (!(fabs(x) <= (double)FLT_MAX))
            return err_set(E_DATA, "field scores: not a finite number at label %zu", i);
        if (p->map[i] < L)
            d->exact[p->map[i]] = x;
        else
            d->more[d->n_more++] = (struct pred_outside){p->map[i], x};
    }
    return 0;
}

/* The scores of a record, 32 or 64 bits each, in the order of the stream's labels. */
static int read_scores(const struct preds *p, const char *from, size_t bytes, struct pred *d)
{
    size_t L = p->gold->labels.n, n = p->own.n;
    bool doubles = bytes == n * sizeof(double);
    if (!doubles && bytes != n * sizeof(float))
        return err_set(E_DATA, "field scores: %zu bytes for %zu labels", bytes, n);
    if (!(d->more = mem_alloc(p->n_outside, sizeof *d->more)))
        return E_NOMEM;
    if (doubles)
        return (d->exact = mem_alloc(L, sizeof *d->exact)) ? read_doubles(p, from, d) : E_NOMEM;
    return (d->score = mem_zalloc(L, sizeof *d->score)) ? read_floats(p, from, d) : E_NOMEM;
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
    uint32_t n;
    rec_str(rec, "id", &id, &id_n);
    bool scores = rec_bin(rec, "scores", &from, &bytes);
    if (p->n == 0)
        p->scores = scores;
    if (scores != p->scores)
        return err_set(E_DATA, "field scores: some records have it and some do not");
    TRY(preds_add(p, id, id_n, &d));
    if (scores)
        TRY(read_scores(p, from, bytes, d));
    TRY(gold_codes(&p->own, rec_get(rec, "codes"), &d->code, &n));
    for (uint32_t i = 0; i < n; i++)
        d->code[i] = p->map[d->code[i]];
    preds_codes(p, d, n);
    p->final = true;
    return read_unknown(p, rec, &d->unknown);
}

/* ---- when all are there ---- */

/* Where a system knows fewer labels than gold, the others rank last; they are not predicted whatever the threshold. */
static void fill_unknown(struct preds *p)
{
    size_t L = p->gold->labels.n;
    bool negative = false;
    for (size_t i = 0; i < p->n; i++)
        for (size_t l = 0; l < L; l++)
            negative |= p->v[i].score[l] < 0;
    for (size_t i = 0; negative && i < p->n; i++)
        for (size_t l = 0; l < L; l++)
            if (!p->known[l])
                p->v[i].score[l] = -FLT_MAX;
}

/* Metrics are of floats; doubles are kept for thresholds where a float is another number. */
static int make_floats(struct preds *p)
{
    size_t L = p->gold->labels.n;
    bool exact = true;
    for (size_t i = 0; i < p->n; i++) {
        struct pred *d = &p->v[i];
        if (!d->exact)
            continue;
        if (!d->score && !(d->score = mem_alloc(L, sizeof *d->score)))
            return E_NOMEM;
        for (size_t l = 0; l < L; l++) {
            d->score[l] = d->exact[l] == d->exact[l] ? (float)d->exact[l] : 0;
            exact &= d->exact[l] != d->exact[l] || (double)d->score[l] == d->exact[l];
        }
    }
    for (size_t i = 0; exact && i < p->n; i++) {
        free(p->v[i].exact);
        p->v[i].exact = NULL;
    }
    if (p->missing)
        fill_unknown(p);
    return 0;
}

static const char *split_name(const struct gold *g, int split)
{
    return *g->split[split] ? g->split[split] : "unnamed";
}

/* The split to score of those that were predicted; -1: all. */
static int pick_split(const struct preds *p, const char *want, int *split)
{
    const struct gold *g = p->gold;
    size_t of[sizeof g->split / sizeof *g->split] = {0};
    static const char *const first[] = {"test", "dev"};
    struct buf names = {0};
    int kinds = 0, rc = 0;
    *split = -1;
    if (want && strcmp(want, "all") == 0)
        return 0;
    for (size_t i = 0; i < p->n; i++)
        of[g->v[p->v[i].gold].split]++;
    for (int s = 0; s < g->n_split; s++)
        kinds += of[s] > 0;
    for (int k = 0; k < 2 && *split < 0; k++)
        for (int s = 0; s < g->n_split; s++)
            if (of[s] && strcmp(g->split[s], want ? want : first[k]) == 0)
                *split = s;
    for (int s = 0; !want && kinds == 1 && s < g->n_split; s++)
        if (of[s])
            *split = s;
    for (int s = 0; !rc && *split < 0 && s < g->n_split; s++)
        if (of[s])
            rc = buf_fmt(&names, "%s%zu of %s", names.n ? ", " : "", of[s], split_name(g, s));
    if (!rc && *split < 0)
        rc = want ? err_set(E_DATA, "%s: no note of the %s split is predicted, but %.*s", p->name, want, (int)names.n,
                            names.p)
                  : err_set(E_DATA, "%s: predicted are %.*s: say which to score with --split", p->name, (int)names.n,
                            names.p);
    buf_free(&names);
    return rc;
}

static void pred_free(struct pred *d)
{
    free(d->code);
    free(d->score);
    free(d->exact);
    free(d->more);
}

static int by_gold(const void *a, const void *b)
{
    uint32_t x = ((const struct pred *)a)->gold, y = ((const struct pred *)b)->gold;
    return x < y ? -1 : x > y;
}

int preds_join(struct preds *p, const char *want)
{
    const struct gold *g = p->gold;
    bool split[sizeof g->split / sizeof *g->split] = {0};
    size_t missing = 0, first = 0, kept = 0;
    if (p->n == 0)
        return err_set(E_DATA, "%s: no predictions to score", p->name);
    if (p->scores)
        TRY(make_floats(p));

    /* pass 1: the predictions of the split that is scored */
    TRY(pick_split(p, want, &p->split));
    for (size_t i = 0; i < p->n; i++)
        if (p->split < 0 || g->v[p->v[i].gold].split == p->split)
            p->v[kept++] = p->v[i];
        else {
            p->row[p->v[i].gold] = 0;
            pred_free(&p->v[i]);
        }
    p->left_out = p->n - kept;
    p->n = kept;
    mem_sort(p->v, p->n, sizeof *p->v, by_gold);
    for (size_t i = 0; i < p->n; i++) {
        p->row[p->v[i].gold] = (uint32_t)i + 1;
        split[g->v[p->v[i].gold].split] = true;
    }
    int several = 0, last = -1;
    for (int k = 0; k < g->n_split; k++)
        if (split[k]) {
            several += last >= 0;
            last = k;
        }
    p->split = several ? -1 : last; /* all of them may be one */

    /* pass 2: gold records of it without a prediction */
    for (size_t i = 0; i < g->n; i++)
        if (!p->row[i] && split[g->v[i].split])
            first = missing++ && g->v[first].record < g->v[i].record ? first : i;
    if (missing)
        return err_set(E_DATA,
                       "%s: %zu gold records of the %s that %s predicted have no prediction, the first being "
                       "record %llu of %s",
                       p->name, missing, p->split < 0 ? "splits" : "split", p->split < 0 ? "were" : "was",
                       (unsigned long long)g->v[first].record, g->name);
    return 0;
}

int preds_threshold(struct preds *p, const double *t, const double *t_outside)
{
    size_t L = p->gold->labels.n;
    uint32_t *above = mem_alloc(L + p->n_outside, sizeof *above);
    int rc = above ? 0 : E_NOMEM;
    for (size_t i = 0; !rc && i < p->n; i++) {
        struct pred *d = &p->v[i];
        uint32_t n = 0;
        for (size_t l = 0; l < L; l++)
            if ((d->exact ? d->exact[l] : (double)d->score[l]) > t[l] && (!p->known || p->known[l]))
                above[n++] = (uint32_t)l;
        for (uint32_t k = 0; k < d->n_more; k++)
            if (d->more[k].score > t_outside[d->more[k].label - L])
                above[n++] = d->more[k].label;
        free(d->code);
        if (!(d->code = mem_alloc(n, sizeof *d->code)))
            TRY_GOTO(rc, out, E_NOMEM);
        memcpy(d->code, above, n * sizeof *above);
        preds_codes(p, d, n);
    }
    p->final = true;
out:
    free(above);
    return rc;
}

int preds_set(const struct preds *p, struct metric_set *s, struct metric_note **note)
{
    const struct gold *g = p->gold;
    s->n = p->n;
    s->L = g->labels.n;
    s->code = (const char *const *)g->labels.code;
    s->scores = p->scores;
    s->generated = p->generated;
    s->outside = p->differ;
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
                                          .outside = d->outside,
                                          .weight = 1};
    }
    return metric_prepare(s);
}

const char *preds_split(const struct preds *p)
{
    return p->split >= 0 && *p->gold->split[p->split] ? p->gold->split[p->split] : NULL;
}

static void entry_free(void *e)
{
    free(e);
}

void preds_close(struct preds *p)
{
    for (size_t i = 0; i < p->n; i++)
        pred_free(&p->v[i]);
    for (size_t i = 0; i < p->n_outside; i++)
        free(p->outside[i]);
    tdestroy(p->index, entry_free);
    free(p->outside);
    free(p->v);
    free(p->row);
    free(p->map);
    free(p->known);
    labels_close(&p->own);
    *p = (struct preds){0};
}
