/* Two parts: a text, and a vocabulary (spiece.model). Offsets of ids ascend and are within the text. */
#include "lib/text/spm.h"
#include "lib/text/spm_proto.h"
#include "tests/fuzz/fuzz.h"

static void use(const struct spm *s, struct fuzz_part text)
{
    struct spm_ids ids = {0};
    struct buf back = {0};
    size_t count = 0;
    if (!fuzz_rc(spm_encode(s, text.p, text.n, 7, &ids))) {
        FUZZ_CHECK(!spm_count(s, text.p, text.n, &count) && count == ids.n);
        for (size_t i = 0; i < ids.n; i++) {
            FUZZ_CHECK(ids.id[i] >= 0 && ids.id[i] < spm_info(s)->pieces && spm_piece(s, ids.id[i]));
            FUZZ_CHECK(ids.offset[2 * i] >= 7 && ids.offset[2 * i] <= ids.offset[2 * i + 1]);
            FUZZ_CHECK(ids.offset[2 * i + 1] <= text.n + 7 && (!i || ids.offset[2 * i] >= ids.offset[2 * i - 2]));
        }
        fuzz_rc(spm_decode(s, ids.id, ids.n, &back));
    }
    json_decref(spm_json(s));
    spm_ids_free(&ids);
    buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_part text = fuzz_next(&data, &size);
    struct spm *s = NULL;
    struct spm_field f;
    const char *p = (const char *)data, *end = p + size;
    int got = 0;
    while ((got = spm_proto_next(&p, end, &f)) == 1)
        FUZZ_CHECK(!f.p || (f.p >= (const char *)data && f.n <= (size_t)(end - f.p)));
    FUZZ_CHECK(got || p == end);
    if (!fuzz_rc(spm_open_bytes(&s, "spiece.model", data, size)))
        use(s, text);
    spm_close(s);
    return 0;
}
