/* A file of thresholds. */
#include "lib/metric/threshold_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const code[] = {"401.9", "428.0"};
    struct thresholds f = {0};
    double t[2] = {-1, -1};
    if (!fuzz_rc(thresholds_read(&f, fuzz_file("thresholds.json", data, size)))) {
        for (size_t i = 0; i < f.labels.n; i++)
            FUZZ_CHECK(!isnan(f.t[i]));
        if (!fuzz_rc(thresholds_for(&f, NULL, code, 2, t)))
            FUZZ_CHECK(!isnan(t[0]) && !isnan(t[1]));
    }
    thresholds_close(&f);
    return 0;
}
