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
    CHECK(codes_parse(&l, text, strlen(text), false, set) == 2);
    CHECK(set[0] == 1 && set[1] == 1 && set[2] == 1 && set[3] == 0);
    CHECK(codes_parse(&l, "38.93", 5, false, set) == 0 && set[3] == 1);
    DONE("items");
    memset(set, 0, sizeof set);
    CHECK(codes_parse(&l, "", 0, false, set) == 0 && codes_parse(&l, " , ;", 4, false, set) == 0);
    CHECK(codes_parse(&l, "v58.61", 6, false, set) == 1 && codes_parse(&l, "401.9.", 6, false, set) == 1);
    CHECK(codes_parse(&l, "\0", 1, false, set) == 1 && codes_parse(&l, "401.90", 5, false, set) == 0);
    CHECK(!set[0] && set[1] && !set[2] && !set[3]);
    DONE("nothing is guessed");
    memset(set, 0, sizeof set);
    text = "428.0 (CHF (congestive), NOS; 38.93),  401.9  (x";
    CHECK(codes_parse(&l, text, strlen(text), false, set) == 0 && set[0] && set[1] && !set[2] && !set[3]);
    memset(set, 0, sizeof set);
    CHECK(codes_parse(&l, "(428.0) 401.9, (x) V58.61(y)", 28, false, set) == 3 && !set[0] && set[1] && !set[2]);
    CHECK(codes_parse(&l, "250.00 (diabetes), 38.93", 24, false, set) == 1 && set[3]);
    CHECK(codes_parse(&l, "38.93 (x) y", 11, false, set) == 1 && codes_parse(&l, "38.93 ()401.9", 13, false, set) == 0);
    DONE("descriptions in parentheses");
    /* What a limit cut off: 38.9 of 38.93, a description, nothing. */
    static const struct {
        const char *text;
        int64_t unknown;
        uint8_t set[4];
    } cut[] = {{"401.9, 38.93", 0, {0, 1, 0, 0}},       {"401.9, 38.9", 0, {0, 1, 0, 0}},
               {"401.9, 38.93,", 0, {0, 1, 0, 1}},      {"401.9, 38.93 ", 0, {0, 1, 0, 1}},
               {"401.9 (hyper", 0, {0, 1, 0, 0}},       {"9, 401.9 (hyper) ", 1, {0, 1, 0, 0}},
               {"401.9 (hyper), 38", 0, {0, 1, 0, 0}},  {"38.93", 0, {0}},
               {"", 0, {0}},                            {"38.9, 38.93\n", 1, {0, 0, 0, 1}}};
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        memset(set, 0, sizeof set);
        CHECK(codes_parse(&l, cut[i].text, strlen(cut[i].text), true, set) == cut[i].unknown);
        CHECK(!memcmp(set, cut[i].set, sizeof set));
    }
    DONE("a text that was cut says nothing with its last item");
    static const char *const again[] = {"401.9, 401.9,", "401.9 401.9 ", "401.9, 428.0, 401.9;", "401.9 (x), 401.9 (",
                                        "401.9, 401.9, 38"};
    static const char *const fresh[] = {"401.9, 401.9", "401.9, 428.0,", "401.9, 40, 40,", "", ",", "401.9 (401.9), 40",
                                        "38.93, 38.9,", "401.9, 401.9, 428.0,"};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++)
        CHECK(codes_again(&l, again[i], strlen(again[i])));
    for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++)
        CHECK(!codes_again(&l, fresh[i], strlen(fresh[i])));
    DONE("a code that stands twice");
    labels_close(&l);
    json_decref(meta);
    TEST_EXIT();
}
