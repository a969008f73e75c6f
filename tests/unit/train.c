/* The training step on a small T5: accumulation, memory, padding; and the measures of a dev evaluation. */
#include "lib/stream/stream.h"
#include "lib/train/train.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"

enum { V = 50, L = 4 };

/* n notes of 3..30 tokens with targets of 1..9 tokens. */
static void made_up(struct dataset *d, int n)
{
    struct rng r = rng_new(3, 0);
    *d = (struct dataset){.labels = L};
    for (int i = 0; i < n; i++) {
        char id[16];
        int32_t ids[30], target[9], label[2] = {i % L, (i + 1) % L};
        int64_t len = 3 + (int64_t)rng_below(&r, 28), tn = 1 + (int64_t)rng_below(&r, 9);
        for (int j = 0; j < 30; j++)
            ids[j] = 3 + (int32_t)rng_below(&r, V - 3);
        for (int j = 0; j < 9; j++)
            target[j] = 3 + (int32_t)rng_below(&r, V - 3);
        ids[len - 1] = target[tn - 1] = 1;
        snprintf(id, sizeof id, "n%d", i);
        int split = i % 4 == 3 ? SPLIT_DEV : SPLIT_TRAIN;
        CHECK(dataset_note(d, id, strlen(id), split, ids, len) == 0);
        CHECK(dataset_target(d, id, strlen(id), split, target, tn, label, 1 + i % 2) == 0);
    }
    CHECK(dataset_seal(d) == 0);
}

struct rig {
    struct model *m;
    struct dataset d;
    struct train_cfg c;
    struct trainer t;
};

/* k: the knowledge it injects, or NULL */
static void rig_open_with(struct rig *r, int64_t batch, double dropout, struct knowledge *k)
{
    const struct backend *be;
    *r = (struct rig){.c = {.gen = true,
                            .att = true,
                            .att_weight = 0.5,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .eps = 1e-8,
                            .clip = 1,
                            .seed = 5,
                            .batch = batch,
                            .accumulate = 8 / batch,
                            .epochs = 1,
                            .log_every = 1}};
    r->c.schedule = schedule_find("constant");
    made_up(&r->d, 32);
    CHECK(backend_open("cpu", 2, &be) == 0);
    CHECK(model_new(&r->m, "t5:d_model=16,layers=1,heads=2,d_kv=8,d_ff=32", V, 0, 1) == 0);
    r->m->arch.dropout = dropout;
    CHECK(model_add_label_attn(r->m, L, 8) == 0 && (!k || model_add_knowledge(r->m, k) == 0));
    CHECK(model_alloc(r->m, be, true) == 0);
    params_init(&r->m->params, 1);
    CHECK(trainer_init(&r->t, r->m, be, &r->c, &r->d) == 0);
}

static void rig_open(struct rig *r, int64_t batch, double dropout)
{
    rig_open_with(r, batch, dropout, NULL);
}

static void rig_close(struct rig *r)
{
    trainer_free(&r->t);
    model_free(r->m);
    dataset_free(&r->d);
}

static real *gradient(const struct rig *r)
{
    real *g = malloc((size_t)r->m->params.numel * sizeof *g);
    CHECK(r->t.be->download(g, r->m->params.grad, (size_t)r->m->params.numel * sizeof *g) == 0);
    return g;
}

static void accumulation(void)
{
    struct rig a, b;
    struct step_result ra, rb;
    rig_open(&a, 8, 0);
    rig_open(&b, 2, 0);
    CHECK(step_gradients(&a.t, a.d.of[SPLIT_TRAIN], 8, 0, &ra) == 0);
    CHECK(step_gradients(&b.t, b.d.of[SPLIT_TRAIN], 8, 0, &rb) == 0);
    CHECK_NEAR(ra.loss, rb.loss, 1e-5);
    CHECK_NEAR(ra.loss_gen, rb.loss_gen, 1e-5);
    CHECK_NEAR(ra.loss_att, rb.loss_att, 1e-5);
    CHECK_NEAR(ra.loss, ra.loss_gen + 0.5 * ra.loss_att, 1e-5);
    CHECK_NEAR(ra.norm, rb.norm, 1e-4 * ra.norm);
    CHECK(ra.tokens == rb.tokens && ra.note_tokens == rb.note_tokens);
    real *ga = gradient(&a), *gb = gradient(&b);
    for (int64_t i = 0; i < a.m->params.numel; i++)
        CHECK_NEAR(ga[i], gb[i], 2e-5 * ra.norm);
    free(ga);
    free(gb);
    rig_close(&a);
    rig_close(&b);
    DONE("one batch of 8 is four of 2, target lengths uneven");
}

