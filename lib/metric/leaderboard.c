/* Several scores in one table: see report.h. */
#include <stdlib.h>
#include <string.h>

#include "lib/metric/report.h"
#include "lib/stream/stream.h"
#include "lib/util/err.h"

static const char *const column[] = {"f1_micro",  "f1_macro_caml", "f1_macro_mean", "prec_micro", "rec_micro",
                                     "acc_micro", "exact_match",   "auc_macro",     "auc_micro",  "map"};
static const char *const head[] = {"micro-F1", "macro-F1", "mean-F1",   "micro-P",   "micro-R",
                                   "Jaccard",  "exact",    "macro-AUC", "micro-AUC", "MAP"};
enum { COLUMNS = sizeof column / sizeof *column };

struct row {
    char *name;
    bool oracle;
    char gold[17]; /* digest of the gold stream */
    double value[COLUMNS], floor[COLUMNS], n;
};

static void keep(struct row *w, const msgpack_object *rec)
{
    const char *name;
    size_t n;
    const msgpack_object *value = rec_get(rec, "value"), *notes = rec_get(rec, "n");
    if (rec_get(rec, "code") || rec_get(rec, "at") || !rec_str(rec, "metric", &name, &n))
        return;
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

static int read_row(struct row *w, const char *path)
{
    struct stream *s = NULL;
    const msgpack_object *rec;
    enum stream_got got = STREAM_ERROR;
    int rc = stream_open(&s, path, "metric");
    for (int c = 0; c < COLUMNS; c++)
        w->value[c] = w->floor[c] = NAN;
    if (rc)
        return rc;
    while ((got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        keep(w, rec);
    if (got == STREAM_END)
        rc = gold_of(stream_lineage(s), w->gold);
    if (got == STREAM_END && !rc && w->value[0] != w->value[0])
        rc = err_set(E_DATA, "no record of f1_micro over all labels");
    if (got == STREAM_END && rc)
        err_ctx(rc, "%s", stream_name(s));
    w->oracle = stream_oracle(s);
    if (!rc && !(w->name = mem_strndup(stream_name(s), strcspn(stream_name(s), "."))))
        rc = E_NOMEM;
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

static int line(struct buf *b, const char *name, const double *v)
{
    TRY(buf_fmt(b, "%-24s", name));
    for (int c = 0; c < COLUMNS; c++)
        TRY(v[c] == v[c] ? buf_fmt(b, " %9.4f", v[c]) : buf_fmt(b, " %9s", "-"));
    return buf_str(b, "\n");
}

static int print(struct buf *b, const struct row *w, int n)
{
    int oracles = 0, first = 0;
    while (first < n - 1 && w[first].oracle)
        first++;
    TRY(buf_fmt(b, "%-24s", "system"));
    for (int c = 0; c < COLUMNS; c++)
        TRY(buf_fmt(b, " %9s", head[c]));
    TRY(buf_str(b, "\n"));
    TRY(line(b, "note-blind floor", w[first].floor));
    for (int i = 0; i < n; i++)
        if (w[i].oracle)
            oracles++;
        else
            TRY(line(b, w[i].name, w[i].value));
    if (oracles)
        TRY(buf_str(b, "not ranked, ORACLE (made with the labels):"));
    for (int i = 0; i < n; i++)
        if (w[i].oracle)
            TRY(buf_fmt(b, " %s", w[i].name));
    return oracles ? buf_str(b, "\n") : 0;
}

int report_leaderboard(struct buf *b, char **path, int n)
{
    struct row *w = mem_zalloc((size_t)n, sizeof *w);
    int rc = w ? 0 : E_NOMEM;
    for (int i = 0; !rc && i < n; i++) {
        rc = read_row(&w[i], path[i]);
        if (!rc && (strcmp(w[i].gold, w[0].gold) != 0 || w[i].n != w[0].n))
            rc = err_set(E_DATA, "%s and %s were not scored against the same gold stream and notes", w[0].name,
                         w[i].name);
    }
    if (!rc) {
        qsort(w, (size_t)n, sizeof *w, by_score);
        rc = print(b, w, n);
    }
    for (int i = 0; w && i < n; i++)
        free(w[i].name);
    free(w);
    return rc;
}
