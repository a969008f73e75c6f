/* Which codes the sample of a note may look for, if that differs from note to note: id -> codes, from a pred, gold or
 * target stream. Tests: tests/cli/note-sample.sh. */
#ifndef ICD_SCOPE_H
#define ICD_SCOPE_H
#include "lib/kb/kb.h"

struct scope_note {
    size_t id, id_n;   /* in scopes.text */
    uint32_t first, n; /* in scopes.code */
};
struct scopes { /* zero it first */
    struct buf text;
    struct scope_note *note; /* sorted by id once loaded */
    uint32_t *code;          /* places in kb.code */
    size_t notes, codes, note_cap, code_cap;
    uint64_t unknown; /* codes that the kb has not */
};
/* Reads the stream to its end. train_only: records of other splits are passed over, one of the test split is refused.
 * E_DATA when a note is there twice. */
int scopes_load(struct scopes *t, struct stream *s, const struct kb *kb, bool train_only);
/* scope: kb.codes bits, set for this note's codes and no others. False: no record of this note. */
bool scopes_of(const struct scopes *t, const struct kb *kb, const char *id, size_t n, uint64_t *scope);
void scopes_free(struct scopes *t);

#endif
