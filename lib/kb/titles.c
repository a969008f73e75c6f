/* Tables of titles: see titles.h. Tests: tests/cli/kb-build-titles.sh. */
#include "lib/kb/titles.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/ingest/csv.h"
#include "lib/ingest/icd10.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/utf8.h"

enum {
    TABLE_MAX = 1 << 28, /* bytes of a table, decompressed */
    TITLE_MAX = 1024     /* the longest of ICD-9 and ICD-10 have a third of that; a note is longer */
};

/* How a code is looked up. ICD-10's dots are where everybody puts them or nowhere, so they say nothing. */
static void key_of(const struct titles *t, const char *code, char key[64])
{
    size_t n = 0;
    for (; *code && n < 63; code++)
        if (t->icd != 10 || *code != '.')
            key[n++] = *code;
    key[n] = 0;
}

static int put(struct titles *t, const char *code, const char *title, size_t n)
{
    char key[64];
    while (n && (title[n - 1] == ' ' || title[n - 1] == '\r'))
        n--;
    if (!n)
        return err_set(E_DATA, "an empty title");
    if (n > TITLE_MAX)
        return err_set(E_DATA, "%zu bytes, which is no title", n);
    key_of(t, code, key);
    t->seen++;
    if (json_object_get(t->by_code, key))
        return 0;
    json_t *s = json_stringn(title, n);
    if (!s || json_object_set_new(t->by_code, key, s))
        return err_set(E_DATA, "not UTF-8");
    return 0;
}

static int tsv_line(struct titles *t, char *s, size_t n)
{
    char *tab = memchr(s, '\t', n), *last = memrchr(s, '\t', n);
    if (!tab || tab == s)
        return err_set(E_DATA, "not CODE<TAB>TITLE");
    *tab = 0;
    return put(t, s, last + 1, (size_t)(s + n - last) - 1);
}

/* Where the title begins: 6 in a list of diagnoses, 5 in one of procedures, 0: in neither. */
static size_t cms_column(const char *s, size_t n)
{
    if (n < 7 || !(isdigit((unsigned char)s[0]) || s[0] == 'E' || s[0] == 'V') || !isdigit((unsigned char)s[1]))
        return 0;
    return s[5] == ' ' && s[6] != ' ' ? 6 : s[4] == ' ' && s[5] != ' ' ? 5 : 0;
}

static int cms_line(struct titles *t, const char *s, size_t n)
{
    char code[ICD9_MAX];
    size_t at = cms_column(s, n);
    uint64_t bad = 0;
    struct buf b = {0};
    if (!at)
        return err_set(E_DATA, "neither CODE<TAB>TITLE nor a code and its title in the columns of CMS's lists");
    TRY(icd9_dot(at == 6 ? ICD9_DIAGNOSIS : ICD9_PROCEDURE, s, at - 1, code));
    int rc = utf8_add(&b, s + at, n - at, &bad);
    if (!rc && bad) { /* ISO-8859-1, then: each byte is its own code point */
        b.n = 0;
        for (size_t i = at; i < n && !rc; i++) {
            unsigned char c = (unsigned char)s[i];
            char two[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
            rc = c < 0x80 ? buf_add(&b, s + i, 1) : buf_add(&b, two, 2);
        }
    }
    rc = rc ? rc : put(t, code, b.p, b.n);
    buf_free(&b);
    return rc;
}

static int read_lines(struct titles *t, char *p, size_t n)
{
    char *first = p, *end = p + n, *stop;
    int rc = 0;
    size_t line = 1;
    if (n >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3)) /* byte order mark */
        first = p += 3;
    while (first < end && (*first == '\n' || *first == '\r'))
        first++;
    size_t head = strcspn(first, "\n");
    bool tabs = memchr(first, '\t', head);
    for (char *s = p; s < end && !rc; s = stop + 1, line++) {
        stop = memchr(s, '\n', (size_t)(end - s));
        stop = stop ? stop : end;
        size_t len = (size_t)(stop - s);
        len -= len && s[len - 1] == '\r';
        if (memchr(s, 0, len))
            rc = err_set(E_DATA, "a NUL");
        else if (len)
            rc = tabs ? tsv_line(t, s, len) : cms_line(t, s, len);
        if (rc)
            err_ctx(rc, "line %zu", line);
    }
    return rc;
}

/* ---- MIMIC's D_ICD_DIAGNOSES and D_ICD_PROCEDURES ---- */

static const char *const columns[] = {"?ICD9_CODE", "?ICD_CODE", "?ICD_VERSION", "?LONG_TITLE", "?SHORT_TITLE", NULL};
enum { OLD_CODE, NEW_CODE, VERSION, LONG_TITLE, SHORT_TITLE };

