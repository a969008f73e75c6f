/* Dev evaluation: loss, micro-F1 of the label attention and of greedy decoding, threshold and lambda (eq. 5), and what
 * the note-blind floor would have. Tests: tests/unit/train.c, tests/cli/icd-train.sh. */
#include "lib/metric/threshold.h"
#include "lib/train/train.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

/* Work of one evaluation; rows in dev order. */
struct work {
    struct trainer *t;
    int64_t from; /* first of the batch in hand */
    int64_t n, gen_n, L, max_new;
    uint32_t *order;          /* positions in dev: those that are decoded first, each part longest first */
    uint32_t *index;          /* of one batch, in the dataset */
    float *score;             /* (n,L) */
    uint8_t *gen;             /* (n,L) */
    struct metric_note *note; /* (n) gold and score */
    uint32_t *gold;           /* what they point to */
    real *rows;               /* (batch,L) */
    int32_t *out, *out_n;
    bool *cut; /* (batch) */
};

static void work_free(struct work *w)
{
    free(w->order);
    free(w->index);
    free(w->score);
    free(w->note);
    free(w->gold);
    free(w->gen);
    free(w->rows);
    free(w->out);
    free(w->out_n);
    free(w->cut);
}

static const struct example *dev(const struct trainer *t, uint32_t i)
{
    return &t->data->ex[t->data->of[SPLIT_DEV][i]];
}

static int by_length(const void *a, const void *b, void *ctx)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int64_t nx = dev(ctx, x)->n, ny = dev(ctx, y)->n;
    if (nx != ny)
        return nx > ny ? -1 : 1;
    return (x > y) - (x < y);
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int work_gold(struct work *w)
{
    int64_t labels = 0;
    for (int64_t i = 0; i < w->n; i++)
        labels += dev(w->t, (uint32_t)i)->label_n;
    uint32_t *to = w->gold = mem_alloc((size_t)labels, sizeof *w->gold);
    if (!to)
        return E_NOMEM;
    for (int64_t i = 0; i < w->n; i++) {
        const struct example *e = dev(w->t, (uint32_t)i);
        struct metric_note *x = &w->note[i];
        *x =
            (struct metric_note){.gold = to, .n_gold = (uint32_t)e->label_n, .score = w->score + i * w->L, .weight = 1};
        for (int64_t l = 0; l < e->label_n; l++)
            to[l] = (uint32_t)e->label[l];
        mem_sort(to, (size_t)e->label_n, sizeof *to, ascending);
        to += e->label_n;
    }
    return 0;
}

int64_t train_max_new(const struct train_cfg *c, const struct dataset *d)
{
    int64_t longest = 0;
    if (c->max_new > 0)
        return c->max_new;
    for (int64_t i = 0; i < d->count[SPLIT_TRAIN]; i++) {
        int64_t u = longest_target(d, &d->ex[d->of[SPLIT_TRAIN][i]]);
        longest = u > longest ? u : longest;
    }
    return longest + 8;
}

static int work_new(struct work *w, struct trainer *t)
{
    const struct train_cfg *c = t->cfg;
    const struct dataset *d = t->data;
    int64_t n = d->count[SPLIT_DEV], L = d->labels, B = c->batch;
    *w = (struct work){.t = t, .n = n, .L = L, .max_new = train_max_new(c, d)};
    w->gen_n = c->gen ? n : 0;
    if (c->gen && c->gen_eval > 0 && c->gen_eval < n)
        w->gen_n = c->gen_eval;
    w->order = mem_alloc((size_t)n, sizeof *w->order);
    w->index = mem_alloc((size_t)B, sizeof *w->index);
    w->score = mem_zalloc((size_t)(n * L), sizeof *w->score);
    w->note = mem_zalloc((size_t)n, sizeof *w->note);
    w->gen = mem_zalloc((size_t)(n * L), 1);
    w->rows = mem_alloc((size_t)(B * L), sizeof *w->rows);
    w->out = mem_alloc((size_t)(B * w->max_new), sizeof *w->out);
    w->out_n = mem_alloc((size_t)B, sizeof *w->out_n);
    w->cut = mem_alloc((size_t)B, sizeof *w->cut);
    if (!w->order || !w->index || !w->score || !w->note || !w->gen || !w->rows || !w->out || !w->out_n || !w->cut)
        return E_NOMEM;
    TRY(work_gold(w));
    for (int64_t i = 0; i < n; i++)
        w->order[i] = (uint32_t)i;
    qsort_r(w->order, (size_t)w->gen_n, sizeof *w->order, by_length, t);
    qsort_r(w->order + w->gen_n, (size_t)(n - w->gen_n), sizeof *w->order, by_length, t);
    return 0;
}

