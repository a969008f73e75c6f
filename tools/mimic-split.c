/* mimic-split: MIMIC-III tables -> note stream, and the labels as a gold stream of their own. The note stream is made
 * from NOTEEVENTS and the split lists alone; no label can change it. Tests: tests/cli/mimic-split.sh. */
#include "lib/ingest/mimic3.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *labels = "caml50", *splits_dir, *lists = "auto", *separator = "newline", *gold_path;
static const char *const lists_names[] = {"auto", "50", "full", NULL};
static const char *const separators[] = {"newline", "blank-line", "space", NULL};

static const struct opt opts[] = {
    {"labels", 0, OPT_FILE, &labels, "SET",
     "Label set: caml50 (CAML's fixed list of 50), full (every code of the admissions written), or a file with a "
     "dotted code a line."},
    {"lists", 0, OPT_CHOICE, &lists, "LISTS", "Which split lists: 50, full, or auto: 50 for caml50 and full otherwise.",
     .choices = lists_names},
    {"splits", 0, OPT_DIR, &splits_dir, "DIR",
     "Directory with {train,dev,test}_{50,full}_hadm_ids.csv, an admission number a line. Without it CAML's lists, "
     "which come with icdpipe."},
    {"separator", 0, OPT_CHOICE, &separator, "WHAT", "What stands between the notes of an admission.",
     .choices = separators},
    {"gold", 'g', OPT_OUT, &gold_path, "FILE",
     "Write the labels, a gold stream, to FILE. Without it no label table is opened."},
    {.type = OPT_END},
};

static struct {
    struct splits splits;
    struct mimic3 mimic;
    char **label; /* byte-wise sorted */
    size_t n_labels, cap;
    struct out *gold;
    msgpack_sbuffer sb;
    uint64_t positives[SPLITS_N], unlabelled[SPLITS_N], uncoded[SPLITS_N];
} st;

/* ---- label set ---- */
static int add_label(const char *p, size_t n)
{
    if (st.n_labels == st.cap) {
        size_t cap = st.cap ? 2 * st.cap : 64;
        char **v = mem_grow(st.label, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        st.label = v;
        st.cap = cap;
    }
    st.label[st.n_labels] = mem_strndup(p, n);
    return st.label[st.n_labels++] ? 0 : E_NOMEM;
}
static int by_code(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}
static void sort_labels(void)
{
    qsort(st.label, st.n_labels, sizeof *st.label, by_code);
    size_t kept = 0;
    for (size_t i = 0; i < st.n_labels; i++)
        if (kept && !strcmp(st.label[kept - 1], st.label[i]))
            free(st.label[i]);
        else
            st.label[kept++] = st.label[i];
    st.n_labels = kept;
}
static bool is_label(const char *code)
{
    return st.n_labels && bsearch(&code, st.label, st.n_labels, sizeof *st.label, by_code);
}

/* A code a line, dotted; what follows a blank, tab or comma is a remark. */
static int read_labels(const char *path)
{
    char *text;
    size_t n;
    TRY(file_read(path, 1 << 24, &text, &n));
    int rc = 0;
    uint64_t line = 0;
    for (char *p = text, *next; p < text + n && !rc; p = next) {
        char *end = memchr(p, '\n', (size_t)(text + n - p));
        end = end ? end : text + n;
        next = end + 1;
        *end = 0; /* file_read leaves room for a NUL */
        line++;
        size_t len = strcspn(p, " \t,\r");
        for (size_t i = 0; i < len; i++)
            if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'A' && p[i] <= 'Z') || p[i] == '.') || len >= ICD9_MAX)
                rc = err_set(E_DATA, "%s: line %" PRIu64 ": not a dotted ICD-9 code", path_base(path), line);
        if (len && !rc)
            rc = add_label(p, len);
    }
    free(text);
    if (!rc && !st.n_labels)
        rc = err_set(E_DATA, "%s: no label", path_base(path));
    return rc;
}
static int all_codes(void)
{
    for (size_t i = 0; i < st.mimic.n; i++)
        for (size_t k = 0; k < st.mimic.order[i]->codes; k++)
            TRY(add_label(st.mimic.order[i]->code[k].code, strlen(st.mimic.order[i]->code[k].code)));
    return st.n_labels ? 0 : err_set(E_DATA, "no admission with a note has a code");
}
static int make_labels(bool caml, bool full)
{
    char path[PATH_MAX];
    if (full)
        TRY(all_codes());
    else if (caml)
        TRY(share_path("caml/TOP_50_CODES.csv", path, sizeof path));
    if (!full)
        TRY(read_labels(caml ? path : labels));
    sort_labels();
    return 0;
}
static int open_gold(struct run *r, bool caml, bool full)
{
    TRY(make_labels(caml, full));
    json_t *list = json_array(), *meta;
    for (size_t i = 0; i < st.n_labels; i++)
        json_array_append_new(list, json_string(st.label[i]));
    meta = json_pack("{s:o, s:s}", "labels", list, "label_set", caml || full ? labels : path_base(labels));
    if (!meta)
        return err_set(E_USAGE, "--labels: the name is not UTF-8");
    int rc = run_output(r, gold_path, "gold", meta, &st.gold);
    json_decref(meta);
    return rc;
}

