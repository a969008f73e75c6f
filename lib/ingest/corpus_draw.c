/* Splits drawn by group, so that no subject is in two of them: see corpus.h. Tests: tests/unit/draw.c. */
#include "lib/ingest/corpus.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include <stdlib.h>
#include <string.h>

enum { STREAM_GROUPS = 0x64726177, STREAM_LABELS, STREAM_TIES }; /* of random numbers */

int draw_parse(struct draw *d, const char *spec)
{
    const char *p = spec;
    double sum = 0;
    for (int s = CORPUS_TRAIN; s < CORPUS_SPLITS; s++) {
        char *end;
        d->share[s] = strtod(p, &end);
        if (end == p || !(d->share[s] >= 0) || !(d->share[s] <= 1e9) || *end != (s == CORPUS_TEST ? 0 : ','))
            return err_set(E_USAGE, "--draw: '%s' is not three numbers TRAIN,DEV,TEST, as 70,10,20", spec);
        sum += d->share[s];
        p = end + 1;
    }
    if (!(d->share[CORPUS_TRAIN] > 0))
        return err_set(E_USAGE, "--draw: nothing would be left to train on");
    for (int s = CORPUS_TRAIN; s < CORPUS_SPLITS; s++)
        d->share[s] /= sum;
    return 0;
}

/* The groups in an order by chance. */
static uint32_t *shuffled(size_t n, uint64_t seed, uint64_t stream)
{
    struct rng rng = rng_new(seed, stream);
    uint32_t *v = mem_alloc(n, sizeof *v);
    for (size_t i = 0; v && i < n; i++)
        v[i] = (uint32_t)i;
    if (v)
        rng_shuffle(&rng, v, n);
    return v;
}

/* Each group goes where its middle note falls. */
static int draw_plain(const struct draw *d)
{
    uint32_t *order = shuffled(d->groups, d->seed, STREAM_GROUPS);
    double all = 0, before = 0;
    if (!order)
        return E_NOMEM;
    for (size_t g = 0; g < d->groups; g++)
        all += d->notes[g];
    for (size_t k = 0; k < d->groups; k++) {
        uint32_t g = order[k];
        double middle = (before + 0.5 * d->notes[g]) / all, until = 0;
        int s = CORPUS_TRAIN;
        for (until = d->share[s]; s < CORPUS_TEST && middle >= until; until += d->share[s])
            s++;
        d->split[g] = (uint8_t)s;
        before += d->notes[g];
    }
    free(order);
    return 0;
}

/* ---- iterative stratification ---- */

struct strata {
    const struct draw *d;
    uint32_t *order;       /* (groups) by chance */
    uint32_t *label_order; /* (labels) by chance: which of equally rare ones comes first */
    uint64_t *begin;       /* (labels+1) of each label's part of group */
    uint32_t *group;       /* the groups that have it, in `order` */
    uint64_t *left;        /* (labels) notes that have it, in groups without a split */
    double want[CORPUS_SPLITS];
    double *want_label; /* (labels, CORPUS_SPLITS) */
    struct rng ties;
};

