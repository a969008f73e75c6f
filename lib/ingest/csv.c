/* Tables through libarchive and libcsv. Tests: tests/unit/csv.c, tests/cli/mimic-split.sh. */
#include "lib/ingest/csv.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <archive.h>
#include <archive_entry.h>
#include <csv.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, HEADING_MAX = 4096 };

struct table {
    const char *const *columns;
    int (*row)(void *ctx, const struct csv_row *r);
    void *ctx;
    int wanted[HEADING_MAX]; /* column of the file -> place in cells, -1: not asked for */
    int width, at;           /* columns of the file; of the row being read */
    bool heading;
    struct buf text; /* the cells asked for, of one row */
    size_t begin[CSV_COLUMNS_MAX], len[CSV_COLUMNS_MAX];
    struct csv_row r;
    int rc; /* first error; libcsv cannot be stopped from a callback, so later ones do nothing */
};

static const char *column_name(const char *c)
{
    return c + (*c == '?');
}

static void heading_cell(struct table *t, const char *p, size_t n)
{
    if (t->at == 0 && n >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3)) /* byte order mark */
        p += 3, n -= 3;
    if (t->at >= HEADING_MAX) {
        t->rc = err_set(E_DATA, "%s: more than %d columns", t->r.file, HEADING_MAX);
        return;
    }
    t->wanted[t->at] = -1;
    for (int i = 0; t->columns[i]; i++) {
        const char *name = column_name(t->columns[i]);
        if (strlen(name) != n || strncasecmp(name, p, n))
            continue;
        if (t->len[i]++) {
            t->rc = err_set(E_DATA, "%s: column %s is there twice", t->r.file, name);
            return;
        }
        t->wanted[t->at] = i;
    }
}
static void on_cell(void *p, size_t n, void *ctx)
{
    struct table *t = ctx;
    if (t->rc)
        return;
    if (t->heading) {
        heading_cell(t, p ? p : "", n);
    } else if (t->at < t->width && t->wanted[t->at] >= 0) {
        int i = t->wanted[t->at];
        t->begin[i] = t->text.n;
        t->len[i] = n;
        t->rc = n ? buf_add(&t->text, p, n) : 0;
        t->rc = t->rc ? t->rc : buf_add(&t->text, "", 1);
    }
    t->at++;
}
static void on_row(int c, void *ctx)
{
    (void)c;
    struct table *t = ctx;
    if (t->rc)
        return;
    if (t->heading) {
        t->heading = false;
        t->width = t->at;
        for (int i = 0; t->columns[i]; i++)
            if (!t->len[i] && *t->columns[i] != '?') {
                t->rc = err_set(E_DATA, "%s: no column %s", t->r.file, t->columns[i]);
                return;
            }
    } else {
        struct cell cell[CSV_COLUMNS_MAX] = {{0}};
        t->r.row++;
        if (t->at != t->width) {
            t->rc = err_set(E_DATA, "%s: row %llu: %d columns where the heading has %d", t->r.file,
                            (unsigned long long)t->r.row, t->at, t->width);
            return;
        }
        for (int i = 0; t->columns[i]; i++)
            cell[i] = t->len[i] == SIZE_MAX ? (struct cell){"", 0} : (struct cell){t->text.p + t->begin[i], t->len[i]};
        t->r.cell = cell;
        t->rc = t->row(t->ctx, &t->r);
        t->r.cell = NULL;
    }
    t->at = 0;
    t->text.n = 0;
    for (int i = 0; t->columns[i]; i++)
        t->len[i] = SIZE_MAX; /* absent until seen in this row */
}

static int never(unsigned char c)
{
    (void)c;
    return 0;
}

static int archive_bad(struct archive *a, const char *file, uint64_t row)
{
    const char *why = archive_error_string(a);
    int code = archive_errno(a) == ENOMEM ? E_NOMEM : E_DATA;
    err_set(code, "%s", why ? why : "cannot be read");
    if (row)
        err_ctx(code, "after row %llu", (unsigned long long)row);
    return err_ctx(code, "%s", file);
}

