/* Histories (what was run) and lineages (what flowed) of several inputs into one. Tests: tests/unit/provenance.c */
#include "lib/stream/internal.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

/* Index of an equal element, else -1. */
static int find(const json_t *array, const json_t *wanted)
{
    size_t i;
    json_t *v;
    json_array_foreach(array, i, v)
        if (json_equal(v, wanted))
            return (int)i;
    return -1;
}

static int compare_int(const void *a, const void *b)
{
    return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

/* An entry whose `from` counts within its own history, as an entry of the merged one. */
static json_t *renumbered(const json_t *entry, const int *where, int known)
{
    json_t *copy = json_copy((json_t *)entry), *from = json_array();
    const json_t *old = json_object_get(entry, "from");
    int n = 0, *to = mem_alloc(json_array_size(old), sizeof *to);
    if (!copy || !from || !to)
        goto fail;
    for (size_t i = 0; i < json_array_size(old); i++) {
        json_int_t k = json_integer_value(json_array_get(old, i));
        if (k >= 0 && k < known)
            to[n++] = where[k];
    }
    mem_sort(to, (size_t)n, sizeof *to, compare_int);
    for (int i = 0; i < n; i++)
        if ((i == 0 || to[i] != to[i - 1]) && json_array_append_new(from, json_integer(to[i])))
            goto fail;
    free(to);
    if (json_object_set_new(copy, "from", from)) { /* takes `from` even when it fails */
        json_decref(copy);
        return NULL;
    }
    return copy;
fail:
    free(to);
    json_decref(copy);
    json_decref(from);
    return NULL;
}

json_t *history_merge_at(const json_t *const *h, int n, int *last)
{
    json_t *all = json_array();
    if (!all)
        goto nomem;
    for (int i = 0; i < n; i++) {
        int size = (int)json_array_size(h[i]);
        int *where = mem_alloc((size_t)size, sizeof *where);
        bool bad = !where;
        for (int k = 0; k < size && !bad; k++) {
            json_t *entry = renumbered(json_array_get(h[i], (size_t)k), where, k);
            where[k] = entry ? find(all, entry) : -1;
            if (entry && where[k] < 0) {
                where[k] = (int)json_array_size(all);
                bad = json_array_append(all, entry);
            }
            bad |= !entry;
            json_decref(entry);
        }
        last[i] = size && !bad ? where[size - 1] : -1;
        free(where);
        if (bad)
            goto nomem;
    }
    return all;
nomem:
    json_decref(all);
    err_nomem(0);
    return NULL;
}

json_t *history_merge(const json_t *const *h, int n)
{
    int *last = mem_alloc((size_t)n, sizeof *last);
    json_t *all = last ? history_merge_at(h, n, last) : NULL;
    free(last);
    return all;
}

json_t *lineage_merge(const json_t *const *l, int n)
{
    json_t *all = json_array(), *entry;
    size_t k;
    for (int i = 0; all && i < n; i++)
        json_array_foreach(l[i], k, entry)
            if (find(all, entry) < 0 && json_array_append(all, entry)) {
                json_decref(all);
                all = NULL;
                break;
            }
    if (!all)
        err_nomem(0);
    return all;
}

int history_stage(const json_t *history, int from, const char *tool)
{
    int n = (int)json_array_size(history), top = 0, found = -1;
    int *todo = mem_alloc((size_t)n + 1, sizeof *todo);
    bool *seen = mem_zalloc((size_t)n + 1, sizeof *seen);
    if (n && todo && seen)
        todo[top++] = from < 0 ? n - 1 : from;
    while (top && found < 0) {
        int at = todo[--top];
        const json_t *entry = json_array_get(history, (size_t)at), *fs = json_object_get(entry, "from");
        const char *name = json_string_value(json_object_get(entry, "tool"));
        if (name && !strcmp(name, tool))
            found = at;
        for (size_t k = json_array_size(fs); k-- > 0;) { /* the first is the next to be looked at */
            int f = (int)json_integer_value(json_array_get(fs, k));
            if (f >= 0 && f < at && !seen[f]) {
                seen[f] = true;
                todo[top++] = f;
            }
        }
    }
    free(todo);
    free(seen);
    return found;
}

const json_t *history_option(const json_t *history, int at, const char *name)
{
    return at < 0 ? NULL : json_object_get(json_object_get(json_array_get(history, (size_t)at), "options"), name);
}

static bool is_history(const json_t *history)
{
    size_t i, k;
    json_t *entry, *from;
    json_array_foreach(history, i, entry) {
        const json_t *fs = json_object_get(entry, "from");
        if (!json_is_string(json_object_get(entry, "tool")) || (fs && !json_is_array(fs)))
            return false;
        json_array_foreach(fs, k, from)
            if (!json_is_integer(from) || json_integer_value(from) < 0 || (size_t)json_integer_value(from) >= i)
                return false;
    }
    return json_is_array(history);
}

int header_check(const json_t *header, const struct schema **schema)
{
    const json_t *format = json_object_get(header, "format"), *version = json_object_get(header, "version");
    const json_t *name = json_object_get(header, "schema"), *meta = json_object_get(header, "meta");
    const json_t *history = json_object_get(header, "history"), *oracle = json_object_get(header, "oracle");
    if (!json_is_string(format) || strcmp(json_string_value(format), STREAM_FORMAT))
        return err_set(E_DATA, "header: the format is not " STREAM_FORMAT);
    if (!json_is_integer(version) || json_integer_value(version) != STREAM_VERSION)
        return err_set(E_DATA, "header: not version %d of the format", STREAM_VERSION);
    *schema = json_is_string(name) ? schema_find(json_string_value(name)) : NULL;
    if (!*schema)
        return err_set(E_DATA, "header: unknown schema");
    if (meta && !json_is_object(meta))
        return err_set(E_DATA, "header: meta is not a map");
    if (history && !is_history(history))
        return err_set(E_DATA, "header: history is not a list of tools that point back");
    if (oracle && !json_is_boolean(oracle))
        return err_set(E_DATA, "header: oracle is not true or false");
    return 0;
}

int end_check(const json_t *end, uint64_t records, const char *digest)
{
    const json_t *n = json_object_get(end, "records"), *xxh64 = json_object_get(end, "xxh64");
    const json_t *lineage = json_object_get(end, "lineage");
    if (!json_is_integer(n) || !json_is_string(xxh64) || json_string_length(xxh64) != 16 ||
        (lineage && !json_is_array(lineage)))
        return err_set(E_DATA, "the end is malformed");
    if (json_integer_value(n) < 0 || (uint64_t)json_integer_value(n) != records)
        return err_set(E_DATA, "the end counts %lld records, %llu were there", (long long)json_integer_value(n),
                       (unsigned long long)records);
    if (memcmp(json_string_value(xxh64), digest, 16))
        return err_set(E_DATA, "the end names another digest than the data has: it was changed or damaged");
    return 0;
}
