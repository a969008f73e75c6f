/* safetensors: see the header. The rules a file must obey are the safetensors library's own (its README and
 * validate()): header at most 100 MB and inside the file, JSON object without repeated names, every tensor's bytes
 * equal to its shape times its type, and all tensors together cover the data exactly, without holes or overlap.
 * Tests: tests/unit/safetensors.c (hostile files, and files written by the Python library). */
#include "lib/tensor/safetensors.h"
#include "lib/util/buf.h"
#include "lib/util/claim.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define HEADER_MAX 100000000u /* the library's limit */
#define INDEX_MAX (64u << 20)
#define SHARDS_MAX 4096
#define SEAL "xxh64" /* the tensor of st_seal */
enum { SEAL_BYTES = 8 };

static const struct {
    const char *name;
    int size;
} dtypes[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I64", 8}, {"I32", 4}, {"I16", 2}, {"I8", 1},
              {"U8", 1}, {"U16", 2}, {"U32", 4}, {"U64", 8}, {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};

static int dtype_bytes(const char *name) /* 0: unknown */
{
    for (size_t i = 0; name && i < sizeof dtypes / sizeof *dtypes; i++)
        if (!strcmp(dtypes[i].name, name))
            return dtypes[i].size;
    return 0;
}

struct map {
    void *p;
    size_t n;
};
struct st_file {
    struct map *map; /* one, or one per shard */
    json_t **header; /* parsed headers: own the names */
    int maps;
    struct st_tensor *t; /* sorted by name */
    int n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct st_tensor *)a)->name, ((const struct st_tensor *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    const struct st_tensor *x = a, *y = b;
    if (x->data != y->data)
        return (const char *)x->data < (const char *)y->data ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes; /* empty tensors before the one that starts there */
}

/* A count in JSON: an integer, not negative. */
static bool get_count(const json_t *j, int64_t *v)
{
    if (!json_is_integer(j) || json_integer_value(j) < 0)
        return false;
    *v = json_integer_value(j);
    return true;
}

static int parse_tensor(struct st_tensor *t, const char *name, const json_t *j, const char *data, size_t data_n)
{
    const char *dtype = json_string_value(json_object_get(j, "dtype"));
    const json_t *shape = json_object_get(j, "shape"), *off = json_object_get(j, "data_offsets");
    int size = dtype_bytes(dtype);
    if (!dtype || !json_is_array(shape) || !json_is_array(off) || json_array_size(off) != 2)
        return err_set(E_DATA, "tensor %.100s: needs dtype, shape and two data_offsets", name);
    if (!size)
        return err_set(E_DATA, "tensor %.100s: dtype %.16s is not supported", name, dtype);
    *t = (struct st_tensor){.name = name, .nd = (int)json_array_size(shape)};
    if (json_array_size(shape) > sizeof t->dim / sizeof *t->dim)
        return err_set(E_DATA, "tensor %.100s: more than 8 dimensions", name);
    strcpy(t->dtype, dtype); /* one of the table's, at most 7 letters */
    size_t bytes = (size_t)size;
    for (int i = 0; i < t->nd; i++)
        if (!get_count(json_array_get(shape, (size_t)i), &t->dim[i]) ||
            __builtin_mul_overflow(bytes, (size_t)t->dim[i], &bytes))
            return err_set(E_DATA, "tensor %.100s: bad shape", name);
    int64_t begin, end;
    if (!get_count(json_array_get(off, 0), &begin) || !get_count(json_array_get(off, 1), &end) || begin > end ||
        (uint64_t)end > data_n)
        return err_set(E_DATA, "tensor %.100s: data_offsets are not inside the data", name);
    t->data = data + begin;
    t->bytes = (size_t)(end - begin);
    if (t->bytes != bytes)
        return err_set(E_DATA, "tensor %.100s: %zu bytes of data for a shape of %zu", name, t->bytes, bytes);
    return 0;
}

/* Adds the tensors of the newest map. */
static int parse(struct st_file *f)
{
    const struct map *m = &f->map[f->maps - 1];
    const unsigned char *p = m->p;
    uint64_t n = 0;
    if (m->n < 8)
        return err_set(E_DATA, "too short for a safetensors file");
    /* the header: length and JSON */
    for (int i = 7; i >= 0; i--)
        n = n << 8 | p[i];
    if (n > HEADER_MAX || n > m->n - 8)
        return err_set(E_DATA, "header length is larger than the file or the limit");
    if (n == 0 || p[8] != '{')
        return err_set(E_DATA, "header is not a JSON object");
    json_error_t je;
    json_t *h = f->header[f->maps - 1] = json_loadb((const char *)p + 8, (size_t)n, JSON_REJECT_DUPLICATES, &je);
    if (!h)
        return err_set(E_DATA, "header is not valid JSON (byte %d)", je.position);
    const char *data = (const char *)p + 8 + n;
    size_t data_n = m->n - 8 - (size_t)n;

    /* its tensors */
    struct st_tensor *t = mem_grow(f->t, (size_t)f->n + json_object_size(h), sizeof *t);
    if (!t)
        return E_NOMEM;
    f->t = t;
    int first = f->n;
    const char *key;
    json_t *v;
    json_object_foreach(h, key, v) {
        if (!strcmp(key, "__metadata__")) {
            const char *k;
            json_t *s;
            if (!json_is_object(v))
                return err_set(E_DATA, "__metadata__ is not a map");
            json_object_foreach(v, k, s)
                if (!json_is_string(s))
                    return err_set(E_DATA, "__metadata__ is not a map of strings");
            continue;
        }
        TRY(parse_tensor(&f->t[f->n], key, v, data, data_n));
        f->n++;
    }
    /* they cover the data exactly */
    mem_sort(f->t + first, (size_t)(f->n - first), sizeof *f->t, by_place);
    const char *at = data;
    for (int i = first; i < f->n; i++) {
        if (f->t[i].data != at)
            return err_set(E_DATA, "tensor %.100s: overlaps another or leaves a hole", f->t[i].name);
        at += f->t[i].bytes;
    }
    if (at != data + data_n)
        return err_set(E_DATA, "data behind the last tensor");
    return 0;
}

static int add_file(struct st_file *f, const char *path)
{
    struct map *m = mem_grow(f->map, (size_t)f->maps + 1, sizeof *m);
    if (!m)
        return E_NOMEM;
    f->map = m;
    json_t **h = mem_grow(f->header, (size_t)f->maps + 1, sizeof *h);
    if (!h)
        return E_NOMEM;
    f->header = h;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(E_NOINPUT, "%s: %s", path_base(path), strerror(errno));
    struct stat st;
    int rc = claim_input(fd, path);
    void *p = MAP_FAILED;
    if (rc)
        ;
    else if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        rc = err_set(E_NOINPUT, "%s: not a file", path_base(path));
    else if (st.st_size < 8)
        rc = err_set(E_DATA, "%s: too short for a safetensors file", path_base(path));
    else if ((p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
        rc = err_errno(E_IO, path_base(path));
    close(fd);
    if (rc)
        return rc;
    f->header[f->maps] = NULL;
    f->map[f->maps++] = (struct map){p, (size_t)st.st_size};
    rc = parse(f);
    return rc ? err_ctx(rc, "%s", path_base(path)) : 0;
}

/* By name, and no name in two shards. */
static int finish(struct st_file *f)
{
    if (f->n) /* qsort wants a pointer even for nothing */
        mem_sort(f->t, (size_t)f->n, sizeof *f->t, by_name);
    for (int i = 1; i < f->n; i++)
        if (!strcmp(f->t[i - 1].name, f->t[i].name))
            return err_set(E_DATA, "tensor %.100s: stored twice", f->t[i].name);
    return 0;
}

int st_open(struct st_file **out, const char *path)
{
    struct st_file *f = mem_zalloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return E_NOMEM;
    int rc = add_file(f, path);
    if (!rc)
        rc = finish(f);
    if (rc)
        st_close(f);
    else
        *out = f;
    return rc;
}

/* Each file of weight_map once, with its path; `seen` gets {file: 0, 1, ...}. */
static int each_shard(const char *dir, const json_t *weight_map, json_t *seen,
                      int (*each)(void *ctx, const char *path), void *ctx)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)weight_map, name, v) {
        const char *file = json_string_value(v);
        char path[PATH_MAX];
        size_t n = json_object_size(seen);
        if (!file || !*file || strchr(file, '/') || strstr(file, ".."))
            return err_set(E_DATA, "tensor %.100s: shard name is not a plain file name", name);
        if (json_object_get(seen, file))
            continue;
        if (n >= SHARDS_MAX)
            return err_set(E_DATA, "more than %d shards", SHARDS_MAX);
        if (snprintf(path, sizeof path, "%s/%s", dir, file) >= (int)sizeof path)
            return err_set(E_DATA, "path too long");
        if (json_object_set_new(seen, file, json_integer((json_int_t)n)))
            return err_nomem(0);
        TRY(each(ctx, path));
    }
    return 0;
}

