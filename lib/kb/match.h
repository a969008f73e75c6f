/* Whole expressions found in text, all at once: Aho-Corasick over word ids, so the time does not depend on how many
 * expressions there are. Words are runs of letters and digits (bytes above 127 are letters); what lies between does
 * not matter, so "A-fib", "A fib" and "a  fib," are one expression. Folded: ASCII case, possessives and plurals
 * ("lines", "PICCs"). A word of up to three letters in capitals in an expression matches capitals only (MI, not mi).
 * Tests: tests/unit/match.c (against a naive matcher), tests/unit/expressions.c. */
#ifndef ICD_MATCH_H
#define ICD_MATCH_H
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

struct matcher;
/* Add expressions in any order, build once; then a `const struct matcher` may be used by several threads. */
int matcher_new(struct matcher **m);
int matcher_add(struct matcher *m, const char *text, size_t n); /* without a word: ignored; the first 64 words count */
int matcher_build(struct matcher *m);
void matcher_free(struct matcher *m);                /* NULL is fine */
size_t matcher_expressions(const struct matcher *m); /* how many different ones */

/* Eq. 10 of the paper: `covered` words of `words` belong to some expression. Adds to *c. */
struct match_count {
    uint64_t words, covered;
};
void matcher_count(const struct matcher *m, const char *text, size_t n, struct match_count *c);

/* The folded words of text, a blank between: two expressions with equal forms match the same text, but for capitals,
 * and a word that asks for capitals is written in capitals here. */
int match_fold(const char *text, size_t n, struct buf *out);

#endif
