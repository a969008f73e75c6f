/* One system's predictions, from the file to the codes that count: see system.h. */
#include "lib/metric/system.h"

#include <stdlib.h>
#include <string.h>

#include "lib/metric/plain.h"

int system_open(struct run *r, struct system *y, const char *path)
{
    *y = (struct system){.path = path, .name = path ? path_base(path) : NULL};
    if ((y->plain = plain_is(path)))
        return run_input_file(r, path);
    TRY(run_input(r, path, "pred", &y->s));
    y->name = stream_name(y->s);
    return 0;
}

/* ---- titles ---- */

int system_titles(struct system *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *file = y[i].path ? y[i].path : y[i].name, *base = path_base(file);
        bool twice = false;
        for (size_t k = 0; k < n; k++)
            twice |= k != i && y[k].path && strcmp(path_base(y[k].path), base) == 0;
        base -= twice && base > file; /* its folder, too */
        while (twice && base > file && base[-1] != '/')
            base--;
        if (!(y[i].title = report_title(base)))
            return E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) { /* still the same: by number */
        int same = 1;
        for (size_t k = 0; k < i; k++)
            same += strcmp(y[k].title, y[i].title) == 0;
        if (same > 1) {
            struct buf b = {0};
            TRY(buf_fmt(&b, "%s#%d", y[i].title, same));
            free(y[i].title);
            y[i].title = mem_strndup(b.p, b.n);
            buf_free(&b);
            if (!y[i].title)
                return E_NOMEM;
        }
    }
    return 0;
}

/* ---- reading ---- */

static int read_stream(struct run *r, struct system *y)
{
    const msgpack_object *rec;
    enum stream_got got;
    int rc = preds_labels(&y->preds, stream_meta(y->s));
    if (rc)
        return err_ctx(rc, "%s", y->name);
    while ((got = stream_next(y->s, &rec, &rc)) == STREAM_RECORD) {
        if ((rc = preds_record(&y->preds, rec)) != 0)
            return err_ctx(rc, "%s: record %llu", y->name, (unsigned long long)stream_records(y->s));
        run_progress(r, y->s);
    }
    return got == STREAM_ERROR ? rc : 0;
}

static int read_preds(struct run *r, struct system *y, const struct gold *g, const struct system_cfg *c,
                      const char *split)
{
    struct preds *p = &y->preds;
    TRY(preds_open(p, g, y->name, c->strict));
    TRY(y->plain ? plain_read(p, y->path) : read_stream(r, y));
    TRY(preds_join(p, split));
    if (p->unlisted)
        run_note(r, "%s: %llu cells are not listed and have score 0", y->name, (unsigned long long)p->unlisted);
    if (p->missing)
        run_note(r, "%s: %zu of the gold stream's %zu labels are not among its own: never predicted", y->name,
                 p->missing, g->labels.n);
    return 0;
}

int system_read(struct run *r, struct system *y, const struct gold *g, const struct system_cfg *c)
{
    TRY(read_preds(r, y, g, c, c->split));
    if (y->preds.left_out)
        run_note(r, "%s: %zu notes of other splits are not scored (--split)", y->name, y->preds.left_out);
    return 0;
}

/* ---- thresholds ---- */

static const json_t *model_of(const struct system *y)
{
    return y->s ? json_object_get(stream_meta(y->s), "model") : NULL;
}

/* Dev predictions and those that the threshold is for: by one model, as far as both say by which. */
static int same_model(const struct system *dev, const struct system *of)
{
    const json_t *a = model_of(dev), *b = model_of(of);
    return !a || !b || json_equal(a, b)
               ? 0
               : err_set(E_DATA, "%s: by another model than %s: a threshold is for the model it was tuned for",
                         dev->name, of->name);
}

/* Marks the dev notes; those of other splits are refused. */
static int mark(const struct system *dev, const struct gold *g, const char **tuned)
{
    for (size_t i = 0; i < dev->preds.n; i++) {
        const struct gold_note *n = &g->v[dev->preds.v[i].gold];
        /* Not train's either: a model is surer of the notes it has learned than of any others. */
        if (strcmp(g->split[n->split], "test") == 0 || strcmp(g->split[n->split], "train") == 0)
            return err_set(E_DATA, "%s: holds notes of the %s split: a threshold is never tuned on them", dev->name,
                           g->split[n->split]);
        tuned[dev->preds.v[i].gold] = dev->path;
    }
    return 0;
}

