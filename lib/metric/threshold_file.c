/* Thresholds by code and their file: see threshold_file.h. */
#include "lib/metric/threshold_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/metric/threshold.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"

int threshold_find(struct metric_set *dev, const struct threshold_how *how, double *t, double *all)
{
    TRY(threshold_tune(dev, false, how->exact, t));
    *all = t[0];
    if (!how->by_code)
        return 0;
    TRY(threshold_tune(dev, true, how->exact, t));
    for (size_t l = 0; l < dev->L; l++) {
        double n = (double)(dev->holder_at[l + 1] - dev->holder_at[l]);
        if (n == 0 || n < (double)how->min_positives)
            t[l] = *all;
        else if (how->shrink > 0) /* else as it is, to the last bit */
            t[l] = (n * t[l] + how->shrink * *all) / (n + how->shrink);
    }
    return 0;
}

/* ---- reading ---- */

static int take(struct thresholds *f)
{
    const json_t *t = json_object_get(f->file, "thresholds"), *all = json_object_get(f->file, "all");
    const char *format = json_string_value(json_object_get(f->file, "format"));
    const char *by = json_string_value(json_object_get(f->file, "by"));
    if (!format || strcmp(format, "icd-thresholds") != 0)
        return err_set(E_DATA, "field format: not \"icd-thresholds\"");
    if (json_integer_value(json_object_get(f->file, "version")) != 1)
        return err_set(E_DATA, "field version: not 1");
    if (!json_array_size(json_object_get(f->file, "labels")))
        return err_set(E_DATA, "field labels: no labels");
    int rc = labels_open(&f->labels, f->file);
    if (rc)
        return err_ctx(rc, "field labels");
    if (json_array_size(t) != f->labels.n)
        return err_set(E_DATA, "field thresholds: %zu for %zu labels", json_array_size(t), f->labels.n);
    if (!(f->t = mem_alloc(f->labels.n, sizeof *f->t)))
        return E_NOMEM;
    for (size_t i = 0; i < f->labels.n; i++) {
        if (!json_is_number(json_array_get(t, i)))
            return err_set(E_DATA, "field thresholds: threshold %zu is not a number", i + 1);
        f->t[i] = json_number_value(json_array_get(t, i));
        f->by_code |= f->t[i] != f->t[0];
    }
    if (all && !json_is_number(all))
        return err_set(E_DATA, "field all: not a number");
    f->all = all ? json_number_value(all) : NAN;
    f->by_code |= by && strcmp(by, "code") == 0;
    return 0;
}

int thresholds_read(struct thresholds *f, const char *path)
{
    char *text;
    size_t n;
    json_error_t e;
    *f = (struct thresholds){0};
    TRY(file_read(path, 1u << 30, &text, &n));
    f->file = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    free(text);
    int rc = f->file ? take(f) : err_set(E_DATA, "line %d: column %d: not JSON", e.line, e.column);
    return rc ? err_ctx(rc, "%s", path_base(path)) : 0;
}

int thresholds_digest(const json_t *model, char hex[17])
{
    char *text = json_dumps(model, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text)
        return err_nomem(0);
    snprintf(hex, 17, "%016llx", (unsigned long long)XXH64(text, strlen(text), 0));
    free(text);
    return 0;
}

/* Whether the file is for that model, as far as both are known. */
static int same_model(const struct thresholds *f, const json_t *model)
{
    const char *of = json_string_value(json_object_get(f->file, "model"));
    char hex[17];
    if (!of || !model)
        return 0;
    TRY(thresholds_digest(model, hex));
    return strcmp(of, hex) == 0 ? 0 : err_set(E_DATA, "thresholds for another model");
}

int thresholds_for(const struct thresholds *f, const json_t *model, const char *const *code, size_t n, double *t)
{
    TRY(same_model(f, model));
    for (size_t l = 0; l < n; l++) {
        int64_t at = labels_find(&f->labels, code[l], strlen(code[l]));
        if (at < 0)
            return err_set(E_DATA, "field labels: no threshold for label %s", code[l]);
        t[l] = f->t[at];
    }
    return 0;
}

void thresholds_close(struct thresholds *f)
{
    labels_close(&f->labels);
    free(f->t);
    json_decref(f->file);
    *f = (struct thresholds){0};
}

/* ---- writing ---- */

json_t *thresholds_json(const struct threshold_how *how, const char *const *code, const double *t, size_t n, double all)
{
    json_t *labels = json_array(), *values = json_array();
    bool bad = !labels || !values;
    for (size_t l = 0; !bad && l < n; l++)
        bad = json_array_append_new(labels, json_string(code[l])) || json_array_append_new(values, json_real(t[l]));
    if (bad) {
        json_decref(labels);
        json_decref(values);
        return NULL;
    }
    return json_pack("{s:s, s:i, s:s, s:s, s:f, s:I, s:f, s:o, s:o}", "format", "icd-thresholds", "version", 1, "by",
                     how->by_code ? "code" : "all", "search", how->exact ? "exact" : "grid", "all", all,
                     "min_positives", (json_int_t)how->min_positives, "shrink", how->shrink, "labels", labels,
                     "thresholds", values);
}
