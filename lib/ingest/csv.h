/* The rows of one table, through libcsv. Columns are found by name, upper or lower case, or chosen by who reads it.
 * Commas, tabs or semicolons between cells, as the heading shows; quoting as in RFC 4180; LF, CRLF or a lone CR; fields
 * of many lines; a byte order mark. UTF-16 is an error that names it. Strict: a quote that never closes, a row of
 * another width, a missing column, a cell of more than 64 MB are errors that name file, row (from 1, the heading not
 * counted) and column. A quoted cell that nobody asks for may be of any size. Tests: tests/unit/csv.c. */
#ifndef ICD_CSV_TABLE_H
#define ICD_CSV_TABLE_H
#include "lib/ingest/feed.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cell {
    const char *p; /* borrowed until the callback returns; a NUL follows */
    size_t n;
};
struct csv_row {
    const char *file; /* base name, for messages */
    uint64_t row;
    const struct cell *cell; /* in the order the columns were asked for; an absent optional column is empty */
};

enum { CSV_COLUMNS_MAX = 16 };
/* What is asked of a table. */
struct csv_want {
    const char *const *columns; /* ends with NULL; "?NAME" may be missing; NULL: `choose` finds them */
    const char *only; /* rows whose first column asked for is not exactly this are counted but not handed over,
                                   and what comes behind it in them is skipped at memory speed; NULL: all rows */
    int (*row)(void *ctx, const struct csv_row *r); /* what it returns ends the reading */
    void *ctx;
    char delimiter; /* 0: of comma, tab and semicolon that of which the heading has most */
    bool no_quotes; /* a quote is a character like others; a NUL is an error then */
    /* Where there are no `columns`: place[i] is the place in `cell` of column i of n, -1 (as it comes) for none. */
    int (*choose)(void *ctx, const char *file, const struct cell *name, int n, int *place);
};
/* Reads `f` to its end; *rows counts all rows. `file` is for messages. */
int csv_read(struct feed *f, const char *file, const struct csv_want *want, uint64_t *rows);
/* E_DATA "FILE: row N: column NAME: ..." with the present message kept behind. */
int csv_bad(const struct csv_row *r, const char *column);
/* A whole decimal number without sign. E_DATA as above. */
int csv_int(const struct csv_row *r, int column, const char *name, int64_t *v);

#endif
