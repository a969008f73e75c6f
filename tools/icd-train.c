/* icd-train: token + target streams -> a model directory (Hugging Face layout), trainlog on standard output.
 * This file opens and checks the inputs, prepares the model and keeps the directory; examples, steps and the loop are
 * lib/train's. Tests: tests/cli/icd-train.sh. */
#include "lib/predict/written.h"
#include "lib/stream/stage.h"
#include "lib/text/spm.h"
#include "lib/train/train.h"
#include "lib/util/file.h"
#include "lib/util/process.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- options ---- */
enum { D_A = 512, KG_REFRESH = 100 }; /* defaults: other values were given */
static const double FLOOR_MARGIN = 0.01; /* less above the floor is as likely chance */
static struct {
    const char *model, *init, *tokenizer, *save, *loss, *schedule, *metric, *device, *precision;
    const char *kg, *kg_into, *kg_pool, *kg_scope, *kg_scale, *kg_grad;
    struct opt_list targets;
    int64_t d_a;
    double dropout;
    bool resume, dry_run, timing;
} o = {.loss = "gen+att", .metric = "f1", .device = "auto", .precision = "fp32", .d_a = D_A,
       .dropout = -1, .kg_into = "both", .kg_pool = "token", .kg_scope = "global", .kg_scale = "none",
       .kg_grad = "stop"};

/* What is unset here follows from where the run starts: lib/train/defaults.c. */
static struct train_cfg cfg = {.att_weight = NAN, .lr = NAN, .warmup = NAN, .epochs = TRAIN_UNSET,
                               .patience = TRAIN_UNSET, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 0.01,
                               .clip = 1, .batch = 8, .accumulate = 1, .log_every = 10, .kg_refresh = KG_REFRESH};
/* Help of the options whose defaults depend on the start; main() adds them. */
enum { FITS = 6 };
static char fits[FITS][192] = {"Weight of the label-attention loss against that of generation.",
                               "Passes over the training notes.", "Peak learning rate.",
                               "Learning rate after the warm-up.",
                               "Warm-up: below 1 a share of the steps, else a number of steps.",
                               "Stop after N evaluations in a row that improve neither measure nor loss; 0: never."};
static int64_t seed = 1;
static const struct kg_cfg kg_plain = {.chunk = 512}; /* what the paper says, and nothing else */
static struct kg_cfg kg = {.chunk = 512};

static const char *const losses[] = {"gen", "att", "gen+att", NULL};
static const char *const metrics[] = {"f1", "f1-att", "f1-gen", "loss", NULL}; /* as enum train_metric */
static const char *const precisions[] = {"fp32", "bf16", NULL};
static const char *const kg_grads[] = {"stop", "full", NULL};