/* ---- begin: everything is read ---- */
static int list_file(void *r, const char *path)
{
    return run_input_file(r, path);
}
static int begin(struct run *r)
{
    char bundled[PATH_MAX];
    bool caml = !strcmp(labels, "caml50"), full = !strcmp(labels, "full");
    if (r->argc != 1)
        return err_set(E_USAGE, "one operand is needed: the directory or archive with the tables; see %s --help",
                       r->stage->doc.tool);
    if (gold_path && r->output && !strcmp(gold_path, r->output))
        return err_set(E_USAGE, "--gold and -o name the same file");
    if (!strcmp(lists, "auto"))
        lists = caml ? "50" : "full";
    if (!splits_dir)
        TRY(share_path("caml", bundled, sizeof bundled));
    TRY(splits_load(&st.splits, splits_dir ? splits_dir : bundled, lists, list_file, r));
    TRY(mimic3_open(&st.mimic, &st.splits));
    TRY(mimic3_notes(&st.mimic, r->argv[0], !strcmp(separator, "space") ? " " : !strcmp(separator, "newline") ? "\n"
                     : "\n\n"));
    if (gold_path)
        TRY(mimic3_codes(&st.mimic, r->argv[0]));
    TRY(mimic3_sort(&st.mimic));
    if (!st.mimic.n)
        return err_set(E_DATA, "no discharge summary belongs to an admission of the split lists (--splits)");
    if (gold_path)
        TRY(open_gold(r, caml, full));
    return json_object_set_new(r->meta, "source", json_string("mimic3")) ? E_NOMEM : 0;
}

/* ---- end: everything is written ---- */
static void pk_id(msgpack_packer *pk, const char *field, int64_t id)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRId64, id);
    pk_str(pk, field);
    pk_str(pk, s);
}
static int emit_note(struct run *r, struct mimic_admission *a)
{
    msgpack_packer pk;
    msgpack_sbuffer_clear(&st.sb);
    msgpack_packer_init(&pk, &st.sb, msgpack_sbuffer_write);
    msgpack_pack_map(&pk, 5);
    pk_id(&pk, "id", a->id);
    pk_id(&pk, "subject", a->subject);
    pk_str(&pk, "split");
    pk_str(&pk, split_name[a->split]);
    pk_str(&pk, "text");
    pk_strn(&pk, a->text.n ? a->text.p : "", a->text.n);
    pk_str(&pk, "parts");
    msgpack_pack_array(&pk, a->parts);
    for (size_t i = 0; i < a->parts; i++) {
        msgpack_pack_map(&pk, 5);
        pk_str(&pk, "kind");
        pk_str(&pk, a->part[i].kind);
        pk_str(&pk, "date");
        pk_str(&pk, a->part[i].date);
        pk_str(&pk, "row");
        msgpack_pack_int64(&pk, a->part[i].row);
        pk_str(&pk, "begin");
        msgpack_pack_uint64(&pk, a->part[i].begin);
        pk_str(&pk, "end");
        msgpack_pack_uint64(&pk, a->part[i].end);
    }
    return run_emit(r, st.sb.data, st.sb.size);
}

