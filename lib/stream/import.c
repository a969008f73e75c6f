/* JSON lines as records, with line numbers in every complaint and none of the text. Tests: tests/cli/rec-cat.sh */
#include "lib/stream/import.h"
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- a set of ids ---- */

static uint64_t *id_slot(const struct id_set *s, const char *id, size_t n)
{
    for (uint64_t i = XXH64(id, n, 0) & (s->cap - 1);; i = (i + 1) & (s->cap - 1)) {
        size_t len;
        if (!s->slot[i])
            return &s->slot[i];
        const char *at = s->text.p + s->slot[i] - 1;
        memcpy(&len, at, sizeof len);
        if (len == n && memcmp(at + sizeof len, id, n) == 0)
            return &s->slot[i];
    }
}

static int id_set_grow(struct id_set *s)
{
    struct id_set bigger = *s;
    bigger.cap = s->cap ? 2 * s->cap : 1024;
    bigger.slot = mem_zalloc(bigger.cap, sizeof *bigger.slot);
    if (!bigger.slot)
        return E_NOMEM;
    for (size_t at = 0, n; at < s->text.n; at += sizeof n + n) {
        memcpy(&n, s->text.p + at, sizeof n);
        *id_slot(&bigger, s->text.p + at + sizeof n, n) = at + 1;
    }
    free(s->slot);
    *s = bigger;
    return 0;
}

int id_set_add(struct id_set *s, const char *id, size_t n)
{
    if (s->used + 1 > s->cap / 2)
        TRY(id_set_grow(s));
    uint64_t *slot = id_slot(s, id, n), at = s->text.n;
    if (*slot)
        return 1;
    TRY(buf_add(&s->text, &n, sizeof n));
    TRY(buf_add(&s->text, id, n));
    *slot = at + 1;
    s->used++;
    return 0;
}

void id_set_free(struct id_set *s)
{
    buf_free(&s->text);
    free(s->slot);
    *s = (struct id_set){0};
}

/* ---- lines ---- */

int import_open(struct import *im, const char *path)
{
    struct stat st;
    bool std = !path || strcmp(path, "-") == 0;
    *im = (struct import){.name = std ? "standard input" : path_base(path)};
    msgpack_sbuffer_init(&im->sb);
    msgpack_unpacked_init(&im->rec);
    im->fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (im->fd < 0)
        return err_set(E_NOINPUT, "%s: %s", path, strerror(errno));
    if (fstat(im->fd, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(E_NOINPUT, "%s: is a directory", im->name);
    return 0;
}

static int at_line(const struct import *im, int rc)
{
    return err_ctx(rc, "%s: line %llu", im->name, (unsigned long long)im->number);
}

/* jansson's own message quotes the text, so only its kind and place are told. */
static int not_json(const struct import *im, const json_error_t *e)
{
    const char *what;
    switch (json_error_code(e)) {
    case json_error_out_of_memory:
        return err_nomem(im->in.n - im->at);
    case json_error_invalid_utf8:
        what = "not UTF-8";
        break;
    case json_error_premature_end_of_input:
        what = "the JSON is cut off";
        break;
    case json_error_duplicate_key:
        what = "a key stands twice";
        break;
    case json_error_numeric_overflow:
        what = "a number too large";
        break;
    case json_error_null_byte_in_key:
        what = "a key with a NUL";
        break;
    case json_error_stack_overflow:
        what = "nested too deep";
        break;
    case json_error_end_of_input_expected:
        what = "more than one JSON value on a line";
        break;
    default:
        what = "not JSON";
    }
    return at_line(im, err_set(E_DATA, "column %d: %s", e->column, what));
}

/* The next line, borrowed, without its newline; NULL at the end. */
static int next_line(struct import *im, const char **line, size_t *n)
{
    *line = NULL;
    for (size_t from = im->at;;) {
        const char *p = im->in.p + im->at, *end = NULL;
        if (from < im->in.n)
            end = memchr(im->in.p + from, '\n', im->in.n - from);
        *n = (end ? (size_t)(end - im->in.p) : im->in.n) - im->at;
        if (*n > RECORD_MAX) {
            im->number++;
            return at_line(im, err_set(E_DATA, "longer than %llu bytes", RECORD_MAX));
        }
        if (end || im->eof) {
            if (!end && !*n)
                return 0;
            im->at += *n + (end != NULL);
            im->number++;
            *line = p;
            return 0;
        }
        if (im->at) /* what is done with makes room */
            memmove(im->in.p, p, *n);
        im->at = 0;
        im->in.n = from = *n;
        TRY(buf_reserve(&im->in, 1 << 18));
        ssize_t got;
        do
            got = read(im->fd, im->in.p + from, im->in.cap - from);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return err_set(E_IO, "%s: %s", im->name, strerror(errno));
        im->in.n += (size_t)got;
        im->eof = got == 0;
    }
}

static bool blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!memchr(" \t\r", p[i], 3))
            return false;
    return true;
}

