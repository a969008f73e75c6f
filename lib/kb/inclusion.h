/* The inclusion terms of ICD-10-CM's tabular list: what the classification itself names as written for a code. They are
 * the expressions that come along for ICD-10. Data: share/icd10/inclusion.tsv.zst. Tests:
 * tests/cli/kb-build-icd10.sh. */
#ifndef ICD_INCLUSION_H
#define ICD_INCLUSION_H
#include <stdint.h>

#include "lib/kb/code_list.h"
#include "lib/kb/titles.h"

/* Each term of each code of the list, by its place in it, to `term`. A code that has a seventh character, which tells
 * the encounter only, has the terms of the code without. "Asthma NOS" gives "Asthma", too: NOS (not otherwise
 * specified) is a word of the classification that notes do not have. `t` tells procedures, which have none. E_DATA with
 * the line. */
int inclusion_read(const char *path, const struct code_list *l, const struct titles *t,
                   int (*term)(void *ctx, uint32_t code, const char *text, size_t n), void *ctx);

#endif
