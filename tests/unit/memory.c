/* Once memory has run out, whoever noticed: no output gets its name, and what the program ends with is E_NOMEM. All
 * allocations of all tools in turn: tests/fault/alloc.sh. */
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/memory.h"
#include "tests/test.h"
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/icdpipe-memory.XXXXXX";

/* The exit status of a child that does this, what it says is thrown away. */
static int status_of(void (*what)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        memory_watch();
        what();
        _exit(0);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A temporary file is open all the while. */
static void begin_file(struct outfile *o)
{
    CHECK(outfile_open(o, "left") == 0);
}

static void too_much_json(void)
{
    struct outfile o;
    volatile size_t n = (size_t)1 << 62;
    begin_file(&o);
    json_decref(json_stringn_nocheck("x", n));
}

static void library_ends(void)
{
    struct outfile o;
    begin_file(&o);
    exit(1);
}

static void ends_itself(void)
{
    exit(E_DATA);
}

static size_t left(void)
{
    char list[64] = "";
    FILE *f = popen("ls -A", "r");
    size_t n = f ? fread(list, 1, sizeof list, f) : 99;
    pclose(f);
    return n;
}

int main(void)
{
    struct outfile o, o2;
    struct out *w, *w2;
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    CHECK(status_of(too_much_json) == E_NOMEM && left() == 0);
    CHECK(status_of(library_ends) == E_NOMEM && left() == 0);
    CHECK(status_of(ends_itself) == E_DATA);
    DONE("libraries that cannot live without memory");

    err_set(E_NOMEM, "may be done without");
    CHECK(err_memory(0) == 0 && err_memory(E_DATA) == E_DATA);
    CHECK(outfile_open(&o, "x") == 0 && outfile_write(&o, "one", 3) == 0 && outfile_open(&o2, "y") == 0);
    CHECK(out_open(&w, "w", false) == 0 && out_header(w, "note", NULL, NULL, false) == 0);
    CHECK(out_open(&w2, "v", false) == 0);
    CHECK(outfile_commit(&o2) == 0 && access("y", F_OK) == 0);
    DONE("before");

    CHECK(!mem_alloc(SIZE_MAX / 2, 3)); /* nobody looks */
    err_set(E_DATA, "not JSON");
    CHECK(err_memory(E_DATA) == E_NOMEM && strstr(err_msg(), "out of memory") && !strstr(err_msg(), "JSON"));
    err_ctx(err_nomem(12), "record 7");
    CHECK(err_memory(E_NOMEM) == E_NOMEM && !strcmp(err_msg(), "record 7: out of memory (12 bytes asked for)"));
    err_set(E_DATA, "of something else");
    CHECK(err_memory(E_NOMEM) == E_NOMEM && !strcmp(err_msg(), "out of memory (12 bytes asked for)"));
    CHECK(err_memory(0) == E_NOMEM);
    DONE("it is remembered, and the message is about it");

    CHECK(outfile_commit(&o) == E_NOMEM);
    outfile_discard(&o);
    CHECK(access("x", F_OK) != 0);
    DONE("no file gets its name");

    const char record[] = "\x82\xa2id\xa1" "1\xa4text\xa1t";
    CHECK(out_header(w2, "note", NULL, NULL, false) == E_NOMEM);
    CHECK(out_record(w, record, sizeof record - 1) == E_NOMEM && out_finish(w, NULL, "t", NULL) == E_NOMEM);
    out_abort(w, "t", E_NOMEM, "memory");
    out_abort(w2, "t", E_NOMEM, "memory");
    CHECK(access("w", F_OK) != 0 && access("v", F_OK) != 0);
    DONE("no frame is written but that of an abort");
    unlink("y");
    CHECK(left() == 0);
    rmdir(dir);
    TEST_EXIT();
}
