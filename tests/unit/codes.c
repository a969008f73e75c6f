/* Label lookup and reading of generated code lists (lib/text/codes.c). */
#include "lib/text/codes.h"
#include "lib/util/err.h"
#include "tests/test.h"

int main(void)
{
    struct codes *c = NULL, *bad = NULL;
    json_t *labels = json_pack("[s,s,s,s]", "428.0", "401.9", "V58.61", "38.93");
    CHECK(codes_new(&c, labels) == 0);
    CHECK(codes_count(c) == 4);
    CHECK(codes_find(c, "401.9", 5) == 1 && codes_find(c, "38.93", 5) == 3 && codes_find(c, "428.0", 5) == 0);
    CHECK(codes_find(c, "401", 3) == -1 && codes_find(c, "401.90", 6) == -1 && codes_find(c, "", 0) == -1);
    CHECK(!strcmp(codes_name(c, 2), "V58.61"));
    DONE("find");

    uint8_t set[4] = {0};
    const char *text = "401.9, 428.0;V58.61\n401.9 250.00,, 4280";
    CHECK(codes_parse(c, text, strlen(text), set) == 2);
    CHECK(set[0] == 1 && set[1] == 1 && set[2] == 1 && set[3] == 0);
    CHECK(codes_parse(c, "", 0, set) == 0 && codes_parse(c, " , ;", 4, set) == 0);
    CHECK(codes_parse(c, "v58.61", 6, set) == 1); /* codes are upper case: nothing is guessed */
    DONE("parse");

    json_t *twice = json_pack("[s,s]", "401.9", "401.9"), *number = json_pack("[i]", 4019), *none = json_array();
    CHECK(codes_new(&bad, twice) == E_DATA && codes_new(&bad, number) == E_DATA && codes_new(&bad, none) == E_DATA);
    CHECK(codes_new(&bad, NULL) == E_DATA && bad == NULL);
    DONE("bad label sets");
    json_decref(labels);
    json_decref(twice);
    json_decref(number);
    json_decref(none);
    codes_free(c);
    TEST_EXIT();
}
