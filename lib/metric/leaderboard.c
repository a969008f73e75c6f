/* Several systems in one table, and the leaderboard of several scores: see report.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/metric/report.h"
#include "lib/stream/stream.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"

static const char *const column[] = {"f1_micro",  "f1_macro_caml", "f1_macro_mean", "prec_micro", "rec_micro",
                                     "acc_micro", "exact_match",   "auc_macro",     "auc_micro",  "map"};
enum { COLUMNS = sizeof column / sizeof *column, WIDTH = 9 };

const char *report_main(size_t i)
{
    return i < COLUMNS ? column[i] : NULL;
}

/* ---- the grid ---- */

static int width(const char *name)
{
    int n = (int)strlen(name);
    return n > WIDTH ? n : WIDTH;
}

size_t grid_fits(const struct grid *g, size_t from, int most)
{
    int used = g->names;
    size_t to = from;
    for (; to < g->columns; to++) {
        used += 1 + width(g->column[to]);
        if (used > most && to > from)
            break;
    }
    return to;
}

int grid_head(struct buf *b, const struct grid *g, size_t from, size_t to)
{
    TRY(buf_fmt(b, "%-*s", g->names, "system"));
    for (size_t c = from; c < to; c++)
        TRY(buf_fmt(b, " %*s", width(g->column[c]), g->column[c]));
    return buf_str(b, "\n");
}

int grid_line(struct buf *b, const struct grid *g, size_t from, size_t to, const char *name, const double *v)
{
    TRY(buf_fmt(b, "%-*s", g->names, name));
    for (size_t c = from; c < to; c++)
        TRY(v[c] == v[c] ? buf_fmt(b, " %*.4f", width(g->column[c]), v[c])
                         : buf_fmt(b, " %*s", width(g->column[c]), "-"));
    return buf_str(b, "\n");
}

/* Two numbers of three decimals without their zero: .571-.652 is as wide as the narrowest column. */
int grid_interval(struct buf *b, const struct grid *g, size_t from, size_t to, const double *lo, const double *hi)
{
    TRY(buf_fmt(b, "%-*s", g->names, ""));
    for (size_t c = from; c < to; c++) {
        char text[64] = "-", *skip;
        if (lo[c] == lo[c]) {
            snprintf(text, sizeof text, "%.3f-%.3f", lo[c], hi[c]);
            while ((skip = strstr(text, "0.")) == text || (skip && skip[-1] == '-'))
                memmove(skip, skip + 1, strlen(skip));
        }
        TRY(buf_fmt(b, " %*s", width(g->column[c]), text));
    }
    return buf_str(b, "\n");
}

/* ---- the leaderboard ---- */

struct row {
    char *name;   /* of the file, or of one of its systems */
    char *system; /* as its records say; "": they do not */
    bool oracle;
    char gold[17]; /* digest of the gold stream */
    char *split;   /* that was scored; "": several, or unnamed */
    double value[COLUMNS], floor[COLUMNS], n;
};
struct board {
    struct row *v;
    size_t n;
};

/* The row of a system of the file whose rows begin at first. */
static int row_of(struct board *o, size_t first, const char *system, size_t n, struct row **out)
{
    for (size_t i = first; i < o->n; i++)
        if (strlen(o->v[i].system) == n && memcmp(o->v[i].system, system, n) == 0) {
            *out = &o->v[i];
            return 0;
        }
    struct row *v = mem_grow(o->v, o->n + 1, sizeof *v);
    if (!v)
        return E_NOMEM;
    o->v = v;
    *out = &v[o->n++];
    **out = (struct row){.system = mem_strndup(system, n), .split = mem_strndup("", 0)};
    for (int c = 0; c < COLUMNS; c++)
        (*out)->value[c] = (*out)->floor[c] = NAN;
    return (*out)->system && (*out)->split ? 0 : E_NOMEM;
}

static int keep(struct board *o, size_t first, const msgpack_object *rec)
{
    const char *name, *split = "", *system = "";
    size_t n, split_n = 0, system_n = 0;
    const msgpack_object *value = rec_get(rec, "value"), *notes = rec_get(rec, "n");
    struct row *w;
    if (rec_get(rec, "code") || rec_get(rec, "at") || !rec_str(rec, "metric", &name, &n))
        return 0;
    rec_str(rec, "split", &split, &split_n);
    rec_str(rec, "system", &system, &system_n);
    TRY(row_of(o, first, system, system_n, &w));
    if (split_n && !*w->split) {
        free(w->split);
        if (!(w->split = mem_strndup(split, split_n)))
            return E_NOMEM;
    }
    bool of_floor = n > 6 && memcmp(name, "floor_", 6) == 0;
    name += of_floor ? 6 : 0;
    n -= of_floor ? 6 : 0;
    for (int c = 0; c < COLUMNS; c++)
        if (strlen(column[c]) == n && memcmp(column[c], name, n) == 0) {
            (of_floor ? w->floor : w->value)[c] =
                value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? (double)value->via.u64 : value->via.f64;
            if (c == 0 && notes)
                w->n = (double)notes->via.u64;
        }
    return 0;
}

