/* Records against the table of schemas. Records are written as JSON here. */
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include "tests/test.h"

static msgpack_sbuffer sb;

/* schema_check of a record given as JSON; 0 or a code. */
static int check(const char *schema, const char *text)
{
    msgpack_packer pk;
    msgpack_unpacked u;
    size_t used = 0;
    msgpack_sbuffer_clear(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!j || pk_json(&pk, j))
        return -1;
    json_decref(j);
    msgpack_unpacked_init(&u);
    int rc = msgpack_unpack_next(&u, sb.data, sb.size, &used) == MSGPACK_UNPACK_SUCCESS
                 ? schema_check(schema_find(schema), &u.data) : -1;
    msgpack_unpacked_destroy(&u);
    return rc;
}

static bool says(const char *schema, const char *text, const char *message)
{
    int rc = check(schema, text);
    if (rc != E_DATA || strcmp(err_msg(), message))
        fprintf(stderr, "%s: %d '%s'\n", text, rc, err_msg());
    return rc == E_DATA && strcmp(err_msg(), message) == 0;
}

/* A map {"id":"1","text":VALUE-bytes} or with a raw key. */
static int check_raw(const char *key, size_t nk, const char *val, size_t nv)
{
    msgpack_packer pk;
    msgpack_unpacked u;
    size_t used = 0;
    msgpack_sbuffer_clear(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    msgpack_pack_map(&pk, 3);
    pk_str(&pk, "id");
    pk_str(&pk, "1");
    pk_str(&pk, "text");
    pk_strn(&pk, val, nv);
    pk_strn(&pk, key, nk);
    msgpack_pack_nil(&pk);
    msgpack_unpacked_init(&u);
    int rc = msgpack_unpack_next(&u, sb.data, sb.size, &used) == MSGPACK_UNPACK_SUCCESS
                 ? schema_check(schema_find("note"), &u.data) : -1;
    msgpack_unpacked_destroy(&u);
    return rc;
}

static bool text_ok(const char *s)
{
    int rc = check_raw("k", 1, s, strlen(s));
    bool told = rc == 0 || (strstr(err_msg(), "field text") && !strstr(err_msg(), s));
    return rc == 0 && told;
}

int main(void)
{
    msgpack_sbuffer_init(&sb);
    int n = 0;
    for (const struct schema *s; (s = schema_at(n)); n++)
        CHECK(schema_find(s->name) == s);
    CHECK(n == 8 && !schema_at(-1) && !schema_find("nope") && !schema_find(""));
    DONE("table");

    CHECK(check("note", "{\"id\":\"1\",\"text\":\"t\"}") == 0);
    CHECK(
        check("note",
              "{\"id\":\"1\",\"text\":\"t\",\"split\":\"dev\",\"parts\":[],\"spans\":[[0,1]],\"more\":{\"a\":[1]}}") ==
        0);
    CHECK(check("gold", "{\"id\":\"1\",\"codes\":[\"401.9\"],\"sequence\":[[\"401.9\",1]]}") == 0);
    CHECK(check("kb", "{\"code\":\"401.9\",\"terms\":[]}") == 0);
    CHECK(check("token", "{\"id\":\"1\",\"ids\":{\"$bin\":\"\"},\"offsets\":{\"$bin\":\"\"}}") == 0);
    CHECK(check("target", "{\"id\":\"1\",\"codes\":[],\"ids\":{\"$bin\":\"\"}}") == 0);
    CHECK(check("pred", "{\"id\":\"1\",\"codes\":[],\"gen\":{},\"scores\":{\"$bin\":\"\"},\"evidence\":[]}") == 0);
    CHECK(check("metric", "{\"metric\":\"f1\",\"value\":1,\"n\":3}") == 0 &&
          check("metric", "{\"metric\":\"f1\",\"value\":0.5}") == 0);
    CHECK(check("trainlog", "{\"event\":\"step\",\"step\":1,\"epoch\":0.5,\"loss\":2.5}") == 0);
    DONE("records that fit");

    CHECK(says("note", "[1]", "the record is not a map"));
    CHECK(says("note", "{\"id\":\"1\"}", "field text: missing"));
    CHECK(says("note", "{\"id\":1,\"text\":\"t\"}", "field id: not a string"));
    CHECK(says("note", "{\"id\":\"1\",\"text\":null}", "field text: not a string"));
    CHECK(says("note", "{\"id\":\"1\",\"text\":\"t\",\"spans\":{}}", "field spans: not an array"));
    CHECK(says("gold", "{\"id\":\"1\",\"codes\":[\"a\",7]}", "field codes: not an array of strings"));
    CHECK(says("gold", "{\"id\":\"1\",\"codes\":\"a\"}", "field codes: not an array of strings"));
    CHECK(says("token", "{\"id\":\"1\",\"ids\":\"abc\"}", "field ids: not binary"));
    CHECK(says("pred", "{\"id\":\"1\",\"codes\":[],\"gen\":[]}", "field gen: not a map"));
    CHECK(says("metric", "{\"metric\":\"f1\",\"value\":\"x\"}", "field value: not a number"));
    CHECK(says("metric", "{\"metric\":\"f1\",\"value\":1,\"n\":0.5}", "field n: not a whole number"));
    CHECK(says("metric", "{\"metric\":\"f1\",\"value\":1,\"n\":{\"$u64\":\"18446744073709551615\"}}",
               "field n: not a whole number"));
    DONE("records that do not");

    CHECK(text_ok("plain") && text_ok("\xc2\x80\xdf\xbf") && text_ok("\xe0\xa0\x80\xef\xbf\xbf") &&
          text_ok("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    static const char *const bad[] = {"\x80",
                                      "x\xff",
                                      "\xc0\xaf",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "\xc3",
                                      "\xf0\x9f\x98",
                                      "\xe2(\xa1",
                                      NULL};
    for (int i = 0; bad[i]; i++)
        CHECK(check_raw("k", 1, bad[i], strlen(bad[i])) == E_DATA && !strcmp(err_msg(), "field text: not UTF-8"));
    CHECK(check_raw("k", 1, "a\0b", 3) == 0);
    DONE("UTF-8");

    CHECK(check_raw("id", 2, "t", 1) == E_DATA && !strcmp(err_msg(), "a key stands twice"));
    CHECK(check_raw("\xff", 1, "t", 1) == E_DATA && check_raw("a\0b", 3, "t", 1) == E_DATA);
    CHECK(check_raw("SECRET", 6, "t", 1) == 0);
    msgpack_object nil = {.type = MSGPACK_OBJECT_NIL}, key = {.type = MSGPACK_OBJECT_STR, .via.str = {1, "a"}};
    msgpack_object_kv twice[40];
    char names[40][12];
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "%02d", i % 39);
        twice[i] = (msgpack_object_kv){key, nil};
        twice[i].key.via.str = (msgpack_object_str){2, names[i]};
    }
    msgpack_object map = {.type = MSGPACK_OBJECT_MAP, .via.map = {39, twice}};
    CHECK(value_check(&map) == 0);
    map.via.map.size = 40;
    CHECK(value_check(&map) == E_DATA && !strcmp(err_msg(), "a key stands twice"));
    msgpack_object array = {.type = MSGPACK_OBJECT_ARRAY, .via.array = {1, &map}};
    CHECK(value_check(&array) == E_DATA);
    twice[0].key = nil;
    map.via.map.size = 1;
    CHECK(value_check(&map) == E_DATA && !strcmp(err_msg(), "a key is not a string"));
    DONE("keys");
    msgpack_sbuffer_destroy(&sb);
    TEST_EXIT();
}
