/* Base64: see base64.h. */
#include "lib/util/base64.h"

#include <string.h>

#include "lib/util/err.h"

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_write(struct buf *b, const void *data, size_t n)
{
    const unsigned char *p = data;
    TRY(buf_reserve(b, n / 3 * 4 + 4));
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        b->p[b->n++] = digits64[v >> 18];
        b->p[b->n++] = digits64[v >> 12 & 63];
        b->p[b->n++] = i + 1 < n ? digits64[v >> 6 & 63] : '=';
        b->p[b->n++] = i + 2 < n ? digits64[v & 63] : '=';
    }
    return 0;
}


int base64_read(struct buf *b, const char *s, size_t n)
{
    unsigned char value[256];
    memset(value, 255, sizeof value);
    for (int i = 0; i < 64; i++)
        value[(unsigned char)digits64[i]] = (unsigned char)i;
    size_t pad = n >= 4 && s[n - 1] == '=' ? 1 + (s[n - 2] == '=') : 0;
    uint32_t v = 0;
    if (n % 4)
        return err_set(E_DATA, "base64 of a length that is no multiple of 4");
    TRY(buf_reserve(b, n / 4 * 3));
    for (size_t i = 0; i < n; i++) {
        unsigned d = i >= n - pad ? 0 : value[(unsigned char)s[i]];
        if (d == 255)
            return err_set(E_DATA, "not base64");
        v = v << 6 | d;
        if (i % 4 == 3) {
            size_t keep = i == n - 1 ? 3 - pad : 3;
            char three[3] = {(char)(v >> 16), (char)(v >> 8), (char)v};
            if ((keep < 3 && three[2]) || (keep < 2 && three[1]))
                return err_set(E_DATA, "not base64");
            memcpy(b->p + b->n, three, keep);
            b->n += keep;
            v = 0;
        }
    }
    return 0;
}
