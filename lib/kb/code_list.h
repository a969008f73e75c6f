/* The codes that knowledge is gathered about, and the ways a code is written. Tests: tests/cli/kb-build.sh. */
#ifndef ICD_CODE_LIST_H
#define ICD_CODE_LIST_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/ingest/label_set.h"

struct code_list {
    struct label_set set; /* in byte order, each once */
    json_t *place;        /* code, and code without dots -> place in set; CODE_AMBIGUOUS: of several */
};
enum { CODE_UNKNOWN = -1, CODE_AMBIGUOUS = -2 };
/* `from`: a named list or a file as for label_set_load, or a gold, target, pred or kb stream, of which the header's
 * label set is all that is read. E_DATA, E_NOINPUT. */
int code_list_load(struct code_list *l, const char *from);
bool code_list_is_stream(const char *from); /* a file that begins as streams do */
/* The place of "401.9", "4019"; else a negative value as above. A code of the list wins over another's short way. */
ptrdiff_t code_list_find(const struct code_list *l, const char *name);
void code_list_free(struct code_list *l);

#endif
