/* The reader of streams: bytes (zstd or plain) -> frames -> records. Tests: tests/unit/stream.c,
 * tests/cli/rec-cat.sh */
#include "lib/stream/internal.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"
#include "lib/util/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

enum { CHUNK = 1 << 18 };

/* What the last abort frame read in this thread said: it outlives its stream, for the abort frame of the tool
 * that fails because of it. */
static _Thread_local struct {
    char tool[64], message[1024];
} cause;

struct stream {
    char *name;
    int fd;
    bool std, eof;
    /* bytes */
    uint64_t taken, whole; /* read from the file so far; to be read from it, 0: no regular file */
    ZSTD_DStream *zstd; /* NULL: plain */
    bool inside;        /* zstd: a compressed frame has begun and not ended */
    struct buf packed;  /* zstd: what was read; packed_at is how far it is used */
    size_t packed_at;
    struct buf data;    /* uncompressed; the present frame is [at, at+len) */
    size_t at, len;
    /* frames */
    struct mp_scan scan;
    msgpack_unpacked frame;
    XXH64_state_t *digest;
    size_t body; /* offset of the body within the present frame */
    /* what was found */
    const struct schema *schema;
    json_t *header, *none, *end; /* none: [] where the header leaves history out, or {} for meta */
    json_t *no_meta;
    uint64_t records;
    char xxh64[17];
    bool aborted;
    int failed; /* the error stays once there was one, */
    char *why;  /* with its message */
    bool ended;
};

/* Up to n bytes from the file; 0 at its end. */
static int read_file(struct stream *s, char *p, size_t n, size_t *got)
{
    ssize_t r;
    do
        r = read(s->fd, p, n);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return err_set(E_IO, "%s", strerror(errno));
    *got = (size_t)r;
    s->taken += *got;
    return 0;
}

static int fill_zstd(struct stream *s)
{
    /* Once round may give no output (a header, a skippable frame), so until there is some or the end. */
    for (;;) {
        if (s->packed_at == s->packed.n) {
            s->packed_at = s->packed.n = 0;
            TRY(buf_reserve(&s->packed, CHUNK));
            TRY(read_file(s, s->packed.p, CHUNK, &s->packed.n));
            if (!s->packed.n) {
                s->eof = true;
                return s->inside ? err_set(E_DATA, "cut off within compressed data") : 0;
            }
        }
        ZSTD_inBuffer in = {s->packed.p, s->packed.n, s->packed_at};
        ZSTD_outBuffer out = {s->data.p + s->data.n, s->data.cap - s->data.n, 0};
        size_t r = ZSTD_decompressStream(s->zstd, &out, &in);
        if (ZSTD_isError(r))
            return zstd_failed(r, E_DATA);
        s->inside = r != 0;
        s->packed_at = in.pos;
        s->data.n += out.pos;
        if (out.pos)
            return 0;
    }
}

/* More bytes after those in data, or eof. */
static int fill(struct stream *s)
{
    if (s->at) { /* what is done with makes room */
        memmove(s->data.p, s->data.p + s->at, s->data.n - s->at);
        s->data.n -= s->at;
        s->at = 0;
    }
    TRY(buf_reserve(&s->data, CHUNK));
    if (s->zstd)
        return fill_zstd(s);
    size_t got = 0;
    TRY(read_file(s, s->data.p + s->data.n, s->data.cap - s->data.n, &got));
    s->data.n += got;
    s->eof = got == 0;
    return 0;
}

/* The first bytes say whether the rest is zstd. */
static int detect_zstd(struct stream *s)
{
    static const unsigned char magic[4] = {0x28, 0xB5, 0x2F, 0xFD}, skippable[3] = {0x2A, 0x4D, 0x18};
    while (s->data.n < 4 && !s->eof)
        TRY(fill(s));
    if (!s->data.n)
        return err_set(E_DATA, "empty input");
    if (s->data.n < 4)
        return 0;
    bool skip = (unsigned char)*s->data.p >> 4 == 5 && memcmp(s->data.p + 1, skippable, 3) == 0; /* pzstd begins so */
    if (!skip && memcmp(s->data.p, magic, 4))
        return 0;
    s->zstd = ZSTD_createDStream();
    if (!s->zstd)
        return err_nomem(0);
    s->packed = s->data;
    s->data = (struct buf){0};
    s->eof = false;
    return 0;
}

