/* pred-show: pred [+ note] [+ kb] -> text for people, or a table, or JSON lines: each note's codes with score, title
 * and the words that speak for them. Predictions that are shown stay in memory until the notes were read, one note at a
 * time; without notes each is written as it comes. Records are lib/predict/prediction.h's, words lib/text/excerpt.h's.
 * Tests: tests/cli/pred-show.sh. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kb/kb.h"
#include "lib/predict/prediction.h"
#include "lib/stream/stage.h"
#include "lib/util/names.h"

static struct {
    const char *notes, *kb, *format;
    struct opt_list id;
    int64_t top;
} o = {.format = "text"};

static const char *const formats[] = {"text", "tsv", "json", NULL};

static const struct opt opts[] = {
    {"notes", 'n', OPT_FILE, &o.notes, "FILE",
     "Show the words of evidence, too. FILE is the note stream of the predictions, in any order."},
    {"kb", 'k', OPT_FILE, &o.kb, "FILE", "Show the titles of codes, too. FILE is the knowledge from kb-build."},
    {"id", 0, OPT_LIST, &o.id, "ID", "Show this note only. May be repeated."},
    {"top", 0, OPT_INT, &o.top, "N", "Show the N codes of highest score, predicted or not. 0: the predicted codes.", 0,
     1 << 20},
    {"format", 0, OPT_CHOICE, &o.format, "FORM",
     "Form of the output.\n"
     "text: a paragraph per note\n"
     "tsv: a line per code, under a heading\n"
     "json: an object per note, one per line",
     .choices = formats},
    {0},
};

static struct {
    struct labels labels;
    struct kb kb;
    struct names id; /* of what is shown: a prediction's number is its id's */
    struct prediction *v;
    size_t n, cap;
    struct names wanted; /* --id */
    char above[40];   /* ", score above T" */
    double threshold; /* NaN: not in meta */
    struct outfile *out;
    struct buf text;
    bool first;
} st = {.first = true};

/* ---- the three forms ---- */

static int title_of(const char *code, const char **title, size_t *n)
{
    size_t first, count = kb_find(&st.kb, code, strlen(code), &first);
    *n = 0;
    for (size_t i = 0; i < count && !*n; i++) {
        const struct kb_code *k = &st.kb.code[st.kb.sorted[first + i]];
        *title = st.kb.text.p + k->title;
        *n = k->title_n;
    }
    return *n != 0;
}

static int add_title(struct buf *b, const char *code)
{
    const char *title;
    size_t n;
    return title_of(code, &title, &n) ? plain_text(b, title, n) : 0;
}

static int text_code(struct buf *b, const struct predicted *x, int width, bool both)
{
    size_t begin = b->n;
    TRY(buf_fmt(b, "  %s  %-*s", x->final ? "+" : "-", width, x->code));
    if (!isnan(x->score))
        TRY(buf_fmt(b, "  %.3f", x->score));
    TRY(buf_str(b, "  "));
    size_t column = b->n - begin;
    TRY(add_title(b, x->code));
    if (both && x->generated)
        TRY(buf_str(b, b->n - begin == column ? "[generated]" : "  [generated]"));
    while (b->p[b->n - 1] == ' ')
        b->n--;
    TRY(buf_str(b, "\n"));
    for (size_t i = 0; i < x->n_words; i++)
        TRY(i ? buf_fmt(b, " | %s", x->words[i].words) : buf_fmt(b, "%*s%s", (int)column, "", x->words[i].words));
    return x->n_words ? buf_str(b, "\n") : 0;
}

