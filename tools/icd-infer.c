/* icd-infer: token -> pred. Notes are read a window at a time, batched by length and written in the order they came.
 * It has no label input: a prediction cannot know the answer. Tests: tests/cli/icd-infer.sh. */
#include "lib/metric/threshold_file.h"
#include "lib/model/knowledge.h"
#include "lib/predict/alike.h"
#include "lib/predict/choice.h"
#include "lib/predict/evidence.h"
#include "lib/predict/foreign.h"
#include "lib/predict/written.h"
#include "lib/stream/stage.h"
#include "lib/text/spm.h"
#include "lib/util/file.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 8, MAX_NEW = 256 }; /* batches read before the first is computed; tokens where a model says nothing */

static struct {
    const char *model, *labels, *tokenizer, *use, *ensemble, *split, *threshold, *thresholds, *device,
        *precision;
    int64_t max_new, batch;
    bool evidence;
} o = {.use = "auto", .device = "auto", .precision = "fp32", .batch = 8};

static const char *const uses[] = {"gen", "att", "ensemble", "auto", NULL};
static const char *const ensembles[] = {"global", "code", "mix", "or", "and", NULL};
static const char *const precisions[] = {"fp32", "bf16", NULL};

static const struct opt opts[] = {
    {"model", 'm', OPT_DIR, &o.model, "DIR",
     "Model directory that icd-train wrote, or one of transformers that was trained elsewhere (see --labels).",
     .flags = OPT_REQUIRED},
    {"labels", 0, OPT_FILE, &o.labels, "FILE",
     "The codes that a model trained elsewhere may write: a gold stream, a file with one code per line, or a named "
     "list (caml50, laat50, fixed50)."},
    {"tokenizer", 0, OPT_FILE, &o.tokenizer, "FILE", "The tokenizer of a model directory that has none."},
    {"use", 'u', OPT_CHOICE, &o.use, "WHAT",
     "What decides.\n"
     "gen: the generated text\n"
     "att: the label attention\n"
     "ensemble: both together\n"
     "auto: the one of the two that was better on the dev notes in training",
     .choices = uses},
    {"ensemble", 0, OPT_CHOICE, &o.ensemble, "HOW",
     "How to combine both sides: a reading of eq. 5. Default with --use ensemble: the one of the last four that was "
     "best on the dev notes.\n"
     "global: one lambda, 0 or 1, for all codes\n"
     "code: one lambda, 0 or 1, per code\n"
     "mix: a lambda between 0 and 1\n"
     "or: the codes of either side\n"
     "and: the codes of both sides",
     .choices = ensembles},
    {"split", 0, OPT_STR, &o.split, "A,B", "Predict the notes of these splits only."},
    {"threshold", 0, OPT_STR, &o.threshold, "T",
     "Predict the codes whose score is above T, a number from 0 to 1. Default: dev, the model's own threshold, "
     "which was best on the dev notes."},
    {"thresholds", 0, OPT_FILE, &o.thresholds, "FILE",
     "Predict the codes whose score is above the threshold that FILE has for them. icd-score --save-thresholds writes "
     "FILE. The label attention decides."},
    {"max-new", 0, OPT_INT, &o.max_new, "N", "Longest generated text, in tokens; 0: as in the model's training.", 0,
     1 << 20},
    {"batch", 'b', OPT_INT, &o.batch, "N", "Notes per batch.", 1, 1 << 16},
    {"evidence", 0, OPT_FLAG, &o.evidence, NULL,
     "Add to each predicted code the places of the note that its label attention looked at most."},
    {"device", 0, OPT_STR, &o.device, "DEVICE",
     "Where to compute.\n"
     "auto: a GPU if one can be used, else the CPU\n"
     "cpu: the CPU\n"
     "cuda: the first GPU\n"
     "cuda:N: GPU number N"},
    {"precision", 0, OPT_CHOICE, &o.precision, "NAME",
     "Numbers of matrix products.\n"
     "fp32: single precision\n"
     "bf16: bfloat16, on a GPU only; sums and the residual stream stay fp32",
     .choices = precisions},
    {0},
};