static int describe(const struct system *dev, const struct system *y, const struct threshold_how *how, json_t **to)
{
    const struct gold *g = dev->preds.gold;
    const json_t *model = model_of(dev);
    const char *split = preds_split(&dev->preds);
    char hex[17];
    json_t *o = thresholds_json(how, (const char *const *)g->labels.code, y->t, g->labels.n, y->all), *from;
    bool bad = !o || json_object_set_new(o, "notes", json_integer((json_int_t)dev->preds.n)) ||
               (split && json_object_set_new(o, "split", json_string(split)));
    if (!bad && model) {
        TRY(thresholds_digest(model, hex));
        bad = json_object_set_new(o, "model", json_string(hex));
    }
    int rc = 0;
    if (dev->s)
        memcpy(hex, stream_xxh64(dev->s), sizeof hex);
    else
        rc = file_xxh64(dev->path, hex);
    from = json_pack("{s:s, s:s}", "name", dev->name, "xxh64", hex);
    bad = bad || !from || (dev->s && json_object_set(from, "lineage", (json_t *)(uintptr_t)stream_lineage(dev->s))) ||
          json_object_set(o, "from", from);
    json_decref(from);
    *to = o;
    return bad ? err_nomem(0) : rc;
}

int system_tune(struct run *r, struct system *y, const char *dev_path, const struct gold *g, const struct system_cfg *c,
                const char **tuned, json_t **save)
{
    struct system dev;
    int rc = system_open(r, &dev, dev_path);
    if (!rc)
        rc = same_model(&dev, y);
    if (!rc)
        rc = read_preds(r, &dev, g, c, "all");
    if (!rc && !dev.preds.scores)
        rc = err_set(E_DATA, "%s: no scores to tune a threshold on", dev.name);
    if (!rc)
        rc = mark(&dev, g, tuned);
    if (!rc && !(y->t = mem_alloc(g->labels.n, sizeof *y->t)))
        rc = E_NOMEM;
    if (!rc && !(rc = preds_set(&dev.preds, &dev.set, &dev.note)))
        rc = threshold_find(&dev.set, &c->how, y->t, &y->all);
    y->t_by_code = c->how.by_code;
    y->t_from = path_base(dev_path);
    y->tuned = true;
    if (!rc && save)
        rc = describe(&dev, y, &c->how, save);
    system_close(&dev);
    return rc;
}

int system_thresholds(struct run *r, struct system *y, const char *path, const struct gold *g)
{
    struct thresholds f;
    TRY(run_input_file(r, path));
    int rc = thresholds_read(&f, path);
    if (!rc) {
        const char *split = json_string_value(json_object_get(f.file, "split"));
        const char *mine = preds_split(&y->preds);
        if (split && mine && strcmp(split, mine) == 0)
            rc = err_set(E_DATA, "tuned on notes of the %s split, which is scored here", split);
        if (!rc && !(y->t = mem_alloc(g->labels.n, sizeof *y->t)))
            rc = E_NOMEM;
        if (!rc)
            rc = thresholds_for(&f, model_of(y), (const char *const *)g->labels.code, g->labels.n, y->t);
        if (rc)
            err_ctx(rc, "%s", path_base(path));
        y->all = f.all == f.all ? f.all : INFINITY;
        y->t_by_code = f.by_code;
        y->t_from = path_base(path);
    }
    thresholds_close(&f);
    return rc;
}

/* ---- which codes count ---- */

