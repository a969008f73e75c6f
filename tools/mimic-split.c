/* mimic-split: MIMIC tables -> note stream, and the labels as a gold stream of their own. The note stream is made from
 * the notes and the split lists alone; no label can change it. The join is lib/ingest/mimic.c, the report
 * lib/ingest/split_report.c. Tests: tests/cli/mimic-split*.sh. */
#include "lib/ingest/document.h"
#include "lib/ingest/split_report.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *source = "mimic3", *labels, *splits_dir, *lists = "auto", *order = "file", *separator = "auto",
                  *icd = "auto", *icd10 = "dotted", *other_version = "skip", *bad_codes = "refuse", *count_in = "train",
                  *gold_path, *report_path;
static int64_t min_count;
static bool addenda = true, duplicates = true, caml_text, caml_bug;
static const char *const sources[] = {"mimic3", "mimic4", NULL}, *const lists_names[] = {"auto", "50", "full", NULL},
                         *const orders[] = {"file", "report", "time", NULL},
                         *const separators[] = {"auto", "newline", "blank-line", "space", "tab", NULL},
                         *const icds[] = {"auto", "9", "10", NULL},
                         *const icd10_forms[] = {"dotted", "edin", "undotted", NULL},
                         *const versions[] = {"skip", "keep", NULL}, *const bads[] = {"refuse", "skip", NULL},
                         *const counted_in[] = {"train", "all", NULL};

static const struct opt opts[] = {
    {"source", 0, OPT_CHOICE, &source, "WHAT",
     "Which tables to read.\n"
     "mimic3: NOTEEVENTS, DIAGNOSES_ICD, PROCEDURES_ICD\n"
     "mimic4: note/discharge, hosp/diagnoses_icd, hosp/procedures_icd",
     .choices = sources},
    {"labels", 0, OPT_FILE, &labels, "SET",
     "Label set.\n"
     "caml50: CAML's fixed list; the default for MIMIC-III\n"
     "laat50: LAAT's list\n"
     "fixed50: the list counted once per admission\n"
     "full: every code of the admissions written; the default for MIMIC-IV\n"
     "FILE: one code per line"},
    {"lists", 0, OPT_CHOICE, &lists, "LISTS",
     "Which split lists to use.\n"
     "auto: 50 for the label sets of 50 codes, else full\n"
     "50: those of MIMIC-III-50\n"
     "full: those of all admissions",
     .choices = lists_names},
    {"splits", 0, OPT_DIR, &splits_dir, "DIR",
     "Directory with {train,dev,test}_{50,full}_hadm_ids.csv, one admission number per line. Default: CAML's lists, "
     "which come with icdpipe and are for MIMIC-III."},
    {"order", 0, OPT_CHOICE, &order, "ORDER",
     "Order of the notes of an admission.\n"
     "file: as in the table\n"
     "report: reports first, then by time, date and row\n"
     "time: by time, then date, then reports first",
     .choices = orders},
    {"separator", 0, OPT_CHOICE, &separator, "WHAT",
     "What to put between the notes of an admission.\n"
     "auto: a newline; with --caml-text a space\n"
     "newline: a newline\n"
     "blank-line: an empty line\n"
     "space: a space\n"
     "tab: a tab",
     .choices = separators},
    {"addenda", 0, OPT_FLAG, &addenda, NULL, "Keep addenda."},
    {"duplicates", 0, OPT_FLAG, &duplicates, NULL,
     "Keep notes that have the same text as an earlier one of their admission."},
    {"caml-text", 0, OPT_FLAG, &caml_text, NULL,
     "Write CAML's text, for baselines trained on it: words in lower case, without numbers, punctuation and lines."},
    {"caml-bug", 0, OPT_FLAG, &caml_bug, NULL,
     "Spoil codes as CAML does, which reads them as numbers. Its full label set has 8921 codes instead of 8929."},
    {"icd", 0, OPT_CHOICE, &icd, "VERSION",
     "MIMIC-IV: which codes to take.\n"
     "auto: ICD-10\n"
     "9: ICD-9\n"
     "10: ICD-10", .choices = icds},
    {"other-version", 0, OPT_CHOICE, &other_version, "WHAT",
     "MIMIC-IV: what to do with admissions that have notes and codes of the other version only.\n"
     "skip: leave them out\n"
     "keep: write them, without codes",
     .choices = versions},
    {"bad-codes", 0, OPT_CHOICE, &bad_codes, "WHAT",
     "What to do with a code whose shape is impossible in its table (401.9.1, TRUE, 99999999).\n"
     "refuse: end with an error\n"
     "skip: leave its row out and count it",
     .choices = bads},
    {"min-count", 0, OPT_INT, &min_count, "N",
     "Leave out labels that fewer than N admissions have. An admission counts once. 0: keep all.", .max = INT32_MAX},
    {"count-in", 0, OPT_CHOICE, &count_in, "SPLITS",
     "Which admissions --min-count counts.\n"
     "train: those of the train split, so that dev and test do not choose the labels\n"
     "all: all, as Edin et al. (2023) do",
     .choices = counted_in},
    {"icd10-form", 0, OPT_CHOICE, &icd10, "FORM",
     "How to write ICD-10 diagnoses; procedures have no dot.\n"
     "dotted: I10 and E11.9\n"
     "edin: I10. and E11.9\n"
     "undotted: I10 and E119",
     .choices = icd10_forms},
    {"gold", 'g', OPT_OUT, &gold_path, "FILE",
     "Write the labels, a gold stream, to FILE. Without it no label table is opened."},
    {"report", 0, OPT_OUT, &report_path, "FILE", "Write the report as JSON to FILE."},
    {.type = OPT_END},
};