static int emit_gold(struct run *r, const struct mimic_admission *a)
{
    const char **set = mem_alloc(a->codes, sizeof *set);
    size_t n = 0, kept = 0;
    if (!set)
        return E_NOMEM;
    for (size_t i = 0; i < a->codes; i++)
        if (is_label(a->code[i].code))
            set[n++] = a->code[i].code;
    qsort(set, n, sizeof *set, by_code);
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(set[kept - 1], set[i]))
            set[kept++] = set[i];
    st.positives[a->split] += kept;
    st.unlabelled[a->split] += !kept;
    st.uncoded[a->split] += !a->codes;

    msgpack_packer pk;
    msgpack_sbuffer_clear(&st.sb);
    msgpack_packer_init(&pk, &st.sb, msgpack_sbuffer_write);
    msgpack_pack_map(&pk, 4);
    pk_id(&pk, "id", a->id);
    pk_str(&pk, "split");
    pk_str(&pk, split_name[a->split]);
    pk_str(&pk, "codes");
    msgpack_pack_array(&pk, kept);
    for (size_t i = 0; i < kept; i++)
        pk_str(&pk, set[i]);
    pk_str(&pk, "sequence");
    msgpack_pack_array(&pk, a->codes);
    for (size_t i = 0; i < a->codes; i++) {
        msgpack_pack_array(&pk, 2);
        pk_str(&pk, a->code[i].code);
        if (a->code[i].seq < 0)
            msgpack_pack_nil(&pk);
        else
            msgpack_pack_int64(&pk, a->code[i].seq);
    }
    free(set);
    return run_emit_to(r, st.gold, st.sb.data, st.sb.size);
}

static int by_subject(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}
/* Subjects whose admissions with a note lie in more than one split; `order` has a subject's admissions together. */
static uint64_t subjects_in_two_splits(void)
{
    uint64_t n = 0;
    struct mimic_admission **v = st.mimic.order;
    for (size_t i = 0, k; i < st.mimic.n; i = k) {
        bool two = false;
        for (k = i; k < st.mimic.n && !by_subject(&v[k]->subject, &v[i]->subject); k++)
            two |= v[k]->split != v[i]->split;
        n += two;
    }
    return n;
}

static void counted(struct run *r, uint64_t n, const char *what)
{
    if (n)
        run_warn(r, "%" PRIu64 " %s", n, what);
}
static void report(struct run *r)
{
    const struct mimic_counts *c = &st.mimic.counts;
    uint64_t written[SPLITS_N] = {0};
    for (size_t i = 0; i < st.mimic.n; i++)
        written[st.mimic.order[i]->split]++;
    run_note(r, "%" PRIu64 " rows of NOTEEVENTS, %" PRIu64 " discharge summaries, %zu admissions written", c->note_rows,
             c->summaries,
             st.mimic.n);
    for (int k = 0; k < SPLITS_N; k++) {
        run_note(r, "%s: %" PRIu64 " admissions of %zu in the list", split_name[k], written[k], st.splits.count[k]);
        if (st.gold)
            run_note(r,
                     "%s: %" PRIu64 " labels, %.2f an admission; %" PRIu64 " admissions without one, %" PRIu64
                     " of them without any code",
                     split_name[k], st.positives[k], written[k] ? (double)st.positives[k] / (double)written[k] : 0.,
                     st.unlabelled[k], st.uncoded[k]);
    }
    if (st.gold)
        run_note(r, "%zu labels in the set (%s)", st.n_labels, path_base(labels));
    counted(r, st.splits.n - st.mimic.n, "admissions of the lists have no discharge summary and are left out");
    counted(r, c->no_hadm, "discharge summaries without HADM_ID were skipped");
    counted(r, c->code_no_hadm, "code rows without HADM_ID were skipped");
    counted(r, c->null_codes, "code rows of listed admissions without a code were skipped");
    counted(r, c->bad_bytes, "bytes were not UTF-8 and became U+FFFD");
    counted(r, subjects_in_two_splits(), "subjects have admissions in more than one split");
    if (c->not_listed)
        run_note(r, "%" PRIu64 " discharge summaries of admissions in no list were skipped", c->not_listed);
}

static int end(struct run *r)
{
    r->progress.total = st.mimic.n;
    for (size_t i = 0; i < st.mimic.n; i++) {
        struct mimic_admission *a = st.mimic.order[i];
        TRY(emit_note(r, a));
        if (st.gold)
            TRY(emit_gold(r, a));
        buf_free(&a->text);
        progress_show(&r->progress, i + 1, NULL);
    }
    report(r);
    return 0;
}

static void done(struct run *r)
{
    mimic3_close(&st.mimic);
    splits_free(&st.splits);
    for (size_t i = 0; i < st.n_labels; i++)
        free(st.label[i]);
    free(st.label);
    msgpack_sbuffer_destroy(&st.sb);
}

static const struct stage stage = {
    .doc = {"mimic-split", "[OPTION]... DIR|ARCHIVE", "MIMIC-III tables to a note stream, with the labels apart"},
    .opts = opts,
    .out = "note",
    .unit = "notes",
    .begin = begin,
    .end = end,
    .done = done,
};
int main(int argc, char **argv)
{
    return stage_main(&stage, argc, argv);
}
