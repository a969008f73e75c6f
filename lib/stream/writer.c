/* The writer of streams: records -> frames -> bytes (zstd or plain) -> a file that appears whole, or standard output.
 * Tests: tests/unit/stream.c, tests/cli/rec-cat.sh */
#include "lib/stream/internal.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { CHUNK = 1 << 18, ZSTD_LEVEL = 3 };

struct out {
    struct outfile file;
    struct buf plain, packed; /* not yet compressed; not yet written */
    ZSTD_CStream *zstd;       /* NULL: plain */
    XXH64_state_t *digest;
    msgpack_unpacked check;
    const struct schema *schema; /* set with the header */
    uint64_t records;
    bool live;   /* a log that is read as it grows: each record is written right away */
    bool failed; /* the file cannot be written: nothing more is tried */
    bool finished;
};

static int write_out(struct out *o, const void *p, size_t n)
{
    int rc = outfile_write(&o->file, p, n);
    o->failed |= rc != 0;
    return rc;
}

int zstd_failed(size_t got, int code)
{
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
        return err_nomem(0);
    return err_set(code, "zstd: %s", ZSTD_getErrorName(got));
}

/* Everything so far into the file. */
static int flush(struct out *o, ZSTD_EndDirective how)
{
    if (!o->zstd) {
        size_t n = o->plain.n;
        o->plain.n = 0;
        return n ? write_out(o, o->plain.p, n) : 0;
    }
    ZSTD_inBuffer in = {o->plain.p, o->plain.n, 0};
    TRY(buf_reserve(&o->packed, CHUNK));
    for (;;) {
        ZSTD_outBuffer out = {o->packed.p, o->packed.cap, 0};
        size_t left = ZSTD_compressStream2(o->zstd, &out, &in, how);
        if (ZSTD_isError(left))
            return zstd_failed(left, E_BUG);
        TRY(out.pos ? write_out(o, o->packed.p, out.pos) : 0);
        if (how == ZSTD_e_continue ? in.pos == in.size : left == 0)
            break;
    }
    o->plain.n = 0;
    return 0;
}

/* What has gathered, when it is time. */
static int flush_some(struct out *o)
{
    if (o->live)
        return flush(o, ZSTD_e_flush);
    return o->plain.n >= CHUNK ? flush(o, ZSTD_e_continue) : 0;
}

/* [kind, body] */
static int put_frame(struct out *o, enum frame_kind kind, const char *body, size_t n)
{
    const char head[2] = {(char)0x92, (char)kind};
    if (kind != FRAME_ABORT)
        TRY(err_memory(0)); /* else the body may lack something */
    if (n > RECORD_MAX - sizeof head)
        return err_set(E_DATA, "a record larger than %llu bytes", RECORD_MAX);
    if (kind != FRAME_END) {
        XXH64_update(o->digest, head, sizeof head);
        XXH64_update(o->digest, body, n);
    }
    TRY(buf_add(&o->plain, head, sizeof head));
    TRY(buf_add(&o->plain, body, n));
    return flush_some(o);
}

/* What we write, we would read: one map, complete, that fits into a frame. */
static int one_map(const char *body, size_t n)
{
    struct mp_scan scan = {0};
    size_t len = 0;
    int got = mp_scan(&scan, body, n, &len);
    if (got > 1)
        return got;
    if (got == 1 && scan.deepest + 1 > DEPTH_MAX) /* the frame around it is one level more */
        return err_set(E_DATA, "nested deeper than %d", DEPTH_MAX - 1);
    return got == 1 && len == n ? 0 : err_set(E_DATA, "not one msgpack map");
}

static void hex_digest(const struct out *o, char hex[17])
{
    snprintf(hex, 17, "%016llx", (unsigned long long)XXH64_digest(o->digest));
}

static int unpack(msgpack_unpacked *u, const char *body, size_t n)
{
    size_t used = 0;
    TRY(one_map(body, n));
    msgpack_unpack_return r = msgpack_unpack_next(u, body, n, &used);
    if (r == MSGPACK_UNPACK_NOMEM_ERROR)
        return err_nomem(n);
    return r == MSGPACK_UNPACK_SUCCESS ? 0 : err_set(E_DATA, "not one msgpack map");
}

/* The header or the end as a reader of its bytes would take it: what none can read gets no name (records are checked by
 * out_record). */
static int read_back(struct out *o, enum frame_kind kind, const char *body, size_t n)
{
    const struct schema *schema = o->schema;
    json_t *j = NULL;
    char hex[17];
    TRY(unpack(&o->check, body, n));
    int rc = json_from_mp(&o->check.data, &j);
    hex_digest(o, hex);
    if (!rc && kind == FRAME_HEADER)
        rc = header_check(j, &schema);
    else if (!rc && kind == FRAME_END)
        rc = end_check(j, o->records, hex);
    json_decref(j);
    o->schema = rc ? o->schema : schema;
    return rc;
}

static int put_json(struct out *o, enum frame_kind kind, const json_t *j)
{
    msgpack_sbuffer sb;
    msgpack_packer pk;
    msgpack_sbuffer_init(&sb);
    pk_init(&pk, &sb);
    int rc = pk_json(&pk, j);
    if (!rc)
        rc = read_back(o, kind, sb.data, sb.size);
    if (!rc)
        rc = put_frame(o, kind, sb.data, sb.size);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

int out_open(struct out **out, const char *path, bool compress)
{
    struct out *o = mem_zalloc(1, sizeof *o);
    int rc = 0;
    *out = NULL;
    if (!o)
        return E_NOMEM;
    size_t n = path ? strlen(path) : 0;
    msgpack_unpacked_init(&o->check);
    TRY_GOTO(rc, fail, outfile_open(&o->file, path));
    if (isatty(o->file.fd)) {
        rc = err_set(E_USAGE, "binary output to a terminal: use -o FILE, a pipe, or rec-cat to read it");
        goto fail;
    }
    o->digest = XXH64_createState();
    compress |= n > 4 && strcmp(path + n - 4, ".zst") == 0;
    if (compress)
        o->zstd = ZSTD_createCStream();
    if (!o->digest || (compress && !o->zstd)) {
        rc = err_nomem(0);
        goto fail;
    }
    XXH64_reset(o->digest, 0);
    if (compress) {
        ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
        ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_checksumFlag, 1);
    }
    *out = o;
    return 0;
fail:
    out_close(o);
    return rc;
}