static void dropout_sites(void)
{
    struct rig r;
    struct step_result x, y, z;
    rig_open(&r, 4, 0.2);
    CHECK(step_gradients(&r.t, r.d.of[SPLIT_TRAIN], 8, 6, &x) == 0);
    CHECK(step_gradients(&r.t, r.d.of[SPLIT_TRAIN], 8, 6, &y) == 0);
    CHECK(step_gradients(&r.t, r.d.of[SPLIT_TRAIN], 8, 8, &z) == 0);
    CHECK(x.loss == y.loss && x.norm == y.norm);
    CHECK(x.loss != z.loss);
    rig_close(&r);
    DONE("dropout follows the number of the micro-batch");
}

static void memory_and_learning(void)
{
    struct rig r;
    struct step_result first = {0}, now = {0};
    uint32_t order[32], longest[4];
    rig_open(&r, 4, 0.1);
    CHECK(dataset_longest(&r.d, 4, longest) == 0);
    CHECK(step_gradients(&r.t, longest, 4, 0, &now) == 0); /* not yet the widest target */
    size_t dev = 0, host = 0;
    uint64_t micro = 0;
    for (int64_t step = 0, epoch = 0; epoch < 60; epoch++) {
        CHECK(epoch_order(&r.d, 1, epoch, 8, order) == 0);
        for (int64_t g = 0; g < r.d.count[SPLIT_TRAIN] / 8; g++, micro += 2) {
            CHECK(step_gradients(&r.t, order + 8 * g, 8, micro, &now) == 0);
            CHECK(optimizer_step(&r.t.opt, &r.c, 1e-2, now.norm, ++step) == 0);
            first = step == 1 ? now : first;
        }
        if (epoch == 0) {
            dev = arena_grown(r.t.tape.dev);
            host = arena_grown(r.t.tape.host);
        }
    }
    CHECK(arena_grown(r.t.tape.dev) == dev && arena_grown(r.t.tape.host) == host);
    DONE("no allocation in a step after the first epoch");
    CHECK(now.loss < 0.6 * first.loss && now.loss_att < first.loss_att && now.loss_gen < first.loss_gen);
    DONE("the loss falls");
    rig_close(&r);
}

/* 60 texts of 4 tokens, each to be read by notes that have its first token. */
static struct knowledge *some_knowledge(enum kg_scope scope)
{
    struct kg_text text[60];
    int32_t ids[240];
    struct knowledge *k;
    struct kg_cfg cfg = {.chunk = 64, .scope = scope};
    for (int i = 0; i < 60; i++) {
        text[i] = (struct kg_text){scope == KG_NOTE ? 2 : 4, i / 6};
        for (int j = 0; j < text[i].n; j++)
            ids[i * text[i].n + j] = j + 1 == text[i].n ? 1 : 3 + (i + 5 * j) % (V - 3);
    }
    CHECK(knowledge_of(&k, &cfg, ids, text, 60) == 0);
    if (scope == KG_GLOBAL)
        return k;
    k->begins = malloc(V);
    memset(k->begins, 1, V);
    k->first = calloc(V + 1, sizeof *k->first);
    k->by = calloc(60, sizeof *k->by);
    for (int v = 0, n = 0; v < V; v++) {
        k->first[v] = n;
        for (int i = 0; i < 60; i++)
            if (ids[2 * i] == v)
                k->by[n++] = i;
        k->first[v + 1] = n;
    }
    return k;
}

