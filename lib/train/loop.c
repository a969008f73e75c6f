/* The training loop: epochs of groups (one optimizer step each), evaluations, early stopping, saved states. What has
 * been done is in struct train_state alone, so that the loop may be left after any step and entered again.
 * Tests: tests/unit/train.c, tests/cli/icd-train.sh. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include <math.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

static int64_t group_of(const struct train_cfg *c)
{
    return c->batch * c->accumulate;
}

int64_t train_steps_per_epoch(const struct train_cfg *c, const struct dataset *d)
{
    return (d->count[SPLIT_TRAIN] + group_of(c) - 1) / group_of(c);
}

int64_t train_total_steps(const struct train_cfg *c, const struct dataset *d)
{
    return c->max_steps > 0 ? c->max_steps : c->epochs * train_steps_per_epoch(c, d);
}

/* ---- log records: {event, step, epoch, name: number ...} ---- */
struct number {
    const char *name;
    double real;
    int64_t integer; /* this one when `name` ends in '#', which is not written */
};

static void pack_str(msgpack_packer *pk, const char *s, size_t n)
{
    msgpack_pack_str(pk, n);
    msgpack_pack_str_body(pk, s, n);
}

static int emit(const struct trainer *t, struct train_state *s, const struct train_hooks *h, const char *event,
                const char *reason, const struct number *v)
{
    int64_t spe = train_steps_per_epoch(t->cfg, t->data);
    size_t n = 3 + (reason != NULL);
    for (const struct number *p = v; p->name; p++)
        n++;
    msgpack_sbuffer sb;
    msgpack_packer pk;
    msgpack_sbuffer_init(&sb);
    pk_init(&pk, &sb);
    msgpack_pack_map(&pk, n);
    /* What every record has. */
    pack_str(&pk, "event", 5);
    pack_str(&pk, event, strlen(event));
    pack_str(&pk, "step", 4);
    msgpack_pack_int64(&pk, s->step);
    pack_str(&pk, "epoch", 5);
    msgpack_pack_double(&pk, (double)s->step / (double)spe);
    /* The event's own numbers; # at the end of a name makes a whole number. */
    for (const struct number *p = v; p->name; p++) {
        size_t len = strlen(p->name);
        bool count = p->name[len - 1] == '#';
        pack_str(&pk, p->name, len - count);
        if (count)
            msgpack_pack_int64(&pk, p->integer);
        else
            msgpack_pack_double(&pk, p->real);
    }
    if (reason) {
        pack_str(&pk, "reason", 6);
        pack_str(&pk, reason, strlen(reason));
    }
    /* Write it, and keep it for --resume. */
    uint32_t size = (uint32_t)sb.size;
    int rc = sb.data ? h->log(h->ctx, sb.data, sb.size) : E_NOMEM;
    if (!rc)
        rc = buf_add(&s->log, &size, sizeof size);
    if (!rc)
        rc = buf_add(&s->log, sb.data, sb.size);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

/* A resumed run gives the log from its beginning: each record is kept behind its length. */
static int log_again(const struct train_state *s, const struct train_hooks *h)
{
    for (size_t at = 0; at < s->log.n;) {
        uint32_t size;
        if (s->log.n - at < sizeof size)
            return err_set(E_DATA, "checkpoint: the log is cut");
        memcpy(&size, s->log.p + at, sizeof size);
        at += sizeof size;
        if (s->log.n - at < size)
            return err_set(E_DATA, "checkpoint: the log is cut");
        int rc = h->log(h->ctx, s->log.p + at, size);
        if (rc) /* what is no record was not written by us */
            return rc == E_BUG ? err_set(E_DATA, "checkpoint: the log has something else than records") : rc;
        at += size;
    }
    return 0;
}

static int log_start(const struct trainer *t, struct train_state *s, const struct train_hooks *h)
{
    const struct dataset *d = t->data;
    return emit(t, s, h, "start", NULL,
                (struct number[]){{"parameters#", 0, model_learned(t->m)},
                                  {"train#", 0, d->count[SPLIT_TRAIN]},
                                  {"dev#", 0, d->count[SPLIT_DEV]},
                                  {"labels#", 0, d->labels},
                                  {"steps#", 0, train_total_steps(t->cfg, d)},
                                  {NULL, 0, 0}});
}

/* Means over the steps since the last such record. */
static int log_step(const struct trainer *t, struct train_state *s, const struct train_hooks *h, double lr, double norm)
{
    double n = (double)s->summed;
    TRY(emit(t, s, h, "step", NULL,
             (struct number[]){{"loss", s->sum_loss / n, 0},
                               {"loss_gen", s->sum_gen / n, 0},
                               {"loss_att", s->sum_att / n, 0},
                               {"lr", lr, 0},
                               {"grad_norm", norm, 0},
                               {"note_tokens#", 0, s->note_tokens},
                               {"target_tokens#", 0, s->tokens},
                               {NULL, 0, 0}}));
    s->sum_loss = s->sum_gen = s->sum_att = 0;
    s->summed = 0;
    return 0;
}

/* ---- evaluation ---- */
static double metric_of(const struct train_cfg *c, const struct eval_result *r)
{
    switch (c->metric) {
    case METRIC_F1_ATT:
        return r->f1_att_best;
    case METRIC_F1_GEN:
        return r->f1_gen;
    case METRIC_LOSS:
        return -r->loss;
    case METRIC_F1:
        break;
    }
    return r->f1;
}

/* Is this evaluation the best so far: by the measure v, among equals by the lower loss? Patience counts those in a row
 * that improve neither on the best nor on the lowest loss. */
static bool judge(struct train_state *s, double v, const struct eval_result *r)
{
    bool first = isnan(s->best), falls = first || r->loss < s->low_loss;
    bool best = first || v > s->best || (v == s->best && r->loss < s->best_loss);
    s->bad = best || falls ? 0 : s->bad + 1;
    if (falls)
        s->low_loss = r->loss;
    if (best) {
        s->best = v;
        s->best_step = s->step;
        s->best_loss = r->loss;
        s->best_f1 = r->f1;
        s->floor = r->floor;
        s->constant = r->constant;
    }
    return best;
}

static int eval_now(struct trainer *t, struct train_state *s, const struct train_hooks *h)
{
    const struct train_cfg *c = t->cfg;
    struct eval_result r;
    s->eval_due = false;
    if (t->m->kg && t->m->kg->full) /* steps make it anew each time and keep nothing */
        TRY(knowledge_refresh(t->m, &t->tape));
    if (t->data->count[SPLIT_DEV] == 0) { /* nothing to choose by: the latest is the best */
        s->best_step = s->step;
        return h->save_best(h->ctx, s, NULL);
    }
    /* Measure. */
    int rc = evaluate(t, &h->reader, &r);
    if (rc) {
        s->eval_due = true; /* stopped in the middle: done again after --resume */
        return rc;
    }
    if (!isfinite(r.loss))
        return err_set(E_DATA, "step %lld: the dev loss is not finite: try a smaller --lr", (long long)s->step);
    /* Compare with the best so far, log, and keep the model if it is better. */
    bool best = judge(s, metric_of(c, &r), &r);
    TRY(emit(t, s, h, "eval", NULL,
             (struct number[]){{"loss", r.loss, 0},
                               {"f1", r.f1, 0},
                               {"f1_att", r.f1_att, 0},
                               {"f1_att_best", r.f1_att_best, 0},
                               {"threshold", r.threshold, 0},
                               {"f1_gen", r.f1_gen, 0},
                               {"f1_ensemble", r.ensemble ? r.ensemble->of[r.ensemble->best].f1 : 0, 0},
                               {"floor", r.floor, 0},
                               {"lambda#", 0, r.lambda},
                               {"notes#", 0, r.notes},
                               {"gen_notes#", 0, r.gen_notes},
                               {"unknown#", 0, r.unknown},
                               {"cut#", 0, r.cut},
                               {"constant#", 0, r.constant},
                               {"best#", 0, best},
                               {NULL, 0, 0}}));
    h->evaluated(h->ctx, s, &r, best);
    return best ? h->save_best(h->ctx, s, &r) : 0;
}

/* ---- the loop ---- */
static int one_step(struct trainer *t, struct train_state *s, const struct train_hooks *h, const uint32_t *order)
{
    const struct train_cfg *c = t->cfg;
    int64_t group = group_of(c), total = train_total_steps(c, t->data), n = t->data->count[SPLIT_TRAIN];
    int64_t from = s->group * group, size = n - from < group ? n - from : group;
    double lr = c->lr * schedule_at(c->schedule, s->step, total, schedule_warmup(c->warmup, total));
    struct step_result r;
    int rc = train_knowledge(t, s->step);
    if (!rc)
        rc = step_gradients(t, order + from, size, s->micro, &r);
    if (rc)
        return rc == E_STOPPED ? rc : err_ctx(rc, "step %lld", (long long)s->step + 1);
    TRY(optimizer_step(&t->opt, c, lr, r.norm, s->step + 1));
    s->step++;
    s->micro += (uint64_t)((size + c->batch - 1) / c->batch);
    s->sum_loss += r.loss;
    s->sum_gen += r.loss_gen;
    s->sum_att += r.loss_att;
    s->summed++;
    s->tokens += r.tokens;
    s->note_tokens += r.note_tokens;
    h->step(h->ctx, s, &r);
    s->group++;
    if (s->group * group >= n) {
        s->group = 0;
        s->epoch++;
        s->eval_due = c->eval_every == 0;
    }
    if (c->eval_every > 0)
        s->eval_due = s->step % c->eval_every == 0;
    s->eval_due |= s->step == total;
    return s->step % c->log_every == 0 || s->step == 1 || s->eval_due ? log_step(t, s, h, lr, r.norm) : 0;
}

/* `best` rises: of a loss it is the negative. */
static double best_shown(const struct train_state *s, const struct train_cfg *c)
{
    if (!isfinite(s->best))
        return 0;
    return c->metric == METRIC_LOSS ? -s->best : s->best;
}

static int run(struct trainer *t, struct train_state *s, const struct train_hooks *h, uint32_t *order)
{
    const struct train_cfg *c = t->cfg;
    int64_t total = train_total_steps(c, t->data), have = -1;
    int64_t stop_at = c->stop_after > 0 ? s->step + c->stop_after : INT64_MAX;
    const char *reason = "steps";
    for (;;) {
        /* Evaluate, where one is due. */
        if (s->eval_due) {
            TRY(eval_now(t, s, h));
            if (c->save_every == 0)
                TRY(h->save_state(h->ctx, s));
        }
        /* Whether to end here. */
        if (c->patience > 0 && s->bad >= c->patience) {
            reason = "patience";
            break;
        }
        if (s->step >= total)
            break;
        if ((t->stop && t->stop()) || s->step >= stop_at)
            return err_set(E_STOPPED, "stopped");
        /* A new epoch: a new order of notes. */
        if (have != s->epoch) {
            TRY(epoch_order(t->data, c->seed, s->epoch, group_of(c), order));
            dataset_epoch(t->data, s->epoch);
            have = s->epoch;
        }
        TRY(one_step(t, s, h, order));
        if (c->save_every > 0 && s->step % c->save_every == 0)
            TRY(h->save_state(h->ctx, s));
    }
    TRY(emit(t, s, h, "end", reason,
             (struct number[]){{"best_step#", 0, s->best_step},
                               {"best", best_shown(s, c), 0},
                               {"f1", s->best_f1, 0},
                               {"floor", s->floor, 0},
                               {"note_tokens#", 0, s->note_tokens},
                               {"target_tokens#", 0, s->tokens},
                               {NULL, 0, 0}}));
    s->done = true;
    return 0;
}

int train_loop(struct trainer *t, struct train_state *s, const struct train_hooks *h)
{
    TRY(log_again(s, h));
    if (s->done)
        return 0;
    if (s->log.n == 0)
        TRY(log_start(t, s, h));
    uint32_t *order = mem_alloc((size_t)t->data->count[SPLIT_TRAIN], sizeof *order);
    int rc = order ? run(t, s, h, order) : E_NOMEM;
    free(order);
    if (rc != E_STOPPED)
        return rc;
    TRY(h->save_state(h->ctx, s));
    return err_set(E_STOPPED, "stopped at step %lld; the state is saved, --resume goes on", (long long)s->step);
}
