/* Output files that appear whole or not at all, whole-file reads. */
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "tests/test.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static bool put(const char *path, const char *what)
{
    struct outfile o;
    bool good = outfile_open(&o, path) == 0 && outfile_write(&o, what, strlen(what)) == 0 && outfile_commit(&o) == 0;
    outfile_discard(&o);
    return good;
}

static void names(void)
{
    struct stat st;
    struct outfile o;
    char name[300];
    /* what a link names is written, there or not; the link stays */
    CHECK(mkdir("to", 0700) == 0 && symlink("to/b", "a") == 0 && symlink("c", "to/b") == 0);
    CHECK(put("a", "new") && holds("to/c", "new") && lstat("a", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(lstat("to/b", &st) == 0 && S_ISLNK(st.st_mode) && put("a", "again") && holds("to/c", "again"));
    snprintf(name, sizeof name, "%s/to/d", dir);
    CHECK(symlink(name, "to/e") == 0 && put("to/e", "x") && holds("to/d", "x"));
    CHECK(symlink("g", "f") == 0 && symlink("f", "g") == 0 && outfile_open(&o, "f") == E_IO &&
          strstr(err_msg(), "f: Too many levels"));
    CHECK(symlink("no/where", "h") == 0 && outfile_open(&o, "h") == E_IO && strstr(err_msg(), "h: No such file"));
    unlink("a"), unlink("f"), unlink("g"), unlink("h");
    unlink("to/b"), unlink("to/c"), unlink("to/d"), unlink("to/e"), rmdir("to");
    DONE("links to links, to nothing, to themselves");

    for (size_t n = 180; n <= 255; n += n < 250 ? 5 : 1) {
        memset(name, 'n', n);
        name[n] = 0;
        CHECK(put(name, "x") && holds(name, "x") && unlink(name) == 0);
    }
    memset(name, 'n', 256);
    name[256] = 0;
    CHECK(outfile_open(&o, name) == E_IO && strstr(err_msg(), "File name too long"));
    DONE("names as long as they may be");

    CHECK(outfile_is_std(NULL) && outfile_is_std("-") && outfile_is_std("/dev/stdout") && outfile_is_std("/dev/fd/1") &&
          outfile_is_std("/proc/self/fd/1"));
    CHECK(!outfile_is_std("/dev/fd/11") && !outfile_is_std("/dev/fd/1x") &&
          !outfile_is_std("./-"));
    /* a descriptor is written where it is, and stays open for others */
    int fd = open("by-fd", O_CREAT | O_RDWR | O_TRUNC, 0600);
    CHECK(fd > 2 && write(fd, "one ", 4) == 4);
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    CHECK(put(name, "two ") && write(fd, "three", 5) == 5 && close(fd) == 0 && holds("by-fd", "one two three"));
    CHECK(outfile_open(&o, name) == E_IO && unlink("by-fd") == 0);
    DONE("names of descriptors");
}

static void modes(void)
{
    struct stat st;
    static const mode_t mode[] = {0600, 0664, 0640, 0755, 0606};
    for (size_t i = 0; i < sizeof mode / sizeof *mode; i++) {
        CHECK(put("m", "old") && chmod("m", mode[i]) == 0 && put("m", "new"));
        CHECK(stat("m", &st) == 0 && (st.st_mode & 07777) == mode[i] && unlink("m") == 0);
    }
    struct outfile o;
    CHECK(put("m", "old") && chmod("m", 0666) == 0 && outfile_open(&o, "m") == 0);
    CHECK(stat(o.tmp, &st) == 0 && (st.st_mode & 0777) == 0600); /* not before it is complete */
    outfile_discard(&o);
    if (geteuid() == 0) /* a group that only root can give it stays, too */
        CHECK(chown("m", (uid_t)-1, 12) == 0 && put("m", "x") && stat("m", &st) == 0 && st.st_gid == 12);
    unlink("m");
    DONE("the mode of what is replaced");
}

static void dead(void)
{
    struct outfile a, b;
    char *name;
    CHECK(outfile_open(&a, "x") == 0 && outfile_open(&b, "x") == 0); /* a is alive */
    CHECK(access(a.tmp, F_OK) == 0 && access(b.tmp, F_OK) == 0);
    /* as after a kill: nobody holds it */
    name = strdup(a.tmp);
    CHECK(close(a.fd) == 0 && (a.fd = -1) < 0);
    outfile_discard(&b);
    CHECK(access(name, F_OK) == 0 && outfile_open(&b, "y") == 0 && access(name, F_OK) == 0); /* another's output */
    outfile_discard(&b);
    CHECK(outfile_open(&b, "x") == 0 && access(name, F_OK) != 0 && access(b.tmp, F_OK) == 0);
    outfile_discard(&b);
    outfile_discard(&a);
    /* names that are like it */
    CHECK(put(".x-part.abcdefg", "longer") && mkdir(".x-part.folder", 0700) == 0);
    CHECK(symlink("x", ".x-part.linked") == 0 && put("x", "three"));
    CHECK(access(".x-part.abcdefg", F_OK) == 0 && access(".x-part.folder", F_OK) == 0);
    CHECK(holds(".x-part.linked", "three"));
    unlink(".x-part.abcdefg"), unlink(".x-part.linked"), rmdir(".x-part.folder");
    free(name);
    DONE("what killed runs left of the same output goes");
}

/* A pipe whose other end does not block. */
static void pipes(void)
{
    enum { N = 1 << 18 };
    int p[2], status;
    char *big = malloc(N), name[40];
    memset(big, 'x', N);
    CHECK(pipe(p) == 0 && fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
    pid_t child = fork();
    if (child == 0) {
        char some[1000];
        ssize_t n, all = 0;
        close(p[1]);
        while ((n = read(p[0], some, sizeof some)) > 0)
            all += n;
        _exit(all != N);
    }
    close(p[0]);
    snprintf(name, sizeof name, "/dev/fd/%d", p[1]);
    struct outfile o;
    CHECK(outfile_open(&o, name) == 0 && outfile_write(&o, big, N) == 0 && outfile_commit(&o) == 0);
    close(p[1]);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(pipe(p) == 0 && fcntl(p[0], F_SETFL, O_NONBLOCK) == 0);
    child = fork();
    if (child == 0) {
        for (int i = 0; i < 4; i++) {
            usleep(20000);
            if (write(p[1], "part", 4) != 4)
                _exit(1);
        }
        _exit(0);
    }
    close(p[1]);
    int fd = dup(p[0]);
    char got[100];
    size_t n = 0;
    for (ssize_t r = 1; r;) {
        while ((r = read(fd, got + n, sizeof got - n)) < 0 && file_again(fd, false))
            ;
        n += r > 0 ? (size_t)r : 0;
        if (r < 0)
            break;
    }
    CHECK(n == 16 && !memcmp(got, "partpartpartpart", 16) && waitpid(child, &status, 0) == child && status == 0);
    close(fd), close(p[0]);
    free(big);
    DONE("pipes that do not block");
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

    names();
    modes();
    dead();
    pipes();

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
