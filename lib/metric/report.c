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

/* Rows of one table: those by code (prefix NULL), or those along a curve whose names begin so. */
static int table(struct buf *b, const struct metric_list *rows, const char *prefix, const char *const *code)
{
    enum { COLUMNS = 16 };
    const char *name[COLUMNS];
    bool whole[COLUMNS]; /* every value is a whole number: counts */
    size_t n = 0, skip = prefix ? strlen(prefix) : 0, keys = 0, most = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct metric_value *v = &rows->v[i];
        size_t j = 0;
        if (!in_table(v, prefix))
            continue;
        while (j < n && strcmp(name[j], v->name) != 0)
            j++;
        if (j == n && n < COLUMNS) {
            whole[n] = true;
            name[n++] = v->name;
        }
        if (j < n)
            whole[j] &= v->value == floor(v->value) && strcmp(v->name, "threshold") != 0;
        keys += j == 0; /* every row has the first column */
        if (v->label >= 0 && (size_t)v->label >= most)
            most = (size_t)v->label + 1;
    }
    if (!keys)
        return 0;
    size_t size = most > keys ? most : keys, *seen = mem_zalloc(COLUMNS, sizeof *seen);
    double *cell = mem_alloc(size * n, sizeof *cell), *at = mem_alloc(size, sizeof *at);
    int rc = cell && at && seen ? 0 : E_NOMEM;
    for (size_t i = 0; !rc && i < size * n; i++)
        cell[i] = NAN;
    for (size_t i = 0; !rc && i < rows->n; i++) {
        const struct metric_value *v = &rows->v[i];
        size_t j = 0;
        if (!in_table(v, prefix))
            continue;
        while (j < n && strcmp(name[j], v->name) != 0)
            j++;
        if (j == n)
            continue;
        size_t key = prefix ? seen[j]++ : (size_t)v->label; /* along a curve every column has the same places */
        cell[key * n + j] = v->value;
        at[key] = v->at;
    }
    if (!rc)
        rc = buf_fmt(b, "\n%-12s", prefix ? "up to" : "code");
    for (size_t j = 0; !rc && j < n; j++)
        rc = buf_fmt(b, " %10s", name[j] + skip);
    for (size_t k = 0; !rc && k < size; k++) {
        rc = prefix ? buf_fmt(b, "\n%-12.2f", at[k]) : buf_fmt(b, "\n%-12s", code[k]);
        for (size_t j = 0; !rc && j < n; j++)
            rc = number(b, cell[k * n + j], whole[j]);
    }
    free(cell);
    free(at);
    free(seen);
    return rc ? rc : buf_str(b, "\n");
}

int report_rows(struct buf *b, const struct metric_list *rows, const char *const *code)
{
    TRY(table(b, rows, NULL, code));
    TRY(table(b, rows, "reliability_", code));
    return table(b, rows, "coverage_", code);
}
