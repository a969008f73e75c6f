/* Points of a ROC or precision-recall curve at the positives: see curve.h. */
#include "lib/metric/curve.h"

#include <stdlib.h>
#include <string.h>

#include "lib/metric/rank.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

enum { BLOCK = 16 }; /* labels whose scores share a cache line */
enum { BUCKETS = 1 << 15 };

struct curve_cell {
    float score;
    uint32_t weight;
};

int curve_open(struct curve *c, size_t cap)
{
    *c = (struct curve){.cap = cap};
    c->v = mem_alloc(cap, sizeof *c->v);
    c->pos = mem_alloc(cap, sizeof *c->pos);
    c->equal = mem_alloc(cap, sizeof *c->equal);
    c->gap = mem_alloc(cap + 1, sizeof *c->gap);
    c->cell = mem_alloc(cap, sizeof *c->cell);
    return c->v && c->pos && c->equal && c->gap && c->cell ? 0 : E_NOMEM;
}

void curve_close(struct curve *c)
{
    free(c->v);
    free(c->pos);
    free(c->equal);
    free(c->gap);
    free(c->cell);
    *c = (struct curve){0};
}

static int by_score(const void *a, const void *b)
{
    float x = ((const struct curve_cell *)a)->score, y = ((const struct curve_cell *)b)->score;
    return x < y ? -1 : x > y;
}

/* The n positives in c->cell to points without cells. */
static void points(struct curve *c, size_t n)
{
    mem_sort(c->cell, n, sizeof *c->cell, by_score);
    c->m = 0;
    for (size_t i = 0; i < n; i++) {
        if (!c->m || c->v[c->m - 1] != c->cell[i].score) {
            c->v[c->m] = c->cell[i].score;
            c->pos[c->m++] = 0;
        }
        c->pos[c->m - 1] += c->cell[i].weight;
    }
    memset(c->equal, 0, c->m * sizeof *c->equal);
    memset(c->gap, 0, (c->m + 1) * sizeof *c->gap);
}

/* weight to the place of a cell of score x, whose place among the points is i. */
static inline void put(const struct curve *c, float x, size_t i, uint64_t weight, uint64_t *equal, uint64_t *gap)
{
    *(i < c->m && c->v[i] == x ? &equal[i] : &gap[i]) += weight;
}

void curve_label(struct curve *c, const struct metric_set *s, size_t l, const float *col)
{
    size_t n = 0;
    for (size_t j = s->holder_at[l]; j < s->holder_at[l + 1]; j++)
        if (s->note[s->holder[j]].weight)
            c->cell[n++] = (struct curve_cell){col[s->holder[j]], s->note[s->holder[j]].weight};
    points(c, n);
    for (size_t i = 0; i < s->n; i++)
        put(c, col[i], rank_below(c->v, c->m, col[i]), s->note[i].weight, c->equal, c->gap);
}

/* Where to search: with many points a search through all of them would be all that takes time. A float's bits, made to
 * ascend with it, fall into buckets of equal width; first[b] is the number of points in the buckets before b. */
struct guide {
    uint32_t least, most, shift, first[BUCKETS + 1];
};
static inline uint32_t key(float x)
{
    uint32_t u;
    x += 0.0f; /* -0 becomes 0: they are a tie */
    memcpy(&u, &x, sizeof u);
    return u & 0x80000000u ? ~u : u | 0x80000000u;
}
static void guide_make(struct guide *g, const struct curve *c)
{
    uint32_t b = 0;
    *g = (struct guide){.least = c->m ? key(c->v[0]) : 0, .most = c->m ? key(c->v[c->m - 1]) : 0};
    while ((g->most - g->least) >> g->shift >= BUCKETS)
        g->shift++;
    for (uint32_t i = 0; i < c->m; i++)
        for (uint32_t to = (key(c->v[i]) - g->least) >> g->shift; b < to;)
            g->first[++b] = i;
    while (b < BUCKETS)
        g->first[++b] = (uint32_t)c->m;
}
static inline size_t guided(const struct guide *g, const struct curve *c, float x)
{
    uint32_t k = key(x);
    if (k <= g->least)
        return 0;
    if (k > g->most)
        return c->m;
    const uint32_t *f = &g->first[(k - g->least) >> g->shift];
    return f[0] + rank_below(c->v + f[0], f[1] - f[0], x);
}

