/* The synthetic MIMIC-III directory: who is admitted when, which split, and the files. Admissions are written in chunks
 * that several threads make and one writes in order; each chunk is a gzip member of its own, so the bytes do not depend
 * on the threads. Tests: tests/cli/mimic-synth.sh. */
#include "lib/ingest/synth.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/pool.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 32, ROWS = 64 /* row numbers kept for an admission in each table */ };
enum file_id { NOTES, DX, PX, TRUTH, BY_CHUNK, D_DX = BY_CHUNK, D_PX, SPLITS, FILES = SPLITS + 6 };
static const struct {
    const char *name, *header;
} files[SPLITS] = {
    [NOTES] = {"NOTEEVENTS.csv.gz", "\"ROW_ID\",\"SUBJECT_ID\",\"HADM_ID\",\"CHARTDATE\",\"CHARTTIME\",\"STORETIME\","
                                    "\"CATEGORY\",\"DESCRIPTION\",\"CGID\",\"ISERROR\",\"TEXT\"\n"},
    [DX] = {"DIAGNOSES_ICD.csv.gz", "\"ROW_ID\",\"SUBJECT_ID\",\"HADM_ID\",\"SEQ_NUM\",\"ICD9_CODE\"\n"},
    [PX] = {"PROCEDURES_ICD.csv.gz", "\"ROW_ID\",\"SUBJECT_ID\",\"HADM_ID\",\"SEQ_NUM\",\"ICD9_CODE\"\n"},
    [TRUTH] = {"truth.ndjson", NULL},
    [D_DX] = {"D_ICD_DIAGNOSES.csv.gz", "\"ROW_ID\",\"ICD9_CODE\",\"SHORT_TITLE\",\"LONG_TITLE\"\n"},
    [D_PX] = {"D_ICD_PROCEDURES.csv.gz", "\"ROW_ID\",\"ICD9_CODE\",\"SHORT_TITLE\",\"LONG_TITLE\"\n"},
};
static const char *const split_names[3] = {"train", "dev", "test"};

struct admission {
    uint32_t subject, hadm;
    uint8_t split;
};
struct world {
    const struct synth_opts *o;
    struct synth_counts *counts;
    struct synth_lexicon lx;
    struct admission *adm; /* by subject */
    uint32_t *order;       /* of the tables: not by subject */
    uint64_t next, done;   /* chunks */
    struct outfile out[FILES];
    struct worker {
        struct synth_note note;
        struct buf other, rows[3]; /* rows: reports, notes of other categories, addenda */
    } *worker;
};
struct chunk {
    uint64_t first, n;
    struct buf out[BY_CHUNK];
    struct synth_counts counts;
};

/* ---- plan ---- */
/* Random streams: 0 the long tail, 1 and 2 the plan, then two an admission: its codes, its words. */
static struct rng codes_rng(const struct world *w, uint64_t a)
{
    return rng_new(w->o->seed, 16 + 2 * a);
}
static struct rng words_rng(const struct world *w, uint64_t a)
{
    return rng_new(w->o->seed, 17 + 2 * a);
}

/* How often a patient comes, u being by chance in [0,1). */
static uint64_t admissions_at(double u)
{
    if (u < .80)
        return 1;
    if (u < .94)
        return 2;
    return u < .98 ? 3 : 5;
}
static int split_at(double share)
{
    if (share < .70)
        return SYNTH_TRAIN;
    return share < .85 ? SYNTH_DEV : SYNTH_TEST;
}