static const struct opt opts[] = {
    {.name = "model", .letter = 'm', .type = OPT_DIR, .value = &o.model, .arg = "DIR",
     .help = "Start from this model (Hugging Face layout)."},
    {.name = "init", .type = OPT_STR, .value = &o.init, .arg = "ARCH:K=V,...",
     .help = "Start from random weights instead: t5, or t5 with sizes, such as t5:d_model=512,layers=2."},
    {.name = "tokenizer", .type = OPT_FILE, .value = &o.tokenizer, .arg = "FILE",
     .help = "The SentencePiece model (or tokenizer.json) that the streams were made with, for --init or a DIR that "
             "has none. It is copied into the model directory."},
    {.name = "target", .letter = 't', .type = OPT_FILES, .value = &o.targets, .arg = "FILE", .flags = OPT_REQUIRED,
     .help = "Target stream of the train and dev notes (from tokenize). May be repeated: epoch 1 uses the first "
             "stream, epoch 2 the second, and so on. With tokenize --order shuffle --seed N this gives each epoch "
             "another order of codes."},
    {.name = "save", .letter = 's', .type = OPT_OUT, .value = &o.save, .arg = "DIR", .flags = OPT_REQUIRED,
     .help = "Model directory to write; new or empty. The state of an interrupted run is in DIR/checkpoint."},
    {.name = "resume", .type = OPT_FLAG, .value = &o.resume, .flags = OPT_QUIET,
     .help = "Go on with the interrupted run in the --save directory. All other options and inputs must be as they "
             "were. With the same -j the result is the same, bit for bit, as that of a run never interrupted."},
    {.name = "loss", .type = OPT_CHOICE, .value = &o.loss, .arg = "LOSS", .choices = losses,
     .help = "What to train.\n"
             "gen: text generation\n"
             "att: label attention\n"
             "gen+att: both"},
    {.name = "att-weight", .type = OPT_REAL, .value = &cfg.att_weight, .arg = "W", .min = 1e-9, .max = 1e9,
     .help = fits[0]},
    {.name = "d-a", .type = OPT_INT, .value = &o.d_a, .arg = "N", .min = 1, .max = 65536,
     .help = "Width of the label attention."},
    {.name = "epochs", .type = OPT_INT, .value = &cfg.epochs, .arg = "N", .min = 1, .max = 1e6,
     .help = fits[1]},
    {.name = "max-steps", .type = OPT_INT, .value = &cfg.max_steps, .arg = "N", .min = 0, .max = 1e9,
     .help = "Optimizer steps, whatever --epochs says; 0: epochs decide."},
    {.name = "batch", .letter = 'b', .type = OPT_INT, .value = &cfg.batch, .arg = "N", .min = 1, .max = 65536,
     .help = "Notes per micro-batch."},
    {.name = "accumulate", .type = OPT_INT, .value = &cfg.accumulate, .arg = "N", .min = 1, .max = 65536,
     .help = "Micro-batches per optimizer step."},
    {.name = "lr", .type = OPT_REAL, .value = &cfg.lr, .arg = "RATE", .min = 0, .max = 1e3,
     .help = fits[2]},
    {.name = "schedule", .type = OPT_CHOICE, .value = &o.schedule, .arg = "NAME", .choices = schedule_names,
     .help = fits[3]},
    {.name = "warmup", .type = OPT_REAL, .value = &cfg.warmup, .arg = "N", .min = 0, .max = 1e9,
     .help = fits[4]},
    {.name = "decay", .type = OPT_REAL, .value = &cfg.decay, .arg = "W", .min = 0, .max = 1e3,
     .help = "Decoupled weight decay. Norm weights and biases are exempt."},
    {.name = "clip", .type = OPT_REAL, .value = &cfg.clip, .arg = "NORM", .min = 0, .max = 1e9,
     .help = "Clip the gradient to this global norm; 0: do not."},
    {.name = "dropout", .type = OPT_REAL, .value = &o.dropout, .arg = "P", .min = -1, .max = 0.99,
     .help = "Dropout rate; negative: the model's own."},
    {.name = "seed", .type = OPT_INT, .value = &seed, .arg = "N", .min = 0, .max = 1e15,
     .help = "Seed of initial weights, order and dropout."},
    {.name = "metric", .type = OPT_CHOICE, .value = &o.metric, .arg = "NAME", .choices = metrics,
     .help = "Dev measure that picks the best model.\n"
             "f1: micro-F1 of what icd-infer would predict: f1-att or f1-gen, whichever is larger\n"
             "f1-att: micro-F1 of label attention at its best threshold\n"
             "f1-gen: micro-F1 of the generated text\n"
             "loss: the loss"},
    {.name = "eval-every", .type = OPT_INT, .value = &cfg.eval_every, .arg = "N", .min = 0, .max = 1e9,
     .help = "Evaluate every N steps; 0: after each epoch."},
    {.name = "gen-eval", .type = OPT_INT, .value = &cfg.gen_eval, .arg = "N", .min = 0, .max = 1e9,
     .help = "Decode only the first N dev notes per evaluation; 0: all."},
    {.name = "max-new", .type = OPT_INT, .value = &cfg.max_new, .arg = "N", .min = 0, .max = 65536,
     .help = "Longest text decoded, in tokens, in evaluations and later in icd-infer; 0: 8 more than the longest "
             "training target."},
    {.name = "patience", .type = OPT_INT, .value = &cfg.patience, .arg = "N", .min = 0, .max = 1e6,
     .help = fits[5]},
    {.name = "save-every", .type = OPT_INT, .value = &cfg.save_every, .arg = "N", .min = 0, .max = 1e9,
     .flags = OPT_QUIET,
     .help = "Save the state every N steps; 0: after each evaluation."},
    {.name = "stop-after", .type = OPT_INT, .value = &cfg.stop_after, .arg = "N", .min = 0, .max = 1e9,
     .flags = OPT_QUIET,
     .help = "Save the state and exit with status 75 after N steps of this call (for queues with a time "
             "limit); 0: do not."},
    {.name = "log-every", .type = OPT_INT, .value = &cfg.log_every, .arg = "N", .min = 1, .max = 1e9,
     .help = "Steps between two step records."},
    {.name = "kg", .type = OPT_FILE, .value = &o.kg, .arg = "FILE",
     .help = "Inject knowledge: the token stream of a kb, of expressions or descriptions (from tokenize)."},
    {.name = "kg-into", .type = OPT_CHOICE, .value = &o.kg_into, .arg = "WHO", .choices = kg_intos,
     .help = "Who reads the notes with the knowledge in them.\n"
             "both: decoder and label attention\n"
             "decoder: the decoder\n"
             "labels: label attention"},
    {.name = "kg-pool", .type = OPT_CHOICE, .value = &o.kg_pool, .arg = "UNIT", .choices = kg_pools,
     .help = "What notes attend to.\n"
             "token: each token of the knowledge\n"
             "expression: the mean over the tokens of an expression or a description\n"
             "code: the mean over the tokens of a code"},
    {.name = "kg-scope", .type = OPT_CHOICE, .value = &o.kg_scope, .arg = "SCOPE", .choices = kg_scopes,
     .help = "Which knowledge a note reads.\n"
             "global: all of it\n"
             "note: that of the texts whose tokens occur in the note"},
    {.name = "kg-refresh", .type = OPT_INT, .value = &cfg.kg_refresh, .arg = "N", .min = 0, .max = 1e9,
     .help = "Encode the knowledge again every N steps; 0: only before the first."},
    {.name = "kg-grad", .type = OPT_CHOICE, .value = &o.kg_grad, .arg = "HOW", .choices = kg_grads,
     .help = "Whether the encoder learns through the knowledge.\n"
             "stop: no gradient reaches it that way\n"
             "full: it does; the knowledge is encoded in every micro-batch"},
    {.name = "kg-chunk", .type = OPT_INT, .value = &kg.chunk, .arg = "N", .min = 1, .max = 1 << 20,
     .help = "Encode as many texts together as have N tokens; 1: each by itself."},
    {.name = "kg-share-w", .type = OPT_FLAG, .value = &kg.share_w,
     .help = "W of eq. 7 is W of the label attention; needs --d-a equal to d_model."},
    {.name = "kg-scale", .type = OPT_CHOICE, .value = &o.kg_scale, .arg = "HOW", .choices = kg_scales,
     .help = "Scale of the scores of eq. 8.\n"
             "none: as they are\n"
             "sqrt: divided by the square root of d_model"},
    {.name = "kg-tanh", .type = OPT_FLAG, .value = &kg.tanh, .help = "Eq. 7 with tanh."},
    {.name = "kg-gate", .type = OPT_FLAG, .value = &kg.gate,
     .help = "Eq. 9 with a learned gate: what is added is multiplied by a sigmoid of the note's states."},
    {.name = "kg-norm", .type = OPT_FLAG, .value = &kg.norm, .help = "Eq. 9 with a layer norm after the sum."},
    {.name = "device", .type = OPT_STR, .value = &o.device, .arg = "NAME",
     .help = "Where to compute.\n"
             "auto: a GPU if one can be used, else the CPU\n"
             "cpu: the CPU\n"
             "cuda: the first GPU\n"
             "cuda:N: GPU number N"},
    {.name = "precision", .type = OPT_CHOICE, .value = &o.precision, .arg = "NAME", .choices = precisions,
     .help = "Numbers of matrix products.\n"
             "fp32: single precision\n"
             "bf16: bfloat16, on a GPU only; weights, moments, sums, the residual stream and what is saved stay fp32"},
    {.name = "dry-run", .type = OPT_FLAG, .value = &o.dry_run, .flags = OPT_QUIET,
     .help = "Check all inputs, run one batch of the longest notes, print sizes and memory needed, train nothing."},
    {.name = "timing", .type = OPT_FLAG, .value = &o.timing, .flags = OPT_QUIET,
     .help = "Print tokens per second at the end, on standard error."},
    {0},
};

