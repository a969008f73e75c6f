/* MIMIC tables. Tests: tests/cli/mimic-split*.sh. */
#include "lib/ingest/mimic.h"
#include "lib/ingest/tables.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"
#include <stdlib.h>
#include <string.h>

/* Columns in the order of these. */
enum { NOTE_CATEGORY, NOTE_SUBJECT, NOTE_HADM, NOTE_TEXT, NOTE_ROW, NOTE_DATE, NOTE_TIME, NOTE_KIND };
enum { CODE_SUBJECT, CODE_HADM, CODE_CODE, CODE_SEQ, CODE_SYSTEM };
static const struct source_tables {
    const char *name, *notes, *summary; /* summary: what NOTE_CATEGORY has to be, NULL: anything */
    const char *note_column[9], *diagnoses, *procedures, *code_column[6];
} sources[] = {
    {"mimic3",
     "NOTEEVENTS",
     "Discharge summary",
     {"CATEGORY", "SUBJECT_ID", "HADM_ID", "TEXT", "?ROW_ID", "?CHARTDATE", "?CHARTTIME", "?DESCRIPTION", NULL},
     "DIAGNOSES_ICD",
     "PROCEDURES_ICD",
     {"SUBJECT_ID", "HADM_ID", "ICD9_CODE", "?SEQ_NUM", NULL}},
    {"mimic4",
     "DISCHARGE",
     NULL,
     {"?NOTE_ID", "SUBJECT_ID", "HADM_ID", "TEXT", "?ROW_ID", "?CHARTDATE", "?CHARTTIME", "?NOTE_TYPE", NULL},
     "DIAGNOSES_ICD",
     "PROCEDURES_ICD",
     {"SUBJECT_ID", "HADM_ID", "ICD_CODE", "?SEQ_NUM", "ICD_VERSION", NULL}},
};

/* Room for one more item: capacity is the next power of two, so no field has to hold it. */
static int grow(void *at, size_t n, size_t size)
{
    if (n & (n - 1))
        return 0;
    void **v = at, *p = mem_grow(*v, n ? 2 * n : 1, size);
    if (!p)
        return E_NOMEM;
    *v = p;
    return 0;
}

/* The listed admission of a row, NULL when it is in no list. */
static int find(struct mimic *m, const struct csv_row *r, int64_t id, int subject, struct mimic_admission **a)
{
    int64_t sub;
    ptrdiff_t i = splits_find(m->splits, id);
    *a = i < 0 ? NULL : &m->adm[i];
    if (i < 0)
        return 0;
    TRY(csv_int(r, subject, "SUBJECT_ID", &sub));
    if ((*a)->subject >= 0 && (*a)->subject != sub) {
        err_set(E_DATA, "another one than in an earlier row of admission %lld", (long long)id);
        return csv_bad(r, "SUBJECT_ID");
    }
    (*a)->subject = sub;
    return 0;
}

