/* lib/util/text_file: marks, line ends, what is no text; whole and line by line, wherever a read may end. */
#include "lib/util/text_file.h"
#include "lib/util/err.h"
#include "tests/test.h"
#include <pthread.h>
#include <unistd.h>

static bool settles(const char *in, size_t n, const char *want)
{
    char p[64];
    memcpy(p, in, n);
    int rc = text_settle(p, &n, true);
    bool ok = rc == 0 && n == strlen(want) && memcmp(p, want, n) == 0;
    if (!ok)
        fprintf(stderr, "rc %d, %zu bytes '%.*s', wanted '%s'\n", rc, n, (int)n, p, want);
    return ok;
}
static bool refused(const char *in, size_t n, const char *why)
{
    char p[64];
    memcpy(p, in, n);
    int rc = text_settle(p, &n, true);
    if (rc != E_DATA || !strstr(err_msg(), why))
        fprintf(stderr, "rc %d: %s; wanted %s\n", rc, err_msg(), why);
    return rc == E_DATA && strstr(err_msg(), why);
}
#define S(s) s, sizeof(s) - 1

/* in[0..n) through a pipe, in two writes parted at `cut`: the lines joined by '|' and their count. */
struct piece {
    int fd;
    const char *p;
    size_t n, cut;
};
static void *feed(void *ctx)
{
    struct piece *x = ctx;
    bool ok = write(x->fd, x->p, x->cut) == (ssize_t)x->cut;
    usleep(300);
    ok = ok && write(x->fd, x->p + x->cut, x->n - x->cut) == (ssize_t)(x->n - x->cut);
    close(x->fd);
    return ok ? x : NULL;
}
static int read_lines(const char *in, size_t n, size_t cut, size_t limit, char *out)
{
    int fd[2], rc, old = dup(STDIN_FILENO);
    pthread_t thread;
    struct lines l;
    char *line;
    size_t len;
    *out = 0;
    if (pipe(fd) || dup2(fd[0], STDIN_FILENO) < 0 || close(fd[0]))
        return E_BUG;
    struct piece x = {fd[1], in, n, cut};
    pthread_create(&thread, NULL, feed, &x);
    rc = lines_open(&l, "-", limit);
    while (!rc && !(rc = lines_next(&l, &line, &len)) && line) {
        strncat(out, line, len);
        strcat(out, "|");
        if (strlen(line) != len)
            rc = E_BUG;
    }
    lines_close(&l);
    pthread_join(thread, NULL);
    dup2(old, STDIN_FILENO);
    close(old);
    return rc;
}
/* The same wherever the first read ends. */
static bool lines(const char *in, size_t n, const char *want)
{
    char out[128];
    for (size_t cut = 0; cut <= n; cut++) {
        int rc = read_lines(in, n, cut, 64, out);
        if (rc || strcmp(out, want)) {
            fprintf(stderr, "cut at %zu: rc %d '%s', wanted '%s': %s\n", cut, rc, out, want, err_msg());
            return false;
        }
    }
    return true;
}
static bool no_lines(const char *in, size_t n, size_t limit, const char *why)
{
    char out[128];
    for (size_t cut = 0; cut <= n; cut++)
        if (read_lines(in, n, cut, limit, out) != E_DATA || !strstr(err_msg(), why)) {
            fprintf(stderr, "cut at %zu: '%s', wanted '%s'\n", cut, err_msg(), why);
            return false;
        }
    return true;
}

int main(void)
{
    CHECK(settles(S("a\nb\n"), "a\nb\n") && settles(S("a\r\nb\r\n"), "a\nb\n") && settles(S("a\rb\r"), "a\nb\n"));
    CHECK(settles(S("a\n\rb"), "a\n\nb") && settles(S("\r\r\n\n"), "\n\n\n") && settles(S("a"), "a") &&
          settles(S(""), ""));
    CHECK(settles(S("\xEF\xBB\xBF"
                    "a\r\n"),
                  "a\n") &&
          settles(S("\xEF\xBB\xBF"), ""));
    CHECK(settles(S("a\xEF\xBB\xBF\n"), "a\xEF\xBB\xBF\n")); /* elsewhere it is a character */
    CHECK(settles(S("\xC3\xBC\r\xC3\xBC"), "\xC3\xBC\n\xC3\xBC"));
    DONE("line ends become LF, a mark goes");

    CHECK(refused(S("\xFF\xFE"
                    "a\0"),
                  "UTF-16") &&
          refused(S("\xFE\xFF\0a"), "UTF-16") && refused(S("\xFF\xFE"), "UTF-16"));
    CHECK(refused(S("\xFF\xFE\0\0a\0\0\0"), "UTF-32") && refused(S("a\0b\0"), "UTF-16LE") &&
          refused(S("\0a\0b"), "UTF-16BE"));
    CHECK(refused(S("a\nb\0c\n"), "line 2: a NUL") && refused(S("a\r\nb\rcd\xE9\n"), "line 3: column 3: not UTF-8"));
    CHECK(refused(S("\xC0\x80"), "line 1: column 1: not UTF-8"));
    char latin[] = "caf\xE9\r";
    size_t n = 5;
    CHECK(text_settle(latin, &n, false) == 0 && n == 5 && memcmp(latin, "caf\xE9\n", 5) == 0);
    DONE("what is no text is named, by its line");

    CHECK(lines(S("a\nb\n"), "a|b|") && lines(S("a\r\nb\r\n"), "a|b|") && lines(S("a\rb\r"), "a|b|") &&
          lines(S("a\rb"), "a|b|"));
    CHECK(lines(S("\n\r\r\n\nx"), "||||x|") && lines(S(""), "") && lines(S("\xEF\xBB\xBF"), "") && lines(S("a"), "a|"));
    CHECK(lines(S("\xEF\xBB\xBF"
                  "a\r\n\xC3\xBC"),
                "a|\xC3\xBC|"));
    DONE("lines, wherever a read ends");

    CHECK(no_lines(S("\xFF\xFE"
                     "a\0"),
                   64, "standard input: UTF-16") &&
          no_lines(S("a\0b\0c\0"), 64, "UTF-16LE"));
    CHECK(no_lines(S("one\ntw\0o\n"), 64, "standard input: line 2: a NUL") &&
          no_lines(S("\n\xE9\n"), 64, "line 2: column 1: not UTF-8"));
    CHECK(no_lines(S("ab\nabcdefgh\n"), 5, "line 2: longer than 5 bytes") &&
          no_lines(S("abcdefgh"), 5, "line 1: longer"));
    CHECK(no_lines(S("\x1f\x8b\x08\0\0"), 64, "gzip -dc") && no_lines(S("\x28\xb5\x2f\xfd\0"), 64, "zstd -dc"));
    DONE("what is no line of text is named");

    struct lines l;
    CHECK(lines_open(&l, "/nonexistent", 64) == E_NOINPUT && lines_open(&l, "/", 64) == E_NOINPUT);
    lines_close(&l);
    char *p;
    CHECK(text_read("/nonexistent", 64, &p, &n) == E_NOINPUT);
    DONE("no such file");
    TEST_EXIT();
}
