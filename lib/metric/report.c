/* Records and the table: see report.h. */
#include "lib/metric/report.h"

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

void report_record(msgpack_sbuffer *to, const char *prefix, const struct metric_value *v, const struct result *of,
                   int64_t k, const char *split, const char *const *code)
{
    const struct {
        const char *name;
        double v;
    } more[] = {{"at", v->at},     {"lo", v->lo},           {"hi", v->hi},           {"other", v->other},
                {"diff", v->diff}, {"diff_lo", v->diff_lo}, {"diff_hi", v->diff_hi}, {"p", v->p}};
    uint32_t n = 4 + (k > 0) + (split != NULL) + (v->label >= 0);
    char name[128];
    msgpack_packer pk;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        n += more[i].v == more[i].v;
    snprintf(name, sizeof name, "%s%s%s", prefix, v->name, of->suffix);
    msgpack_packer_init(&pk, to, msgpack_sbuffer_write);
    msgpack_pack_map(&pk, n);
    pk_str(&pk, "metric");
    pk_str(&pk, name);
    pk_real(&pk, "value", v->value);
    pk_count(&pk, "n", of->n);
    pk_count(&pk, "labels", of->L);
    if (k > 0)
        pk_count(&pk, "k", (uint64_t)k);
    if (split) {
        pk_str(&pk, "split");
        pk_str(&pk, split);
    }
    if (v->label >= 0) {
        pk_str(&pk, "code");
        pk_str(&pk, code[v->label]);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (more[i].v == more[i].v)
            pk_real(&pk, more[i].name, more[i].v);
}

static int number(struct buf *b, double v, bool whole)
{
    return v == v ? buf_fmt(b, " %10.*f", whole ? 0 : 4, v) : buf_fmt(b, " %10s", "nan");
}

static int part(struct buf *b, bool shown, double v)
{
    return !shown ? 0 : v == v ? number(b, v, false) : buf_fmt(b, " %10s", "-");
}

int report_result(struct buf *b, const struct result *r)
{
    bool interval = false, compared = false;
    for (size_t i = 0; i < r->v.n; i++) {
        interval |= r->v.v[i].lo == r->v.v[i].lo;
        compared |= r->v.v[i].other == r->v.v[i].other;
    }
    if (*r->suffix)
        TRY(buf_fmt(b, "\n%s: %zu notes, %zu labels\n", r->suffix + 1, r->n, r->L));
    TRY(buf_fmt(b, "%-34s %10s", "metric", "score"));
    if (interval)
        TRY(buf_fmt(b, " %10s %10s", "2.5 %", "97.5 %"));
    TRY(buf_fmt(b, " %10s", "floor"));
    if (compared)
        TRY(buf_fmt(b, " %10s %10s %10s %10s %10s", "other", "difference", "2.5 %", "97.5 %", "p"));
    TRY(buf_str(b, "\n"));
    for (size_t i = 0; i < r->v.n; i++) {
        const struct metric_value *m = &r->v.v[i], *f = metric_get(&r->floor, m->name);
        char name[sizeof m->name + sizeof r->suffix];
        snprintf(name, sizeof name, "%s%s", m->name, r->suffix);
        TRY(buf_fmt(b, "%-34s", name));
        TRY(number(b, m->value, strcmp(m->name, "gen_unknown") == 0));
        TRY(part(b, interval, m->lo));
        TRY(part(b, interval, m->hi));
        TRY(part(b, true, f ? f->value : NAN));
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

int report_rows(struct buf *b, const struct metric_list *rows, const char *const *code)
{
    TRY(table(b, rows, NULL, code));
    TRY(table(b, rows, "reliability_", code));
    return table(b, rows, "coverage_", code);
}
