/* A text file as a whole and line by line: both read the same, or refuse it with the same words. */
#include "lib/util/text_file.h"
#include "lib/util/utf8.h"
#include "tests/fuzz/fuzz.h"

static int by_line(const char *path, struct buf *all)
{
    struct lines l;
    char *line;
    size_t n;
    TRY(lines_open(&l, path, 1 << 20));
    int rc;
    while ((rc = lines_next(&l, &line, &n)) == 0 && line) {
        FUZZ_CHECK(!line[n] && utf8_valid(line, n) == n && !memchr(line, '\n', n) && !memchr(line, '\r', n));
        FUZZ_CHECK(!buf_add(all, line, n) && !buf_add(all, "\n", 1));
    }
    lines_close(&l);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("text", data, size);
    char *p = NULL;
    size_t n = 0;
    struct buf all = {0};
    int whole = fuzz_rc(text_read(path, 1 << 20, &p, &n)), lines = fuzz_rc(by_line(path, &all));
    FUZZ_CHECK(whole == lines);
    if (!whole) {
        FUZZ_CHECK(utf8_valid(p, n) == n && !p[n]);
        FUZZ_CHECK(all.n == n + (n && p[n - 1] != '\n') && (!n || !memcmp(all.p, p, n)));
    }
    free(whole ? NULL : p);
    buf_free(&all);
    return 0;
}