static struct {
    struct splits splits;
    struct mimic_opts how;
    struct mimic mimic;
    struct document doc;
    struct caml_text caml;
    struct label_set labels;
    struct split_tally tally;
    struct out *gold;
    struct outfile *report;
    msgpack_sbuffer sb;
} st;

/* ---- begin: everything is read ---- */
static bool is_std(const char *path)
{
    return !path || !strcmp(path, "-");
}
static int check_usage(struct run *r)
{
    bool four = !strcmp(source, "mimic4");
    const char *tool = r->stage->doc.tool;
    if (!r->argc)
        return err_set(E_USAGE, "an operand is needed: the directories or archives with the tables; see %s --help",
                       tool);
    if (gold_path && r->output && !strcmp(gold_path, r->output))
        return err_set(E_USAGE, "--gold and -o name the same file");
    if (report_path && ((r->output && !strcmp(report_path, r->output)) ||
                        (gold_path && !strcmp(report_path, gold_path)) || (is_std(report_path) && is_std(r->output))))
        return err_set(E_USAGE, "--report names the file of another output");
    if (four && !splits_dir)
        return err_set(E_USAGE, "MIMIC-IV needs --splits: the lists that come with icdpipe are for MIMIC-III");
    if (four && caml_bug)
        return err_set(E_USAGE, "--caml-bug is for MIMIC-III");
    if (min_count && !gold_path)
        return err_set(E_USAGE, "--min-count needs --gold");
    if (!four && !strcmp(icd, "10"))
        return err_set(E_USAGE, "MIMIC-III has no ICD-10 codes");
    return 0;
}
static void settle(struct run *r)
{
    bool four = !strcmp(source, "mimic4");
    if (!labels)
        labels = four ? "full" : "caml50";
    if (!strcmp(lists, "auto"))
        lists = !strcmp(labels, "caml50") || !strcmp(labels, "laat50") || !strcmp(labels, "fixed50") ? "50" : "full";
    if (!strcmp(icd, "auto"))
        icd = four ? "10" : "9";
    if (!strcmp(separator, "auto"))
        separator = caml_text ? "space" : "newline";
    st.how = (struct mimic_opts){.source = source,
                                 .icd = atoi(icd),
                                 .form = (enum icd10_form)opt_place(icd10_forms, icd10),
                                 .addenda = addenda,
                                 .codes = gold_path,
                                 .caml_numbers = caml_bug,
                                 .one_version = four && !strcmp(other_version, "skip"),
                                 .skip_bad = !strcmp(bad_codes, "skip"),
                                 .thread = r->threads > 1};
    static const char *const strings[] = {"", "\n", "\n\n", " ", "\t"};
    st.doc = (struct document){.order = (enum note_order)opt_place(orders, order),
                               .separator = strings[opt_place(separators, separator)],
                               .duplicates = duplicates,
                               .caml = caml_text ? &st.caml : NULL};
}
static void show_rows(void *ctx, uint64_t rows)
{
    progress_show(ctx, rows, NULL);
}
static int read_tables(struct run *r)
{
    struct progress p;
    progress_start(&p, r->stage->doc.tool, "rows", 0, r->quiet);
    st.how.tick = show_rows;
    st.how.ctx = &p;
    int rc = mimic_read(&st.mimic, &st.splits, &st.how, r->argv, r->argc);
    progress_end(&p);
    /* The label tables' digests are in the report only: no byte of the note stream depends on a code. */
    return rc ? rc : run_input_digest(r, st.mimic.table[0].name, st.mimic.table[0].xxh64);
}
static int open_gold(struct run *r)
{
    TRY(label_set_load(&st.labels, labels, &st.mimic));
    if (st.labels.odd)
        return err_set(E_DATA, "%s: %zu labels have the shape of no ICD code, the first is %s", path_base(labels),
                       st.labels.odd, st.labels.first_odd);
    if (min_count)
        TRY(label_set_at_least(&st.labels, &st.mimic, (uint64_t)min_count, !strcmp(count_in, "train")));
    if (!(st.tally.by_label = mem_zalloc(st.labels.n, sizeof *st.tally.by_label)))
        return E_NOMEM;
    json_t *list = json_array(), *meta;
    for (size_t i = 0; i < st.labels.n; i++)
        json_array_append_new(list, json_string(st.labels.code[i]));
    meta = json_pack("{s:o, s:s}", "labels", list, "label_set", path_base(labels));
    if (!meta)
        return err_set(E_USAGE, "--labels: the name is not UTF-8");
    int rc = run_output(r, gold_path, "gold", meta, &st.gold);
    json_decref(meta);
    return rc;
}
static uint64_t other_versions(void)
{
    const uint64_t *n = st.mimic.counts.other_version;
    return n[SPLIT_TRAIN] + n[SPLIT_DEV] + n[SPLIT_TEST];
}
static int list_file(void *r, const char *path)
{
    return run_input_file(r, path);
}
static int begin(struct run *r)
{
    char bundled[PATH_MAX];
    TRY(check_usage(r));
    settle(r);
    if (report_path)
        TRY(run_output_file(r, report_path, &st.report));
    if (!splits_dir)
        TRY(share_path("caml", bundled, sizeof bundled));
    TRY(caml_text ? caml_text_open(&st.caml) : 0);
    TRY(splits_load(&st.splits, splits_dir ? splits_dir : bundled, lists, list_file, r));
    TRY(read_tables(r));
    if (!st.mimic.n)
        return err_set(E_DATA, "no discharge summary belongs to an admission of the split lists (--splits)%s",
                       other_versions() ? " that is coded in the version asked for (--icd)" : "");
    if (gold_path)
        TRY(open_gold(r));
    if (caml_text && json_object_set_new(r->meta, "text", json_string("caml")))
        return err_nomem(1);
    return json_object_set_new(r->meta, "source", json_string(source)) ? err_nomem(1) : 0;
}

