/* A file of answers: many codes as JSON lines, or one answer. The last byte chooses which, and what was asked for. */
#include "lib/kb/answers.h"
#include "tests/fuzz/fuzz.h"

static int term(void *ctx, uint32_t code, enum kb_type type, const char *text, size_t n)
{
    FUZZ_CHECK(code < 3 && text && n && type < KB_TYPES);
    return 0;
}
static int heard(void *ctx, const struct remark *m)
{
    FUZZ_CHECK(m->why && m->file);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct code_list codes;
    if (!codes.set.n)
        FUZZ_CHECK(!code_list_load(&codes, fuzz_file("codes.txt", "401.9\n428.0\n38.93\n", 18)));
    bool answered[3] = {false};
    unsigned how = fuzz_choice(data, &size, 4);
    struct answers a = {.codes = &codes, .description = how & 1, .term = term, .remark = heard, .answered = answered};
    fuzz_rc(answers_read(&a, fuzz_file(how & 2 ? "401.9.txt" : "all.ndjson", data, size)));
    FUZZ_CHECK(a.answers <= SIZE_MAX / 2);
    return 0;
}
