/* Reading of generated code lists (lib/text/codes.c). */
#include "lib/text/codes.h"
#include "tests/test.h"

int main(void)
{
    struct labels l = {0};
    json_t *meta = json_pack("{s:[s,s,s,s]}", "labels", "428.0", "401.9", "V58.61", "38.93");
    uint8_t set[4] = {0};
    const char *text = "401.9, 428.0;V58.61\n401.9 250.00,, 4280";
    CHECK(labels_open(&l, meta) == 0);
    CHECK(codes_parse(&l, text, strlen(text), set) == 2);
    CHECK(set[0] == 1 && set[1] == 1 && set[2] == 1 && set[3] == 0);
    CHECK(codes_parse(&l, "38.93", 5, set) == 0 && set[3] == 1);
    DONE("items");
    memset(set, 0, sizeof set);
    CHECK(codes_parse(&l, "", 0, set) == 0 && codes_parse(&l, " , ;", 4, set) == 0);
    CHECK(codes_parse(&l, "v58.61", 6, set) == 1 && codes_parse(&l, "401.9.", 6, set) == 1);
    CHECK(codes_parse(&l, "\0", 1, set) == 1 && codes_parse(&l, "401.90", 5, set) == 0);
    CHECK(!set[0] && set[1] && !set[2] && !set[3]);
    DONE("nothing is guessed");
    memset(set, 0, sizeof set);
    text = "428.0 (CHF (congestive), NOS; 38.93),  401.9  (x";
    CHECK(codes_parse(&l, text, strlen(text), set) == 0 && set[0] && set[1] && !set[2] && !set[3]);
    memset(set, 0, sizeof set);
    CHECK(codes_parse(&l, "(428.0) 401.9, (x) V58.61(y)", 28, set) == 3 && !set[0] && set[1] && !set[2]);
    CHECK(codes_parse(&l, "250.00 (diabetes), 38.93", 24, set) == 1 && set[3]);
    CHECK(codes_parse(&l, "38.93 (x) y", 11, set) == 1 && codes_parse(&l, "38.93 ()401.9", 13, set) == 0);
    DONE("descriptions in parentheses");
    labels_close(&l);
    json_decref(meta);
    TEST_EXIT();
}
