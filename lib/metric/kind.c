/* Kinds and parents of ICD codes: see kind.h. */
#include "lib/metric/kind.h"

#include <string.h>

#include "lib/ingest/icd9.h"

static bool pcs(const char *code, size_t n)
{
    return n == 7 && !strchr(code, '.') && strchr("0123456789BCDFGHX", *code);
}

bool icd_procedure(const char *code)
{
    return icd9_kind(code) == ICD9_PROCEDURE || pcs(code, strlen(code));
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
