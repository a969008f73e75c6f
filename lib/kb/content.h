/* The text of a chat's message as JSON: a string, or parts, of which those that hold the model's thoughts are left out.
 * Tests: tests/cli/kb-build-answers.sh, kb-build-ask.sh. */
#ifndef ICD_CONTENT_H
#define ICD_CONTENT_H
#include <jansson.h>

/* Where member `name` of an object has parts, their text takes their place; without text in them they stay. E_NOMEM. */
int content_settle(json_t *object, const char *name);

#endif
