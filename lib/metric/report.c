/* Records and the table: see report.h. */
#include "lib/metric/report.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/stream/stream.h"
#include "lib/util/err.h"

static void pk_real(msgpack_packer *pk, const char *name, double v)
{
    pk_str(pk, name);
    msgpack_pack_double(pk, v);
}

static void pk_count(msgpack_packer *pk, const char *name, uint64_t v)
{
    pk_str(pk, name);
    msgpack_pack_uint64(pk, v);
}

/* A value as a metric record, named prefix, its name, the suffix. k: of the record, 0: none. */
static int record(const struct report *p, const struct report_system *y, const char *prefix,
                  const struct metric_value *v, const struct result *of, int64_t k,
                  int (*emit)(void *ctx, const char *body, size_t n), void *ctx)
{
    const struct {
        const char *name;
        double v;
    } more[] = {{"at", v->at},     {"sd", v->sd},           {"lo", v->lo},           {"hi", v->hi}, {"other", v->other},
                {"diff", v->diff}, {"diff_lo", v->diff_lo}, {"diff_hi", v->diff_hi}, {"p", v->p}};
    uint32_t n = 4 + (k > 0) + (p->split != NULL) + (v->label >= 0) + (y && y->title);
    char name[128];
    msgpack_packer pk;
    msgpack_sbuffer to;
    if (v->value != v->value) /* not defined on this data: no record */
        return 0;
    /* pass 1: how many fields there are */
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        n += more[i].v == more[i].v;
    /* pass 2: the fields */
    snprintf(name, sizeof name, "%s%s%s", prefix, v->name, of->suffix);
    msgpack_sbuffer_init(&to);
    pk_init(&pk, &to);
    msgpack_pack_map(&pk, n);
    pk_str(&pk, "metric");
    pk_str(&pk, name);
    pk_real(&pk, "value", v->value);
    pk_count(&pk, "n", of->n);
    pk_count(&pk, "labels", of->L);
    if (k > 0)
        pk_count(&pk, "k", (uint64_t)k);
    if (p->split) {
        pk_str(&pk, "split");
        pk_str(&pk, p->split);
    }
    if (v->label >= 0) {
        pk_str(&pk, "code");
        pk_str(&pk, p->code[v->label]);
    }
    if (y && y->title) {
        pk_str(&pk, "system");
        pk_str(&pk, y->title);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (more[i].v == more[i].v)
            pk_real(&pk, more[i].name, more[i].v);
    int rc = emit(ctx, to.data, to.size);
    msgpack_sbuffer_destroy(&to);
    return rc;
}

int report_records(const struct report *p, int (*emit)(void *ctx, const char *body, size_t n), void *ctx)
{
    /* pass 1: group by group the mean, the systems, the floor */
    for (size_t g = 0; g < p->groups; g++) {
        for (size_t i = 0; p->mean && i < p->mean[g].v.n; i++)
            TRY(record(p, NULL, "", &p->mean[g].v.v[i], &p->mean[g], p->mean[g].v.v[i].k, emit, ctx));
        for (size_t y = 0; y < p->n; y++) {
            const struct result *of = &p->system[y].result[g];
            for (size_t i = 0; i < of->v.n; i++)
                TRY(record(p, &p->system[y], "", &of->v.v[i], of, of->v.v[i].k, emit, ctx));
        }
        for (size_t i = 0; p->floor && i < p->floor[g].v.n; i++)
            TRY(record(p, NULL, "floor_", &p->floor[g].v.v[i], &p->floor[g], (int64_t)p->floor_k, emit, ctx));
    }
    /* pass 2: rows by code and along curves, of all labels */
    for (size_t y = 0; p->groups && y < p->n; y++) {
        struct result whole = {.n = p->system[y].result[0].n, .L = p->system[y].result[0].L};
        for (size_t i = 0; i < p->system[y].rows->n; i++)
            TRY(record(p, &p->system[y], "", &p->system[y].rows->v[i], &whole, 0, emit, ctx));
    }
    return 0;
}

static int number(struct buf *b, double v, bool whole)
{
    if (v != v)
        return buf_fmt(b, " %10s", "nan");
    return buf_fmt(b, " %10.*f", whole ? 0 : 4, v);
}

static int part(struct buf *b, bool shown, double v)
{
    if (!shown)
        return 0;
    return v == v ? number(b, v, false) : buf_fmt(b, " %10s", "-");
}

/* Values that are counts, shown without decimals. */
static bool whole_number(const char *name)
{
    return strcmp(name, "gen_unknown") == 0 || strcmp(name, "codes_outside") == 0;
}

static int group_table(struct buf *b, const struct result *r, const struct result *blind)
{
    bool interval = false, compared = false;
    for (size_t i = 0; i < r->v.n; i++) {
        interval |= r->v.v[i].lo == r->v.v[i].lo;
        compared |= r->v.v[i].other == r->v.v[i].other;
    }
    TRY(buf_fmt(b, "%-34s %10s", "metric", "score"));
    if (interval)
        TRY(buf_fmt(b, " %10s %10s", "2.5 %", "97.5 %"));
    if (blind)
        TRY(buf_fmt(b, " %10s", "floor"));
    if (compared)
        TRY(buf_fmt(b, " %10s %10s %10s %10s %10s", "other", "difference", "2.5 %", "97.5 %", "p"));
    TRY(buf_str(b, "\n"));
    for (size_t i = 0; i < r->v.n; i++) {
        const struct metric_value *m = &r->v.v[i], *f = blind ? metric_get(&blind->v, m->name) : NULL;
        char name[sizeof m->name + sizeof r->suffix];
        snprintf(name, sizeof name, "%s%s", m->name, r->suffix);
        TRY(buf_fmt(b, "%-34s", name));
        TRY(number(b, m->value, whole_number(m->name)));
        TRY(part(b, interval, m->lo));
        TRY(part(b, interval, m->hi));
        TRY(part(b, blind != NULL, f ? f->value : NAN));
        const double of[] = {m->other, m->diff, m->diff_lo, m->diff_hi, m->p};
        for (size_t k = 0; k < sizeof of / sizeof *of; k++)
            TRY(part(b, compared, of[k]));
        TRY(buf_str(b, "\n"));
    }
    return 0;
}

static bool in_table(const struct metric_value *v, const char *prefix)
{
    return prefix ? v->label < 0 && strncmp(v->name, prefix, strlen(prefix)) == 0 : v->label >= 0;
}

enum { COLUMNS = 16 };
struct columns {
    size_t n, rows[COLUMNS]; /* rows: of each so far */
    const char *name[COLUMNS];
    bool whole[COLUMNS]; /* every value is a whole number: counts */
};

/* The place of the column of that name, a new one if need be. */
static size_t column(struct columns *c, const char *name)
{
    size_t j = 0;
    while (j < c->n && strcmp(c->name[j], name) != 0)
        j++;
    if (j == c->n && c->n < COLUMNS - 1) {
        c->whole[j] = strcmp(name, "threshold") != 0;
        c->name[c->n++] = name;
    }
    return j;
}

/* Rows of one table: those by code (prefix NULL), or those along a curve whose names begin so. All columns of a table
 * have the same rows in the same order. */
static int table(struct buf *b, const struct metric_list *rows, const char *prefix, const char *const *code)
{
    struct columns c = {0};
    for (size_t i = 0; i < rows->n; i++)
        if (in_table(&rows->v[i], prefix)) {
            size_t j = column(&c, rows->v[i].name);
            c.whole[j] &= rows->v[i].value == floor(rows->v[i].value);
            c.rows[j]++;
        }
    size_t size = c.rows[0], at[COLUMNS] = {0};
    const struct metric_value **cell = mem_zalloc(size * COLUMNS, sizeof *cell);
    int rc = cell ? 0 : E_NOMEM;
    for (size_t i = 0; !rc && i < rows->n; i++)
        if (in_table(&rows->v[i], prefix)) {
            size_t j = column(&c, rows->v[i].name);
            if (j < c.n && at[j] < size)
                cell[at[j]++ * COLUMNS + j] = &rows->v[i];
        }
    if (!rc && size)
        rc = buf_fmt(b, "\n%-12s", prefix ? "up to" : "code");
    for (size_t j = 0; !rc && j < c.n; j++)
        rc = buf_fmt(b, " %10s", c.name[j] + (prefix ? strlen(prefix) : 0));
    for (size_t k = 0; !rc && k < size; k++) {
        const struct metric_value **row = cell + k * COLUMNS;
        rc = prefix ? buf_fmt(b, "\n%-12.2f", row[0]->at) : buf_fmt(b, "\n%-12s", code[row[0]->label]);
        for (size_t j = 0; !rc && j < c.n; j++)
            rc = number(b, row[j] ? row[j]->value : NAN, c.whole[j]);
    }
    free(cell);
    return rc || !size ? rc : buf_str(b, "\n");
}

static int rows_tables(struct buf *b, const struct report *p, const struct report_system *y)
{
    if (y->title && y->rows->n)
        TRY(buf_fmt(b, "\n%s:", y->title));
    TRY(table(b, y->rows, NULL, p->code));
    TRY(table(b, y->rows, "reliability_", p->code));
    return table(b, y->rows, "coverage_", p->code);
}

/* Where every label and note has gold, the values of those that have are the same once more. */
static bool again(const struct report *p, size_t g)
{
    const struct result *all = p->system->result, *r = &all[g];
    return !p->picked && g && !*all->suffix && strcmp(r->suffix, "_present") == 0 && r->n == all->n && r->L == all->L;
}

int report_tables(struct buf *b, const struct report *p)
{
    for (size_t g = 0; g < p->groups; g++) {
        const struct result *r = &p->system->result[g];
        if (!r->v.n)
            continue;
        if (again(p, g)) {
            TRY(buf_str(b, "\n_present: every label and note has gold, so all values are the same\n"));
            continue;
        }
        if (*r->suffix)
            TRY(buf_fmt(b, "\n%s: %zu notes, %zu labels\n", r->suffix + 1, r->n, r->L));
        else
            TRY(buf_str(b, "\n"));
        TRY(group_table(b, r, p->floor ? &p->floor[g] : NULL));
    }
    return rows_tables(b, p, p->system);
}

/* ---- several systems ---- */

/* The columns of all groups, named with their suffix (malloc'd). */
static int board_columns(const struct report *p, char ***name, size_t *n)
{
    size_t most = 0;
    *n = 0;
    for (size_t g = 0; g < p->groups; g++)
        most += p->system->result[g].v.n;
    if (!(*name = mem_zalloc(most, sizeof **name)))
        return E_NOMEM;
    for (size_t g = 0; g < p->groups; g++) {
        const struct result *r = &p->system->result[g];
        for (size_t i = 0; i < r->v.n; i++) {
            struct buf b = {0};
            bool want = p->picked;
            for (size_t k = 0; !want && g == 0 && report_main(k); k++)
                want = strcmp(report_main(k), r->v.v[i].name) == 0;
            if (!want)
                continue;
            TRY(buf_fmt(&b, "%s%s", r->v.v[i].name, r->suffix));
            (*name)[(*n)++] = b.p;
        }
    }
    return 0;
}

/* A field of the values with these names, NaN where there is none. */
static void board_values(const struct report *p, const struct result *r, char *const *name, size_t n, size_t field,
                         double *out)
{
    for (size_t c = 0; c < n; c++)
        out[c] = NAN;
    for (size_t g = 0, c = 0; g < p->groups; g++)
        for (size_t i = 0; i < p->system->result[g].v.n && c < n; i++) {
            const struct metric_value *of = &p->system->result[g].v.v[i], *v = metric_get(&r[g].v, of->name);
            size_t m = strlen(of->name);
            if (strncmp(name[c], of->name, m) != 0 || strcmp(name[c] + m, r[g].suffix) != 0)
                continue;
            if (v)
                memcpy(&out[c], (const char *)v + field, sizeof out[c]);
            c++;
        }
}

static int board_block(struct buf *b, const struct report *p, const struct grid *g, char *const *name, size_t from,
                       size_t to, double *v)
{
    double *lo = v + g->columns, *hi = lo + g->columns;
    TRY(grid_head(b, g, from, to));
    if (p->floor) {
        board_values(p, p->floor, name, g->columns, offsetof(struct metric_value, value), v);
        TRY(grid_line(b, g, from, to, "note-blind floor", v));
    }
    for (size_t y = 0; y < p->n; y++) {
        bool interval = false;
        board_values(p, p->system[y].result, name, g->columns, offsetof(struct metric_value, value), v);
        board_values(p, p->system[y].result, name, g->columns, offsetof(struct metric_value, lo), lo);
        board_values(p, p->system[y].result, name, g->columns, offsetof(struct metric_value, hi), hi);
        TRY(grid_line(b, g, from, to, p->system[y].title, v));
        for (size_t c = from; c < to; c++)
            interval |= lo[c] == lo[c];
        if (interval)
            TRY(grid_interval(b, g, from, to, lo, hi));
    }
    if (p->mean) {
        board_values(p, p->mean, name, g->columns, offsetof(struct metric_value, value), v);
        TRY(grid_line(b, g, from, to, "mean", v));
        board_values(p, p->mean, name, g->columns, offsetof(struct metric_value, sd), v);
        TRY(grid_line(b, g, from, to, "standard deviation", v));
    }
    return 0;
}

enum { WIDE = 132 }; /* columns of a wide terminal */

int report_board(struct buf *b, const struct report *p)
{
    char **name = NULL;
    size_t n = 0;
    int rc = board_columns(p, &name, &n);
    double *v = rc ? NULL : mem_alloc(3 * n, sizeof *v);
    struct grid g = {n, (const char *const *)name, (int)strlen(p->mean ? "standard deviation" : "note-blind floor")};
    if (!rc && !v)
        rc = E_NOMEM;
    for (size_t y = 0; y < p->n; y++)
        g.names = (int)strlen(p->system[y].title) > g.names ? (int)strlen(p->system[y].title) : g.names;
    for (size_t from = 0, to; !rc && from < n; from = to) {
        to = grid_fits(&g, from, WIDE);
        rc = buf_str(b, "\n");
        if (!rc)
            rc = board_block(b, p, &g, name, from, to, v);
    }
    for (size_t y = 0; !rc && y < p->n; y++)
        rc = rows_tables(b, p, &p->system[y]);
    for (size_t c = 0; c < n; c++)
        free(name[c]);
    free(name);
    free(v);
    return rc;
}
