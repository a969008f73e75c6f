/* lib/ingest/source and lib/ingest/feed: gzip that is whole and gzip that is not, in pieces of every size. Written with
 * libarchive, which compresses with zlib. */
#include "lib/ingest/feed.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"
#include <archive_entry.h>
#include <unistd.h>
#include <xxhash.h>

static char path[] = "/tmp/icdpipe-source.XXXXXX";

static void put(const char *p, size_t n)
{
    FILE *f = fopen(path, "w");
    if (n)
        fwrite(p, 1, n, f);
    fclose(f);
}
static void compress_to(struct buf *out, const char *p, size_t n, const char *filter)
{
    struct archive *z = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    size_t used = 0;
    buf_reserve(out, n + n / 10 + 65536);
    archive_entry_set_pathname(e, "x");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_write_set_format_raw(z);
    archive_write_add_filter_by_name(z, filter);
    archive_write_set_bytes_per_block(z, 0);
    archive_write_open_memory(z, out->p + out->n, out->cap - out->n, &used);
    archive_write_header(z, e);
    archive_write_data(z, p, n);
    archive_write_close(z);
    archive_write_free(z);
    archive_entry_free(e);
    out->n += used;
}
static char digest[17];
/* The file through source_read in pieces of `cap`, or through a feed (cap 0: with a thread, 1: without). */
static int get(struct buf *b, size_t cap, bool feed)
{
    struct source *s;
    struct feed *f = NULL;
    char *piece = malloc(cap + 1);
    const char *p = piece;
    b->n = 0;
    int rc = source_open(&s, path);
    rc = rc || !feed ? rc : feed_open(&f, s, cap == 0);
    for (size_t n = 1; n && !rc;) {
        rc = feed ? feed_next(f, &p, &n) : source_read(s, piece, cap, &n);
        rc = rc ? rc : buf_add(b, p, n);
    }
    size_t n = 1;
    if (!rc) /* the end stays the end */
        rc = feed ? feed_next(f, &p, &n) : source_read(s, piece, cap, &n);
    rc = rc || !n ? rc : 1;
    feed_close(f);
    if (!rc)
        source_xxh64(s, digest);
    source_close(s);
    free(piece);
    return rc;
}
static bool gives(const struct buf *want)
{
    static const size_t caps[] = {1, 7, 1000, 65536, 1 << 20};
    struct buf got = {0};
    char hex[17];
    bool ok = true;
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)XXH64(want->p, want->n, 0));
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
        if (caps[i] > 1 || want->n < 100000)
            ok &= get(&got, caps[i], false) == 0 && got.n == want->n &&
                  !memcmp(got.n ? got.p : "", want->n ? want->p : "", want->n);
    for (size_t thread = 0; thread < 2; thread++)
        ok &= get(&got, thread, true) == 0 && got.n == want->n &&
              !memcmp(got.n ? got.p : "", want->n ? want->p : "", want->n) && !strcmp(digest, hex);
    buf_free(&got);
    if (!ok)
        fprintf(stderr, "%s\n", err_msg());
    return ok;
}
static bool fails(const char *why)
{
    struct buf got = {0};
    bool ok = true;
    for (int k = 0; k < 3; k++) {
        int rc = k < 2 ? get(&got, (size_t)k, true) : get(&got, 5000, false);
        ok &= rc == E_DATA && strstr(err_msg(), why);
        if (!ok)
            fprintf(stderr, "rc %d: %s; wanted %s\n", rc, err_msg(), why);
    }
    buf_free(&got);
    return ok;
}
static void text(struct buf *b, size_t n, uint64_t seed)
{
    struct rng r = rng_new(seed, 1);
    while (b->n < n) {
        bool goes_on = rng_below(&r, 8);
        buf_fmt(b, "%llu %s", (unsigned long long)rng_below(&r, 1 << 20), goes_on ? "and so on, " : "\n");
    }
}