static int add_shard(void *f, const char *path)
{
    return add_file(f, path);
}

/* Opens each file of weight_map once; every tensor must be in the file the index names. */
static int add_shards(struct st_file *f, const char *dir, const json_t *weight_map)
{
    const char *name;
    json_t *v;
    json_t *seen = json_object();
    int rc = seen ? each_shard(dir, weight_map, seen, add_shard, f) : err_nomem(0);
    if (!rc)
        rc = finish(f);
    if (!rc)
        json_object_foreach((json_t *)weight_map, name, v) {
            const struct st_tensor *t = st_find(f, name);
            const struct map *m = &f->map[json_integer_value(json_object_get(seen, json_string_value(v)))];
            const char *b = m->p;
            if (!t || (const char *)t->data < b || (const char *)t->data > b + m->n) {
                rc = err_set(E_DATA, "tensor %.100s: not in the shard the index names", name);
                break;
            }
        }
    if (!rc && (size_t)f->n != json_object_size(weight_map))
        rc = err_set(E_DATA, "shards hold tensors that the index does not name");
    json_decref(seen);
    return rc;
}

#define INDEX "model.safetensors.index.json"

/* The path of the one file and *index NULL, or that of the index and what is in it (a new reference). */
static int open_index(const char *dir, char path[PATH_MAX], json_t **index)
{
    char *text = NULL;
    size_t n;
    *index = NULL;
    if (snprintf(path, PATH_MAX, "%s/model.safetensors", dir) >= PATH_MAX - 16)
        return err_set(E_DATA, "path too long");
    if (access(path, F_OK) == 0)
        return 0;
    strcat(path, ".index.json");
    if (access(path, F_OK))
        return err_set(E_NOINPUT, "%s: neither model.safetensors nor " INDEX, path_base(dir));
    TRY(text_read(path, INDEX_MAX, &text, &n));
    json_error_t je;
    *index = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
    free(text);
    if (json_is_object(json_object_get(*index, "weight_map")))
        return 0;
    json_decref(*index);
    return err_set(E_DATA, INDEX ": not a JSON object with weight_map");
}

