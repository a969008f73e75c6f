/* Fields out of a record and into one. Tests: tests/unit/stream.c */
#include "lib/stream/stream.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

const msgpack_object *rec_get(const msgpack_object *rec, const char *field)
{
    size_t n = strlen(field);
    for (uint32_t i = 0; rec->type == MSGPACK_OBJECT_MAP && i < rec->via.map.size; i++) {
        const msgpack_object *k = &rec->via.map.ptr[i].key;
        if (k->type == MSGPACK_OBJECT_STR && k->via.str.size == n && memcmp(k->via.str.ptr, field, n) == 0)
            return &rec->via.map.ptr[i].val;
    }
    return NULL;
}

int rec_str(const msgpack_object *rec, const char *field, const char **p, size_t *n)
{
    const msgpack_object *o = rec_get(rec, field);
    if (!o || o->type != MSGPACK_OBJECT_STR)
        return 0;
    *p = o->via.str.size ? o->via.str.ptr : ""; /* msgpack-c gives none for an empty one */
    *n = o->via.str.size;
    return 1;
}

int rec_bin(const msgpack_object *rec, const char *field, const char **p, size_t *n)
{
    const msgpack_object *o = rec_get(rec, field);
    if (!o || o->type != MSGPACK_OBJECT_BIN)
        return 0;
    *p = o->via.bin.size ? o->via.bin.ptr : "";
    *n = o->via.bin.size;
    return 1;
}

static bool get_int(const msgpack_object *o, int64_t *v)
{
    if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        *v = o->via.i64;
    else if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= INT64_MAX)
        *v = (int64_t)o->via.u64;
    else
        return false;
    return true;
}

int rec_int(const msgpack_object *rec, const char *field, int64_t *v)
{
    const msgpack_object *o = rec_get(rec, field);
    return o && get_int(o, v);
}

bool rec_is(const msgpack_object *rec, const char *field, const char *value)
{
    const char *p;
    size_t n;
    return rec_str(rec, field, &p, &n) && n == strlen(value) && memcmp(p, value, n) == 0;
}

static int by_begin(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[1] > y[1]) - (x[1] < y[1]);
}

/* Spans in any order: none may share a byte with another, or a small record could mean a lot of text. */
static int disjoint(const int64_t *span, size_t n)
{
    int64_t *v = mem_alloc(n, 2 * sizeof *v);
    if (!v)
        return E_NOMEM;
    int rc = 0;
    memcpy(v, span, 2 * n * sizeof *v);
    mem_sort(v, n, 2 * sizeof *v, by_begin);
    for (size_t i = 1; i < n && !rc; i++)
        if (v[2 * i] < v[2 * i - 1])
            rc = err_set(E_DATA, "two spans overlap");
    free(v);
    return rc;
}

int rec_ids(const msgpack_object *rec, const char *field, int64_t vocab, int32_t **ids, int64_t *n)
{
    const char *p;
    size_t bytes;
    *ids = NULL;
    if (!rec_bin(rec, field, &p, &bytes) || bytes == 0 || bytes % sizeof **ids)
        return err_set(E_DATA, "field %s: not a list of 32-bit ids", field);
    *n = (int64_t)(bytes / sizeof **ids);
    if (*n > INT32_MAX / 2)
        return err_set(E_DATA, "field %s: too long", field);
    int32_t *v = mem_alloc(bytes, 1);
    if (!v)
        return E_NOMEM;
    memcpy(v, p, bytes);
    for (int64_t i = 0; i < *n; i++)
        if (v[i] < 0 || v[i] >= vocab) {
            free(v);
            return err_set(E_DATA, "field %s: id %lld is not in the vocabulary", field, (long long)i);
        }
    *ids = v;
    return 0;
}

int rec_spans(const msgpack_object *rec, const char *field, uint64_t limit, bool ordered, int64_t **v, size_t *n)
{
    const msgpack_object *o = rec_get(rec, field);
    *v = NULL;
    *n = 0;
    if (!o)
        return 0;
    if (o->type != MSGPACK_OBJECT_ARRAY)
        return err_set(E_DATA, "field %s: not an array", field);
    int64_t *out = mem_alloc(o->via.array.size, 2 * sizeof *out), last = 0;
    if (!out)
        return E_NOMEM;
    /* each within the text and, if ordered, after the one before */
    for (uint32_t i = 0; i < o->via.array.size; i++) {
        const msgpack_object *pair = &o->via.array.ptr[i];
        int64_t begin, end;
        if (pair->type != MSGPACK_OBJECT_ARRAY || pair->via.array.size != 2 ||
            !get_int(&pair->via.array.ptr[0], &begin) || !get_int(&pair->via.array.ptr[1], &end) || begin < 0 ||
            end < begin || (uint64_t)end > limit || (ordered && begin < last)) {
            free(out);
            return err_set(E_DATA, "field %s: span %u is not [begin,end] within the text%s", field, i + 1,
                           ordered ? " and behind the one before" : "");
        }
        out[2 * i] = begin;
        out[2 * i + 1] = last = end;
    }
    /* in any order they must be disjoint */
    if (!ordered && o->via.array.size) {
        int rc = disjoint(out, o->via.array.size);
        if (rc) {
            free(out);
            return err_ctx(rc, "field %s", field);
        }
    }
    *v = out;
    *n = o->via.array.size;
    return 0;
}

static int append(void *sb, const char *p, size_t n)
{
    int rc = msgpack_sbuffer_write(sb, p, n);
    if (rc)
        err_nomem(n);
    return rc;
}

void pk_init(msgpack_packer *pk, msgpack_sbuffer *sb)
{
    msgpack_packer_init(pk, sb, append);
}

void pk_strn(msgpack_packer *pk, const char *s, size_t n)
{
    msgpack_pack_str_with_body(pk, s, n);
}

void pk_str(msgpack_packer *pk, const char *s)
{
    pk_strn(pk, s, strlen(s));
}

void pk_bin(msgpack_packer *pk, const void *p, size_t n)
{
    msgpack_pack_bin_with_body(pk, p, n);
}

void pk_copy(msgpack_packer *pk, const msgpack_object *rec, const char *without, const char *without2, uint32_t extra)
{
    const msgpack_object *drop = without ? rec_get(rec, without) : NULL;
    const msgpack_object *drop2 = without2 ? rec_get(rec, without2) : NULL;
    uint32_t n = rec->via.map.size - !!drop - (drop2 && drop2 != drop);
    msgpack_pack_map(pk, n + extra);
    for (uint32_t i = 0; i < rec->via.map.size; i++) {
        const msgpack_object_kv *kv = &rec->via.map.ptr[i];
        if (&kv->val == drop || &kv->val == drop2)
            continue;
        msgpack_pack_object(pk, kv->key);
        msgpack_pack_object(pk, kv->val);
    }
}
