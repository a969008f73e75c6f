/* The dot rule of ICD-9-CM codes. Tests: tests/unit/icd9.c. */
#include "lib/ingest/icd9.h"
#include "lib/util/err.h"
#include <ctype.h>
#include <string.h>

int icd9_dot(enum icd9_kind kind, const char *raw, size_t n, char out[ICD9_MAX])
{
    while (n && (raw[0] == ' ' || raw[0] == '\t'))
        raw++, n--;
    while (n && (raw[n - 1] == ' ' || raw[n - 1] == '\t'))
        n--;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (raw[i] == '.')
            continue;
        if (!isalnum((unsigned char)raw[i]) || (unsigned char)raw[i] > 127)
            return err_set(E_DATA, "not an ICD-9 code: holds something else than letters and digits");
        if (k > ICD9_MAX - 3)
            return err_set(E_DATA, "not an ICD-9 code: too long");
        out[k++] = raw[i];
    }
    size_t dot = kind == ICD9_PROCEDURE ? 2 : out[0] == 'E' ? 4 : 3;
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
