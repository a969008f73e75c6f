/* A hash table with open addressing over numbered strings: see names.h. Tests: tests/unit/names.c. */
#include "lib/util/names.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint32_t *slot_of(const struct names *s, const char *p, size_t n)
{
    for (size_t i = XXH64(p, n, 0) & (s->slots - 1);; i = (i + 1) & (s->slots - 1)) {
        if (!s->slot[i])
            return &s->slot[i];
        const struct name *v = &s->v[s->slot[i] - 1];
        if (v->n == n && memcmp(s->text.p + v->at, p, n) == 0)
            return &s->slot[i];
    }
}

static int grow(struct names *s)
{
    struct names bigger = *s;
    bigger.slots = s->slots ? 2 * s->slots : 1024;
    if (!(bigger.slot = mem_zalloc(bigger.slots, sizeof *bigger.slot)))
        return E_NOMEM;
    for (size_t i = 0; i < s->n; i++)
        *slot_of(&bigger, s->text.p + s->v[i].at, s->v[i].n) = (uint32_t)i + 1;
    free(s->slot);
    *s = bigger;
    return 0;
}

int names_add(struct names *s, const char *p, size_t n, uint32_t *place)
{
    if (n >= UINT32_MAX || s->n >= UINT32_MAX - 1)
        return err_nomem(n);
    if (2 * (s->n + 1) > s->slots)
        TRY(grow(s));
    uint32_t *slot = slot_of(s, p, n);
    if (place)
        *place = *slot ? *slot - 1 : (uint32_t)s->n;
    if (*slot)
        return 1;
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 256;
        struct name *v = mem_grow(s->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        s->v = v;
        s->cap = cap;
    }
    uint64_t at = s->text.n;
    TRY(buf_reserve(&s->text, n + 1));
    buf_add(&s->text, p, n);
    buf_add(&s->text, "", 1);
    s->v[s->n++] = (struct name){at, (uint32_t)n};
    *slot = (uint32_t)s->n;
    return 0;
}

int64_t names_find(const struct names *s, const char *p, size_t n)
{
    return s->slots && n < UINT32_MAX ? (int64_t)*slot_of(s, p, n) - 1 : -1;
}

const char *names_at(const struct names *s, uint32_t place, size_t *n)
{
    if (n)
        *n = s->v[place].n;
    return s->text.p + s->v[place].at;
}

void names_free(struct names *s)
{
    buf_free(&s->text);
    free(s->v);
    free(s->slot);
    *s = (struct names){0};
}