static int gold_of(const json_t *lineage, char out[17])
{
    const json_t *last = json_array_get(lineage, json_array_size(lineage) - 1), *in;
    size_t i;
    if (strcmp(json_string_value(json_object_get(last, "tool")) ? json_string_value(json_object_get(last, "tool")) : "",
               "icd-score") != 0)
        return err_set(E_DATA, "not written by icd-score");
    json_array_foreach(json_object_get(last, "inputs"), i, in)
    {
        const char *name = json_string_value(json_object_get(in, "name"));
        const char *hex = json_string_value(json_object_get(in, "xxh64"));
        if (name && hex && strcmp(name, "gold") == 0 && strlen(hex) == 16) {
            memcpy(out, hex, 17);
            return 0;
        }
    }
    return err_set(E_DATA, "its lineage names no gold stream");
}

char *report_title(const char *file)
{
    static const char *const ending[][10] = {
        {".zst"}, {".icds", ".psv", ".tsv", ".csv", ".json", ".jsonl", ".ndjson", ".txt"}, {".score", ".pred"}};
    size_t n = strlen(file);
    for (int i = 0; i < 3; i++)
        for (int k = 0; ending[i][k]; k++) {
            size_t e = strlen(ending[i][k]);
            if (n > e && memcmp(file + n - e, ending[i][k], e) == 0) {
                n -= e;
                break;
            }
        }
    uint64_t bad = 0; /* a name in another encoding: it goes into JSON and records, too */
    struct buf b = {0};
    if (utf8_add(&b, file, n, &bad) || buf_add(&b, "", 1))
        buf_free(&b);
    return b.p;
}

static void row_free(struct row *w)
{
    free(w->name);
    free(w->system);
    free(w->split);
}

/* The rows of a file: the mean of its systems where it has one, else its systems, which share the floor. */
static int finish(struct board *o, size_t first, const struct stream *s)
{
    double floor_v[COLUMNS];
    size_t kept = first;
    struct row *own;
    char gold[17];
    TRY(gold_of(stream_lineage(s), gold));
    TRY(row_of(o, first, "", 0, &own)); /* of what has no system: a system alone, a mean, the floor */
    memcpy(floor_v, own->floor, sizeof floor_v);
    bool alone = own->value[0] == own->value[0];
    for (size_t i = first; i < o->n; i++) {
        struct row w = o->v[i];
        if (w.value[0] != w.value[0] || (alone && *w.system)) {
            row_free(&w);
            continue;
        }
        w.name = *w.system ? mem_strndup(w.system, strlen(w.system)) : report_title(stream_name(s));
        w.oracle = stream_oracle(s);
        memcpy(w.floor, floor_v, sizeof floor_v);
        memcpy(w.gold, gold, sizeof gold);
        o->v[kept++] = w;
        if (!w.name)
            return E_NOMEM;
    }
    o->n = kept;
    return kept > first ? 0 : err_set(E_DATA, "no record of f1_micro over all labels");
}

static int read_rows(struct board *o, const char *path)
{
    struct stream *s = NULL;
    const msgpack_object *rec;
    enum stream_got got = STREAM_ERROR;
    size_t first = o->n;
    int rc = stream_open(&s, path, "metric");
    if (rc)
        return rc;
    while (!rc && (got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        rc = keep(o, first, rec);
    if (got == STREAM_END)
        rc = finish(o, first, s);
    if (got == STREAM_END && rc)
        err_ctx(rc, "%s", stream_name(s));
    stream_close(s);
    return rc;
}

static int by_score(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->value[0] != y->value[0])
        return x->value[0] > y->value[0] ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int print(struct buf *b, const struct board *o)
{
    static const char blind[] = "note-blind floor";
    const double *floor_v = NULL;
    struct grid g = {COLUMNS, column, sizeof blind - 1};
    int oracles = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct row *w = &o->v[i];
        g.names = !w->oracle && (int)strlen(w->name) > g.names ? (int)strlen(w->name) : g.names;
        floor_v = w->floor[0] == w->floor[0] ? w->floor : floor_v;
    }
    TRY(grid_head(b, &g, 0, COLUMNS));
    if (floor_v)
        TRY(grid_line(b, &g, 0, COLUMNS, blind, floor_v));
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].oracle)
            oracles++;
        else
            TRY(grid_line(b, &g, 0, COLUMNS, o->v[i].name, o->v[i].value));
    if (oracles)
        TRY(buf_str(b, "not ranked, ORACLE (made with the labels):"));
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].oracle)
            TRY(buf_fmt(b, " %s", o->v[i].name));
    return oracles ? buf_str(b, "\n") : 0;
}

/* All rows are of the same notes, and have the same floor as far as they have one. */
static int check(const struct board *o)
{
    const struct row *with = NULL;
    for (size_t i = 0; i < o->n; i++) {
        const struct row *w = &o->v[i], *first = o->v;
        if (strcmp(w->gold, first->gold) != 0 || w->n != first->n || strcmp(w->split, first->split) != 0)
            return err_set(E_DATA, "%s and %s were not scored against the same gold stream and notes", first->name,
                           w->name);
        if (w->floor[0] != w->floor[0])
            continue;
        if (with && w->floor[0] != with->floor[0])
            return err_set(E_DATA, "%s and %s have different note-blind floors: not the same training records",
                           with->name, w->name);
        with = w;
    }
    return 0;
}

int report_leaderboard(struct buf *b, char **path, int n)
{
    struct board o = {0};
    int rc = 0;
    for (int i = 0; !rc && i < n; i++)
        rc = read_rows(&o, path[i]);
    if (!rc)
        rc = check(&o);
    if (!rc) {
        mem_sort(o.v, o.n, sizeof *o.v, by_score);
        rc = print(b, &o);
    }
    for (size_t i = 0; i < o.n; i++)
        row_free(&o.v[i]);
    free(o.v);
    return rc;
}
