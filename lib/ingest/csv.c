/* Tables through libcsv. Tests: tests/unit/csv.c. */
#include "lib/ingest/csv.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/text_file.h"
#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADING_MAX = 4096, CELL_MAX = 1 << 26, GROW = 1 << 16, HEAD_MAX = 1 << 20 }; /* columns; bytes each */

struct table {
    const struct csv_want *want;
    int place[HEADING_MAX]; /* column of the file -> place in cells, -1: not asked for */
    int width, at;          /* columns of the file; of the row being read */
    bool heading, skip;     /* skip: the rest of this row is not asked for */
    struct buf text;        /* the cells asked for, of one row */
    size_t begin[CSV_COLUMNS_MAX], len[CSV_COLUMNS_MAX];
    int slots;          /* cells handed over */
    size_t *name;       /* for `choose`: where in text each name of the heading ends */
    struct csv_row r;
    int rc; /* first error; libcsv cannot be stopped from a callback, so later ones do nothing */
};

static const char *column_name(const char *c)
{
    return c + (*c == '?');
}

/* E_DATA "FILE: row N: column K: why": where the parser stands. */
static int bad_here(const struct table *t, const char *why)
{
    if (t->heading)
        return err_set(E_DATA, "%s: heading: column %d: %s", t->r.file, t->at + 1, why);
    return err_set(E_DATA, "%s: row %llu: column %d: %s", t->r.file, (unsigned long long)t->r.row + 1, t->at + 1, why);
}

static void heading_cell(struct table *t, const char *p, size_t n)
{
    t->place[t->at] = -1;
    if (!t->want->columns) { /* a NUL behind each */
        t->rc = buf_add(&t->text, p, n);
        t->rc = t->rc ? t->rc : buf_add(&t->text, "", 1);
        t->name[t->at] = t->text.n;
        return;
    }
    for (int i = 0; t->want->columns[i]; i++) {
        const char *name = column_name(t->want->columns[i]);
        if (strlen(name) != n || strncasecmp(name, p, n))
            continue;
        if (t->len[i]++) {
            t->rc = err_set(E_DATA, "%s: column %s is there twice", t->r.file, name);
            return;
        }
        t->place[t->at] = i;
    }
}
/* Does anybody ask for the cell that is being read? */
static bool asked(const struct table *t)
{
    return t->heading || (!t->skip && t->at < t->width && t->place[t->at] >= 0);
}
static void on_cell(void *p, size_t n, void *ctx)
{
    struct table *t = ctx;
    if (t->at == HEADING_MAX && !t->rc)
        t->rc = bad_here(t, "too many columns");
    if (t->rc)
        return;
    if (!asked(t)) {
        t->at++;
        return;
    }
    if (t->heading) {
        heading_cell(t, p ? p : "", n);
    } else {
        int i = t->place[t->at];
        const char *only = t->want->only;
        t->skip = i == 0 && only && (n != strlen(only) || memcmp(p, only, n));
        t->begin[i] = t->text.n;
        t->len[i] = n;
        if (!t->skip) {
            t->rc = n ? buf_add(&t->text, p, n) : 0;
            t->rc = t->rc ? t->rc : buf_add(&t->text, "", 1);
        }
    }
    t->at++;
}

static int choose(struct table *t)
{
    struct cell *name = mem_alloc((size_t)t->width, sizeof *name);
    if (!name)
        return E_NOMEM;
    for (int i = 0; i < t->width; i++) {
        size_t begin = i ? t->name[i - 1] : 0;
        name[i] = (struct cell){t->text.p + begin, t->name[i] - begin - 1};
    }
    int rc = t->want->choose(t->want->ctx, t->r.file, name, t->width, t->place);
    free(name);
    return rc;
}
static void heading_row(struct table *t)
{
    t->heading = false;
    t->width = t->at;
    t->slots = CSV_COLUMNS_MAX;
    if (!t->want->columns) {
        t->rc = choose(t);
        return;
    }
    for (t->slots = 0; t->want->columns[t->slots];)
        t->slots++;
    for (int i = 0; t->want->columns[i] && !t->rc; i++)
        if (!t->len[i] && *t->want->columns[i] != '?')
            t->rc = err_set(E_DATA, "%s: no column %s", t->r.file, t->want->columns[i]);
}
static void data_row(struct table *t)
{
    struct cell cell[CSV_COLUMNS_MAX] = {{0}};
    t->r.row++;
    if (t->at != t->width)
        t->rc = err_set(E_DATA, "%s: row %llu: %d columns where the heading has %d", t->r.file,
                        (unsigned long long)t->r.row, t->at, t->width);
    if (t->rc || t->skip)
        return;
    for (int i = 0; i < t->slots; i++)
        cell[i] = t->len[i] == SIZE_MAX ? (struct cell){"", 0} : (struct cell){t->text.p + t->begin[i], t->len[i]};
    t->r.cell = cell;
    t->rc = t->want->row(t->want->ctx, &t->r);
    t->r.cell = NULL;
}
static void on_row(int c, void *ctx)
{
    (void)c;
    struct table *t = ctx;
    if (t->rc)
        return;
    if (t->heading)
        heading_row(t);
    else
        data_row(t);
    t->at = 0;
    t->skip = false;
    t->text.n = 0;
    for (int i = 0; i < t->slots; i++)
        t->len[i] = SIZE_MAX; /* absent until seen in this row */
}

