/* TF-IDF vectors of runs of units: see tfidf.h. */
#include "lib/linear/tfidf.h"

#include <linear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

/* One more of a feature. */
static int count_one(struct tfidf *t, struct bag *b, size_t *cap, uint32_t feature)
{
    if (feature >= t->mark_n) {
        size_t n = t->runs.cap;
        uint32_t *mark = mem_grow(t->mark, n, sizeof *mark);
        if (!mark)
            return E_NOMEM;
        memset(mark + t->mark_n, 0, (n - t->mark_n) * sizeof *mark);
        t->mark = mark;
        t->mark_n = n;
    }
    if (!t->mark[feature]) {
        if (b->n == *cap) {
            *cap = *cap ? 2 * *cap : 256;
            uint32_t *f = mem_grow(b->feature, *cap, sizeof *f);
            if (f)
                b->feature = f;
            uint32_t *c = f ? mem_grow(b->count, *cap, sizeof *c) : NULL;
            if (!c)
                return E_NOMEM;
            b->count = c;
        }
        b->feature[b->n] = feature;
        b->count[b->n++] = 0;
        t->mark[feature] = (uint32_t)b->n;
    }
    b->count[t->mark[feature] - 1]++;
    return 0;
}

int tfidf_bag(struct tfidf *t, const uint32_t *unit, size_t n, struct bag *out)
{
    size_t cap = 0;
    int rc = 0;
    *out = (struct bag){0};
    for (size_t i = 0; i < n && !rc; i++)
        for (size_t k = 1; k <= (size_t)t->ngrams && i + k <= n && !rc; k++) {
            uint32_t f;
            rc = names_add(&t->runs, (const char *)(unit + i), k * sizeof *unit, &f);
            if (rc <= 1)
                rc = count_one(t, out, &cap, f);
        }
    for (size_t i = 0; i < out->n; i++)
        t->mark[out->feature[i]] = 0;
    return rc;
}

int tfidf_fit(struct tfidf *t, const struct bag *const *train, size_t n)
{
    size_t all = t->runs.n;
    if (all >= INT32_MAX - 1)
        return err_set(E_DATA, "more than %d different features", INT32_MAX - 2);
    uint32_t *texts = mem_zalloc(all, sizeof *texts);
    t->place = mem_zalloc(all, sizeof *t->place);
    t->idf = mem_alloc(all, sizeof *t->idf);
    if (!texts || !t->place || !t->idf) {
        free(texts);
        return E_NOMEM;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < train[i]->n; j++)
            texts[train[i]->feature[j]]++;
    t->n = 0;
    for (size_t f = 0; f < all; f++) {
        if (texts[f] == 0 || texts[f] < t->least_texts)
            continue;
        t->idf[t->n++] = 1 + log((1 + (double)n) / (1 + (double)texts[f]));
        t->place[f] = t->n;
    }
    free(texts);
    return 0;
}

int tfidf_row(const struct tfidf *t, const struct bag *b, double bias, struct feature_node **row)
{
    struct feature_node *x = mem_alloc(b->n + 2, sizeof *x);
    size_t n = 0;
    double squares = 0;
    if (!x)
        return E_NOMEM;
    for (size_t i = 0; i < b->n; i++) {
        int32_t at = t->place[b->feature[i]];
        if (!at)
            continue;
        double v = (1 + log((double)b->count[i])) * t->idf[at - 1];
        squares += v * v;
        x[n++] = (struct feature_node){at, v};
    }
    for (size_t i = 0; i < n; i++)
        x[i].value /= sqrt(squares);
    x[n++] = (struct feature_node){t->n + 1, bias};
    x[n] = (struct feature_node){-1, 0};
    *row = x;
    return 0;
}

void bag_free(struct bag *b)
{
    free(b->feature);
    free(b->count);
    *b = (struct bag){0};
}

void tfidf_free(struct tfidf *t)
{
    names_free(&t->runs);
    free(t->mark);
    free(t->place);
    free(t->idf);
    *t = (struct tfidf){0};
}