static void forward_scores(struct tape *tape, void *ctx)
{
    struct trainer *t = ctx;
    train_forward(tape, t);
    if (t->cfg->att) {
        t->score = tape_scratch(tape, DT_REAL, 2, (int64_t[]){t->batch.B, t->batch.L});
        t->be->op.sigmoid(&t->score, &t->logits->v);
    }
}

/* Texts of the n notes of the batch in hand, and the codes in them. */
static int eval_texts(struct work *w, const uint32_t *at, int64_t n, const struct reader *reader, struct eval_result *r)
{
    struct trainer *t = w->t;
    struct generate how = {w->max_new, reader->again, reader->ctx, w->cut, t->stop};
    TRY(generate_greedy(t->m, &t->tape, t->enc.dec, &t->enc.len, &how, w->out, w->out_n));
    for (int64_t i = 0; i < n; i++) {
        int64_t unknown =
            reader->codes(reader->ctx, w->out + i * w->max_new, w->out_n[i], w->cut[i], w->gen + at[i] * w->L);
        if (unknown < 0)
            return E_NOMEM;
        r->unknown += unknown;
        r->cut += w->cut[i];
    }
    return 0;
}

static int eval_batch(struct trainer *t, struct work *w, int64_t from, int64_t n, const struct reader *reader,
                      struct eval_result *r)
{
    const uint32_t *at = w->order + from;
    int64_t L = w->L;
    for (int64_t i = 0; i < n; i++)
        w->index[i] = t->data->of[SPLIT_DEV][at[i]];
    batch_fill(&t->batch, t->data, w->index, n, &t->m->arch);
    tape_reset(&t->tape);
    TRY(tape_run(&t->tape, forward_scores, t));
    if (t->cfg->att) {
        TRY(t->be->download(w->rows, t->score.data, (size_t)(n * L) * sizeof *w->rows));
        for (int64_t i = 0; i < n; i++)
            for (int64_t l = 0; l < L; l++)
                w->score[at[i] * L + l] = (float)w->rows[i * L + l];
    }
    if (from < w->gen_n)
        TRY(eval_texts(w, at, n, reader, r));
    return t->be->check();
}

/* Out of memory: try n notes of the batch in hand, and leave the results, to say which --batch fits. */
static int64_t no_codes(void *ctx, const int32_t *ids, int64_t n, bool cut, uint8_t *set)
{
    return 0;
}
static int try_fewer(void *ctx, int64_t n)
{
    static const struct reader none = {.codes = no_codes};
    struct work *w = ctx;
    struct eval_result unused = {0};
    return eval_batch(w->t, w, w->from, n, &none, &unused);
}

/* ---- what the notes say together ---- */

/* Micro-F1 of the note-blind floor on n dev notes. */
static int floor_f1(const struct work *w, int64_t n, double *f1)
{
    const struct dataset *d = w->t->data;
    size_t L = (size_t)w->L, k = 0;
    int64_t *count = mem_zalloc(L, sizeof *count);
    uint32_t *pick = mem_alloc(L, sizeof *pick);
    int rc = count && pick ? 0 : E_NOMEM;
    uint64_t hits = 0, gold = 0;
    for (int64_t i = 0; !rc && i < d->count[SPLIT_TRAIN]; i++) {
        const struct example *e = &d->ex[d->of[SPLIT_TRAIN][i]];
        for (int64_t l = 0; l < e->label_n; l++)
            count[e->label[l]]++;
    }
    if (!rc)
        metric_floor(count, L, d->count[SPLIT_TRAIN], pick, &k);
    for (int64_t i = 0; !rc && i < n; i++) {
        struct metric_note note = w->note[i];
        note.pred = pick;
        note.n_pred = (uint32_t)k;
        hits += metric_hits(&note);
        gold += note.n_gold;
    }
    *f1 = metric_ratio(2 * (double)hits, (double)gold + (double)n * (double)k);
    free(count);
    free(pick);
    return rc;
}

