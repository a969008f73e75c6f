/* Text of unknown origin as UTF-8. Tests: tests/unit/splits.c. */
#include "lib/ingest/utf8.h"
#include "lib/util/err.h"
#include <stdbool.h>

/* Bytes of the valid character at p, 0 if there is none (overlong forms, surrogates, above U+10FFFF). */
static size_t character(const unsigned char *p, size_t n)
{
    size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] <= 0xDF ? 2
                 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (!len || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool wrong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
                 (p[0] == 0xF4 && p[1] > 0x8F);
    return wrong ? 0 : len;
}

int utf8_add(struct buf *b, const char *text, size_t n, uint64_t *bad)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t from = 0, i = 0;
    TRY(buf_reserve(b, n));
    while (i < n) {
        size_t len = p[i] < 0x80 ? 1 : character(p + i, n - i);
        if (len) {
            i += len;
            continue;
        }
        TRY(buf_add(b, text + from, i - from));
        TRY(buf_add(b, "\xEF\xBF\xBD", 3));
        ++*bad;
        from = ++i;
    }
    return n > from ? buf_add(b, text + from, n - from) : 0;
}
