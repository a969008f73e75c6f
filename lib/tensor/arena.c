/* Bump allocation: a chain of blocks that is walked again after each reset, so that a step with the shapes of an
 * earlier one asks for no memory. A new block is as large as all before it: few blocks, few gaps.
 * Tests: tests/unit/tensor.c. */
#include "kernels/backend.h"
#include "lib/tensor/tensor.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdlib.h>

enum { ALIGN = 64, FIRST_BLOCK = 1 << 20 };

struct block {
    struct block *next;
    char *mem;
    size_t size;
};
struct arena {
    const struct backend *be;
    struct block *first, *cur; /* cur: the block in use, NULL before the first allocation after a reset */
    size_t at;                 /* bytes used of it */
    size_t used, peak;         /* over all blocks, for arena_peak */
    size_t total, grown;
};

struct arena *arena_new(const struct backend *be)
{
    struct arena *a = mem_zalloc(1, sizeof *a);
    if (a)
        a->be = be;
    return a;
}

static struct block *block_new(struct arena *a, size_t least)
{
    size_t size = a->total > FIRST_BLOCK ? a->total : FIRST_BLOCK;
    if (size < least)
        size = least;
    struct block *b = mem_zalloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->mem = a->be ? a->be->alloc(size) : aligned_alloc(ALIGN, size);
    if (!b->mem && size > least) { /* doubling was too greedy */
        size = least;
        b->mem = a->be ? a->be->alloc(size) : aligned_alloc(ALIGN, size);
    }
    if (!b->mem) {
        if (!a->be) /* a backend has said what is missing */
            err_nomem(size);
        free(b);
        return NULL;
    }
    b->size = size;
    a->total += size;
    a->grown++;
    return b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) {
        err_nomem(bytes);
        return NULL;
    }
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    bytes = bytes ? bytes : ALIGN;
    while (!a->cur || a->at + bytes > a->cur->size) {
        struct block **next = a->cur ? &a->cur->next : &a->first;
        if (!*next && !(*next = block_new(a, bytes)))
            return NULL;
        a->cur = *next;
        a->at = 0;
    }
    void *p = a->cur->mem + a->at;
    a->at += bytes;
    a->used += bytes;
    if (a->used > a->peak)
        a->peak = a->used;
    return p;
}

void arena_reset(struct arena *a)
{
    a->cur = NULL;
    a->at = a->used = 0;
}

size_t arena_peak(const struct arena *a)
{
    return a->peak;
}

size_t arena_grown(const struct arena *a)
{
    return a->grown;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct block *b = a->first, *next; b; b = next) {
        next = b->next;
        if (a->be)
            a->be->free(b->mem);
        else
            free(b->mem);
        free(b);
    }
    free(a);
}
