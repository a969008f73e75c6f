/* icd-linear: token + target -> pred, by TF-IDF and logistic regression: the classical row beside the neural ones. It
 * trains, chooses and predicts in one run; the labels of the notes it predicts are no input. What is computed is
 * lib/linear's: vectors (tfidf.h), the solver (logistic.h), penalty and threshold (fit.h). Tests:
 * tests/cli/icd-linear.sh, tests/golden/linear.sh. */
#include <stdlib.h>
#include <string.h>

#include "lib/linear/fit.h"
#include "lib/stream/pick.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"

static struct {
    const char *target, *words, *split;
    int64_t ngrams, least_notes;
    double penalty;
} o = {.ngrams = 1, .least_notes = 3};

static const struct opt opts[] = {
    {"target", 't', OPT_FILE, &o.target, "FILE",
     "Target or gold stream of the train and dev notes. A record of another split is refused.", .flags = OPT_REQUIRED},
    {"split", 0, OPT_STR, &o.split, "A,B",
     "Predict the notes of these splits. Default: test if there is one, else dev."},
    {"words", 'm', OPT_DIR, &o.words, "MODEL",
     "Tokenizer of the tokens (a SentencePiece file, or a model directory). With it the features are the words that "
     "the pieces spell. Without it they are the pieces."},
    {"ngrams", 0, OPT_INT, &o.ngrams, "N", "Use runs of 1 to N words or pieces as features.", 1, 8},
    {"least-notes", 0, OPT_INT, &o.least_notes, "N", "Leave out features of fewer than N training notes.", 1, 1 << 20},
    {"penalty", 0, OPT_REAL, &o.penalty, "C",
     "C of LIBLINEAR. A larger one fits the training notes more closely. 0: the C that is best on the dev notes.",
     0, 1e9},
    {0},
};

enum { BIAS = 10 }; /* the constant feature: so large that the penalty hardly holds a label's base rate back */

static struct {
    struct stream *in;
    struct labels labels;
    struct spm *spm;
    struct examples e;
    struct linear_fit c;
    uint32_t *ask;
} st;

/* ---- reading ---- */

