/* The gradients of one optimizer step: micro-batches forward and backward, accumulated. Tests: tests/unit/train.c. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include <math.h>
#include <stdlib.h>

int trainer_init(struct trainer *t, struct model *m, const struct backend *be, const struct train_cfg *cfg,
                 struct dataset *data)
{
    *t = (struct trainer){.m = m, .be = be, .cfg = cfg, .data = data};
    TRY(tape_init(&t->tape, be));
    t->tape.key = cfg->seed;
    t->tape.products = m->params.products;
    TRY(optimizer_init(&t->opt, &m->params));
    TRY(batch_alloc(&t->batch, data, cfg->batch));
    if (cfg->gen && cfg->att)
        TRY(ensemble_open(&t->ensemble, (size_t)data->labels));
    t->loss = be->alloc(2 * sizeof *t->loss);
    return t->loss ? 0 : E_NOMEM;
}

void trainer_free(struct trainer *t)
{
    if (!t->m)
        return;
    tape_free(&t->tape);
    optimizer_free(&t->opt);
    batch_free(&t->batch);
    ensemble_close(&t->ensemble);
    if (t->loss)
        t->be->free(t->loss);
    *t = (struct trainer){0};
}

void train_forward(struct tape *tape, void *ctx)
{
    struct trainer *t = ctx;
    const struct batch *b = &t->batch;
    struct model *m = t->m;
    t->enc = model_encode(m, tape, b->B, b->T, b->ids, b->len);
    if (t->cfg->att) {
        struct label_attn_w w = model_label_attn(m);
        struct tensor y = tape_real(tape, b->y, 2, (int64_t[]){b->B, b->L});
        struct tensor loss = TENSOR(t->loss + 1, DT_REAL, 1);
        t->logits = label_attn(tape, t->enc.att, &t->enc.len, &w);
        bce(tape, t->logits, &y, t->att_scale, &loss);
    }
    if (t->cfg->gen) {
        struct tensor dec = tape_i32(tape, b->dec, 2, (int64_t[]){b->B, b->U});
        struct tensor target = tape_i32(tape, b->target, 2, (int64_t[]){b->B, b->U});
        struct tensor loss = TENSOR(t->loss, DT_REAL, 1);
        struct var *h = m->family->decode(m, tape, &dec, t->enc.dec, &t->enc.len, NULL);
        xent(tape, h, &m->params.p[m->head].x, m->arch.hscale, &target, t->gen_scale, &loss);
    }
    if (tape->grad)
        tape_backward(tape);
}

int train_loss_read(struct trainer *t, double *gen, double *att)
{
    real loss[2];
    TRY(t->be->download(loss, t->loss, sizeof loss));
    *gen = t->cfg->gen ? (double)loss[0] : 0;
    *att = t->cfg->att ? (double)loss[1] / t->cfg->att_weight : 0;
    return 0;
}

void train_loss_reset(struct trainer *t)
{
    struct tensor loss = TENSOR(t->loss, DT_REAL, 2);
    t->be->op.fill(&loss, 0);
}

/* One micro-batch of the n longest notes. */
static int longest(void *ctx, int64_t n)
{
    struct trainer *t = ctx;
    uint32_t *index = mem_alloc((size_t)n, sizeof *index);
    int rc = index ? dataset_longest(t->data, n, index) : -1;
    if (!rc) {
        batch_fill(&t->batch, t->data, index, n, &t->m->arch);
        tape_reset(&t->tape);
        rc = tape_run(&t->tape, train_forward, t);
    }
    free(index);
    return rc;
}

int train_knowledge(struct trainer *t, int64_t step)
{
    int64_t every = t->cfg->kg_refresh;
    if (!t->m->kg || t->m->kg->full || (every > 0 ? step % every : step) != 0)
        return 0;
    return knowledge_refresh(t->m, &t->tape);
}

int step_gradients(struct trainer *t, const uint32_t *index, int64_t n, uint64_t micro, struct step_result *r)
{
    const struct train_cfg *c = t->cfg;
    *r = (struct step_result){0};
    for (int64_t i = 0; i < n; i++) {
        r->tokens += t->data->ex[index[i]].target_n;
        r->note_tokens += t->data->ex[index[i]].n;
    }
    t->gen_scale = 1.0 / (double)r->tokens;
    t->att_scale = c->att_weight / (double)(n * t->data->labels);
    t->tape.grad = t->tape.train = true;
    train_loss_reset(t);
    optimizer_zero(&t->opt);
    for (int64_t i = 0; i < n; i += c->batch, micro++) {
        if (i && t->stop && t->stop()) /* what was changed, gradients and knowledge, the same step makes again */
            return err_set(E_STOPPED, "stopped");
        batch_fill(&t->batch, t->data, index + i, n - i < c->batch ? n - i : c->batch, &t->m->arch);
        tape_reset(&t->tape);
        t->tape.site = micro << 20;
        int rc = tape_run(&t->tape, train_forward, t);
        if (rc)
            return rc == E_NOMEM ? tape_too_large(&t->tape, t->batch.B, longest, t) : rc;
    }
    TRY(t->be->check());
    TRY(train_loss_read(t, &r->loss_gen, &r->loss_att));
    r->loss = r->loss_gen + c->att_weight * r->loss_att;
    TRY(optimizer_norm(&t->opt, &r->norm));
    if (!isfinite(r->loss))
        return err_set(E_DATA, "the loss is not finite (generation %g, label attention %g): try a smaller --lr",
                       r->loss_gen, r->loss_att);
    if (!isfinite(r->norm))
        return err_set(E_DATA, "the gradient is not finite: try a smaller --lr");
    return 0;
}

int step_trial(struct trainer *t, struct step_result *r)
{
    int64_t all = t->data->count[SPLIT_TRAIN], n = all < t->cfg->batch ? all : t->cfg->batch;
    uint32_t *index = mem_alloc((size_t)n, sizeof *index);
    int rc = index ? dataset_longest(t->data, n, index) : E_NOMEM;
    if (!rc)
        rc = train_knowledge(t, 0);
    if (!rc)
        rc = step_gradients(t, index, n, 0, r);
    free(index);
    return rc;
}
