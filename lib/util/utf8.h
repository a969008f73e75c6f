/* UTF-8 (RFC 3629), and text of unknown origin as UTF-8. Tests: tests/unit/utf8.c. */
#ifndef ICD_UTF8_H
#define ICD_UTF8_H
#include "lib/util/buf.h"
#include <stdbool.h>
#include <stdint.h>

/* Bytes of p before the first that is not part of a valid character; n if there is none. */
size_t utf8_valid(const char *p, size_t n);

/* Does a character begin at byte i of valid p[0..n), or does it end there? */
bool utf8_border(const char *p, size_t n, size_t i);

/* Appends p to b; each byte that is not part of a valid character becomes U+FFFD and adds 1 to *bad. */
int utf8_add(struct buf *b, const char *p, size_t n, uint64_t *bad);

#endif