int st_open_dir(struct st_file **out, const char *dir)
{
    char path[PATH_MAX];
    json_t *index;
    *out = NULL;
    TRY(open_index(dir, path, &index));
    if (!index)
        return st_open(out, path);
    struct st_file *f = mem_zalloc(1, sizeof *f);
    int rc = f ? add_shards(f, dir, json_object_get(index, "weight_map")) : E_NOMEM;
    json_decref(index);
    if (rc) {
        st_close(f);
        return err_ctx(rc, INDEX);
    }
    *out = f;
    return 0;
}

int st_dir_files(const char *dir, int (*each)(void *ctx, const char *path), void *ctx)
{
    char path[PATH_MAX];
    json_t *index;
    TRY(open_index(dir, path, &index));
    int rc = each(ctx, path);
    if (rc || !index) {
        json_decref(index);
        return rc;
    }
    json_t *seen = json_object();
    rc = seen ? each_shard(dir, json_object_get(index, "weight_map"), seen, each, ctx) : err_nomem(0);
    json_decref(seen);
    json_decref(index);
    return rc;
}

void st_close(struct st_file *f)
{
    if (!f)
        return;
    for (int i = 0; i < f->maps; i++) {
        munmap(f->map[i].p, f->map[i].n);
        json_decref(f->header[i]);
    }
    free(f->map);
    free(f->header);
    free(f->t);
    free(f);
}

static void big_end_first(uint64_t v, unsigned char out[SEAL_BYTES])
{
    for (int i = 0; i < SEAL_BYTES; i++)
        out[i] = (unsigned char)(v >> (56 - 8 * i));
}