int curve_all(struct curve *c, const struct metric_set *s)
{
    struct guide g;
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < s->n; i++)
        for (uint32_t j = 0; s->note[i].weight && j < s->note[i].n_gold; j++)
            c->cell[n++] = (struct curve_cell){s->note[i].score[s->note[i].gold[j]], s->note[i].weight};
    points(c, n);
    guide_make(&g, c);
#pragma omp parallel
    {
        uint64_t *own = mem_zalloc(2 * c->m + 1, sizeof *own); /* of this thread: added up below */
        if (!own) {
#pragma omp atomic write
            rc = E_NOMEM;
        }
#pragma omp for schedule(dynamic, 16)
        for (size_t i = 0; i < s->n; i++)
            for (size_t l = 0; own && s->note[i].weight && l < s->L; l++)
                put(c, s->note[i].score[l], guided(&g, c, s->note[i].score[l]), s->note[i].weight, own, own + c->m);
#pragma omp critical(curve_sum)
        for (size_t k = 0; own && k < 2 * c->m + 1; k++)
            *(k < c->m ? &c->equal[k] : &c->gap[k - c->m]) += own[k];
        free(own);
    }
    return rc ? err_nomem(c->m) : 0;
}

static void totals(const struct curve *c, uint64_t *pos, uint64_t *cells)
{
    *pos = 0;
    *cells = c->gap[c->m];
    for (size_t i = 0; i < c->m; i++) {
        *pos += c->pos[i];
        *cells += c->equal[i] + c->gap[i];
    }
}

double curve_roc(const struct curve *c)
{
    uint64_t pos, cells, twice = 0, below = 0; /* twice the pairs won: below 2^63 for 3e9 cells */
    totals(c, &pos, &cells);
    for (size_t i = 0; i < c->m; i++) {
        below += c->gap[i];
        uint64_t tied = c->equal[i] - c->pos[i];
        twice += c->pos[i] * (2 * below + tied);
        below += tied;
    }
    return pos && cells > pos ? (double)twice / 2 / (double)pos / (double)(cells - pos) : NAN;
}

double curve_ap(const struct curve *c)
{
    uint64_t pos, cells, hits = 0, above = c->gap[c->m];
    double sum = 0;
    totals(c, &pos, &cells);
    for (size_t i = c->m; i-- > 0; above += c->gap[i]) {
        hits += c->pos[i];
        above += c->equal[i];
        sum += (double)c->pos[i] * ((double)hits / (double)above);
    }
    return pos ? sum / (double)pos : NAN;
}

size_t curve_best(const struct curve *c, float least, double *f1)
{
    uint64_t pos, cells, hits = 0, above = c->gap[c->m];
    size_t best = c->m;
    double most = 0;
    totals(c, &pos, &cells);
    for (size_t i = c->m; i-- > 0 && c->v[i] > least; above += c->gap[i]) {
        hits += c->pos[i];
        above += c->equal[i];
        double f = 2 * (double)hits / (double)(above + pos);
        if (f > most) {
            most = f;
            best = i;
        }
    }
    if (f1)
        *f1 = most;
    return best;
}

int curve_labels(const struct metric_set *s, void (*work)(const struct curve *c, const float *col, size_t l, void *ctx),
                 void *ctx)
{
    int rc = 0;
#pragma omp parallel
    {
        struct curve c;
        float *col = mem_alloc(s->n, BLOCK * sizeof *col);
        int mine = curve_open(&c, s->n);
        if (mine || !col) {
#pragma omp atomic write
            rc = E_NOMEM;
        }
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < s->L; b += BLOCK) {
            size_t k = s->L - b < BLOCK ? s->L - b : BLOCK;
            if (mine || !col || s->holder_at[b] == s->holder_at[b + k])
                continue;
            metric_columns(s, b, k, col);
            for (size_t j = 0; j < k; j++)
                if (s->holder_at[b + j] < s->holder_at[b + j + 1]) {
                    curve_label(&c, s, b + j, col + j * s->n);
                    work(&c, col + j * s->n, b + j, ctx);
                }
        }
        curve_close(&c);
        free(col);
    }
    return rc ? err_nomem(s->n) : 0;
}