/* ---- notes ---- */
static int clean_copy(struct mimic *m, const struct cell *c, char **out)
{
    struct buf b = {0};
    int rc = utf8_add(&b, c->p, c->n, &m->counts.bad_bytes);
    if (!rc && !(*out = mem_strndup(b.n ? b.p : "", b.n)))
        rc = E_NOMEM;
    buf_free(&b);
    return rc;
}
static int add_part(struct mimic *m, struct mimic_admission *a, const struct csv_row *r)
{
    TRY(grow(&a->part, a->parts, sizeof *a->part));
    struct mimic_part *p = &a->part[a->parts++];
    *p = (struct mimic_part){.row = (int64_t)r->row, .begin = a->text.n};
    const struct cell *date = r->cell[NOTE_DATE].n ? &r->cell[NOTE_DATE] : &r->cell[NOTE_TIME],
                      *kind = &r->cell[NOTE_KIND];
    static const struct cell report = {"Report", 6}, addendum = {"Addendum", 8};
    if (m->opts->source[5] == '4') { /* the words of MIMIC-III for what is the same */
        if (!strcmp(kind->p, "DS"))
            kind = &report;
        else if (!strcmp(kind->p, "AD"))
            kind = &addendum;
    }
    if (r->cell[NOTE_ROW].n)
        TRY(csv_int(r, NOTE_ROW, "ROW_ID", &p->row));
    TRY(clean_copy(m, kind, &p->kind));
    TRY(clean_copy(m, date, &p->date));
    TRY(clean_copy(m, &r->cell[NOTE_TIME], &p->time));
    TRY(utf8_add(&a->text, r->cell[NOTE_TEXT].p, r->cell[NOTE_TEXT].n, &m->counts.bad_bytes));
    p->end = a->text.n;
    char *fit =
        realloc(a->text.p, a->text.n + !a->text.n); /* most admissions have one note: no slack for all of them */
    if (fit) {
        a->text.p = fit;
        a->text.cap = a->text.n + !a->text.n;
    }
    return 0;
}
static int note_row(void *ctx, const struct csv_row *r)
{
    struct mimic *m = ctx;
    struct mimic_admission *a;
    int64_t id;
    if (m->opts->tick)
        m->opts->tick(m->opts->ctx, r->row);
    m->counts.summaries++;
    if (!r->cell[NOTE_HADM].n) {
        m->counts.no_hadm++;
        return 0;
    }
    TRY(csv_int(r, NOTE_HADM, "HADM_ID", &id));
    TRY(find(m, r, id, NOTE_SUBJECT, &a));
    if (!a) {
        m->counts.not_listed++;
        TRY(grow(&m->unlisted, m->n_unlisted, sizeof *m->unlisted));
        m->unlisted[m->n_unlisted++] = id;
        return 0;
    }
    const char *kind = r->cell[NOTE_KIND].p;
    if (!m->opts->addenda && (!strcmp(kind, "Addendum") || !strcmp(kind, "AD"))) {
        m->counts.addenda++;
        return 0;
    }
    return add_part(m, a, r);
}

/* ---- codes ---- */
static int add_code(struct mimic_admission *a, const struct mimic_code *c)
{
    TRY(grow(&a->code, a->codes, sizeof *a->code));
    a->code[a->codes++] = *c;
    return 0;
}
/* Is the row's code of the version asked for? */
static int right_version(struct mimic *m, const struct csv_row *r, bool *right)
{
    int64_t version = m->opts->icd;
    if (r->cell[CODE_SYSTEM].p) /* a column of MIMIC-IV */
        TRY(csv_int(r, CODE_SYSTEM, "ICD_VERSION", &version));
    if (version != 9 && version != 10) {
        err_set(E_DATA, "neither 9 nor 10");
        return csv_bad(r, "ICD_VERSION");
    }
    *right = version == m->opts->icd;
    m->counts.other_system += !*right;
    return 0;
}
/* Codes that something has read as numbers before us show it. 66.0 and 14. are such; 428.0 and E812.0 are diagnoses
 * that have their dot already. */