static int strata_open(struct strata *t, const struct draw *d)
{
    uint64_t pairs = d->begin[d->groups], *fill = mem_alloc(d->labels + 1, sizeof *fill);
    double all = 0;
    *t = (struct strata){.d = d, .ties = rng_new(d->seed, STREAM_TIES)};
    t->order = shuffled(d->groups, d->seed, STREAM_GROUPS);
    t->label_order = shuffled(d->labels, d->seed, STREAM_LABELS);
    t->begin = mem_zalloc(d->labels + 1, sizeof *t->begin);
    t->group = mem_alloc(pairs, sizeof *t->group);
    t->left = mem_zalloc(d->labels, sizeof *t->left);
    t->want_label = mem_alloc(d->labels * CORPUS_SPLITS, sizeof *t->want_label);
    int rc = fill && t->order && t->label_order && t->begin && t->group && t->left && t->want_label ? 0 : E_NOMEM;
    /* Count: the groups of each label, and its notes that are still to be given. */
    for (uint64_t i = 0; !rc && i < pairs; i++) {
        t->begin[d->label[i] + 1]++;
        t->left[d->label[i]] += d->count[i];
    }
    /* Sum up: where each label's groups begin, and how many of its notes each split wants. */
    for (size_t l = 0; !rc && l < d->labels; l++) {
        t->begin[l + 1] += t->begin[l];
        for (int s = CORPUS_TRAIN; s < CORPUS_SPLITS; s++)
            t->want_label[l * CORPUS_SPLITS + (size_t)s] = (double)t->left[l] * d->share[s];
    }
    /* Fill: the groups of each label in drawn order; no group has a split yet. */
    if (!rc)
        memcpy(fill, t->begin, (d->labels + 1) * sizeof *fill);
    for (size_t k = 0; !rc && k < d->groups; k++) {
        uint32_t g = t->order[k];
        for (uint64_t i = d->begin[g]; i < d->begin[g + 1]; i++)
            t->group[fill[d->label[i]]++] = g;
        all += d->notes[g];
        d->split[g] = CORPUS_NONE;
    }
    for (int s = CORPUS_TRAIN; s < CORPUS_SPLITS; s++)
        t->want[s] = all * d->share[s];
    free(fill);
    return rc;
}

/* The split that wants most; of equals (sums of products, so within a rounding) that which `second` says wants most;
 * then by chance. */
static int most_wanting(struct strata *t, const double *first, const double *second)
{
    int best[CORPUS_SPLITS], n = 0;
    for (int s = CORPUS_TRAIN; s < CORPUS_SPLITS; s++) {
        if (t->d->share[s] == 0)
            continue;
        double more = n ? first[s] - first[best[0]] : 1;
        if (n && more <= 1e-6 && more >= -1e-6)
            more = second[s] - second[best[0]];
        if (n && more <= 1e-6 && more >= -1e-6) {
            best[n++] = s;
        } else if (more > 0) {
            best[0] = s;
            n = 1;
        }
    }
    return n == 1 ? best[0] : best[rng_below(&t->ties, (uint64_t)n)];
}

static void assign(struct strata *t, uint32_t g, int s)
{
    const struct draw *d = t->d;
    d->split[g] = (uint8_t)s;
    t->want[s] -= d->notes[g];
    for (uint64_t i = d->begin[g]; i < d->begin[g + 1]; i++) {
        t->want_label[d->label[i] * CORPUS_SPLITS + (size_t)s] -= d->count[i];
        t->left[d->label[i]] -= d->count[i];
    }
}

/* The label that the fewest notes without a split have; `labels` when there is none. */
static size_t rarest(const struct strata *t)
{
    size_t best = t->d->labels;
    for (size_t k = 0; k < t->d->labels; k++) {
        uint32_t l = t->label_order[k];
        if (t->left[l] && (best == t->d->labels || t->left[l] < t->left[best]))
            best = l;
    }
    return best;
}

static int draw_stratified(const struct draw *d)
{
    struct strata t;
    int rc = strata_open(&t, d);
    for (size_t l; !rc && (l = rarest(&t)) < d->labels;)
        for (uint64_t i = t.begin[l]; i < t.begin[l + 1]; i++)
            if (d->split[t.group[i]] == CORPUS_NONE)
                assign(&t, t.group[i], most_wanting(&t, t.want_label + l * CORPUS_SPLITS, t.want));
    for (size_t k = 0; !rc && k < d->groups; k++) /* those without a label */
        if (d->split[t.order[k]] == CORPUS_NONE)
            assign(&t, t.order[k], most_wanting(&t, t.want, t.want));
    free(t.order);
    free(t.label_order);
    free(t.begin);
    free(t.group);
    free(t.left);
    free(t.want_label);
    return rc;
}

int draw_groups(const struct draw *d)
{
    return d->begin ? draw_stratified(d) : draw_plain(d);
}

/* ---- of a corpus ---- */

