/* A growing byte buffer, and checked allocation. */
#ifndef ICD_BUF_H
#define ICD_BUF_H
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *p;
    size_t n, cap;
};
int buf_reserve(struct buf *b, size_t extra); /* room for n+extra bytes; E_NOMEM */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_str(struct buf *b, const char *s); /* without its NUL */
int buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b);

/* n*size bytes, overflow checked; NULL with the error set. n or size 0 gives a valid pointer. */
void *mem_alloc(size_t n, size_t size);  /* uninitialised */
void *mem_zalloc(size_t n, size_t size); /* zeroed */
void *mem_grow(void *p, size_t n, size_t size); /* realloc; p stays valid on failure */
char *mem_strndup(const char *s, size_t n);
/* qsort, of none as well: v may be NULL then, which qsort itself forbids. */
void mem_sort(void *v, size_t n, size_t size, int (*compare)(const void *, const void *));

#endif
