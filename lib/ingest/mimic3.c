/* MIMIC-III tables. Tests: tests/cli/mimic-split.sh. */
#include "lib/ingest/mimic3.h"
#include "lib/ingest/csv.h"
#include "lib/ingest/utf8.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

int mimic3_open(struct mimic3 *m, const struct splits *s)
{
    memset(m, 0, sizeof *m);
    m->splits = s;
    m->adm = mem_zalloc(s->n, sizeof *m->adm);
    if (!m->adm)
        return E_NOMEM;
    for (size_t i = 0; i < s->n; i++) {
        m->adm[i].id = s->v[i].id;
        m->adm[i].split = s->v[i].split;
        m->adm[i].subject = -1;
    }
    return 0;
}

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

/* The listed admission a row belongs to; NULL when it is not listed. */
static int find(struct mimic3 *m, const struct csv_row *r, int subject, int hadm, struct mimic_admission **a)
{
    int64_t id, sub;
    *a = NULL;
    TRY(csv_int(r, hadm, "HADM_ID", &id));
    ptrdiff_t i = splits_find(m->splits, id);
    if (i < 0)
        return 0;
    TRY(csv_int(r, subject, "SUBJECT_ID", &sub));
    *a = &m->adm[i];
    if ((*a)->subject >= 0 && (*a)->subject != sub) {
        err_set(E_DATA, "another one than in an earlier row of admission %lld", (long long)id);
        return csv_bad(r, "SUBJECT_ID");
    }
    (*a)->subject = sub;
    return 0;
}

struct notes {
    struct mimic3 *m;
    const char *separator;
};
static int note_row(void *ctx, const struct csv_row *r)
{
    enum { SUBJECT, HADM, CATEGORY, TEXT, ROW, DATE, DESCRIPTION };
    static const char summary[] = "Discharge summary";
    struct notes *k = ctx;
    struct mimic3 *m = k->m;
    struct mimic_admission *a;
    m->counts.note_rows++;
    if (r->cell[CATEGORY].n != sizeof summary - 1 || memcmp(r->cell[CATEGORY].p, summary, sizeof summary - 1))
        return 0;
    m->counts.summaries++;
    if (!r->cell[HADM].n) {
        m->counts.no_hadm++;
        return 0;
    }
    TRY(find(m, r, SUBJECT, HADM, &a));
    if (!a) {
        m->counts.not_listed++;
        return 0;
    }
    TRY(grow(&a->part, a->parts, sizeof *a->part));
    struct mimic_part *p = &a->part[a->parts];
    *p = (struct mimic_part){.row = (int64_t)r->row};
    a->parts++;
    if (r->cell[ROW].n)
        TRY(csv_int(r, ROW, "ROW_ID", &p->row));
    struct buf b = {0};
    int rc = utf8_add(&b, r->cell[DESCRIPTION].p, r->cell[DESCRIPTION].n, &m->counts.bad_bytes);
    rc = rc || (p->kind = mem_strndup(b.n ? b.p : "", b.n)) ? rc : E_NOMEM;
    b.n = 0;
    rc = rc ? rc : utf8_add(&b, r->cell[DATE].p, r->cell[DATE].n, &m->counts.bad_bytes);
    rc = rc || (p->date = mem_strndup(b.n ? b.p : "", b.n)) ? rc : E_NOMEM;
    buf_free(&b);
    TRY(rc);
    if (a->parts > 1)
        TRY(buf_str(&a->text, k->separator));
    p->begin = a->text.n;
    TRY(utf8_add(&a->text, r->cell[TEXT].p, r->cell[TEXT].n, &m->counts.bad_bytes));
    p->end = a->text.n;
    /* most admissions have one note: no slack for all of them */
    char *fit = realloc(a->text.p, a->text.n + !a->text.n);
    if (fit) {
        a->text.p = fit;
        a->text.cap = a->text.n + !a->text.n;
    }
    return 0;
}

int mimic3_notes(struct mimic3 *m, const char *where, const char *separator)
{
    static const char *const columns[] = {"SUBJECT_ID", "HADM_ID", "CATEGORY", "TEXT", "?ROW_ID", "?CHARTDATE",
                                          "?DESCRIPTION", NULL};
    struct notes k = {m, separator};
    TRY(csv_read(where, "NOTEEVENTS", columns, note_row, &k));
    if (!m->counts.summaries)
        return err_set(E_DATA, "NOTEEVENTS: no note of category Discharge summary among %llu rows",
                       (unsigned long long)m->counts.note_rows);
    return 0;
}

struct codes {
    struct mimic3 *m;
    enum icd9_kind kind;
};
static int code_row(void *ctx, const struct csv_row *r)
{
    enum { SUBJECT, HADM, CODE, SEQ };
    struct codes *k = ctx;
    struct mimic_admission *a;
    struct mimic_code c = {.seq = -1};
    k->m->counts.code_rows++;
    if (!r->cell[HADM].n) {
        k->m->counts.code_no_hadm++;
        return 0;
    }
    TRY(find(k->m, r, SUBJECT, HADM, &a));
    if (!a)
        return 0;
    if (icd9_dot(k->kind, r->cell[CODE].p, r->cell[CODE].n, c.code))
        return csv_bad(r, "ICD9_CODE");
    if (!*c.code) {
        k->m->counts.null_codes++;
        return 0;
    }
    if (r->cell[SEQ].n)
        TRY(csv_int(r, SEQ, "SEQ_NUM", &c.seq));
    TRY(grow(&a->code, a->codes, sizeof *a->code));
    a->code[a->codes++] = c;
    return 0;
}

int mimic3_codes(struct mimic3 *m, const char *where)
{
    static const char *const columns[] = {"SUBJECT_ID", "HADM_ID", "ICD9_CODE", "?SEQ_NUM", NULL};
    struct codes k = {m, ICD9_DIAGNOSIS};
    TRY(csv_read(where, "DIAGNOSES_ICD", columns, code_row, &k));
    k.kind = ICD9_PROCEDURE;
    return csv_read(where, "PROCEDURES_ICD", columns, code_row, &k);
}

static int by_subject(const void *x, const void *y)
{
    const struct mimic_admission *a = *(struct mimic_admission *const *)x, *b = *(struct mimic_admission *const *)y;
    return a->subject != b->subject ? (a->subject > b->subject) - (a->subject < b->subject)
                                    : (a->id > b->id) - (a->id < b->id);
}
int mimic3_sort(struct mimic3 *m)
{
    m->order = mem_alloc(m->splits->n, sizeof *m->order);
    if (!m->order)
        return E_NOMEM;
    for (size_t i = 0; i < m->splits->n; i++)
        if (m->adm[i].parts)
            m->order[m->n++] = &m->adm[i];
    qsort(m->order, m->n, sizeof *m->order, by_subject);
    return 0;
}

void mimic3_close(struct mimic3 *m)
{
    for (size_t i = 0; m->adm && i < m->splits->n; i++) {
        struct mimic_admission *a = &m->adm[i];
        for (size_t k = 0; k < a->parts; k++) {
            free(a->part[k].kind);
            free(a->part[k].date);
        }
        free(a->part);
        free(a->code);
        buf_free(&a->text);
    }
    free(m->adm);
    free(m->order);
    memset(m, 0, sizeof *m);
}
