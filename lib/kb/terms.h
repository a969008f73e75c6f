/* Expressions and descriptions of codes, gathered from several sources. A code has each expression once, with every
 * source that has it. Memory is linear in them, time too except for a sort. Tests: tests/unit/terms.c. */
#ifndef ICD_TERMS_H
#define ICD_TERMS_H
#include <stdbool.h>

#include "lib/util/buf.h"

enum kb_type { KB_TERM, KB_ABBREVIATION, KB_SYNONYM, KB_DESCRIPTION, KB_TYPES };
extern const char *const kb_type_name[KB_TYPES];
int kb_type_find(const char *name); /* -1: none of them */

enum { TERMS_SOURCES = 32 };
struct term {
    size_t text, form; /* in terms.text, each followed by a NUL; form: as match_fold has it, "" for a description */
    uint32_t code, order;
    uint32_t sources; /* bit i: source i has it */
    uint8_t type;
    bool out; /* given by an earlier line or source, or shared by too many codes: not part of the set */
};
struct terms { /* zero it first */
    struct buf text;
    struct term *v; /* in order of terms_add; after terms_settle by code, in that order within a code */
    size_t n, cap;
    char *source[TERMS_SOURCES];
    unsigned sources;
    size_t repeated, shared,
        dropped; /* terms_settle: given again; expressions of several codes; terms left out for it */
};
/* *index of a new source of this name. E_USAGE when there are too many. */
int terms_source(struct terms *t, const char *name, unsigned *index);
/* `code` is the caller's number of a code. An expression without a word is none: *worded (may be NULL) is false then,
 * and it is not added. */
int terms_add(struct terms *t, uint32_t code, enum kb_type type, const char *text, size_t n, unsigned source,
              bool *worded);
/* Marks what is `out`: expressions with the folded words of an earlier one of the same code, whose sources that one
 * takes over; with max_df > 0 those that more than max_df codes have. `shared` (may be NULL) hears of each expression
 * that several codes have, in byte order of its folded words: as the first code has it, and the codes ascending. */
struct terms_shared {
    void *ctx;
    int (*hear)(void *ctx, const char *text, const uint32_t *code, size_t codes);
};
int terms_settle(struct terms *t, uint32_t max_df, const struct terms_shared *shared);
/* After terms_settle: the terms of a code, v[*first] and on; how many. */
size_t terms_of(const struct terms *t, uint32_t code, size_t *first);
/* "builtin", "title,builtin": the names of a term's sources. */
int terms_sources(const struct terms *t, const struct term *term, struct buf *out);
void terms_free(struct terms *t);

#endif