int out_header_json(struct out *o, const json_t *header)
{
    if (o->schema)
        return err_set(E_BUG, "a second header");
    TRY(put_json(o, FRAME_HEADER, header));
    o->live = strcmp(o->schema->name, "trainlog") == 0;
    return o->live ? flush(o, ZSTD_e_flush) : 0;
}

int out_header(struct out *o, const char *schema, const json_t *meta, const json_t *history, bool oracle)
{
    json_t *h = json_pack("{s:s, s:i, s:s, s:o, s:o, s:b}", "format", STREAM_FORMAT, "version", STREAM_VERSION,
                          "schema", schema, "meta", meta ? json_deep_copy(meta) : json_object(), "history",
                          history ? json_deep_copy(history) : json_array(), "oracle", (int)oracle);
    if (!h)
        return err_nomem(0);
    int rc = out_header_json(o, h);
    json_decref(h);
    return rc == E_DATA ? E_BUG : rc;
}

int record_check(const struct schema *schema, msgpack_unpacked *u, const char *body, size_t n)
{
    TRY(unpack(u, body, n));
    return schema_check(schema, &u->data);
}

int out_record(struct out *o, const char *body, size_t n)
{
    if (!o->schema || o->finished)
        return err_set(E_BUG, "a record outside header and end");
    int rc = record_check(o->schema, &o->check, body, n); /* what we write, we would read: else the tool is wrong */
    if (rc)
        return err_ctx(rc == E_DATA ? E_BUG : rc, "output record %llu", (unsigned long long)o->records + 1);
    TRY(put_frame(o, FRAME_RECORD, body, n));
    o->records++;
    return 0;
}

/* A frame may be spelled in more than one way, and the digest is of the bytes: a copy takes them as they are. */
static int copy_frame(struct out *o, const struct stream *s)
{
    size_t n;
    const char *p = stream_frame(s, &n);
    XXH64_update(o->digest, p, n);
    TRY(buf_add(&o->plain, p, n));
    return flush_some(o);
}

int out_copy_header(struct out *o, const struct stream *s)
{
    o->schema = stream_schema(s);
    o->live = strcmp(o->schema->name, "trainlog") == 0;
    return copy_frame(o, s);
}

int out_copy_record(struct out *o, const struct stream *s)
{
    o->records++;
    return copy_frame(o, s);
}

int out_finish_json(struct out *o, const json_t *end)
{
    if (!o->schema || o->finished)
        return err_set(E_BUG, "an end frame without a header, or a second one");
    TRY(put_json(o, FRAME_END, end));
    TRY(flush(o, ZSTD_e_end));
    o->finished = true;
    return 0;
}

int out_finish(struct out *o, const json_t *lineage, const char *tool, const json_t *inputs)
{
    char hex[17];
    hex_digest(o, hex);
    json_t *all = lineage ? json_copy((json_t *)lineage) : json_array();
    json_t *own = json_pack("{s:s, s:o, s:I, s:s}", "tool", tool, "inputs",
                            inputs ? json_deep_copy(inputs) : json_array(), "records", (json_int_t)o->records, "xxh64",
                            hex);
    int rc = !all || json_array_append(all, own) ? err_nomem(0) : 0;
    json_t *end = json_pack("{s:I, s:s, s:O}", "records", (json_int_t)o->records, "xxh64", hex, "lineage", all);
    if (!rc)
        rc = end ? out_finish_json(o, end) : err_nomem(0);
    json_decref(end);
    json_decref(own);
    json_decref(all);
    return rc;
}

int out_commit(struct out *o)
{
    return o->finished ? outfile_commit(&o->file) : err_set(E_BUG, "a commit before the end frame");
}

int out_end(struct out *o, const json_t *lineage, const char *tool, const json_t *inputs)
{
    TRY(out_finish(o, lineage, tool, inputs));
    return out_commit(o);
}

void out_abort(struct out *o, const char *tool, int code, const char *message)
{
    if (!o->file.tmp && !o->failed && !o->finished) { /* a pipe: its reader gets an abort frame */
        char *kept = err_take();
        json_t *a = json_pack("{s:s, s:i, s:s}", "tool", tool, "code", code, "message", message);
        if (!a) /* a message that is not UTF-8 */
            a = json_pack("{s:s, s:i, s:s}", "tool", tool, "code", code, "message", "failed");
        if (a && put_json(o, FRAME_ABORT, a) == 0)
            flush(o, ZSTD_e_end);
        json_decref(a);
        if (kept)
            err_set(code, "%s", kept);
        free(kept);
    }
    out_close(o);
}

uint64_t out_records(const struct out *o)
{
    return o->records;
}

void out_close(struct out *o)
{
    if (!o)
        return;
    outfile_discard(&o->file);
    msgpack_unpacked_destroy(&o->check);
    if (o->digest)
        XXH64_freeState(o->digest);
    ZSTD_freeCStream(o->zstd);
    buf_free(&o->plain);
    buf_free(&o->packed);
    free(o);
}
