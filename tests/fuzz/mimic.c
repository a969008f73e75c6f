/* A hospital's tables, as mimic-split reads them: parts are notes, diagnoses, procedures, and the list of admissions
 * (of train; dev and test have one each). The last byte chooses the options. */
#include "lib/ingest/document.h"
#include "lib/ingest/mimic.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const name[2][3] = {{"NOTEEVENTS.csv", "DIAGNOSES_ICD.csv", "PROCEDURES_ICD.csv"},
                                           {"discharge.csv", "diagnoses_icd.csv", "procedures_icd.csv"}};
    unsigned how = fuzz_choice(data, &size, 128);
    int four = how & 1;
    char path[3][128], *where[] = {path[0], path[1], path[2]};
    for (int i = 0; i < 3; i++) {
        struct fuzz_part part = fuzz_next(&data, &size);
        snprintf(path[i], sizeof path[i], "%s", fuzz_file(name[four][i], part.p, part.n));
    }
    struct fuzz_part list = fuzz_next(&data, &size);
    fuzz_file("train_50_hadm_ids.csv", list.p, list.n);
    fuzz_file("dev_50_hadm_ids.csv", "8\n", 2);
    fuzz_file("test_50_hadm_ids.csv", "9\n", 2);
    struct splits splits = {0};
    struct mimic m = {0};
    struct mimic_opts o = {.source = four ? "mimic4" : "mimic3", .icd = how & 2 ? 10 : 9, .addenda = how & 4,
                           .codes = !(how & 8), .one_version = how & 16, .skip_bad = how & 32,
                           .caml_numbers = how & 64 && !four, .form = (enum icd10_form)(how % 3)};
    if (!fuzz_rc(splits_load(&splits, fuzz_folder(), "50", NULL, NULL)) &&
        !fuzz_rc(mimic_read(&m, &splits, &o, where, o.codes ? 3 : 1))) {
        struct document d = {.order = (enum note_order)(how % 3), .separator = "\n", .duplicates = how & 32};
        for (size_t i = 0; i < m.n; i++) {
            FUZZ_CHECK(!document_make(&d, m.order[i]));
            for (size_t k = 0; k < d.parts; k++)
                FUZZ_CHECK(d.part[k].begin <= d.part[k].end && d.part[k].end <= d.text.n);
        }
        document_free(&d);
    }
    mimic_close(&m);
    splits_free(&splits);
    return 0;
}