static bool looks_decimal(const struct cell *c, enum icd9_kind kind)
{
    size_t whole = c->n > 2 && !memcmp(c->p + c->n - 2, ".0", 2) ? c->n - 2 : 0;
    bool dotted = kind == ICD9_DIAGNOSIS && (whole == 3 || (whole == 4 && c->p[0] == 'E'));
    return (whole && !dotted) || (c->n && c->p[c->n - 1] == '.');
}
/* Zeros at the beginning are gone: 3 was 03, 0003 or 003. */
static bool looks_short(const struct cell *c)
{
    return c->n > 0 && c->n < 3 && strspn(c->p, "0123456789") >= c->n;
}
static void count_symptoms(struct mimic *m, const struct cell *c, enum icd9_kind kind)
{
    m->counts.decimals += looks_decimal(c, kind);
    m->counts.procedures += kind == ICD9_PROCEDURE;
    m->counts.zero_procedures += kind == ICD9_PROCEDURE && c->n && c->p[0] == '0';
}
static struct cell trimmed(struct cell c)
{
    while (c.n && (*c.p == ' ' || *c.p == '\t'))
        c.p++, c.n--;
    while (c.n && (c.p[c.n - 1] == ' ' || c.p[c.n - 1] == '\t'))
        c.n--;
    return c;
}
static int bad_code(const struct csv_row *r)
{
    return csv_bad(r, r->cell[CODE_SYSTEM].p ? "ICD_CODE" : "ICD9_CODE");
}
/* Counts a cell that is no code. It is kept as an example if it is short, printable and another one. */
static void count_odd(struct mimic_odd *o, const struct csv_row *r, const struct cell *c)
{
    bool show = o->shown < MIMIC_SHOWN && c->n < ICD9_MAX;
    o->n++;
    for (size_t i = 0; show && i < c->n; i++)
        show = c->p[i] >= ' ' && c->p[i] <= '~';
    for (size_t i = 0; show && i < o->shown; i++)
        show = strlen(o->first[i].text) != c->n || memcmp(o->first[i].text, c->p, c->n);
    if (!show)
        return;
    struct mimic_cell *x = &o->first[o->shown++];
    *x = (struct mimic_cell){.row = r->row};
    memcpy(x->text, c->p, c->n);
    snprintf(x->table, sizeof x->table, "%s", r->file);
}
/* Has the cell the shape of a code of the version and the table? If not: an error, or counted. */
static int check_shape(struct mimic *m, const struct csv_row *r, enum icd9_kind kind, const struct cell *c, bool *fits)
{
    static const struct {
        unsigned shape;
        const char *name;
    } want[2][2] = {
        {{CODE_ICD9_DIAGNOSIS, "an ICD-9 diagnosis"}, {CODE_ICD9_PROCEDURE, "an ICD-9 procedure"}},
        {{CODE_ICD10_CM, "an ICD-10-CM diagnosis"}, {CODE_ICD10_PCS, "an ICD-10-PCS procedure"}},
    };
    bool ten = m->opts->icd == 10;
    *fits = (code_look(c->p, c->n) & want[ten][kind].shape) != 0;
    if (*fits)
        return 0;
    if (!m->opts->skip_bad) {
        err_set(E_DATA, "not the shape of %s%s (--bad-codes skip leaves out rows like this)", want[ten][kind].name,
                looks_decimal(c, kind) || looks_short(c) ? "; something has read the codes as numbers" : "");
        return bad_code(r);
    }
    count_odd(&m->counts.bad_codes, r, c);
    return 0;
}
/* A listed admission's cell to a code; empty: there is none. */
static int read_code(struct mimic *m, const struct csv_row *r, enum icd9_kind kind, char code[ICD9_MAX])
{
    const struct cell c = trimmed(r->cell[CODE_CODE]);
    bool fits;
    *code = 0;
    if (!c.n) {
        m->counts.null_codes++;
        return 0;
    }
    if (!code_look(c.p, c.n) && code_is_null_word(c.p, c.n)) {
        count_odd(&m->counts.null_words, r, &c);
        return 0;
    }
    TRY(check_shape(m, r, kind, &c, &fits));
    if (!fits)
        return 0;
    int rc = m->opts->icd == 9 ? icd9_dot(kind, c.p, c.n, code) : icd10_dot(kind, m->opts->form, c.p, c.n, code);
    return rc ? bad_code(r) : 0;
}
/* As CAML had it: every row, also of admissions in no list, without dots. */
static int add_raw(struct mimic *m, const struct csv_row *r, struct caml_row x)
{
    size_t len;
    const struct cell *c = &r->cell[CODE_CODE];
    if (icd_clean(c->p, c->n, "ICD-9", x.code, &len))
        return bad_code(r);
    x.code[code_is_null_word(c->p, c->n) ? 0 : len] = 0;
    TRY(grow(&m->raw[x.kind], m->n_raw[x.kind], sizeof *m->raw[x.kind]));
    m->raw[x.kind][m->n_raw[x.kind]++] = x;
    return 0;
}
static int code_row(struct mimic *m, const struct csv_row *r, enum icd9_kind kind)
{
    struct mimic_admission *a;
    struct mimic_code c = {.seq = -1, .kind = kind};
    bool right = false;
    int64_t id;
    /* whose row it is, and of which version */
    TRY(right_version(m, r, &right));
    if (!r->cell[CODE_HADM].n) {
        m->counts.code_no_hadm += right;
        return 0;
    }
    TRY(csv_int(r, CODE_HADM, "HADM_ID", &id));
    TRY(find(m, r, id, CODE_SUBJECT, &a));
    if (a)
        a->coded[!right] = true;
    if (!right || !m->opts->codes)
        return 0;
    count_symptoms(m, &r->cell[CODE_CODE], kind);
    m->counts.code_not_listed += !a;
    if (!a && !m->opts->caml_numbers)
        return 0;
    /* its code */
    if (r->cell[CODE_SEQ].n)
        TRY(csv_int(r, CODE_SEQ, "SEQ_NUM", &c.seq));
    if (a)
        TRY(read_code(m, r, kind, c.code));
    if (m->opts->caml_numbers)
        return add_raw(m, r, (struct caml_row){.id = id, .seq = c.seq, .kind = kind});
    return *c.code ? add_code(a, &c) : 0;
}
static int diagnosis_row(void *ctx, const struct csv_row *r)
{
    return code_row(ctx, r, ICD9_DIAGNOSIS);
}
static int procedure_row(void *ctx, const struct csv_row *r)
{
    return code_row(ctx, r, ICD9_PROCEDURE);
}

