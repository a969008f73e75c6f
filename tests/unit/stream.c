/* Reader and writer: what is written is read; whatever is missing, changed or hostile is an error, never a short
 * result. */
#include "lib/stream/internal.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/rng.h"
#include "tests/test.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

static char dir[] = "/tmp/icdpipe-stream.XXXXXX";
static msgpack_sbuffer sb;
static msgpack_packer pk;

static void fresh(void)
{
    msgpack_sbuffer_clear(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
}

static void note(int i, size_t length)
{
    char id[20], *text = malloc(length + 1);
    snprintf(id, sizeof id, "%d", i);
    for (size_t k = 0; k < length; k++)
        text[k] = (char)('a' + (k * 7 + (size_t)i) % 26);
    text[length] = 0;
    fresh();
    msgpack_pack_map(&pk, 3);
    pk_str(&pk, "id");
    pk_str(&pk, id);
    pk_str(&pk, "split");
    pk_str(&pk, i % 2 ? "train" : "test");
    pk_str(&pk, "text");
    pk_strn(&pk, text, length);
    free(text);
}

/* n notes; the file's bytes in *p. */
static size_t make(const char *name, int n, size_t length, bool compress, char **p)
{
    struct out *o;
    size_t size = 0;
    json_t *meta = json_pack("{s:s}", "source", "test"), *lineage = json_loads("[{\"tool\":\"before\"}]", 0, NULL);
    CHECK(out_open(&o, name, compress) == 0 && out_header(o, "note", meta, NULL, true) == 0);
    for (int i = 0; i < n; i++) {
        note(i, length);
        CHECK(out_record(o, sb.data, sb.size) == 0);
    }
    CHECK(out_records(o) == (uint64_t)n && out_end(o, lineage, "test", NULL) == 0);
    out_close(o);
    json_decref(meta);
    json_decref(lineage);
    if (p)
        CHECK(file_read(name, 1 << 30, p, &size) == 0);
    return size;
}

/* Reads to the end: 0 or the error; *n records. */
static int read_all(const char *name, const char *accept, uint64_t *n)
{
    struct stream *s;
    const msgpack_object *rec;
    int rc;
    *n = 0;
    TRY(stream_open(&s, name, accept));
    enum stream_got got;
    while ((got = stream_next(s, &rec, &rc)) == STREAM_RECORD)
        ++*n;
    CHECK(got == STREAM_END ? rc == 0 && stream_lineage(s) : rc != 0 && !stream_lineage(s) && err_msg()[0]);
    CHECK(stream_next(s, &rec, &rc) == got); /* stays what it is */
    stream_close(s);
    return rc;
}

static int read_bytes(const char *p, size_t n, uint64_t *records)
{
    unlink("bytes"); /* cutting a file to nothing and writing it anew is slow on some file systems */
    FILE *f = fopen("bytes", "wb");
    fwrite(p, 1, n, f);
    fclose(f);
    return read_all("bytes", NULL, records);
}

/* A stream from frames given as JSON bodies: kind, body, ..., -1. "@" stands for a right end frame of `count`, "#" for
 * one whose lineage is no list. */
static int read_frames(const char *const *frames, long count, const char *says)
{
    uint64_t records;
    fresh();
    for (; *frames; frames++) {
        size_t before = sb.size;
        msgpack_pack_array(&pk, 2);
        msgpack_pack_int(&pk, **frames - '0');
        if (strchr("@#", (*frames)[1])) {
            char hex[17];
            snprintf(hex, sizeof hex, "%016llx", (unsigned long long)XXH64(sb.data, before, 0));
            json_t *end = json_pack("{s:I,s:s,s:o}", "records", (json_int_t)count, "xxh64", hex, "lineage",
                                    (*frames)[1] == '@' ? json_array() : json_integer(5));
            CHECK(pk_json(&pk, end) == 0);
            json_decref(end);
        } else {
            json_t *j = json_loads(*frames + 1, JSON_DECODE_ANY, NULL);
            CHECK(j && pk_json(&pk, j) == 0);
            json_decref(j);
        }
    }
    int rc = read_bytes(sb.data, sb.size, &records);
    if (rc && !strstr(err_msg(), says)) {
        fprintf(stderr, "'%s' does not say '%s'\n", err_msg(), says);
        return -1;
    }
    return rc;
}
#define FRAMES(count, says, ...) read_frames((const char *const[]){__VA_ARGS__, NULL}, count, says)
#define HEAD "0{\"format\":\"icds\",\"version\":1,\"schema\":\"gold\",\"meta\":{},\"history\":[],\"oracle\":false}"
#define REC "1{\"id\":\"1\",\"codes\":[\"401.9\"]}"

/* How far into the file each record is: grows, ends at its size. *steps: how many different places were told. */
static bool positions(const char *name, int *steps)
{
    struct stream *s;
    const msgpack_object *rec;
    uint64_t at, whole, before = 0;
    size_t size;
    char *p;
    int rc;
    *steps = 0;
    if (file_read(name, 1 << 30, &p, &size) || stream_open(&s, name, NULL))
        return false;
    free(p);
    bool ok = true;
    while (stream_next(s, &rec, &rc) == STREAM_RECORD) {
        at = stream_position(s, &whole);
        ok &= whole == size && at <= size && at >= before;
        *steps += at > before;
        before = at;
    }
    ok &= rc == 0 && stream_position(s, &whole) == size && before > 0;
    stream_close(s);
    return ok;
}

static void test_position(void)
{
    int steps, fd[2], kept = dup(0);
    uint64_t whole = 1;
    struct stream *s;
    make("a", 50, 300, false, NULL);
    CHECK(positions("a", &steps) && steps == 50);
    make("big.zst", 20, 1 << 20, false, NULL);
    CHECK(positions("big.zst", &steps) && steps > 1);
    size_t n;
    char *p;
    CHECK(file_read("a", 1 << 20, &p, &n) == 0 && pipe(fd) == 0 && write(fd[1], p, n) == (ssize_t)n);
    close(fd[1]);
    dup2(fd[0], 0);
    CHECK(stream_open(&s, "-", NULL) == 0);
    stream_position(s, &whole);
    CHECK(whole == 0);
    stream_close(s);
    dup2(kept, 0);
    close(kept), close(fd[0]), free(p);
    DONE("the position in a file; a pipe has no size");
}

static void test_round(void)
{
    uint64_t n;
    char *p, *q;
    size_t size = make("a", 50, 300, false, &p), size2;
    CHECK(read_all("a", NULL, &n) == 0 && n == 50);
    CHECK(read_all("a", "gold,note", &n) == 0 && n == 50);
    CHECK(read_all("a", "notes,not,gold", &n) == E_DATA && strstr(err_msg(), "a: a stream of note records"));
    CHECK(read_all("none", NULL, &n) == E_NOINPUT && read_all(dir, NULL, &n) != 0);
    struct stream *s;
    const msgpack_object *rec;
    int rc, i = 0;
    CHECK(stream_open(&s, "a", NULL) == 0);
    CHECK(stream_oracle(s) && !strcmp(stream_name(s), "a") && stream_schema(s) == schema_find("note"));
    CHECK(!strcmp(json_string_value(json_object_get(stream_meta(s), "source")), "test") &&
          json_is_array(stream_history(s)));
    while (stream_next(s, &rec, &rc) == STREAM_RECORD) {
        size_t raw;
        const char *r = stream_raw(s, &raw);
        note(i++, 300);
        CHECK(raw == sb.size && memcmp(r, sb.data, raw) == 0 && stream_records(s) == (uint64_t)i);
    }
    CHECK(rc == 0 && i == 50 && strlen(stream_xxh64(s)) == 16 && json_array_size(stream_lineage(s)) == 2);
    CHECK(!strcmp(json_string_value(json_object_get(stream_end_frame(s), "xxh64")), stream_xxh64(s)));
    stream_close(s);
    stream_close(NULL);
    make("b", 50, 300, false, &q);
    CHECK(memcmp(p, q, size) == 0);
    free(q);
    DONE("what is written is read, and the bytes are the same each time");

    size2 = make("a.zst", 50, 300, false, &q);
    CHECK(size2 < size / 2 && !memcmp(q, "\x28\xb5\x2f\xfd", 4) && read_all("a.zst", NULL, &n) == 0 && n == 50);
    free(q);
    make("c", 50, 300, true, &q);
    CHECK(!memcmp(q, "\x28\xb5\x2f\xfd", 4) && read_all("c", NULL, &n) == 0 && n == 50);
    free(q);
    make("big.zst", 20, 1 << 20, false, NULL);
    CHECK(read_all("big.zst", NULL, &n) == 0 && n == 20);
    make("big", 20, 1 << 20, false, NULL);
    CHECK(read_all("big", NULL, &n) == 0 && n == 20);
    make("no", 0, 0, false, NULL);
    CHECK(read_all("no", NULL, &n) == 0 && n == 0);
    DONE("zstd, large records, no record");
    free(p);
}

static void test_damage(bool compress)
{
    char *p;
    uint64_t n;
    size_t size = make("d", 6, 40, compress, &p);
    char *tight = malloc(size);
    for (size_t k = 0; k < size; k++) {
        memcpy(tight, p, k);
        int rc = read_bytes(tight, k, &n);
        CHECK(rc == E_DATA && n <= 6);
        CHECK(k || strstr(err_msg(), "empty input"));
    }
    DONE(compress ? "cut anywhere, compressed" : "cut anywhere");

    /* The end frame's lineage is not under the digest; everything before is. */
    size_t under = size;
    for (size_t k = 0; k + 7 < size && !compress; k++)
        if (!memcmp(p + k, "records", 7)) {
            under = k - 4;
            break;
        }
    for (size_t k = 0; k < under; k++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(tight, p, size);
            tight[k] = (char)(tight[k] ^ 1 << bit);
            int rc = read_bytes(tight, size, &n);
            /* in zstd's own frame some bits may change and the data stay what it is */
            CHECK(rc == E_DATA || (compress && rc == 0 && n == 6));
        }
    DONE(compress ? "any bit changed, compressed" : "any bit changed");

    char *more = malloc(2 * size);
    memcpy(more, p, size);
    memcpy(more + size, p, size);
    CHECK(read_bytes(more, size + 1, &n) == E_DATA && read_bytes(more, 2 * size, &n) == E_DATA);
    CHECK(strstr(err_msg(), "bytes after the end frame"));
    free(more);
    free(tight);
    free(p);
    DONE(compress ? "bytes behind the end, compressed" : "bytes behind the end");
}

static void test_frames(void)
{
    CHECK(FRAMES(1, "", HEAD, REC, "2@") == 0 && FRAMES(0, "", HEAD, "2@") == 0);
    CHECK(FRAMES(2, "counts 2 records, 1 were there", HEAD, REC, "2@") == E_DATA);
    CHECK(FRAMES(-1, "counts -1", HEAD, REC, "2@") == E_DATA);
    CHECK(FRAMES(1, "the end is malformed", HEAD, REC, "2#") == E_DATA);
    CHECK(FRAMES(1, "names another digest", HEAD, REC,
                 "2{\"records\":1,\"xxh64\":\"0000000000000000\",\"lineage\":[]}") == E_DATA);
    CHECK(FRAMES(1, "end is malformed", HEAD, REC, "2{\"records\":1,\"xxh64\":\"00\"}") == E_DATA);
    CHECK(FRAMES(1, "end is malformed", HEAD, REC, "2{\"xxh64\":\"0000000000000000\"}") == E_DATA);
    CHECK(FRAMES(1, "no end frame", HEAD, REC) == E_DATA && FRAMES(1, "no end frame", HEAD) == E_DATA);
    CHECK(FRAMES(1, "after record 1: a second header", HEAD, REC, HEAD, "2@") == E_DATA);
    CHECK(FRAMES(1, "begin with a header", REC, "2@") == E_DATA && FRAMES(0, "begin with a header", "2@") == E_DATA);
    CHECK(FRAMES(1, "not a frame", HEAD, "4{}") == E_DATA && FRAMES(1, "body of a frame", HEAD, "1[]") == E_DATA);
    CHECK(FRAMES(1, "unknown schema", "0{\"format\":\"icds\",\"version\":1,\"schema\":\"nope\"}", "2@") == E_DATA);
    CHECK(FRAMES(2, "record 2: field codes: missing", HEAD, REC, "1{\"id\":\"2\"}", "2@") == E_DATA);
    DONE("frames out of place");

    CHECK(FRAMES(1, "tool-x failed: disk on fire", HEAD, REC,
                 "3{\"tool\":\"tool-x\",\"code\":74,\"message\":\"disk on fire\"}") == E_IO);
    const char *tool, *why;
    CHECK(abort_cause(&tool, &why) && !strcmp(tool, "tool-x") && !strcmp(why, "disk on fire"));
    CHECK(FRAMES(1, "a failed: b", "3{\"tool\":\"a\",\"code\":64,\"message\":\"b\"}") == E_USAGE);
    CHECK(FRAMES(1, "malformed abort", HEAD, "3{\"tool\":\"a\",\"code\":0,\"message\":\"b\"}") == E_DATA);
    CHECK(FRAMES(1, "malformed abort", HEAD, "3{\"tool\":\"a\",\"code\":1000,\"message\":\"b\"}") == E_DATA);
    CHECK(FRAMES(1, "malformed abort", HEAD, "3{}") == E_DATA);
    DONE("abort frames");

    uint64_t n;
    CHECK(read_bytes("{\"id\":1}\n", 9, &n) == E_DATA && strstr(err_msg(), "--from-json"));
    CHECK(read_bytes("\x1f\x8b\x08\x00", 4, &n) == E_DATA && strstr(err_msg(), "gzip"));
    CHECK(read_bytes("\xdd\xff\xff\xff\xff", 5, &n) == E_DATA &&
          read_bytes("\x92\x00\xdf\xff\xff\xff\xff", 7, &n) == E_DATA);
    CHECK(read_bytes("\x28\xb5\x2f\xfd", 4, &n) == E_DATA && read_bytes("\x28\xb5\x2f\xfd garbage", 12, &n) == E_DATA);
    CHECK(read_bytes("\0\0\0\0\0\0\0\0", 8, &n) == E_DATA);
    char deep[100];
    memset(deep, 0x91, sizeof deep);
    CHECK(read_bytes(deep, sizeof deep, &n) == E_DATA);
    struct rng r = rng_new(3, 0);
    char *p;
    size_t size = make("d", 6, 40, false, &p);
    for (int i = 0; i < 3000; i++) { /* several bytes changed, cut, or put in */
        char noisy[4096];
        size_t k = size;
        memcpy(noisy, p, size);
        for (uint64_t c = 1 + rng_below(&r, 4); c; c--) {
            size_t at = rng_below(&r, k);
            if (rng_below(&r, 3) == 0 && k < sizeof noisy - 1)
                memmove(noisy + at + 1, noisy + at, k++ - at);
            else if (rng_below(&r, 3) == 0)
                memmove(noisy + at, noisy + at + 1, --k - at);
            else
                noisy[at] = (char)rng_u64(&r);
        }
        int rc = read_bytes(noisy, k, &n);
        CHECK(rc == E_DATA || rc == E_IO || rc == E_USAGE || (rc == 0 && n == 6));
    }
    free(p);
    DONE("what is no stream");
}

static void test_writer(void)
{
    struct out *o;
    fresh();
    msgpack_pack_map(&pk, 0);
    CHECK(out_open(&o, "w", false) == 0 && out_record(o, sb.data, sb.size) == E_BUG);
    CHECK(out_header(o, "nope", NULL, NULL, false) == E_BUG && out_header(o, "note", NULL, NULL, false) == 0);
    CHECK(out_header(o, "note", NULL, NULL, false) == E_BUG);
    CHECK(out_record(o, sb.data, sb.size) == E_BUG && strstr(err_msg(), "output record 1: field id: missing"));
    CHECK(out_record(o, "", 0) == E_BUG && out_record(o, "\xdf\xff\xff\xff\xff", 5) == E_BUG);
    note(1, 10);
    CHECK(out_record(o, sb.data, sb.size - 1) == E_BUG && out_record(o, sb.data, sb.size) == 0);
    fresh();
    msgpack_pack_map(&pk, 3);
    pk_str(&pk, "id"), pk_str(&pk, "1"), pk_str(&pk, "text"), pk_str(&pk, "t"), pk_str(&pk, "x");
    for (int i = 0; i < DEPTH_MAX - 2; i++)
        msgpack_pack_array(&pk, 1);
    msgpack_pack_nil(&pk);
    CHECK(out_record(o, sb.data, sb.size) == 0);
    msgpack_sbuffer_clear(&sb);
    msgpack_pack_map(&pk, 3);
    pk_str(&pk, "id"), pk_str(&pk, "1"), pk_str(&pk, "text"), pk_str(&pk, "t"), pk_str(&pk, "x");
    for (int i = 0; i < DEPTH_MAX - 1; i++)
        msgpack_pack_array(&pk, 1);
    msgpack_pack_nil(&pk);
    CHECK(out_record(o, sb.data, sb.size) == E_BUG && strstr(err_msg(), "deeper"));
    json_t *far = json_object(), *in = far; /* a header, too */
    for (int i = 0; i < DEPTH_MAX; i++) {
        json_t *next = json_object();
        json_object_set_new(in, "x", next);
        in = next;
    }
    struct out *h;
    CHECK(out_open(&h, "h", false) == 0 && out_header(h, "note", far, NULL, false) == E_BUG);
    CHECK(strstr(err_msg(), "deeper"));
    out_close(h);
    json_decref(far);
    CHECK(access("w", F_OK) != 0 && out_end(o, NULL, "t", NULL) == 0 && access("w", F_OK) == 0);
    CHECK(out_end(o, NULL, "t", NULL) == E_BUG);
    out_close(o);
    uint64_t n;
    CHECK(read_all("w", NULL, &n) == 0 && n == 2);
    DONE("the writer takes only what the reader takes");

    CHECK(out_open(&o, "v", false) == 0 && out_header(o, "note", NULL, NULL, false) == 0);
    out_abort(o, "t", E_DATA, "cause");
    CHECK(access("v", F_OK) != 0 && out_open(&o, "v", false) == 0);
    out_close(o);
    CHECK(access("v", F_OK) != 0);
    CHECK(out_open(&o, "/dev/full", false) == 0 && out_header(o, "note", NULL, NULL, false) == 0);
    CHECK(out_end(o, NULL, "t", NULL) == E_IO && strstr(err_msg(), "No space"));
    out_abort(o, "t", E_IO, "full");
    CHECK(out_open(&o, "nowhere/v", false) == E_IO && !o);
    out_close(NULL);
    DONE("nothing half-written");
}

/* A log is read as it grows: each record is out before the next, compressed or not. */
static void test_log(void)
{
    static const char event[] = "\x81\xa5"
                                "event\xa1"
                                "e";
    CHECK(mkfifo("fifo", 0600) == 0);
    for (int compress = 0; compress < 2; compress++) {
        struct out *o;
        char got[4096];
        int fd = open("fifo", O_RDWR | O_NONBLOCK);
        CHECK(out_open(&o, "fifo", compress) == 0 && out_header(o, "trainlog", NULL, NULL, false) == 0);
        CHECK(read(fd, got, sizeof got) > 20);
        for (int i = 0; i < 3; i++)
            CHECK(out_record(o, event, sizeof event - 1) == 0 && read(fd, got, sizeof got) > 0);
        CHECK(out_end(o, NULL, "t", NULL) == 0 && read(fd, got, sizeof got) > 0);
        out_close(o);
        close(fd);
    }
    unlink("fifo");
    DONE("a log can be read while it is written");
}

static void test_fields(void)
{
    msgpack_unpacked u;
    size_t used = 0, n;
    const char *p;
    int64_t v, *spans;
    json_t *j =
        json_loads("{\"s\":\"abc\",\"e\":\"\",\"eb\":{\"$bin\":\"\"},\"\":1,\"i\":-7,\"b\":{\"$bin\":\"AQI=\"},"
                   "\"spans\":[[0,3],[5,5],[5,9]],\"back\":[[5,6],[0,1]],"
                   "\"bad\":[[1,0]],\"far\":[[0,11]],\"odd\":[[0]],\"neg\":[[-1,2]],\"over\":[[0,3],[2,4]],\"no\":7}",
                   0, NULL);
    fresh();
    CHECK(pk_json(&pk, j) == 0);
    json_decref(j);
    msgpack_unpacked_init(&u);
    CHECK(msgpack_unpack_next(&u, sb.data, sb.size, &used) == MSGPACK_UNPACK_SUCCESS);
    const msgpack_object *r = &u.data;
    CHECK(rec_str(r, "e", &p, &n) == 1 && n == 0 && p && rec_bin(r, "eb", &p, &n) == 1 && n == 0 && p &&
          rec_is(r, "e", ""));
    CHECK(rec_str(r, "s", &p, &n) == 1 && n == 3 && !memcmp(p, "abc", 3) && !rec_str(r, "i", &p, &n) &&
          !rec_str(r, "x", &p, &n));
    CHECK(rec_bin(r, "b", &p, &n) == 1 && n == 2 && p[1] == 2 && !rec_bin(r, "s", &p, &n));
    CHECK(rec_int(r, "i", &v) == 1 && v == -7 && !rec_int(r, "s", &v) && rec_is(r, "s", "abc") &&
          !rec_is(r, "s", "ab"));
    CHECK(rec_spans(r, "spans", 10, true, &spans, &n) == 0 && n == 3 && spans[0] == 0 && spans[5] == 9);
    free(spans);
    CHECK(rec_spans(r, "back", 10, false, &spans, &n) == 0 && n == 2);
    free(spans);
    CHECK(rec_spans(r, "over", 10, false, &spans, &n) == E_DATA && !spans);
    CHECK(strstr(err_msg(), "field over: two spans"));
    CHECK(rec_spans(r, "far", 10, false, &spans, &n) == E_DATA && !spans);
    CHECK(rec_spans(r, "x", 10, true, &spans, &n) == 0 && n == 0 && !spans);
    static const char *const bad[] = {"back", "bad", "far", "odd", "neg", "over", "no"};
    for (int i = 0; i < 7; i++)
        CHECK(rec_spans(r, bad[i], 10, true, &spans, &n) == E_DATA && !spans && strstr(err_msg(), bad[i]));
    msgpack_sbuffer copy;
    msgpack_packer cp;
    msgpack_sbuffer_init(&copy);
    msgpack_packer_init(&cp, &copy, msgpack_sbuffer_write);
    pk_copy(&cp, r, NULL, NULL, 0);
    CHECK(copy.size == sb.size && !memcmp(copy.data, sb.data, sb.size));
    msgpack_sbuffer_clear(&copy);
    pk_copy(&cp, r, "s", "nope", 1);
    pk_str(&cp, "t");
    pk_str(&cp, "new");
    msgpack_unpacked w;
    msgpack_unpacked_init(&w);
    used = 0;
    CHECK(msgpack_unpack_next(&w, copy.data, copy.size, &used) == MSGPACK_UNPACK_SUCCESS && used == copy.size);
    CHECK(!rec_get(&w.data, "s") && rec_is(&w.data, "t", "new") && rec_get(&w.data, "no") &&
          w.data.via.map.size == r->via.map.size);
    msgpack_unpacked_destroy(&w);
    msgpack_sbuffer_destroy(&copy);
    msgpack_unpacked_destroy(&u);
    DONE("fields of a record");
}

int main(void)
{
    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    msgpack_sbuffer_init(&sb);
    test_round();
    test_position();
    test_damage(false);
    test_damage(true);
    test_frames();
    test_writer();
    test_log();
    test_fields();
    msgpack_sbuffer_destroy(&sb);
    char cmd[64];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    return system(cmd) != 0 || test_failed_;
}
