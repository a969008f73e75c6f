/* lib/util/utf8 beside iconv. */
#include "lib/util/utf8.h"
#include "tests/test.h"
#include <iconv.h>

static bool cleans(const char *in, size_t n, const char *want, uint64_t want_bad)
{
    struct buf b = {0};
    uint64_t bad = 0;
    bool ok =
        !utf8_add(&b, in, n, &bad) && b.n == strlen(want) && !memcmp(b.n ? b.p : "", want, b.n) && bad == want_bad;
    buf_free(&b);
    return ok;
}

/* Bytes that iconv takes before it stops. */
static size_t taken(iconv_t to, const char *p, size_t n)
{
    char out[256], *in = (char *)p, *o = out;
    size_t left = n, room = sizeof out;
    iconv(to, NULL, NULL, NULL, NULL);
    iconv(to, &in, &left, &o, &room);
    return n - left;
}

int main(void)
{
    CHECK(cleans("", 0, "", 0) && cleans("a\xC3\xA9", 3, "a\xC3\xA9", 0) &&
          cleans("\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80", 0));
    CHECK(cleans("a\xE9 b", 4, "a\xEF\xBF\xBD b", 1) && cleans("\xC3", 1, "\xEF\xBF\xBD", 1));
    CHECK(cleans("\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3)); /* surrogate */
    CHECK(cleans("\xC0\xAFx", 3, "\xEF\xBF\xBD\xEF\xBF\xBDx", 2));                /* overlong */
    CHECK(cleans("\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4));
    DONE("bytes that are not UTF-8");

    /* Every start of a character, at places before, across and behind a word of eight bytes. */
    static const unsigned char third[] = {'a', 0x7F, 0x80, 0x9F, 0xBF, 0xC0, 0xFF};
    enum { THIRDS = sizeof third };
    iconv_t to = iconv_open("UTF-32LE", "UTF-8");
    CHECK(to != (iconv_t)-1);
    char text[24];
    for (int lead = 0x80; lead < 0x100; lead++)
        for (int second = 0; second < 0x100; second++)
            for (int more = 0; more < THIRDS * THIRDS; more++) {
                size_t at = (size_t)(lead + second + more) % 17;
                memset(text, 'x', sizeof text);
                text[at] = (char)lead;
                text[at + 1] = (char)second;
                text[at + 2] = (char)third[more / THIRDS];
                text[at + 3] = (char)third[more % THIRDS];
                CHECK(utf8_valid(text, sizeof text) == taken(to, text, sizeof text));
            }
    DONE("every lead and second byte as iconv takes them");

    static const char *const whole[] = {"\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    for (int i = 0; i < 4; i++)
        for (size_t at = 0; at < 17; at++)
            for (size_t n = 0, len = strlen(whole[i]); n <= len; n++) {
                memset(text, 'x', sizeof text);
                memcpy(text + at, whole[i], len);
                CHECK(utf8_valid(text, at + n) == (n == len ? at + n : at));
            }
    iconv_close(to);
    DONE("characters cut by the end");
    TEST_EXIT();
}
