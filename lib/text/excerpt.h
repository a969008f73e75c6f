/* The words at places of a text, for people: places that end within a word are widened to its ends, places with only
 * blanks between them become one, and words that stand several times are given once. Tests: tests/unit/excerpt.c. */
#ifndef ICD_EXCERPT_H
#define ICD_EXCERPT_H
#include "lib/util/buf.h"

struct place {
    size_t begin, end; /* bytes of the text */
    double weight;
};
struct excerpt {
    struct place at; /* the first place; weight is the sum over all places of these words */
    char *words;     /* blanks and what steers a terminal are one blank each */
};
/* Heaviest first, of equals the earlier. Places without a letter or digit are left out. *out (*n) is malloc'd. E_DATA: a
 * place is not within the text. The places are sorted and merged in their array. */
int excerpts(const char *text, size_t text_n, struct place *place, size_t places, struct excerpt **out, size_t *n);
void excerpts_free(struct excerpt *e, size_t n);
/* Appends p so that it can be shown on a terminal: control characters and blanks in a row become one blank. */
int excerpt_escape(struct buf *out, const char *p, size_t n);

#endif
