/* The two halves of reading a table.csv.gz, each by itself, for tests/bench/split.sh: libarchive's inflate of the
 * compressed table into nothing, libcsv's parse of the plain one into callbacks that do nothing.
 * split inflate FILE | split parse FILE: prints the bytes, for parse the cells and rows too. */
#include <archive.h>
#include <archive_entry.h>
#include <csv.h>
#include <stdio.h>
#include <string.h>

static char block[1 << 18];

static int inflate_alone(const char *path)
{
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    la_ssize_t n;
    unsigned long long bytes = 0;
    archive_read_support_filter_gzip(a);
    archive_read_support_format_raw(a);
    if (archive_read_open_filename(a, path, sizeof block) || archive_read_next_header(a, &e))
        return 1;
    while ((n = archive_read_data(a, block, sizeof block)) > 0)
        bytes += (unsigned long long)n;
    printf("%llu\n", bytes);
    return n < 0 || archive_read_free(a);
}

static void count(void *p, size_t n, void *cells)
{
    ++*(unsigned long long *)cells;
}
static unsigned long long rows;
static void row(int c, void *cells)
{
    rows++;
}
static int parse_alone(const char *path)
{
    struct csv_parser csv;
    FILE *f = fopen(path, "r");
    size_t n;
    unsigned long long bytes = 0, cells = 0;
    if (!f || csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI))
        return 1;
    csv_set_blk_size(&csv, 1 << 16);
    while ((n = fread(block, 1, sizeof block, f))) {
        if (csv_parse(&csv, block, n, count, row, &cells) != n)
            return 1;
        bytes += n;
    }
    if (csv_fini(&csv, count, row, &cells))
        return 1;
    printf("%llu %llu %llu\n", bytes, cells, rows);
    csv_free(&csv);
    return fclose(f);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "inflate"))
        return inflate_alone(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "parse"))
        return parse_alone(argv[2]);
    fputs("usage: split inflate|parse FILE\n", stderr);
    return 64;
}
