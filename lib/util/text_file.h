/* The one rule for text, wherever a file of it is read: a UTF-8 byte order mark at the beginning is skipped; LF, CRLF
 * and a lone CR end lines; UTF-16, a NUL and what is not UTF-8 are errors that name it (E_DATA "NAME: line N: ...").
 * Tests: tests/unit/text_file.c, tests/cli/encodings.sh. */
#ifndef ICD_TEXT_FILE_H
#define ICD_TEXT_FILE_H
#include "lib/util/buf.h"
#include <stdbool.h>
#include <stdint.h>

/* How a text begins: *skip bytes of mark. E_DATA: UTF-16 or UTF-32, with a mark or, as NULs in the first line show,
 * without. */
int text_begin(const char *p, size_t n, size_t *skip);

/* A whole file (malloc'd, a NUL behind) without its mark and with every line end an LF. E_NOINPUT, E_IO, E_DATA. */
int text_read(const char *path, size_t limit, char **p, size_t *n);
/* The same of bytes in memory, in place. `utf8` false: other bytes are the caller's to judge. E_DATA "line N: ...". */
int text_settle(char *p, size_t *n, bool utf8);

/* ---- line by line, for what may be large or come from a pipe ---- */
struct lines {
    const char *name; /* for messages */
    uint64_t number;  /* of the present line, from 1 */
    int fd;
    bool eof;
    size_t limit;  /* bytes of a line */
    struct buf in; /* read and not yet used: from `at` on */
    size_t at;
};
/* path NULL or "-": standard input. E_NOINPUT. */
int lines_open(struct lines *l, const char *path, size_t limit);
/* The next line, borrowed until the next call, without its end and with a NUL behind; NULL at the end of the file. */
int lines_next(struct lines *l, char **line, size_t *n);
/* "NAME: line N: " before the present message. */
int lines_bad(const struct lines *l, int rc);
void lines_close(struct lines *l);

#endif
