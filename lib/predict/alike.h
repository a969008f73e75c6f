/* Were notes made into tokens as those of a model's training were? Another prompt, sample or length reads differently.
 * Tests: tests/cli/icd-infer.sh. */
#ifndef ICD_ALIKE_H
#define ICD_ALIKE_H
#include <jansson.h>

#include "lib/util/buf.h"

/* trained, now: histories of the model and of the tokens. What differs, in words, into b; nothing where all is alike
 * or a history does not tell. */
int made_alike(struct buf *b, const json_t *trained, const json_t *now);

#endif
