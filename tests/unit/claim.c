/* Which files a run reads and writes: any two that are one are found, whichever is named first. */
#include "lib/util/claim.h"
#include "lib/util/err.h"
#include "tests/test.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/icdpipe-claim.XXXXXX";

static int in(const char *path)
{
    int fd = open(path, O_RDONLY);
    int rc = claim_input(fd, path);
    close(fd);
    return rc;
}

static int out(const char *path)
{
    return claim_output(path, path);
}

static void touch(const char *path)
{
    close(open(path, O_CREAT | O_WRONLY, 0600));
}

/* Whether a and b are taken for one file, in any order and role. */
static bool one(const char *a, const char *b)
{
    bool found = true;
    claims_begin(NULL);
    found &= in(a) == 0 && out(b) == E_USAGE && strstr(err_msg(), b);
    claims_begin(NULL);
    found &= out(a) == 0 && in(b) == E_USAGE && strstr(err_msg(), a);
    claims_begin(NULL);
    found &= out(a) == 0 && out(b) == E_USAGE && strstr(err_msg(), a) && strstr(err_msg(), b);
    claims_begin(NULL);
    found &= in(a) == 0 && in(b) == 0; /* reading twice is fine */
    claims_end();
    return found;
}

int main(void)
{
    char whole[100];
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    mkdir("d", 0700);
    touch("x"), touch("y"), touch("d/x");
    CHECK(!symlink("x", "soft") && !link("x", "hard") && !symlink(".", "here"));
    snprintf(whole, sizeof whole, "%s/x", dir);
    const char *const same[] = {"x", "./x", "d/../x", whole, "soft", "hard", "here/x", "here/here/soft"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        for (size_t k = 0; k < sizeof same / sizeof *same; k++)
            CHECK(one(same[i], same[k]));
    DONE("a file by all its names");

    claims_begin(NULL);
    CHECK(in("x") == 0 && in("d/x") == 0 && out("y") == 0 && out("d/y") == 0 && out("z") == 0 && out("xx") == 0);
    CHECK(out("./z") == E_USAGE && out("here/z") == E_USAGE && out("here/d/y") == E_USAGE && in("y") == E_USAGE);
    CHECK(out("no/folder") == 0);
    DONE("a file that is not there yet");

    claims_begin("x");
    CHECK(in("x") == 0 && out("x") == 0 && in("./x") == 0 && in("y") == 0 && out("y") == E_USAGE);
    CHECK(out("x") == E_USAGE && strstr(err_msg(), "two outputs"));
    DONE("the one that may replace what is read");

    int s[2], p[2];
    claims_begin(NULL);
    CHECK(in("/dev/null") == 0 && out("/dev/null") == 0 && out("/dev/null") == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && pipe(p) == 0);
    CHECK(claim_input(s[0], "s") == 0 && claim_output_fd(s[0], "s") == 0 && claim_output_fd(s[0], "s") == E_USAGE);
    CHECK(claim_output_fd(p[1], "p") == 0 && claim_output_fd(p[1], "p") == E_USAGE);
    DONE("devices, sockets, pipes");

    claims_end();
    CHECK(in("x") == 0 && out("x") == 0 && out("x") == 0);
    DONE("nothing is kept where nobody asked for it");
    unlink("x"), unlink("y"), unlink("d/x"), unlink("soft"), unlink("hard"), unlink("here"), rmdir("d");
    if (chdir("/") || rmdir(dir))
        return 1;
    TEST_EXIT();
}
