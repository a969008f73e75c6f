/* Titles of ICD codes out of any number of tables; the first table that has a code names it, and in a table its first
 * row. Tests: tests/cli/kb-build-titles.sh. */
#ifndef ICD_TITLES_H
#define ICD_TITLES_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/util/buf.h"

struct titles {       /* zero it first, but for icd */
    int icd;          /* 9 or 10: rows of a MIMIC-IV table that belong to the other version are left out */
    bool dotted;      /* ICD-10 diagnoses are asked for with their dots, so that b030 is the beginning of a procedure */
    json_t *by_code;  /* dotted code (ICD-10: without dots), upper case -> title */
    size_t seen;      /* titles read, those for codes that had one too */
    const char **key; /* the codes in byte order, once titles_category has been asked */
    size_t keys;
};
/* A table, plain or compressed (gzip, zstd, xz, bzip2), told by what it holds:
 *   TSV    CODE<TAB>TITLE or CODE<TAB>KIND<TAB>TITLE, dotted codes;
 *   CMS    CMS32_DESC_LONG_DX.txt and its like: a code without dot in a field of 5 (diagnoses) or 4 bytes (procedures),
 *          a blank, the title, in UTF-8 or ISO-8859-1;
 *   MIMIC  CSV with ICD9_CODE or ICD_CODE and LONG_TITLE, codes without dot. Whether it lists diagnoses or procedures
 *          is told by its name (D_ICD_DIAGNOSES.csv.gz), since "3893" can be either.
 * E_NOINPUT; E_DATA with the line or row. */
int titles_add(struct titles *t, const char *path);
/* The tables that come with icdpipe for t->icd, behind those that were added before. `each` (may be NULL) gets every
 * table's path. */
int titles_add_shipped(struct titles *t, int (*each)(void *ctx, const char *path), void *ctx);
/* The code's title; else that of its parent (obsolete codes have only a category): the longest shorter code of the same
 * category that has one. A code of the other version has no title but its own, and a procedure of ICD-10 neither: that
 * another code begins alike says nothing. Letters of either case. NULL: none. Borrowed. */
const char *titles_find(const struct titles *t, const char *code);
/* Of ICD-9 as code_is_procedure; of ICD-10 also the beginning of a procedure's code. */
bool titles_procedure(const struct titles *t, const char *code);
bool titles_known(const struct titles *t, const char *code); /* has a title of its own */
/* From here on the code, which is of the other version, has no title: neither its own nor a parent's. E_NOMEM. */
int titles_bar(struct titles *t, const char *code);
/* *is: a table has a code below this one, so that this one is too general to be billed. E_NOMEM. */
int titles_category(struct titles *t, const char *code, bool *is);
void titles_free(struct titles *t);
/* A file, plain or compressed, with a NUL behind it. E_NOINPUT; E_DATA when it is damaged or no table's size. */
int table_read(const char *path, struct buf *b);

#endif
