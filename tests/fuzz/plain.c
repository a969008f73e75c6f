/* Predictions of another system, in text, for three gold notes. The last byte chooses whether codes may differ. */
#include "lib/metric/plain.h"
#include "lib/metric/preds.h"
#include "lib/stream/stream.h"
#include "tests/fuzz/fuzz.h"

static void note(struct gold *g, const char *id, const char *code, uint64_t number)
{
    msgpack_sbuffer sb;
    msgpack_packer pk;
    msgpack_unpacked u;
    size_t at = 0;
    msgpack_sbuffer_init(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    msgpack_unpacked_init(&u);
    msgpack_pack_map(&pk, 3);
    pk_str(&pk, "id");
    pk_str(&pk, id);
    pk_str(&pk, "split");
    pk_str(&pk, "test");
    pk_str(&pk, "codes");
    msgpack_pack_array(&pk, 1);
    pk_str(&pk, code);
    FUZZ_CHECK(msgpack_unpack_next(&u, sb.data, sb.size, &at) == MSGPACK_UNPACK_SUCCESS);
    FUZZ_CHECK(!gold_record(g, &u.data, number));
    msgpack_unpacked_destroy(&u);
    msgpack_sbuffer_destroy(&sb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gold g;
    if (!g.n) {
        json_t *meta = json_pack("{s:[s,s,s]}", "labels", "401.9", "428.0", "I10");
        FUZZ_CHECK(!gold_open(&g, "gold", meta));
        json_decref(meta);
        note(&g, "1", "401.9", 1);
        note(&g, "2", "428.0", 2);
        note(&g, "n3", "I10", 3);
        FUZZ_CHECK(!gold_sort(&g));
    }
    bool strict = fuzz_choice(data, &size, 2);
    const char *path = fuzz_file("preds", data, size);
    struct preds p;
    plain_is(path);
    if (!fuzz_rc(preds_open(&p, &g, "preds", strict)) && !fuzz_rc(plain_read(&p, path)) &&
        !fuzz_rc(preds_join(&p, NULL))) {
        double t[3] = {0.5, 0.5, 0.5}, *outside = calloc(p.n_outside + 1, sizeof *outside);
        struct metric_set s = {0};
        struct metric_note *notes = NULL;
        FUZZ_CHECK(outside);
        if (!p.scores || !fuzz_rc(preds_threshold(&p, t, outside)))
            if (!fuzz_rc(preds_set(&p, &s, &notes)))
                preds_split(&p);
        metric_close(&s);
        free(notes);
        free(outside);
    }
    preds_close(&p);
    return 0;
}
