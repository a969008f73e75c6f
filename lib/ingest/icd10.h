/* ICD-10-CM and ICD-10-PCS codes as MIMIC-IV writes them (no dot) and as its users do. Tests: tests/unit/icd9.c. */
#ifndef ICD_ICD10_H
#define ICD_ICD10_H
#include "lib/ingest/icd9.h"

enum icd10_form {
    ICD10_DOTTED, /* diagnosis: a dot after 3 characters where something follows (I10, E11.9); procedure: none */
    ICD10_EDIN, /* diagnosis: always a dot after 3 characters (I10., E11.9), as medical-coding-reproducibility has it */
    ICD10_UNDOTTED /* none, as MIMIC-IV-ICD has it */
};
/* As icd9_dot. */
int icd10_dot(enum icd9_kind kind, enum icd10_form form, const char *raw, size_t n, char out[ICD9_MAX]);

#endif