/* ---- state ---- */
static struct tool {
    struct stream *target, *kg;
    struct spm *spm;
    struct labels labels;
    struct written written;
    struct model *m;
    struct dataset data;
    const struct backend *be;
    struct trainer trainer;
    struct train_state state;
    struct run_dir dir;
    json_t *about;
    struct run *run;
    double seconds;
    int64_t tokens0; /* before this call, where it resumes */
    int64_t saved;   /* step of the best model that the saved state has */
} tool = {.dir.lock = -1};

static bool stop(void)
{
    return process_asked() != 0;
}

/* ---- the model ---- */
static int open_tokenizer(struct tool *t, const json_t *streams)
{
    if (!o.model == !o.init)
        return err_set(E_USAGE, "one of -m DIR and --init ARCH:... is needed");
    if (o.init && !o.tokenizer)
        return err_set(E_USAGE, "--init needs --tokenizer: the vocabulary is taken from it");
    const char *from = o.tokenizer ? o.tokenizer : o.model;
    TRY(spm_open(&t->spm, from));
    json_t *mine = spm_json(t->spm);
    int rc = mine ? spm_same(mine, streams) : E_NOMEM;
    json_decref(mine);
    return rc ? err_ctx(rc, "%s", path_base(from)) : 0;
}

static int same_tokenizer(struct tool *t, const struct stream *s)
{
    json_t *mine = spm_json(t->spm);
    int rc = mine ? spm_same(mine, json_object_get(stream_meta(s), "tokenizer")) : E_NOMEM;
    json_decref(mine);
    return rc ? err_ctx(rc, "%s", stream_name(s)) : 0;
}

