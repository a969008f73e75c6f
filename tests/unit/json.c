/* JSON <-> msgpack: exact both ways, special forms, what is refused. */
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"

static msgpack_sbuffer sb;
static msgpack_packer pk;

static void fresh(void)
{
    msgpack_sbuffer_clear(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
}

/* The value packed in sb as JSON text (malloc'd). */
static char *text_of(void)
{
    msgpack_unpacked u;
    size_t used = 0;
    struct buf b = {0};
    msgpack_unpacked_init(&u);
    CHECK(msgpack_unpack_next(&u, sb.data, sb.size, &used) == MSGPACK_UNPACK_SUCCESS && used == sb.size);
    CHECK(json_write(&b, &u.data) == 0 && buf_add(&b, "", 1) == 0);
    msgpack_unpacked_destroy(&u);
    return b.p;
}

/* Packed value -> JSON text -> packed value: the same bytes. `want`: the text, when given. */
static bool goes_round(const char *want)
{
    char *t = text_of();
    bool good = !want || strcmp(t, want) == 0;
    if (!good)
        fprintf(stderr, "got %s\n", t);
    json_t *j = json_loads(t, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    msgpack_sbuffer old = sb;
    msgpack_sbuffer_init(&sb);
    fresh();
    good &= j && pk_json(&pk, j) == 0 && sb.size == old.size && memcmp(sb.data, old.data, sb.size) == 0;
    msgpack_sbuffer_destroy(&old);
    json_decref(j);
    free(t);
    return good;
}

static bool refuses(const char *t)
{
    json_t *j = json_loads(t, JSON_DECODE_ANY, NULL);
    fresh();
    int rc = j ? pk_json(&pk, j) : 0;
    json_decref(j);
    return rc == E_DATA;
}

#define ROUND(want, pack) (fresh(), pack, goes_round(want))

int main(void)
{
    msgpack_sbuffer_init(&sb);
    CHECK(ROUND("null", msgpack_pack_nil(&pk)) && ROUND("true", msgpack_pack_true(&pk)) &&
          ROUND("false", msgpack_pack_false(&pk)));
    CHECK(ROUND("0", msgpack_pack_int64(&pk, 0)) && ROUND("-1", msgpack_pack_int64(&pk, -1)));
    CHECK(ROUND("9223372036854775807", msgpack_pack_int64(&pk, INT64_MAX)) &&
          ROUND("-9223372036854775808", msgpack_pack_int64(&pk, INT64_MIN)));
    CHECK(ROUND("{\"$u64\":\"9223372036854775808\"}", msgpack_pack_uint64(&pk, 1ull << 63)) &&
          ROUND("{\"$u64\":\"18446744073709551615\"}", msgpack_pack_uint64(&pk, ~0ull)));
    DONE("whole numbers");

    CHECK(ROUND("0.1", msgpack_pack_double(&pk, 0.1)) && ROUND("1.0", msgpack_pack_double(&pk, 1)) &&
          ROUND("-0.0", msgpack_pack_double(&pk, -0.0)) && ROUND("1e+300", msgpack_pack_double(&pk, 1e300)) &&
          ROUND("0.3333333333333333", msgpack_pack_double(&pk, 1.0 / 3)) &&
          ROUND(NULL, msgpack_pack_double(&pk, 5e-324)));
    CHECK(ROUND("{\"$f32\":0.1}", msgpack_pack_float(&pk, 0.1f)) &&
          ROUND("{\"$f32\":3.0}", msgpack_pack_float(&pk, 3)));
    CHECK(ROUND("{\"$f64\":\"0x7ff0000000000000\"}", msgpack_pack_double(&pk, HUGE_VAL)) &&
          ROUND("{\"$f32\":\"0xff800000\"}", msgpack_pack_float(&pk, -HUGE_VALF)) &&
          ROUND(NULL, msgpack_pack_double(&pk, nan(""))) && ROUND(NULL, msgpack_pack_float(&pk, -nanf("7"))));
    struct rng r = rng_new(5, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rng_u64(&r);
        uint32_t bits32 = (uint32_t)bits;
        double d;
        float f;
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &bits32, sizeof f);
        /* A signalling NaN may turn quiet on its way through a register, before it comes to us. */
        CHECK(isnan(d) || ROUND(NULL, msgpack_pack_double(&pk, d)));
        CHECK(isnan(f) || ROUND(NULL, msgpack_pack_float(&pk, f)));
    }
    DONE("reals");

    CHECK(ROUND("\"\"", pk_str(&pk, "")) && ROUND("\"a\\\"\\\\\\b\\f\\n\\r\\t/\"", pk_str(&pk, "a\"\\\b\f\n\r\t/")));
    CHECK(ROUND("\"x\\u0000\\u0001\\u007fy\"", pk_strn(&pk, "x\0\1\177y", 5)) && ROUND("\"é😀\"", pk_str(&pk, "é😀")));
    CHECK(ROUND("{\"$bin\":\"\"}", pk_bin(&pk, "", 0)) && ROUND("{\"$bin\":\"AA==\"}", pk_bin(&pk, "", 1)) &&
          ROUND("{\"$bin\":\"AP8=\"}", pk_bin(&pk, "\0\xff", 2)) &&
          ROUND("{\"$bin\":\"Zm9v\"}", pk_bin(&pk, "foo", 3)));
    for (size_t n = 0; n < 200; n++) {
        unsigned char bytes[200];
        for (size_t i = 0; i < n; i++)
            bytes[i] = (unsigned char)rng_u64(&r);
        CHECK(ROUND(NULL, pk_bin(&pk, bytes, n)));
    }
    CHECK(ROUND("{\"$ext\":[-3,\"AQI=\"]}", msgpack_pack_ext_with_body(&pk, "\1\2", 2, -3)));
    DONE("strings and binary");

    fresh();
    msgpack_pack_map(&pk, 1);
    pk_str(&pk, "$bin");
    pk_str(&pk, "not ours");
    CHECK(goes_round("{\"$map\":{\"$bin\":\"not ours\"}}"));
    fresh();
    msgpack_pack_map(&pk, 2);
    pk_str(&pk, "$bin");
    msgpack_pack_array(&pk, 2);
    msgpack_pack_map(&pk, 0);
    msgpack_pack_array(&pk, 0);
    pk_str(&pk, "b");
    msgpack_pack_nil(&pk);
    CHECK(goes_round("{\"$bin\":[{},[]],\"b\":null}"));
    DONE("maps and arrays");

    CHECK(refuses("{\"$bin\":\"A\"}") && refuses("{\"$bin\":\"AA=A\"}") && refuses("{\"$bin\":\"A===\"}") &&
          refuses("{\"$bin\":\"AB==\"}") && refuses("{\"$bin\":\"A B=\"}") && refuses("{\"$bin\":7}"));
    CHECK(refuses("{\"$u64\":\"-1\"}") && refuses("{\"$u64\":\"18446744073709551616\"}") && refuses("{\"$u64\":\"\"}"));
    CHECK(refuses("{\"$f64\":\"0x7ff\"}") && refuses("{\"$f64\":1.5}") && refuses("{\"$f32\":\"nan\"}") &&
          refuses("{\"$f32\":1e39}") && refuses("{\"$ext\":[200,\"\"]}") && refuses("{\"$ext\":[1]}") &&
          refuses("{\"$x\":1}"));
    DONE("malformed special forms");

    /* base64 of 1..3 random characters: taken only if it is what we would write */
    static const char set[] = "AQgwZ+/=";
    for (int i = 0; i < 4096; i++) {
        char b64[5] = {set[i & 7], set[i >> 3 & 7], set[i >> 6 & 7], set[i >> 9 & 7], 0}, t[40];
        snprintf(t, sizeof t, "{\"$bin\":\"%s\"}", b64);
        json_t *j = json_loads(t, 0, NULL);
        fresh();
        if (pk_json(&pk, j) == 0)
            CHECK(goes_round(t));
        json_decref(j);
    }
    DONE("base64 has one spelling");

    json_t *j;
    msgpack_object o = {.type = MSGPACK_OBJECT_STR};
    o.via.str.ptr = "\xff";
    o.via.str.size = 1;
    CHECK(json_from_mp(&o, &j) == E_DATA && !j);
    msgpack_object_kv kv = {.key = {.type = MSGPACK_OBJECT_NIL}, .val = {.type = MSGPACK_OBJECT_NIL}};
    o = (msgpack_object){.type = MSGPACK_OBJECT_MAP, .via.map = {1, &kv}};
    CHECK(json_from_mp(&o, &j) == E_DATA && !j);
    DONE("json_from_mp refuses what JSON cannot hold");
    msgpack_sbuffer_destroy(&sb);
    TEST_EXIT();
}
