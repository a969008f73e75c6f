/* One table of a corpus, read row by row through libarchive (plain, .gz, .zst; in a directory, or a member of a .zip or
 * .tar.*) and libcsv, never unpacked to disk. Columns are found by name. Quoting as in RFC 4180, LF or CRLF; strict: a
 * quote that never closes, a row of the wrong width, a missing column, a truncated archive are errors that name file,
 * row (from 1, the heading not counted) and column. Tests: tests/unit/csv.c, tests/cli/mimic-split.sh. */
#ifndef ICD_CSV_TABLE_H
#define ICD_CSV_TABLE_H
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
/* Reads the table NAME (NOTEEVENTS is NOTEEVENTS.csv, noteevents.csv.gz, ...; case-insensitive) of `where` and calls
 * `row` for each row; what it returns ends the reading. `columns` ends with NULL; "?NAME" may be missing from the
 * table. E_NOINPUT when `where` or the table is not there. */
int csv_read(const char *where, const char *name, const char *const *columns,
             int (*row)(void *ctx, const struct csv_row *r), void *ctx);
/* E_DATA "FILE: row N: column NAME: ..." with the present message kept behind. */
int csv_bad(const struct csv_row *r, const char *column);
/* A whole decimal number without sign. E_DATA as above. */
int csv_int(const struct csv_row *r, int column, const char *name, int64_t *v);

#endif
