/* Dev evaluation: loss, micro-F1 of the label attention and of greedy decoding, and lambda of eq. 5.
 * Tests: tests/unit/train.c, tests/cli/icd-train.sh. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

static double f1_of(int64_t tp, int64_t predicted, int64_t gold)
{
    return predicted + gold > 0 ? 2.0 * (double)tp / (double)(predicted + gold) : 0;
}

double micro_f1(const float *score, const uint8_t *gold, int64_t n, double threshold)
{
    int64_t tp = 0, p = 0, g = 0;
    for (int64_t i = 0; i < n; i++) {
        bool hit = (double)score[i] > threshold;
        p += hit;
        g += gold[i];
        tp += hit && gold[i];
    }
    return f1_of(tp, p, g);
}

struct scored {
    float score;
    uint8_t gold;
};

static int higher(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return x > y ? -1 : x < y;
}

int best_threshold(const float *score, const uint8_t *gold, int64_t n, double *threshold, double *f1)
{
    struct scored *s = mem_alloc((size_t)n, sizeof *s);
    if (!s)
        return E_NOMEM;
    int64_t positives = 0, tp = 0;
    for (int64_t i = 0; i < n; i++) {
        s[i] = (struct scored){score[i], gold[i]};
        positives += gold[i];
    }
    qsort(s, (size_t)n, sizeof *s, higher);
    *threshold = 0.5;
    *f1 = micro_f1(score, gold, n, 0.5);
    for (int64_t i = 0; i < n; i++) {
        tp += s[i].gold;
        float next = i + 1 < n ? s[i + 1].score : 0;
        if (i + 1 < n && !(next < s[i].score))
            continue; /* no threshold cuts between equal scores */
        double f = f1_of(tp, i + 1, positives);
        if (f > *f1) {
            *f1 = f;
            *threshold = 0.5 * ((double)s[i].score + (double)next);
        }
    }
    free(s);
    return 0;
}

/* Work of one evaluation; rows in dev order. */
struct work {
    struct trainer *t;
    int64_t from; /* first of the batch in hand */
    int64_t n, gen_n, L, max_new;
    uint32_t *order;    /* positions in dev: those that are decoded first, each part longest first */
    uint32_t *index;    /* of one batch, in the dataset */
    float *score;       /* (n,L) */
    uint8_t *gold, *gen; /* (n,L) */
    real *rows;         /* (batch,L) */
    int32_t *out, *out_n;
};

static void work_free(struct work *w)
{
    free(w->order);
    free(w->index);
    free(w->score);
    free(w->gold);
    free(w->gen);
    free(w->rows);
    free(w->out);
    free(w->out_n);
}

static const struct example *dev(const struct trainer *t, uint32_t i)
{
    return &t->data->ex[t->data->of[SPLIT_DEV][i]];
}

static int by_length(const void *a, const void *b, void *ctx)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int64_t nx = dev(ctx, x)->n, ny = dev(ctx, y)->n;
    return nx != ny ? (nx > ny ? -1 : 1) : x < y ? -1 : x > y;
}