static int as_text(struct buf *b, const struct prediction *p)
{
    int width = 7;
    if (!st.first)
        TRY(buf_str(b, "\n"));
    TRY(plain_text(b, p->id, strlen(p->id)));
    if (*p->split) {
        TRY(buf_str(b, " ("));
        TRY(plain_text(b, p->split, strlen(p->split)));
        TRY(buf_str(b, ")"));
    }
    TRY(buf_fmt(b, ": %zu code%s%s", p->finals, p->finals == 1 ? "" : "s", p->scores ? st.above : ""));
    if (p->cut)
        TRY(buf_str(b, ", the generated text was cut"));
    if (p->unknown)
        TRY(buf_fmt(b, ", %lld generated string%s no code", (long long)p->unknown, p->unknown == 1 ? " is" : "s are"));
    TRY(buf_str(b, "\n"));
    for (size_t i = 0; i < p->n; i++)
        if ((int)strlen(p->v[i].code) > width)
            width = (int)strlen(p->v[i].code);
    for (size_t i = 0; i < p->n; i++)
        TRY(text_code(b, &p->v[i], width, p->gen && p->scores));
    return 0;
}

static int as_tsv(struct buf *b, const struct prediction *p)
{
    if (st.first)
        TRY(buf_str(b, "id\tsplit\tcode\tscore\tpredicted\ttitle\twords\n"));
    for (size_t i = 0; i < p->n; i++) {
        const struct predicted *x = &p->v[i];
        TRY(plain_text(b, p->id, strlen(p->id)));
        TRY(buf_str(b, "\t"));
        TRY(plain_text(b, p->split, strlen(p->split)));
        TRY(buf_fmt(b, "\t%s\t", x->code));
        if (!isnan(x->score))
            TRY(buf_fmt(b, "%.9g", x->score));
        TRY(buf_fmt(b, "\t%d\t", x->final));
        TRY(add_title(b, x->code));
        for (size_t k = 0; k < x->n_words; k++)
            TRY(buf_fmt(b, k ? " | %s" : "\t%s", x->words[k].words));
        TRY(buf_str(b, x->n_words ? "\n" : "\t\n"));
    }
    return 0;
}

static json_t *json_code(const struct predicted *x, bool gen)
{
    const char *title;
    size_t n;
    json_t *j = json_pack("{s:s, s:b}", "code", x->code, "predicted", x->final), *words = NULL;
    int bad = !j;
    if (!isnan(x->score))
        bad = bad || json_object_set_new(j, "score", json_real(x->score));
    if (gen)
        bad = bad || json_object_set_new(j, "generated", json_boolean(x->generated));
    if (title_of(x->code, &title, &n))
        bad = bad || json_object_set_new(j, "title", json_stringn(title, n));
    if (x->n_words)
        bad = bad || json_object_set_new(j, "words", words = json_array());
    for (size_t i = 0; i < x->n_words; i++)
        bad = bad ||
              json_array_append_new(words, json_pack("{s:s, s:I, s:I, s:f}", "text", x->words[i].words, "begin",
                                                     (json_int_t)x->words[i].at.begin, "end",
                                                     (json_int_t)x->words[i].at.end, "weight", x->words[i].at.weight));
    if (bad) {
        json_decref(j);
        return NULL;
    }
    return j;
}

static int as_json(struct buf *b, const struct prediction *p)
{
    json_t *codes = json_array(), *j = json_pack("{s:s, s:s, s:o}", "id", p->id, "split", p->split, "codes", codes);
    int bad = !j;
    if (p->scores && !isnan(st.threshold))
        bad = bad || json_object_set_new(j, "threshold", json_real(st.threshold));
    if (p->gen)
        bad = bad || json_object_set_new(j, "unknown", json_integer(p->unknown)) ||
              json_object_set_new(j, "cut", json_boolean(p->cut));
    for (size_t i = 0; i < p->n; i++)
        bad = bad || json_array_append_new(codes, json_code(&p->v[i], p->gen));
    char *line = bad ? NULL : json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(12));
    int rc = line ? buf_fmt(b, "%s\n", line) : err_nomem(0);
    free(line);
    json_decref(j);
    return rc;
}

static int show(const struct prediction *p)
{
    static int (*const forms[])(struct buf *, const struct prediction *) = {as_text, as_tsv, as_json};
    st.text.n = 0;
    TRY(forms[opt_place(formats, o.format)](&st.text, p));
    st.first = false;
    return outfile_write(st.out, st.text.p, st.text.n);
}