static int make_plan(struct world *w)
{
    uint64_t n = (uint64_t)w->o->admissions, ids = n > 99999 ? n : 99999;
    uint32_t *hadm = mem_alloc(ids, sizeof *hadm);
    w->adm = mem_alloc(n, sizeof *w->adm);
    w->order = mem_alloc(n, sizeof *w->order);
    if (!hadm || !w->adm || !w->order) {
        free(hadm);
        return E_NOMEM;
    }
    /* Admission numbers and the order of the tables, by chance. */
    struct rng r = rng_new(w->o->seed, 1);
    for (uint64_t i = 0; i < ids; i++)
        hadm[i] = (uint32_t)(100001 + i);
    rng_shuffle(&r, hadm, ids);
    for (uint64_t i = 0; i < n; i++)
        w->order[i] = (uint32_t)i;
    rng_shuffle(&r, w->order, n);

    /* Patients and splits: each patient's admissions are in one split. */
    r = rng_new(w->o->seed, 2);
    uint32_t subject = 2;
    int split = SYNTH_TRAIN;
    for (uint64_t i = 0, more = 0; i < n; i++) {
        if (!more) { /* a new patient: only here may the next split begin */
            subject += 1 + (uint32_t)rng_below(&r, 2);
            double u = rng_unit(&r), at = (double)i / (double)n;
            more = admissions_at(u);
            split = split_at(at);
        }
        more--;
        w->adm[i] = (struct admission){subject, hadm[i], (uint8_t)split};
    }
    free(hadm);
    return 0;
}

/* ---- one chunk ---- */
static int csv_text(struct buf *b, const char *p, size_t n)
{
    TRY(buf_add(b, "\"", 1));
    for (size_t i = 0; i < n;) {
        const char *q = memchr(p + i, '"', n - i);
        size_t len = q ? (size_t)(q - (p + i)) + 1 : n - i;
        TRY(buf_add(b, p + i, len));
        if (q)
            TRY(buf_add(b, "\"", 1));
        i += len;
    }
    return buf_add(b, "\"", 1);
}
static const char *undotted(const char *code, char out[16])
{
    size_t k = 0;
    for (; *code && k < 15; code++)
        if (*code != '.')
            out[k++] = *code;
    out[k] = 0;
    return out;
}

static int code_rows(struct rng *r, const struct world *w, uint64_t a, const struct synth_case *c, bool procedure,
                     struct chunk *ch)
{
    const struct admission *adm = &w->adm[a];
    const char *codes[SYNTH_TOP + SYNTH_OTHERS_MAX + 1];
    int n = 0;
    /* Collect the codes of this kind. */
    for (int i = 0; i < SYNTH_TOP; i++)
        if (c->has[i] && synth_codes[i].procedure == procedure)
            codes[n++] = synth_codes[i].code;
    for (int i = 0; i < c->others; i++) {
        const struct synth_title *t = &w->lx.titles[w->lx.tail[c->other[i]]];
        if (t->procedure == procedure)
            codes[n++] = t->code;
    }
    /* Shuffle them. */
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(r, (uint64_t)i + 1);
        const char *t = codes[i];
        codes[i] = codes[j];
        codes[j] = t;
    }
    if (procedure && n && rng_unit(r) < .05) { /* the real table repeats procedures */
        codes[n] = codes[0];
        n++;
    }
    /* Write a row for each. */
    struct buf *b = &ch->out[procedure ? PX : DX];
    if (c->uncoded) { /* of these, half have one row without a code, as in the real tables */
        if (procedure || rng_unit(r) < .5)
            return 0;
        ch->counts.diagnoses++;
        return buf_fmt(b, "%llu,%u,%u,,\n", (unsigned long long)(a * ROWS + 1), adm->subject, adm->hadm);
    }
    for (int i = 0; i < n && i < ROWS; i++) {
        char raw[16];
        TRY(buf_fmt(b, "%llu,%u,%u,%d,\"%s\"\n", (unsigned long long)(a * ROWS) + 1 + (unsigned)i, adm->subject,
                    adm->hadm, i + 1, undotted(codes[i], raw)));
        *(procedure ? &ch->counts.procedures : &ch->counts.diagnoses) += 1;
    }
    return 0;
}

