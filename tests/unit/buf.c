/* Growing buffers and checked allocation. */
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "tests/test.h"

int main(void)
{
    struct buf b = {0};
    for (int i = 0; i < 1000; i++)
        CHECK(buf_fmt(&b, "%d,", i) == 0);
    CHECK(b.n == 10 * 2 + 90 * 3 + 900 * 4 && memcmp(b.p, "0,1,2,", 6) == 0 && memcmp(b.p + b.n - 4, "999,", 4) == 0);
    CHECK(buf_add(&b, NULL, 0) == 0 && buf_str(&b, "") == 0);
    CHECK(buf_reserve(&b, SIZE_MAX - 4) == E_NOMEM && b.n > 0);
    buf_free(&b);
    CHECK(!b.p && !b.n && buf_reserve(&b, 0) == 0 && b.p);
    buf_free(&b);
    DONE("buffer");

    CHECK(!mem_alloc(SIZE_MAX / 2, 3) && strstr(err_msg(), "out of memory"));
    CHECK(!mem_zalloc(SIZE_MAX, 2) && !mem_grow(NULL, SIZE_MAX / 4, 8) && !mem_strndup("", SIZE_MAX));
    DONE("overflowing sizes are refused");

    void *none = mem_alloc(0, 8), *zero = mem_zalloc(3, 0);
    CHECK(none && zero);
    free(none);
    free(zero);
    int *v = mem_zalloc(4, sizeof *v);
    CHECK(v && !v[0] && !v[3]);
    v[3] = 7;
    int *w = mem_grow(v, 400, sizeof *w);
    CHECK(w && w[3] == 7);
    free(w);
    char *s = mem_strndup("abcdef", 3);
    CHECK(s && strcmp(s, "abc") == 0);
    free(s);
    DONE("allocation");
    TEST_EXIT();
}
