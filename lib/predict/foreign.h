/* A model directory that was trained elsewhere has no icd.json, so no label set: the user names one.
 * Tests: tests/cli/icd-infer-foreign.sh. */
#ifndef ICD_FOREIGN_H
#define ICD_FOREIGN_H
#include "lib/model/model.h"

/* Gives m the labels of `from` (a stream, a file, a named list: code_list.h). E_USAGE when it has its own, E_DATA when
 * it has none and from is NULL. dir: what messages call the model. */
int foreign_labels(struct model *m, const char *from, const char *dir);

#endif