/* Targets that epochs take in turn differ in their order; a model cannot learn two ways of writing a code. */
static int same_form(const struct stream *a, const struct stream *b)
{
    static const char *const form[] = {"format", "separator"};
    for (int i = 0; i < 2; i++) {
        const json_t *x = json_object_get(stream_meta(a), form[i]), *y = json_object_get(stream_meta(b), form[i]);
        if (x != y && !json_equal(x, y))
            return err_set(E_DATA, "%s: its targets have another %s than those of %s", stream_name(b), form[i],
                           stream_name(a));
    }
    return 0;
}

/* Is the head of an opened model one for these labels? */
static int check_labels(struct tool *t, const json_t *labels)
{
    if (t->m->label_head < 0 || json_equal(json_object_get(t->m->icd, "labels"), labels))
        return 0;
    return err_set(E_DATA, "%s: its label attention was trained on other labels than the targets'", path_base(o.model));
}

/* ---- knowledge ---- */
static int begin_kg(struct run *r)
{
    kg.into = (enum kg_into)opt_place(kg_intos, o.kg_into);
    kg.pool = (enum kg_pool)opt_place(kg_pools, o.kg_pool);
    kg.scope = (enum kg_scope)opt_place(kg_scopes, o.kg_scope);
    kg.scale = (enum kg_scale)opt_place(kg_scales, o.kg_scale);
    bool full = !strcmp(o.kg_grad, "full");
    if (full && cfg.kg_refresh != KG_REFRESH)
        return err_set(E_USAGE, "--kg-refresh goes with --kg-grad stop");
    return o.kg ? run_input(r, o.kg, "token", &tool.kg) : 0;
}

/* Options that go without the knowledge they are for, or against what the model has already. */
static int check_kg(const struct knowledge *has)
{
    const char *odd = kg_cfg_conflict(&kg, &kg_plain, has ? &has->cfg : &kg_plain);
    if (!odd && !has && cfg.kg_refresh != KG_REFRESH)
        odd = "refresh";
    else if (!odd && !has && strcmp(o.kg_grad, "stop"))
        odd = "grad";
    if (!odd)
        return 0;
    return has ? err_set(E_USAGE, "--kg-%s is not as the model has it", odd)
               : err_set(E_USAGE, "--kg-%s needs --kg FILE", odd);
}

/* What a model's own knowledge is like goes for the options, and so into the history. */
static void take_kg(const struct kg_cfg *own)
{
    kg = *own;
    o.kg_into = kg_intos[kg.into];
    o.kg_pool = kg_pools[kg.pool];
    o.kg_scope = kg_scopes[kg.scope];
    o.kg_scale = kg_scales[kg.scale];
}

static int add_knowledge(struct tool *t)
{
    struct model *m = t->m;
    if (!o.kg)
        TRY(check_kg(m->kg));
    else if (m->kg)
        return err_set(E_USAGE, "--kg: the model has its own knowledge");
    if (!o.kg && !m->kg)
        return 0;
    if (m->kg)
        take_kg(&m->kg->cfg);
    if ((kg.into == KG_LABELS && !cfg.att) || (kg.into == KG_DECODER && !cfg.gen) || (kg.share_w && !cfg.att))
        return err_set(E_USAGE, "--kg-%s needs a --loss that trains it", kg.share_w && !cfg.att ? "share-w" : "into");
    if (o.kg) {
        struct knowledge *k;
        TRY(same_tokenizer(t, t->kg));
        TRY(knowledge_read(&k, &kg, t->kg, m->arch.V));
        TRY(model_add_knowledge(m, k));
    }
    m->kg->full = !strcmp(o.kg_grad, "full");
    return knowledge_words(m->kg, t->spm, m->arch.V);
}

/* The files of -m DIR, by their digests, into the lineage. */
static int record_file(void *r, const char *path)
{
    return run_input_file(r, path);
}

static int take_tokenizer(struct tool *t)
{
    char file[4096];
    TRY(spm_find(o.tokenizer, file, sizeof file));
    TRY(model_take_tokenizer(t->m, file));
    return run_input_file(t->run, file);
}

