/* lib/util/names: strings, each once, numbered. */
#include "lib/util/names.h"
#include "tests/test.h"

int main(void)
{
    struct names s = {0};
    uint32_t place;
    CHECK(names_find(&s, "a", 1) == -1);
    CHECK(names_add(&s, "a", 1, &place) == 0 && place == 0);
    CHECK(names_add(&s, "", 0, &place) == 0 && place == 1);
    CHECK(names_add(&s, "a\0b", 3, &place) == 0 && place == 2);
    CHECK(names_add(&s, "a", 1, &place) == 1 && place == 0);
    CHECK(names_add(&s, "a\0b", 3, NULL) == 1 && s.n == 3);
    CHECK(names_find(&s, "a\0c", 3) == -1 && names_find(&s, "a\0b", 3) == 2 && names_find(&s, "", 0) == 1);
    DONE("empty strings and NULs are strings as others");

    char name[16];
    int bad = 0;
    for (int i = 0; i < 5000; i++)
        bad += names_add(&s, name, (size_t)sprintf(name, "n%d", i), &place) != 0 || place != (uint32_t)i + 3;
    for (int i = 0; i < 5000; i++) {
        size_t n, len = (size_t)sprintf(name, "n%d", i);
        bad += names_find(&s, name, len) != i + 3;
        bad += strcmp(names_at(&s, (uint32_t)i + 3, &n), name) != 0 || n != len;
    }
    CHECK(bad == 0 && s.n == 5003 && names_find(&s, "n5000", 5) == -1);
    DONE("five thousand keep their numbers while the table grows");
    names_free(&s);
    CHECK(s.n == 0 && names_find(&s, "a", 1) == -1);
    DONE("freed is empty");
    TEST_EXIT();
}
