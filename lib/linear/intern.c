/* A hash table of byte strings: see intern.h. */
#include "lib/linear/intern.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/util/err.h"

const char *intern_at(const struct intern *t, uint32_t number, size_t *n)
{
    size_t begin = number ? t->end[number - 1] : 0;
    *n = t->end[number] - begin;
    return t->bytes.p + begin;
}

/* Where the string is, or the free slot where it would be. */
static uint64_t slot_of(const struct intern *t, const void *p, size_t n)
{
    uint64_t s = XXH3_64bits(p, n) & (t->slots - 1);
    for (; t->slot[s]; s = (s + 1) & (t->slots - 1)) {
        size_t m;
        const char *other = intern_at(t, t->slot[s] - 1, &m);
        if (m == n && !memcmp(other, p, n))
            break;
    }
    return s;
}

static int grow(struct intern *t)
{
    size_t cap = t->cap ? 2 * t->cap : 1024;
    if (cap > INT32_MAX)
        return err_set(E_DATA, "more than %d different features", INT32_MAX / 2);
    size_t *end = mem_grow(t->end, cap, sizeof *end);
    if (end)
        t->end = end;
    uint32_t *slot = end ? mem_zalloc(2 * cap, sizeof *slot) : NULL;
    if (!slot)
        return E_NOMEM;
    free(t->slot);
    t->slot = slot;
    t->slots = 2 * cap;
    t->cap = cap;
    for (uint32_t i = 0; i < t->n; i++) {
        size_t n;
        const char *p = intern_at(t, i, &n);
        t->slot[slot_of(t, p, n)] = i + 1;
    }
    return 0;
}

int intern_add(struct intern *t, const void *p, size_t n, uint32_t *number)
{
    if (t->n == t->cap)
        TRY(grow(t));
    uint64_t s = slot_of(t, p, n);
    if (!t->slot[s]) {
        TRY(buf_add(&t->bytes, p, n));
        t->end[t->n++] = t->bytes.n;
        t->slot[s] = t->n;
    }
    *number = t->slot[s] - 1;
    return 0;
}

int64_t intern_find(const struct intern *t, const void *p, size_t n)
{
    return t->slots ? (int64_t)t->slot[slot_of(t, p, n)] - 1 : -1;
}

void intern_free(struct intern *t)
{
    buf_free(&t->bytes);
    free(t->end);
    free(t->slot);
    *t = (struct intern){0};
}