static int never(unsigned char c)
{
    (void)c;
    return 0;
}

/* libcsv's rate is 300 MB/s, ISA-L's three times that. So of a quoted cell nobody asks for libcsv gets the quotes
 * only, which leaves it in the same state. Whether a quote is open is known from their number alone: strict libcsv
 * refuses a quote within an unquoted cell. */
static int parse(struct csv_parser *csv, struct table *t, const char *p, size_t n, bool *open)
{
    for (const char *end = p + n; p < end && !t->rc;) {
        const char *quote = t->want->no_quotes ? NULL : memchr(p, '"', (size_t)(end - p));
        if (*open && !asked(t)) {
            if (!quote)
                return 0;
            p = quote;
        }
        size_t len = (size_t)((quote ? quote + 1 : end) - p);
        csv_set_blk_size(csv, csv->entry_pos > GROW ? csv->entry_pos : GROW); /* libcsv's buffer grows by this */
        if (csv_parse(csv, p, len, on_cell, on_row, t) != len && !t->rc)
            return csv_error(csv) == CSV_EPARSE ? bad_here(t, "a quote where none may be") : err_nomem(len);
        p += len;
        *open ^= quote != NULL;
        if (csv->entry_pos > CELL_MAX)
            return bad_here(t, *open ? "larger than 64 MB: the quote never closes?" : "larger than 64 MB");
    }
    return t->rc;
}

/* What parts the cells: most of which the heading, p[0..n), has outside quotes. */
static char find_delimiter(const char *p, size_t n)
{
    static const char known[] = ",\t;";
    size_t count[3] = {0}, best = 0;
    bool open = false;
    for (size_t i = 0; i < n; i++) {
        const char *d = memchr(known, p[i], 3);
        open ^= p[i] == '"';
        if (d && !open)
            count[d - known]++;
    }
    for (size_t k = 1; k < 3; k++)
        if (count[k] > count[best])
            best = k;
    return known[best];
}
/* The first line that is not empty; 0: it is not all there. Quotes are as in the rows; a name of two lines is rare
 * enough for its first one to show the delimiter. */
static size_t heading_length(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && (p[i] == '\n' || p[i] == '\r'))
        i++;
    for (; i < n; i++)
        if (p[i] == '\n' || p[i] == '\r')
            return i;
    return 0;
}
static int next(struct table *t, struct feed *f, const char **p, size_t *n)
{
    int rc = feed_next(f, p, n);
    if (rc && t->r.row)
        err_ctx(rc, "after row %llu", (unsigned long long)t->r.row);
    if (!rc && t->want->no_quotes && *n && memchr(*p, 0, *n)) /* libcsv's quote is a NUL then */
        rc = err_set(E_DATA, "a NUL, which no text holds");
    return rc ? err_ctx(rc, "%s", t->r.file) : 0;
}
/* The file's first bytes, with all of the heading if that is of a sane size. *n = 0: there are no more. */
static int read_head(struct table *t, struct feed *f, struct buf *head, size_t *n)
{
    const char *p;
    for (*n = 1; *n && head->n < HEAD_MAX && !heading_length(head->p, head->n);) {
        TRY(next(t, f, &p, n));
        TRY(buf_add(head, p, *n));
    }
    return 0;
}
static int read_all(struct csv_parser *csv, struct table *t, struct feed *f, struct buf *head)
{
    bool open = false;
    size_t skip, n;
    const char *p;
    TRY(read_head(t, f, head, &n));
    int rc = text_begin(head->p, head->n, &skip);
    if (rc)
        return err_ctx(rc, "%s", t->r.file);
    bool empty = head->n == skip;
    size_t length = heading_length(head->p, head->n);
    char found = find_delimiter(head->p, length ? length : head->n);
    csv_set_delim(csv, (unsigned char)(t->want->delimiter ? t->want->delimiter : found));
    TRY(parse(csv, t, head->p + skip, head->n - skip, &open));
    while (n) {
        TRY(next(t, f, &p, &n));
        TRY(parse(csv, t, p, n, &open));
    }
    if (csv_fini(csv, on_cell, on_row, t))
        return bad_here(t, "the quote never closes");
    TRY(t->rc);
    if (t->heading)
        return err_set(E_DATA, "%s: %s", t->r.file, empty ? "empty file" : "no heading");
    return 0;
}

int csv_read(struct feed *f, const char *file, const struct csv_want *want, uint64_t *rows)
{
    struct csv_parser csv;
    struct buf head = {0};
    struct table *t = mem_zalloc(1, sizeof *t);
    if (!t)
        return E_NOMEM;
    t->want = want;
    t->heading = true;
    t->r.file = file;
    int rc = !want->columns && !(t->name = mem_alloc(HEADING_MAX, sizeof *t->name)) ? E_NOMEM : 0;
    if (!rc && csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI))
        rc = err_nomem(1);
    if (!rc) {
        csv_set_space_func(&csv, never); /* blanks belong to the field */
        if (want->no_quotes)
            csv_set_quote(&csv, 0);
        rc = read_all(&csv, t, f, &head);
        csv_free(&csv);
    }
    *rows = t->r.row;
    buf_free(&t->text);
    buf_free(&head);
    free(t->name);
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
