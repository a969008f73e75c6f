/* Two parts: a text, and a tokenizer.json. */
#include "lib/text/hf_tokenizer.h"
#include "lib/text/spm.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_part text = fuzz_next(&data, &size);
    struct buf model = {0};
    struct spm *s = NULL;
    struct spm_ids ids = {0};
    if (!fuzz_rc(hf_tokenizer((const char *)data, size, &model)) &&
        !fuzz_rc(spm_open_bytes(&s, "tokenizer.json", model.p, model.n)))
        fuzz_rc(spm_encode(s, text.p, text.n, 0, &ids));
    spm_ids_free(&ids);
    spm_close(s);
    buf_free(&model);
    return 0;
}
