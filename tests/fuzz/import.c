/* JSON lines as records of each schema, as rec-cat --from-json takes them; back in JSON they are the same. The last
 * byte chooses schema and whether ids are unique. */
#include "lib/ingest/bare.h"
#include "lib/stream/import.h"
#include "lib/stream/internal.h"
#include "tests/fuzz/fuzz.h"

static void again(const struct import *im)
{
    struct buf b = {0};
    json_t *j = NULL, *k;
    json_error_t e;
    msgpack_sbuffer sb;
    msgpack_packer pk;
    msgpack_sbuffer_init(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    FUZZ_CHECK(!json_write(&b, &im->rec.data));
    FUZZ_CHECK(!json_from_mp(&im->rec.data, &j));
    FUZZ_CHECK(!pk_json(&pk, j));
    FUZZ_CHECK(sb.size == im->sb.size && !memcmp(sb.data, im->sb.data, sb.size));
    k = json_loadb(b.p, b.n, JSON_ALLOW_NUL, &e);
    FUZZ_CHECK(k && json_equal(j, k));
    json_decref(j);
    json_decref(k);
    msgpack_sbuffer_destroy(&sb);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = fuzz_choice(data, &size, 32);
    const struct schema *schema = schema_at((int)how & 7);
    struct import im;
    json_t *j = NULL;
    if (!schema || fuzz_rc(import_open(&im, fuzz_file("lines.ndjson", data, size))))
        return 0;
    struct bare bare = {.schema = schema->name};
    im.schema = schema;
    im.unique_ids = how & 8;
    if (how & 16) {
        im.judge = bare_judge;
        im.judge_ctx = &bare;
    }
    if (!strcmp(schema->name, "gold") && how & 8) {
        json_t *meta = json_object();
        if (!fuzz_rc(import_json(&im, &j)) && j)
            fuzz_rc(import_gold(&im, j, meta));
        json_decref(meta);
    } else {
        int rc = 0;
        while (!rc && !fuzz_rc(import_json(&im, &j)) && j) {
            rc = fuzz_rc(import_record(&im, j));
            json_decref(j);
            if (!rc)
                again(&im);
        }
    }
    import_close(&im);
    return 0;
}