/* ---- reading ---- */

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    struct prediction p = {0};
    const char *id;
    size_t n;
    rec_str(rec, "id", &id, &n);
    if (o.id.n && names_find(&st.wanted, id, n) < 0)
        return 0;
    int rc = names_add(&st.id, id, n, NULL);
    if (rc == 1)
        rc = err_set(E_DATA, "field id: given twice");
    if (!rc)
        rc = prediction_read(&p, rec, &st.labels, (size_t)o.top);
    if (!rc && !o.notes)
        rc = show(&p);
    if (rc || !o.notes) {
        prediction_free(&p);
        return rc;
    }
    if (st.n == st.cap) {
        size_t cap = st.cap ? 2 * st.cap : 64;
        struct prediction *v = mem_grow(st.v, cap, sizeof *v);
        if (!v) {
            prediction_free(&p);
            return E_NOMEM;
        }
        st.v = v;
        st.cap = cap;
    }
    st.v[st.n++] = p;
    return 0;
}

static int read_notes(struct run *r, struct stream *s)
{
    const msgpack_object *rec;
    enum stream_got got;
    int rc = 0;
    uint8_t *seen = mem_zalloc(st.n, 1);
    size_t missing = st.n;
    if (!seen)
        return E_NOMEM;
    while (!rc && (got = stream_next(s, &rec, &rc)) == STREAM_RECORD) {
        const char *id, *text;
        size_t id_n, n;
        rec_str(rec, "id", &id, &id_n);
        rec_str(rec, "text", &text, &n);
        int64_t at = names_find(&st.id, id, id_n);
        if (at < 0)
            continue;
        rc = seen[at] ? err_set(E_DATA, "field id: given twice") : prediction_words(&st.v[at], text, n);
        if (rc)
            err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
        missing -= !seen[at];
        seen[at] = 1;
    }
    free(seen);
    if (!rc && missing)
        run_warn(r, "%zu predicted notes are not in %s: shown without words", missing, stream_name(s));
    return rc;
}

static struct stream *notes;

static int begin(struct run *r)
{
    struct stream *kb;
    const json_t *t = json_object_get(stream_meta(r->in), "threshold");
    st.threshold = json_is_number(t) ? json_number_value(t) : NAN;
    if (json_is_number(t))
        snprintf(st.above, sizeof st.above, ", score above %.4g", st.threshold);
    if (json_object_get(stream_meta(r->in), "labels")) {
        int rc = labels_open(&st.labels, stream_meta(r->in));
        if (rc)
            return err_ctx(rc, "%s", stream_name(r->in));
    }
    for (int i = 0; i < o.id.n; i++)
        if (names_add(&st.wanted, o.id.v[i], strlen(o.id.v[i]), NULL) > 1)
            return E_NOMEM;
    if (o.kb) {
        TRY(run_input(r, o.kb, "kb", &kb));
        TRY(kb_load(&st.kb, kb));
    }
    if (o.notes)
        TRY(run_input(r, o.notes, "note", &notes));
    return run_output_file(r, r->output, &st.out);
}

static int end(struct run *r)
{
    for (uint32_t i = 0; i < st.wanted.n; i++) {
        size_t n;
        const char *id = names_at(&st.wanted, i, &n);
        if (names_find(&st.id, id, n) < 0)
            return err_set(E_DATA, "%s: no prediction of note '%.*s'", stream_name(r->in), (int)n, id);
    }
    if (notes)
        TRY(read_notes(r, notes));
    for (size_t i = 0; i < st.n; i++)
        TRY(show(&st.v[i]));
    return 0;
}

static void done(struct run *r)
{
    for (size_t i = 0; i < st.n; i++)
        prediction_free(&st.v[i]);
    free(st.v);
    names_free(&st.id);
    names_free(&st.wanted);
    labels_close(&st.labels);
    kb_free(&st.kb);
    buf_free(&st.text);
}

int main(int argc, char **argv)
{
    static const struct stage stage = {
        .doc = {"pred-show", "[OPTION]... [FILE]", "show predictions: codes, scores, titles and the words for them"},
        .opts = opts,
        .in = "pred",
        .unit = "notes",
        .begin = begin,
        .each = each,
        .end = end,
        .done = done,
    };
    return stage_main(&stage, argc, argv);
}
