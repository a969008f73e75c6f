/* The label set as a lookup, and the reading of a generated code list ("401.9, 428.0"): what icd-train evaluates and
 * icd-infer writes must be the same. Tests: tests/unit/codes.c. */
#ifndef ICD_CODES_H
#define ICD_CODES_H
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct codes;
/* labels: meta.labels, distinct non-empty strings (E_DATA otherwise). */
int codes_new(struct codes **c, const json_t *labels);
int64_t codes_count(const struct codes *c);
int64_t codes_find(const struct codes *c, const char *code, size_t n); /* index in labels, -1: no label */
const char *codes_name(const struct codes *c, int64_t label);
/* Read a generated text: items between commas, semicolons and white space. set[label] becomes 1 for each item that is a
 * label; the result is the number of items that are none. */
int64_t codes_parse(const struct codes *c, const char *text, size_t n, uint8_t *set);
void codes_free(struct codes *c); /* NULL is fine */

#endif
