/* Growing byte buffers and checked allocation. Tests: tests/unit/buf.c */
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int buf_reserve(struct buf *b, size_t extra)
{
    size_t need;
    if (__builtin_add_overflow(b->n, extra, &need))
        return err_nomem(extra);
    if (need <= b->cap && b->p)
        return 0;
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    char *p = realloc(b->p, cap);
    if (!p)
        return err_nomem(cap);
    b->p = p;
    b->cap = cap;
    return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
    TRY(buf_reserve(b, n));
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

int buf_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_fmt(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return err_set(E_BUG, "a format that cannot be printed");
    TRY(buf_reserve(b, (size_t)n + 1)); /* vsnprintf writes a NUL, which is not counted in n */
    va_start(ap, fmt);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return 0;
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

/* n*size, at least 1 so that an empty allocation is a valid pointer too; 0 when it overflows. */
static size_t bytes_of(size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total)) {
        err_nomem(~0ull);
        return 0;
    }
    return total ? total : 1;
}

void *mem_alloc(size_t n, size_t size)
{
    size_t total = bytes_of(n, size);
    void *p = total ? malloc(total) : NULL;
    if (total && !p)
        err_nomem(total);
    return p;
}

void *mem_zalloc(size_t n, size_t size)
{
    size_t total = bytes_of(n, size);
    void *p = total ? calloc(1, total) : NULL;
    if (total && !p)
        err_nomem(total);
    return p;
}

void *mem_grow(void *p, size_t n, size_t size)
{
    size_t total = bytes_of(n, size);
    void *q = total ? realloc(p, total) : NULL;
    if (total && !q)
        err_nomem(total);
    return q;
}

char *mem_strndup(const char *s, size_t n)
{
    char *p = n < SIZE_MAX ? mem_alloc(n + 1, 1) : NULL;
    if (p) {
        if (n)
            memcpy(p, s, n);
        p[n] = 0;
    }
    return p;
}

void mem_sort(void *v, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    if (n > 1)
        qsort(v, n, size, compare);
}
