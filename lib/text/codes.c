/* See codes.h. Tests: tests/unit/codes.c. */
#include "lib/text/codes.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

struct code {
    const char *name;
    size_t n;
    int64_t label;
};
struct codes {
    int64_t n;
    struct code *sorted;
    char **name;
};

static int compare(const char *a, size_t an, const char *b, size_t bn)
{
    int c = memcmp(a, b, an < bn ? an : bn);
    return c ? c : an < bn ? -1 : an > bn;
}

static int by_name(const void *a, const void *b)
{
    const struct code *x = a, *y = b;
    return compare(x->name, x->n, y->name, y->n);
}

int codes_new(struct codes **out, const json_t *labels)
{
    size_t n = json_array_size(labels);
    if (n == 0)
        return err_set(E_DATA, "meta.labels: missing or empty");
    struct codes *c = mem_zalloc(1, sizeof *c);
    if (!c)
        return E_NOMEM;
    c->sorted = mem_zalloc(n, sizeof *c->sorted);
    c->name = mem_zalloc(n, sizeof *c->name);
    int rc = c->sorted && c->name ? 0 : E_NOMEM;
    for (size_t i = 0; i < n && !rc; i++, c->n++) {
        const json_t *s = json_array_get(labels, i);
        if (!json_is_string(s) || json_string_length(s) == 0)
            rc = err_set(E_DATA, "meta.labels: entry %zu is not a code", i);
        else if (!(c->name[i] = mem_strndup(json_string_value(s), json_string_length(s))))
            rc = E_NOMEM;
        else
            c->sorted[i] = (struct code){c->name[i], json_string_length(s), (int64_t)i};
    }
    if (!rc)
        qsort(c->sorted, n, sizeof *c->sorted, by_name);
    for (size_t i = 1; i < n && !rc; i++)
        if (!by_name(&c->sorted[i - 1], &c->sorted[i]))
            rc = err_set(E_DATA, "meta.labels: a code is given twice");
    if (rc) {
        codes_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

int64_t codes_count(const struct codes *c)
{
    return c->n;
}

int64_t codes_find(const struct codes *c, const char *code, size_t n)
{
    int64_t lo = 0, hi = c->n;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        int d = compare(code, n, c->sorted[mid].name, c->sorted[mid].n);
        if (d == 0)
            return c->sorted[mid].label;
        if (d < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return -1;
}

const char *codes_name(const struct codes *c, int64_t label)
{
    return c->name[label];
}

int64_t codes_parse(const struct codes *c, const char *text, size_t n, uint8_t *set)
{
    static const char between[] = ",; \t\r\n\f\v";
    int64_t unknown = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && !memchr(between, text[end], sizeof between - 1))
            end++;
        if (end > i) {
            int64_t l = codes_find(c, text + i, end - i);
            if (l < 0)
                unknown++;
            else
                set[l] = 1;
        }
        i = end + 1;
    }
    return unknown;
}

void codes_free(struct codes *c)
{
    if (!c)
        return;
    for (int64_t i = 0; c->name && i < c->n; i++)
        free(c->name[i]);
    free(c->name);
    free(c->sorted);
    free(c);
}
