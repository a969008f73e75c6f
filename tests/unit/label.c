/* lib/code/label: what a label may not hold, and that it is what the reader of codes separates by. */
#include "lib/code/label.h"
#include "lib/text/codes.h"
#include "lib/util/err.h"
#include "tests/test.h"

static bool refused(const char *p, size_t n, const char *why)
{
    int rc = label_check(p, n);
    if (rc != E_DATA || !strstr(err_msg(), why))
        fprintf(stderr, "'%s': %d %s\n", p, rc, rc ? err_msg() : "");
    return rc == E_DATA && strstr(err_msg(), why);
}

int main(void)
{
    static const char *const good[] = {"401.9",         "I10", "S72.001A", "0DTJ4ZZ", "A(B)",
                                       "heart_failure", "x/y", "\xC3\xBC", "A+B",     "I10."};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *one[] = {(char *)good[i]};
        uint32_t sorted[] = {0};
        uint8_t set[1] = {0};
        struct labels l = {.code = one, .sorted = sorted, .n = 1};
        CHECK(label_check(good[i], strlen(good[i])) == 0);
        CHECK(codes_parse(&l, good[i], strlen(good[i]), false, set) == 0 && set[0]); /* and reads back */
    }
    DONE("codes of every system, and names without separators");
    CHECK(refused("I 10", 4, "'I 10' holds a blank") && refused("401,9", 5, "a comma") &&
          refused("401.9;428.0", 11, "a semicolon"));
    CHECK(refused(" 428.0", 6, "a blank") && refused("a\tb", 3, "a control character") &&
          refused("a\x7f", 2, "a control character"));
    CHECK(refused("(A)", 3, "begins with a parenthesis") && refused("", 0, "an empty code") &&
          refused("\xE9", 1, "not UTF-8"));
    CHECK(refused("a\0b", 3, "a control character") &&
          refused("a label of many words", 21, "a code of 21 bytes holds"));
    for (const char *s = LABEL_SEPARATORS; *s; s++) {
        char label[] = {'a', *s, 'b', 0};
        CHECK(label_check(label, 3) == E_DATA);
    }
    DONE("every separator of the formats is refused, by name where it is short");
    TEST_EXIT();
}
