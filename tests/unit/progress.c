/* The progress line: on a terminal only, and cleared. */
#include "lib/util/progress.h"
#include "tests/test.h"
#include <fcntl.h>
#include <unistd.h>

static bool in_time;

/* What is shown on standard error when that is a terminal. */
static char *shown_of(bool quiet, uint64_t total, uint64_t part, uint64_t whole, uint64_t before)
{
    static char text[4096];
    int master = posix_openpt(O_RDWR | O_NOCTTY), kept = dup(2);
    if (master < 0 || grantpt(master) || unlockpt(master))
        return NULL;
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    dup2(slave, 2);
    struct progress p;
    progress_start(&p, "tool", "notes", total, quiet);
    p.part = part, p.whole = whole, p.before = before;
    progress_show(&p, 1, NULL); /* too soon */
    usleep(120000);
    progress_show(&p, 50, "loss 1.5");
    double shown_at = p.last;
    progress_show(&p, 51, NULL);
    in_time = now_seconds() - shown_at < 0.1; /* so that 51 came too soon, on a busy machine too */
    progress_end(&p);
    progress_show(&p, 60, NULL);
    fputc('.', stderr);
    dup2(kept, 2);
    ssize_t n = 0, got;
    while ((n == 0 || text[n - 1] != '.') && (got = read(master, text + n, sizeof text - 1 - (size_t)n)) > 0)
        n += got;
    text[n] = 0;
    close(kept), close(slave), close(master);
    return text;
}

static char *shown(bool quiet, uint64_t total)
{
    return shown_of(quiet, total, 0, 0, 0);
}

int main(void)
{
    char *t = shown(false, 100);
    if (!t) {
        puts("skip progress: no pseudo-terminal here");
        return 0;
    }
    CHECK(strstr(t, "\rtool: 50/100 notes, ") && strstr(t, "/s, 0:00:00 left, loss 1.5\033[K"));
    CHECK((!in_time || !strstr(t, "tool: 51")) && !strstr(t, "tool: 60") && strstr(t, "\r\033[K."));
    DONE("shown on a terminal, at most ten times a second, and cleared");
    t = shown(false, 0);
    CHECK(strstr(t, "tool: 50 notes, ") && !strstr(t, "left"));
    DONE("without a total");
    t = shown_of(false, 0, 1, 1000000, 0);
    CHECK(strstr(t, "tool: 50 notes, ") && strstr(t, "/s, 0 %, ") && strstr(t, " left"));
    unsigned h = 0, m = 0, s = 0;
    const char *left = strstr(t, " %, ");
    CHECK(left && sscanf(left + 4, "%u:%u:%u left", &h, &m, &s) == 3);
    CHECK(h >= 33 && h < 1000); /* 999,999 times 0.12 s at least */
    t = shown_of(false, 0, 600, 800, 0);
    CHECK(strstr(t, "/s, 75 %, 0:00:0") && strstr(t, " left, loss 1.5"));
    t = shown_of(false, 0, 800, 800, 0);
    CHECK(strstr(t, "/s, 100 %, loss 1.5") && !strstr(t, "left"));
    t = shown_of(false, 0, 900, 800, 0); /* a file that grew */
    CHECK(!strstr(t, "%") && !strstr(t, "left"));
    t = shown_of(false, 100, 900, 1000, 0);
    CHECK(strstr(t, "tool: 50/100 notes, ") && !strstr(t, "%"));
    DONE("the share of the input's bytes, where there is no total");
    t = shown_of(false, 100000, 0, 0, 49); /* a run that goes on: one in 0.12 s and more, 99,950 to come */
    left = strstr(t, "/s, ");
    CHECK(left && sscanf(left + 4, "%u:%u:%u left", &h, &m, &s) == 3 && h >= 3);
    CHECK(strtod(strstr(t, "notes, ") + 7, NULL) < 8.5);
    DONE("rate and time of what this run did");
    CHECK(!strcmp(shown(true, 100), "."));
    DONE("quiet");
    int kept = dup(2), file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    if (file >= 0) {
        dup2(file, 2);
        struct progress p;
        progress_start(&p, "tool", "notes", 0, false);
        usleep(120000);
        progress_show(&p, 5, NULL);
        progress_end(&p);
        dup2(kept, 2);
        CHECK(lseek(file, 0, SEEK_END) == 0);
    }
    DONE("nothing into a file");
    double a = now_seconds();
    CHECK(now_seconds() >= a);
    DONE("the clock does not go back");
    TEST_EXIT();
}