struct note {
    char *id, *split;
    int32_t *ids;
    uint32_t *offset;  /* 2n, or NULL */
    int64_t n;
    float *score;      /* (L), or NULL */
    uint8_t *gen, *code; /* (L) in the generated text; predicted. gen NULL: not generated */
    char *text;
    size_t text_n;
    int64_t unknown;
    bool cut;            /* the text met its limit */
    struct evidence_span *span; /* TOP_TOKENS per label. Only of predicted labels */
};
static struct {
    struct model *m;
    struct spm *spm;
    struct labels labels;
    const struct backend *be;
    struct tape tape;
    bool asked; /* a note of --split was there */
    bool att;   /* scores are computed; chosen.gen: text is */
    int64_t max_new, texts, cut; /* limit of a text in tokens; how many were written, how many met it */
    struct chosen chosen;
    struct thresholds file; /* of --thresholds */
    double *thresholds;     /* (L) likewise */
    struct written written;
    struct note *note; /* the window */
    int64_t n, cap;
    struct note **sorted; /* its notes by length */
    /* the batch in hand */
    struct note **batch;
    int64_t B;
    struct encoded enc;
    struct tensor score, attention;
} st;

static void note_free(struct note *x)
{
    free(x->id);
    free(x->split);
    free(x->ids);
    free(x->offset);
    free(x->score);
    free(x->gen);
    free(x->code);
    free(x->text);
    free(x->span);
    *x = (struct note){0};
}

/* ---- computing ---- */
static void forward(struct tape *t, void *ctx)
{
    int64_t T = st.batch[0]->n, L = (int64_t)st.labels.n; /* the longest comes first */
    int32_t *ids = tape_closure(t, (size_t)(st.B * T) * sizeof *ids),
            *len = tape_closure(t, (size_t)st.B * sizeof *len);
    for (int64_t b = 0; b < st.B; b++) {
        const struct note *x = st.batch[b];
        len[b] = (int32_t)x->n;
        for (int64_t i = 0; i < T; i++)
            ids[b * T + i] = i < x->n ? x->ids[i] : st.m->arch.pad;
    }
    st.enc = model_encode(st.m, t, st.B, T, ids, len);
    if (!st.att)
        return;
    struct label_attn_w w = model_label_attn(st.m);
    struct var *y = label_attn(t, st.enc.att, &st.enc.len, &w);
    st.score = tape_scratch(t, DT_REAL, 2, (int64_t[]){st.B, L});
    t->be->op.sigmoid(&st.score, &y->v);
    if (o.evidence)
        st.attention = label_attn_evidence(t, st.enc.att, &st.enc.len, &w);
}

static int read_scores(void)
{
    size_t L = st.labels.n;
    real *row = mem_alloc(L, sizeof *row);
    int rc = row ? 0 : E_NOMEM;
    for (int64_t b = 0; b < st.B && !rc; b++) {
        struct note *x = st.batch[b];
        rc = st.be->download(row, (real *)st.score.data + b * (int64_t)L, L * sizeof *row);
        if (!rc && !(x->score = mem_alloc(L, sizeof *x->score)))
            rc = E_NOMEM;
        for (size_t l = 0; l < L && !rc; l++)
            if (!((x->score[l] = (float)row[l]) >= 0))
                rc = err_set(E_DATA, "%s: the model gives scores that are not numbers", path_base(o.model));
    }
    free(row);
    return rc;
}

static int generate(void)
{
    int32_t *out = mem_alloc((size_t)(st.B * st.max_new), sizeof *out), *n = mem_alloc((size_t)st.B, sizeof *n);
    bool *cut = mem_alloc((size_t)st.B, sizeof *cut);
    struct generate how = {st.max_new, written_again, &st.written, cut};
    int rc = out && n && cut ? generate_greedy(st.m, &st.tape, st.enc.dec, &st.enc.len, &how, out, n) : E_NOMEM;
    for (int64_t b = 0; b < st.B && !rc; b++) {
        struct note *x = st.batch[b];
        struct buf text = {0};
        if (!(x->gen = mem_zalloc(st.labels.n, 1)))
            rc = E_NOMEM;
        if (!rc)
            rc = written_codes(&st.written, out + b * st.max_new, n[b], cut[b], x->gen, &text, &x->unknown);
        x->text = text.p; /* may be NULL */
        x->text_n = text.n;
        x->cut = cut[b];
        st.cut += cut[b];
        st.texts++;
    }
    free(out);
    free(n);
    free(cut);
    return rc;
}

