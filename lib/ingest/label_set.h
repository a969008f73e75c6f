/* Label sets of mimic-split: fixed lists, or every code there is. Index order is the byte-wise order of the codes.
 * Tests: tests/cli/mimic-split.sh. */
#ifndef ICD_LABEL_SET_H
#define ICD_LABEL_SET_H
#include "lib/ingest/mimic.h"

struct label_set {
    char **code;
    size_t n, cap;
    size_t null_words; /* lines of the file that hold a word for no value: skipped */
    size_t odd;        /* codes of the file that have the shape of no ICD code: kept */
    char first_odd[ICD9_MAX];
    size_t rare; /* label_set_at_least: codes left out */
};
/* "caml50", "laat50", "fixed50": the list that comes with icdpipe (share/labels); "full": every code of m's admissions
 * with a note; else a file with a code a line, what follows a blank, tab or comma being a remark. E_DATA, E_NOINPUT.
 * */
int label_set_load(struct label_set *l, const char *name, const struct mimic *m);
bool label_set_named(const char *name); /* a list that comes with icdpipe */
/* Keeps the codes that at least `least` admissions have, an admission counting once: of train, or of all splits. E_DATA
 * when none is left. */
int label_set_at_least(struct label_set *l, const struct mimic *m, uint64_t least, bool train_only);
ptrdiff_t label_set_find(const struct label_set *l, const char *code); /* index, -1 */
void label_set_free(struct label_set *l);

#endif
