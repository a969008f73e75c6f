/* A table, plain or compressed (gzip, zstd, xz, bzip2). The last byte chooses what is asked of it. */
#include "lib/ingest/csv.h"
#include "tests/fuzz/fuzz.h"

static int row(void *ctx, const struct csv_row *r)
{
    int64_t v;
    for (int i = 0; i < 3; i++)
        FUZZ_CHECK(r->cell[i].p && !r->cell[i].p[r->cell[i].n]);
    if (!csv_int(r, 0, "A", &v))
        FUZZ_CHECK(v >= 0);
    ++*(uint64_t *)ctx;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {"A", "B", "?C", NULL};
    unsigned how = fuzz_choice(data, &size, 16);
    uint64_t handed = 0, rows = 0;
    struct csv_want want = {.columns = columns, .only = how & 1 ? "1" : NULL, .row = row, .ctx = &handed,
                            .delimiter = how & 2 ? ';' : 0, .no_quotes = how & 4};
    struct source *s = NULL;
    struct feed *f = NULL;
    if (!fuzz_rc(source_open(&s, fuzz_file("table", data, size))) && !fuzz_rc(feed_open(&f, s, how & 8)) &&
        !fuzz_rc(csv_read(f, "table", &want, &rows)))
        FUZZ_CHECK(handed <= rows && (want.only || handed == rows));
    if (f)
        feed_close(f);
    source_close(s);
    return 0;
}
