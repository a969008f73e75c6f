/* Bare JSON records of any schema, before they are taken: no labels in notes, splits that tools know, codes that are
 * some. Tests: tests/cli/rec-cat-import.sh. */
#ifndef ICD_BARE_H
#define ICD_BARE_H
#include <jansson.h>
#include <stdint.h>

struct bare {
    const char *schema;
    uint64_t dropped; /* notes that had labels, which were taken out */
    char field[32];   /* their name */
};
/* For struct import's judge, with a struct bare. E_DATA naming the field. */
int bare_judge(void *ctx, json_t *record);

#endif