static int open_model(struct tool *t, const json_t *labels)
{
    if (o.init) {
        const struct spm_info *i = spm_info(t->spm);
        if (i->eos < 0)
            return err_set(E_DATA, "%s: the tokenizer has no end-of-sequence piece", path_base(o.tokenizer));
        TRY(model_new(&t->m, o.init, i->pieces, i->pad, i->eos));
    } else {
        TRY(model_open(&t->m, o.model));
        TRY(model_files(o.model, record_file, t->run));
        TRY(check_labels(t, labels));
    }
    if (o.tokenizer)
        TRY(take_tokenizer(t));
    if (!t->m->family->encoder_decoder)
        return err_set(E_DATA, "%s is not an encoder-decoder model", t->m->family->name);
    if (o.dropout >= 0) {
        t->m->arch.dropout = o.dropout;
        if (json_object_set_new(t->m->config, "dropout_rate", json_real(o.dropout)))
            return E_NOMEM;
    }
    if (t->m->label_head >= 0) { /* a model's own */
        if (o.d_a != D_A && o.d_a != t->m->d_a)
            return err_set(E_USAGE, "--d-a: the model's label attention has %lld", (long long)t->m->d_a);
        o.d_a = t->m->d_a;
    }
    if (cfg.att)
        TRY(model_add_label_attn(t->m, (int64_t)t->labels.n, o.d_a));
    return add_knowledge(t);
}

/* The log is wanted where it can go: the product is --save. */
static bool logs(void)
{
    return !o.dry_run && !isatty(STDOUT_FILENO);
}

/* One writer at a time, from here to the end. */
static int open_dir(struct tool *t)
{
    TRY(run_dir_open(&t->dir, o.save, o.resume));
    if (t->dir.unlocked)
        run_warn(t->run, "%s: this file system has no locks: see to it that no other run writes there", o.save);
    return 0;
}

static int begin(struct run *r)
{
    struct tool *t = r->state = &tool;
    t->run = r;
    if (r->output || logs())
        run_schema(r, "trainlog");
    /* Settle the options. */
    cfg.gen = strncmp(o.loss, "gen", 3) == 0;
    cfg.att = strcmp(o.loss, "gen") != 0;
    cfg.seed = (uint64_t)seed;
    train_defaults(&cfg, &o.schedule, o.init != NULL);
    cfg.schedule = schedule_find(o.schedule);
    cfg.metric = (enum train_metric)opt_place(metrics, o.metric);
    if ((cfg.metric == METRIC_F1_ATT && !cfg.att) || (cfg.metric == METRIC_F1_GEN && !cfg.gen))
        return err_set(E_USAGE, "--metric %s needs a --loss that trains it", o.metric);
    /* Open the inputs, and check that they belong together. */
    if (!o.dry_run) {
        TRY(open_dir(t));
        TRY(model_claim(o.save));
    }
    TRY(run_input(r, o.targets.v[0], "target", &t->target));
    TRY(begin_kg(r));
    const json_t *meta = stream_meta(t->target), *tokens = stream_meta(r->in);
    const char *of = json_string_value(json_object_get(tokens, "of"));
    if (!of || strcmp(of, "note"))
        return err_set(E_DATA, "%s: holds the tokens of a kb, not of notes", stream_name(r->in));
    TRY(open_tokenizer(t, json_object_get(tokens, "tokenizer")));
    TRY(same_tokenizer(t, t->target));
    int rc = labels_open(&t->labels, meta);
    if (rc)
        return err_ctx(rc, "%s", stream_name(t->target));
    t->written = (struct written){t->spm, &t->labels};
    const json_t *format = json_object_get(meta, "format");
    if (cfg.gen && json_is_integer(format) && json_integer_value(format) == 0)
        return err_set(E_DATA, "%s: made with tokenize --format 0, which leaves no text to learn: for --loss att alone",
                       stream_name(t->target));
    /* Make the model, and read the targets. */
    TRY(open_model(t, json_object_get(meta, "labels")));
    t->data.turns = o.targets.n;
    TRY(dataset_read_targets(&t->data, 0, t->target, &t->labels, t->m->arch.V));
    for (int i = 1; i < o.targets.n; i++) {
        struct stream *s;
        TRY(run_input(r, o.targets.v[i], "target", &s));
        TRY(same_tokenizer(t, s));
        TRY(same_form(t->target, s));
        TRY(dataset_read_targets(&t->data, i, s, &t->labels, t->m->arch.V));
    }
    /* the log's own meta: what was learned, not how notes became tokens */
    json_t *m = json_pack("{s:O,s:O,s:s}", "labels", json_object_get(meta, "labels"), "tokenizer",
                          json_object_get(meta, "tokenizer"), "loss", o.loss);
    if (!m)
        return E_NOMEM;
    json_decref(r->meta);
    r->meta = m;
    return 0;
}

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    struct tool *t = r->state;
    return dataset_read_note(&t->data, rec, t->m->arch.V);
}

