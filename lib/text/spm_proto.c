/* Protobuf of SentencePiece vocabularies: see spm_proto.h. */
#include "lib/text/spm_proto.h"

#include <string.h>

#include "lib/util/err.h"

enum { VARINT = 0, I64 = 1, BYTES = 2, I32 = 5 }; /* wire types */

/* ---- writing ---- */

static int put_varint(struct buf *b, uint64_t v)
{
    unsigned char c[10];
    size_t n = 0;
    for (; v > 0x7f; v >>= 7)
        c[n++] = (unsigned char)(v | 0x80);
    c[n++] = (unsigned char)v;
    return buf_add(b, c, n);
}

int spm_proto_int(struct buf *b, unsigned field, uint64_t v)
{
    TRY(put_varint(b, field << 3 | VARINT));
    return put_varint(b, v);
}

int spm_proto_f32(struct buf *b, unsigned field, float v)
{
    TRY(put_varint(b, field << 3 | I32));
    return buf_add(b, &v, sizeof v);
}

int spm_proto_bytes(struct buf *b, unsigned field, const void *p, size_t n)
{
    TRY(put_varint(b, field << 3 | BYTES));
    TRY(put_varint(b, n));
    return buf_add(b, p, n);
}

int spm_proto_piece(struct buf *model, const char *text, size_t n, float score, enum spm_type type)
{
    struct buf b = {0};
    int rc = spm_proto_bytes(&b, SPM_PIECE_TEXT, text, n);
    if (!rc)
        rc = spm_proto_f32(&b, SPM_PIECE_SCORE, score);
    if (!rc)
        rc = spm_proto_int(&b, SPM_PIECE_TYPE, type);
    if (!rc)
        rc = spm_proto_bytes(model, SPM_PIECE, b.p, b.n);
    buf_free(&b);
    return rc;
}

/* ---- reading ---- */

static bool get_varint(const char **p, const char *end, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; *p < end && shift < 64; shift += 7) {
        unsigned char c = (unsigned char)*(*p)++;
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            return true;
    }
    return false;
}

int spm_proto_next(const char **p, const char *end, struct spm_field *f)
{
    uint64_t key;
    *f = (struct spm_field){0};
    if (*p == end)
        return 0;
    if (!get_varint(p, end, &key) || key >> 32)
        return -1;
    f->no = (unsigned)(key >> 3);
    switch (key & 7) {
    case VARINT:
        return get_varint(p, end, &f->v) ? 1 : -1;
    case I64:
        f->v = 8;
        break;
    case I32:
        f->v = 4;
        break;
    case BYTES:
        if (!get_varint(p, end, &f->v))
            return -1;
        break;
    default:
        return -1;
    }
    if (f->v > (size_t)(end - *p))
        return -1;
    f->p = *p;
    f->n = f->v;
    *p += f->n;
    return 1;
}

/* ---- what the library does not check ----
 * A vocabulary carries its normaliser as a compiled table, which the library walks without looking at its bounds: a
 * damaged file would crash it. So the table is looked at first. It is u32 trie bytes, the trie (a darts-clone double
 * array of u32 units), NUL-ended replacement texts. */

static uint32_t u32_at(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool charsmap_sane(const char *p, size_t n)
{
    if (n == 0)
        return true;
    if (n < 4)
        return false;
    size_t bytes = u32_at(p), units = bytes / 4;
    const char *trie = p + 4, *texts = trie + bytes;
    /* Children differ from their base in the low 8 bits only, so in whole blocks a base inside means children
     * inside. */
    if (bytes > n - 4 || bytes == 0 || bytes % 1024)
        return false;
    size_t room = n - 4 - bytes;
    if (room == 0 || texts[room - 1] != 0)
        return false;
    for (size_t i = 0; i < units; i++) {
        uint32_t u = u32_at(trie + 4 * i);
        if (u >> 31) /* a value, not a node */
            continue;
        size_t base = i ^ (size_t)((u >> 10) << ((u & 0x200) >> 6));
        if (base >= units || ((u & 0x100) && (u32_at(trie + 4 * base) & 0x7fffffff) >= room))
            return false;
    }
    return true;
}

static bool normalizer_sane(const char *p, size_t n)
{
    struct spm_field f;
    const char *end = p + n;
    int got;
    while ((got = spm_proto_next(&p, end, &f)) > 0)
        if (f.p && f.no == SPM_CHARSMAP && !charsmap_sane(f.p, f.n))
            return false;
    return got == 0;
}

bool spm_proto_sane(const void *model, size_t n)
{
    struct spm_field f;
    const char *p = model, *end = p + n;
    int got;
    while ((got = spm_proto_next(&p, end, &f)) > 0)
        if (f.p && (f.no == SPM_NORMALIZER || f.no == SPM_DENORMALIZER) && !normalizer_sane(f.p, f.n))
            return false;
    return got == 0;
}
