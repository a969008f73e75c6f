/* The codes above the labels of a set, numbered. */
#ifndef ICD_METRIC_HIERARCHY_H
#define ICD_METRIC_HIERARCHY_H
#include <stddef.h>
#include <stdint.h>

struct metric_tree {
    size_t nodes;
    uint32_t *at, *node; /* (L+1); from at[l] on: label l itself and all that is above it */
};
int metric_tree_open(struct metric_tree **t, const char *const *code, size_t L);
void metric_tree_close(struct metric_tree *t); /* NULL is fine */

#endif
