/* Spans and parts against the text: see note_check.h. Tests: tests/cli/rec-cat.sh. */
#include "lib/stream/note_check.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"
#include <stdlib.h>
#include <string.h>

static int check_spans(const msgpack_object *rec, const char *text, size_t n)
{
    int64_t *v;
    size_t spans;
    int rc = 0;
    TRY(rec_spans(rec, "spans", n, false, &v, &spans));
    for (size_t i = 0; i < 2 * spans && !rc; i++)
        if (!utf8_border(text, n, (size_t)v[i]))
            rc = err_set(E_DATA, "field spans: span %zu begins or ends within a character", i / 2 + 1);
    free(v);
    return rc;
}

static int check_parts(const msgpack_object *rec, const char *text, size_t n)
{
    const msgpack_object *parts = rec_get(rec, "parts");
    int64_t last = 0, begin, end;
    for (uint32_t i = 0; parts && i < parts->via.array.size; i++) {
        const msgpack_object *part = &parts->via.array.ptr[i];
        if (!rec_int(part, "begin", &begin) || !rec_int(part, "end", &end))
            continue;
        if (begin < last || end < begin || (uint64_t)end > n)
            return err_set(E_DATA, "field parts: part %u is not within the text and behind the one before", i + 1);
        if (!utf8_border(text, n, (size_t)begin) || !utf8_border(text, n, (size_t)end))
            return err_set(E_DATA, "field parts: part %u begins or ends within a character", i + 1);
        last = begin;
    }
    return 0;
}

int note_check(const msgpack_object *rec)
{
    const char *text = "";
    size_t n = 0;
    rec_str(rec, "text", &text, &n);
    TRY(check_spans(rec, text, n));
    return check_parts(rec, text, n);
}

bool lineage_fits(const struct stream *s)
{
    const json_t *lineage = stream_lineage(s);
    size_t n = json_array_size(lineage);
    const char *digest = json_string_value(json_object_get(json_array_get(lineage, n ? n - 1 : 0), "xxh64"));
    return !n || (digest && !strcmp(digest, stream_xxh64(s)));
}
