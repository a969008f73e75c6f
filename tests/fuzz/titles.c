/* A table of titles in any of its forms. The last byte chooses the version of ICD and the file's name. */
#include "lib/kb/titles.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const name[] = {"D_ICD_DIAGNOSES.csv", "D_ICD_PROCEDURES.csv", "d_icd_diagnoses.csv",
                                       "CMS32_DESC_LONG_DX.txt", "CMS32_DESC_LONG_SG.txt", "titles.tsv",
                                       "icd10cm_order_2024.txt", "d_icd_procedures.csv"};
    static const char *const code[] = {"401.9", "I10", "E11.65", "38.93", "0BH17EZ", "Z99", "", ".", "b030"};
    unsigned how = fuzz_choice(data, &size, 32);
    struct titles t = {.icd = how & 8 ? 10 : 9, .dotted = how & 16};
    bool is;
    if (!fuzz_rc(titles_add(&t, fuzz_file(name[how & 7], data, size))))
        for (size_t i = 0; i < sizeof code / sizeof *code; i++) {
            const char *title = titles_find(&t, code[i]);
            FUZZ_CHECK(!titles_known(&t, code[i]) || (title && *title));
            FUZZ_CHECK(!titles_category(&t, code[i], &is));
        }
    titles_free(&t);
    return 0;
}
