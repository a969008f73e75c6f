/* vocab-train: notes, codes and knowledge -> a SentencePiece vocabulary. What is counted is decided here; how it is
 * learned from is lib/text/spm_train.h's. Man page: man/vocab-train.1. Tests: tests/cli/vocab-train.sh. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/kb/code_list.h"
#include "lib/stream/stage.h"
#include "lib/text/labels.h"
#include "lib/text/spm_train.h"
#include "lib/util/file.h"

static int64_t size = 4000;
static double coverage = 1;
static bool whole_codes;
static struct opt_list codes;

static const struct opt opts[] = {
    {"size", 0, OPT_INT, &size, "N",
     "Pieces of the vocabulary, special ones included. A corpus with fewer gives all it has, and the tool says so.",
     100, 1 << 24},
    {"codes", 'c', OPT_FILES, &codes, "FILE",
     "Codes that models will write: a gold stream, a file with one code per line, or a named list (caml50, laat50, "
     "fixed50). The vocabulary can spell each. Codes of a gold stream count as often as its training notes have them. "
     "May be repeated."},
    {"whole-codes", 0, OPT_FLAG, &whole_codes, NULL,
     "Make each code of --codes one piece where it begins a text or follows a blank."},
    {"coverage", 0, OPT_REAL, &coverage, "SHARE",
     "Share of the characters of the corpus that get a piece. The rarest of the others become the unknown piece. "
     "Printable ASCII always gets its pieces.",
     0.98, 1},
    {0},
};

static struct {
    struct spm_corpus *corpus;
    struct outfile *file;
    uint64_t notes, held_out; /* held_out: of dev and test, left alone */
} st;

/* ---- codes ---- */

/* "401.9, 428.0": as tokenize writes them. */
static int add_codes(const msgpack_object *v, struct buf *line)
{
    line->n = 0;
    for (uint32_t i = 0; v && i < v->via.array.size; i++) {
        TRY(i ? buf_str(line, ", ") : 0);
        TRY(buf_add(line, v->via.array.ptr[i].via.str.ptr, v->via.array.ptr[i].via.str.size));
    }
    return line->n ? spm_corpus_add(st.corpus, line->p, line->n) : 0;
}

static int add_gold(struct run *r, const char *path)
{
    struct stream *s;
    struct labels labels = {0};
    struct buf line = {0};
    const msgpack_object *rec;
    TRY(run_input(r, path, "gold", &s));
    int rc = labels_open(&labels, stream_meta(s));
    for (size_t i = 0; i < labels.n && !rc; i++)
        rc = spm_corpus_code(st.corpus, labels.code[i], whole_codes);
    labels_close(&labels);
    if (rc)
        return err_ctx(rc, "%s", stream_name(s));
    while (stream_next(s, &rec, &rc) == STREAM_RECORD) {
        bool held_out = rec_is(rec, "split", "dev") || rec_is(rec, "split", "test");
        if (!held_out && !whole_codes && (rc = add_codes(rec_get(rec, "codes"), &line)))
            break;
        run_progress(r, s);
    }
    buf_free(&line);
    return rc;
}

static int add_list(const char *path)
{
    struct code_list list;
    int rc = code_list_load(&list, path);
    for (size_t i = 0; i < list.set.n && !rc; i++)
        rc = spm_corpus_code(st.corpus, list.set.code[i], whole_codes);
    code_list_free(&list);
    return rc;
}

/* ---- notes and knowledge ---- */

static int add_field(const msgpack_object *rec, const char *field)
{
    const char *p;
    size_t n;
    return rec_str(rec, field, &p, &n) ? spm_corpus_add(st.corpus, p, n) : 0;
}

/* The spans of a sampled note, else all of it. */
static int add_note(const msgpack_object *rec)
{
    const char *p = NULL;
    size_t n = 0, spans;
    int64_t *v;
    if (rec_is(rec, "split", "dev") || rec_is(rec, "split", "test")) {
        st.held_out++;
        return 0;
    }
    st.notes++;
    rec_str(rec, "text", &p, &n);
    TRY(rec_spans(rec, "spans", n, false, &v, &spans));
    int rc = v ? 0 : spm_corpus_add(st.corpus, p, n);
    for (size_t i = 0; i < spans && !rc; i++)
        rc = spm_corpus_add(st.corpus, p + v[2 * i], (size_t)(v[2 * i + 1] - v[2 * i]));
    free(v);
    return rc;
}

static int add_kb(const msgpack_object *rec)
{
    const msgpack_object *terms = rec_get(rec, "terms");
    TRY(add_field(rec, "title"));
    TRY(add_field(rec, "description"));
    for (uint32_t i = 0; terms && i < terms->via.array.size; i++)
        TRY(add_field(&terms->via.array.ptr[i], "text"));
    return 0;
}

static int add_stream(struct run *r, const char *path)
{
    struct stream *s;
    const msgpack_object *rec;
    int rc;
    TRY(run_input(r, path, "note,kb", &s));
    bool note = strcmp(stream_schema(s)->name, "note") == 0;
    while (stream_next(s, &rec, &rc) == STREAM_RECORD) {
        if ((rc = note ? add_note(rec) : add_kb(rec)))
            return err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
        run_progress(r, s);
    }
    return rc;
}

/* ---- the stage ---- */

static int begin(struct run *r)
{
    bool std = !r->output || strcmp(r->output, "-") == 0;
    if (std && isatty(STDOUT_FILENO))
        return err_set(E_USAGE, "a vocabulary is binary: name a file with -o, or redirect");
    if (whole_codes && !codes.n)
        return err_set(E_USAGE, "--whole-codes needs --codes");
    TRY(run_output_file(r, r->output, &st.file));
    return spm_corpus_new(&st.corpus);
}

static int end(struct run *r)
{
    struct buf model = {0};
    int64_t pieces = 0;
    for (int i = 0; i < codes.n; i++)
        TRY(code_list_is_stream(codes.v[i]) ? add_gold(r, codes.v[i]) : add_list(codes.v[i]));
    for (int i = 0; i < r->argc || i == 0; i++)
        TRY(add_stream(r, r->argc ? r->argv[i] : NULL));
    if (!st.notes && st.held_out)
        return err_set(E_DATA, "no note is of the train split; dev and test notes are left alone");
    int rc = spm_train(st.corpus, &(struct spm_training){size, coverage}, &model, &pieces);
    if (!rc)
        rc = outfile_write(st.file, model.p, model.n);
    buf_free(&model);
    if (rc)
        return rc;
    struct spm_corpus_size n;
    spm_corpus_size(st.corpus, &n);
    if (pieces < size)
        run_note(r, "%lld pieces: this corpus has no more (--size %lld)", (long long)pieces, (long long)size);
    run_note(r, "%lld pieces from %llu notes, %llu words, %llu of them different", (long long)pieces,
             (unsigned long long)st.notes, (unsigned long long)n.words, (unsigned long long)n.different);
    return 0;
}

static void done(struct run *r)
{
    spm_corpus_free(st.corpus);
}

static const struct stage stage = {
    .doc = {"vocab-train", "[OPTION]... [NOTE-OR-KB]...", "make a sub-word vocabulary from notes, codes and knowledge"},
    .opts = opts,
    .unit = "records",
    .begin = begin,
    .end = end,
    .done = done,
};

int main(int argc, char **argv)
{
    return stage_main(&stage, argc, argv);
}