static int find_evidence(struct note *x, int64_t b)
{
    int64_t T = st.attention.dim[2], L = (int64_t)st.labels.n;
    real *a = mem_alloc((size_t)T, sizeof *a);
    int rc = a && (x->span = mem_zalloc((size_t)L * TOP_TOKENS, sizeof *x->span)) ? 0 : E_NOMEM;
    for (int64_t l = 0; l < L && !rc; l++) {
        if (!x->code[l])
            continue;
        rc = st.be->download(a, (real *)st.attention.data + (b * L + l) * T, (size_t)T * sizeof *a);
        if (!rc)
            evidence_top(x->offset, x->n, a, x->span + l * TOP_TOKENS);
    }
    free(a);
    return rc;
}

/* Out of memory: try n notes of the batch and leave the results, to say which --batch fits. */
static int try_fewer(void *ctx, int64_t n)
{
    const struct generate how = {.max_new = st.max_new};
    int32_t *out = mem_alloc((size_t)(n * st.max_new), sizeof *out), *len = mem_alloc((size_t)n, sizeof *len);
    int rc = out && len ? 0 : -1;
    st.B = n;
    tape_reset(&st.tape);
    if (!rc)
        rc = tape_run(&st.tape, forward, NULL);
    if (!rc && st.chosen.gen)
        rc = generate_greedy(st.m, &st.tape, st.enc.dec, &st.enc.len, &how, out, len);
    free(out);
    free(len);
    return rc;
}

static int compute(void)
{
    tape_reset(&st.tape);
    TRY(tape_run(&st.tape, forward, NULL));
    if (st.att)
        TRY(read_scores());
    return st.chosen.gen ? generate() : 0;
}

static int run_batch(void)
{
    int rc = compute();
    if (rc == E_NOMEM)
        rc = tape_too_large(&st.tape, st.B, try_fewer, NULL);
    TRY(rc);
    for (int64_t b = 0; b < st.B; b++) {
        struct note *x = st.batch[b];
        if (!(x->code = mem_zalloc(st.labels.n, 1)))
            return E_NOMEM;
        decide(&st.chosen.by, x->score, x->gen, x->code);
        if (o.evidence)
            TRY(find_evidence(x, b));
    }
    return 0;
}

/* ---- writing ---- */
static void pack_codes(msgpack_packer *pk, const uint8_t *set)
{
    size_t n = 0;
    for (size_t l = 0; l < st.labels.n; l++)
        n += set[l];
    msgpack_pack_array(pk, n);
    for (size_t l = 0; l < st.labels.n; l++)
        if (set[l])
            pk_str(pk, st.labels.code[l]);
}

static void pack_evidence(msgpack_packer *pk, const struct note *x)
{
    size_t n = 0;
    for (size_t l = 0; l < st.labels.n; l++)
        n += x->code[l];
    msgpack_pack_array(pk, n);
    for (size_t l = 0; l < st.labels.n; l++) {
        const struct evidence_span *s = x->span + l * TOP_TOKENS;
        if (!x->code[l])
            continue;
        for (n = 0; n < TOP_TOKENS && s[n].end; n++)
            ;
        msgpack_pack_map(pk, 2);
        pk_str(pk, "code");
        pk_str(pk, st.labels.code[l]);
        pk_str(pk, "spans");
        msgpack_pack_array(pk, n);
        for (size_t i = 0; i < n; i++) {
            msgpack_pack_array(pk, 3);
            msgpack_pack_uint32(pk, s[i].begin);
            msgpack_pack_uint32(pk, s[i].end);
            msgpack_pack_double(pk, s[i].weight);
        }
    }
}

