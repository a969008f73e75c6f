/* Terms of the tabular list for three codes. */
#include "lib/kb/inclusion.h"
#include "tests/fuzz/fuzz.h"

static int term(void *ctx, uint32_t code, const char *text, size_t n)
{
    FUZZ_CHECK(code < 3 && text && n);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct code_list codes;
    static struct titles t = {.icd = 10};
    if (!codes.set.n)
        FUZZ_CHECK(!code_list_load(&codes, fuzz_file("codes.txt", "I10\nS52.501A\nJ45.909\n", 21)));
    fuzz_rc(inclusion_read(fuzz_file("inclusion.tsv", data, size), &codes, &t, term, NULL));
    return 0;
}