static int by_number(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}
/* CAML's two readings: of each table by itself; then of diagnoses and procedures together, without the admissions that
 * have no summary, dots put in. */
static int spoil_codes(struct mimic *m)
{
    size_t n = 0;
    for (int k = 0; k < 2; k++)
        caml_numbers(m->raw[k], m->n_raw[k]);
    struct caml_row *all = mem_alloc(m->n_raw[0] + m->n_raw[1], sizeof *all);
    if (!all)
        return E_NOMEM;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < m->n_raw[k]; i++) {
            const struct caml_row *x = &m->raw[k][i];
            ptrdiff_t at = splits_find(m->splits, x->id);
            bool summary = at >= 0
                               ? m->adm[at].parts > 0
                               : m->n_unlisted && bsearch(&x->id, m->unlisted, m->n_unlisted, sizeof x->id, by_number);
            if (!summary)
                continue;
            all[n] = *x;
            caml_dot(&all[n++]);
        }
    caml_numbers(all, n);
    int rc = 0;
    for (size_t i = 0; i < n && !rc; i++) {
        ptrdiff_t at = splits_find(m->splits, all[i].id);
        struct mimic_code c = {.seq = all[i].seq, .kind = all[i].kind};
        memcpy(c.code, all[i].code, sizeof c.code);
        rc = at >= 0 && *c.code ? add_code(&m->adm[at], &c) : 0;
    }
    free(all);
    return rc;
}

