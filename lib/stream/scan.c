/* Bounds of one msgpack object, found without decoding it: msgpack-c allocates by the counts it reads, so
 * nothing reaches it before depth, counts and lengths are known to be honest. Tests: tests/unit/scan.c */
#include "lib/stream/stream.h"
#include "lib/util/err.h"

/* Of an object's head at p: bytes of the head with its payload (*size), objects inside (*inside).
 * 1: known, 0: more bytes are needed, E_DATA. */
static int head(const unsigned char *p, size_t n, uint64_t *size, uint64_t *inside)
{
    /* 0xc0..0xdf: bytes of the length field, what it counts, and bytes besides */
    enum { NONE, BYTES, ITEMS, PAIRS };
    static const struct {
        unsigned char width, counts, fixed;
    } form[32] = {
        {0, NONE, 0}, {9, NONE, 0}, {0, NONE, 0}, {0, NONE, 0},     /* nil, never used, false, true */
        {1, BYTES, 0}, {2, BYTES, 0}, {4, BYTES, 0},                /* bin */
        {1, BYTES, 1}, {2, BYTES, 1}, {4, BYTES, 1},                /* ext: a type byte too */
        {0, NONE, 4}, {0, NONE, 8},                                 /* float */
        {0, NONE, 1}, {0, NONE, 2}, {0, NONE, 4}, {0, NONE, 8},     /* uint */
        {0, NONE, 1}, {0, NONE, 2}, {0, NONE, 4}, {0, NONE, 8},     /* int */
        {0, NONE, 2}, {0, NONE, 3}, {0, NONE, 5}, {0, NONE, 9}, {0, NONE, 17}, /* fixext */
        {1, BYTES, 0}, {2, BYTES, 0}, {4, BYTES, 0},                /* str */
        {2, ITEMS, 0}, {4, ITEMS, 0}, {2, PAIRS, 0}, {4, PAIRS, 0}, /* array, map */
    };
    unsigned c = p[0];
    *size = 1;
    *inside = 0;
    if (c <= 0x7f || c >= 0xe0)
        return 1;
    if (c <= 0x8f)
        *inside = 2 * (c & 15);
    else if (c <= 0x9f)
        *inside = c & 15;
    else if (c <= 0xbf)
        *size = 1 + (c & 31);
    else {
        unsigned width = form[c - 0xc0].width;
        uint64_t count = 0;
        if (width == 9)
            return err_set(E_DATA, "not msgpack (byte 0xc1)");
        if (n < 1 + (size_t)width)
            return 0;
        for (unsigned i = 0; i < width; i++)
            count = count << 8 | p[1 + i];
        *size = 1 + width + form[c - 0xc0].fixed;
        if (form[c - 0xc0].counts == BYTES)
            *size += count;
        else if (form[c - 0xc0].counts != NONE)
            *inside = form[c - 0xc0].counts == PAIRS ? 2 * count : count;
    }
    return 1;
}

int mp_scan(struct mp_scan *s, const char *p, size_t n, size_t *len)
{
    while (s->pos < n) {
        uint64_t size, inside;
        int known = head((const unsigned char *)p + s->pos, n - s->pos, &size, &inside);
        if (known != 1)
            return known;
        /* An object inside takes a byte at least, so a count is refused before its bytes come. */
        s->objects += inside;
        if (size > RECORD_MAX || inside > RECORD_MAX || s->pos + size + inside > RECORD_MAX)
            return err_set(E_DATA, "an object larger than %llu bytes", (unsigned long long)RECORD_MAX);
        if (s->objects > OBJECTS_MAX)
            return err_set(E_DATA, "more than %llu values in one object", (unsigned long long)OBJECTS_MAX);
        if (n - s->pos < size) /* the payload has not come: look at this head again then */
            return 0;
        s->pos += size;
        if (inside) {
            if (s->depth >= DEPTH_MAX)
                return err_set(E_DATA, "nested deeper than %d", DEPTH_MAX);
            s->left[s->depth++] = inside;
            if (s->deepest < s->depth)
                s->deepest = s->depth;
            continue;
        }
        while (s->depth && --s->left[s->depth - 1] == 0)
            s->depth--;
        if (!s->depth) {
            *len = s->pos;
            return 1;
        }
    }
    return 0;
}
