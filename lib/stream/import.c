/* JSON lines as records, with line numbers in every complaint and none of the text. Tests: tests/cli/rec-cat.sh */
#include "lib/stream/import.h"
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    *im = (struct import){0};
    msgpack_sbuffer_init(&im->sb);
    msgpack_unpacked_init(&im->rec);
    bool std = !path || strcmp(path, "-") == 0;
    struct stat st;
    im->name = std ? "standard input" : path_base(path);
    if (!std && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(E_NOINPUT, "%s: is a directory", path);
    im->f = std ? stdin : fopen(path, "re");
    return im->f ? 0 : err_set(E_NOINPUT, "%s: %s", path, strerror(errno));
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
        return err_nomem(im->cap);
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

int import_json(struct import *im, json_t **j)
{
    ssize_t n;
    *j = NULL;
    do {
        errno = 0;
        n = getline(&im->line, &im->cap, im->f);
        if (n < 0 && (ferror(im->f) || errno == ENOMEM))
            return err_set(errno == ENOMEM ? E_NOMEM : E_IO, "%s: %s", im->name, strerror(errno));
        if (n < 0)
            return 0;
        im->number++;
    } while (strspn(im->line, " \t\r\n") == (size_t)n);
    if ((uint64_t)n > RECORD_MAX)
        return at_line(im, err_set(E_DATA, "longer than %llu bytes", RECORD_MAX));
    json_error_t e;
    *j = json_loadb(im->line, (size_t)n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
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

void import_close(struct import *im)
{
    if (im->f && im->f != stdin)
        fclose(im->f);
    free(im->line);
    id_set_free(&im->ids);
    msgpack_sbuffer_destroy(&im->sb);
    msgpack_unpacked_destroy(&im->rec);
    *im = (struct import){0};
}