/* The bytes of `a`'s present entry through libcsv. */
static int parse(struct archive *a, struct table *t)
{
    struct csv_parser csv;
    char *block = mem_alloc(BLOCK, 1);
    int rc = block ? 0 : E_NOMEM;
    uint64_t total = 0;
    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI))
        rc = err_nomem(1);
    csv_set_space_func(&csv, never); /* blanks belong to the field */
    csv_set_blk_size(&csv, 1 << 16);
    while (!rc) {
        la_ssize_t n = archive_read_data(a, block, BLOCK);
        if (n < 0) {
            rc = archive_bad(a, t->r.file, t->r.row);
        } else if (n == 0) {
            break;
        } else if (csv_parse(&csv, block, (size_t)n, on_cell, on_row, t) != (size_t)n && !t->rc) {
            int e = csv_error(&csv);
            rc = e == CSV_EPARSE ? err_set(E_DATA, "%s: row %llu: column %d: a quote where none may be", t->r.file,
                                           (unsigned long long)t->r.row + 1, t->at + 1)
                                 : err_nomem(BLOCK);
        }
        total += n > 0 ? (uint64_t)n : 0;
        rc = rc ? rc : t->rc;
    }
    if (!rc && csv_fini(&csv, on_cell, on_row, t))
        rc = err_set(E_DATA, "%s: row %llu: column %d: the quote never closes", t->r.file,
                     (unsigned long long)t->r.row + 1, t->at + 1);
    rc = rc ? rc : t->rc;
    if (!rc && t->heading)
        rc = err_set(E_DATA, "%s: %s", t->r.file, total ? "no heading" : "empty file");
    csv_free(&csv);
    free(block);
    return rc;
}

/* ---- finding and opening ---- */
/* Is this file name the table's: NAME.csv with nothing, .gz or .zst behind? */
static bool is_table(const char *path, const char *name)
{
    const char *base = path_base(path);
    size_t n = strlen(name);
    if (strncasecmp(base, name, n) || strncasecmp(base + n, ".csv", 4))
        return false;
    base += n + 4;
    return !*base || !strcasecmp(base, ".gz") || !strcasecmp(base, ".zst");
}

static struct archive *reader(void)
{
    struct archive *a = archive_read_new();
    if (a) { /* those whose magic numbers cannot be mistaken for text */
        archive_read_support_filter_gzip(a);
        archive_read_support_filter_zstd(a);
        archive_read_support_filter_bzip2(a);
        archive_read_support_filter_xz(a);
    }
    return a;
}

/* A table file, or a compressed member of an archive seen through `outer`. */
struct member {
    struct archive *outer;
    char block[BLOCK];
};
static la_ssize_t member_read(struct archive *inner, void *ctx, const void **p)
{
    struct member *m = ctx;
    *p = m->block;
    la_ssize_t n = archive_read_data(m->outer, m->block, sizeof m->block);
    if (n < 0)
        archive_set_error(inner, archive_errno(m->outer), "%s", archive_error_string(m->outer));
    return n;
}

static int read_raw(const char *path, struct archive *outer, struct table *t)
{
    struct archive *a = reader();
    struct archive_entry *e;
    struct member *m = outer ? mem_alloc(1, sizeof *m) : NULL;
    int rc = 0;
    if (!a || (outer && !m)) {
        rc = err_nomem(1);
        goto end;
    }
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    if (m)
        m->outer = outer;
    int got = outer ? archive_read_open(a, m, NULL, member_read, NULL) : archive_read_open_filename(a, path, BLOCK);
    got = got == ARCHIVE_OK ? archive_read_next_header(a, &e) : got;
    if (got == ARCHIVE_EOF)
        rc = err_set(E_DATA, "%s: empty file", t->r.file);
    else if (got != ARCHIVE_OK)
        rc = archive_bad(a, t->r.file, 0);
    else
        rc = parse(a, t);
end:
    archive_read_free(a);
    free(m);
    return rc;
}