/* Is the same decided for all n notes? */
static int constant(const struct work *w, const struct decision *by, int64_t n, bool *same)
{
    size_t L = (size_t)w->L;
    uint8_t *first = mem_alloc(2 * L, 1), *row = first ? first + L : NULL;
    *same = n > 1;
    for (int64_t i = 0; first && *same && i < n; i++) {
        decide(by, w->score + i * w->L, w->gen + i * w->L, i ? row : first);
        *same = !i || !memcmp(first, row, L);
    }
    free(first);
    return first ? 0 : E_NOMEM;
}

/* Each side as icd-infer would run it; the better one is what the model is worth. */
static int summarize(struct trainer *t, const struct work *w, struct eval_result *r)
{
    int64_t n = w->gen_n ? w->gen_n : w->n; /* the notes on which the sides are compared */
    struct metric_set all = {.n = (size_t)w->n, .L = (size_t)w->L, .note = w->note};
    struct decision side[2] = {{.by = DECIDE_ATT, .L = all.L, .f1 = -1}, {.by = DECIDE_GEN, .L = all.L, .f1 = -1}};
    if (t->cfg->att) {
        int rc = threshold_all(&all, &r->threshold, &r->f1_att_best);
        if (rc && rc != E_DATA) /* no dev note has a code: 0.5 and 0 */
            return rc;
        r->f1_att = threshold_f1(&all, 0.5);
        side[0].threshold = r->threshold;
        TRY(decide_f1(&side[0], w->note, (size_t)n, w->gen, &side[0].f1));
    }
    if (t->cfg->gen) {
        TRY(decide_f1(&side[1], w->note, (size_t)n, w->gen, &side[1].f1));
        r->f1_gen = side[1].f1;
    }
    r->lambda = side[1].f1 > side[0].f1;
    r->f1 = r->f1_att_best + (r->lambda ? side[1].f1 - side[0].f1 : 0);
    if (!t->cfg->att)
        r->f1 = r->f1_gen;
    if (t->cfg->gen && t->cfg->att) {
        TRY(ensemble_fit(&t->ensemble, w->note, (size_t)n, w->gen, r->threshold, r->lambda));
        r->ensemble = &t->ensemble;
    }
    TRY(floor_f1(w, t->cfg->att ? w->n : n, &r->floor));
    return constant(w, &side[r->lambda], n, &r->constant);
}

int evaluate(struct trainer *t, const struct reader *reader, struct eval_result *r)
{
    struct work w;
    int64_t tokens = 0;
    *r = (struct eval_result){.notes = t->data->count[SPLIT_DEV], .threshold = 0.5};
    int rc = work_new(&w, t);
    if (rc)
        goto out;
    r->gen_notes = w.gen_n;
    /* The loss is a mean over all dev notes: per target token, and per note and label. */
    for (int64_t i = 0; i < w.n; i++)
        tokens += dev(t, (uint32_t)i)->target_n;
    t->gen_scale = 1.0 / (double)tokens;
    t->att_scale = t->cfg->att_weight / (double)(w.n * w.L);
    t->tape.grad = t->tape.train = false;
    train_loss_reset(t);
    /* Batch by batch; the first gen_n notes are decoded, too, and share no batch with the others. */
    for (int64_t i = 0, n; i < w.n; i += n) {
        int64_t end = i < w.gen_n ? w.gen_n : w.n;
        n = end - i < t->cfg->batch ? end - i : t->cfg->batch;
        if (t->stop && t->stop()) {
            rc = err_set(E_STOPPED, "stopped");
            goto out;
        }
        w.from = i;
        rc = eval_batch(t, &w, i, n, reader, r);
        if (rc == E_NOMEM)
            rc = tape_too_large(&t->tape, n, try_fewer, &w);
        if (rc)
            goto out;
    }
    /* Sum up: loss, threshold, F1. */
    double gen, att;
    TRY_GOTO(rc, out, train_loss_read(t, &gen, &att));
    r->loss = gen + t->cfg->att_weight * att;
    rc = summarize(t, &w, r);
out:
    work_free(&w);
    return rc;
}
