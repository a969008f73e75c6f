/* Picking records by their fields: rec-cat --where, --split of tools. */
#ifndef ICD_PICK_H
#define ICD_PICK_H
#include "lib/stream/stream.h"
#include "lib/util/opt.h"

/* Conditions that are all to hold: a string field is one of several values. Zero it, free it with pick_free. */
struct pick {
    struct condition {
        char *field;
        const char *values; /* "A,B": borrowed */
        bool seen;          /* a record had the field */
    } *condition;
    int n;
};
/* From "FIELD=VALUE,..." each; `where` has to outlive it. E_USAGE, E_NOMEM. */
int pick_parse(struct pick *p, const struct opt_list *where);
/* Is p one of the values "A,B"? */
bool pick_one_of(const char *values, const char *p, size_t n);
bool pick_fits(struct pick *p, const msgpack_object *rec);
/* After the last record: a field that no record has is a slip of the pen, not an empty result. E_USAGE. */
int pick_check(const struct pick *p);
void pick_free(struct pick *p);

#endif
