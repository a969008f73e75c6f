/* The search for thresholds: see threshold.h. */
#include "lib/metric/threshold.h"

#include <stdlib.h>

#include "lib/metric/curve.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

enum { GRID = 100 };

struct grid {
    uint64_t all[GRID + 1], gold[GRID + 1]; /* cells above the first i points and no more */
};

static double point(int i)
{
    return i / (double)(GRID - 1);
}

/* How many points are below x. */
static int below(double x)
{
    int i = x > 1 ? GRID : 0;
    if (x > 0 && x <= 1)
        i = (int)(x * (GRID - 1)); /* never too many */
    while (i < GRID && point(i) < x)
        i++;
    return i;
}

static double grid_best(const struct grid *g)
{
    uint64_t hits = 0, above = 0, pos = 0;
    double most = -1, best = 0;
    for (int i = 0; i <= GRID; i++)
        pos += g->gold[i];
    for (int i = GRID; i-- > 0;) { /* above point i are the cells with more than i points below */
        hits += g->gold[i + 1];
        above += g->all[i + 1];
        double f1 = metric_ratio(2 * (double)hits, (double)(above + pos));
        if (f1 >= most) {
            most = f1;
            best = point(i);
        }
    }
    return best;
}

/* Half way between the lowest score that is predicted and the highest that is not. */
struct cut {
    float lowest, below; /* below: -INFINITY where there is none */
};
static inline void cut_see(struct cut *c, float x)
{
    if (x < c->lowest && x > c->below)
        c->below = x;
}
static double cut_at(const struct cut *c)
{
    double lowest = (double)c->lowest, below = c->below > -INFINITY || lowest <= 0 ? (double)c->below : 0;
    double t = 0.5 * (lowest + below);
    if (t < lowest && t >= below && t > -INFINITY)
        return t;
    return below > -INFINITY ? below : nextafter(lowest, -INFINITY);
}

/* The cut at place i of a curve, INFINITY: above all. */
static struct cut cut_of(const struct curve *c, size_t i)
{
    return (struct cut){i < c->m ? c->v[i] : INFINITY, -INFINITY};
}

/* Scores at or below this are never predicted: 0 where none is negative. */
static float least(const struct metric_set *s)
{
    bool negative = false;
    for (size_t i = 0; i < s->n; i++)
        for (size_t l = 0; l < s->L; l++)
            negative |= s->note[i].score[l] < 0;
    return negative ? -INFINITY : 0;
}

struct by_code {
    const struct metric_set *dev;
    bool exact;
    float least;
    double *t;
};

static void one_label(const struct curve *c, const float *col, size_t l, void *ctx)
{
    struct by_code *b = ctx;
    if (b->exact) {
        struct cut cut = cut_of(c, curve_best(c, b->least, NULL));
        for (size_t i = 0; i < b->dev->n; i++)
            cut_see(&cut, col[i]);
        b->t[l] = cut_at(&cut);
        return;
    }
    struct grid g = {{0}, {0}};
    for (size_t i = 0; i < b->dev->n; i++)
        g.all[below((double)col[i])]++;
    for (size_t j = b->dev->holder_at[l]; j < b->dev->holder_at[l + 1]; j++)
        g.gold[below((double)col[b->dev->holder[j]])]++;
    b->t[l] = grid_best(&g);
}

int threshold_all(const struct metric_set *dev, double *t, double *f1)
{
    struct curve c;
    size_t gold = 0;
    for (size_t i = 0; i < dev->n; i++)
        gold += dev->note[i].n_gold;
    int rc = curve_open(&c, gold);
    if (!rc)
        rc = curve_all(&c, dev);
    if (!rc && !c.m)
        rc = err_set(E_DATA, "no gold code in the dev notes, so no threshold");
    if (!rc) {
        struct cut cut = cut_of(&c, curve_best(&c, least(dev), f1));
        for (size_t i = 0; i < dev->n; i++)
            for (size_t l = 0; l < dev->L; l++)
                cut_see(&cut, dev->note[i].score[l]);
        *t = cut_at(&cut);
    }
    curve_close(&c);
    return rc;
}

double threshold_f1(const struct metric_set *s, double t)
{
    uint64_t hits = 0, above = 0, gold = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        uint64_t predicted = 0, right = 0;
        for (size_t l = 0; l < s->L; l++)
            predicted += (double)n->score[l] > t;
        for (uint32_t j = 0; j < n->n_gold; j++)
            right += (double)n->score[n->gold[j]] > t;
        hits += n->weight * right;
        above += n->weight * predicted;
        gold += (uint64_t)n->weight * n->n_gold;
    }
    return metric_ratio(2 * (double)hits, (double)(above + gold));
}

static int global_grid(const struct metric_set *dev, double *t)
{
    struct grid g = {{0}, {0}};
    if (!dev->holder_at[dev->L])
        return err_set(E_DATA, "no gold code in the dev notes, so no threshold");
    for (size_t i = 0; i < dev->n; i++) {
        const struct metric_note *n = &dev->note[i];
        for (size_t l = 0; l < dev->L; l++)
            g.all[below((double)n->score[l])]++;
        for (uint32_t j = 0; j < n->n_gold; j++)
            g.gold[below((double)n->score[n->gold[j]])]++;
    }
    *t = grid_best(&g);
    return 0;
}

int threshold_tune(struct metric_set *dev, bool by_code, bool exact, double *t)
{
    double all, f1;
    TRY(exact ? threshold_all(dev, &all, &f1) : global_grid(dev, &all));
    for (size_t l = 0; l < dev->L; l++)
        t[l] = all;
    return by_code ? curve_labels(dev, one_label, &(struct by_code){dev, exact, least(dev), t}) : 0;
}
