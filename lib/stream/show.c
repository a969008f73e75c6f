/* Records and headers as text for people: see show.h. Tests: tests/cli/rec-cat.sh */
#include "lib/stream/show.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

static int write_block(struct buf *b, const char *p, size_t n)
{
    TRY(buf_add(b, p, n));
    return n && p[n - 1] == '\n' ? 0 : buf_str(b, "\n");
}

static int write_field(struct buf *b, const msgpack_object *o, const char *field)
{
    const char *p;
    size_t n;
    return rec_str(o, field, &p, &n) && n ? write_block(b, p, n) : 0;
}

static int write_note(struct buf *b, const msgpack_object *rec)
{
    const char *p = NULL;
    size_t n = 0, spans;
    int64_t *v;
    rec_str(rec, "text", &p, &n);
    TRY(rec_spans(rec, "spans", n, false, &v, &spans));
    int rc = v ? 0 : write_block(b, p, n);
    for (size_t i = 0; i < spans && !rc; i++)
        rc = write_block(b, p + v[2 * i], (size_t)(v[2 * i + 1] - v[2 * i]));
    free(v);
    return rc;
}

int show_text(struct buf *b, const struct schema *schema, const msgpack_object *rec)
{
    if (strcmp(schema->name, "note") == 0)
        return write_note(b, rec);
    TRY(write_field(b, rec, "title"));
    TRY(write_field(b, rec, "description"));
    const msgpack_object *terms = rec_get(rec, "terms");
    for (uint32_t i = 0; terms && i < terms->via.array.size; i++)
        TRY(write_field(b, &terms->via.array.ptr[i], "text"));
    return 0;
}

/* Words of a header, from whoever wrote it: nothing that steers a terminal. */
static int write_words(struct buf *b, const char *p)
{
    for (; *p; p++)
        TRY(buf_add(b, (unsigned char)*p < ' ' || *p == 0x7f ? "?" : p, 1));
    return 0;
}

/* JSON of j in one line, with long arrays cut and arrays of objects only counted: a header may hold thousands of labels
 * and, within meta, a model's own history. */
static int write_short(struct buf *b, const json_t *j)
{
    enum { SHOWN = 6 };
    const char *key;
    json_t *v;
    size_t i;
    if (json_is_object(j)) {
        size_t k = 0;
        TRY(buf_str(b, "{"));
        json_object_foreach((json_t *)j, key, v) {
            TRY(buf_str(b, k++ ? ", \"" : "\""));
            TRY(write_words(b, key));
            TRY(buf_str(b, "\":"));
            TRY(write_short(b, v));
        }
        return buf_str(b, "}");
    }
    if (json_is_array(j)) {
        size_t n = json_array_size(j);
        if (json_is_object(json_array_get(j, 0)))
            return buf_fmt(b, "[... %zu]", n);
        TRY(buf_str(b, "["));
        json_array_foreach(j, i, v) {
            if (i == SHOWN && n > SHOWN + 1)
                return buf_fmt(b, ", ... %zu in all]", n);
            TRY(i ? buf_str(b, ", ") : 0);
            TRY(write_short(b, v));
        }
        return buf_str(b, "]");
    }
    char *t = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    int rc = t ? write_words(b, t) : err_nomem(0);
    free(t);
    return rc;
}

int show_header(struct buf *b, const struct stream *s)
{
    size_t i;
    json_t *e;
    TRY(buf_fmt(b, "schema   %s\noracle   %s\nmeta     ", stream_schema(s)->name,
                stream_oracle(s) ? "yes" : "no"));
    TRY(write_short(b, stream_meta(s)));
    TRY(buf_str(b, "\nhistory\n"));
    json_array_foreach(stream_history(s), i, e) {
        const json_t *version = json_object_get(e, "version"), *opts = json_object_get(e, "options");
        const json_t *from = json_object_get(e, "from");
        TRY(buf_fmt(b, "  %zu  ", i));
        TRY(write_words(b, json_string_value(json_object_get(e, "tool"))));
        TRY(buf_str(b, " "));
        TRY(write_words(b, json_is_string(version) ? json_string_value(version) : "?"));
        for (size_t k = 0; k < json_array_size(from); k++)
            TRY(buf_fmt(b, "%s%lld", k ? "," : "  from ",
                        (long long)json_integer_value(json_array_get(from, k))));
        TRY(buf_str(b, "  "));
        TRY(opts ? write_short(b, opts) : 0);
        TRY(buf_str(b, "\n"));
    }
    return 0;
}