/* ---- end: everything is written ---- */
static msgpack_packer begin_record(size_t fields)
{
    msgpack_packer pk;
    msgpack_sbuffer_clear(&st.sb);
    pk_init(&pk, &st.sb);
    msgpack_pack_map(&pk, fields);
    return pk;
}
static void pk_id(msgpack_packer *pk, const char *field, int64_t id)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRId64, id);
    pk_str(pk, field);
    pk_str(pk, s);
}
static int emit_note(struct run *r, const struct mimic_admission *a)
{
    TRY(document_make(&st.doc, a));
    msgpack_packer pk = begin_record(5);
    pk_id(&pk, "id", a->id);
    pk_id(&pk, "subject", a->subject);
    pk_str(&pk, "split");
    pk_str(&pk, split_name[a->split]);
    pk_str(&pk, "text");
    pk_strn(&pk, st.doc.text.n ? st.doc.text.p : "", st.doc.text.n);
    pk_str(&pk, "parts");
    msgpack_pack_array(&pk, st.doc.parts);
    for (size_t i = 0; i < st.doc.parts; i++) {
        const struct mimic_part *p = &st.doc.part[i];
        msgpack_pack_map(&pk, 5);
        pk_str(&pk, "kind");
        pk_str(&pk, p->kind);
        pk_str(&pk, "date");
        pk_str(&pk, p->date);
        pk_str(&pk, "row");
        msgpack_pack_int64(&pk, p->row);
        pk_str(&pk, "begin");
        msgpack_pack_uint64(&pk, p->begin);
        pk_str(&pk, "end");
        msgpack_pack_uint64(&pk, p->end);
    }
    st.tally.admissions[a->split]++;
    return run_emit(r, st.sb.data, st.sb.size);
}