static void knowledge_and_memory(void)
{
    static const char *names[] = {"knowledge refreshed every third step", "gradients through the knowledge",
                                  "knowledge of the note"};
    for (int how = 0; how < 3; how++) {
        struct rig r;
        struct step_result now = {0}, first = {0};
        uint32_t order[32];
        size_t grown = 0;
        int64_t step = 0;
        rig_open_with(&r, 4, 0.1, some_knowledge(how == 2 ? KG_NOTE : KG_GLOBAL));
        r.c.kg_refresh = 3;
        r.m->kg->full = how == 1;
        for (int64_t epoch = 0; epoch < 40; epoch++) {
            CHECK(epoch_order(&r.d, 1, epoch % 4, 8, order) == 0);
            for (int64_t g = 0; g < r.d.count[SPLIT_TRAIN] / 8; g++, step++) {
                CHECK(train_knowledge(&r.t, step) == 0);
                CHECK(step_gradients(&r.t, order + 8 * g, 8, 2 * (uint64_t)step, &now) == 0);
                CHECK(optimizer_step(&r.t.opt, &r.c, 1e-2, now.norm, step + 1) == 0);
                first = step == 0 ? now : first;
            }
            if (epoch == 3) /* all batches have been there */
                grown = arena_grown(r.t.tape.dev) + arena_grown(r.t.tape.host);
        }
        CHECK(arena_grown(r.t.tape.dev) + arena_grown(r.t.tape.host) == grown);
        CHECK(now.loss < 0.7 * first.loss);
        rig_close(&r);
        DONE(names[how]);
    }
}

/* Which of the first steps encode the knowledge: what was in its memory is gone. */
static void when_encoded(void)
{
    static const struct {
        int64_t every;
        bool full;
        const char *steps;
    } want[] = {{3, false, "x..x..x"}, {1, false, "xxxxxxx"}, {0, false, "x......"}, {3, true, "......."}};
    struct rig r;
    rig_open_with(&r, 4, 0, some_knowledge(KG_GLOBAL));
    struct tensor *memory = &r.m->params.p[r.m->kg->memory].w;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        r.c.kg_refresh = want[i].every;
        r.m->kg->full = want[i].full;
        for (int64_t step = 0; want[i].steps[step]; step++) {
            real first;
            r.t.be->op.fill(memory, 1234);
            CHECK(train_knowledge(&r.t, step) == 0);
            CHECK(r.t.be->download(&first, memory->data, sizeof first) == 0);
            CHECK((first != 1234) == (want[i].steps[step] == 'x'));
        }
    }
    rig_close(&r);
    DONE("the knowledge is encoded before the first step and every so many after it");
}

static void not_finite(void)
{
    struct rig r;
    struct step_result x;
    rig_open(&r, 4, 0);
    real nan = (real)NAN;
    CHECK(r.t.be->upload(params_find(&r.m->params, "encoder.final_layer_norm.weight")->x.v.data, &nan, sizeof nan) ==
          0);
    CHECK(step_gradients(&r.t, r.d.of[SPLIT_TRAIN], 8, 0, &x) == E_DATA && strstr(err_msg(), "not finite"));
    rig_close(&r);
    DONE("a loss that is not finite is an error");
}

static void unused_decoder(void)
{
    struct rig r;
    struct step_result x;
    rig_open(&r, 4, 0);
    r.c.gen = false;
    r.c.decay = 0.5;
    struct param *p = params_find(&r.m->params, "decoder.block.0.layer.0.SelfAttention.q.weight");
    real before, after;
    CHECK(r.t.be->download(&before, p->x.v.data, sizeof before) == 0);
    CHECK(step_gradients(&r.t, r.d.of[SPLIT_TRAIN], 8, 0, &x) == 0 && x.loss_gen == 0);
    CHECK(optimizer_step(&r.t.opt, &r.c, 0.1, x.norm, 1) == 0);
    CHECK(r.t.be->download(&after, p->x.v.data, sizeof after) == 0 && before == after);
    rig_close(&r);
    DONE("what has no gradient is left alone");
}

/* ---- evaluation ---- */
static int64_t asks, asks_until_stop;
static bool at_the_last(void)
{
    return ++asks == asks_until_stop;
}
static int64_t first_label(void *ctx, const int32_t *ids, int64_t n, bool cut, uint8_t *set)
{
    set[0] = 1;
    return *(int *)ctx;
}

