/* Base64 as RFC 4648 has it, in JSON: bytes of a stream's record, tables of a tokenizer. Tests: tests/unit/json.c. */
#ifndef ICD_BASE64_H
#define ICD_BASE64_H
#include "lib/util/buf.h"

int base64_write(struct buf *b, const void *data, size_t n);
/* Takes only what base64_write writes: padded, no spaces, spare bits zero. E_DATA otherwise. */
int base64_read(struct buf *b, const char *s, size_t n);

#endif
