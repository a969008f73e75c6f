/* lib/ingest/csv and lib/ingest/tables: one table, from a directory. Archives: tests/cli/mimic-split-input.sh. */
#include "lib/ingest/tables.h"
#include "lib/util/err.h"
#include "tests/test.h"
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/icdpipe-csv.XXXXXX";
static char seen[1 << 16];

static int row(void *ctx, const struct csv_row *r)
{
    for (int i = 0; i < 2; i++) {
        strncat(seen, r->cell[i].p, r->cell[i].n);
        strcat(seen, i ? ";" : "|");
    }
    return ctx ? *(int *)ctx : 0;
}
static struct table_job job;
static int read_from(const char *where, const char *const *columns, const char *only, int *stop)
{
    char *const places[] = {(char *)where};
    job = (struct table_job){.name = "TABLE", .want = {columns, only, row, stop}};
    return tables_read(places, 1, &job, 1, true);
}
static int read_as(const char *file, const char *text, size_t n, const char *const *columns)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "w");
    fwrite(text, 1, n, f);
    fclose(f);
    seen[0] = 0;
    int rc = read_from(dir, columns, NULL, NULL);
    unlink(path);
    return rc;
}
static const char *const ab[] = {"A", "B", NULL}, *const a_opt[] = {"A", "?Z", NULL};
static int read_text(const char *text)
{
    return read_as("TABLE.csv", text, strlen(text), ab);
}
static bool gives(const char *text, const char *want)
{
    int rc = read_text(text);
    if (rc || strcmp(seen, want))
        fprintf(stderr, "rc %d '%s', wanted '%s': %s\n", rc, seen, want, err_msg());
    return !rc && !strcmp(seen, want);
}
static bool fails(const char *text, int code, const char *why)
{
    int rc = read_text(text);
    if (rc != code || !strstr(err_msg(), why))
        fprintf(stderr, "rc %d: %s; wanted %d: %s\n", rc, err_msg(), code, why);
    return rc == code && strstr(err_msg(), why) && !strstr(err_msg(), "SECRET");
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    CHECK(gives("A,B\n1,2\n3,4\n", "1|2;3|4;"));
    CHECK(gives("A,B\r\n1,2\r\n3,4", "1|2;3|4;"));
    CHECK(gives("x,b,\"a\",y\n0,2,1,9\n", "1|2;"));
    CHECK(gives("\xEF\xBB\xBF"
                "A,B\n1,2\n",
                "1|2;"));
    CHECK(gives("\xEF\xBB\xBF\"A\",\"B\"\r\n\"1\",2\r\n", "1|2;"));
    CHECK(gives("A,B\n", ""));
    DONE("columns by name, in any order and case; CRLF; no newline at the end; byte order mark");

    CHECK(gives("A,B\n\"a,\"\"b\"\"\",\"l1\nl2\r\nl3\"\n", "a,\"b\"|l1\nl2\r\nl3;"));
    CHECK(gives("A,B\n, x \n\"\",\"\"\n", "| x ;|;"));
    DONE("quotes, line ends in a field, blanks kept");

    CHECK(fails("A,B\n1,\"SECRET\n", E_DATA, "TABLE.csv: row 1: column 2: the quote never closes"));
    CHECK(fails("A,B\n1,2\n1,\"SECRET\"x\n", E_DATA, "TABLE.csv: row 2: column 2"));
    CHECK(fails("A,B\n1,SECRET\"\"\n", E_DATA, "row 1: column 2"));
    CHECK(fails("A,B\n1,SECRET,3\n", E_DATA, "row 1: 3 columns where the heading has 2"));
    CHECK(fails("A,B\nSECRET\n", E_DATA, "row 1: 1 columns"));
    CHECK(fails("A,C\n1,2\n", E_DATA, "TABLE.csv: no column B"));
    CHECK(fails("A,B,a\n1,2,3\n", E_DATA, "column A is there twice"));
    CHECK(fails("A,\"B\"SECRET\n1,2\n", E_DATA, "TABLE.csv: heading: column 2: a quote where none may be"));
    CHECK(fails("A,\"B\n", E_DATA, "TABLE.csv: heading: column 2: the quote never closes"));
    CHECK(fails("", E_DATA, "TABLE.csv: empty file") && fails("\xEF\xBB\xBF", E_DATA, "TABLE.csv: empty file"));
    CHECK(fails("\n\n", E_DATA, "TABLE.csv: no heading"));
    DONE("what is wrong is named, without its content");

    CHECK(read_as("table.CSV", "a,b\n1,2\n", 8, a_opt) == 0 && !strcmp(seen, "1|;"));
    CHECK(read_from(dir, ab, NULL, NULL) == E_NOINPUT);
    CHECK(read_from("/nonexistent", ab, NULL, NULL) == E_NOINPUT);
    CHECK(read_as("TABLE.csv.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3", 10, ab) == E_DATA);
    CHECK(read_as("XTABLE.csv", "A,B\n", 4, ab) == E_NOINPUT);
    CHECK(read_as("TABLE.csv.bak", "A,B\n", 4, ab) == E_NOINPUT);
    DONE("names of files; optional columns; nothing there; a gzip heading and no more");

    /* fields longer than the block that is read at a time */
    size_t n = 3 << 20;
    char *big = malloc(n + 64), path[256];
    size_t k = (size_t)sprintf(big, "A,B\n\"");
    memset(big + k, 'x', n);
    strcpy(big + k + n, "\",2\n3,4\n");
    snprintf(path, sizeof path, "%s/TABLE.csv", dir);
    FILE *f = fopen(path, "w");
    fputs(big, f);
    fclose(f);
    int stop = 77;
    seen[0] = 0;
    CHECK(read_from(dir, (const char *const[]){"B", "?Z", NULL}, NULL, NULL) == 0 && !strcmp(seen, "2|;4|;"));
    seen[0] = 0;
    CHECK(read_from(dir, (const char *const[]){"B", "?Z", NULL}, NULL, &stop) == 77 && !strcmp(seen, "2|;"));
    unlink(path);
    free(big);
    DONE("a field of 3 MB; the callback stops the reading");

    /* a cell without end: not read into memory for ever; skipped where nobody asks for it */
    static char block[1 << 20];
    memset(block, 'x', sizeof block);
    for (int quoted = 0; quoted < 2; quoted++) {
        f = fopen(path, "w");
        fprintf(f, "A,B\n3,4\n%s", quoted ? "\"" : "");
        for (int i = 0; i < 66; i++)
            fwrite(block, 1, sizeof block, f);
        fputs(quoted ? "\",2\n" : ",2\n", f);
        fclose(f);
        CHECK(read_from(dir, a_opt, NULL, NULL) == E_DATA &&
              strstr(err_msg(), quoted ? "TABLE.csv: row 2: column 1: larger than 64 MB: the quote never closes?"
                                       : "TABLE.csv: row 2: column 1: larger than 64 MB"));
        seen[0] = 0;
        CHECK(!quoted ||
              (read_from(dir, (const char *const[]){"B", "?Z", NULL}, NULL, NULL) == 0 && !strcmp(seen, "4|;2|;")));
    }
    memset(block, ',', sizeof block);
    for (int heading = 0; heading < 2; heading++) {
        f = fopen(path, "w");
        fputs(heading ? "" : "A,B\n1,2\n", f);
        fwrite(block, 1, sizeof block, f);
        fclose(f);
        CHECK(read_from(dir, ab, NULL, NULL) == E_DATA &&
              strstr(err_msg(), heading ? "TABLE.csv: heading: column 4097: too many columns"
                                        : "TABLE.csv: row 2: column 4097: too many columns"));
    }
    unlink(path);
    DONE("a cell larger than any note, columns without end");

    /* what is skipped is skipped, not misread: quotes, commas and line ends in cells nobody asks for */
    const char *tricky = "Z,A,Y,B,X\n"
                         "\"a,\"\"\nb\",yes,\"\"\"\",\"1,\"\"2\"\"\n\",\"\"\n"
                         "\"q\",no,\"\"\"x\"\"\",\"never,\nmind\",\"\"\"\"\"\"\n"
                         ",\"yes\",\"\n\n\",\"3\",\"z\"\n"
                         "\"\",\"yes\"\"\",\"\",\"4\",\"z\"\n";
    f = fopen(path, "w");
    fputs(tricky, f);
    fclose(f);
    seen[0] = 0;
    CHECK(read_from(dir, ab, "yes", NULL) == 0 && !strcmp(seen, "yes|1,\"2\"\n;yes|3;") && job.rows == 4);
    seen[0] = 0;
    CHECK(read_from(dir, ab, NULL, NULL) == 0 && !strcmp(seen, "yes|1,\"2\"\n;no|never,\nmind;yes|3;yes\"|4;") &&
          job.rows == 4);
    unlink(path);
    CHECK(read_as("TABLE.csv", "Z,A,B\n\"SECRET\"x,1,2\n", 21, ab) == E_DATA && strstr(err_msg(), "row 1: column 1"));
    CHECK(read_as("TABLE.csv", "A,B,Z\n1,2,\"SECRET\n", 19, ab) == E_DATA &&
          strstr(err_msg(), "row 1: column 3: the quote never"));
    DONE("rows and cells that nobody asks for");

    struct cell c[] = {{"12", 2}, {"", 0}, {"1.5", 3}, {"9999999999999999999", 19}, {"-1", 2}};
    struct csv_row r = {"T.csv", 7, c};
    int64_t v;
    CHECK(csv_int(&r, 0, "A", &v) == 0 && v == 12);
    for (int i = 1; i < 5; i++)
        CHECK(csv_int(&r, i, "A", &v) == E_DATA && strstr(err_msg(), "T.csv: row 7: column A"));
    DONE("numbers");
    rmdir(dir);
    TEST_EXIT();
}
