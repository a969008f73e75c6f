/* Two tables somewhere in an archive: zip, tar, tar.gz, zip in zip. */
#include "lib/ingest/tables.h"
#include "tests/fuzz/fuzz.h"

static int row(void *ctx, const struct csv_row *r)
{
    ++*(uint64_t *)ctx;
    return r->cell[0].p ? 0 : E_BUG;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {"A", "B", "?C", NULL};
    uint64_t rows[2] = {0};
    struct table_job job[2] = {{.name = "X", .want = {.columns = columns, .row = row, .ctx = &rows[0]}},
                               {.name = "Y", .want = {.columns = columns, .only = "1", .row = row, .ctx = &rows[1]}}};
    char path[128], *where[] = {path};
    snprintf(path, sizeof path, "%s", fuzz_file("all.zip", data, size));
    if (!fuzz_rc(tables_read(where, 1, job, 2, size % 2)))
        FUZZ_CHECK(job[0].found && job[1].found && rows[0] == job[0].rows && rows[1] <= job[1].rows);
    return 0;
}
