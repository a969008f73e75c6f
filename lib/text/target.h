/* Targets: what a model is trained to write for a note, from gold records: the order of its codes, and their text.
 *   401.9, 428.0                                                      plain
 *   401.9 (Unspecified essential hypertension), 428.0 (Congestive ..)  described: the paper's format 2
 * codes_parse (codes.h) reads both back. Tests: tests/cli/tokenize.sh. */
#ifndef ICD_TARGET_H
#define ICD_TARGET_H
#include "lib/kb/kb.h"
#include "lib/stream/stream.h"
#include "lib/text/labels.h"
#include "lib/text/spm.h"

/* Most frequent in training first; byte-wise; the coder's own; as in the record; first named in the note; by chance. */
enum target_order { ORDER_FREQ, ORDER_CODE, ORDER_SEQUENCE, ORDER_GIVEN, ORDER_NOTE, ORDER_SHUFFLE };

struct target { /* of one note */
    char *id, *split;
    uint32_t *code; /* label indices, none twice */
    int64_t *place; /* of each: ascending in its target; equal ones by rank */
    size_t n;
};
struct targets { /* zero it first */
    enum target_order order;
    uint64_t seed; /* of ORDER_SHUFFLE: order is a function of it and the note's id */
    const char *separator;
    const struct kb *kb; /* titles for descriptions; NULL: plain */
    struct labels labels;
    uint32_t *rank; /* of each label in byte-wise order; with ORDER_FREQ by frequency, then so */
    struct target *note;
    size_t n, cap;
};
int targets_open(struct targets *t, const json_t *meta);
/* E_DATA when the vocabulary cannot write a code, the separator or a description so that it can be read back. */
int targets_check(const struct targets *t, const struct spm *s);
int targets_add(struct targets *t, const msgpack_object *rec); /* all records are added before the first is ordered */
/* ORDER_NOTE: reads a note stream; places are where each code's expressions first occur. */
int targets_read_notes(struct targets *t, struct stream *notes, const struct matcher *m, const struct kb *kb);
int targets_sort(struct targets *t); /* E_DATA: ORDER_FREQ without a train record */
int targets_text(const struct targets *t, const struct target *note, struct buf *out);
void targets_free(struct targets *t);

#endif