/* ---- hooks of the loop ---- */
static int on_log(void *ctx, const char *body, size_t n)
{
    struct tool *t = ctx;
    return t->run->out ? run_emit(t->run, body, n) : 0;
}

static void on_step(void *ctx, const struct train_state *s, const struct step_result *r)
{
    struct tool *t = ctx;
    char extra[96];
    double seconds = now_seconds() - t->seconds;
    snprintf(extra, sizeof extra, "loss %.4f  %.0f tokens/s", r->loss,
             (double)(s->tokens + s->note_tokens - t->tokens0) / (seconds > 0 ? seconds : 1));
    progress_show(&t->run->progress, (uint64_t)s->step, extra);
}

static void on_eval(void *ctx, const struct train_state *s, const struct eval_result *r, bool best)
{
    struct tool *t = ctx;
    struct buf b = {0};
    int rc = buf_fmt(&b, "step %lld: dev loss %.4f, micro-F1", (long long)s->step, r->loss);
    if (!rc && cfg.gen)
        rc = buf_fmt(&b, " %.4f generated%s", r->f1_gen, cfg.att ? "," : "");
    if (!rc && cfg.att)
        rc = buf_fmt(&b, " %.4f label attention (scores above %.3f)", r->f1_att_best, r->threshold);
    if (!rc)
        run_note(t->run, "%.*s%s", (int)b.n, b.p, best ? ", best so far" : "");
    buf_free(&b);
}

static int64_t read_codes(void *ctx, const int32_t *ids, int64_t n, bool cut, uint8_t *set)
{
    int64_t unknown;
    return written_codes(ctx, ids, n, cut, set, NULL, &unknown) ? -1 : unknown;
}

/* icd.json of the model: what icd-infer runs, and everything a score needs to name what is behind it. */
static int describe(struct tool *t, const struct train_state *s, const struct eval_result *r)
{
    const json_t *meta = t->run->meta;
    json_t *lineage = NULL;
    TRY(run_lineage(t->run, &lineage));
    json_t *card = train_card(&t->trainer, s, r);
    json_t *icd = json_pack("{s:s,s:i,s:s,s:O,s:O,s:O,s:O,s:o,s:b}", "format", "icdpipe-model", "version", 1, "loss",
                            o.loss, "labels", json_object_get(meta, "labels"), "tokenizer",
                            json_object_get(meta, "tokenizer"), "options", json_object_get(t->about, "options"),
                            "history", run_history(t->run), "lineage", lineage, "oracle", t->run->oracle);
    int bad = !icd || !card || json_object_update(icd, card);
    json_decref(card);
    if (bad) {
        json_decref(icd);
        return E_NOMEM;
    }
    json_decref(t->m->icd);
    t->m->icd = icd;
    return 0;
}

static int on_best(void *ctx, const struct train_state *s, const struct eval_result *r)
{
    struct tool *t = ctx;
    struct buf dir = {0};
    json_t *files = NULL;
    int rc = describe(t, s, r);
    if (!rc) /* that of the saved state stays until a state that names this one is saved */
        rc = run_dir_sweep(o.save, t->saved);
    if (!rc)
        rc = run_dir_best(&dir, o.save, s->best_step);
    if (!rc)
        rc = model_save(t->m, dir.p);
    buf_free(&dir);
    if (!rc)
        rc = run_dir_digests(o.save, s->best_step, &files);
    if (rc)
        return rc;
    json_decref(t->state.files);
    t->state.files = files;
    return 0;
}

static int on_state(void *ctx, const struct train_state *s)
{
    struct tool *t = ctx;
    TRY(checkpoint_save(o.save, t->m, s, t->about));
    t->saved = s->best_step;
    return run_dir_sweep(o.save, t->saved);
}

/* ---- the run ---- */
static int check_data(struct tool *t)
{
    struct dataset *d = &t->data;
    TRY(dataset_seal(d));
    if (d->other_notes)
        run_note(t->run, "%lld notes that are neither train nor dev are left out", (long long)d->other_notes);
    if (d->no_target)
        run_warn(t->run, "%lld train or dev notes have no target and are left out", (long long)d->no_target);
    if (d->no_note)
        run_warn(t->run, "%lld targets have no note and are left out", (long long)d->no_note);
    if (d->count[SPLIT_TRAIN] == 0)
        return err_set(E_DATA, "no training note with a target");
    if (d->count[SPLIT_DEV] == 0)
        run_warn(t->run, "no dev notes: the last model is kept, lambda and threshold are not chosen");
    int64_t longest, median;
    TRY(dataset_outlier(d, &longest, &median));
    if (longest)
        run_warn(t->run,
                 "the longest training note has %lld tokens, half of the notes have at most %lld: its step takes %.0f "
                 "times the time of theirs or more, and nothing stops inside a batch (tokenize --max-length or "
                 "note-sample shortens it, --dry-run tells the memory)",
                 (long long)longest, (long long)median, (double)longest / (double)median);
    return 0;
}

