/* The one table of schemas, and the check of a record against it. Tests: tests/unit/schema.c
 * To add a schema: a table of its fields and a row in `schemas`; man/icd-stream.5 lists it. */
#include "lib/stream/internal.h"
#include "lib/stream/stream.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"
#include <stdlib.h>
#include <string.h>

static const struct field note[] = {
    {"id", F_STR, .required = true},
    {"subject", F_STR},
    {"split", F_STR},
    {"text", F_STR, .required = true, .text = true},
    {"parts", F_ARRAY},
    {"spans", F_ARRAY},
    {NULL},
};
static const struct field gold[] = {
    {"id", F_STR, .required = true},
    {"split", F_STR},
    {"codes", F_STRS, .required = true},
    {"sequence", F_ARRAY},
    {NULL},
};
static const struct field kb[] = {
    {"code", F_STR, .required = true},
    {"kind", F_STR},
    {"title", F_STR},
    {"description", F_STR},
    {"terms", F_ARRAY},
    {NULL},
};
static const struct field token[] = {
    {"id", F_STR, .required = true},
    {"split", F_STR},
    {"ids", F_BIN, .required = true},
    {"offsets", F_BIN},
    {"code", F_STR},
    {"type", F_STR},
    {NULL},
};
static const struct field target[] = {
    {"id", F_STR, .required = true},
    {"split", F_STR},
    {"codes", F_STRS},
    {"ids", F_BIN, .required = true},
    {NULL},
};
static const struct field pred[] = {
    {"id", F_STR, .required = true},
    {"split", F_STR},
    {"codes", F_STRS, .required = true},
    {"gen", F_MAP},
    {"scores", F_BIN},
    {"evidence", F_ARRAY},
    {NULL},
};
static const struct field metric[] = {
    {"metric", F_STR, .required = true},
    {"value", F_REAL, .required = true},
    {"n", F_INT},
    {"labels", F_INT},
    {"code", F_STR},
    {"k", F_INT},
    {"split", F_STR},
    {"system", F_STR},
    {"at", F_REAL},
    {"sd", F_REAL},
    {"lo", F_REAL},
    {"hi", F_REAL},
    {"other", F_REAL},
    {"diff", F_REAL},
    {"diff_lo", F_REAL},
    {"diff_hi", F_REAL},
    {"p", F_REAL},
    {NULL},
};
static const struct field trainlog[] = {
    {"event", F_STR, .required = true},
    {"step", F_INT},
    {"epoch", F_REAL},
    {NULL},
};

static const struct schema schemas[] = {
    {"note", note},     {"gold", gold}, {"kb", kb},         {"token", token},
    {"target", target}, {"pred", pred}, {"metric", metric}, {"trainlog", trainlog},
};

const struct schema *schema_at(int i)
{
    return i >= 0 && (size_t)i < sizeof schemas / sizeof *schemas ? &schemas[i] : NULL;
}

const struct schema *schema_find(const char *name)
{
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
        if (strcmp(schemas[i].name, name) == 0)
            return &schemas[i];
    return NULL;
}

const struct field *field_find(const struct schema *s, const char *name, size_t n)
{
    for (const struct field *f = s->fields; f->name; f++)
        if (strlen(f->name) == n && memcmp(f->name, name, n) == 0)
            return f;
    return NULL;
}

static int compare_keys(const void *a, const void *b)
{
    const msgpack_object_str *x = *(const msgpack_object_str *const *)a, *y = *(const msgpack_object_str *const *)b;
    uint32_t n = x->size < y->size ? x->size : y->size;
    int c = n ? memcmp(x->ptr, y->ptr, n) : 0; /* msgpack-c has no pointer for an empty string */
    return c ? c : (x->size > y->size) - (x->size < y->size);
}

