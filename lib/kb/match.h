/* Whole expressions found in text, all at once: Aho-Corasick over word ids, so the time does not depend on how many
 * expressions there are. Words are runs of letters, marks and digits; what lies between does not matter, so "A-fib",
 * "A fib" and "a  fib," are one expression. Folded: case, composition and compatible forms (Unicode's NFKC_Casefold),
 * what is invisible, possessives, and singular and plural by their endings ("lines", "biopsies", "metastases",
 * "emboli", "PICCs"). An expression that is one word of up to three letters in capitals matches capitals only (MI, not
 * mi). Tests: tests/unit/match.c (against a naive matcher), words.c and expressions.c there, tests/cli/note-sample.sh,
 * sample-reference.sh there. */
#ifndef ICD_MATCH_H
#define ICD_MATCH_H
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

struct matcher;
/* Add expressions in any order, build once; then a `const struct matcher` may be used by several threads. */
int matcher_new(struct matcher **m);
void matcher_any_case(struct matcher *m); /* short forms match in any case; before the first expression */
/* An expression of code number `code`; codes in ascending order. Without a word: ignored; the first 64 words count. */
int matcher_add(struct matcher *m, const char *text, size_t n, uint32_t code);
/* Each of its words is an expression of its own, but for those that `stop` (built; NULL: none) has. */
int matcher_add_words(struct matcher *m, const char *text, size_t n, uint32_t code, const struct matcher *stop);
/* Words that deny what is near them (after NegEx): an expression does not count when its first word comes after
 * NEXT in the same sentence, or among the five words before LAST. NOT ends the reach of NEXT. */
enum match_role { MATCH_EXPRESSION, MATCH_NEGATES_NEXT, MATCH_NEGATES_LAST, MATCH_NEGATES_NOT };
int matcher_add_negation(struct matcher *m, const char *text, size_t n, enum match_role role);
/* Weigh each covered word by how few of the `codes` its expression belongs to: log((1 + codes) / df) / log(1 + codes).
 * For one-word expressions; after all are added. */
void matcher_idf(struct matcher *m, uint32_t codes);
int matcher_build(struct matcher *m);
void matcher_free(struct matcher *m);                /* NULL is fine */
size_t matcher_expressions(const struct matcher *m); /* how many different ones */
uint64_t matcher_unit(const struct matcher *m);      /* what one word counts in `covered`: 1, with idf 1000000 */

/* Eq. 10 of the paper: `covered` words of `words` belong to some expression. Adds to *c.
 * scope: bit i of it, if the expressions of code i count; NULL: all do. */
struct match_count {
    uint64_t words, covered;
};
void matcher_count(const struct matcher *m, const char *text, size_t n, const uint64_t *scope, struct match_count *c);

/* The same word by word: bytes [begin,end) of text, what it adds to `covered`. Zero it before first use. */
struct match_word {
    int64_t begin, end;
    uint32_t weight;
};
struct match_words {
    struct match_word *word;
    size_t n, cap;
};
int matcher_mark(const struct matcher *m, const char *text, size_t n, const uint64_t *scope, struct match_words *out);
void match_words_free(struct match_words *v);

/* The folded words of text, a blank between: two expressions match the same text when their forms are equal. One that
 * asks for capitals is written in capitals here, all others in small letters. */
int match_fold(const char *text, size_t n, struct buf *out);

#endif
