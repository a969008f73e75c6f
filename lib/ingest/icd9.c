/* The dot rule of ICD-9-CM codes. Tests: tests/unit/icd9.c. */
#include "lib/ingest/icd9.h"
#include "lib/util/err.h"
#include <ctype.h>
#include <string.h>

int icd_clean(const char *raw, size_t n, const char *system, char out[ICD9_MAX], size_t *len)
{
    size_t k = 0;
    while (n && (raw[0] == ' ' || raw[0] == '\t'))
        raw++, n--;
    while (n && (raw[n - 1] == ' ' || raw[n - 1] == '\t'))
        n--;
    for (size_t i = 0; i < n; i++) {
        if (raw[i] == '.')
            continue;
        if (!isalnum((unsigned char)raw[i]) || (unsigned char)raw[i] > 127)
            return err_set(E_DATA, "not an %s code: holds something else than letters and digits", system);
        if (k > ICD9_MAX - 3)
            return err_set(E_DATA, "not an %s code: too long", system);
        out[k++] = raw[i];
    }
    *len = k;
    return 0;
}

int icd9_dot(enum icd9_kind kind, const char *raw, size_t n, char out[ICD9_MAX])
{
    size_t k;
    TRY(icd_clean(raw, n, "ICD-9", out, &k));
    size_t dot = k && out[0] == 'E' ? 4 : 3;
    if (kind == ICD9_PROCEDURE)
        dot = 2;
    if (k > dot) {
        memmove(out + dot + 1, out + dot, k - dot);
        out[dot] = '.';
        k++;
    }
    out[k] = 0;
    return 0;
}

enum icd9_kind icd9_kind(const char *dotted)
{
    return strcspn(dotted, ".") == 2 ? ICD9_PROCEDURE : ICD9_DIAGNOSIS;
}
