/* From gold and predictions to all values: see score.h. */
#include "lib/metric/score.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

/* ---- gold ---- */

/* A gold stream: the one that is scored against, or that of the training records. */
static int read_gold(struct run *r, struct score *s, const char *path, bool train, bool count, bool strict)
{
    struct stream *in;
    const msgpack_object *rec;
    enum stream_got got;
    struct labels own = {0};
    int rc;
    TRY(run_input(r, path, "gold", &in));
    if (!train)
        rc = gold_open(&s->gold, stream_name(in), stream_meta(in));
    else {
        rc = labels_open(&own, stream_meta(in));
        if (!rc && strict)
            rc = labels_same(&s->gold.labels, &own);
        labels_close(&own);
    }
    if (rc)
        return err_ctx(rc, "%s", stream_name(in));
    while ((got = stream_next(in, &rec, &rc)) == STREAM_RECORD) {
        if (!train)
            rc = gold_record(&s->gold, rec, stream_records(in));
        if (!rc && count)
            rc = gold_train(&s->gold, rec);
        if (rc)
            return err_ctx(rc, "%s: record %llu", stream_name(in), (unsigned long long)stream_records(in));
    }
    return got == STREAM_ERROR ? rc : 0;
}

int score_gold(struct run *r, struct score *s, const char *gold, const char *train, bool strict)
{
    struct gold *g = &s->gold;
    TRY(read_gold(r, s, gold, false, !train, strict));
    TRY(gold_sort(g));
    if (train)
        TRY(read_gold(r, s, train, true, true, strict));
    if (!(s->tuned = mem_zalloc(g->n, sizeof *s->tuned)))
        return E_NOMEM;
    if (train && g->n_train == 0)
        return err_set(E_DATA, "%s: no record of the train split", path_base(train));
    if (g->n_train == 0) {
        run_note(r, "%s: no record of the train split, so no note-blind floor (--train-gold has one)", g->name);
        return 0;
    }
    if (!(s->floor = mem_alloc(g->labels.n, sizeof *s->floor)))
        return E_NOMEM;
    metric_floor(g->count, g->labels.n, g->n_train, s->floor, &s->floor_k);
    return 0;
}

/* ---- systems ---- */

/* No threshold was tuned on what is scored, and all systems are scored on the same notes. */
static int check_apart(const struct score *s)
{
    const struct preds *a = &s->system->preds;
    for (size_t i = 0; i < a->n; i++)
        if (s->tuned[a->v[i].gold])
            return err_set(E_DATA, "%s: a note (record %llu of %s) is scored here that a threshold was tuned on",
                           path_base(s->tuned[a->v[i].gold]), (unsigned long long)s->gold.v[a->v[i].gold].record,
                           s->gold.name);
    for (size_t y = 1; y < s->n + s->compare; y++) {
        const struct preds *b = y < s->n ? &s->system[y].preds : &s->other.preds;
        for (size_t i = 0; i < a->n; i++)
            if (b->n != a->n || b->v[i].gold != a->v[i].gold)
                return err_set(E_DATA, "%s and %s are not of the same notes", a->name, b->name);
    }
    return 0;
}

static int make_floor(struct score *s)
{
    const struct metric_set *of = &s->system->set;
    if (!s->floor)
        return 0;
    if (!(s->floor_note = mem_zalloc(of->n, sizeof *s->floor_note)))
        return E_NOMEM;
    for (size_t i = 0; i < of->n; i++)
        s->floor_note[i] = (struct metric_note){.gold = of->note[i].gold,
                                                .n_gold = of->note[i].n_gold,
                                                .pred = s->floor,
                                                .n_pred = (uint32_t)s->floor_k,
                                                .weight = 1};
    s->floor_set = (struct metric_set){.n = of->n, .L = of->L, .note = s->floor_note, .code = of->code};
    return metric_prepare(&s->floor_set);
}

int score_read(struct run *r, struct score *s, const struct score_cfg *c)
{
    for (size_t y = 0; y < s->n; y++)
        TRY(system_read(r, &s->system[y], &s->gold, &c->system));
    if (s->compare)
        TRY(system_read(r, &s->other, &s->gold, &c->system));
    return check_apart(s);
}

/* ---- values ---- */

static int score_group(struct score *s, const struct score_cfg *c, const struct group *g, size_t y, struct result *out)
{
    struct metric_set part[2] = {{0}, {0}};
    struct metric_set *of = &s->system[y].set, *other = &s->other.set;
    struct resample how = {.rounds = c->rounds, .seed = c->seed, .whole = !g->keep, .tick = c->tick, .ctx = c->ctx};
    int rc = 0;
    memcpy(out->suffix, g->suffix, sizeof out->suffix);
    if (g->keep) {
        rc = metric_subset(of, g->keep, g->drop, &part[0]);
        of = &part[0];
    }
    if (!rc && g->keep && s->compare) {
        rc = metric_subset(other, g->keep, g->drop, &part[1]);
        other = &part[1];
    }
    out->n = of->n;
    out->L = of->L;
    if (!rc)
        rc = metric_eval(of, how.whole, &out->v);
    if (!rc && c->rounds)
        rc = metric_intervals(of, &how, &out->v);
    how.rounds = c->rounds ? c->rounds : c->compare_rounds;
    if (!rc && s->compare)
        rc = metric_compare(of, other, &how, &out->v);
    metric_close(&part[0]);
    metric_close(&part[1]);
    return rc;
}

static int score_floor(struct score *s, const struct group *g, struct result *out)
{
    struct metric_set part = {0};
    memcpy(out->suffix, g->suffix, sizeof out->suffix);
    int rc = g->keep ? metric_subset(&s->floor_set, g->keep, g->drop, &part) : 0;
    const struct metric_set *of = g->keep ? &part : &s->floor_set;
    out->n = of->n;
    out->L = of->L;
    if (!rc)
        rc = metric_eval(g->keep ? &part : &s->floor_set, !g->keep, &out->v);
    metric_close(&part);
    return rc;
}