int main(void)
{
    static const char *const filters[] = {"gzip", "zstd", "xz", "bzip2"};
    static const size_t sizes[] = {0, 1, 5, 40000, 1200000};
    close(mkstemp(path));
    struct buf plain = {0}, gz = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        plain.n = 0;
        text(&plain, sizes[i], i);
        put(plain.p, plain.n);
        CHECK(gives(&plain));
        for (size_t k = 0; k < sizeof filters / sizeof *filters; k++) {
            gz.n = 0;
            compress_to(&gz, plain.p, plain.n, filters[k]);
            put(gz.p, gz.n);
            CHECK(gives(&plain));
        }
    }
    DONE("plain, gzip, zstd, xz, bzip2 of every size");

    struct buf two = {0}, all = {0};
    for (int i = 0; i < 3; i++) {
        plain.n = 0;
        text(&plain, 70000, 10 + (uint64_t)i);
        buf_add(&all, plain.p, plain.n);
        compress_to(&two, plain.p, plain.n, "gzip");
        if (i == 1)
            compress_to(&two, "", 0, "gzip");
    }
    put(two.p, two.n);
    CHECK(gives(&all));
    for (int i = 0; i < 600000; i++)
        buf_add(&two, "", 1);
    put(two.p, two.n);
    CHECK(gives(&all));
    buf_str(&two, "x");
    put(two.p, two.n);
    CHECK(fails("behind the end"));
    DONE("gzip: several members, an empty one, zeros behind, something behind");

    /* every way to damage it is found: cut at any place, any bit of the data, the checksum or the length turned over */
    plain.n = gz.n = 0;
    text(&plain, 60000, 30);
    compress_to(&gz, plain.p, plain.n, "gzip");
    struct buf got = {0};
    for (size_t cut = 2; cut < gz.n; cut += 1 + gz.n / 60) {
        put(gz.p, cut);
        CHECK(get(&got, 1 << 16, false) == E_DATA && strstr(err_msg(), "gzip: "));
    }
    put(gz.p, gz.n - 1);
    CHECK(fails("gzip: the file is cut short"));
    size_t found = 0, tried = 0;
    for (size_t at = 10; at < gz.n; at += at < gz.n - 12 ? 1 + gz.n / 60 : 1)
        for (int bit = 0; bit < 8; bit += 4) {
            gz.p[at] = (char)(gz.p[at] ^ 1 << bit);
            put(gz.p, gz.n);
            tried++;
            found += get(&got, 1 << 16, false) == E_DATA;
            gz.p[at] = (char)(gz.p[at] ^ 1 << bit);
        }
    CHECK(found == tried && tried > 100);
    gz.p[gz.n - 8] ^= 1;
    put(gz.p, gz.n);
    CHECK(fails("gzip: the checksum is wrong"));
    gz.p[gz.n - 8] ^= 1;
    put(gz.p, gz.n);
    CHECK(gives(&plain));
    DONE("gzip: cut anywhere, any bit turned over");

    gz.n = 0;
    plain.n = 0;
    text(&plain, 3000000, 31);
    compress_to(&gz, plain.p, plain.n, "zstd");
    put(gz.p, gz.n / 2);
    CHECK(get(&got, 1 << 16, false) == E_DATA);
    put(gz.p, gz.n);
    struct source *s;
    struct feed *f = NULL;
    const char *p;
    size_t n;
    CHECK(source_open(&s, path) == 0 && feed_open(&f, s, true) == 0 && feed_next(f, &p, &n) == 0 && n > 0);
    feed_close(f); /* early, the thread being ahead */
    source_close(s);
    unlink(path);
    CHECK(source_open(&s, path) == E_NOINPUT);
    source_close(s);
    DONE("zstd cut short; closing early; no such file");
    buf_free(&plain);
    buf_free(&gz);
    buf_free(&two);
    buf_free(&all);
    buf_free(&got);
    TEST_EXIT();
}
