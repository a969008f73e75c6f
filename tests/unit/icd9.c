/* lib/ingest/icd9: the dot rule. */
#include "lib/ingest/icd9.h"
#include "lib/util/err.h"
#include "tests/test.h"

static bool dots(enum icd9_kind kind, const char *raw, const char *want)
{
    char out[ICD9_MAX];
    bool ok = !icd9_dot(kind, raw, strlen(raw), out) && !strcmp(out, want);
    if (!ok)
        fprintf(stderr, "%s: wanted %s\n", raw, want);
    return ok;
}

int main(void)
{
    static const struct {
        enum icd9_kind kind;
        const char *raw, *dotted;
    } v[] = {
        {ICD9_DIAGNOSIS, "4019", "401.9"}, {ICD9_DIAGNOSIS, "486", "486"}, {ICD9_DIAGNOSIS, "25000", "250.00"},
        {ICD9_DIAGNOSIS, "0389", "038.9"}, {ICD9_DIAGNOSIS, "V4581", "V45.81"}, {ICD9_DIAGNOSIS, "V08", "V08"},
        {ICD9_DIAGNOSIS, "E8120", "E812.0"}, {ICD9_DIAGNOSIS, "E030", "E030"}, {ICD9_PROCEDURE, "3893", "38.93"},
        {ICD9_PROCEDURE, "966", "96.6"}, {ICD9_PROCEDURE, "0331", "03.31"}, {ICD9_PROCEDURE, "0066", "00.66"},
        {ICD9_PROCEDURE, "3890", "38.90"},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        CHECK(dots(v[i].kind, v[i].raw, v[i].dotted));
        CHECK(dots(v[i].kind, v[i].dotted, v[i].dotted)); /* dots already there are put where they belong */
        CHECK(icd9_kind(v[i].dotted) == v[i].kind);
    }
    DONE("dot rule, all vectors, twice the same as once");

    CHECK(dots(ICD9_PROCEDURE, "96", "96")); /* never a dot at the end */
    CHECK(dots(ICD9_DIAGNOSIS, " 4019 ", "401.9"));
    CHECK(dots(ICD9_DIAGNOSIS, "40.19", "401.9"));
    CHECK(dots(ICD9_DIAGNOSIS, "", "") && dots(ICD9_PROCEDURE, "  ", ""));
    DONE("blanks, dots, empty");

    char out[ICD9_MAX];
    CHECK(icd9_dot(ICD9_DIAGNOSIS, "40 19", 5, out) == E_DATA);
    CHECK(icd9_dot(ICD9_DIAGNOSIS, "401\xC3\xA9", 5, out) == E_DATA);
    CHECK(icd9_dot(ICD9_DIAGNOSIS, "401\0", 4, out) == E_DATA);
    CHECK(icd9_dot(ICD9_DIAGNOSIS, "12345678901234567890", 20, out) == E_DATA);
    CHECK(icd9_dot(ICD9_DIAGNOSIS, "12345678901234", 14, out) == 0 && strlen(out) == 15);
    CHECK(icd9_dot(ICD9_DIAGNOSIS, "123456789012345", 15, out) == E_DATA);
    DONE("what is no code");
    TEST_EXIT();
}
