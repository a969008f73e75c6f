/* The two sides of a twin test. */
#ifndef ICD_TWIN_OPEN_H
#define ICD_TWIN_OPEN_H
#include "kernels/backend.h"
#include "lib/util/err.h"
#include "tests/test.h"

static const struct backend *cpu, *gpu;

/* Opens both. Without a GPU: false, and the one line that counts; a failure where the GPU is required. */
static bool twin_open(void)
{
    const char *required = getenv("TWIN_REQUIRED");
    if (backend_open("cpu", 2, &cpu))
        abort();
    int rc = backend_open("cuda", 2, &gpu);
    if (rc)
        printf("%s\n", required ? "not ok twin: no GPU" : "skip twin: no GPU");
    if (rc)
        printf("# %s\n", err_msg());
    return rc == 0;
}
#endif