static int emit(struct run *r, const struct note *x, msgpack_sbuffer *sb)
{
    msgpack_packer pk;
    msgpack_sbuffer_clear(sb);
    pk_init(&pk, sb);
    msgpack_pack_map(&pk, 3u + st.chosen.gen + st.att + o.evidence);
    /* What every record has. */
    pk_str(&pk, "id");
    pk_str(&pk, x->id);
    pk_str(&pk, "split");
    pk_str(&pk, x->split);
    pk_str(&pk, "codes");
    pack_codes(&pk, x->code);
    /* What each side says. */
    if (st.chosen.gen) {
        pk_str(&pk, "gen");
        msgpack_pack_map(&pk, 4);
        pk_str(&pk, "codes");
        pack_codes(&pk, x->gen);
        pk_str(&pk, "text");
        pk_strn(&pk, x->text ? x->text : "", x->text_n);
        pk_str(&pk, "unknown");
        msgpack_pack_int64(&pk, x->unknown);
        pk_str(&pk, "cut");
        x->cut ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk);
    }
    if (st.att) {
        pk_str(&pk, "scores");
        pk_bin(&pk, x->score, st.labels.n * sizeof *x->score);
    }
    if (o.evidence) {
        pk_str(&pk, "evidence");
        pack_evidence(&pk, x);
    }
    return run_emit(r, sb->data, sb->size);
}

static int by_length(const void *a, const void *b)
{
    const struct note *x = *(struct note *const *)a, *y = *(struct note *const *)b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return (x > y) - (x < y);
}

/* Compute and write what was read. */
static int flush(struct run *r)
{
    msgpack_sbuffer sb;
    int rc = 0;
    for (int64_t i = 0; i < st.n; i++)
        st.sorted[i] = &st.note[i];
    mem_sort(st.sorted, (size_t)st.n, sizeof *st.sorted, by_length);
    for (int64_t i = 0; i < st.n && !rc; i += st.B) {
        st.batch = st.sorted + i;
        st.B = st.n - i < o.batch ? st.n - i : o.batch;
        rc = run_batch();
    }
    msgpack_sbuffer_init(&sb);
    for (int64_t i = 0; i < st.n && !rc; i++)
        rc = emit(r, &st.note[i], &sb);
    msgpack_sbuffer_destroy(&sb);
    for (int64_t i = 0; i < st.n; i++)
        note_free(&st.note[i]);
    st.n = 0;
    return rc;
}

/* ---- reading ---- */
static bool in_list(const char *list, const char *p, size_t n)
{
    for (const char *s = list; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
        if (strcspn(s, ",") == n && !memcmp(s, p, n))
            return true;
    return false;
}

static int read_note(struct note *x, const msgpack_object *rec)
{
    const char *p;
    size_t n;
    TRY(rec_ids(rec, "ids", st.m->arch.V, &x->ids, &x->n));
    if (!o.evidence)
        return 0;
    if (!rec_bin(rec, "offsets", &p, &n) || n != 2 * (size_t)x->n * sizeof *x->offset)
        return err_set(E_DATA, "field offsets: not two u32 an id");
    if (!(x->offset = mem_alloc(1, n)))
        return E_NOMEM;
    memcpy(x->offset, p, n);
    for (int64_t i = 0; i < x->n; i++)
        if (x->offset[2 * i] > x->offset[2 * i + 1])
            return err_set(E_DATA, "field offsets: pair %lld ends before it begins", (long long)i);
    return 0;
}

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    const char *id, *split = "";
    size_t id_n, split_n = 0;
    rec_str(rec, "id", &id, &id_n);
    rec_str(rec, "split", &split, &split_n);
    if (o.split && !in_list(o.split, split, split_n))
        return 0;
    st.asked = true;
    struct note *x = &st.note[st.n++];
    if (!(x->id = mem_strndup(id, id_n)) || !(x->split = mem_strndup(split, split_n)))
        return E_NOMEM;
    TRY(read_note(x, rec));
    return st.n == st.cap ? flush(r) : 0;
}

