/* JSON <-> msgpack without loss. What JSON has no word for is an object with one key: {"$bin": base64},
 * {"$f32": number}, {"$f64": "0x" bits} (not finite), {"$u64": "decimal"}, {"$ext": [type, base64]}; a map that looks
 * like one of these is written as {"$map": it}. Tests: tests/unit/json.c */
#include "lib/stream/internal.h"
#include "lib/util/base64.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- msgpack to JSON text ---- */

static int write_string(struct buf *b, const char *s, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    TRY(buf_reserve(b, n + 2));
    b->p[b->n++] = '"';
    for (size_t i = 0, from = 0; i <= n; i++) {
        unsigned char c = i < n ? (unsigned char)s[i] : 0;
        if (i < n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        if (i > from)
            TRY(buf_add(b, s + from, i - from));
        from = i + 1;
        if (i == n)
            break;
        const char *named = "\"\"\\\\\bb\ff\nn\rr\tt";
        while (*named && (unsigned char)*named != c)
            named += 2;
        if (*named && c)
            TRY(buf_add(b, (char[]){'\\', named[1]}, 2));
        else
            TRY(buf_add(b, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6));
    }
    return buf_str(b, "\"");
}

/* The shortest of three precisions that reads back as the same number. */
static int write_real(struct buf *b, double v, bool single)
{
    char s[40];
    for (int digits = single ? 6 : 15; digits <= (single ? 9 : 17); digits++) {
        snprintf(s, sizeof s, "%.*g", digits, v);
        if (single ? (float)strtod(s, NULL) == (float)v : strtod(s, NULL) == v)
            break;
    }
    if (!strpbrk(s, ".e"))
        strcat(s, ".0"); /* else it would read back as a whole number */
    return buf_str(b, s);
}

static int write_float(struct buf *b, const msgpack_object *o)
{
    double v = o->via.f64;
    if (o->type == MSGPACK_OBJECT_FLOAT32) {
        float f = (float)v;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        TRY(buf_str(b, "{\"$f32\":"));
        TRY(isfinite(v) ? write_real(b, v, true) : buf_fmt(b, "\"0x%08" PRIx32 "\"", bits));
        return buf_str(b, "}");
    }
    if (isfinite(v))
        return write_real(b, v, false);
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return buf_fmt(b, "{\"$f64\":\"0x%016" PRIx64 "\"}", bits);
}

/* {"$x": ...} in the data itself must not be taken for one of ours. */
static bool looks_special(const msgpack_object_map *m)
{
    return m->size == 1 && m->ptr->key.type == MSGPACK_OBJECT_STR && m->ptr->key.via.str.size > 0 &&
           m->ptr->key.via.str.ptr[0] == '$';
}

static int write_map(struct buf *b, const msgpack_object_map *m)
{
    TRY(buf_str(b, "{"));
    for (uint32_t i = 0; i < m->size; i++) {
        const msgpack_object *k = &m->ptr[i].key;
        if (k->type != MSGPACK_OBJECT_STR)
            return err_set(E_DATA, "a key is not a string");
        TRY(i ? buf_str(b, ",") : 0);
        TRY(write_string(b, k->via.str.ptr, k->via.str.size));
        TRY(buf_str(b, ":"));
        TRY(json_write(b, &m->ptr[i].val));
    }
    return buf_str(b, "}");
}

int json_write(struct buf *b, const msgpack_object *o)
{
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        return buf_str(b, "null");
    case MSGPACK_OBJECT_BOOLEAN:
        return buf_str(b, o->via.boolean ? "true" : "false");
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return buf_fmt(b, o->via.u64 <= INT64_MAX ? "%" PRIu64 : "{\"$u64\":\"%" PRIu64 "\"}", o->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return buf_fmt(b, "%" PRId64, o->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return write_float(b, o);
    case MSGPACK_OBJECT_STR:
        return write_string(b, o->via.str.ptr, o->via.str.size);
    case MSGPACK_OBJECT_BIN:
        TRY(buf_str(b, "{\"$bin\":\""));
        TRY(base64_write(b, o->via.bin.ptr, o->via.bin.size));
        return buf_str(b, "\"}");
    case MSGPACK_OBJECT_EXT:
        TRY(buf_fmt(b, "{\"$ext\":[%d,\"", o->via.ext.type));
        TRY(base64_write(b, o->via.ext.ptr, o->via.ext.size));
        return buf_str(b, "\"]}");
    case MSGPACK_OBJECT_ARRAY:
        TRY(buf_str(b, "["));
        for (uint32_t i = 0; i < o->via.array.size; i++) {
            TRY(i ? buf_str(b, ",") : 0);
            TRY(json_write(b, &o->via.array.ptr[i]));
        }
        return buf_str(b, "]");
    case MSGPACK_OBJECT_MAP:
        if (!looks_special(&o->via.map))
            return write_map(b, &o->via.map);
        TRY(buf_str(b, "{\"$map\":"));
        TRY(write_map(b, &o->via.map));
        return buf_str(b, "}");
    }
    return err_set(E_DATA, "a value of no msgpack type");
}

/* ---- JSON to msgpack ---- */

/* "0x" and exactly `width` hex digits. */
static int read_bits(const json_t *v, int width, uint64_t *bits)
{
    const char *s = json_string_value(v);
    char *end = NULL;
    if (s && json_string_length(v) == (size_t)width + 2 && s[0] == '0' && s[1] == 'x' &&
        strspn(s + 2, "0123456789abcdef") == (size_t)width)
        *bits = strtoull(s + 2, &end, 16);
    return end ? 0 : err_set(E_DATA, "not 0x and %d hex digits", width);
}

static int pack_base64(msgpack_packer *pk, const json_t *v, bool ext, int8_t type)
{
    struct buf b = {0};
    int rc;
    if (!json_is_string(v))
        return err_set(E_DATA, "not base64");
    rc = base64_read(&b, json_string_value(v), json_string_length(v));
    if (!rc && ext)
        rc = msgpack_pack_ext_with_body(pk, b.p, b.n, type) ? err_nomem(b.n) : 0;
    else if (!rc)
        rc = msgpack_pack_bin_with_body(pk, b.p, b.n) ? err_nomem(b.n) : 0;
    buf_free(&b);
    return rc;
}

static int pack_map(msgpack_packer *pk, const json_t *j)
{
    const char *key;
    json_t *v;
    msgpack_pack_map(pk, json_object_size(j));
    json_object_foreach((json_t *)j, key, v) {
        pk_str(pk, key);
        TRY(pk_json(pk, v));
    }
    return 0;
}

/* An object with one key that starts with $. */
static int pack_special(msgpack_packer *pk, const char *key, const json_t *v)
{
    uint64_t bits = 0;
    if (strcmp(key, "$bin") == 0)
        return pack_base64(pk, v, false, 0);
    if (strcmp(key, "$map") == 0 && json_is_object(v))
        return pack_map(pk, v);
    if (strcmp(key, "$f32") == 0) {
        float f = (float)json_number_value(v);
        uint32_t b32;
        if (!json_is_number(v)) {
            TRY(read_bits(v, 8, &bits));
            b32 = (uint32_t)bits;
            memcpy(&f, &b32, sizeof f);
        } else if (!isfinite(f))
            return err_set(E_DATA, "$f32 is out of range");
        msgpack_pack_float(pk, f);
        return 0;
    }
    if (strcmp(key, "$f64") == 0) {
        double d;
        TRY(read_bits(v, 16, &bits));
        memcpy(&d, &bits, sizeof d);
        msgpack_pack_double(pk, d);
        return 0;
    }
    if (strcmp(key, "$u64") == 0 && json_is_string(v)) {
        const char *s = json_string_value(v);
        char *end;
        errno = 0;
        bits = strtoull(s, &end, 10);
        if (*s < '0' || *s > '9' || *end || errno)
            return err_set(E_DATA, "$u64 is not a number");
        msgpack_pack_uint64(pk, bits);
        return 0;
    }
    if (strcmp(key, "$ext") == 0 && json_array_size(v) == 2) {
        json_int_t type = json_integer_value(json_array_get(v, 0));
        if (json_is_integer(json_array_get(v, 0)) && type >= -128 && type <= 127)
            return pack_base64(pk, json_array_get(v, 1), true, (int8_t)type);
    }
    return err_set(E_DATA, "an object whose one key starts with $ is none of $bin, $f32, $f64, $u64, $ext, $map");
}

int pk_json(msgpack_packer *pk, const json_t *j)
{
    json_t *v;
    size_t i;
    switch (json_typeof(j)) {
    case JSON_NULL:
        msgpack_pack_nil(pk);
        return 0;
    case JSON_TRUE:
        msgpack_pack_true(pk);
        return 0;
    case JSON_FALSE:
        msgpack_pack_false(pk);
        return 0;
    case JSON_INTEGER:
        msgpack_pack_int64(pk, json_integer_value(j));
        return 0;
    case JSON_REAL:
        msgpack_pack_double(pk, json_real_value(j));
        return 0;
    case JSON_STRING:
        pk_strn(pk, json_string_value(j), json_string_length(j));
        return 0;
    case JSON_ARRAY:
        msgpack_pack_array(pk, json_array_size(j));
        json_array_foreach(j, i, v)
            TRY(pk_json(pk, v));
        return 0;
    case JSON_OBJECT:
        if (json_object_size(j) == 1) {
            const char *key = json_object_iter_key(json_object_iter((json_t *)j));
            if (key[0] == '$')
                return pack_special(pk, key, json_object_get(j, key));
        }
        return pack_map(pk, j);
    }
    return err_set(E_BUG, "a JSON value of no type");
}

/* ---- msgpack to jansson: through the text, so that there is one account of what becomes what ---- */
int json_from_mp(const msgpack_object *o, json_t **j)
{
    struct buf b = {0};
    json_error_t e;
    *j = NULL;
    int rc = value_check(o);
    if (!rc)
        rc = json_write(&b, o);
    if (!rc) {
        *j = json_loadb(b.p, b.n, JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e);
        if (!*j)
            rc = json_error_code(&e) == json_error_out_of_memory ? err_nomem(b.n)
                                                                : err_set(E_DATA, "a value that JSON cannot hold");
    }
    buf_free(&b);
    return rc;
}
