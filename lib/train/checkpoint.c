/* The complete state of a run in one file, DIR/checkpoint/state.safetensors, so that it is there whole or not at all:
 * parameters, both moments and the log as tensors, counters as JSON in the metadata, and last the digest of all that.
 * Tests: tests/cli/icd-train.sh, tests/fault/checkpoint.sh. */
#include "lib/train/train.h"
#include "lib/tensor/safetensors.h"
#include "lib/util/err.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 3, THREADS_MAX = 1024 };
static const char *const names[] = {"value", "m", "v"};
static const char *const dtype = sizeof(real) == 8 ? "F64" : "F32";

static real *flat(const struct params *ps, int i)
{
    real *const all[] = {ps->value, ps->m, ps->v}; /* as `names` */
    return all[i];
}

static json_t *state_json(const struct train_state *s, const json_t *about)
{
    json_t *j = json_pack("{s:i,s:O,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:b,s:I,s:I,s:f,s:f,s:f,s:I,s:I,s:s}", "format", FORMAT,
                          "about", about, "step", (json_int_t)s->step, "epoch", (json_int_t)s->epoch, "group",
                          (json_int_t)s->group, "micro", (json_int_t)s->micro, "bad", (json_int_t)s->bad, "best_step",
                          (json_int_t)s->best_step, "eval_due", s->eval_due, "done", s->done, "tokens",
                          (json_int_t)s->tokens, "note_tokens", (json_int_t)s->note_tokens, "sum_loss", s->sum_loss,
                          "sum_gen", s->sum_gen, "sum_att", s->sum_att, "summed", (json_int_t)s->summed,
                          "threads", (json_int_t)s->threads, "device", s->device);
    bool bad = j && s->files && json_object_set(j, "files", s->files);
    if (j && !bad && !isnan(s->best))
        bad = json_object_set_new(j, "best",
                                  json_pack("{s:f,s:f,s:f,s:f,s:f,s:b}", "measure", s->best, "loss", s->best_loss,
                                            "low_loss", s->low_loss, "f1", s->best_f1, "floor", s->floor, "constant",
                                            s->constant));
    if (!bad)
        return j;
    json_decref(j);
    return NULL;
}

void train_state_free(struct train_state *s)
{
    buf_free(&s->log);
    json_decref(s->files);
    s->files = NULL;
}

static int best_from(json_t *j, struct train_state *s)
{
    json_error_t e;
    int constant;
    if (!j)
        return 0;
    s->best = NAN;
    if (json_unpack_ex(j, &e, 0, "{s:F,s:F,s:F,s:F,s:F,s:b}", "measure", &s->best, "loss", &s->best_loss, "low_loss",
                       &s->low_loss, "f1", &s->best_f1, "floor", &s->floor, "constant", &constant))
        return err_set(E_DATA, "state: best: %s", e.text);
    s->constant = constant;
    return 0;
}

static int files_from(json_t *files, struct train_state *s)
{
    const char *name;
    const json_t *v;
    json_object_foreach(files, name, v)
        if (!*name || strchr(name, '/') || !json_is_string(v))
            return err_set(E_DATA, "state: files: not names and digests");
    if ((s->best_step > 0) != (json_object_size(files) > 0))
        return err_set(E_DATA, "state: files: not those of a best model");
    json_decref(s->files);
    s->files = json_incref(files);
    return 0;
}

static int state_from(const json_t *j, struct train_state *s)
{
    json_int_t step, epoch, group, micro, bad, best_step, tokens, note_tokens, summed, threads;
    int eval_due, done;
    json_error_t e;
    const char *device = "cpu";
    if (json_unpack_ex((json_t *)j, &e, 0, "{s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:b,s:I,s:I,s:F,s:F,s:F,s:I,s:I,s?s}",
                       "step", &step, "epoch", &epoch, "group", &group, "micro", &micro, "bad", &bad,
                       "best_step", &best_step, "eval_due", &eval_due, "done", &done, "tokens", &tokens, "note_tokens",
                       &note_tokens, "sum_loss", &s->sum_loss, "sum_gen", &s->sum_gen, "sum_att", &s->sum_att, "summed",
                       &summed, "threads", &threads, "device", &device))
        return err_set(E_DATA, "state: %s", e.text);
    if (micro < 0 || bad < 0 || best_step < 0 || tokens < 0 || note_tokens < 0 || threads < 1 || threads > THREADS_MAX)
        return err_set(E_DATA, "state: a counter is out of range");
    s->step = step;
    s->epoch = epoch;
    s->group = group;
    s->micro = (uint64_t)micro;
    s->bad = bad;
    s->best_step = best_step;
    s->eval_due = eval_due;
    s->done = done;
    s->tokens = tokens;
    s->note_tokens = note_tokens;
    s->summed = summed;
    s->threads = threads;
    snprintf(s->device, sizeof s->device, "%s", device);
    TRY(files_from(json_object_get(j, "files"), s));
    return best_from(json_object_get(j, "best"), s);
}

/* Step, epoch, group and micro-batches follow from each other; the rest lies within bounds. */
static int check_counters(const struct train_state *s, const struct train_cfg *c, const struct dataset *d)
{
    int64_t n = d->count[SPLIT_TRAIN], spe = train_steps_per_epoch(c, d), total = train_total_steps(c, d);
    int64_t group = c->batch * c->accumulate, rest = (n % group + c->batch - 1) / c->batch;
    bool good = s->step >= 0 && s->step <= total && s->epoch >= 0 && s->epoch <= s->step && s->group >= 0 &&
                s->group < spe && s->step == s->epoch * spe + s->group &&
                s->micro == (uint64_t)(s->epoch * (n / group * c->accumulate + rest) + s->group * c->accumulate);
    good = good && s->best_step <= s->step && s->bad <= s->step && s->summed >= 0 && s->summed <= s->step;
    good = good && (!s->done || s->step == total || (c->patience > 0 && s->bad >= c->patience));
    good = good && isnan(s->best) == (s->best_step == 0 || d->count[SPLIT_DEV] == 0);
    return good ? 0 : err_set(E_DATA, "state: its counters do not fit each other");
}

