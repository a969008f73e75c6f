/* Penalty and threshold from dev: see fit.h. */
#include "lib/linear/fit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/linear/logistic.h"
#include "lib/metric/threshold.h"
#include "lib/util/err.h"

/* A search from 10 up, or else down: larger ones take longer, and the best was never far on the corpora tried. */
static const double penalties[] = {0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000};
enum { START = 4, PENALTIES = sizeof penalties / sizeof *penalties };

struct work {
    struct linear_fit *c;
    struct logistic fit;
    struct feature_node **train, **row; /* row: dev notes, then those asked for */
    const struct example **dev;
    size_t devs;
    size_t *holder_at;
    uint32_t *holder;
    float *score;             /* (dev + asked, labels) of the penalty in hand */
    struct metric_note *note; /* (dev) */
    double penalty;
};

static void work_free(struct work *w)
{
    free(w->train);
    free(w->row);
    free(w->dev);
    free(w->holder_at);
    free(w->holder);
    free(w->score);
    free(w->note);
}

/* Which training rows have each label: by label, ascending. */
static int make_holders(struct work *w, const struct example *const *train, size_t n, size_t L)
{
    size_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += train[i]->labels;
    w->holder_at = mem_zalloc(L + 2, sizeof *w->holder_at);
    w->holder = mem_alloc(all, sizeof *w->holder);
    if (!w->holder_at || !w->holder)
        return E_NOMEM;
    size_t *at = w->holder_at + 1; /* while filling, at[l] is where the next row of label l goes */
    for (size_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < train[i]->labels; j++)
            at[train[i]->label[j] + 1]++;
    for (size_t l = 0; l < L; l++)
        at[l + 1] += at[l];
    for (size_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < train[i]->labels; j++)
            w->holder[at[train[i]->label[j]]++] = (uint32_t)i;
    return 0;
}

static void report(void *ctx, size_t labels)
{
    const struct work *w = ctx;
    w->c->done(w->c->ctx, w->penalty, labels);
}

static int prepare(struct work *w)
{
    struct linear_fit *c = w->c;
    const struct examples *e = c->of;
    size_t L = c->labels->n;
    const struct example **train = mem_alloc(e->n, sizeof *train);
    w->train = mem_alloc(e->n, sizeof *w->train);
    w->dev = mem_alloc(e->n, sizeof *w->dev);
    w->row = mem_alloc(e->n + c->asked, sizeof *w->row);
    int rc = train && w->train && w->dev && w->row ? 0 : E_NOMEM;
    /* Sort the notes with a target into train and dev. */
    for (uint32_t i = 0; i < e->n && !rc; i++) {
        const struct example *x = &e->v[e->order[i]];
        if (!x->label)
            continue;
        if (example_is(x, "train")) {
            w->train[c->train] = x->row;
            train[c->train++] = x;
        } else {
            w->row[w->devs] = x->row;
            w->dev[w->devs++] = x;
        }
    }
    c->dev = w->devs;
    if (!rc && !w->devs)
        rc = err_set(E_DATA, "no dev note with a target: penalty and threshold are chosen on dev notes");
    /* Scores are for the dev notes, then for those that are asked for. */
    for (size_t i = 0; i < c->asked && !rc; i++)
        w->row[w->devs + i] = e->v[c->ask[i]].row;
    if (!rc)
        rc = make_holders(w, train, c->train, L);
    free(train);
    TRY(rc);
    /* Room for scores, and what the metrics read of a dev note. */
    w->score = mem_alloc((w->devs + c->asked) * sizeof(float), L);
    w->note = mem_zalloc(w->devs, sizeof *w->note);
    c->score = mem_alloc(c->asked * sizeof(float), L);
    if (!w->score || !w->note || !c->score)
        return E_NOMEM;
    for (size_t i = 0; i < w->devs; i++)
        w->note[i] = (struct metric_note){
            .gold = w->dev[i]->label, .n_gold = w->dev[i]->labels, .score = w->score + i * L, .weight = 1};
    w->fit = (struct logistic){w->train,     c->train,  e->text.n + 1,         L,
                               w->holder_at, w->holder, .threads = c->threads, .done = c->done ? report : NULL,
                               .ctx = w};
    return 0;
}

/* Trains with one penalty; it is kept when its best threshold on dev is better than what was kept. */
static int attempt(struct work *w, double penalty, bool *better)
{
    struct linear_fit *c = w->c;
    size_t L = c->labels->n;
    const struct metric_set dev = {.n = w->devs, .L = L, .note = w->note, .scores = true};
    double threshold, f1;
    w->fit.penalty = w->penalty = penalty;
    TRY(logistic_scores(&w->fit, w->row, w->devs + c->asked, w->score));
    TRY(threshold_all(&dev, &threshold, &f1));
    *better = f1 > c->f1;
    if (!*better)
        return 0;
    c->f1 = f1;
    c->threshold = threshold;
    c->penalty = penalty;
    memcpy(c->score, w->score + w->devs * L, c->asked * L * sizeof *c->score);
    return 0;
}

/* From the penalty at place START on, as long as each is better than the last. */
static int climb(struct work *w, int step, bool *gained)
{
    bool better = true;
    *gained = false;
    for (int i = START + step; i >= 0 && i < PENALTIES && better; i += step) {
        TRY(attempt(w, penalties[i], &better));
        *gained |= better;
    }
    return 0;
}

static int search(struct work *w)
{
    bool gained;
    double given = w->c->penalty;
    w->c->f1 = -1;
    TRY(attempt(w, given > 0 ? given : penalties[START], &gained));
    if (given > 0)
        return 0;
    TRY(climb(w, 1, &gained));
    return gained ? 0 : climb(w, -1, &gained);
}

int linear_fit(struct linear_fit *c)
{
    struct work w = {.c = c};
    int rc = prepare(&w);
    if (!rc)
        rc = search(&w);
    work_free(&w);
    return rc;
}

void linear_fit_free(struct linear_fit *c)
{
    free(c->score);
    c->score = NULL;
}
