/* The labels that predictions are scored against: one gold stream, by id. Tests: tests/cli/icd-score.sh. */
#ifndef ICD_METRIC_GOLD_H
#define ICD_METRIC_GOLD_H
#include <msgpack.h>
#include <stdbool.h>

#include "lib/text/labels.h"

struct gold_note {
    char *id;
    uint64_t record; /* its number in the stream */
    int split;       /* index into split */
    uint32_t *code;  /* (n) label indices, ascending, none twice */
    uint32_t n;
};
struct gold {
    const char *name; /* of the stream, for messages */
    /* Label indices are everywhere those of the codes in byte order, as CAML has them: whatever order a stream has, the
     * same labels give the same result. */
    struct labels labels;
    struct gold_note *v; /* by id, once gold_sort() was called */
    size_t n, cap;
    char split[16][32];
    int n_split;
    int64_t *count, n_train; /* (L) training records with each label; of how many */
};
int gold_open(struct gold *g, const char *name, const json_t *meta);
int gold_record(struct gold *g, const msgpack_object *rec, uint64_t record);
/* Counts it if it is of the train split; codes that are none of the labels are left out. E_NOMEM. */
int gold_train(struct gold *g, const msgpack_object *rec);
int gold_sort(struct gold *g);                             /* E_DATA: an id stands there twice */
struct gold_note *gold_find(const struct gold *g, const char *id, size_t n); /* NULL: not there */
void gold_close(struct gold *g);

/* An array of codes of the label set as ascending indices, none twice (malloc'd). */
int gold_codes(const struct labels *l, const msgpack_object *codes, uint32_t **index, uint32_t *n);
uint32_t gold_unique(uint32_t *index, uint32_t n); /* sorts; how many are left */

#endif