static int note_row(struct buf *b, uint64_t row, const struct admission *adm, const struct synth_note *n,
                    const char *time, const char *category, const char *description, const struct buf *text)
{
    TRY(buf_fmt(b, "%llu,%u,%u,%04d-%02d-%02d,%s,%s,\"%s\",\"%s\",%s,,", (unsigned long long)row, adm->subject,
                adm->hadm, n->year, n->month, n->day, time, time, category, description, *time ? "15245" : ""));
    TRY(csv_text(b, text->p, text->n));
    return buf_add(b, "\n", 1);
}

static int truth_rows(const struct world *w, uint64_t a, const struct synth_note *n, struct chunk *ch)
{
    for (size_t i = 0; i < n->nevidence; i++) {
        const struct synth_evidence *e = &n->evidence[i];
        json_t *s = json_stringn(n->text[e->part].p + e->begin, e->end - e->begin);
        char *q = s ? json_dumps(s, JSON_ENCODE_ANY) : NULL;
        json_decref(s);
        if (!q)
            return err_nomem(e->end - e->begin);
        int rc = buf_fmt(&ch->out[TRUTH],
                         "{\"id\":\"%u\",\"code\":\"%s\",\"text\":%s,\"row\":%llu,\"begin\":%u,\"end\":%u}\n",
                         w->adm[a].hadm, synth_codes[e->code].code, q,
                         (unsigned long long)(a * ROWS) + 1 + (unsigned)e->part, e->begin, e->end);
        free(q);
        TRY(rc);
    }
    ch->counts.evidence += n->nevidence;
    return 0;
}

static int admission(const struct world *w, struct worker *k, uint64_t a, struct chunk *ch)
{
    static const struct {
        const char *category, *description, *words;
        double often;
    } others[] = {{"Nursing/other", "Report", "nursing", .7}, {"Radiology", "CHEST (PORTABLE AP)", "radiology", .6},
                  {"ECG", "Report", "ecg", .3}, {"Physician ", "Physician Resident Progress Note", "nursing", .3}};
    const struct admission *adm = &w->adm[a];
    /* The codes come first, from random numbers of their own. */
    struct synth_case c;
    struct rng r = codes_rng(w, a);
    synth_draw(&r, &w->lx, (enum synth_split)adm->split, &c);
    TRY(code_rows(&r, w, a, &c, false, ch));
    TRY(code_rows(&r, w, a, &c, true, ch));

    /* The discharge summary and what it is evidence of. */
    r = words_rng(w, a);
    bool old = rng_unit(&r) < (adm->split == SYNTH_TRAIN ? .45 : .25);
    TRY(synth_write(&r, &w->lx, &c, w->o->length, old, &k->note));
    uint64_t row = a * ROWS + 1;
    for (int i = 0; i < k->note.parts; i++)
        TRY(note_row(&k->rows[i ? 2 : 0], row++, adm, &k->note, "", "Discharge summary", k->note.description[i],
                     &k->note.text[i]));
    TRY(truth_rows(w, a, &k->note, ch));
    /* Other notes of the stay, which mimic-split must leave out. */
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!(rng_unit(&r) < others[i].often))
            continue;
        char time[32];
        snprintf(time, sizeof time, "%04d-%02d-%02d %02d:%02d:00", k->note.year, k->note.month, k->note.day,
                 (int)rng_below(&r, 24), (int)rng_below(&r, 60));
        TRY(synth_write_other(&r, others[i].words, &k->other));
        TRY(note_row(&k->rows[1], row++, adm, &k->note, time, others[i].category, others[i].description, &k->other));
    }
    ch->counts.notes += row - a * ROWS - 1;
    return 0;
}

