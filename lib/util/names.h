/* Strings, each once, numbered from 0 in the order they came: ids, codes, subjects. Tests: tests/unit/names.c. */
#ifndef ICD_NAMES_H
#define ICD_NAMES_H
#include "lib/util/buf.h"
#include <stdint.h>

/* Zero it, free it with names_free. */
struct names {
    struct buf text; /* the strings, a NUL behind each */
    struct name {
        uint64_t at;
        uint32_t n;
    } * v;
    size_t n, cap;
    uint32_t *slot; /* number + 1; 0: free */
    size_t slots;   /* a power of two */
};
/* 0: new and now in it, 1: was there already, E_NOMEM. *place: its number; may be NULL. */
int names_add(struct names *s, const char *p, size_t n, uint32_t *place);
/* The number of a string, -1 if it is not there. */
int64_t names_find(const struct names *s, const char *p, size_t n);
/* The string of a number; borrowed until the next names_add. *n: its length; may be NULL. */
const char *names_at(const struct names *s, uint32_t place, size_t *n);
void names_free(struct names *s);

#endif
