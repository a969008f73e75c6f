/* Split lists: which admission is in train, dev or test is fixed by three files of HADM_IDs, one a line; nothing is
 * computed. Tests: tests/unit/splits.c. */
#ifndef ICD_SPLITS_H
#define ICD_SPLITS_H
#include <stddef.h>
#include <stdint.h>

enum split { SPLIT_TRAIN, SPLIT_DEV, SPLIT_TEST, SPLITS_N };
extern const char *const split_name[SPLITS_N];

struct split_id {
    int64_t id;
    enum split split;
};
struct splits {
    struct split_id *v; /* by id */
    size_t n, count[SPLITS_N];
    size_t *slot; /* hash: place in v plus 1 */
    size_t slots;
};
/* DIR/{train,dev,test}_{lists}_hadm_ids.csv, lists "50" or "full". An id twice in a list counts once; an id in two
 * lists, a line that is no number, an empty list are E_DATA; a missing file is E_NOINPUT. `each` (may be NULL) gets
 * every file's path. */
int splits_load(struct splits *s, const char *dir, const char *lists, int (*each)(void *ctx, const char *path),
                void *ctx);
/* Place in v, or -1. */
ptrdiff_t splits_find(const struct splits *s, int64_t id);
void splits_free(struct splits *s);

#endif