/* `in` as one gzip member without a date, in place. */
static int compress_member(struct buf *in)
{
    struct buf out = {0};
    struct archive *z = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    size_t used = 0;
    int rc = z && e ? buf_reserve(&out, in->n + in->n / 100 + 4096) : err_nomem(1);
    if (rc)
        goto end;
    archive_entry_set_pathname(e, "table");
    archive_entry_set_filetype(e, AE_IFREG);
    if (archive_write_set_format_raw(z) || archive_write_add_filter_gzip(z) ||
        archive_write_set_options(z, "gzip:!timestamp,gzip:compression-level=5") ||
        archive_write_set_bytes_per_block(z, 0) || archive_write_open_memory(z, out.p, out.cap, &used) ||
        archive_write_header(z, e) || archive_write_data(z, in->p, in->n) != (la_ssize_t)in->n ||
        archive_write_close(z)) {
        /* of libarchive's filter for gzip, only memory can fail here, and it says so in many ways */
        rc = err_nomem(0);
        goto end;
    }
    out.n = used;
    buf_free(in);
    *in = out;
    out = (struct buf){0};
end:
    archive_entry_free(e);
    archive_write_free(z);
    buf_free(&out);
    return rc;
}

static int chunk_read(void *ctx, void **item)
{
    struct world *w = ctx;
    uint64_t n = (uint64_t)w->o->admissions;
    *item = NULL;
    if (w->next >= n)
        return 0;
    struct chunk *c = mem_zalloc(1, sizeof *c);
    if (!c)
        return E_NOMEM;
    c->first = w->next;
    c->n = n - w->next < CHUNK ? n - w->next : CHUNK;
    w->next += c->n;
    *item = c;
    return 0;
}
static int chunk_work(void *ctx, int thread, void *item)
{
    const struct world *w = ctx;
    struct worker *k = &w->worker[thread];
    struct chunk *c = item;
    for (uint64_t i = 0; i < c->n; i++)
        TRY(admission(w, k, w->order[c->first + i], c));
    for (int i = 0; i < 3; i++) {
        TRY(buf_add(&c->out[NOTES], k->rows[i].p, k->rows[i].n));
        k->rows[i].n = 0;
    }
    TRY(compress_member(&c->out[NOTES]));
    TRY(compress_member(&c->out[DX]));
    return compress_member(&c->out[PX]);
}
static void chunk_drop(void *ctx, void *item)
{
    struct chunk *c = item;
    for (int i = 0; i < BY_CHUNK; i++)
        buf_free(&c->out[i]);
    free(c);
}
static int chunk_write(void *ctx, void *item)
{
    struct world *w = ctx;
    struct chunk *c = item;
    int rc = 0;
    for (int i = 0; i < BY_CHUNK && !rc; i++)
        rc = outfile_write(&w->out[i], c->out[i].p, c->out[i].n);
    w->counts->notes += c->counts.notes;
    w->counts->diagnoses += c->counts.diagnoses;
    w->counts->procedures += c->counts.procedures;
    w->counts->evidence += c->counts.evidence;
    w->done += c->n;
    if (w->o->progress)
        w->o->progress(w->o->ctx, w->done);
    chunk_drop(NULL, c);
    return rc;
}

/* ---- files ---- */
static int make_dir(const char *path)
{
    struct stat st;
    if (!mkdir(path, 0700) || (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode)))
        return 0;
    return err_set(E_IO, "%s: %s", path_base(path), strerror(errno));
}
static int open_files(struct world *w)
{
    char path[PATH_MAX];
    TRY(make_dir(w->o->dir));
    snprintf(path, sizeof path, "%s/splits", w->o->dir);
    TRY(make_dir(path));
    for (int i = 0; i < FILES; i++) {
        int n;
        if (i < SPLITS)
            n = snprintf(path, sizeof path, "%s/%s", w->o->dir, files[i].name);
        else
            n = snprintf(path, sizeof path, "%s/splits/%s_%s_hadm_ids.csv", w->o->dir, split_names[(i - SPLITS) % 3],
                         i - SPLITS < 3 ? "full" : "50");
        if (n >= (int)sizeof path)
            return err_set(E_USAGE, "the directory's name is too long");
        TRY(outfile_open(&w->out[i], path));
        if (i >= SPLITS || !files[i].header)
            continue;
        struct buf b = {0};
        int rc = buf_str(&b, files[i].header);
        rc = rc ? rc : compress_member(&b);
        rc = rc ? rc : outfile_write(&w->out[i], b.p, b.n);
        buf_free(&b);
        TRY(rc);
    }
    return 0;
}

