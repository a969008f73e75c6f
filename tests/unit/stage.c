/* stage_main from outside: each case runs a small tool in a child process and looks at its status, output and
 * message. */
#include "lib/stream/internal.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"
#include "lib/util/rng.h"
#include "tests/test.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/icdpipe-stage.XXXXXX";
static int64_t fail_at, repeat, die_at;
static const char *side_path, *other, *how;
static const struct opt opts[] = {
    {"fail-at", 0, OPT_INT, &fail_at, "N", "Fail at record N."},
    {"die-at", 0, OPT_INT, &die_at, "N", "Be killed at record N."},
    {"repeat", 0, OPT_INT, &repeat, "N", "Records for each."},
    {"side", 0, OPT_OUT, &side_path, "FILE", "A second output."},
    {"other", 0, OPT_FILE, &other, "FILE", "A second input."},
    {"how", 0, OPT_STR, &how, "HOW", "What to do wrong."},
    {.type = OPT_END},
};
static struct out *side;
static struct stream *second;
static int afters;

static int begin(struct run *r)
{
    json_object_set_new(r->meta, "seen", json_true());
    if (how && !strcmp(how, "begin"))
        return err_set(E_NODEVICE, "no device");
    if (how && !strcmp(how, "file"))
        TRY(run_input_file(r, "in"));
    if (how && !strcmp(how, "oracle"))
        r->oracle = true;
    if (other) {
        TRY(run_input(r, other, "note", &second));
        const msgpack_object *rec;
        int rc = 0;
        while (!(how && !strcmp(how, "unread")) && stream_next(second, &rec, &rc) == STREAM_RECORD)
            continue;
        TRY(rc);
    }
    return side_path ? run_output(r, side_path, "gold", NULL, &side) : 0;
}

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    const char *id;
    size_t n;
    rec_str(rec, "id", &id, &n);
    int number = atoi(id);
    usleep(philox4x32(2, 0, (uint64_t)number).v[0] % 200);
    if (number + 1 == fail_at)
        return err_set(E_DATA, "field text: bad");
    if (number + 1 == die_at) {
        kill(getpid(), SIGTERM);
        pause();
    }
    for (int64_t i = 0; i < repeat; i++) {
        pk_copy(&sink->pk, rec, "copy", NULL, 1);
        pk_str(&sink->pk, "copy");
        msgpack_pack_int64(&sink->pk, i);
        if (!(how && !strcmp(how, "nonext")))
            TRY(sink_next(sink));
    }
    return 0;
}

