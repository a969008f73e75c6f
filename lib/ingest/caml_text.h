/* CAML's text: words in lower case, numbers, punctuation and lines gone; for baselines that were trained on it.
 * Tests: tests/unit/caml.c. */
#ifndef ICD_CAML_TEXT_H
#define ICD_CAML_TEXT_H
#include "lib/util/buf.h"
#include <locale.h>
#include <stdbool.h>

struct caml_text {
    uint64_t tokens, types; /* of everything so far */
    uint64_t other_bytes;   /* not ASCII: CAML's Python may draw a word's borders otherwise there */
    uint64_t *seen;         /* hashes of the types; open addressing */
    size_t slots;
    locale_t utf8;
};
int caml_text_open(struct caml_text *c);
/* One note's words at the end of `out`, a space between them. A word is a longest run of letters, digits and _; it is
 * dropped when all its characters are numeric. */
int caml_text_add(struct caml_text *c, const char *text, size_t n, struct buf *out);
void caml_text_close(struct caml_text *c);

#endif
