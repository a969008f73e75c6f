/* One answer of a language model: what comes out is UTF-8, single-spaced, without control characters. The last byte
 * chooses whether a description was asked for. */
#include "lib/kb/answer.h"
#include "lib/util/utf8.h"
#include "tests/fuzz/fuzz.h"

static int term(void *ctx, enum kb_type type, const char *p, size_t n)
{
    FUZZ_CHECK(n && n <= DESCRIPTION_MAX && utf8_valid(p, n) == n && p[0] != ' ' && p[n - 1] != ' ');
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK((unsigned char)p[i] >= ' ');
        FUZZ_CHECK(!i || p[i] != ' ' || p[i - 1] != ' ');
    }
    FUZZ_CHECK(type < KB_TYPES && (type == KB_DESCRIPTION || n <= ENTRY_MAX));
    ++*(size_t *)ctx;
    return 0;
}
static int left_out(void *ctx, size_t line, bool lost, const char *why)
{
    FUZZ_CHECK(why && *why);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool description = fuzz_choice(data, &size, 2);
    size_t called = 0, found = 0;
    struct answer_sink sink = {.ctx = &called, .term = term, .left_out = left_out};
    FUZZ_CHECK(!answer_read((const char *)data, size, description, "401.9", &sink, &found));
    FUZZ_CHECK(found == called);
    return 0;
}