/* Keys of a map: strings (UTF-8, no NUL: JSON can hold such values but not such keys), none twice. */
static int check_keys(const msgpack_object_map *m)
{
    for (uint32_t i = 0; i < m->size; i++) {
        const msgpack_object *k = &m->ptr[i].key;
        if (k->type != MSGPACK_OBJECT_STR)
            return err_set(E_DATA, "a key is not a string");
        const char *p = k->via.str.ptr;
        size_t n = k->via.str.size;
        if ((n && memchr(p, 0, n)) || utf8_valid(p, n) < n)
            return err_set(E_DATA, "a key is not UTF-8 text");
    }
    const msgpack_object_str *few[16], **keys = few;
    if (m->size > 16 && !(keys = mem_alloc(m->size, sizeof *keys)))
        return E_NOMEM;
    for (uint32_t i = 0; i < m->size; i++)
        keys[i] = &m->ptr[i].key.via.str;
    mem_sort(keys, m->size, sizeof *keys, compare_keys);
    int rc = 0;
    for (uint32_t i = 1; i < m->size && !rc; i++)
        if (compare_keys(&keys[i - 1], &keys[i]) == 0)
            rc = err_set(E_DATA, "a key stands twice");
    if (keys != few)
        free(keys);
    return rc;
}

/* Everything in a value can be written as JSON and read back. Depth is bounded by the scan before. */
static int check_value(const msgpack_object *o)
{
    switch (o->type) {
    case MSGPACK_OBJECT_STR:
        return utf8_valid(o->via.str.ptr, o->via.str.size) == o->via.str.size ? 0 : err_set(E_DATA, "not UTF-8");
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < o->via.array.size; i++)
            TRY(check_value(&o->via.array.ptr[i]));
        return 0;
    case MSGPACK_OBJECT_MAP:
        TRY(check_keys(&o->via.map));
        for (uint32_t i = 0; i < o->via.map.size; i++)
            TRY(check_value(&o->via.map.ptr[i].val));
        return 0;
    default:
        return 0;
    }
}

int value_check(const msgpack_object *o)
{
    return check_value(o);
}

static const char *type_name(enum field_type t)
{
    static const char *const names[] = {[F_STR] = "a string",    [F_BIN] = "binary", [F_INT] = "a whole number",
                                        [F_REAL] = "a number",   [F_MAP] = "a map",  [F_ARRAY] = "an array",
                                        [F_STRS] = "an array of strings", [F_ANY] = "any"};
    return names[t];
}

static bool type_fits(enum field_type t, const msgpack_object *o)
{
    bool whole = o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
                 (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= INT64_MAX);
    switch (t) {
    case F_STR:
        return o->type == MSGPACK_OBJECT_STR;
    case F_BIN:
        return o->type == MSGPACK_OBJECT_BIN;
    case F_INT:
        return whole;
    case F_REAL:
        return whole || o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64;
    case F_MAP:
        return o->type == MSGPACK_OBJECT_MAP;
    case F_ARRAY:
        return o->type == MSGPACK_OBJECT_ARRAY;
    case F_STRS:
        for (uint32_t i = 0; o->type == MSGPACK_OBJECT_ARRAY && i < o->via.array.size; i++)
            if (o->via.array.ptr[i].type != MSGPACK_OBJECT_STR)
                return false;
        return o->type == MSGPACK_OBJECT_ARRAY;
    case F_ANY:
        return true;
    }
    return false;
}

int schema_check(const struct schema *s, const msgpack_object *rec)
{
    if (rec->type != MSGPACK_OBJECT_MAP)
        return err_set(E_DATA, "the record is not a map");
    TRY(check_keys(&rec->via.map));
    unsigned seen = 0; /* bit by field; no schema has 32 */
    for (uint32_t i = 0; i < rec->via.map.size; i++) {
        const msgpack_object_str *k = &rec->via.map.ptr[i].key.via.str;
        const msgpack_object *v = &rec->via.map.ptr[i].val;
        const struct field *f = field_find(s, k->ptr, k->size);
        if (f) {
            seen |= 1u << (f - s->fields);
            if (!type_fits(f->type, v))
                return err_set(E_DATA, "field %s: not %s", f->name, type_name(f->type));
        }
        /* The name of a field we do not know may be anything, so it is not shown. */
        int rc = check_value(v);
        if (rc)
            return f ? err_ctx(rc, "field %s", f->name) : err_ctx(rc, "a field outside schema %s", s->name);
    }
    for (const struct field *f = s->fields; f->name; f++)
        if (f->required && !(seen >> (f - s->fields) & 1))
            return err_set(E_DATA, "field %s: missing", f->name);
    return 0;
}