static int by_index(const void *x, const void *y)
{
    const ptrdiff_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}
/* The admission's labels, each once, in index order; *n of them. */
static int label_indices(const struct mimic_admission *a, ptrdiff_t **out, size_t *n)
{
    ptrdiff_t *v = *out = mem_alloc(a->codes, sizeof *v);
    size_t found = 0;
    *n = 0;
    if (!v)
        return E_NOMEM;
    for (size_t i = 0; i < a->codes; i++)
        if ((v[found] = label_set_find(&st.labels, a->code[i].code)) >= 0)
            found++;
    mem_sort(v, found, sizeof *v, by_index);
    for (size_t i = 0; i < found; i++)
        if (!*n || v[*n - 1] != v[i])
            v[(*n)++] = v[i];
    return 0;
}
static int emit_gold(struct run *r, const struct mimic_admission *a)
{
    ptrdiff_t *label;
    size_t n;
    TRY(label_indices(a, &label, &n));
    msgpack_packer pk = begin_record(4);
    pk_id(&pk, "id", a->id);
    pk_str(&pk, "split");
    pk_str(&pk, split_name[a->split]);
    pk_str(&pk, "codes");
    msgpack_pack_array(&pk, n);
    for (size_t i = 0; i < n; i++) {
        pk_str(&pk, st.labels.code[label[i]]);
        st.tally.by_label[label[i]][a->split]++;
    }
    free(label);
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
    st.tally.positives[a->split] += n;
    st.tally.unlabelled[a->split] += !n;
    st.tally.uncoded[a->split] += !a->codes;
    return run_emit_to(r, st.gold, st.sb.data, st.sb.size);
}

