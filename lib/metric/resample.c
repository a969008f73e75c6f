/* Bootstrap and approximate randomisation: see resample.h. */
#include "lib/metric/resample.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"

/* A set whose notes can be changed. */
struct twin {
    struct metric_set set;
    struct metric_list values;
};

static int twin_open(struct twin *t, const struct metric_set *s)
{
    *t = (struct twin){.set = *s};
    t->set.label = NULL;
    if (!(t->set.note = mem_alloc(s->n, sizeof *s->note)))
        return E_NOMEM;
    memcpy(t->set.note, s->note, s->n * sizeof *s->note);
    return 0;
}

static void twin_close(struct twin *t)
{
    free(t->set.note);
    free(t->set.label);
    free(t->values.v);
}

static int twin_eval(struct twin *t, bool whole)
{
    t->values.n = 0;
    return metric_eval(&t->set, whole, &t->values);
}

static void draw(struct metric_note *note, size_t n, uint64_t seed, uint64_t round)
{
    struct rng r = rng_new(seed, round);
    for (size_t i = 0; i < n; i++)
        note[i].weight = 0;
    for (size_t i = 0; i < n; i++)
        note[rng_below(&r, n)].weight++;
}

static void swap(struct twin *t, const struct metric_set *a, const struct metric_set *b, uint64_t seed, uint64_t round)
{
    struct rng r = rng_new(seed, (1ull << 32) + round);
    for (size_t i = 0; i < a->n; i++) {
        bool other = rng_below(&r, 2);
        t[0].set.note[i] = other ? b->note[i] : a->note[i];
        t[1].set.note[i] = other ? a->note[i] : b->note[i];
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double at(const double *sorted, size_t n, double q)
{
    double where = q * (double)(n - 1);
    size_t i = (size_t)where, j = i + 1 < n ? i + 1 : i;
    return sorted[i] + (where - (double)i) * (sorted[j] - sorted[i]);
}

/* Of column c of x (rounds, columns). */
static int interval(const double *x, int64_t rounds, size_t columns, size_t c, double *lo, double *hi)
{
    double *own = mem_alloc((size_t)rounds, sizeof *own);
    size_t n = 0;
    if (!own)
        return E_NOMEM;
    for (int64_t i = 0; i < rounds; i++) {
        double v = x[(size_t)i * columns + c];
        if (v == v)
            own[n++] = v;
    }
    mem_sort(own, n, sizeof *own, by_value);
    *lo = n ? at(own, n, 0.025) : NAN;
    *hi = n ? at(own, n, 0.975) : NAN;
    free(own);
    return 0;
}

/* One round: twins t (one, or two to compare), values to row. */
static int round_of(const struct metric_set *a, const struct metric_set *b, const struct resample *r, int64_t round,
                    bool exchange, struct twin *t, double *row, size_t columns)
{
    if (exchange)
        swap(t, a, b, r->seed, (uint64_t)round);
    else
        draw(t[0].set.note, a->n, r->seed, (uint64_t)round);
    TRY(twin_eval(&t[0], r->whole));
    if (b) {
        for (size_t i = 0; !exchange && i < a->n; i++)
            t[1].set.note[i].weight = t[0].set.note[i].weight;
        TRY(twin_eval(&t[1], r->whole));
    }
    for (size_t c = 0; c < columns; c++)
        row[c] = t[0].values.v[c].value - (b ? t[1].values.v[c].value : 0);
    return 0;
}

/* x (rounds, columns): a's values, or with b the differences; exchange: of notes that changed sides. */
static int rounds_of(const struct metric_set *a, const struct metric_set *b, const struct resample *r, bool exchange,
                     double *x, size_t columns)
{
    int rc = 0;
    uint64_t done = 0;
#pragma omp parallel
    {
        struct twin t[2] = {{.values = {0}}, {.values = {0}}};
        int mine = twin_open(&t[0], a);
        if (!mine && b)
            mine = twin_open(&t[1], b);
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < r->rounds; i++) {
            if (!mine)
                mine = round_of(a, b, r, i, exchange, t, x + (size_t)i * columns, columns);
            uint64_t so_far;
#pragma omp atomic capture
            so_far = ++done;
            if (omp_get_thread_num() == 0 && r->tick)
                r->tick(r->ctx, so_far);
        }
        if (mine) {
#pragma omp atomic write
            rc = mine;
        }
        twin_close(&t[0]);
        twin_close(&t[1]);
    }
    return rc ? err_nomem(a->n) : 0;
}

int metric_intervals(const struct metric_set *a, const struct resample *r, struct metric_list *v)
{
    double *x = mem_alloc((size_t)r->rounds * v->n, sizeof *x);
    int rc = x ? rounds_of(a, NULL, r, false, x, v->n) : E_NOMEM;
    for (size_t c = 0; !rc && c < v->n; c++)
        rc = interval(x, r->rounds, v->n, c, &v->v[c].lo, &v->v[c].hi);
    free(x);
    return rc;
}

static double p_value(const double *x, int64_t rounds, size_t columns, size_t c, double diff)
{
    int64_t as_large = 0;
    for (int64_t i = 0; i < rounds; i++) /* the tolerance: sums in another order are the same difference */
        as_large += fabs(x[(size_t)i * columns + c]) >= fabs(diff) - 1e-12;
    return (double)(1 + as_large) / (double)(1 + rounds);
}

static int compare(const struct metric_set *a, const struct metric_set *b, const struct resample *r,
                   const struct metric_list *of_a, const struct metric_list *of_b, struct metric_list *v)
{
    size_t n = of_a->n;
    double *x = mem_alloc((size_t)r->rounds * n, sizeof *x), *y = mem_alloc((size_t)r->rounds * n, sizeof *y);
    int rc = x && y ? rounds_of(a, b, r, false, x, n) : E_NOMEM;
    if (!rc)
        rc = rounds_of(a, b, r, true, y, n);
    for (size_t c = 0; !rc && c < n; c++) {
        struct metric_value *m = (struct metric_value *)(uintptr_t)metric_get(v, of_a->v[c].name);
        m->other = of_b->v[c].value;
        m->diff = of_a->v[c].value - m->other;
        rc = interval(x, r->rounds, n, c, &m->diff_lo, &m->diff_hi);
        m->p = m->diff == m->diff ? p_value(y, r->rounds, n, c, m->diff) : NAN;
    }
    free(x);
    free(y);
    return rc;
}

int metric_compare(const struct metric_set *a, const struct metric_set *b, const struct resample *r,
                   struct metric_list *v)
{
    /* What only one of them has cannot be compared. */
    struct metric_set x = *a, y = *b;
    x.scores = y.scores = a->scores && b->scores;
    x.probability = y.probability = a->probability && b->probability;
    x.generated = y.generated = a->generated && b->generated;
    x.outside = y.outside = a->outside && b->outside;
    struct twin t[2] = {{.values = {0}}, {.values = {0}}};
    int rc = twin_open(&t[0], &x);
    if (!rc && !(rc = twin_open(&t[1], &y)) && !(rc = twin_eval(&t[0], r->whole)) && !(rc = twin_eval(&t[1], r->whole)))
        rc = compare(&x, &y, r, &t[0].values, &t[1].values, v);
    twin_close(&t[0]);
    twin_close(&t[1]);
    return rc;
}
