/* Sets of notes: what is computed of each note once, and parts of a set. See metric.h. */
#include <stdlib.h>
#include <string.h>

#include "lib/metric/hierarchy.h"
#include "lib/metric/rank.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

enum { HOLDER, RANKS, BINS, LISTS, SCORES }; /* places in store */

/* The notes of each gold label: a counting sort. */
static int holders(struct metric_set *s, size_t gold)
{
    if (!(s->holder_at = mem_zalloc(s->L + 2, sizeof *s->holder_at)) ||
        !(s->store[HOLDER] = mem_alloc(gold, sizeof *s->holder)))
        return E_NOMEM;
    s->holder = s->store[HOLDER];
    size_t *next = s->holder_at + 1; /* moves up to where the label ends */
    for (size_t i = 0; i < s->n; i++)
        for (uint32_t j = 0; j < s->note[i].n_gold; j++)
            next[s->note[i].gold[j] + 1]++;
    for (size_t l = 0; l < s->L; l++)
        next[l + 1] += next[l];
    for (size_t i = 0; i < s->n; i++)
        for (uint32_t j = 0; j < s->note[i].n_gold; j++)
            s->holder[next[s->note[i].gold[j]]++] = (uint32_t)i;
    return 0;
}

/* Bin b is (b/10, (b+1)/10]. Of a score in [0,1]. */
static inline int bin_of(double x)
{
    int b = (int)(x * METRIC_BINS);
    if (b >= METRIC_BINS)
        b = METRIC_BINS - 1;
    if (b > 0 && x <= (double)b / METRIC_BINS)
        b--;
    return b;
}

static void calibrate(struct metric_note *n, size_t L, struct metric_bin *bin)
{
    n->bin = bin;
    for (size_t l = 0; l < L; l++) {
        double x = (double)n->score[l];
        struct metric_bin *b = &bin[bin_of(x)];
        b->cells++;
        b->score += x;
        n->doubt += x < 0.5 ? x : 1 - x;
        n->square += x * x;
    }
    for (uint32_t j = 0; j < n->n_gold; j++) {
        double x = (double)n->score[n->gold[j]];
        bin[bin_of(x)].gold++;
        n->square += 1 - 2 * x;
    }
}

static bool probabilities(const struct metric_set *s)
{
    bool all = true;
#pragma omp parallel for reduction(&& : all)
    for (size_t i = 0; i < s->n; i++) {
        bool row = true; /* no way out of the loop, so that it is vectorised */
        for (size_t l = 0; l < s->L; l++)
            row &= s->note[i].score[l] >= 0 && s->note[i].score[l] <= 1;
        all = all && row;
    }
    return all;
}

static int of_scores(struct metric_set *s, size_t gold, size_t most)
{
    uint32_t *rank = s->store[RANKS] = mem_alloc(gold, sizeof *rank);
    struct metric_bin *bin = s->store[BINS] = mem_zalloc(s->n * METRIC_BINS, sizeof *bin);
    int rc = rank && bin ? 0 : E_NOMEM;
    if (rc)
        return rc;
    s->probability = probabilities(s);
    for (size_t i = 0; i < s->n; rank += s->note[i++].n_gold)
        s->note[i].rank = rank;
#pragma omp parallel
    {
        struct rank_scratch *r = rank_scratch(most);
        if (!r) {
#pragma omp atomic write
            rc = E_NOMEM;
        }
#pragma omp for schedule(dynamic, 16)
        for (size_t i = 0; i < s->n; i++) {
            struct metric_note *n = &s->note[i];
            n->doubt = n->square = 0;
            if (r)
                rank_gold(r, n, s->L, (uint32_t *)(uintptr_t)n->rank);
            if (s->probability)
                calibrate(n, s->L, bin + i * METRIC_BINS);
        }
        free(r);
    }
    return rc ? err_nomem(most) : 0;
}

int metric_prepare(struct metric_set *s)
{
    size_t gold = 0, most = 0;
    for (size_t i = 0; i < s->n; i++) {
        gold += s->note[i].n_gold;
        most = s->note[i].n_gold > most ? s->note[i].n_gold : most;
    }
    TRY(holders(s, gold));
    TRY(metric_tree_open(&s->tree, s->code, s->L));
    return s->scores ? of_scores(s, gold, most) : 0;
}

void metric_columns(const struct metric_set *s, size_t l, size_t k, float *out)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < k; j++)
            out[j * s->n + i] = s->note[i].score[l + j];
}

/* ---- parts ---- */

static uint32_t *filter(const uint32_t *from, uint32_t n, const uint32_t *place, uint32_t *to, uint32_t *kept)
{
    *kept = 0;
    for (uint32_t j = 0; j < n; j++)
        if (place[from[j]] != UINT32_MAX)
            to[(*kept)++] = place[from[j]];
    return to + *kept;
}

int metric_subset(const struct metric_set *s, const uint8_t *keep, bool drop, struct metric_set *out)
{
    *out =
        (struct metric_set){.scores = s->scores, .generated = s->generated, .at = s->at, .n_at = s->n_at, .part = true};
    size_t codes = 0;
    uint32_t *place = mem_alloc(s->L, sizeof *place), *to;
    const char **code = mem_alloc(s->L, sizeof *code);
    int rc = 0;
    out->code = code;
    out->note = mem_alloc(s->n, sizeof *out->note);
    if (!place || !code || !out->note)
        TRY_GOTO(rc, out, E_NOMEM);
    /* pass 1: the labels' new places */
    for (size_t l = 0; l < s->L; l++) {
        place[l] = keep[l] ? (uint32_t)out->L : UINT32_MAX;
        if (keep[l])
            code[out->L++] = s->code[l];
    }
    /* pass 2: the notes' codes */
    for (size_t i = 0; i < s->n; i++)
        codes += s->note[i].n_gold + s->note[i].n_pred;
    if (!(out->store[LISTS] = to = mem_alloc(codes, sizeof *to)))
        TRY_GOTO(rc, out, E_NOMEM);
    for (size_t i = 0; i < s->n; i++) {
        struct metric_note *n = &out->note[out->n];
        *n = s->note[i];
        n->outside = 0; /* in no part */
        n->gold = to;
        to = filter(s->note[i].gold, s->note[i].n_gold, place, to, &n->n_gold);
        if (drop && !n->n_gold)
            continue;
        n->pred = to;
        to = filter(s->note[i].pred, s->note[i].n_pred, place, to, &n->n_pred);
        out->n++;
    }
    /* pass 3: their scores */
    if (s->scores) {
        float *score = out->store[SCORES] = mem_alloc(out->n * out->L, sizeof *score);
        if (!score)
            TRY_GOTO(rc, out, E_NOMEM);
#pragma omp parallel for
        for (size_t i = 0; i < out->n; i++) {
            float *row = score + i * out->L;
            for (size_t l = 0, k = 0; l < s->L; l++)
                if (keep[l])
                    row[k++] = out->note[i].score[l];
            out->note[i].score = row;
        }
    }
    rc = metric_prepare(out);
out:
    free(place);
    return rc;
}

void metric_close(struct metric_set *s)
{
    if (s->part) {
        free((void *)(uintptr_t)s->code);
        free(s->note);
    }
    for (size_t i = 0; i < sizeof s->store / sizeof *s->store; i++)
        free(s->store[i]);
    free(s->holder_at);
    metric_tree_close(s->tree);
    free(s->label);
    *s = (struct metric_set){0};
}