static void evaluation(void)
{
    struct rig r;
    struct eval_result a, b;
    int unknown = 2;
    const struct reader reader = {.codes = first_label, .ctx = &unknown};
    rig_open(&r, 4, 0.3);
    CHECK(evaluate(&r.t, &reader, &a) == 0);
    r.t.cfg = &r.c;
    r.c.batch = 3; /* other batches, other padding: the same result */
    CHECK(evaluate(&r.t, &reader, &b) == 0);
    CHECK(a.notes == 8 && a.gen_notes == 8 && a.unknown == 16);
    CHECK_NEAR(a.loss, b.loss, 1e-5);
    CHECK(a.f1_att == b.f1_att && a.f1_gen == b.f1_gen && a.lambda == b.lambda);
    CHECK_NEAR(a.threshold, b.threshold, 1e-5);
    CHECK(a.f1_att_best >= a.f1_att && a.f1 == (a.lambda ? a.f1_gen : a.f1_att_best));
    CHECK(a.f1_gen > 0 && (!a.lambda || a.constant) && a.cut == 8);
    CHECK_NEAR(a.f1_gen, 2 * 8 / (8 + 16.0), 1e-12); /* label 0 for all: every dev note (3, 7, ..) has 3 and 0 */
    CHECK(a.ensemble && a.ensemble->of[a.ensemble->best].f1 >= a.f1);
    r.c.gen_eval = 3;
    CHECK(evaluate(&r.t, &reader, &b) == 0 && b.gen_notes == 3 && b.unknown == 6 && b.notes == 8);
    CHECK_NEAR(b.f1_gen, 2 * 3 / (3 + 6.0), 1e-12);
    CHECK(b.f1_att_best == a.f1_att_best && b.floor == a.floor && b.f1 >= b.f1_att_best && b.f1 < 1);
    r.c.att = false; /* the text alone: of the three notes */
    CHECK(evaluate(&r.t, &reader, &b) == 0 && b.lambda == 1 && b.f1 == b.f1_gen && !b.ensemble);
    r.c.att = true;
    r.t.stop = at_the_last;
    asks_until_stop = 1;
    CHECK(evaluate(&r.t, &reader, &b) == E_STOPPED);
    rig_close(&r);
    DONE("dev evaluation");
}

/* Neither side finds anything: the label attention decides. */
static int64_t no_label(void *ctx, const int32_t *ids, int64_t n, bool cut, uint8_t *set)
{
    return 0;
}

static void tie(void)
{
    struct rig r;
    struct eval_result a;
    static const real low[L] = {-50, -50, -50, -50};
    rig_open(&r, 4, 0);
    CHECK(r.t.be->upload(params_find(&r.m->params, "icd.label_attn.b")->x.v.data, low, sizeof low) == 0);
    CHECK(evaluate(&r.t, &(struct reader){.codes = no_label}, &a) == 0);
    CHECK(a.f1_att == 0 && a.f1_gen == 0 && a.lambda == 0);
    rig_close(&r);
    DONE("a tie goes to the label attention");
}

/* ---- the loop ---- */
static double rates[8]; /* as logged, by step */
static int keep_rate(void *ctx, const char *body, size_t n)
{
    msgpack_unpacked u;
    int64_t step;
    size_t used = 0;
    msgpack_unpacked_init(&u);
    CHECK(msgpack_unpack_next(&u, body, n, &used) == MSGPACK_UNPACK_SUCCESS);
    if (rec_is(&u.data, "event", "step") && rec_int(&u.data, "step", &step) && step >= 1 && step <= 8)
        rates[step - 1] = rec_get(&u.data, "lr")->via.f64;
    msgpack_unpacked_destroy(&u);
    return 0;
}
static void seen(void *ctx, const struct train_state *s, const struct step_result *r)
{
}
static void judged(void *ctx, const struct train_state *s, const struct eval_result *r, bool best)
{
}
static int best_kept(void *ctx, const struct train_state *s, const struct eval_result *r)
{
    return 0;
}
static int state_kept(void *ctx, const struct train_state *s)
{
    return 0;
}
static const struct train_hooks hooks = {.log = keep_rate, .step = seen, .evaluated = judged, .save_best = best_kept,
                                         .save_state = state_kept, .reader = {.codes = no_label}};