int checkpoint_save(const char *dir, const struct model *m, const struct train_state *s, const json_t *about)
{
    const struct params *ps = &m->params;
    struct buf path = {0};
    struct st_writer *w = NULL;
    size_t bytes = (size_t)ps->numel * sizeof(real);
    int rc = E_NOMEM;
    real *host = mem_alloc(bytes, 1);
    json_t *state = state_json(s, about), *meta = NULL;
    char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    if (!host || !text || !(meta = json_pack("{s:s}", "state", text)))
        goto out;
    TRY_GOTO(rc, out, run_dir_path(&path, dir, "checkpoint/state.safetensors"));
    TRY_GOTO(rc, out, st_create(&w, path.p, meta));
    for (int i = 0; i < 3; i++)
        TRY_GOTO(rc, out, st_declare(w, names[i], dtype, 1, (int64_t[]){ps->numel}));
    TRY_GOTO(rc, out, st_declare(w, "log", "U8", 1, (int64_t[]){(int64_t)s->log.n}));
    TRY_GOTO(rc, out, st_seal(w));
    for (int i = 0; i < 3; i++) {
        TRY_GOTO(rc, out, ps->be->download(host, flat(ps, i), bytes));
        TRY_GOTO(rc, out, st_data(w, host, bytes));
    }
    TRY_GOTO(rc, out, st_data(w, s->log.p ? s->log.p : "", s->log.n));
    rc = st_end(w);
out:
    if (w)
        st_discard(w);
    free(host);
    free(text);
    json_decref(state);
    json_decref(meta);
    buf_free(&path);
    return rc ? err_ctx(rc, "checkpoint") : 0;
}

/* The same options, inputs and program? Names the first that is not. */
static int same_run(const json_t *then, const json_t *now)
{
    const json_t *a = json_object_get(then, "options"), *b = json_object_get(now, "options");
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)b, key, v)
        if (!json_equal(v, json_object_get(a, key)))
            return err_set(E_USAGE, "--%s is not what the interrupted run had", key);
    json_object_foreach((json_t *)a, key, v)
        if (!json_object_get(b, key))
            return err_set(E_USAGE, "--%s was given to the interrupted run", key);
    json_object_foreach((json_t *)now, key, v)
        if (!json_equal(v, json_object_get(then, key)))
            return err_set(E_USAGE, "%s: not the interrupted run's", key);
    return 0;
}

static int restore(const struct st_file *f, struct model *m, struct train_state *s)
{
    const struct params *ps = &m->params;
    size_t bytes = (size_t)ps->numel * sizeof(real);
    const struct st_tensor *log = st_find(f, "log");
    if (!log || strcmp(log->dtype, "U8"))
        return err_set(E_DATA, "tensor log: missing");
    real *host = mem_alloc(bytes, 1);
    int rc = host ? 0 : E_NOMEM;
    for (int i = 0; i < 3 && !rc; i++) {
        const struct st_tensor *t = st_find(f, names[i]);
        if (!t || strcmp(t->dtype, dtype) || t->bytes != bytes) {
            rc = err_set(E_DATA, "tensor %s: not of this model", names[i]);
            break;
        }
        memcpy(host, t->data, bytes); /* what is mapped is not aligned */
        rc = ps->be->upload(flat(ps, i), host, bytes);
    }
    free(host);
    params_changed(ps);
    s->log.n = 0;
    return rc ? rc : buf_add(&s->log, log->data, log->bytes);
}

/* What the file says of itself: that it is of this version, and whole. */
static int read_state(const struct st_file *f, json_t **state)
{
    const char *text = json_string_value(json_object_get(st_metadata(f), "state"));
    *state = text ? json_loads(text, 0, NULL) : NULL;
    if (!json_is_object(*state))
        return err_set(E_DATA, "not a training state");
    if (json_integer_value(json_object_get(*state, "format")) != FORMAT)
        return err_set(E_DATA, "not of this version of icd-train");
    return st_sealed(f);
}

static int load(const struct st_file *f, const json_t *state, struct model *m, struct train_state *s,
                const struct train_cfg *c, const struct dataset *d)
{
    TRY(state_from(state, s));
    TRY(check_counters(s, c, d));
    return restore(f, m, s);
}

int checkpoint_load(const char *dir, struct model *m, struct train_state *s, const json_t *about,
                    const struct train_cfg *c, const struct dataset *d)
{
    struct buf path = {0};
    struct st_file *f = NULL;
    json_t *state = NULL;
    int rc;
    TRY_GOTO(rc, out, run_dir_path(&path, dir, "checkpoint/state.safetensors"));
    rc = st_open(&f, path.p);
    if (rc == E_DATA)
        err_ctx(rc, "%s/checkpoint", dir);
    if (rc)
        goto out;
    rc = read_state(f, &state);
    if (!rc && !json_is_object(json_object_get(state, "about")))
        rc = err_set(E_DATA, "state: about: missing");
    if (!rc)
        rc = same_run(json_object_get(state, "about"), about);
    if (!rc)
        rc = load(f, state, m, s, c, d);
    if (rc == E_DATA)
        err_ctx(rc, "%s/checkpoint: state.safetensors", dir);
    if (!rc)
        rc = run_dir_verify(dir, s->best_step, s->files, s->done);
out:
    if (f)
        st_close(f);
    json_decref(state);
    buf_free(&path);
    return rc;
}
