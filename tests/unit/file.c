/* Output files that appear whole or not at all, whole-file reads. */
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "tests/test.h"
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/icdpipe-file.XXXXXX";

static int entries(void)
{
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(d);
    return n;
}

static bool holds(const char *path, const char *want)
{
    char *p;
    size_t n;
    bool good = file_read(path, 1000, &p, &n) == 0 && n == strlen(want) && strcmp(p, want) == 0;
    if (good)
        free(p);
    return good;
}

int main(void)
{
    char *p;
    size_t n;
    struct outfile o;
    struct stat st;
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    CHECK(outfile_open(&o, "x") == 0 && outfile_write(&o, "one", 3) == 0 && access("x", F_OK) != 0 && entries() == 1);
    CHECK(outfile_commit(&o) == 0 && holds("x", "one") && entries() == 1);
    CHECK(stat("x", &st) == 0 && (st.st_mode & 0777) == 0600);
    outfile_discard(&o);
    CHECK(holds("x", "one"));
    DONE("appears whole, for its owner only");

    CHECK(outfile_open(&o, "x") == 0 && outfile_write(&o, "two", 3) == 0 && holds("x", "one"));
    outfile_discard(&o);
    outfile_discard(&o);
    CHECK(holds("x", "one") && entries() == 1);
    CHECK(outfile_open(&o, "x") == 0 && outfile_write(&o, "two", 3) == 0 && entries() == 2);
    outfile_unlink_all();
    CHECK(entries() == 1 && outfile_commit(&o) == E_IO && strstr(err_msg(), "x: "));
    outfile_discard(&o);
    CHECK(holds("x", "one"));
    DONE("or not at all");

    CHECK(symlink("x", "link") == 0 && outfile_open(&o, "link") == 0 && outfile_write(&o, "three", 5) == 0 &&
          outfile_commit(&o) == 0);
    CHECK(holds("x", "three") && lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(outfile_open(&o, "/dev/null") == 0 && outfile_write(&o, "x", 1) == 0 && outfile_commit(&o) == 0);
    CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    CHECK(outfile_open(&o, "/dev/full") == 0 && outfile_write(&o, "x", 1) == E_IO &&
          strstr(err_msg(), "/dev/full: No space"));
    outfile_discard(&o);
    CHECK(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
    CHECK(outfile_open(&o, "nowhere/x") == E_IO && outfile_open(&o, ".") == E_IO);
    outfile_discard(&o);
    DONE("links, devices, places that are not there");

    CHECK(file_read("none", 10, &p, &n) == E_NOINPUT && file_read(".", 10, &p, &n) == E_NOINPUT);
    CHECK(file_read("x", 4, &p, &n) == E_DATA && file_read("x", 5, &p, &n) == 0 && n == 5 && p[5] == 0);
    free(p);
    FILE *f = fopen("big", "w");
    for (int i = 0; i < 300000; i++)
        fputc('a' + i % 26, f);
    fclose(f);
    CHECK(file_read("big", 1 << 20, &p, &n) == 0 && n == 300000 && p[299999] == 'a' + 299999 % 26);
    free(p);
    char hex[17];
    fclose(fopen("empty", "w"));
    CHECK(file_xxh64("empty", hex) == 0 && !strcmp(hex, "ef46db3751d8e999") && file_xxh64("none", hex) == E_NOINPUT);
    DONE("reading");

    char path[200];
    setenv("ICDPIPE_SHARE", dir, 1);
    CHECK(share_path("x", path, sizeof path) == 0 && holds(path, "three"));
    CHECK(share_path("nope", path, sizeof path) == E_NOINPUT && share_path("x", path, 5) == E_NOINPUT);
    CHECK(!strcmp(path_base("/a/b"), "b") && !strcmp(path_base("b"), "b") && !strcmp(path_base("/"), ""));
    DONE("paths");
    unlink("x"), unlink("link"), unlink("big"), unlink("empty");
    rmdir(dir);
    TEST_EXIT();
}