static int prepare(struct tool *t)
{
    json_t *lineage = NULL;
    TRY(run_lineage(t->run, &lineage));
    t->about = json_pack("{s:s,s:o,s:o}", "icdpipe", ICDPIPE_VERSION, "options", opt_resolved(opts, NULL),
                         "inputs", lineage);
    if (!t->about)
        return E_NOMEM;
    TRY(backend_open(o.device, t->run->threads, &t->be));
    TRY(backend_precision(t->be, o.precision, &t->m->params.products));
    TRY(model_alloc(t->m, t->be, true));
    t->state.best = NAN;
    t->state.threads = t->run->threads;
    snprintf(t->state.device, sizeof t->state.device, "%s", t->be->name);
    if (o.resume && !o.dry_run) {
        TRY(checkpoint_load(o.save, t->m, &t->state, t->about, &cfg, &t->data));
        t->saved = t->state.best_step;
        TRY(run_dir_sweep(o.save, t->saved));
        if (t->state.threads != t->run->threads)
            run_warn(t->run, "-j %d, the run so far had -j %lld: the result will not be its, bit for bit",
                     t->run->threads, (long long)t->state.threads);
        if (strcmp(t->state.device, t->be->name))
            run_warn(t->run, "on %s, the run so far was on %s: the result will not be its, bit for bit", t->be->name,
                     t->state.device);
    } else {
        params_init(&t->m->params, cfg.seed); /* with -m, only what is new keeps these */
        if (o.model)
            TRY(model_weights(t->m, o.model));
    }
    TRY(t->be->check());
    return trainer_init(&t->trainer, t->m, t->be, &cfg, &t->data);
}

static int dry_run(struct tool *t)
{
    const struct dataset *d = &t->data;
    const struct example *first = &d->ex[d->of[SPLIT_TRAIN][0]];
    struct step_result r;
    double mib = 1024 * 1024, each = 4 * sizeof(real) + (t->m->params.half ? dtype_size(DT_BF16) : 0);
    double weights = (double)t->m->params.numel * each, saving = (double)t->m->params.numel * sizeof(real);
    run_note(t->run, "%s: %lld parameters, %lld labels", t->m->family->name, (long long)model_learned(t->m),
             (long long)d->labels);
    if (t->m->kg)
        run_note(t->run, "knowledge: %lld texts of %lld codes, %lld tokens, %lld rows", (long long)t->m->kg->texts,
                 (long long)t->m->kg->codes, (long long)t->m->kg->tokens, (long long)t->m->kg->rows);
    run_note(t->run, "%lld train and %lld dev notes, %lld steps of %lld notes", (long long)d->count[SPLIT_TRAIN],
             (long long)d->count[SPLIT_DEV], (long long)train_total_steps(&cfg, d),
             (long long)(cfg.batch * cfg.accumulate));
    run_note(t->run, "first example: %lld note tokens, %lld target tokens, %lld codes", (long long)first->n,
             (long long)first->target_n, (long long)first->label_n);
    TRY(step_trial(&t->trainer, &r)); /* behind the sizes, as it can take long */
    double step = (double)(arena_peak(t->trainer.tape.dev) + arena_peak(t->trainer.tape.host));
    run_note(t->run, "memory: %.1f MiB for weights, gradients and moments, %.1f MiB for a batch of the longest notes "
                     "and targets, %.1f MiB more while a checkpoint is written",
             weights / mib, step / mib, saving / mib);
    run_note(t->run, "loss before training: %.4f", r.loss);
    return 0;
}

static void timing(struct tool *t)
{
    double s = now_seconds() - t->seconds;
    int64_t target = t->state.tokens, all = target + t->state.note_tokens;
    if (o.timing)
        fprintf(stderr, "icd-train: %.3f s, %.1f tokens/s\n", s, (double)(all - t->tokens0) / (s > 0 ? s : 1));
}

