/* Text files, whole or line by line: see text_file.h. Tests: tests/unit/text_file.c. */
#include "lib/util/text_file.h"
#include "lib/util/claim.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wide(const char *what)
{
    return err_set(E_DATA, "%s, and icdpipe reads UTF-8 (iconv -f %s -t UTF-8 converts it)", what, what);
}

int text_begin(const char *p, size_t n, size_t *skip)
{
    static const char mark[] = "\xEF\xBB\xBF";
    *skip = n >= 3 && memcmp(p, mark, 3) == 0 ? 3 : 0;
    if (n >= 4 && (memcmp(p, "\xFF\xFE\0\0", 4) == 0 || memcmp(p, "\0\0\xFE\xFF", 4) == 0))
        return wide("UTF-32");
    if (n >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0))
        return wide("UTF-16");
    if (n >= 4 && !p[0] && !p[2] && p[1] && p[3])
        return wide("UTF-16BE");
    return n >= 4 && p[0] && p[2] && !p[1] && !p[3] ? wide("UTF-16LE") : 0;
}

/* One line is text. */
static int check_line(const char *p, size_t n, bool utf8)
{
    if (n && memchr(p, 0, n))
        return err_set(E_DATA, "a NUL, which no text holds");
    size_t good = utf8 ? utf8_valid(p, n) : n;
    return good == n ? 0 : err_set(E_DATA, "column %zu: not UTF-8", good + 1);
}

/* Bytes of the line at p up to its LF or CR; n if there is none. */
static size_t line_length(const char *p, size_t n)
{
    const char *lf = n ? memchr(p, '\n', n) : NULL;
    size_t len = lf ? (size_t)(lf - p) : n;
    const char *cr = len ? memchr(p, '\r', len) : NULL;
    return cr ? (size_t)(cr - p) : len;
}

int text_settle(char *p, size_t *n, bool utf8)
{
    size_t skip, to = 0, line = 1;
    int rc = text_begin(p, *n, &skip);
    for (size_t at = skip; !rc && at < *n; line++) {
        size_t len = line_length(p + at, *n - at);
        rc = check_line(p + at, len, utf8);
        memmove(p + to, p + at, len);
        to += len;
        at += len;
        if (at < *n) {
            at += p[at] == '\r' && at + 1 < *n && p[at + 1] == '\n' ? 2 : 1;
            p[to++] = '\n';
        }
        if (rc)
            return err_ctx(rc, "line %zu", line);
    }
    *n = to;
    return rc;
}

int text_read(const char *path, size_t limit, char **p, size_t *n)
{
    TRY(file_read(path, limit, p, n));
    int rc = text_settle(*p, n, true);
    if (rc) {
        free(*p);
        *p = NULL;
        return err_ctx(rc, "%s", path_base(path));
    }
    (*p)[*n] = 0;
    return 0;
}

/* ---- line by line ---- */

int lines_open(struct lines *l, const char *path, size_t limit)
{
    bool std = !path || strcmp(path, "-") == 0;
    *l = (struct lines){.name = std ? "standard input" : path_base(path), .limit = limit};
    l->fd = STDIN_FILENO;
    return std ? claim_input(l->fd, l->name) : file_open(path, &l->fd);
}

int lines_bad(const struct lines *l, int rc)
{
    return err_ctx(rc, "%s: line %llu", l->name, (unsigned long long)l->number);
}

/* More bytes behind those in hand; what was used makes room. */
static int read_more(struct lines *l)
{
    if (l->at) {
        memmove(l->in.p, l->in.p + l->at, l->in.n - l->at);
        l->in.n -= l->at;
        l->at = 0;
    }
    TRY(buf_reserve(&l->in, 1 << 18));
    ssize_t got;
    do
        got = read(l->fd, l->in.p + l->in.n, l->in.cap - l->in.n - 1); /* one more for a NUL */
    while (got < 0 && file_again(l->fd, false));
    if (got < 0)
        return err_set(E_IO, "%s: %s", l->name, strerror(errno));
    l->in.n += (size_t)got;
    l->eof = got == 0;
    return 0;
}

/* The mark, or what shows that this is no text, before the first line. */
static int begin(struct lines *l)
{
    size_t skip;
    while (!l->eof && l->in.n < 4)
        TRY(read_more(l));
    const char *p = l->in.n ? l->in.p : "";
    if (l->in.n >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0)
        return err_ctx(err_set(E_DATA, "compressed (zstd -dc unpacks it)"), "%s", l->name);
    if (l->in.n >= 2 && memcmp(p, "\x1f\x8b", 2) == 0)
        return err_ctx(err_set(E_DATA, "compressed (gzip -dc unpacks it)"), "%s", l->name);
    int rc = text_begin(p, l->in.n, &skip);
    l->at = skip;
    return rc ? err_ctx(rc, "%s", l->name) : 0;
}

int lines_next(struct lines *l, char **line, size_t *n)
{
    *line = NULL;
    if (!l->number)
        TRY(begin(l));
    for (size_t seen = 0;;) { /* bytes of the line that were searched */
        char *p = l->in.p + l->at;
        size_t have = l->in.n - l->at;
        *n = seen + line_length(p + seen, have - seen);
        if (*n > l->limit) {
            l->number++;
            return lines_bad(l, err_set(E_DATA, "longer than %zu bytes", l->limit));
        }
        /* A CR that comes last may be half of a CRLF. */
        bool whole = *n + 1 < have || (*n < have && (p[*n] == '\n' || l->eof));
        if (!whole && !l->eof) {
            seen = *n;
            TRY(read_more(l));
            continue;
        }
        if (!whole && !have)
            return 0;
        l->at += *n;
        if (whole)
            l->at += p[*n] == '\r' && *n + 1 < have && p[*n + 1] == '\n' ? 2 : 1;
        p[*n] = 0;
        l->number++;
        *line = p;
        int rc = check_line(p, *n, true);
        return rc ? lines_bad(l, rc) : 0;
    }
}

void lines_close(struct lines *l)
{
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    buf_free(&l->in);
    *l = (struct lines){0};
}