struct mimic_table {
    struct titles *t;
    enum icd9_kind kind;
};
static int mimic_row(void *ctx, const struct csv_row *r)
{
    struct mimic_table *m = ctx;
    const struct cell *code = &r->cell[r->cell[OLD_CODE].n ? OLD_CODE : NEW_CODE], *version = &r->cell[VERSION];
    const struct cell *title = &r->cell[r->cell[LONG_TITLE].n ? LONG_TITLE : SHORT_TITLE];
    char dotted[ICD9_MAX];
    int icd = version->n ? atoi(version->p) : 9;
    if (icd != m->t->icd)
        return 0;
    int rc = icd == 10 ? icd10_dot(m->kind, ICD10_DOTTED, code->p, code->n, dotted)
                       : icd9_dot(m->kind, code->p, code->n, dotted);
    if (!rc && !*dotted)
        rc = err_set(E_DATA, "empty");
    if (rc)
        return csv_bad(r, "ICD9_CODE or ICD_CODE");
    return put(m->t, dotted, title->p, title->n) ? csv_bad(r, "LONG_TITLE") : 0;
}

static int read_mimic(struct titles *t, const char *path)
{
    const char *name = path_base(path);
    struct mimic_table m = {t, strcasestr(name, "proc") ? ICD9_PROCEDURE : ICD9_DIAGNOSIS};
    struct csv_want want = {.columns = columns, .row = mimic_row, .ctx = &m};
    struct source *s = NULL;
    struct feed *f = NULL;
    uint64_t rows;
    size_t before = t->seen;
    if (!strcasestr(name, "proc") == !strcasestr(name, "diag"))
        return err_set(E_DATA,
                       "%s: the name says neither diagnoses nor procedures (D_ICD_DIAGNOSES.csv, "
                       "D_ICD_PROCEDURES.csv)",
                       name);
    int rc = source_open(&s, path);
    if (rc)
        err_ctx(rc, "%s", name);
    rc = rc ? rc : feed_open(&f, s, false);
    rc = rc ? rc : csv_read(f, name, &want, &rows);
    feed_close(f);
    source_close(s);
    return rc || t->seen > before ? rc : err_set(E_DATA, "%s: no title of an ICD-%d code", name, t->icd);
}

/* ---- */

static int read_whole(const char *path, struct buf *b)
{
    struct source *s = NULL;
    int rc = source_open(&s, path);
    for (size_t n = 1; n && !rc;) {
        if ((rc = buf_reserve(b, 1 << 18)) == 0)
            rc = source_read(s, b->p + b->n, (1 << 18) - 1, &n);
        b->n += rc ? 0 : n;
        if (!rc && b->n > TABLE_MAX)
            rc = err_set(E_DATA, "larger than %d bytes", TABLE_MAX);
    }
    if (!rc)
        b->p[b->n] = 0;
    source_close(s);
    return rc;
}

static bool is_mimic(const char *p)
{
    size_t head = strcspn(p, "\n");
    const char *code = strcasestr(p, "icd9_code");
    code = code && code < p + head ? code : strcasestr(p, "icd_code");
    return code && code < p + head && memchr(p, ',', head);
}

int titles_add(struct titles *t, const char *path)
{
    struct buf b = {0};
    struct stat st;
    bool plain = stat(path, &st) != 0 || S_ISREG(st.st_mode); /* it is read again: for its digest, as CSV */
    int rc = plain ? read_whole(path, &b) : err_set(E_NOINPUT, "not a plain file");
    if (!t->by_code)
        t->by_code = json_object();
    size_t before = t->seen;
    if (!rc && b.n > 4 && !memcmp(b.p, "PK\3\4", 4))
        rc = err_set(E_DATA, "a zip archive: unpack it and give the tables in it");
    bool mimic = !rc && is_mimic(b.p);
    if (!rc && !mimic)
        rc = read_lines(t, b.p, b.n);
    buf_free(&b);
    if (!rc && mimic)
        return read_mimic(t, path);
    if (!rc && t->seen == before)
        rc = err_set(E_DATA, "no titles");
    return rc ? err_ctx(rc, "%s", path_base(path)) : 0;
}

const char *titles_find(const struct titles *t, const char *code)
{
    char key[64];
    key_of(t, code, key);
    for (size_t n = strlen(key); n >= 2; key[--n] = 0) {
        const char *title = key[n - 1] == '.' ? NULL : json_string_value(json_object_get(t->by_code, key));
        if (title)
            return title;
    }
    return NULL;
}

void titles_free(struct titles *t)
{
    json_decref(t->by_code);
    t->by_code = NULL;
}