int import_json(struct import *im, json_t **j)
{
    const char *line;
    size_t n;
    json_error_t e;
    *j = NULL;
    do {
        TRY(next_line(im, &line, &n));
        if (!line)
            return 0;
    } while (blank(line, n));
    *j = json_loadb(line, n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
    return *j ? 0 : not_json(im, &e);
}

int import_record(struct import *im, const json_t *j)
{
    msgpack_packer pk;
    const char *id;
    size_t n;
    msgpack_sbuffer_clear(&im->sb);
    msgpack_packer_init(&pk, &im->sb, msgpack_sbuffer_write);
    int rc = pk_json(&pk, j);
    if (!rc)
        rc = record_check(im->schema, &im->rec, im->sb.data, im->sb.size);
    if (!rc && im->unique_ids && rec_str(&im->rec.data, "id", &id, &n)) {
        rc = id_set_add(&im->ids, id, n);
        if (rc == 1)
            rc = err_set(E_DATA, "field id: an earlier record has the same");
    }
    return rc ? at_line(im, rc) : 0;
}

/* ---- gold records whose labels have to be found ---- */

static int compare_str(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Into meta: sorted, each once. */
static int found_labels(const struct id_set *codes, json_t *meta)
{
    const char **v = mem_alloc(codes->used, sizeof *v);
    json_t *labels = json_array();
    struct buf copy = {0}; /* NUL-terminated */
    size_t i = 0, n;
    int rc = v && labels ? buf_reserve(&copy, codes->text.n + 1) : err_nomem(0);
    for (size_t at = 0; !rc && at < codes->text.n; at += sizeof n + n) {
        memcpy(&n, codes->text.p + at, sizeof n);
        v[i++] = copy.p + copy.n;
        rc = buf_add(&copy, codes->text.p + at + sizeof n, n);
        if (!rc)
            rc = buf_add(&copy, "", 1);
    }
    if (!rc) {
        qsort(v, i, sizeof *v, compare_str);
        for (size_t k = 0; k < i; k++)
            json_array_append_new(labels, json_string(v[k]));
        json_object_set(meta, "labels", labels);
        if (!json_object_get(meta, "label_set"))
            json_object_set_new(meta, "label_set", json_string("found"));
    }
    json_decref(labels);
    free(v);
    buf_free(&copy);
    return rc;
}

static int hold(struct import *im)
{
    size_t *end = mem_grow(im->held_end, im->n_held + 1, sizeof *end);
    if (!end)
        return E_NOMEM;
    im->held_end = end;
    TRY(buf_add(&im->held, im->sb.data, im->sb.size));
    end[im->n_held++] = im->held.n;
    return 0;
}

static int add_codes(const struct import *im, struct id_set *codes)
{
    const msgpack_object *c = rec_get(&im->rec.data, "codes");
    for (uint32_t i = 0; i < c->via.array.size; i++) {
        const msgpack_object_str *t = &c->via.array.ptr[i].via.str;
        if (!t->size || memchr(t->ptr, 0, t->size))
            return at_line(im, err_set(E_DATA, "field codes: a code is empty or holds a NUL"));
        if (id_set_add(codes, t->ptr, t->size) > 1)
            return E_NOMEM;
    }
    return 0;
}

int import_gold(struct import *im, json_t *j, json_t *meta)
{
    struct id_set codes = {0};
    int rc = 0;
    while (j && !rc) {
        rc = import_record(im, j);
        json_decref(j);
        j = NULL;
        if (!rc)
            rc = add_codes(im, &codes);
        if (!rc)
            rc = hold(im);
        if (!rc)
            rc = import_json(im, &j);
    }
    json_decref(j);
    if (!rc)
        rc = found_labels(&codes, meta);
    id_set_free(&codes);
    return rc;
}

void import_close(struct import *im)
{
    if (im->fd > STDIN_FILENO)
        close(im->fd);
    buf_free(&im->in);
    buf_free(&im->held);
    free(im->held_end);
    id_set_free(&im->ids);
    msgpack_sbuffer_destroy(&im->sb);
    msgpack_unpacked_destroy(&im->rec);
    *im = (struct import){0};
}