/* ---- beginning ---- */
/* What decides, and so what is computed. */
static int choose_what(struct run *r)
{
    const struct choice c = {o.use, o.ensemble, o.threshold, o.thresholds != NULL};
    bool head = st.m->label_head >= 0;
    int rc = choice_decision(&c, st.m->icd, head, st.labels.n, &st.chosen);
    if (!rc && o.evidence && !head)
        rc = err_set(E_DATA, "the model has no label attention");
    if (rc)
        return rc == E_DATA ? err_ctx(rc, "%s", path_base(o.model)) : rc;
    o.use = o.ensemble ? "ensemble" : o.use; /* in the history, too */
    st.att = head;
    const char *loss = json_string_value(json_object_get(st.m->icd, "loss"));
    if (loss && st.chosen.gen && !strcmp(loss, "att"))
        run_warn(r, "%s was not trained to generate (its loss was att)", path_base(o.model));
    return 0;
}

/* The limit of a text. */
static void choose_length(void)
{
    const json_t *own = json_object_get(st.m->icd, "max_new");
    json_int_t n = json_integer_value(own);
    st.max_new = n > 0 && n <= 1 << 20 ? n : MAX_NEW;
    if (o.max_new)
        st.max_new = o.max_new;
}

/* Those of --thresholds; model: as the pred stream's meta says it. */
static int read_thresholds(struct run *r, const json_t *model)
{
    TRY(run_input_file(r, o.thresholds));
    TRY(thresholds_read(&st.file, o.thresholds));
    if (!(st.chosen.by.thresholds = st.thresholds = mem_alloc(st.labels.n, sizeof *st.thresholds)))
        return E_NOMEM;
    const char *const *code = (const char *const *)st.labels.code;
    int rc = thresholds_for(&st.file, model, code, st.labels.n, st.thresholds);
    return rc ? err_ctx(rc, "%s", path_base(o.thresholds)) : 0;
}

/* A number, "by code", null where the text decides. */
static json_t *threshold_json(void)
{
    if (st.chosen.by.by == DECIDE_GEN)
        return json_null();
    if (o.thresholds)
        return st.file.by_code ? json_string("by code") : json_real(st.thresholds[0]);
    return json_real(st.chosen.by.threshold);
}

/* What decided, too: use, ensemble, lambda where there is one for all codes, threshold (null: of text). */
static int set_meta(struct run *r)
{
    enum decide_by by = st.chosen.by.by;
    json_t *m = json_object(), *model = json_object(), *v;
    double lambda = by == DECIDE_MIX ? st.chosen.by.lambda : by == DECIDE_GEN;
    int bad = !m || !model || json_object_set(m, "labels", json_object_get(st.m->icd, "labels")) ||
              (st.att && json_object_set_new(m, "scores", json_string("f32"))) ||
              json_object_set_new(m, "use", json_string(by <= DECIDE_ATT ? decide_names[by] : "ensemble")) ||
              (by > DECIDE_ATT && json_object_set_new(m, "ensemble", json_string(decide_names[by]))) ||
              (by <= DECIDE_MIX && by != DECIDE_CODE && json_object_set_new(m, "lambda", json_real(lambda))) ||
              (st.chosen.gen && json_object_set_new(m, "max_new", json_integer(st.max_new))) ||
              json_object_set(m, "tokenizer", json_object_get(r->meta, "tokenizer"));
    static const char *const keys[] = {"loss", "dev", "kg", "history", "lineage"}; /* what the model was made of */
    for (int i = 0; i < 5; i++)
        if ((v = json_object_get(st.m->icd, keys[i])))
            bad = bad || json_object_set(model, keys[i], v);
    int rc = !bad && o.thresholds ? read_thresholds(r, model) : 0;
    bad = bad || json_object_set(m, "model", model) || (!rc && json_object_set_new(m, "threshold", threshold_json()));
    json_decref(model);
    json_decref(r->meta);
    r->meta = m;
    return bad ? err_nomem(0) : rc;
}

/* The model's files enter the lineage. */
static int name_input(void *r, const char *path)
{
    return run_input_file(r, path);
}

