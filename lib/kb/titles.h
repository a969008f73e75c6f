/* Titles of ICD codes out of any number of tables; the first table that has a code names it, and in a table its first
 * row. Tests: tests/cli/kb-build-titles.sh. */
#ifndef ICD_TITLES_H
#define ICD_TITLES_H
#include <jansson.h>
#include <stddef.h>

struct titles {      /* zero it first, but for icd */
    int icd;         /* 9 or 10: rows of a MIMIC-IV table that belong to the other system are left out */
    json_t *by_code; /* dotted code (ICD-10: without dots) -> title */
    size_t seen;     /* titles read, those for codes that had one too */
};
/* A table, plain or compressed (gzip, zstd, xz, bzip2), told by what it holds:
 *   TSV    CODE<TAB>TITLE or CODE<TAB>KIND<TAB>TITLE, dotted codes;
 *   CMS    CMS32_DESC_LONG_DX.txt and its like: a code without dot in a field of 5 (diagnoses) or 4 bytes (procedures),
 *          a blank, the title, in UTF-8 or ISO-8859-1;
 *   MIMIC  CSV with ICD9_CODE or ICD_CODE and LONG_TITLE, codes without dot. Whether it lists diagnoses or procedures
 *          is told by its name (D_ICD_DIAGNOSES.csv.gz), since "3893" can be either.
 * E_NOINPUT; E_DATA with the line or row. */
int titles_add(struct titles *t, const char *path);
/* The code's title; else that of its parent (obsolete codes have only a category): the longest shorter code that has
 * one. NULL: none. Borrowed. */
const char *titles_find(const struct titles *t, const char *code);
void titles_free(struct titles *t);

#endif
