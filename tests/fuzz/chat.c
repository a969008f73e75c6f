/* What a chat server sent: header lines up to an empty one, then the body. The last byte chooses the HTTP status. The
 * key never shows. */
#include "lib/kb/chat_part.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int status[] = {200, 400, 401, 404, 429, 500, 503, 302};
    static const char key[] = "sk-abcdefgh";
    unsigned how = fuzz_choice(data, &size, 16);
    struct chat_headers h = {.retry_after = -1};
    const char *p = (const char *)data, *end = p + size, *nl;
    while (p < end && *p != '\n' && (nl = memchr(p, '\n', (size_t)(end - p)))) {
        chat_header(&h, p, (size_t)(nl + 1 - p));
        p = nl + 1;
    }
    FUZZ_CHECK(!(h.reset < 0));
    size_t n = (size_t)(end - p);
    char *copy = malloc(n + 1);
    FUZZ_CHECK(copy);
    memcpy(copy, p, n);
    struct buf body = {.p = copy, .n = n, .cap = n + 1};
    struct chat_result r;
    if (!fuzz_rc(chat_judge(status[how & 7], &body, how & 8 ? "text/html; charset=utf-8" : NULL, key, &r))) {
        FUZZ_CHECK(!strstr(r.why, key));
        if (r.verdict == CHAT_ANSWERED)
            json_decref(r.json);
    }
    free(copy);
    return 0;
}