/* Left wherever it asks (between micro-batches, batches of an evaluation, tokens of a text) and entered again: the same
 * run, as far as its bits go. */
static void left_anywhere(void)
{
    struct rig r;
    struct train_state s = {.best = NAN};
    real *end[2] = {NULL, NULL};
    struct buf log = {0};
    int left = 0;
    for (int turn = 0, k = 0; turn < 2; turn++) {
        rig_open(&r, 2, 0.1);
        r.c.accumulate = 3;
        r.c.max_steps = 3;
        r.c.eval_every = 2;
        r.c.max_new = 3;
        r.t.stop = turn ? at_the_last : NULL;
        size_t n = (size_t)r.m->params.numel;
        s = (struct train_state){.best = NAN};
        for (int rc = E_STOPPED; rc == E_STOPPED; left += rc == E_STOPPED) {
            asks = 0;
            asks_until_stop = ++k;
            rc = train_loop(&r.t, &s, &hooks);
            CHECK(rc == 0 || (turn && rc == E_STOPPED && asks == k));
        }
        CHECK(s.done && s.step == 3);
        end[turn] = malloc(n * sizeof **end);
        CHECK(r.t.be->download(end[turn], r.m->params.value, n * sizeof **end) == 0);
        if (turn)
            CHECK(!memcmp(end[0], end[1], n * sizeof **end) && log.n == s.log.n && !memcmp(log.p, s.log.p, log.n));
        else
            CHECK(buf_add(&log, s.log.p, s.log.n) == 0);
        buf_free(&s.log);
        rig_close(&r);
    }
    CHECK(left > 20);
    free(end[0]);
    free(end[1]);
    buf_free(&log);
    DONE("left at any place and entered again");
}

static void rates_and_steps(void)
{
    struct rig r;
    struct train_state s = {.best = NAN};
    rig_open(&r, 8, 0);
    r.c.schedule = schedule_find("linear");
    r.c.warmup = 0.5;
    r.c.lr = 1e-3;
    r.c.max_steps = 4;
    CHECK(train_loop(&r.t, &s, &hooks) == 0 && s.step == 4 && s.done);
    static const double want[4] = {0, 0.5e-3, 1e-3, 0.5e-3};
    for (int i = 0; i < 4; i++)
        CHECK_NEAR(rates[i], want[i], 1e-12);
    buf_free(&s.log);
    rig_close(&r);
    DONE("the rate of each step");

    rig_open(&r, 8, 0);
    size_t n = (size_t)r.m->params.numel;
    real *before = malloc(n * sizeof *before), *after = malloc(n * sizeof *after);
    double moved = 0;
    s = (struct train_state){.best = NAN};
    r.c.lr = 1e-3;
    r.c.clip = 0;
    r.c.max_steps = 1;
    CHECK(r.t.be->download(before, r.m->params.value, n * sizeof *before) == 0);
    CHECK(train_loop(&r.t, &s, &hooks) == 0 && r.t.be->download(after, r.m->params.value, n * sizeof *after) == 0);
    for (size_t i = 0; i < n; i++)
        moved = fmax(moved, fabs((double)after[i] - (double)before[i]));
    CHECK_NEAR(moved, 1e-3, 1e-6); /* the first step of Adam is the rate, whatever the gradient */
    free(before);
    free(after);
    buf_free(&s.log);
    rig_close(&r);
    DONE("the first step is step 1");
}