static int no_table(const char *where, const char *name)
{
    return err_set(E_NOINPUT, "%s: no table %s (.csv, .csv.gz or .csv.zst)", path_base(where), name);
}

static int read_archive(const char *path, const char *name, struct table *t)
{
    struct archive *a = reader();
    struct archive_entry *e;
    int rc = 0, got;
    if (!a)
        return err_nomem(1);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    if (archive_read_open_filename(a, path, BLOCK) != ARCHIVE_OK) {
        rc = archive_bad(a, path_base(path), 0);
        goto end;
    }
    while ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
        const char *member = archive_entry_pathname(e);
        if (!member || archive_entry_filetype(e) != AE_IFREG || !is_table(member, name))
            continue;
        char *file = mem_strndup(path_base(member), strlen(path_base(member)));
        t->r.file = file;
        rc = file ? read_raw(NULL, a, t) : E_NOMEM;
        free(file);
        goto end;
    }
    rc = got == ARCHIVE_EOF ? no_table(path, name) : archive_bad(a, path_base(path), 0);
end:
    archive_read_free(a);
    return rc;
}

/* The table's path below a directory: the first in byte order of the names, files before folders. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}
static int find_file(const char *dir, const char *name, int depth, char path[PATH_MAX])
{
    struct dirent **v;
    int n = scandir(dir, &v, NULL, by_name), rc = 1;
    if (n < 0)
        return err_set(errno == ENOMEM ? E_NOMEM : E_NOINPUT, "%s: %s", path_base(dir), strerror(errno));
    for (int folders = 0; folders < 2 && rc == 1; folders++)
        for (int i = 0; i < n && rc == 1; i++) {
            char at[PATH_MAX];
            struct stat st;
            if (v[i]->d_name[0] == '.' || snprintf(at, sizeof at, "%s/%s", dir, v[i]->d_name) >= (int)sizeof at ||
                stat(at, &st))
                continue;
            if (!folders && S_ISREG(st.st_mode) && is_table(at, name)) {
                strcpy(path, at);
                rc = 0;
            } else if (folders && depth && S_ISDIR(st.st_mode)) {
                rc = find_file(at, name, depth - 1, path);
            }
        }
    for (int i = 0; i < n; i++)
        free(v[i]);
    free(v);
    return rc;
}

int csv_read(const char *where, const char *name, const char *const *columns,
             int (*row)(void *ctx, const struct csv_row *r), void *ctx)
{
    struct table *t = mem_zalloc(1, sizeof *t);
    struct stat st;
    int rc;
    if (!t)
        return E_NOMEM;
    *t = (struct table){.columns = columns, .row = row, .ctx = ctx, .heading = true};
    if (stat(where, &st)) {
        rc = err_set(E_NOINPUT, "%s: %s", path_base(where), strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        char path[PATH_MAX];
        rc = find_file(where, name, 6, path);
        if (rc == 1)
            rc = no_table(where, name);
        t->r.file = path_base(path);
        if (!rc && access(path, R_OK))
            rc = err_set(E_NOINPUT, "%s: %s", t->r.file, strerror(errno));
        rc = rc ? rc : read_raw(path, NULL, t);
    } else {
        rc = read_archive(where, name, t);
    }
    buf_free(&t->text);
    free(t);
    return rc;
}

int csv_bad(const struct csv_row *r, const char *column)
{
    return err_ctx(E_DATA, "%s: row %llu: column %s", r->file, (unsigned long long)r->row, column);
}

int csv_int(const struct csv_row *r, int column, const char *name, int64_t *v)
{
    const struct cell *c = &r->cell[column];
    *v = 0;
    bool good = c->n > 0 && c->n <= 18;
    for (size_t i = 0; good && i < c->n; i++) {
        good = c->p[i] >= '0' && c->p[i] <= '9';
        *v = *v * 10 + (c->p[i] - '0');
    }
    if (good)
        return 0;
    err_set(E_DATA, "%s", c->n ? "not a whole number" : "empty");
    return csv_bad(r, name);
}