/* Whether a text has the form of a code, so that it may be shown. */
static bool like_a_code(const char *c)
{
    size_t n = strspn(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.");
    return n <= 8 && !c[n] && strpbrk(c, "0123456789");
}

static int tell_outside(struct run *r, const struct system *y)
{
    const struct preds *p = &y->preds;
    size_t codes = 0, notes = 0, kinds = 0, L = p->gold->labels.n;
    struct buf some = {0};
    int rc = 0;
    uint8_t *seen = mem_zalloc(p->n_outside, 1);
    if (!seen)
        return E_NOMEM;
    for (size_t i = 0; i < p->n; i++) {
        const struct pred *d = &p->v[i];
        codes += d->outside;
        notes += d->outside > 0;
        for (uint32_t k = 0; k < d->outside; k++)
            seen[d->code[d->n + k] - L] = 1;
    }
    for (size_t k = 0; !rc && k < p->n_outside; k++) {
        kinds += seen[k];
        if (seen[k] && some.n < 40 && like_a_code(p->outside[k]))
            rc = buf_fmt(&some, "%s%s", some.n ? ", " : ": ", p->outside[k]);
    }
    if (!rc && codes)
        run_note(r,
                 "%s: %zu predicted codes of %zu notes are none of the gold stream's %zu labels and count as wrong "
                 "(%zu different ones%.*s%s)",
                 y->name, codes, notes, L, kinds, (int)some.n, some.p ? some.p : "",
                 kinds > 5 && some.n ? ", ..." : "");
    buf_free(&some);
    free(seen);
    return rc;
}

static int above(struct system *y, const struct system_cfg *c)
{
    struct preds *p = &y->preds;
    size_t L = p->gold->labels.n;
    double given = c->threshold == c->threshold ? c->threshold : 0.5; /* 0.5: what CAML does with scores */
    double *t = mem_alloc(L + p->n_outside, sizeof *t);
    if (!t)
        return E_NOMEM;
    for (size_t l = 0; l < L; l++)
        t[l] = y->t ? y->t[l] : given;
    for (size_t k = 0; k < p->n_outside; k++)
        t[L + k] = y->t ? y->all : given;
    int rc = preds_threshold(p, t, t + L);
    y->above = true;
    free(t);
    return rc;
}

int system_decide(struct run *r, struct system *y, const struct system_cfg *c, bool must)
{
    struct preds *p = &y->preds;
    bool given = c->threshold == c->threshold, wanted = y->t || given || !p->final;
    const char *option = y->tuned ? "--tune" : "--thresholds";
    if (wanted && !p->scores && (must || y->t))
        return err_set(E_DATA, "%s: field scores: not there, but %s needs it", p->name, y->t ? option : "--threshold");
    if (wanted && p->scores) {
        if (!y->t && !given)
            run_note(r, "%s: no final codes; those with a score above 0.5 are scored", p->name);
        TRY(above(y, c));
    }
    TRY(tell_outside(r, y));
    return preds_set(p, &y->set, &y->note);
}

/* The tool that wrote the predictions; what a filter selects is still that tool's. */
static const char *maker(const struct system *y)
{
    const json_t *history = stream_history(y->s);
    for (size_t i = json_array_size(history); i-- > 0;) {
        const char *tool = json_string_value(json_object_get(json_array_get(history, i), "tool"));
        if (tool && strcmp(tool, "rec-cat"))
            return tool;
    }
    return "unknown tool";
}

int system_codes(struct buf *b, const struct system *y, const struct system_cfg *c)
{
    const json_t *meta = y->s ? stream_meta(y->s) : NULL, *t = json_object_get(meta, "threshold");
    const char *use = json_string_value(json_object_get(meta, "use"));
    if (y->t && y->t_by_code)
        return buf_fmt(b, "codes with a score above their own threshold, %s %s", y->tuned ? "tuned on" : "of",
                       y->t_from);
    if (y->t) /* digits to be given again */
        return buf_fmt(b, "codes with a score above %.17g, %s %s", y->t[0], y->tuned ? "tuned on" : "of", y->t_from);
    if (y->above)
        return c->threshold_text ? buf_fmt(b, "codes with a score above %s (--threshold)", c->threshold_text)
                                 : buf_str(b, "codes with a score above 0.5, as there are no final codes");
    TRY(buf_str(b, "final codes"));
    if (use)
        TRY(buf_fmt(b, " (%s", maker(y)));
    if (use && !strcmp(maker(y), "icd-infer"))
        TRY(buf_fmt(b, " --use %s", use));
    if (use && json_is_number(t))
        TRY(buf_fmt(b, ", threshold %.6g", json_number_value(t)));
    if (use && json_is_string(t))
        TRY(buf_fmt(b, ", threshold %s", json_string_value(t)));
    return use ? buf_str(b, ")") : 0;
}

int system_input(struct buf *b, const struct system *y)
{
    const json_t *h = y->s ? stream_history(y->s) : NULL;
    int tokens = history_stage(h, -1, "tokenize"), sample = tokens < 0 ? -1 : history_stage(h, tokens, "note-sample");
    const json_t *most = history_option(h, tokens, "max-length"), *budget = history_option(h, sample, "budget");
    const char *level = json_string_value(history_option(h, sample, "level"));
    if (json_integer_value(most) > 0)
        TRY(buf_fmt(b, "at most %lld tokens per note", (long long)json_integer_value(most)));
    else if (json_is_integer(most) && !level)
        TRY(buf_str(b, "whole notes"));
    if (level && b->n)
        TRY(buf_str(b, ", "));
    if (level && !strcmp(level, "none"))
        TRY(buf_str(b, "the beginning, cut"));
    else if (level)
        TRY(buf_fmt(b, "sampled by %s", level));
    if (level && json_integer_value(budget) > 0)
        TRY(buf_fmt(b, " to %lld", (long long)json_integer_value(budget)));
    return 0;
}

json_t *system_threshold(const struct system *y, const struct system_cfg *c)
{
    if (y->t)
        return y->t_by_code ? json_string("by code") : json_real(y->t[0]);
    if (c->threshold == c->threshold)
        return json_real(c->threshold);
    return y->above || (y->plain && y->preds.scores && !y->preds.final) ? json_real(0.5) : json_null();
}

void system_close(struct system *y)
{
    metric_close(&y->set);
    preds_close(&y->preds);
    free(y->note);
    free(y->title);
    free(y->t);
    *y = (struct system){0};
}
