/* Label sets: see labels.h. Tests: tests/unit/metric.c, tests/cli/icd-score.sh. */
#include "lib/text/labels.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"

static int by_code(const void *a, const void *b, void *code)
{
    char **c = code;
    return strcmp(c[*(const uint32_t *)a], c[*(const uint32_t *)b]);
}

int labels_open(struct labels *l, const json_t *meta)
{
    const json_t *a = json_object_get(meta, "labels");
    size_t n = json_array_size(a);
    *l = (struct labels){0};
    if (n == 0 || n > UINT32_MAX)
        return err_set(E_DATA, "meta has no labels");
    if (!(l->code = mem_zalloc(n, sizeof *l->code)) || !(l->sorted = mem_alloc(n, sizeof *l->sorted)))
        return E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *s = json_array_get(a, i);
        /* A NUL inside would make two codes look alike. */
        if (json_string_length(s) == 0 || strlen(json_string_value(s)) != json_string_length(s))
            return err_set(E_DATA, "meta.labels[%zu] is not a code", i);
        if (!(l->code[i] = mem_strndup(json_string_value(s), json_string_length(s))))
            return E_NOMEM;
        l->sorted[i] = (uint32_t)i;
        l->n = i + 1;
    }
    qsort_r(l->sorted, n, sizeof *l->sorted, by_code, l->code);
    for (size_t i = 1; i < n; i++)
        if (strcmp(l->code[l->sorted[i - 1]], l->code[l->sorted[i]]) == 0)
            return err_set(E_DATA, "meta.labels has a code twice");
    return 0;
}

int64_t labels_find(const struct labels *l, const char *p, size_t n)
{
    size_t lo = 0, hi = l->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const char *c = l->code[l->sorted[mid]];
        size_t m = strlen(c);
        int d = memcmp(c, p, m < n ? m : n);
        if (d == 0)
            d = m < n ? -1 : m > n;
        if (d == 0)
            return l->sorted[mid];
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

int labels_same(const struct labels *a, const struct labels *b)
{
    if (a->n != b->n)
        return err_set(E_DATA, "label sets differ: %zu labels and %zu", a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->code[a->sorted[i]], b->code[b->sorted[i]]) != 0)
            return err_set(E_DATA, "label sets differ: %zu labels each, but not the same", a->n);
    return 0;
}

void labels_close(struct labels *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->code[i]);
    free(l->code);
    free(l->sorted);
    *l = (struct labels){0};
}
