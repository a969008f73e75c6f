/* UTF-8 (RFC 3629) by its table of valid sequences. Tests: tests/unit/utf8.c. */
#include "lib/util/utf8.h"
#include "lib/util/err.h"
#include <stdbool.h>
#include <string.h>

/* Bytes of the valid character at p, not ASCII; 0 if there is none (overlong forms, surrogates, above U+10FFFF). */
static size_t character(const unsigned char *p, size_t n)
{
    size_t len = 0;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        len = 2;
    else if ((p[0] & 0xF0) == 0xE0)
        len = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        len = 4;
    if (!len || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool wrong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
                 (p[0] == 0xF4 && p[1] > 0x8F);
    return wrong ? 0 : len;
}

size_t utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0;
    for (;;) {
        /* Nearly all text is ASCII: eight bytes at a time up to the first that is not. */
        for (uint64_t eight; n - i >= 8; i += 8) {
            memcpy(&eight, p + i, 8);
            if (eight & 0x8080808080808080u)
                break;
        }
        while (i < n && p[i] < 0x80)
            i++;
        size_t len = i < n ? character(p + i, n - i) : 0;
        if (!len)
            return i;
        i += len;
    }
}

bool utf8_border(const char *p, size_t n, size_t i)
{
    return i >= n || ((unsigned char)p[i] & 0xC0) != 0x80;
}

int utf8_add(struct buf *b, const char *text, size_t n, uint64_t *bad)
{
    TRY(buf_reserve(b, n));
    for (;;) {
        size_t good = utf8_valid(text, n);
        TRY(buf_add(b, text, good));
        if (good == n)
            return 0;
        TRY(buf_add(b, "\xEF\xBF\xBD", 3));
        ++*bad;
        text += good + 1;
        n -= good + 1;
    }
}
