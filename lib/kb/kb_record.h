/* Writing the record of one code in a kb stream, and the report of how it came to be: JSON lines that show what
 * was left out. Tests: tests/cli/kb-build*.sh. */
#ifndef ICD_KB_RECORD_H
#define ICD_KB_RECORD_H
#include <msgpack.h>

#include "lib/kb/answers.h"
#include "lib/kb/terms.h"
#include "lib/util/file.h"

struct kb_record {
    const char *code, *title, *description; /* title and description may be NULL: then there is none in the record */
    bool procedure;
    const struct terms *terms; /* settled; NULL: the record holds no terms */
    uint32_t place;            /* of the code in terms */
};
int kb_record_pack(const struct kb_record *k, msgpack_sbuffer *sb);

struct kb_report { /* zero it first */
    struct outfile *file; /* an output of the run; NULL: nothing is written */
    struct buf text;
};
int kb_report_remark(struct kb_report *r, const struct remark *m);
int kb_report_shared(struct kb_report *r, const char *form, const struct code_list *l, const uint32_t *code, size_t n);
int kb_report_write(struct kb_report *r); /* all of it */
void kb_report_free(struct kb_report *r);

#endif