static int read_targets(struct run *r)
{
    struct stream *s;
    const msgpack_object *rec;
    enum stream_got got;
    TRY(run_input(r, o.target, "target,gold", &s));
    int rc = labels_open(&st.labels, stream_meta(s));
    if (rc)
        return err_ctx(rc, "%s", stream_name(s));
    while ((got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        if ((rc = examples_target(&st.e, rec, &st.labels)))
            return err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    return got == STREAM_ERROR ? rc : 0;
}

static int64_t piece(const json_t *tokenizer, const char *which, int64_t otherwise)
{
    const json_t *j = json_object_get(tokenizer, which);
    return json_is_integer(j) ? (int64_t)json_integer_value(j) : otherwise;
}

static int open_tokens(struct run *r)
{
    TRY(run_input(r, r->argc ? r->argv[0] : NULL, "token", &st.in));
    const json_t *tokenizer = json_object_get(stream_meta(st.in), "tokenizer");
    const char *of = json_string_value(json_object_get(stream_meta(st.in), "of"));
    if (!of || strcmp(of, "note"))
        return err_set(E_DATA, "%s: not the tokens of notes", stream_name(st.in));
    static const char *const silent[] = {"pad", "eos", "bos"};
    for (int i = 0; i < 3; i++)
        st.e.silent[i] = (int32_t)piece(tokenizer, silent[i], -1);
    if (!o.words)
        return 0;
    char file[4096];
    TRY(spm_find(o.words, file, sizeof file));
    TRY(spm_open(&st.spm, file));
    json_t *mine = spm_json(st.spm);
    int rc = mine ? spm_same(mine, tokenizer) : E_NOMEM;
    json_decref(mine);
    if (rc)
        return err_ctx(rc, "%s", stream_name(st.in));
    st.e.words = st.spm;
    return run_input_file(r, file);
}

/* A note that is neither learnt from, chosen with nor predicted is passed over. */
static bool wanted(const msgpack_object *rec)
{
    const char *split = "";
    size_t n = 0;
    if (rec_is(rec, "split", "train") || rec_is(rec, "split", "dev"))
        return true;
    rec_str(rec, "split", &split, &n);
    return o.split ? pick_one_of(o.split, split, n) : rec_is(rec, "split", "test");
}

static int read_tokens(struct run *r)
{
    const msgpack_object *rec;
    enum stream_got got;
    int rc = 0;
    int64_t pieces = piece(json_object_get(stream_meta(st.in), "tokenizer"), "pieces", INT32_MAX);
    while ((got = stream_next(st.in, &rec, &rc)) == STREAM_RECORD) {
        if (wanted(rec) && (rc = examples_tokens(&st.e, rec, pieces)))
            return err_ctx(rc, "%s: record %llu", stream_name(st.in), (unsigned long long)stream_records(st.in));
        run_progress(r, st.in);
    }
    return got == STREAM_ERROR ? rc : 0;
}

/* ---- what is predicted ---- */

static int list_asked(void)
{
    bool test = false;
    if (!(st.ask = mem_alloc(st.e.n, sizeof *st.ask)))
        return E_NOMEM;
    for (uint32_t i = 0; i < st.e.n; i++)
        test |= example_is(&st.e.v[st.e.order[i]], "test");
    const char *splits = test ? "test" : "dev";
    if (o.split)
        splits = o.split;
    for (uint32_t i = 0; i < st.e.n; i++) {
        const char *split = st.e.v[st.e.order[i]].split;
        if (pick_one_of(splits, split, strlen(split)))
            st.ask[st.c.asked++] = st.e.order[i];
    }
    return st.c.asked ? 0 : err_set(E_DATA, "%s: no note of split %s", stream_name(st.in), splits);
}

static void left_out(struct run *r)
{
    uint32_t no_target = 0, no_tokens = 0;
    for (size_t i = 0; i < st.e.id.n; i++) {
        const struct example *x = &st.e.v[i];
        no_tokens += x->label && !x->tokens;
        no_target += !x->label && (example_is(x, "train") || example_is(x, "dev"));
    }
    if (no_target)
        run_warn(r, "%u train or dev notes have no target and are not learnt from", no_target);
    if (no_tokens)
        run_warn(r, "%u targets have no note and are left out", no_tokens);
}

static void show(void *ctx, double penalty, size_t labels)
{
    struct run *r = ctx;
    char extra[40];
    snprintf(extra, sizeof extra, "C = %g", penalty);
    progress_show(&r->progress, labels, extra);
}

static int train_and_choose(struct run *r)
{
    TRY(examples_rows(&st.e, BIAS));
    progress_end(&r->progress);
    progress_start(&r->progress, r->stage->doc.tool, "labels", st.labels.n, r->quiet);
    st.c.of = &st.e;
    st.c.labels = &st.labels;
    st.c.penalty = o.penalty;
    st.c.ask = st.ask;
    st.c.threads = r->threads;
    st.c.done = show;
    st.c.ctx = r;
    TRY(linear_fit(&st.c));
    progress_end(&r->progress);
    run_note(r, "%zu train and %zu dev notes, %d features; C = %g, threshold %.4g: micro-F1 %.4f on dev", st.c.train,
             st.c.dev, st.e.text.n, st.c.penalty, st.c.threshold, st.c.f1);
    return 0;
}

/* The header's meta. A prediction of dev and one of test by the same run of training have the same `model`. */
static int set_meta(struct run *r)
{
    json_t *labels = json_array(), *tokenizer = json_object_get(stream_meta(st.in), "tokenizer");
    int bad = !labels;
    for (size_t l = 0; l < st.labels.n; l++)
        bad = bad || json_array_append_new(labels, json_string(st.labels.code[l]));
    json_t *model = json_pack("{s:s, s:b, s:I, s:I, s:i, s:f, s:{s:I, s:I, s:f}}", "family", "linear", "words",
                              o.words != NULL, "ngrams", (json_int_t)o.ngrams, "least_notes", (json_int_t)o.least_notes,
                              "features", (int)st.e.text.n, "penalty", st.c.penalty, "dev", "train_notes",
                              (json_int_t)st.c.train, "notes", (json_int_t)st.c.dev, "f1_micro", st.c.f1);
    bad = bad || !model || json_object_set(r->meta, "labels", labels) || json_object_set(r->meta, "model", model) ||
          json_object_set_new(r->meta, "scores", json_string("f32")) ||
          json_object_set_new(r->meta, "use", json_string("linear")) ||
          json_object_set_new(r->meta, "threshold", json_real(st.c.threshold)) ||
          (tokenizer && json_object_set(r->meta, "tokenizer", tokenizer));
    json_decref(labels);
    json_decref(model);
    return bad ? err_nomem(0) : 0;
}

static int begin(struct run *r)
{
    st.e.text.ngrams = (int)o.ngrams;
    st.e.text.least_texts = (uint32_t)o.least_notes;
    if (r->argc > 1)
        return err_set(E_USAGE, "one input at a time; '%s' is one too many", r->argv[1]);
    TRY(open_tokens(r));
    TRY(read_targets(r));
    progress_start(&r->progress, r->stage->doc.tool, "notes", 0, r->quiet);
    TRY(read_tokens(r));
    left_out(r);
    TRY(list_asked());
    TRY(train_and_choose(r));
    return set_meta(r);
}

/* ---- writing ---- */

static int emit(struct run *r, size_t i, msgpack_sbuffer *sb)
{
    msgpack_packer pk;
    const struct example *x = &st.e.v[st.ask[i]];
    const float *score = st.c.score + i * st.labels.n;
    size_t id_n, codes = 0;
    const char *id = names_at(&st.e.id, st.ask[i], &id_n);
    for (size_t l = 0; l < st.labels.n; l++)
        codes += (double)score[l] > st.c.threshold;
    msgpack_sbuffer_clear(sb);
    pk_init(&pk, sb);
    msgpack_pack_map(&pk, 4);
    pk_str(&pk, "id");
    pk_strn(&pk, id, id_n);
    pk_str(&pk, "split");
    pk_str(&pk, x->split);
    pk_str(&pk, "codes");
    msgpack_pack_array(&pk, codes);
    for (size_t l = 0; l < st.labels.n; l++)
        if ((double)score[l] > st.c.threshold)
            pk_str(&pk, st.labels.code[l]);
    pk_str(&pk, "scores");
    pk_bin(&pk, score, st.labels.n * sizeof *score);
    return run_emit(r, sb->data, sb->size);
}

static int end(struct run *r)
{
    msgpack_sbuffer sb;
    int rc = 0;
    msgpack_sbuffer_init(&sb);
    for (size_t i = 0; i < st.c.asked && !rc; i++)
        rc = emit(r, i, &sb);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

static void done(struct run *r)
{
    linear_fit_free(&st.c);
    examples_free(&st.e);
    labels_close(&st.labels);
    spm_close(st.spm);
    free(st.ask);
}

int main(int argc, char **argv)
{
    static const struct stage stage = {
        .doc = {"icd-linear", "-t TARGET [OPTION]... [FILE]", "predict codes by TF-IDF and logistic regression"},
        .opts = opts,
        .out = "pred",
        .unit = "notes",
        .begin = begin,
        .end = end,
        .done = done,
    };
    return stage_main(&stage, argc, argv);
}