int st_sealed(const struct st_file *f)
{
    const struct st_tensor *t = st_find(f, SEAL);
    const struct map *m = f->map;
    unsigned char want[SEAL_BYTES];
    if (!t || f->maps != 1 || t->bytes != SEAL_BYTES || (const char *)t->data + SEAL_BYTES != (const char *)m->p + m->n)
        return err_set(E_DATA, "has no digest");
    big_end_first(XXH64(m->p, m->n - SEAL_BYTES, 0), want);
    return memcmp(want, t->data, SEAL_BYTES) ? err_set(E_DATA, "damaged: its digest is not that of its bytes") : 0;
}

void st_xxh64(const struct st_file *f, char hex[17])
{
    *hex = 0;
    if (f->maps == 1)
        snprintf(hex, 17, "%016llx", (unsigned long long)XXH64(f->map->p, f->map->n, 0));
}

int st_count(const struct st_file *f)
{
    return f->n;
}

const struct st_tensor *st_at(const struct st_file *f, int i)
{
    return i >= 0 && i < f->n ? &f->t[i] : NULL;
}

const struct st_tensor *st_find(const struct st_file *f, const char *name)
{
    struct st_tensor key = {.name = name};
    return f->n ? bsearch(&key, f->t, (size_t)f->n, sizeof *f->t, by_name) : NULL;
}

const json_t *st_metadata(const struct st_file *f)
{
    return f->maps ? json_object_get(f->header[f->maps - 1], "__metadata__") : NULL;
}

int64_t st_numel(const struct st_tensor *t)
{
    return (int64_t)(t->bytes / (size_t)dtype_bytes(t->dtype));
}

/* ---- numbers: exact from every type but F64 -> float ---- */
static float from_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static float from_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, e = h >> 10 & 31, m = h & 1023;
    if (e == 31)
        return from_bits(sign | 0x7f800000u | m << 13); /* inf, NaN */
    if (e == 0) {
        float x = (float)m * 0x1p-24f; /* zero, subnormal */
        return sign ? -x : x;
    }
    return from_bits(sign | (e + 112) << 23 | m << 13);
}

#define EACH(type, expr)                                                                                \
    for (size_t i = 0; i < n; i++) {                                                                    \
        type x;                                                                                         \
        memcpy(&x, p + i * sizeof x, sizeof x);                                                         \
        out[i] = (__typeof__(*out))(expr);                                                              \
    }
#define CONVERT(t, out)                                                                                 \
    const char *p = (t)->data;                                                                          \
    size_t n = (size_t)st_numel(t);                                                                     \
    if (!strcmp((t)->dtype, "F32"))                                                                     \
        EACH(float, x)                                                                                  \
    else if (!strcmp((t)->dtype, "F64"))                                                                \
        EACH(double, x)                                                                                 \
    else if (!strcmp((t)->dtype, "F16"))                                                                \
        EACH(uint16_t, from_f16(x))                                                                     \
    else if (!strcmp((t)->dtype, "BF16"))                                                               \
        EACH(uint16_t, from_bits((uint32_t)x << 16))                                                    \
    else                                                                                                \
        return err_set(E_DATA, "tensor %.100s: dtype %s is not floating point", (t)->name, (t)->dtype); \
    return 0

int st_to_float(const struct st_tensor *t, float *out)
{
    CONVERT(t, out);
}

int st_to_double(const struct st_tensor *t, double *out)
{
    CONVERT(t, out);
}

/* ---- writing ---- */
struct st_writer {
    struct outfile f;
    json_t *header;
    size_t *bytes; /* of each declared tensor */
    int n, cap, next;
    size_t total;
    bool started, sealed;
    XXH64_state_t *digest; /* of what was written */
};

int st_create(struct st_writer **out, const char *path, const json_t *metadata)
{
    struct st_writer *w = mem_zalloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return E_NOMEM;
    int rc = 0;
    json_t *meta = metadata ? json_deep_copy(metadata) : json_object();
    w->header = json_object();
    w->digest = XXH64_createState();
    if (!meta || !w->header || !w->digest || json_object_set_new(meta, "format", json_string("pt")) ||
        json_object_set(w->header, "__metadata__", meta))
        rc = err_nomem(0);
    json_decref(meta);
    if (w->digest)
        XXH64_reset(w->digest, 0);
    if (!rc)
        rc = outfile_open_own(&w->f, path);
    if (rc)
        st_discard(w);
    else
        *out = w;
    return rc;
}

