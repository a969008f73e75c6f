/* Any bytes as a stream; each record becomes JSON and msgpack again, of the same meaning. */
#include "lib/stream/internal.h"
#include "tests/fuzz/fuzz.h"

static void there_and_back(const struct schema *schema, const msgpack_object *rec)
{
    struct buf before = {0}, after = {0};
    json_t *j = NULL;
    msgpack_sbuffer sb;
    msgpack_packer pk;
    msgpack_unpacked u;
    msgpack_sbuffer_init(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    msgpack_unpacked_init(&u);
    FUZZ_CHECK(!json_write(&before, rec));
    FUZZ_CHECK(!json_from_mp(rec, &j));
    FUZZ_CHECK(!pk_json(&pk, j));
    FUZZ_CHECK(!record_check(schema, &u, sb.data, sb.size));
    FUZZ_CHECK(!json_write(&after, &u.data));
    FUZZ_CHECK(before.n == after.n && !memcmp(before.p, after.p, before.n));
    json_decref(j);
    msgpack_sbuffer_destroy(&sb);
    msgpack_unpacked_destroy(&u);
    buf_free(&before);
    buf_free(&after);
}

static void fields(const msgpack_object *rec)
{
    static const char *const names[] = {"spans", "offsets", "parts"};
    for (int i = 0; i < 3; i++) {
        int64_t *v;
        size_t n;
        if (!fuzz_rc(rec_spans(rec, names[i], 1000, i, &v, &n)))
            free(v);
    }
    const msgpack_object *o = rec_get(rec, "ids");
    int32_t *ids;
    int64_t n;
    if (o && o->type == MSGPACK_OBJECT_BIN && !fuzz_rc(rec_ids(rec, "ids", 32000, &ids, &n)))
        free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream *s;
    const msgpack_object *rec;
    enum stream_got got;
    int rc = 0;
    if (fuzz_rc(stream_open(&s, fuzz_file("any.icds", data, size), NULL)))
        return 0;
    while ((got = stream_next(s, &rec, &rc)) == STREAM_RECORD) {
        there_and_back(stream_schema(s), rec);
        fields(rec);
    }
    FUZZ_CHECK(got == STREAM_END || fuzz_rc(rc));
    const json_t *h[] = {stream_history(s), stream_history(s)}, *l[] = {stream_lineage(s), stream_lineage(s)};
    json_decref(history_merge(h, 2));
    if (got == STREAM_END)
        json_decref(lineage_merge(l, 2));
    stream_close(s);
    return 0;
}
