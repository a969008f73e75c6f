/* A stream as the knowledge of kb-build's: its expressions, what matches them, and scopes by a stream of codes. */
#include "lib/kb/scope.h"
#include "tests/fuzz/fuzz.h"

static int scopes(struct stream *s, const struct kb *kb)
{
    struct scopes t = {0};
    uint64_t *bits = calloc(kb->codes / 64 + 1, sizeof *bits);
    FUZZ_CHECK(bits);
    int rc = fuzz_rc(scopes_load(&t, s, kb, false));
    if (!rc)
        scopes_of(&t, kb, "1", 1, bits);
    scopes_free(&t);
    free(bits);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("kb.icds", data, size);
    struct stream *s;
    struct kb kb = {0};
    struct kb_matching how = {0};
    struct matcher *m = NULL;
    struct match_count c = {0};
    if (!fuzz_rc(stream_open(&s, path, "kb"))) {
        int rc = fuzz_rc(kb_load(&kb, s));
        stream_close(s);
        if (!rc && !fuzz_rc(kb_matcher(&kb, &how, &m)))
            matcher_count(m, "Hypertension, chest pain", 24, NULL, &c);
        matcher_free(m);
    } else if (!fuzz_rc(stream_open(&s, path, "pred,gold,target"))) {
        scopes(s, &kb);
        stream_close(s);
    }
    kb_free(&kb);
    return 0;
}
