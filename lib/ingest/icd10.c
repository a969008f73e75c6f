/* The dot rules of ICD-10 codes. Tests: tests/unit/icd9.c. */
#include "lib/ingest/icd10.h"
#include "lib/util/err.h"
#include <string.h>

int icd10_dot(enum icd9_kind kind, enum icd10_form form, const char *raw, size_t n, char out[ICD9_MAX])
{
    size_t k;
    TRY(icd_clean(raw, n, "ICD-10", out, &k));
    if (kind == ICD9_DIAGNOSIS && form != ICD10_UNDOTTED && (k > 3 || (k == 3 && form == ICD10_EDIN))) {
        memmove(out + 4, out + 3, k - 3);
        out[3] = '.';
        k++;
    }
    out[k] = 0;
    return 0;
}
