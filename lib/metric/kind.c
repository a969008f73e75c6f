/* Kinds and parents of ICD codes: see kind.h. */
#include "lib/metric/kind.h"

#include <string.h>

#include "lib/code/code.h"

bool icd_procedure(const char *code)
{
    return code_is_procedure(code);
}

size_t icd_parent(const char *code, size_t n)
{
    const char *dot = memchr(code, '.', n);
    if (dot) { /* the last character behind the dot takes the dot with it */
        size_t category = (size_t)(dot - code);
        return n <= category + 2 ? category : n - 1;
    }
    /* No dot: a category, or what is written without one. ICD-9's E categories have four characters. */
    bool e_code = n == 4 && *code == 'E' && strspn(code + 1, "0123456789") >= 3;
    return n > 3 && !e_code ? n - 1 : 0;
}
