/* The reading of a generated code list ("401.9, 428.0"): what icd-train evaluates and icd-infer writes must agree.
 * Tests: tests/unit/codes.c. */
#ifndef ICD_CODES_H
#define ICD_CODES_H
#include <stdbool.h>

#include "lib/text/labels.h"

/* Items stand between commas, semicolons and white space; what stands in parentheses behind one is its description
 * and says nothing. set[label] becomes 1 for each item that is a label; the result is the number of items that are
 * none (nothing is guessed: case and dots count). cut: the text ended before its writer did, so an item that nothing
 * follows is unfinished ("E11.6" of "E11.65") and left out of both. */
int64_t codes_parse(const struct labels *l, const char *text, size_t n, bool cut, uint8_t *set);
/* Is the last finished item a label that stands before it, too? */
bool codes_again(const struct labels *l, const char *text, size_t n);

#endif