static int write_splits(struct world *w)
{
    struct buf b[6] = {0};
    int rc = 0;
    for (uint64_t a = 0; a < (uint64_t)w->o->admissions && !rc; a++) {
        struct synth_case c;
        struct rng r = codes_rng(w, a);
        int s = w->adm[a].split;
        synth_draw(&r, &w->lx, (enum synth_split)s, &c);
        w->counts->in_split[s]++;
        w->counts->in_50[s] += c.top > 0;
        w->counts->uncoded += c.uncoded;
        rc = buf_fmt(&b[s], "%u\n", w->adm[a].hadm);
        if (!rc && c.top)
            rc = buf_fmt(&b[3 + s], "%u\n", w->adm[a].hadm);
    }
    for (int i = 0; i < 6; i++) {
        rc = rc ? rc : outfile_write(&w->out[SPLITS + i], b[i].p, b[i].n);
        buf_free(&b[i]);
    }
    return rc;
}

static int write_titles(struct world *w)
{
    struct buf b[2] = {0};
    int rc = 0, row[2] = {0};
    for (size_t i = 0; i < w->lx.ntitles && !rc; i++) {
        const struct synth_title *t = &w->lx.titles[i];
        char raw[16];
        size_t n = strlen(t->title), cut = n < 24 ? n : 24;
        while (cut < n && cut && ((unsigned char)t->title[cut] & 0xC0) == 0x80) /* not within a character */
            cut--;
        struct buf *o = &b[t->procedure];
        rc = buf_fmt(o, "%d,\"%s\",", ++row[t->procedure], undotted(t->code, raw));
        rc = rc ? rc : csv_text(o, t->title, cut);
        rc = rc ? rc : buf_str(o, ",");
        rc = rc ? rc : csv_text(o, t->title, n);
        rc = rc ? rc : buf_str(o, "\n");
    }
    for (int i = 0; i < 2; i++) {
        rc = rc ? rc : compress_member(&b[i]);
        rc = rc ? rc : outfile_write(&w->out[D_DX + i], b[i].p, b[i].n);
        buf_free(&b[i]);
    }
    return rc;
}

int synth_run(const struct synth_opts *o, struct synth_counts *counts)
{
    struct world w = {.o = o, .counts = counts};
    static const struct pool_job job = {NULL, chunk_read, chunk_work, chunk_write, chunk_drop};
    struct pool_job j = job;
    int rc;
    memset(counts, 0, sizeof *counts);
    j.ctx = &w;
    w.worker = mem_zalloc((size_t)o->threads, sizeof *w.worker);
    rc = w.worker ? 0 : E_NOMEM;
    rc = rc ? rc : synth_lexicon_load(&w.lx, o->seed);
    rc = rc ? rc : make_plan(&w);
    rc = rc ? rc : open_files(&w);
    rc = rc ? rc : write_splits(&w);
    rc = rc ? rc : write_titles(&w);
    rc = rc ? rc : pool_run(&j, o->threads);
    for (int i = 0; i < FILES && !rc; i++)
        rc = outfile_commit(&w.out[i]);
    for (int i = 0; i < FILES; i++)
        outfile_discard(&w.out[i]);
    for (int i = 0; w.worker && i < o->threads; i++) {
        synth_note_free(&w.worker[i].note);
        buf_free(&w.worker[i].other);
        for (int b = 0; b < 3; b++)
            buf_free(&w.worker[i].rows[b]);
    }
    free(w.worker);
    free(w.adm);
    free(w.order);
    synth_lexicon_free(&w.lx);
    return rc;
}
