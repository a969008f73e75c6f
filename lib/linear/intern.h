/* Byte strings by number: each gets the next one when it first comes. Tests: tests/unit/linear.c. */
#ifndef ICD_INTERN_H
#define ICD_INTERN_H
#include "lib/util/buf.h"

struct intern { /* zero it first */
    struct buf bytes; /* the strings, one behind the other */
    size_t *end;      /* (n) where each ends */
    uint32_t *slot;   /* number + 1; 0: free */
    uint64_t slots;
    uint32_t n;
    size_t cap;
};
int intern_add(struct intern *t, const void *p, size_t n, uint32_t *number);
/* The number, -1: never added. */
int64_t intern_find(const struct intern *t, const void *p, size_t n);
/* Borrowed until the next intern_add. */
const char *intern_at(const struct intern *t, uint32_t number, size_t *n);
void intern_free(struct intern *t);

#endif
