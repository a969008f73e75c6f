/* JSON lines as records, with line numbers in every complaint and none of the text. Tests: tests/cli/rec-cat.sh */
#include "lib/stream/import.h"
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

int import_open(struct import *im, const char *path)
{
    *im = (struct import){0};
    msgpack_sbuffer_init(&im->sb);
    msgpack_unpacked_init(&im->rec);
    return lines_open(&im->in, path, RECORD_MAX);
}

/* jansson's own message quotes the text, so only its kind and place are told. */
static int not_json(const struct import *im, size_t n, const json_error_t *e)
{
    const char *what;
    switch (json_error_code(e)) {
    case json_error_out_of_memory:
        return err_nomem(n);
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
    return lines_bad(&im->in, err_set(E_DATA, "column %d: %s", e->column, what));
}

static bool blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ' && p[i] != '\t')
            return false;
    return true;
}

int import_json(struct import *im, json_t **j)
{
    char *line;
    size_t n;
    json_error_t e;
    *j = NULL;
    do {
        TRY(lines_next(&im->in, &line, &n));
        if (!line)
            return 0;
    } while (blank(line, n));
    *j = json_loadb(line, n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
    return *j ? 0 : not_json(im, n, &e);
}

int import_record(struct import *im, json_t *j)
{
    msgpack_packer pk;
    const char *id;
    size_t n;
    msgpack_sbuffer_clear(&im->sb);
    pk_init(&pk, &im->sb);
    int rc = im->judge ? im->judge(im->judge_ctx, j) : 0;
    if (!rc)
        rc = pk_json(&pk, j);
    if (!rc)
        rc = record_check(im->schema, &im->rec, im->sb.data, im->sb.size);
    if (!rc && im->unique_ids && rec_str(&im->rec.data, "id", &id, &n)) {
        rc = names_add(&im->ids, id, n, NULL);
        if (rc == 1)
            rc = err_set(E_DATA, "field id: an earlier record has the same");
    }
    return rc ? lines_bad(&im->in, rc) : 0;
}

/* ---- gold records whose labels have to be found ---- */

static int compare_str(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Into meta: sorted, each once. */
static int found_labels(const struct names *codes, json_t *meta)
{
    const char **v = mem_alloc(codes->n, sizeof *v);
    json_t *labels = json_array();
    int rc = v && labels ? 0 : err_nomem(codes->n);
    if (!rc) {
        for (uint32_t i = 0; i < codes->n; i++)
            v[i] = names_at(codes, i, NULL);
        mem_sort(v, codes->n, sizeof *v, compare_str);
        for (size_t k = 0; k < codes->n; k++)
            json_array_append_new(labels, json_string(v[k]));
        json_object_set(meta, "labels", labels);
        if (!json_object_get(meta, "label_set"))
            json_object_set_new(meta, "label_set", json_string("found"));
    }
    json_decref(labels);
    free(v);
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

static int add_codes(const struct import *im, struct names *codes)
{
    const msgpack_object *c = rec_get(&im->rec.data, "codes");
    for (uint32_t i = 0; i < c->via.array.size; i++) {
        const msgpack_object_str *t = &c->via.array.ptr[i].via.str;
        if (names_add(codes, t->ptr, t->size, NULL) > 1)
            return E_NOMEM;
    }
    return 0;
}

int import_gold(struct import *im, json_t *j, json_t *meta)
{
    struct names codes = {0};
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
    names_free(&codes);
    return rc;
}

void import_close(struct import *im)
{
    lines_close(&im->in);
    buf_free(&im->held);
    free(im->held_end);
    names_free(&im->ids);
    msgpack_sbuffer_destroy(&im->sb);
    msgpack_unpacked_destroy(&im->rec);
    *im = (struct import){0};
}
