/* A model directory: parts are config.json, generation_config.json, icd.json and the header of model.safetensors, whose
 * data are zeros. */
#include "lib/model/model.h"
#include "lib/predict/choice.h"
#include "tests/fuzz/fuzz.h"

static void weights(struct fuzz_part header)
{
    static char whole[8 + 8192 + 65536];
    uint64_t n = header.n < 8192 ? header.n : 8192, end = 0, v;
    memset(whole, 0, sizeof whole);
    memcpy(whole, &n, sizeof n);
    memcpy(whole + sizeof n, header.p, n);
    /* as many bytes as the largest number says */
    for (uint64_t i = 8, digits = 0; i < 8 + n; i++, digits = 0) {
        for (v = 0; i < 8 + n && whole[i] >= '0' && whole[i] <= '9' && digits < 9; i++, digits++)
            v = 10 * v + (uint64_t)(whole[i] - '0');
        end = v > end && v <= 65536 ? v : end;
    }
    fuzz_file("model.safetensors", whole, 8 + n + end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const name[] = {"config.json", "generation_config.json", "icd.json"};
    static const char *const use[] = {"gen", "att", "auto", "ensemble"};
    struct model *m;
    for (int i = 0; i < 3; i++) {
        struct fuzz_part part = fuzz_next(&data, &size);
        fuzz_file(name[i], part.p, part.n);
    }
    weights(fuzz_next(&data, &size));
    if (fuzz_rc(model_open(&m, fuzz_folder())))
        return 0;
    FUZZ_CHECK(m->arch.V > 0 && m->arch.D > 0 && m->arch.H > 0 && m->arch.ends >= 0 && m->arch.ends <= MODEL_ENDS);
    for (int i = 0; i < 4; i++) {
        struct choice c = {.use = use[i]};
        struct chosen chosen = {0};
        fuzz_rc(choice_decision(&c, m->icd, i & 1, 3, &chosen));
        ensemble_close(&chosen.values);
    }
    model_free(m);
    return 0;
}
