/* Tables of titles: see titles.h. Tests: tests/cli/kb-build-titles.sh. */
#include "lib/kb/titles.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/code/code.h"
#include "lib/ingest/csv.h"
#include "lib/ingest/icd10.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
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
            key[n++] = *code >= 'a' && *code <= 'z' ? (char)(*code - 'a' + 'A') : *code;
    key[n] = 0;
}

static void forget_order(struct titles *t)
{
    free(t->key);
    t->key = NULL;
    t->keys = 0;
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
    forget_order(t);
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
    if (s[5] == ' ' && s[6] != ' ')
        return 6;
    return s[4] == ' ' && s[5] != ' ' ? 5 : 0;
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
    TRY(text_settle(p, &n, false)); /* CMS's lists are in ISO-8859-1 */
    char *first = p, *end = p + n, *stop;
    int rc = 0;
    size_t line = 1;
    while (first < end && *first == '\n')
        first++;
    size_t head = strcspn(first, "\n");
    bool tabs = memchr(first, '\t', head);
    for (char *s = p; s < end && !rc; s = stop + 1, line++) {
        stop = memchr(s, '\n', (size_t)(end - s));
        stop = stop ? stop : end;
        size_t len = (size_t)(stop - s);
        if (len)
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

int table_read(const char *path, struct buf *b)
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
    int rc = plain ? table_read(path, &b) : err_set(E_NOINPUT, "not a plain file");
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

int titles_add_shipped(struct titles *t, int (*each)(void *ctx, const char *path), void *ctx)
{
    static const char *const shipped[2][2] = {{"icd9/titles.tsv", "caml/ICD9_descriptions"}, {"icd10/titles.tsv.zst"}};
    char path[PATH_MAX];
    for (size_t i = 0; i < 2 && shipped[t->icd == 10][i]; i++) {
        TRY(share_path(shipped[t->icd == 10][i], path, sizeof path));
        TRY(titles_add(t, path));
        TRY(each ? each(ctx, path) : 0);
    }
    return 0;
}

bool titles_procedure(const struct titles *t, const char *code)
{
    size_t n = strlen(code);
    unsigned shapes = code_look(code, n);
    if (t->icd == 9)
        return code_is_procedure(code);
    if (shapes & CODE_ICD10_CM && (!t->dotted || n == 3 || strchr(code, '.')))
        return (shapes & CODE_ICD10_PCS) != 0;
    return (shapes & (CODE_ICD10_PCS | CODE_ICD10_PCS_PART)) != 0;
}

static const char *own_title(const struct titles *t, const char *code, const char *key)
{
    bool part = t->icd == 10 && strlen(key) < 7 && titles_procedure(t, code); /* B020 is not B02.0 */
    return part ? NULL : json_string_value(json_object_get(t->by_code, key));
}
/* How short a code may get on the way to its parents: to its category. */
static size_t least_length(const struct titles *t, const char *code, const char *key)
{
    unsigned shapes = code_look(code, strlen(code));
    if (t->icd == 10)
        return shapes & CODE_ICD10_CM && !titles_procedure(t, code) ? 3 : SIZE_MAX;
    return shapes & CODE_ICD9 ? strcspn(key, ".") : SIZE_MAX;
}
const char *titles_find(const struct titles *t, const char *code)
{
    char key[64];
    key_of(t, code, key);
    const char *title = own_title(t, code, key);
    size_t least = json_is_null(json_object_get(t->by_code, key)) ? SIZE_MAX : least_length(t, code, key);
    for (size_t n = strlen(key); !title && n-- > least;) {
        key[n] = 0;
        if (n && key[n - 1] != '.')
            title = json_string_value(json_object_get(t->by_code, key));
    }
    return title;
}

bool titles_known(const struct titles *t, const char *code)
{
    char key[64];
    key_of(t, code, key);
    return own_title(t, code, key) != NULL;
}

int titles_bar(struct titles *t, const char *code)
{
    char key[64];
    key_of(t, code, key);
    forget_order(t);
    return json_object_set_new(t->by_code, key, json_null()) ? err_nomem(64) : 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}
static int sort_keys(struct titles *t)
{
    const char *key;
    json_t *title;
    if (!(t->key = mem_alloc(json_object_size(t->by_code), sizeof *t->key)))
        return E_NOMEM;
    json_object_foreach(t->by_code, key, title) t->key[t->keys++] = key;
    mem_sort(t->key, t->keys, sizeof *t->key, by_key);
    return 0;
}
int titles_category(struct titles *t, const char *code, bool *is)
{
    char key[65]; /* with a dot */
    key_of(t, code, key);
    size_t n = strlen(key), low = 0;
    if (t->icd == 10 && titles_procedure(t, code)) {
        *is = n < 7;
        return 0;
    }
    TRY(t->key ? 0 : sort_keys(t));
    if (t->icd == 9 && !strchr(key, '.')) { /* 38.9 is below 38, and 380 is not */
        key[n++] = '.';
        key[n] = 0;
    }
    for (size_t high = t->keys; low < high;) { /* the first key behind this one */
        size_t mid = low + (high - low) / 2;
        if (strcmp(t->key[mid], key) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    *is = low < t->keys && !strncmp(t->key[low], key, n);
    return 0;
}

void titles_free(struct titles *t)
{
    json_decref(t->by_code);
    free(t->key);
    *t = (struct titles){.icd = t->icd};
}
