/* What a dotted ICD code is, and what stands above it. Tests: tests/unit/metric.c. */
#ifndef ICD_METRIC_KIND_H
#define ICD_METRIC_KIND_H
#include <stdbool.h>
#include <stddef.h>

/* As code_is_procedure (lib/code/code.h). Diagnoses without dots, as some MIMIC-IV code has them, are taken for
 * procedures where they look so. */
bool icd_procedure(const char *code);
/* The code above: one character less, and no dot at the end. 250.01, 250.0, 250; 38.93, 38.9, 38; of an ICD-10
 * procedure down to its table, three characters. n: the length of code; 0: nothing is above. */
size_t icd_parent(const char *code, size_t n);

#endif