/* ---- which model is kept, and when training ends ---- */
static const char *script; /* what each evaluation's texts hold: '1' label 0, which is right, '0' nothing */
static int64_t evaluations, kept_at;
static double losses[16];
static int64_t by_script(void *ctx, const int32_t *ids, int64_t n, bool cut, uint8_t *set)
{
    set[0] = script[evaluations] == '1';
    return 0;
}
static void counted(void *ctx, const struct train_state *s, const struct eval_result *r, bool best)
{
    losses[evaluations++] = r->loss;
    if (best)
        kept_at = evaluations;
}
/* One step per evaluation, as many as the script has. */
static void run_script(const char *what, double lr, int64_t patience, struct train_state *s)
{
    struct rig r;
    const struct train_hooks h = {.log = keep_rate, .step = seen, .evaluated = counted, .save_best = best_kept,
                                  .save_state = state_kept, .reader = {.codes = by_script}};
    script = what;
    evaluations = kept_at = 0;
    *s = (struct train_state){.best = NAN};
    rig_open(&r, 8, 0);
    r.c.att = false;
    r.c.lr = lr;
    r.c.max_steps = (int64_t)strlen(what);
    r.c.eval_every = 1;
    r.c.patience = patience;
    CHECK(train_loop(&r.t, s, &h) == 0);
    buf_free(&s->log);
    rig_close(&r);
}

static void selection(void)
{
    struct train_state s;
    run_script("01000000", 0, 3, &s);
    CHECK(kept_at == 2 && evaluations == 5 && s.best_step == 2 && s.bad == 3);
    CHECK_NEAR(s.best, 2 * 8 / (8 + 16.0), 1e-12);
    CHECK(s.best_f1 == s.best && s.best_loss == losses[1] && s.constant);
    DONE("the best score is kept; patience counts evaluations that improve nothing");

    run_script("00000000", 0, 2, &s);
    CHECK(kept_at == 1 && evaluations == 3);
    run_script("00000000", 1e-3, 1, &s); /* the loss falls, and falls */
    for (int i = 1; i < 8; i++)
        CHECK(losses[i] < losses[i - 1]);
    CHECK(evaluations == 8 && kept_at == 8 && s.best_loss == losses[7] && s.low_loss == losses[7]);
    DONE("equal scores: the lower loss; patience does not run out while it falls");

    run_script("01000000", 1e-3, 1, &s);
    CHECK(evaluations == 8 && kept_at == 2 && s.best_loss == losses[1] && s.low_loss == losses[7] && s.bad == 0);
    run_script("11000000", 1e-3, 2, &s);
    CHECK(kept_at == 2);
    DONE("a lower loss does not outdo a better score");
}

/* The floor of 24 training notes, most of which have label 1, on dev notes that all have 3 and 0. */
static void floor_of_dev(void)
{
    struct rig r;
    struct eval_result a;
    double count[L] = {0}, best = -1, f1 = 0, labels = 0;
    int k = 0, order[L] = {0, 1, 2, 3};
    rig_open(&r, 4, 0);
    for (int64_t i = 0; i < r.d.count[SPLIT_TRAIN]; i++)
        for (int64_t j = 0; j < r.d.ex[r.d.of[SPLIT_TRAIN][i]].label_n; j++, labels++)
            count[r.d.ex[r.d.of[SPLIT_TRAIN][i]].label[j]]++;
    for (int i = 0; i < L; i++)
        for (int j = i + 1; j < L; j++)
            if (count[order[j]] > count[order[i]]) {
                int x = order[i];
                order[i] = order[j];
                order[j] = x;
            }
    double hits = 0;
    for (int i = 0; i < L; i++) {
        hits += count[order[i]];
        if (2 * hits / (24 * (i + 1) + labels) > best) {
            best = 2 * hits / (24 * (i + 1) + labels);
            k = i + 1;
        }
    }
    for (int i = 0; i < k; i++)
        f1 += order[i] == 0 || order[i] == 3;
    f1 = 2 * 8 * f1 / (8 * k + 16.0);
    CHECK(evaluate(&r.t, &(struct reader){.codes = no_label}, &a) == 0);
    CHECK_NEAR(a.floor, f1, 1e-12);
    rig_close(&r);
    DONE("the note-blind floor on dev notes");
}

int main(void)
{
    accumulation();
    dropout_sites();
    memory_and_learning();
    knowledge_and_memory();
    when_encoded();
    not_finite();
    unused_decoder();
    evaluation();
    tie();
    left_anywhere();
    rates_and_steps();
    selection();
    floor_of_dev();
    TEST_EXIT();
}