static int after(struct run *r, const msgpack_object *rec, struct sink *sink)
{
    afters += (int)sink->n;
    if (!side)
        return 0;
    msgpack_sbuffer sb;
    msgpack_packer pk;
    msgpack_sbuffer_init(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    msgpack_pack_map(&pk, 2);
    pk_str(&pk, "id");
    const char *id;
    size_t n;
    rec_str(rec, "id", &id, &n);
    pk_strn(&pk, id, n);
    pk_str(&pk, "codes");
    msgpack_pack_array(&pk, 0);
    int rc = run_emit_to(r, side, sb.data, sb.size);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

static int end(struct run *r)
{
    run_note(r, "%d records", afters);
    run_warn(r, "a\033[1mwarning");
    return 0;
}

static const struct stage alone = {
    {"alone", "[FILE]", "Test."}, opts, "note", "note", false, "notes", begin, each, after, end, NULL};
static const struct stage parallel = {
    {"parallel", "[FILE]", "Test."}, opts, "note", "note", true, "notes", begin, each, after, end, NULL};
static int prints(struct run *r)
{
    return printf("hello\n") < 0;
}
static const struct stage printer = {{"printer", "", "Test."}, .end = prints};

/* Chooses its schema in begin, as tokenize does; how "late" fails before that, "text" asks for text. */
static bool streams(void)
{
    return !how || strcmp(how, "text");
}
static int begin_late(struct run *r)
{
    if (how && (!strcmp(how, "text") || !strcmp(how, "late")))
        return err_set(E_NODEVICE, "no device");
    run_schema(r, "note");
    return begin(r);
}
static const struct stage chooses = {.doc = {"chooses", "[FILE]", "Test."},
                                     .opts = opts,
                                     .in = "note",
                                     .streams = streams,
                                     .begin = begin_late,
                                     .each = each};

/* Runs the stage; stdin from `in` ("" closed), stdout to `out` ("" closed); messages to err. Exit status, or
 * -signal. */
static int run(const struct stage *st, const char *in, const char *out, const char *args)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char line[400], *argv[32];
        int argc = 0, fd;
        snprintf(line, sizeof line, "%s %s", st->doc.tool, args);
        for (char *w = strtok(line, " "); w; w = strtok(NULL, " "))
            argv[argc++] = w;
        argv[argc] = NULL;
        fd = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 2);
        close(fd), close(0), close(1);
        if (*in && (fd = open(in, O_RDONLY)) != 0)
            _exit(99);
        if (*out && (fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0)
            _exit(98);
        else if (*out && fd != 1)
            dup2(fd, 1), close(fd);
        exit(stage_main(st, argc, argv)); /* exit, so that the sanitizer's leak check runs */
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool has(const char *file, const char *what)
{
    char *p;
    size_t n;
    if (file_read(file, 1 << 24, &p, &n))
        return false;
    bool found = memmem(p, n, what, strlen(what)) != NULL;
    free(p);
    return found;
}

static bool same(const char *a, const char *b)
{
    char x[17], y[17];
    return file_xxh64(a, x) == 0 && file_xxh64(b, y) == 0 && strcmp(x, y) == 0;
}

static int records(const char *file, struct stream **s)
{
    const msgpack_object *rec;
    int rc, n = 0;
    if ((rc = stream_open(s, file, NULL)))
        return -rc;
    while (stream_next(*s, &rec, &rc) == STREAM_RECORD)
        n++;
    return rc ? -rc : n;
}

static int count(const char *file)
{
    struct stream *s;
    int n = records(file, &s);
    stream_close(s);
    return n;
}

static void make_input(void)
{
    struct out *o;
    CHECK(out_open(&o, "in", false) == 0 && out_header(o, "note", NULL, NULL, false) == 0);
    for (int i = 0; i < 200; i++) {
        msgpack_sbuffer sb;
        msgpack_packer pk;
        char id[20];
        msgpack_sbuffer_init(&sb);
        msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
        msgpack_pack_map(&pk, 2);
        pk_str(&pk, "id");
        snprintf(id, sizeof id, "%d", i);
        pk_str(&pk, id);
        pk_str(&pk, "text");
        pk_str(&pk, "SECRET TEXT");
        CHECK(out_record(o, sb.data, sb.size) == 0);
        msgpack_sbuffer_destroy(&sb);
    }
    CHECK(out_end(o, NULL, "make", NULL) == 0);
    out_close(o);
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    make_input();

    CHECK(run(&alone, "in", "a", "--repeat 3") == 0 && count("a") == 600 && has("err", "alone: 600 records"));
    CHECK(has("err", "alone: warning: a?[1mwarning"));
    CHECK(run(&alone, "", "b", "--repeat 3 in") == 0 && same("a", "b"));
    CHECK(run(&alone, "in", "null", "--repeat 3 -o c -q -") == 0 && same("a", "c") && !has("err", "600"));
    CHECK(run(&parallel, "in", "p1", "--repeat 2 -j 1") == 0);
    for (int j = 0; j < 9; j += 2) {
        char args[64];
        snprintf(args, sizeof args, "--repeat 2 -j %d", j);
        CHECK(run(&parallel, "in", "p", args) == 0 && same("p", "p1"));
    }
    DONE("the same bytes from pipe and file, with any number of threads");

    struct stream *s = NULL;
    CHECK(run(&alone, "a", "b", "--repeat 1 --other in --how file --side g") == 0);
    CHECK(records("b", &s) == 600);
    const json_t *h = stream_history(s), *own = json_array_get(h, 1), *l = stream_lineage(s);
    CHECK(json_array_size(h) == 2 && !strcmp(json_string_value(json_object_get(own, "tool")), "alone"));
    CHECK(json_array_size(json_object_get(own, "from")) == 1 &&
          json_integer_value(json_array_get(json_object_get(own, "from"), 0)) == 0);
    CHECK(!strcmp(json_string_value(json_object_get(json_object_get(own, "options"), "other")), "in"));
    CHECK(!json_object_get(json_object_get(own, "options"), "side") &&
          json_is_true(json_object_get(stream_meta(s), "seen")));
    CHECK(json_array_size(l) == 3 && json_array_size(json_object_get(json_array_get(l, 2), "inputs")) == 3);
    stream_close(s);
    CHECK(records("g", &s) == 600 && stream_schema(s) == schema_find("gold") &&
          json_equal(stream_history(s), stream_history(s)));
    CHECK(json_array_size(stream_lineage(s)) == 3);
    stream_close(s);
    DONE("further inputs and outputs, history, lineage");

    CHECK(run(&alone, "in", "o", "--repeat 1 --how oracle") == 0 &&
          run(&alone, "in", "b", "--repeat 1 --other o") == 0);
    CHECK(records("b", &s) == 200 && stream_oracle(s));
    stream_close(s);
    CHECK(run(&alone, "o", "b", "--repeat 1") == 0 && records("b", &s) == 200 && stream_oracle(s));
    stream_close(s);
    DONE("the oracle stamp spreads");

    char *bytes = NULL;
    size_t size;
    static const struct stage *const both[] = {&alone, &parallel};
    for (int k = 0; k < 2; k++) {
        const struct stage *st = both[k];
        unlink("g"), unlink("c");
        CHECK(run(st, "in", "b", "--repeat 1 --fail-at 50 -j 3 --side g") == E_DATA && access("g", F_OK) != 0);
        CHECK(has("err", "record 50: field text: bad") && !has("err", "SECRET"));
        CHECK(count("b") == -E_DATA);
        CHECK(run(&alone, "b", "c", "--repeat 1") == E_DATA && has("err", "failed: standard input: record 50"));
        CHECK(run(&alone, "c", "d", "--repeat 1") == E_DATA &&
              has("err", k ? "parallel failed" : "standard input: alone failed"));
        CHECK(run(st, "in", "null", "--repeat 1 --fail-at 50 -j 3 -o f") == E_DATA && access("f", F_OK) != 0);
        CHECK(run(st, "in", "null", "--die-at 50 -o f -j 3") == -SIGTERM && access("f", F_OK) != 0);
        CHECK(run(st, "in", "/dev/full", "--repeat 1 -j 3") == E_IO && has("err", "No space left"));
        CHECK(run(st, "in", "", "--repeat 1 -j 3") == E_IO);
        CHECK(run(st, "in", "null", "-o /dev/full --repeat 1") == E_IO && run(st, "in", "b", "-o none/x") == E_IO);
        CHECK(run(st, "", "b", "") == E_IO || has("err", "standard input"));
        DONE(k ? "failures with threads" : "failures");
    }

    CHECK(run(&alone, "in", "b", "--how begin") == E_NODEVICE && count("b") == -E_NODEVICE);
    CHECK(run(&alone, "in", "b", "--repeat 1 --how nonext") == E_BUG && has("err", "without sink_next"));
    CHECK(run(&alone, "in", "b", "--other none") == E_NOINPUT && run(&alone, "in", "b", "none") == E_NOINPUT);
    CHECK(run(&alone, "in", "b", "--other -") == E_USAGE && run(&alone, "in", "b", "in in") == E_USAGE);
    CHECK(run(&alone, "in", "b", "--other in --how unread") == E_BUG && count("b") == -E_BUG);
    CHECK(run(&alone, "in", "b", "--side -") == E_USAGE && run(&alone, "in", "b", "--nope") == E_USAGE &&
          has("err", "alone --help"));
    CHECK(count("b") == -E_USAGE);
    CHECK(run(&alone, "err", "b", "") == E_DATA && run(&alone, "/dev/null", "b", "") == E_DATA &&
          run(&alone, "g", "b", "") != 0);
    CHECK(run(&alone, "/dev/null", "b", "--help") == 0 && has("b", "Usage: alone") &&
          run(&alone, "", "", "--help") == E_IO);
    CHECK(run(&alone, "/dev/null", "b", "--version") == 0 && run(&alone, "/dev/null", "/dev/full", "--help") == E_IO);
    DONE("usage and inputs");

    CHECK(run(&chooses, "in", "b", "--repeat 1") == 0 && count("b") > 0);
    CHECK(run(&chooses, "in", "b", "--how late") == E_NODEVICE && count("b") == -E_NODEVICE);
    CHECK(run(&alone, "b", "c", "") == E_NODEVICE && has("err", "chooses failed: no device"));
    CHECK(run(&chooses, "in", "b", "none") == E_NOINPUT && count("b") == -E_NOINPUT);
    CHECK(run(&chooses, "in", "b", "--how begin") == E_NODEVICE && count("b") == -E_NODEVICE);
    CHECK(run(&chooses, "in", "b", "--repeat 1 --fail-at 5") == E_DATA && count("b") == -E_DATA);
    CHECK(run(&chooses, "in", "b", "--how late -o f") == E_NODEVICE && access("f", F_OK) != 0);
    unlink("b");
    CHECK(run(&chooses, "in", "b", "--how text") == E_NODEVICE && file_read("b", 1, &bytes, &size) == 0 && size == 0);
    free(bytes);
    DONE("a failure before the schema is chosen is told to who reads");

    CHECK(run(&printer, "", "b", "") == 0 && has("b", "hello") && run(&printer, "", "/dev/full", "") == E_IO &&
          run(&printer, "", "", "") == E_IO);
    DONE("a tool that prints");

    int p[2];
    CHECK(pipe(p) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = {"alone", "--repeat", "2000", "-q", "--side", "g", "in", NULL};
        signal(SIGPIPE, SIG_IGN); /* as some parents leave it */
        dup2(p[1], 1);
        close(p[0]), close(p[1]);
        exit(stage_main(&alone, 7, argv));
    }
    char few[10];
    close(p[1]);
    CHECK(read(p[0], few, sizeof few) > 0);
    close(p[0]);
    int status = 0;
    unlink("g");
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE && access("g", F_OK) != 0);
    DONE("a closed pipe ends the tool quietly, and not with success");
    char cmd[128];
    snprintf(cmd, sizeof cmd, "ls -A %s | grep -c '^[.]'; rm -rf %s", dir, dir);
    FILE *f = popen(cmd, "r");
    int left = -1;
    CHECK(fscanf(f, "%d", &left) == 1 && left == 0);
    pclose(f);
    DONE("no temporary file is left");
    TEST_EXIT();
}