/* Is the model of any use? */
static void conclude(struct tool *t)
{
    const struct train_state *s = &t->state;
    struct run *r = t->run;
    if (isnan(s->best))
        return;
    if (s->best_f1 > s->floor + FLOOR_MARGIN && !s->constant) {
        run_note(r, "the best model (step %lld) has micro-F1 %.4f on the dev notes; a program that never reads a note "
                    "has %.4f", (long long)s->best_step, s->best_f1, s->floor);
        return;
    }
    run_warn(r,
             "the best model is not useful yet: it has micro-F1 %.4f on the dev notes%s; a program that never reads a "
             "note has %.4f",
             s->best_f1, s->constant ? " and predicts the same for every dev note" : "", s->floor);
    run_warn(r, "what to try: %s%s%s; more training notes than %lld; more tokens per note",
             s->best_step == s->step ? "more epochs, as the last was the best; " : "",
             o.init ? "an --lr from 0.0005 to 0.003; a checkpoint (-m) instead of --init"
                    : "an --lr from 0.0001 to 0.001",
             cfg.att ? "" : "; --loss gen+att", (long long)t->data.count[SPLIT_TRAIN]);
}

static int train(struct tool *t)
{
    struct train_hooks h = {.ctx = t, .log = on_log, .step = on_step, .evaluated = on_eval, .save_best = on_best,
                            .save_state = on_state, .reader = {read_codes, written_again, &t->written}};
    progress_end(&t->run->progress);
    progress_start(&t->run->progress, "icd-train", "steps", (uint64_t)train_total_steps(&cfg, &t->data), t->run->quiet);
    t->run->progress.before = (uint64_t)t->state.step;
    t->tokens0 = t->state.tokens + t->state.note_tokens;
    t->seconds = now_seconds();
    t->trainer.stop = stop;
    int rc = train_loop(&t->trainer, &t->state, &h);
    progress_end(&t->run->progress);
    timing(t);
    TRY(rc);
    conclude(t);
    TRY(on_state(t, &t->state)); /* done: a crash from here on leaves only names to be changed */
    return run_dir_finish(&t->dir, t->state.best_step, t->state.files);
}

static int end(struct run *r)
{
    struct tool *t = r->state;
    TRY(check_data(t));
    TRY(prepare(t));
    if (o.dry_run)
        return dry_run(t);
    process_defer();
    run_note(r, "from %s: --lr %.15g --schedule %s --warmup %.15g --epochs %lld --patience %lld --att-weight %.15g",
             o.init ? "random weights" : path_base(o.model), cfg.lr, o.schedule, cfg.warmup, (long long)cfg.epochs,
             (long long)cfg.patience, cfg.att_weight);
    return train(t);
}

static void done(struct run *r)
{
    struct tool *t = &tool;
    trainer_free(&t->trainer);
    dataset_free(&t->data);
    model_free(t->m);
    spm_close(t->spm);
    labels_close(&t->labels);
    json_decref(t->about);
    train_state_free(&t->state);
    run_dir_close(&t->dir);
}

static const struct stage stage = {
    .doc = {"icd-train", "[OPTION]... --target FILE --save DIR [FILE]",
            "Train a model on notes (token stream) and their codes (target stream)"},
    .opts = opts,
    .in = "token",
    .streams = logs,
    .threads_matter = true,
    .unit = "notes",
    .begin = begin,
    .each = each,
    .end = end,
    .done = done,
};

/* The defaults of both starts, behind the help of each option. */
static void tell_defaults(void)
{
    struct train_cfg at[2] = {cfg, cfg};
    at[0].gen = at[0].att = at[1].gen = at[1].att = true;
    const char *schedule[2] = {NULL, NULL};
    char value[2][FITS][24];
    for (int i = 0; i < 2; i++) {
        train_defaults(&at[i], &schedule[i], i);
        snprintf(value[i][0], sizeof *value[i], "%.15g", at[i].att_weight);
        snprintf(value[i][1], sizeof *value[i], "%lld", (long long)at[i].epochs);
        snprintf(value[i][2], sizeof *value[i], "%.15g", at[i].lr);
        snprintf(value[i][3], sizeof *value[i], "%s", schedule[i]);
        snprintf(value[i][4], sizeof *value[i], "%.15g", at[i].warmup);
        snprintf(value[i][5], sizeof *value[i], "%lld", (long long)at[i].patience);
    }
    for (int k = 0; k < FITS; k++) {
        size_t n = strlen(fits[k]);
        if (strcmp(value[0][k], value[1][k]))
            snprintf(fits[k] + n, sizeof *fits - n, " Default: %s with -m, %s with --init.", value[0][k], value[1][k]);
        else
            snprintf(fits[k] + n, sizeof *fits - n, " Default: %s.", value[0][k]);
    }
}

int main(int argc, char **argv)
{
    backend_share_cpu(argv);
    tell_defaults();
    int rc = stage_main(&stage, argc, argv);
    if (rc == E_STOPPED && process_asked()) /* the state is saved; 130 or 143, as without any */
        process_end(process_asked());
    return rc;
}
