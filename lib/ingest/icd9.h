/* ICD-9-CM codes as MIMIC writes them (no dot) and as everybody else does. A code is text, never a number: as a number
 * 0331 and 3310 would be one procedure. Tests: tests/unit/icd9.c. */
#ifndef ICD_ICD9_H
#define ICD_ICD9_H
#include <stddef.h>
#include <stdint.h>

enum icd9_kind { ICD9_DIAGNOSIS, ICD9_PROCEDURE };
enum { ICD9_MAX = 16 }; /* bytes of a dotted code with its NUL */

/* Surrounding blanks and dots already there are dropped, then the dot is put in: diagnosis after 3 characters (E codes:
 * 4), procedure after 2, and only where something follows. Empty in, empty out. E_DATA when what is left is not letters
 * and digits, or too long. */
int icd9_dot(enum icd9_kind kind, const char *raw, size_t n, char out[ICD9_MAX]);
/* What both systems' codes have in common: letters and digits to out, without blanks around and dots; *len of them. */
int icd_clean(const char *raw, size_t n, const char *system, char out[ICD9_MAX], size_t *len);
/* Of a dotted code: a procedure has 2 characters before the dot. */
enum icd9_kind icd9_kind(const char *dotted);

#endif
