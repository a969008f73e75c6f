/* Split lists. Tests: tests/unit/splits.c. */
#include "lib/ingest/splits.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const split_name[SPLITS_N] = {"train", "dev", "test"};
enum { LIST_MAX = 1 << 28 }; /* bytes of one list */

static int add(struct splits *s, size_t *cap, int64_t id, enum split split)
{
    if (s->n == *cap) {
        size_t want = *cap ? 2 * *cap : 4096;
        struct split_id *v = mem_grow(s->v, want, sizeof *v);
        if (!v)
            return E_NOMEM;
        s->v = v;
        *cap = want;
    }
    s->v[s->n++] = (struct split_id){id, split};
    return 0;
}

static int load_list(struct splits *s, size_t *cap, const char *path, enum split split)
{
    char *text;
    size_t n, before = s->n;
    TRY(text_read(path, LIST_MAX, &text, &n));
    int rc = 0;
    uint64_t line = 1;
    for (size_t i = 0; i < n && !rc; line++) {
        size_t end = i;
        while (end < n && text[end] != '\n')
            end++;
        size_t len = end - i;
        while (len && (text[i + len - 1] == '\r' || text[i + len - 1] == ' '))
            len--;
        int64_t id = 0;
        for (size_t k = 0; k < len && !rc; k++) {
            if (text[i + k] < '0' || text[i + k] > '9' || len > 18)
                rc = err_set(E_DATA, "%s: line %llu: not an admission number", path_base(path),
                             (unsigned long long)line);
            id = id * 10 + (text[i + k] - '0');
        }
        if (len && !rc)
            rc = add(s, cap, id, split);
        i = end + 1;
    }
    free(text);
    if (!rc && s->n == before)
        rc = err_set(E_DATA, "%s: empty list", path_base(path));
    return rc;
}

static int by_id(const void *a, const void *b)
{
    const struct split_id *x = a, *y = b;
    return x->id != y->id ? (x->id > y->id) - (x->id < y->id) : (int)x->split - (int)y->split;
}

static size_t hash(const struct splits *s, int64_t id)
{
    return (size_t)(((uint64_t)id * 0x9E3779B97F4A7C15u) >> 32) & (s->slots - 1);
}
static int index_ids(struct splits *s)
{
    for (s->slots = 16; s->slots < 2 * s->n;)
        s->slots *= 2;
    if (!(s->slot = mem_zalloc(s->slots, sizeof *s->slot)))
        return E_NOMEM;
    for (size_t i = 0; i < s->n; i++) {
        size_t k = hash(s, s->v[i].id);
        while (s->slot[k])
            k = (k + 1) & (s->slots - 1);
        s->slot[k] = i + 1;
    }
    return 0;
}

int splits_load(struct splits *s, const char *dir, const char *lists, int (*each)(void *ctx, const char *path),
                void *ctx)
{
    memset(s, 0, sizeof *s);
    size_t cap = 0;
    for (int k = 0; k < SPLITS_N; k++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s_%s_hadm_ids.csv", dir, split_name[k], lists) >= (int)sizeof path)
            return err_set(E_USAGE, "the name of the directory of split lists is too long");
        TRY(load_list(s, &cap, path, (enum split)k));
        if (each)
            TRY(each(ctx, path));
    }
    mem_sort(s->v, s->n, sizeof *s->v, by_id);
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (kept && s->v[kept - 1].id == s->v[i].id) {
            if (s->v[kept - 1].split != s->v[i].split)
                return err_set(E_DATA, "admission %lld is in two lists: %s_%s and %s_%s", (long long)s->v[i].id,
                               split_name[s->v[kept - 1].split], lists, split_name[s->v[i].split], lists);
            continue;
        }
        s->v[kept++] = s->v[i];
    }
    s->n = kept;
    for (size_t i = 0; i < s->n; i++)
        s->count[s->v[i].split]++;
    return index_ids(s);
}

ptrdiff_t splits_find(const struct splits *s, int64_t id)
{
    for (size_t k = hash(s, id); s->slot[k]; k = (k + 1) & (s->slots - 1))
        if (s->v[s->slot[k] - 1].id == id)
            return (ptrdiff_t)s->slot[k] - 1;
    return -1;
}

void splits_free(struct splits *s)
{
    free(s->v);
    free(s->slot);
    memset(s, 0, sizeof *s);
}
