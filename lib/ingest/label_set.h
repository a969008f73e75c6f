/* Label sets of mimic-split: fixed lists, or every code there is. Index order is the byte-wise order of the codes.
 * Tests: tests/cli/mimic-split.sh. */
#ifndef ICD_LABEL_SET_H
#define ICD_LABEL_SET_H
#include "lib/ingest/mimic.h"

struct label_set {
    char **code;
    size_t n, cap;
};
/* "caml50", "laat50", "fixed50": the list that comes with icdpipe (share/labels); "full": every code of m's admissions
 * with a note; else a file with a code a line, what follows a blank, tab or comma being a remark. E_DATA, E_NOINPUT.
 * */
int label_set_load(struct label_set *l, const char *name, const struct mimic *m);
ptrdiff_t label_set_find(const struct label_set *l, const char *code); /* index, -1 */
void label_set_free(struct label_set *l);

#endif