/* Bytes before the body: the head of the array and the kind, which a writer may spell in more than one way. */
static size_t body_offset(const char *p, size_t n)
{
    size_t head = 1, kind = 0;
    if ((unsigned char)*p == 0xdc) /* array 16 */
        head = 3;
    else if ((unsigned char)*p == 0xdd) /* array 32 */
        head = 5;
    struct mp_scan scan = {0};
    mp_scan(&scan, p + head, n - head, &kind);
    return head + kind;
}

/* The next frame, decoded. */
static int next_frame(struct stream *s, enum frame_kind *kind, const msgpack_object **body)
{
    s->at += s->len;
    s->len = 0;
    s->scan = (struct mp_scan){0};
    for (;;) {
        int got = s->data.n > s->at ? mp_scan(&s->scan, s->data.p + s->at, s->data.n - s->at, &s->len) : 0;
        if (got == 1)
            break;
        if (got)
            return got;
        if (s->eof)
            return err_set(E_DATA, s->data.n > s->at ? "cut off within a frame" : "cut off: there is no end frame");
        TRY(fill(s));
    }
    size_t used = 0;
    const char *p = s->data.p + s->at;
    msgpack_unpack_return r = msgpack_unpack_next(&s->frame, p, s->len, &used);
    if (r == MSGPACK_UNPACK_NOMEM_ERROR)
        return err_nomem(s->len);
    const msgpack_object *f = &s->frame.data;
    if (r != MSGPACK_UNPACK_SUCCESS || used != s->len || f->type != MSGPACK_OBJECT_ARRAY || f->via.array.size != 2 ||
        f->via.array.ptr[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER || f->via.array.ptr[0].via.u64 > FRAME_ABORT)
        return err_set(E_DATA, "not a frame [kind, body]");
    *kind = (enum frame_kind)f->via.array.ptr[0].via.u64;
    *body = &f->via.array.ptr[1];
    if ((*body)->type != MSGPACK_OBJECT_MAP)
        return err_set(E_DATA, "the body of a frame is not a map");
    if (*kind != FRAME_END)
        XXH64_update(s->digest, p, s->len);
    s->body = body_offset(p, s->len);
    return 0;
}

static bool known_code(int64_t code)
{
    return code == E_USAGE || code == E_DATA || code == E_NOINPUT || code == E_NODEVICE || code == E_BUG ||
           code == E_NOMEM || code == E_IO;
}

/* The stage before failed: its cause and its code are ours. */
static int take_abort(struct stream *s, const msgpack_object *body)
{
    const char *tool, *message;
    size_t nt, nm;
    int64_t code;
    if (!rec_str(body, "tool", &tool, &nt) || !nt || !rec_str(body, "message", &message, &nm) ||
        !rec_int(body, "code", &code) || !known_code(code))
        return err_set(E_DATA, "a malformed abort frame");
    s->aborted = true;
    snprintf(cause.tool, sizeof cause.tool, "%.*s", (int)nt, tool);
    snprintf(cause.message, sizeof cause.message, "%.*s", (int)nm, message);
    return err_set((int)code, "%s failed: %s", cause.tool, cause.message);
}

static int read_header(struct stream *s, const char *accept)
{
    enum frame_kind kind;
    const msgpack_object *body;
    TRY(detect_zstd(s));
    int rc = next_frame(s, &kind, &body);
    if (rc || (kind != FRAME_HEADER && kind != FRAME_ABORT)) {
        if (rc && rc != E_DATA)
            return rc;
        const unsigned char *p = (const unsigned char *)s->data.p;
        size_t n = s->data.n;
        if (s->at == 0 && n && strchr("{[ \t\n", p[0]) && p[0])
            return err_set(E_DATA, "not a stream; it looks like JSON, which rec-cat --from-json reads");
        if (s->at == 0 && n > 1 && p[0] == 0x1f && p[1] == 0x8b)
            return err_set(E_DATA, "not a stream; it is gzip data");
        if (s->at == 0 && n && (p[0] >> 4 == 9 || p[0] == 0xdc || p[0] == 0xdd) && rc)
            return err_ctx(rc, "header");
        if (s->at == 0 && n && utf8_valid((const char *)p, n) + 4 > n && !memchr(p, 0, n))
            return err_set(E_DATA,
                           "not a stream; it looks like text: rec-cat --from-csv reads tables, and --from-json JSON "
                           "lines such as {\"id\":\"1\",\"text\":\"...\"}");
        return err_set(E_DATA, "not a stream: it does not begin with a header frame");
    }
    if (kind == FRAME_ABORT)
        return take_abort(s, body);
    rc = json_from_mp(body, &s->header);
    if (rc)
        return err_ctx(rc, "header");
    TRY(header_check(s->header, &s->schema));
    if (!accept)
        return 0;
    size_t n = strlen(s->schema->name);
    for (const char *a = accept; a; a = strchr(a, ',') ? strchr(a, ',') + 1 : NULL)
        if (strncmp(a, s->schema->name, n) == 0 && (a[n] == 0 || a[n] == ','))
            return 0;
    return err_set(E_DATA, "a stream of %s records; wanted here: %s", s->schema->name, accept);
}

/* What is to be read: *whole is 0 where that is not known. */
static int look_at(int fd, uint64_t *whole)
{
    struct stat st;
    *whole = 0;
    if (fstat(fd, &st))
        return 0; /* reading says why */
    if (S_ISDIR(st.st_mode))
        return err_set(E_NOINPUT, "is a directory");
    off_t at = S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    if (at >= 0 && st.st_size > at)
        *whole = (uint64_t)(st.st_size - at);
    return 0;
}

int stream_open(struct stream **out, const char *path, const char *accept)
{
    struct stream *s = mem_zalloc(1, sizeof *s);
    int rc = 0;
    *out = NULL;
    if (!s)
        return E_NOMEM;
    /* what it holds */
    s->std = !path || strcmp(path, "-") == 0;
    s->fd = s->std ? STDIN_FILENO : -1;
    const char *name = s->std ? "standard input" : path_base(path);
    s->name = mem_strndup(name, strlen(name));
    s->none = json_array();
    s->no_meta = json_object();
    s->digest = XXH64_createState();
    msgpack_unpacked_init(&s->frame);
    if (!s->name || !s->none || !s->no_meta || !s->digest) {
        rc = err_nomem(sizeof *s);
        goto fail;
    }
    XXH64_reset(s->digest, 0);
    /* the file */
    if (s->std && isatty(s->fd)) {
        rc = err_set(E_USAGE, "standard input is a terminal: name a file, or put a pipe before");
        goto fail;
    }
    if (!s->std && (s->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        rc = err_set(E_NOINPUT, "%s: %s", path, strerror(errno));
        goto fail;
    }
    /* the header */
    rc = look_at(s->fd, &s->whole);
    if (!rc)
        rc = read_header(s, accept);
    if (!rc) {
        *out = s;
        return 0;
    }
    err_ctx(rc, "%s", s->name);
fail:
    stream_close(s);
    return rc;
}

static int take_end(struct stream *s, const msgpack_object *body)
{
    char got[17];
    TRY(json_from_mp(body, &s->end));
    snprintf(got, sizeof got, "%016llx", (unsigned long long)XXH64_digest(s->digest));
    TRY(end_check(s->end, s->records, got));
    s->at += s->len;
    s->len = 0;
    while (s->at == s->data.n && !s->eof)
        TRY(fill(s));
    if (s->at < s->data.n)
        return err_set(E_DATA, "bytes after the end frame");
    memcpy(s->xxh64, got, sizeof got);
    s->ended = true;
    return 0;
}

enum stream_got stream_next(struct stream *s, const msgpack_object **rec, int *rc)
{
    enum frame_kind kind;
    *rc = s->failed;
    if (s->failed) {
        err_set(s->failed, "%s", s->why ? s->why : "out of memory");
        return STREAM_ERROR;
    }
    /* a record, or else the end or an error */
    if (s->ended)
        return STREAM_END;
    int e = next_frame(s, &kind, rec);
    if (!e && kind == FRAME_RECORD) {
        e = schema_check(s->schema, *rec);
        if (!e) {
            s->records++;
            return STREAM_RECORD;
        }
        err_ctx(e, "%s: record %llu", s->name, (unsigned long long)s->records + 1);
    } else {
        if (!e && kind == FRAME_END)
            e = take_end(s, *rec);
        else if (!e)
            e = kind == FRAME_ABORT ? take_abort(s, *rec) : err_set(E_DATA, "a second header");
        if (!e)
            return STREAM_END;
        if (s->aborted)
            err_ctx(e, "%s", s->name);
        else
            err_ctx(e, "%s: after record %llu", s->name, (unsigned long long)s->records);
    }
    s->why = err_take();
    *rc = s->failed = e;
    return STREAM_ERROR;
}

const char *stream_raw(const struct stream *s, size_t *n)
{
    *n = s->len - s->body;
    return s->data.p + s->at + s->body;
}

const char *stream_frame(const struct stream *s, size_t *n)
{
    *n = s->len;
    return s->data.p + s->at;
}

const char *stream_name(const struct stream *s)
{
    return s->name;
}

const struct schema *stream_schema(const struct stream *s)
{
    return s->schema;
}

const json_t *stream_header(const struct stream *s)
{
    return s->header;
}

const json_t *stream_meta(const struct stream *s)
{
    const json_t *meta = json_object_get(s->header, "meta");
    return meta ? meta : s->no_meta;
}

const json_t *stream_history(const struct stream *s)
{
    const json_t *history = json_object_get(s->header, "history");
    return history ? history : s->none;
}

const json_t *stream_lineage(const struct stream *s)
{
    const json_t *lineage = json_object_get(s->end, "lineage");
    if (!s->ended)
        return NULL;
    return lineage ? lineage : s->none;
}

const json_t *stream_end_frame(const struct stream *s)
{
    return s->ended ? s->end : NULL;
}

bool stream_oracle(const struct stream *s)
{
    return json_is_true(json_object_get(s->header, "oracle"));
}

uint64_t stream_records(const struct stream *s)
{
    return s->records;
}

uint64_t stream_position(const struct stream *s, uint64_t *whole)
{
    *whole = s->whole;
    /* What is decompressed already counts as used: a block of zstd at most. */
    return s->taken - (s->zstd ? s->packed.n - s->packed_at : s->data.n - s->at - s->len);
}

const char *stream_xxh64(const struct stream *s)
{
    return s->xxh64;
}

bool abort_cause(const char **tool, const char **message)
{
    char said[sizeof cause + 16];
    snprintf(said, sizeof said, "%s failed: %s", cause.tool, cause.message);
    *tool = cause.tool;
    *message = cause.message;
    return cause.tool[0] && strstr(err_msg(), said);
}

void stream_close(struct stream *s)
{
    if (!s)
        return;
    if (!s->std && s->fd >= 0)
        close(s->fd);
    msgpack_unpacked_destroy(&s->frame);
    if (s->digest)
        XXH64_freeState(s->digest);
    ZSTD_freeDStream(s->zstd);
    buf_free(&s->packed);
    buf_free(&s->data);
    json_decref(s->header);
    json_decref(s->none);
    json_decref(s->no_meta);
    json_decref(s->end);
    free(s->why);
    free(s->name);
    free(s);
}
