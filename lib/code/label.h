/* What a label may not hold: the characters that separate codes in the text a model writes (lib/text/codes.h). A label
 * with one of them is learned, written right and never read back. Tests: tests/unit/label.c. */
#ifndef ICD_LABEL_H
#define ICD_LABEL_H
#include <stddef.h>

#define LABEL_SEPARATORS ",; \t\r\n\f\v"

/* 0; or E_DATA if the label is empty, not UTF-8, has a separator or a control character, or begins with the parenthesis
 * of a description. The message names it if it is short enough to be a label. */
int label_check(const char *p, size_t n);

#endif
