/* Gold labels by id: see gold.h. */
#include "lib/metric/gold.h"

#include <stdlib.h>
#include <string.h>

#include "lib/stream/stream.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

int gold_open(struct gold *g, const char *name, const json_t *meta)
{
    *g = (struct gold){.name = name};
    struct labels *l = &g->labels;
    TRY(labels_open(l, meta));
    char **code = mem_alloc(l->n, sizeof *code);
    if (!code || !(g->count = mem_zalloc(l->n, sizeof *g->count))) {
        free(code);
        return E_NOMEM;
    }
    for (size_t i = 0; i < l->n; i++) {
        code[i] = l->code[l->sorted[i]];
        l->sorted[i] = (uint32_t)i;
    }
    free(l->code);
    l->code = code;
    return 0;
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

uint32_t gold_unique(uint32_t *index, uint32_t n)
{
    uint32_t k = 0;
    mem_sort(index, n, sizeof *index, by_index);
    for (uint32_t i = 0; i < n; i++)
        if (!k || index[k - 1] != index[i])
            index[k++] = index[i];
    return k;
}

int gold_codes(const struct labels *l, const msgpack_object *codes, uint32_t **index, uint32_t *n)
{
    uint32_t size = codes ? codes->via.array.size : 0;
    if (!(*index = mem_alloc(size, sizeof **index)))
        return E_NOMEM;
    for (uint32_t i = 0; i < size; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        int64_t at = labels_find(l, c->ptr, c->size);
        if (at < 0)
            return err_set(E_DATA, "field codes: code %u is not in meta.labels", i + 1);
        (*index)[i] = (uint32_t)at;
    }
    *n = gold_unique(*index, size);
    return 0;
}

static int split_index(struct gold *g, const char *p, size_t n, int *index)
{
    int max = (int)(sizeof g->split / sizeof *g->split);
    for (int i = 0; i < g->n_split; i++)
        if (strlen(g->split[i]) == n && memcmp(g->split[i], p, n) == 0) {
            *index = i;
            return 0;
        }
    if (g->n_split == max || n >= sizeof *g->split)
        return err_set(E_DATA, "field split: too many or too long names");
    memcpy(g->split[g->n_split], p, n);
    *index = g->n_split++;
    return 0;
}

int gold_record(struct gold *g, const msgpack_object *rec, uint64_t record)
{
    const char *id, *split = "";
    size_t id_n, split_n = 0;
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 1024;
        struct gold_note *v = mem_grow(g->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        g->v = v;
        g->cap = cap;
    }
    struct gold_note *n = &g->v[g->n++];
    *n = (struct gold_note){.record = record};
    rec_str(rec, "id", &id, &id_n);
    rec_str(rec, "split", &split, &split_n);
    if (memchr(id, 0, id_n))
        return err_set(E_DATA, "field id: holds a NUL");
    if (!(n->id = mem_strndup(id, id_n)))
        return E_NOMEM;
    TRY(split_index(g, split, split_n, &n->split));
    return gold_codes(&g->labels, rec_get(rec, "codes"), &n->code, &n->n);
}

int gold_train(struct gold *g, const msgpack_object *rec)
{
    const msgpack_object *codes = rec_get(rec, "codes");
    uint32_t *code = NULL, n = 0, size = codes ? codes->via.array.size : 0;
    if (!rec_is(rec, "split", "train"))
        return 0;
    if (!(code = mem_alloc(size, sizeof *code)))
        return E_NOMEM;
    for (uint32_t i = 0; i < size; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        int64_t at = labels_find(&g->labels, c->ptr, c->size);
        if (at >= 0) /* of another stream that has more labels */
            code[n++] = (uint32_t)at;
    }
    n = gold_unique(code, n);
    g->n_train++;
    for (uint32_t i = 0; i < n; i++)
        g->count[code[i]]++;
    free(code);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct gold_note *)a)->id, ((const struct gold_note *)b)->id);
}

int gold_sort(struct gold *g)
{
    mem_sort(g->v, g->n, sizeof *g->v, by_id);
    for (size_t i = 1; i < g->n; i++)
        if (strcmp(g->v[i - 1].id, g->v[i].id) == 0) {
            uint64_t a = g->v[i - 1].record, b = g->v[i].record;
            return err_set(E_DATA, "%s: records %llu and %llu: field id: the same", g->name,
                           (unsigned long long)(a < b ? a : b), (unsigned long long)(a < b ? b : a));
        }
    return 0;
}

struct gold_note *gold_find(const struct gold *g, const char *id, size_t n)
{
    size_t lo = 0, hi = g->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2, m = strlen(g->v[mid].id);
        int d = memcmp(g->v[mid].id, id, m < n ? m : n);
        if (d == 0 && m == n)
            return &g->v[mid];
        if (d < 0 || (d == 0 && m < n))
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

void gold_close(struct gold *g)
{
    for (size_t i = 0; i < g->n; i++) {
        free(g->v[i].id);
        free(g->v[i].code);
    }
    free(g->v);
    free(g->count);
    labels_close(&g->labels);
    *g = (struct gold){0};
}