/* Mean and standard deviation (of a sample) of what all systems have. */
static int mean_group(const struct score *s, size_t g, struct result *out)
{
    const struct result *first = &s->system->result[g];
    *out = (struct result){.n = first->n, .L = first->L};
    memcpy(out->suffix, first->suffix, sizeof out->suffix);
    for (size_t i = 0; i < first->v.n; i++) {
        double sum = 0, squares = 0, n = (double)s->n;
        for (size_t y = 0; y < s->n; y++) {
            const struct metric_value *v = metric_get(&s->system[y].result[g].v, first->v.v[i].name);
            sum += v ? v->value : NAN;
        }
        for (size_t y = 0; sum == sum && y < s->n; y++) {
            double d = metric_get(&s->system[y].result[g].v, first->v.v[i].name)->value - sum / n;
            squares += d * d;
        }
        if (sum != sum)
            continue;
        TRY(metric_add(&out->v, first->v.v[i].name, sum / n));
        out->v.v[out->v.n - 1].k = first->v.v[i].k;
        out->v.v[out->v.n - 1].sd = sqrt(squares / (n - 1));
    }
    return 0;
}

/* Tables by code and along curves, and what only icd-score knows of a code. */
static int score_rows(struct score *s, const struct score_cfg *c, const struct system *y, struct metric_list *rows)
{
    struct metric_set *set = (struct metric_set *)(uintptr_t)&y->set;
    struct metric_list unused = {0};
    bool by_code = c->rows & ROWS_CODES, given = y->t || c->system.threshold == c->system.threshold;
    if ((c->rows & (ROWS_RELIABILITY | ROWS_COVERAGE)) && !set->probability)
        return err_set(E_DATA, "%s: %s needs scores between 0 and 1", y->name,
                       c->rows & ROWS_RELIABILITY ? "--reliability" : "--risk-coverage");
    int rc = c->rows && !set->label ? metric_eval(set, false, &unused) : 0; /* for the counts */
    free(unused.v);
    for (size_t l = 0; !rc && by_code && s->floor && l < set->L; l++)
        rc = metric_add_row(rows, "train", (double)s->gold.count[l], (int64_t)l, NAN);
    if (!rc)
        rc = metric_rows(set, c->rows, rows);
    for (size_t l = 0; !rc && by_code && given && l < set->L; l++)
        rc = metric_add_row(rows, "threshold", y->t ? y->t[l] : c->system.threshold, (int64_t)l, NAN);
    return rc;
}

int score_all(struct score *s, const struct score_cfg *c)
{
    struct group_wish wish = c->groups;
    wish.train = s->gold.count;

    /* pass 1: sets, groups, room for results */
    for (size_t y = 0; y < s->n + s->compare; y++) {
        struct metric_set *set = y < s->n ? &s->system[y].set : &s->other.set;
        set->at = c->at;
        set->n_at = c->n_at;
    }
    TRY(make_floor(s));
    TRY(groups_make(&s->groups, &s->system->set, &wish));
    s->rows = mem_zalloc(s->n, sizeof *s->rows);
    s->shown = mem_zalloc(s->n, sizeof *s->shown);
    s->floor_result = mem_zalloc(s->groups.n, sizeof *s->floor_result);
    s->mean = mem_zalloc(s->groups.n, sizeof *s->mean);
    if (!s->rows || !s->shown || !s->floor_result || !s->mean)
        return E_NOMEM;

    /* pass 2: the values */
    for (size_t y = 0; y < s->n; y++) {
        if (!(s->system[y].result = mem_zalloc(s->groups.n, sizeof(struct result))))
            return E_NOMEM;
        for (size_t g = 0; g < s->groups.n; g++)
            TRY(score_group(s, c, &s->groups.v[g], y, &s->system[y].result[g]));
        TRY(score_rows(s, c, &s->system[y], &s->rows[y]));
        s->shown[y] = (struct report_system){s->n > 1 ? s->system[y].title : NULL, s->system[y].result, &s->rows[y]};
    }
    for (size_t g = 0; g < s->groups.n; g++) {
        if (s->floor)
            TRY(score_floor(s, &s->groups.v[g], &s->floor_result[g]));
        if (c->mean)
            TRY(mean_group(s, g, &s->mean[g]));
    }

    /* pass 3: what is shown */
    s->report = (struct report){.split = preds_split(&s->system->preds),
                                .code = s->system->set.code,
                                .groups = s->groups.n,
                                .system = s->shown,
                                .n = s->n,
                                .mean = c->mean ? s->mean : NULL,
                                .floor = s->floor ? s->floor_result : NULL,
                                .floor_k = s->floor_k};
    return 0;
}

void score_close(struct score *s)
{
    for (size_t y = 0; y < s->n; y++) {
        for (size_t g = 0; s->system[y].result && g < s->groups.n; g++)
            free(s->system[y].result[g].v.v);
        free(s->system[y].result);
        system_close(&s->system[y]);
        if (s->rows)
            free(s->rows[y].v);
    }
    system_close(&s->other);
    for (size_t g = 0; g < s->groups.n; g++) {
        if (s->floor_result)
            free(s->floor_result[g].v.v);
        if (s->mean)
            free(s->mean[g].v.v);
    }
    groups_free(&s->groups);
    metric_close(&s->floor_set);
    gold_close(&s->gold);
    void *own[] = {s->system, s->tuned, s->floor, s->floor_note, s->floor_result, s->mean, s->rows, s->shown};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        free(own[i]);
    *s = (struct score){0};
}