/* ---- all of it ---- */
static int by_subject(const void *x, const void *y)
{
    const struct mimic_admission *a = *(struct mimic_admission *const *)x, *b = *(struct mimic_admission *const *)y;
    return a->subject != b->subject ? (a->subject > b->subject) - (a->subject < b->subject)
                                    : (a->id > b->id) - (a->id < b->id);
}
/* An archive may have procedures before diagnoses. */
static int diagnoses_first(struct mimic_admission *a)
{
    struct mimic_code *v = mem_alloc(a->codes, sizeof *v);
    size_t n = 0;
    if (!v)
        return E_NOMEM;
    for (int kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < a->codes; i++)
            if (a->code[i].kind == (enum icd9_kind)kind)
                v[n++] = a->code[i];
    free(a->code);
    a->code = v;
    return 0;
}
/* An admission with a note is written, unless it is coded in the other version. */
static int settle(struct mimic *m, struct mimic_admission *a)
{
    if (!a->parts)
        return 0;
    m->counts.two_versions += a->coded[0] && a->coded[1];
    if (m->opts->one_version && a->coded[1] && !a->coded[0]) {
        m->counts.other_version[a->split]++;
        buf_free(&a->text);
        return 0;
    }
    m->order[m->n++] = a;
    return diagnoses_first(a);
}
static int finish(struct mimic *m)
{
    size_t distinct = 0;
    mem_sort(m->unlisted, m->n_unlisted, sizeof *m->unlisted, by_number);
    for (size_t i = 0; i < m->n_unlisted; i++)
        if (!i || m->unlisted[distinct - 1] != m->unlisted[i])
            m->unlisted[distinct++] = m->unlisted[i];
    m->n_unlisted = distinct;
    if (m->opts->caml_numbers)
        TRY(spoil_codes(m));
    m->order = mem_alloc(m->splits->n, sizeof *m->order);
    if (!m->order)
        return E_NOMEM;
    for (size_t i = 0; i < m->splits->n; i++)
        TRY(settle(m, &m->adm[i]));
    mem_sort(m->order, m->n, sizeof *m->order, by_subject);
    m->counts.admissions = m->n + m->n_unlisted;
    return 0;
}

int mimic_read(struct mimic *m, const struct splits *s, const struct mimic_opts *o, char *const *where, int n)
{
    const struct source_tables *t = sources;
    memset(m, 0, sizeof *m);
    m->splits = s;
    m->opts = o;
    while (strcmp(t->name, o->source))
        t++;
    m->adm = mem_zalloc(s->n, sizeof *m->adm);
    if (!m->adm)
        return E_NOMEM;
    for (size_t i = 0; i < s->n; i++)
        m->adm[i] = (struct mimic_admission){.id = s->v[i].id, .split = s->v[i].split, .subject = -1};
    struct table_job job[MIMIC_TABLES] = {
        {.name = t->notes, .want = {t->note_column, t->summary, note_row, m}},
        {.name = t->diagnoses, .want = {t->code_column, NULL, diagnosis_row, m}},
        {.name = t->procedures, .want = {t->code_column, NULL, procedure_row, m}},
    };
    TRY(tables_read(where, n, job, o->codes || o->one_version ? MIMIC_TABLES : 1, o->thread));
    for (int i = 0; i < MIMIC_TABLES; i++) {
        m->table[i] = (struct mimic_table){.name = job[i].name, .rows = job[i].rows, .others = job[i].others};
        memcpy(m->table[i].file, job[i].file, sizeof job[i].file);
        memcpy(m->table[i].xxh64, job[i].xxh64, sizeof job[i].xxh64);
    }
    if (!m->counts.summaries)
        return err_set(E_DATA, "%s: no %s among %llu rows", job[0].file,
                       t->summary ? "note of category Discharge summary" : "note", (unsigned long long)job[0].rows);
    return finish(m);
}

void mimic_close(struct mimic *m)
{
    for (size_t i = 0; m->adm && i < m->splits->n; i++) {
        struct mimic_admission *a = &m->adm[i];
        for (size_t k = 0; k < a->parts; k++) {
            free(a->part[k].kind);
            free(a->part[k].date);
            free(a->part[k].time);
        }
        free(a->part);
        free(a->code);
        buf_free(&a->text);
    }
    free(m->adm);
    free(m->order);
    free(m->unlisted);
    free(m->raw[0]);
    free(m->raw[1]);
    memset(m, 0, sizeof *m);
}
