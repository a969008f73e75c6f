/* Text of unknown origin as UTF-8. Tests: tests/unit/splits.c (with the rest of ingest). */
#ifndef ICD_UTF8_H
#define ICD_UTF8_H
#include "lib/util/buf.h"
#include <stdint.h>

/* Appends p to b; each byte that is not part of a valid character becomes U+FFFD and adds 1 to *bad. */
int utf8_add(struct buf *b, const char *p, size_t n, uint64_t *bad);

#endif
