/* Several scores in one table: see report.h. */
#include <stdlib.h>
#include <string.h>

#include "lib/metric/report.h"
#include "lib/stream/stream.h"
#include "lib/util/err.h"

static const char *const column[] = {"f1_micro",  "f1_macro_caml", "f1_macro_mean", "prec_micro", "rec_micro",
                                     "acc_micro", "exact_match",   "auc_macro",     "auc_micro",  "map"};
enum { COLUMNS = sizeof column / sizeof *column, WIDTH = 9 };

struct row {
    char *name;
    bool oracle;
    char gold[17]; /* digest of the gold stream */
    char *split;   /* that was scored; "": several, or unnamed */
    double value[COLUMNS], floor[COLUMNS], n;
};

static int keep(struct row *w, const msgpack_object *rec)
{
    const char *name, *split = "";
    size_t n, split_n = 0;
    const msgpack_object *value = rec_get(rec, "value"), *notes = rec_get(rec, "n");
    if (rec_get(rec, "code") || rec_get(rec, "at") || !rec_str(rec, "metric", &name, &n))
        return 0;
    rec_str(rec, "split", &split, &split_n);
    if (!w->split && !(w->split = mem_strndup(split, split_n)))
        return E_NOMEM;
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

/* Of a file: its name without the endings .score.icds.zst; other dots are the system's. */
static char *system_name(const char *file)
{
    static const char *const ending[] = {".zst", ".icds", ".score"};
    size_t n = strlen(file);
    for (int i = 0; i < 3; i++) {
        size_t e = strlen(ending[i]);
        n -= n > e && memcmp(file + n - e, ending[i], e) == 0 ? e : 0;
    }
    return mem_strndup(file, n);
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
    while (!rc && (got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        rc = keep(w, rec);
    if (got == STREAM_END)
        rc = gold_of(stream_lineage(s), w->gold);
    if (got == STREAM_END && !rc && (isnan(w->value[0]) || isnan(w->floor[0])))
        rc = err_set(E_DATA, "no record of f1_micro over all labels, or none of its floor");
    if (got == STREAM_END && rc)
        err_ctx(rc, "%s", stream_name(s));
    w->oracle = stream_oracle(s);
    if (!rc && !(w->name = system_name(stream_name(s))))
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

static int width(int c)
{
    int n = (int)strlen(column[c]);
    return n > WIDTH ? n : WIDTH;
}

static int line(struct buf *b, const char *name, int names, const double *v)
{
    TRY(buf_fmt(b, "%-*s", names, name));
    for (int c = 0; c < COLUMNS; c++)
        TRY(v[c] == v[c] ? buf_fmt(b, " %*.4f", width(c), v[c]) : buf_fmt(b, " %*s", width(c), "-"));
    return buf_str(b, "\n");
}

static int print(struct buf *b, const struct row *w, int n)
{
    static const char blind[] = "note-blind floor";
    int oracles = 0, names = sizeof blind - 1;
    for (int i = 0; i < n; i++)
        names = !w[i].oracle && (int)strlen(w[i].name) > names ? (int)strlen(w[i].name) : names;
    TRY(buf_fmt(b, "%-*s", names, "system"));
    for (int c = 0; c < COLUMNS; c++)
        TRY(buf_fmt(b, " %*s", width(c), column[c]));
    TRY(buf_str(b, "\n"));
    TRY(line(b, blind, names, w->floor));
    for (int i = 0; i < n; i++)
        if (w[i].oracle)
            oracles++;
        else
            TRY(line(b, w[i].name, names, w[i].value));
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
        if (!rc && (strcmp(w[i].gold, w[0].gold) != 0 || w[i].n != w[0].n || strcmp(w[i].split, w[0].split) != 0))
            rc = err_set(E_DATA, "%s and %s were not scored against the same gold stream and notes", w[0].name,
                         w[i].name);
        if (!rc && w[i].floor[0] != w[0].floor[0])
            rc = err_set(E_DATA, "%s and %s have different note-blind floors: not the same training records", w[0].name,
                         w[i].name);
    }
    if (!rc) {
        qsort(w, (size_t)n, sizeof *w, by_score);
        rc = print(b, w, n);
    }
    for (int i = 0; w && i < n; i++) {
        free(w[i].name);
        free(w[i].split);
    }
    free(w);
    return rc;
}