static int work_new(struct work *w, struct trainer *t)
{
    const struct train_cfg *c = t->cfg;
    const struct dataset *d = t->data;
    int64_t n = d->count[SPLIT_DEV], L = d->labels, B = c->batch;
    *w = (struct work){.t = t, .n = n, .L = L, .max_new = c->max_new};
    w->gen_n = !c->gen ? 0 : c->gen_eval > 0 && c->gen_eval < n ? c->gen_eval : n;
    if (w->max_new == 0) { /* as long as the longest training target, and a little more */
        for (int64_t i = 0; i < d->count[SPLIT_TRAIN]; i++) {
            int64_t u = longest_target(d, &d->ex[d->of[SPLIT_TRAIN][i]]);
            w->max_new = u > w->max_new ? u : w->max_new;
        }
        w->max_new += 8;
    }
    w->order = mem_alloc((size_t)n, sizeof *w->order);
    w->index = mem_alloc((size_t)B, sizeof *w->index);
    w->score = mem_zalloc((size_t)(n * L), sizeof *w->score);
    w->gold = mem_zalloc((size_t)(n * L), 1);
    w->gen = mem_zalloc((size_t)(n * L), 1);
    w->rows = mem_alloc((size_t)(B * L), sizeof *w->rows);
    w->out = mem_alloc((size_t)(B * w->max_new), sizeof *w->out);
    w->out_n = mem_alloc((size_t)B, sizeof *w->out_n);
    if (!w->order || !w->index || !w->score || !w->gold || !w->gen || !w->rows || !w->out || !w->out_n)
        return E_NOMEM;
    for (int64_t i = 0; i < n; i++) {
        w->order[i] = (uint32_t)i;
        const struct example *e = dev(t, (uint32_t)i);
        for (int64_t l = 0; l < e->label_n; l++)
            w->gold[i * L + e->label[l]] = 1;
    }
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

static int eval_batch(struct trainer *t, struct work *w, int64_t from, int64_t n, bool gen, decode_fn decode, void *ctx,
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
    if (gen) {
        TRY(generate_greedy(t->m, &t->tape, t->enc.dec, &t->enc.len, w->max_new, w->out, w->out_n));
        for (int64_t i = 0; i < n; i++) {
            int64_t unknown = decode(ctx, w->out + i * w->max_new, w->out_n[i], w->gen + at[i] * L);
            if (unknown < 0)
                return E_NOMEM;
            r->unknown += unknown;
        }
    }
    return t->be->check();
}

/* The first n notes of the batch in hand, for their memory only. */
static int64_t nothing(void *ctx, const int32_t *ids, int64_t n, uint8_t *set)
{
    return 0;
}
static int fewer(void *ctx, int64_t n)
{
    struct work *w = ctx;
    struct eval_result unused = {0};
    return eval_batch(w->t, w, w->from, n, w->from < w->gen_n, nothing, NULL, &unused);
}

/* Do all n rows say the same? */
static bool constant(const struct work *w, bool gen)
{
    int64_t n = gen ? w->gen_n : w->n;
    for (int64_t i = w->L; i < n * w->L; i++)
        if (gen ? w->gen[i] != w->gen[i % w->L] : (w->score[i] > 0.5f) != (w->score[i % w->L] > 0.5f))
            return false;
    return n > 1;
}

static int summarize(const struct trainer *t, const struct work *w, struct eval_result *r)
{
    double f1_same = 0; /* of the label attention on the notes that were decoded: what lambda compares */
    if (t->cfg->att) {
        r->f1_att = micro_f1(w->score, w->gold, w->n * w->L, 0.5);
        TRY(best_threshold(w->score, w->gold, w->n * w->L, &r->threshold, &r->f1_att_best));
        f1_same = w->gen_n ? micro_f1(w->score, w->gold, w->gen_n * w->L, 0.5) : r->f1_att;
    }
    if (t->cfg->gen) {
        int64_t tp = 0, p = 0, g = 0;
        for (int64_t i = 0; i < w->gen_n * w->L; i++) {
            tp += w->gen[i] && w->gold[i];
            p += w->gen[i];
            g += w->gold[i];
        }
        r->f1_gen = f1_of(tp, p, g);
    }
    r->lambda = t->cfg->gen && (!t->cfg->att || r->f1_gen > f1_same);
    r->f1 = r->lambda ? r->f1_gen : r->f1_att;
    r->constant = constant(w, r->lambda);
    return 0;
}

int evaluate(struct trainer *t, decode_fn decode, void *ctx, bool (*stop)(void), struct eval_result *r)
{
    struct work w;
    int64_t tokens = 0;
    *r = (struct eval_result){.notes = t->data->count[SPLIT_DEV], .threshold = 0.5};
    int rc = work_new(&w, t);
    if (rc)
        goto out;
    r->gen_notes = w.gen_n;
    for (int64_t i = 0; i < w.n; i++)
        tokens += dev(t, (uint32_t)i)->target_n;
    t->gen_scale = 1.0 / (double)tokens;
    t->att_scale = t->cfg->att_weight / (double)(w.n * w.L);
    t->tape.grad = t->tape.train = false;
    train_loss_reset(t);
    for (int64_t i = 0, n; i < w.n; i += n) {
        int64_t end = i < w.gen_n ? w.gen_n : w.n;
        n = end - i < t->cfg->batch ? end - i : t->cfg->batch;
        if (stop()) {
            rc = err_set(TRAIN_STOPPED, "stopped");
            goto out;
        }
        w.from = i;
        rc = eval_batch(t, &w, i, n, i < w.gen_n, decode, ctx, r);
        if (rc == E_NOMEM)
            rc = tape_too_large(&t->tape, n, fewer, &w);
        if (rc)
            goto out;
    }
    double gen, att;
    TRY_GOTO(rc, out, train_loss_read(t, &gen, &att));
    r->loss = gen + t->cfg->att_weight * att;
    rc = summarize(t, &w, r);
out:
    work_free(&w);
    return rc;
}
