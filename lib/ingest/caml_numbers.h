/* What becomes of codes that are read as numbers. CAML let pandas guess the type of the code columns, twice, and
 * pandas guesses for each block of rows by itself; so leading zeros of procedures and most trailing ones are lost, and
 * some codes are there in two forms. This is that rule, to reproduce CAML's label set of 8,921 codes. Tests:
 * tests/unit/caml.c. */
#ifndef ICD_CAML_NUMBERS_H
#define ICD_CAML_NUMBERS_H
#include "lib/ingest/icd9.h"

enum { CAML_BLOCK = 131072 }; /* rows: pandas' low_memory block for a table of five columns */

struct caml_row {
    int64_t id; /* of the admission */
    int64_t seq;
    char code[ICD9_MAX]; /* "" is a null code */
    enum icd9_kind kind;
};
/* Each block of a table (n rows in file order): if every code of it is a number or null, whole numbers lose leading
 * zeros where all are whole and none is null (0331 is 331), else all are written as shortest decimals (38.90 is 38.9,
 * 66. is 66.0); if any is no number, the block stays text. */
void caml_numbers(struct caml_row *row, size_t n);
/* The dot rule of CAML: a procedure gets a dot behind two characters even where nothing follows. */
void caml_dot(struct caml_row *row);

#endif