/* ---- the report ---- */
static void counted(struct run *r, uint64_t n, const char *what)
{
    if (n)
        run_warn(r, "%" PRIu64 " %s", n, what);
}
/* "3 rows WHAT: 'nan' (DIAGNOSES_ICD.csv, row 17), ..." */
static void warn_odd(struct run *r, const struct mimic_odd *o, const char *what)
{
    struct buf b = {0};
    int rc = 0;
    for (size_t i = 0; i < o->shown && !rc; i++)
        rc = buf_fmt(&b, "%s '%s' (%s, row %" PRIu64 ")", i ? "," : ":", o->first[i].text, o->first[i].table,
                     o->first[i].row);
    if (o->n)
        run_warn(r, "%" PRIu64 " code rows of listed admissions %s%.*s%s", o->n, what, (int)b.n, b.n ? b.p : "",
                 o->shown == MIMIC_SHOWN && o->n > MIMIC_SHOWN ? ", ..." : "");
    buf_free(&b);
}
static size_t labels_absent(void)
{
    size_t n = 0;
    for (size_t i = 0; i < st.labels.n; i++)
        n += !(st.tally.by_label[i][SPLIT_TRAIN] + st.tally.by_label[i][SPLIT_DEV] + st.tally.by_label[i][SPLIT_TEST]);
    return n;
}
static void warn(struct run *r, const json_t *report)
{
    const struct mimic_counts *c = &st.mimic.counts;
    size_t i;
    json_t *x;
    for (i = 0; i < MIMIC_TABLES; i++) {
        const struct mimic_table *t = &st.mimic.table[i];
        if (t->others)
            run_warn(r, "%s is there %u times; read was %s", t->name, t->others + 1, t->file);
        if (*t->file && !t->rows)
            run_warn(r, "%s has no rows", t->file);
    }
    counted(r, st.splits.n - st.mimic.n - other_versions(),
            "admissions of the lists have no discharge summary and are left out");
    counted(r, c->no_hadm, "discharge summaries without HADM_ID were skipped");
    counted(r, c->code_no_hadm, "code rows without HADM_ID were skipped");
    counted(r, c->null_codes, "code rows of listed admissions without a code were skipped");
    warn_odd(r, &c->null_words, "hold a word for no value and were skipped");
    warn_odd(r, &c->bad_codes, "hold what cannot be a code there and were left out");
    counted(r, st.labels.null_words, "lines of the label file hold a word for no value and were skipped");
    counted(r, c->bad_bytes, "bytes were not UTF-8 and became U+FFFD");
    counted(r, subjects_in_two_splits(&st.mimic), "subjects have admissions in more than one split");
    if (st.gold && labels_absent() == st.labels.n)
        run_warn(r, "no admission has one of the %zu labels: codes have dots, as 401.9 and 38.93", st.labels.n);
    counted(r, st.caml.other_bytes, "bytes are not ASCII: CAML's tokens may be others there");
    json_array_foreach(json_object_get(report, "symptoms"), i, x) run_warn(r, "%s", json_string_value(x));
    json_array_foreach(json_object_get(report, "checks"), i, x) if (!json_is_true(json_object_get(x, "ok")))
        run_warn(r, "not MIMIC-III v1.4 as published: %s: %" JSON_INTEGER_FORMAT ", not %" JSON_INTEGER_FORMAT,
                 json_string_value(json_object_get(x, "check")), json_integer_value(json_object_get(x, "got")),
                 json_integer_value(json_object_get(x, "want")));
}
static void note_labels(struct run *r, const json_t *report)
{
    const struct split_tally *t = &st.tally;
    run_note(r, "%zu labels in the set (%s), %zu of them of no admission", st.labels.n, path_base(labels),
             labels_absent());
    if (min_count)
        run_note(r, "%zu labels left out that fewer than %" PRId64 " admissions of %s have", st.labels.rare, min_count,
                 strcmp(count_in, "train") ? "all splits" : "train");
    for (size_t i = 0; i < st.labels.n && st.labels.n <= 60; i++)
        run_note(r, "%-7s %6" PRIu64 " train %5" PRIu64 " dev %5" PRIu64 " test", st.labels.code[i], t->by_label[i][0],
                 t->by_label[i][1], t->by_label[i][2]);
    for (int s = SPLIT_DEV; s < SPLITS_N; s++) {
        const json_t *shift = json_object_get(json_object_get(report, "shift"), split_name[s]), *x;
        struct buf most = {0};
        size_t i;
        json_array_foreach(json_object_get(shift, "most"), i, x)
            buf_fmt(&most, "%s %s %.1f to %.1f %%", i ? "," : "", json_string_value(json_object_get(x, "code")),
                    100 * json_real_value(json_object_get(x, "train")),
                    100 * json_real_value(json_object_get(x, split_name[s])));
        if (json_is_object(shift))
            run_note(r,
                     "prior shift from train to %s: %.2f points a label;%.*s; %" JSON_INTEGER_FORMAT
                     " labels of train not in %s, %" JSON_INTEGER_FORMAT " of %s not in train",
                     split_name[s], 100 * json_real_value(json_object_get(shift, "mean_difference")), (int)most.n,
                     most.p ? most.p : "", json_integer_value(json_object_get(shift, "only_in_train")), split_name[s],
                     json_integer_value(json_object_get(shift, "never_in_train")), split_name[s]);
        buf_free(&most);
    }
}
static const char *why_not_compared(void)
{
    if (splits_dir)
        return "other lists than CAML's";
    return addenda ? "most admissions of CAML's lists are missing" : "addenda are left out";
}