/* group[i] of each note: its subject's, or one of its own. Notes that are left out have NO_PLACE. */
static size_t number_groups(const struct corpus *c, uint32_t *group, uint32_t *of_subject)
{
    size_t groups = 0;
    memset(of_subject, 0xff, c->subjects.n * sizeof *of_subject);
    for (uint32_t i = 0; i < c->ids.n; i++) {
        uint32_t subject = c->note[i].subject;
        group[i] = NO_PLACE;
        if (!corpus_keeps(c, i))
            continue;
        if (subject == NO_PLACE)
            group[i] = (uint32_t)groups++;
        else if (of_subject[subject] == NO_PLACE)
            group[i] = of_subject[subject] = (uint32_t)groups++;
        else
            group[i] = of_subject[subject];
    }
    return groups;
}

static int by_group(const void *a, const void *b, void *ctx)
{
    const uint32_t *group = ctx, x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return group[x] != group[y] ? (group[x] > group[y]) - (group[x] < group[y]) : (x > y) - (x < y);
}

/* The labels of each group and how many of its notes have them: notes by group, then a tally of one group at a time. */
static int group_labels(const struct corpus *c, struct draw *d, uint32_t *group, uint64_t **begin, uint32_t **label,
                        uint32_t **count)
{
    uint32_t *note = mem_alloc(c->ids.n, sizeof *note), *place = mem_alloc(c->codes.n, sizeof *place);
    uint64_t pairs = 0;
    size_t notes = 0;
    *begin = mem_zalloc(d->groups + 1, sizeof **begin);
    *label = mem_alloc(c->links, sizeof **label);
    *count = mem_alloc(c->links, sizeof **count);
    int rc = note && place && *begin && *label && *count ? 0 : E_NOMEM;
    for (uint32_t i = 0; !rc && i < c->ids.n; i++)
        if (group[i] != NO_PLACE)
            note[notes++] = i;
    if (!rc) {
        qsort_r(note, notes, sizeof *note, by_group, group);
        memset(place, 0xff, c->codes.n * sizeof *place);
    }
    for (size_t i = 0; !rc && i < notes; i++) {
        uint32_t g = group[note[i]];
        for (uint32_t k = c->note[note[i]].first; k != NO_PLACE; k = c->link[k].next) {
            uint32_t l = c->link[k].code;
            if (place[l] == NO_PLACE || place[l] < (*begin)[g]) { /* of an earlier group */
                place[l] = (uint32_t)pairs++;
                (*label)[place[l]] = l;
                (*count)[place[l]] = 0;
            }
            (*count)[place[l]]++;
        }
        (*begin)[g + 1] = pairs;
    }
    free(note);
    free(place);
    return rc;
}

int corpus_draw(struct corpus *c)
{
    struct draw d = {.seed = c->opts->seed, .labels = c->codes.n};
    uint32_t *group = mem_alloc(c->ids.n, sizeof *group), *notes = NULL, *label = NULL, *count = NULL;
    uint32_t *of_subject = mem_alloc(c->subjects.n, sizeof *of_subject);
    uint64_t *begin = NULL;
    /* What is drawn: one group per subject, or per note without one. */
    int rc = draw_parse(&d, c->opts->draw);
    if (!rc && (!group || !of_subject))
        rc = E_NOMEM;
    if (!rc) {
        d.groups = number_groups(c, group, of_subject);
        notes = mem_zalloc(d.groups, sizeof *notes);
        d.split = mem_zalloc(d.groups, 1);
        rc = notes && d.split ? 0 : E_NOMEM;
    }
    /* What a group weighs: its notes, and with --stratify its labels. */
    for (uint32_t i = 0; !rc && i < c->ids.n; i++)
        if (group[i] != NO_PLACE)
            notes[group[i]]++;
    if (!rc && c->opts->stratify)
        rc = group_labels(c, &d, group, &begin, &label, &count);
    d.notes = notes;
    d.begin = begin;
    d.label = label;
    d.count = count;
    /* Draw, and give each note the split of its group. */
    rc = rc ? rc : draw_groups(&d);
    for (uint32_t i = 0; !rc && i < c->ids.n; i++)
        if (group[i] != NO_PLACE)
            c->note[i].split = d.split[group[i]];
    free(group);
    free(of_subject);
    free(notes);
    free(d.split);
    free(begin);
    free(label);
    free(count);
    return rc;
}
