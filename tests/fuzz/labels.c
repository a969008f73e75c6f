/* Lists of a line each: label sets, codes for kb-build, admissions of a split; and codes as a decoder writes them. */
#include "lib/ingest/splits.h"
#include "lib/kb/code_list.h"
#include "lib/text/codes.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("train_50_hadm_ids.csv", data, size);
    fuzz_file("dev_50_hadm_ids.csv", "8\n", 2);
    fuzz_file("test_50_hadm_ids.csv", "9\n", 2);
    struct code_list l = {0};
    struct splits s = {0};
    if (!fuzz_rc(code_list_load(&l, path)))
        for (size_t i = 0; i < l.set.n; i++)
            FUZZ_CHECK(code_list_find(&l, l.set.code[i]) == (ptrdiff_t)i);
    code_list_free(&l);
    if (!fuzz_rc(splits_load(&s, fuzz_folder(), "50", NULL, NULL)))
        FUZZ_CHECK(splits_find(&s, 8) >= 0);
    splits_free(&s);
    struct labels labels;
    json_t *meta = json_pack("{s:[s,s,s]}", "labels", "401.9", "I10", "E11.65");
    uint8_t set[3] = {0};
    FUZZ_CHECK(!labels_open(&labels, meta));
    FUZZ_CHECK(codes_parse(&labels, (const char *)data, size, size % 2, set) >= 0);
    codes_again(&labels, (const char *)data, size);
    labels_close(&labels);
    json_decref(meta);
    return 0;
}