int st_declare(struct st_writer *w, const char *name, const char *dtype, int nd, const int64_t *dim)
{
    if (w->started || !strcmp(name, "__metadata__") || json_object_get(w->header, name))
        return err_set(E_BUG, "tensor %s: declared twice or too late", name);
    if (strcmp(dtype, "F32") && strcmp(dtype, "F64") && strcmp(dtype, "I32") && strcmp(dtype, "I64") &&
        strcmp(dtype, "U8"))
        return err_set(E_BUG, "tensor %s: dtype %s is not written", name, dtype);
    if (w->n == w->cap) {
        int cap = w->cap ? 2 * w->cap : 64;
        size_t *b = mem_grow(w->bytes, (size_t)cap, sizeof *b);
        if (!b)
            return E_NOMEM;
        w->bytes = b;
        w->cap = cap;
    }
    size_t bytes = (size_t)dtype_bytes(dtype), end;
    json_t *shape = json_array();
    for (int i = 0; i < nd; i++) {
        if (dim[i] < 0 || __builtin_mul_overflow(bytes, (size_t)dim[i], &bytes)) {
            json_decref(shape);
            return err_set(E_BUG, "tensor %s: bad shape", name);
        }
        json_array_append_new(shape, json_integer(dim[i]));
    }
    if (__builtin_add_overflow(w->total, bytes, &end) || end > INT64_MAX) {
        json_decref(shape);
        return err_set(E_BUG, "tensor %s: file too large", name);
    }
    json_t *j = json_pack("{s:s, s:o, s:[I,I]}", "dtype", dtype, "shape", shape, "data_offsets",
                          (json_int_t)w->total, (json_int_t)end);
    if (!j || json_object_set_new(w->header, name, j))
        return err_nomem(0);
    w->bytes[w->n++] = bytes;
    w->total = end;
    return 0;
}

int st_seal(struct st_writer *w)
{
    TRY(st_declare(w, SEAL, "U8", 1, (int64_t[]){SEAL_BYTES}));
    w->sealed = true;
    return 0;
}

static int put(struct st_writer *w, const void *p, size_t n)
{
    XXH64_update(w->digest, p, n);
    return outfile_write(&w->f, p, n);
}

/* The header, padded with spaces so that the data starts at a multiple of 8. */
static int start(struct st_writer *w)
{
    char *text = json_dumps(w->header, JSON_COMPACT);
    if (!text)
        return err_nomem(0);
    size_t n = strlen(text), padded = (n + 7) / 8 * 8;
    unsigned char len[8];
    for (int i = 0; i < 8; i++)
        len[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    int rc = padded > HEADER_MAX ? err_set(E_BUG, "safetensors header too long") : put(w, len, 8);
    if (!rc)
        rc = put(w, text, n);
    if (!rc)
        rc = put(w, "       ", padded - n);
    free(text);
    w->started = true;
    return rc;
}

int st_data(struct st_writer *w, const void *p, size_t bytes)
{
    if (w->next >= w->n || bytes != w->bytes[w->next])
        return err_set(E_BUG, "safetensors: data does not fit what was declared");
    if (!w->started)
        TRY(start(w));
    w->next++;
    return bytes ? put(w, p, bytes) : 0;
}

int st_end(struct st_writer *w)
{
    if (w->sealed && w->next == w->n - 1) {
        unsigned char seal[SEAL_BYTES];
        if (!w->started)
            TRY(start(w));
        big_end_first(XXH64_digest(w->digest), seal);
        TRY(st_data(w, seal, SEAL_BYTES));
    }
    if (w->next != w->n)
        return err_set(E_BUG, "safetensors: %d of %d tensors written", w->next, w->n);
    if (!w->started)
        TRY(start(w));
    return outfile_commit(&w->f);
}

void st_written(const struct st_writer *w, char hex[17])
{
    snprintf(hex, 17, "%016llx", (unsigned long long)XXH64_digest(w->digest));
}

void st_discard(struct st_writer *w)
{
    if (!w)
        return;
    outfile_discard(&w->f);
    json_decref(w->header);
    XXH64_freeState(w->digest);
    free(w->bytes);
    free(w);
}
