/* The two kinds of corpus file, row by row. Tests: tests/cli/rec-cat-import.sh. */
#include "lib/ingest/corpus.h"
#include "lib/stream/import.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/utf8.h"
#include <string.h>

/* ---- CSV ---- */

static int choose(void *ctx, const char *file, const struct cell *name, int n, int *place)
{
    struct corpus *c = ctx;
    int rc = 0;
    for (int i = 0; i < n && !rc; i++)
        if (utf8_valid(name[i].p, name[i].n) < name[i].n || memchr(name[i].p, 0, name[i].n))
            rc = err_set(E_DATA, "column %d: %s", i + 1, memchr(name[i].p, 0, name[i].n) ? "a NUL" : "not UTF-8");
    rc = rc ? rc : corpus_columns_choose(&c->columns, c->column_word, name, n, place);
    if (rc)
        return err_ctx(rc, "%s: heading", file);
    c->counts.left_out = 0;
    for (int i = 0; i < n; i++)
        c->counts.left_out += place[i] < 0;
    return 0;
}

static int csv_row(void *ctx, const struct csv_row *r)
{
    struct corpus *c = ctx;
    struct corpus_row row = {.number = r->row};
    memcpy(row.cell, r->cell, sizeof row.cell);
    int rc = corpus_row(c, &row);
    if (c->tick)
        c->tick(c->ctx, r->row);
    return rc ? err_ctx(rc, "%s: row %llu", r->file, (unsigned long long)r->row) : 0;
}

int corpus_read_csv(struct corpus *c, const char *path)
{
    const struct csv_want want = {.row = csv_row,
                                  .ctx = c,
                                  .delimiter = c->opts->delimiter,
                                  .no_quotes = c->opts->no_quotes,
                                  .choose = choose};
    struct source *s = NULL;
    struct feed *f = NULL;
    uint64_t rows;
    c->file = path ? path_base(path) : "standard input";
    c->row_word = "row";
    c->column_word = "column";
    int rc = source_open(&s, path);
    if (rc)
        err_ctx(rc, "%s", path ? path : c->file);
    if (!rc)
        rc = feed_open(&f, s, false);
    if (!rc)
        rc = csv_read(f, c->file, &want, &rows);
    feed_close(f);
    source_close(s);
    if (!rc && !c->counts.rows)
        rc = err_set(E_DATA, "%s: a heading and no row", c->file);
    return rc;
}

/* ---- JSON lines ---- */

enum { KEYS_MAX = 256 };

/* A cell's worth of one value; a JSON array of codes goes to row->list. */
static int take_value(struct corpus *c, const json_t *v, int role, struct corpus_row *row, char number[24])
{
    struct cell *cell = &row->cell[role];
    if (json_is_null(v))
        return 0;
    if (json_is_string(v)) {
        *cell = (struct cell){json_string_value(v), json_string_length(v)};
        return 0;
    }
    if (json_is_array(v) && role == CORPUS_CODES) {
        row->list = v;
        return 0;
    }
    bool name = role == CORPUS_ID || role == CORPUS_SUBJECT;
    if (json_is_integer(v) && name) {
        int n = snprintf(number, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        *cell = (struct cell){number, (size_t)n};
        return 0;
    }
    const char *kinds = role == CORPUS_CODES ? "a string or an array of strings" : "a string";
    return err_set(E_DATA, "field %s: not %s", c->columns.name[role], name ? "a string or a whole number" : kinds);
}

static int json_row(struct corpus *c, json_t *j, uint64_t number)
{
    struct cell name[KEYS_MAX];
    int place[KEYS_MAX], n = 0;
    char numbers[CORPUS_COLUMNS][24];
    struct corpus_row row = {.number = number};
    const char *key;
    json_t *v;
    if (!json_is_object(j))
        return err_set(E_DATA, "not an object");
    if (json_object_size(j) > KEYS_MAX)
        return err_set(E_DATA, "more than %d fields", KEYS_MAX);
    json_object_foreach(j, key, v)
        name[n++] = (struct cell){key, strlen(key)};
    bool first = !c->counts.rows && !c->again;
    TRY(corpus_columns_choose(&c->columns, c->column_word, name, n, place));
    for (int r = 0; r < CORPUS_COLUMNS && first; r++) /* what the first line has later ones may lack */
        c->columns.wanted[r] = c->columns.given[r] = false;
    n = 0;
    json_object_foreach(j, key, v) {
        int role = place[n++];
        if (role >= 0)
            TRY(take_value(c, v, role, &row, numbers[role]));
        else if (!strcmp(key, "parts"))
            row.parts = v;
        else if (!strcmp(key, "spans"))
            row.spans = v;
        else
            c->counts.left_out += first;
    }
    return corpus_row(c, &row);
}

int corpus_read_json(struct corpus *c, const char *path)
{
    struct import im;
    json_t *j = NULL;
    int rc = import_open(&im, path);
    c->row_word = "line";
    c->column_word = "field";
    c->file = im.in.name;
    while (!rc) {
        rc = import_json(&im, &j);
        if (rc || !j)
            break;
        rc = json_row(c, j, im.in.number);
        if (rc)
            lines_bad(&im.in, rc);
        json_decref(j);
        if (c->tick)
            c->tick(c->ctx, im.in.number);
    }
    import_close(&im);
    if (!rc && !c->counts.rows)
        rc = err_set(E_DATA, "%s: empty input", c->file);
    return rc;
}