static void note(struct run *r, const json_t *report, bool known)
{
    const struct mimic_counts *c = &st.mimic.counts;
    const struct split_tally *t = &st.tally;
    /* What was written, in all and per split. */
    run_note(r, "%" PRIu64 " rows of %s, %" PRIu64 " discharge summaries, %zu admissions written",
             st.mimic.table[0].rows, st.mimic.table[0].name, c->summaries, st.mimic.n);
    for (int k = 0; k < SPLITS_N; k++) {
        run_note(r, "%s: %" PRIu64 " admissions of %zu in the list", split_name[k], t->admissions[k],
                 st.splits.count[k]);
        if (c->other_version[k])
            run_note(r, "%s: %" PRIu64 " admissions coded in ICD-%d were left out (--other-version)", split_name[k],
                     c->other_version[k], st.how.icd == 9 ? 10 : 9);
        if (st.gold)
            run_note(r,
                     "%s: %" PRIu64 " labels, %.2f an admission; %" PRIu64 " admissions without one, %" PRIu64
                     " of them without any code",
                     split_name[k], t->positives[k],
                     t->admissions[k] ? (double)t->positives[k] / (double)t->admissions[k] : 0., t->unlabelled[k],
                     t->uncoded[k]);
    }
    if (st.gold)
        note_labels(r, report);
    if (caml_text)
        run_note(r, "%" PRIu64 " tokens, %" PRIu64 " different ones", st.caml.tokens, st.caml.types);
    /* What was left out. */
    if (c->not_listed)
        run_note(r, "%" PRIu64 " discharge summaries of admissions in no list were skipped", c->not_listed);
    if (c->addenda || st.doc.dropped)
        run_note(r, "%" PRIu64 " addenda and %" PRIu64 " duplicates were left out as asked", c->addenda,
                 st.doc.dropped);
    if (c->code_not_listed || c->other_system)
        run_note(r, "%" PRIu64 " code rows of admissions in no list, %" PRIu64 " of the other ICD version were skipped",
                 c->code_not_listed, c->other_system);
    if (c->two_versions)
        run_note(r, "%" PRIu64 " admissions have codes of both ICD versions; those of ICD-%d count", c->two_versions,
                 st.how.icd);
    /* How it compares with MIMIC-III v1.4. */
    run_note(r, "SUBJECT_ID %s from train to dev to test", subjects_ordered(&st.mimic) ? "rises" : "does not rise");
    if (!known)
        run_note(r, "not compared with MIMIC-III v1.4: %s", why_not_compared());
    else
        run_note(r, "compared with MIMIC-III v1.4: %zu counts", json_array_size(json_object_get(report, "checks")));
}
static int report(struct run *r)
{
    st.tally.duplicates = st.doc.dropped;
    const struct split_facts f = {&st.mimic, st.gold ? &st.labels : NULL, path_base(labels), lists, !splits_dir,
                                  &st.tally, caml_text ? &st.caml : NULL};
    json_t *j;
    TRY(split_report(&f, &j));
    note(r, j, known_corpus(&f));
    warn(r, j);
    int rc = 0;
    if (report_path) {
        char *text = json_dumps(j, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
        rc = text ? outfile_write(st.report, text, strlen(text)) : err_nomem(1);
        rc = rc ? rc : outfile_write(st.report, "\n", 1);
        free(text);
    }
    json_decref(j);
    return rc;
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
    return report(r);
}

static void done(struct run *r)
{
    mimic_close(&st.mimic);
    splits_free(&st.splits);
    label_set_free(&st.labels);
    free(st.tally.by_label);
    document_free(&st.doc);
    caml_text_close(&st.caml);
    msgpack_sbuffer_destroy(&st.sb);
}

static const struct stage stage = {
    .doc = {"mimic-split", "[OPTION]... DIR|ARCHIVE...", "MIMIC tables to a note stream, with the labels apart"},
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