static int open_tokenizer(struct run *r)
{
    char file[4096];
    if (o.tokenizer) {
        TRY(spm_find(o.tokenizer, file, sizeof file));
        TRY(model_take_tokenizer(st.m, file));
        TRY(run_input_file(r, file));
    }
    if (!st.m->spiece)
        return err_set(E_DATA, "%s: no spiece.model, tokenizer.model or tokenizer.json: --tokenizer FILE names one",
                       path_base(o.model));
    TRY(spm_open_bytes(&st.spm, st.m->spiece_name, st.m->spiece, st.m->spiece_n));
    json_t *mine = spm_json(st.spm);
    int rc = mine ? spm_same(mine, json_object_get(r->meta, "tokenizer")) : E_NOMEM;
    json_decref(mine);
    return rc;
}

static int open_labels(struct run *r)
{
    TRY(foreign_labels(st.m, o.labels, path_base(o.model)));
    if (o.labels && access(o.labels, F_OK) == 0) /* else a named list */
        TRY(run_input_file(r, o.labels));
    int rc = labels_open(&st.labels, st.m->icd);
    if (rc)
        return err_ctx(rc, "%s", o.labels ? path_base(o.labels) : "icd.json");
    return 0;
}

static int tell_alike(struct run *r)
{
    struct buf b = {0};
    int rc = made_alike(&b, json_object_get(st.m->icd, "history"), stream_history(r->in));
    if (!rc && b.n)
        run_warn(r, "the notes were not prepared as those that %s was trained on: %.*s", path_base(o.model),
                 (int)b.n, b.p);
    buf_free(&b);
    return rc;
}

static int begin(struct run *r)
{
    const char *of = json_string_value(json_object_get(r->meta, "of"));
    if (!of || strcmp(of, "note"))
        return err_set(E_DATA, "%s: not the tokens of notes", stream_name(r->in));
    TRY(model_open(&st.m, o.model));
    TRY(open_tokenizer(r));
    TRY(open_labels(r));
    if (st.m->kg)
        TRY(knowledge_words(st.m->kg, st.spm, st.m->arch.V));
    st.written = (struct written){st.spm, &st.labels};
    TRY(choose_what(r));
    TRY(tell_alike(r));
    choose_length();
    r->oracle |= json_is_true(json_object_get(st.m->icd, "oracle"));
    TRY(set_meta(r));
    TRY(model_files(o.model, name_input, r));
    TRY(backend_open(o.device, r->threads, &st.be));
    TRY(backend_precision(st.be, o.precision, &st.m->params.products));
    TRY(model_alloc(st.m, st.be, false));
    TRY(model_weights(st.m, o.model));
    TRY(tape_init(&st.tape, st.be));
    st.tape.products = st.m->params.products;
    st.cap = o.batch * WINDOW;
    st.note = mem_zalloc((size_t)st.cap, sizeof *st.note);
    st.sorted = mem_alloc((size_t)st.cap, sizeof *st.sorted);
    return st.note && st.sorted ? 0 : E_NOMEM;
}

static int end(struct run *r)
{
    TRY(flush(r));
    if (o.split && !st.asked && stream_records(r->in))
        return err_set(E_DATA, "%s: no note of split %s", stream_name(r->in), o.split);
    if (st.cut)
        run_warn(r,
                 "%lld of %lld generated texts met the limit of %lld tokens (--max-new): their unfinished last codes "
                 "are left out",
                 (long long)st.cut, (long long)st.texts, (long long)st.max_new);
    return 0;
}

static void done(struct run *r)
{
    for (int64_t i = 0; i < st.n; i++)
        note_free(&st.note[i]);
    free(st.note);
    free(st.sorted);
    if (st.tape.be)
        tape_free(&st.tape);
    model_free(st.m);
    spm_close(st.spm);
    labels_close(&st.labels);
    ensemble_close(&st.chosen.values);
    thresholds_close(&st.file);
    free(st.thresholds);
}

int main(int argc, char **argv)
{
    static const struct stage stage = {
        .doc = {"icd-infer", "-m DIR [OPTION]... [FILE]", "predict the codes of notes"},
        .opts = opts,
        .in = "token",
        .out = "pred",
        .threads_matter = true, /* the last digits of scores */
        .unit = "notes",
        .begin = begin,
        .each = each,
        .end = end,
        .done = done,
    };
    backend_share_cpu(argv);
    return stage_main(&stage, argc, argv);
}
