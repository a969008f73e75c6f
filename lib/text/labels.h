/* The label set of a stream: meta.labels, codes in index order, and the way back from a code to its index. */
#ifndef ICD_LABELS_H
#define ICD_LABELS_H
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct labels {
    size_t n;
    char **code;      /* in index order */
    uint32_t *sorted; /* indices by byte-wise code order */
};
/* From meta.labels: an array of at least one non-empty string, none twice. E_DATA otherwise. */
int labels_open(struct labels *l, const json_t *meta);
int64_t labels_find(const struct labels *l, const char *p, size_t n); /* index, -1: not a label */
int labels_same(const struct labels *a, const struct labels *b);      /* the same set in any order, else E_DATA */
void labels_close(struct labels *l);                                  /* zeroed is fine */

#endif
