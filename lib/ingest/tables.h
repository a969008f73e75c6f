/* The tables of a corpus, wherever they are: plain, .gz or .zst, in a directory or below it, or in a .zip or .tar.* of
 * it, at any depth; several such places together. Every archive is read once, from its first byte to its last, in the
 * order it has; nothing is unpacked to disk. Tests: tests/unit/csv.c, tests/cli/mimic-split-input.sh. */
#ifndef ICD_TABLES_H
#define ICD_TABLES_H
#include "lib/ingest/csv.h"

struct table_job {
    const char *name; /* NOTEEVENTS: NOTEEVENTS.csv, noteevents.csv.gz, ... */
    struct csv_want want;
    /* filled: */
    char file[256]; /* base name of what was read */
    char xxh64[17]; /* of its plain bytes */
    bool found;
    unsigned others; /* further files of this name, not read */
    uint64_t rows;
};
/* Reads every table once. E_NOINPUT when a place or a table is not there. `thread`: decompress in a thread of its own.
 * */
int tables_read(char *const *where, int n, struct table_job *job, size_t jobs, bool thread);

#endif
