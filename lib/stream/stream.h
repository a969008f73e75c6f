/* icd-stream: the only reader and writer of the project's streams (man 5 icd-stream).
 * A stream is a sequence of msgpack arrays [kind, body]:
 *   [0, header] once, [1, record]*, then [2, end] or [3, abort].
 * Three outcomes are three values: a record, a verified end, an error. Nothing here prints. */
#ifndef ICD_STREAM_H
#define ICD_STREAM_H
#include <jansson.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#define STREAM_FORMAT "icds"
#define STREAM_VERSION 1
#define RECORD_MAX (1ull << 30) /* bytes of one frame */
#define DEPTH_MAX 32            /* nesting of one frame */
#define OBJECTS_MAX (1ull << 24) /* values in one frame: decoded they take 24 bytes and more each */

enum frame_kind { FRAME_HEADER = 0, FRAME_RECORD = 1, FRAME_END = 2, FRAME_ABORT = 3 };

/* ---- schemas (lib/stream/schema.c holds the one table) ---- */
enum field_type { F_STR, F_BIN, F_INT, F_REAL, F_MAP, F_ARRAY, F_STRS /* array of str */, F_ANY };
struct field {
    const char *name;
    enum field_type type;
    bool required;
    bool text; /* holds note text: never to be shown in a message */
};
struct schema {
    const char *name;
    const struct field *fields; /* ends with name NULL */
};
const struct schema *schema_find(const char *name); /* NULL if unknown */
const struct schema *schema_at(int i);              /* NULL past the last */
/* Map with str keys, no key twice, required fields there, types right, note text valid UTF-8. Unknown fields
 * are allowed and kept. E_DATA naming the field (never its content). */
int schema_check(const struct schema *s, const msgpack_object *rec);

/* ---- bounds before decoding ---- */
/* Scans one msgpack object without decoding it: depth, counts against bytes, RECORD_MAX. Resumable:
 * zero the struct for a new object, call again with more bytes. 1: complete (*len = its length),
 * 0: needs more bytes, E_DATA: can never be valid. */
struct mp_scan {
    uint64_t pos, objects, left[DEPTH_MAX + 1];
    int depth, deepest;
};
int mp_scan(struct mp_scan *s, const char *p, size_t n, size_t *len);

/* ---- reading ---- */
struct stream; /* reader */
/* path NULL or "-": standard input. `accept` is a comma list of schemas ("note,gold,kb"), NULL for any.
 * zstd is detected. Reads and checks the header. E_NOINPUT, E_DATA, E_IO; an abort frame is an error that
 * repeats the cause with its code. */
int stream_open(struct stream **s, const char *path, const char *accept);
enum stream_got { STREAM_ERROR = -1, STREAM_END = 0, STREAM_RECORD = 1 };
/* The next record, checked against the schema, borrowed until the next call. STREAM_END only after a valid
 * end frame (count, digest) and nothing after it. On STREAM_ERROR *rc has the code and err_msg() the cause. */
enum stream_got stream_next(struct stream *s, const msgpack_object **rec, int *rc);
/* Raw bytes of the record just returned (its map, without the frame), borrowed likewise. */
const char *stream_raw(const struct stream *s, size_t *n);
const char *stream_name(const struct stream *s); /* base name, or "standard input" */
const struct schema *stream_schema(const struct stream *s);
const json_t *stream_header(const struct stream *s); /* the whole header as JSON; borrowed */
const json_t *stream_meta(const struct stream *s);   /* header.meta */
const json_t *stream_history(const struct stream *s);
const json_t *stream_lineage(const struct stream *s); /* after STREAM_END, else NULL */
bool stream_oracle(const struct stream *s);
uint64_t stream_records(const struct stream *s);   /* returned so far */
/* Bytes of the file that were used up to the present record, as they are on disk. *whole: how many there are; 0 when
 * the input is no regular file. */
uint64_t stream_position(const struct stream *s, uint64_t *whole);
const char *stream_xxh64(const struct stream *s);  /* 16 hex digits, after STREAM_END */
void stream_close(struct stream *s);               /* NULL is fine */

/* ---- writing ---- */
struct out; /* writer */
/* Nothing is written before out_header. path NULL or "-": standard output (refused when it is a terminal, E_USAGE).
 * zstd compression when `compress` or path ends in .zst. */
int out_open(struct out **o, const char *path, bool compress);
/* schema, meta (borrowed; NULL = {}), history (borrowed), oracle: the header frame. */
int out_header(struct out *o, const char *schema, const json_t *meta, const json_t *history, bool oracle);
/* One record: `body` is one packed msgpack map. Checked against the schema (E_BUG if it does not fit). */
int out_record(struct out *o, const char *body, size_t n);
/* End frame and commit. lineage: what came before (borrowed); own entry {tool, inputs, records, xxh64} is added
 * (inputs borrowed, an array or NULL). */
int out_end(struct out *o, const json_t *lineage, const char *tool, const json_t *inputs);
/* Abort frame to a pipe, nothing to a file (the temporary file is removed). Frees o. */
void out_abort(struct out *o, const char *tool, int code, const char *message);
uint64_t out_records(const struct out *o);
void out_close(struct out *o); /* frees; discards if not ended */

/* Histories and lineages of several inputs into one: entries in order, equal entries once; the `from`
 * indices of history entries are renumbered. See icd-stream(5). Both return a new reference or NULL (E_NOMEM). */
json_t *history_merge(const json_t *const *h, int n);
json_t *lineage_merge(const json_t *const *l, int n);

/* ---- fields of a record ---- */
const msgpack_object *rec_get(const msgpack_object *rec, const char *field); /* NULL if absent */
/* 1: there, 0: absent, and p borrowed from the record. Types were checked by the schema. */
int rec_str(const msgpack_object *rec, const char *field, const char **p, size_t *n);
int rec_bin(const msgpack_object *rec, const char *field, const char **p, size_t *n);
int rec_int(const msgpack_object *rec, const char *field, int64_t *v);
bool rec_is(const msgpack_object *rec, const char *field, const char *value); /* str field equals */
/* Byte spans [[begin,end],...] of field: in bounds [0,limit], begin <= end, disjoint, ascending when `ordered`.
 * E_DATA otherwise. *v is malloc'd (2*n int64). Absent field: *v NULL, *n 0. */
int rec_spans(const msgpack_object *rec, const char *field, uint64_t limit, bool ordered, int64_t **v, size_t *n);
/* A bin field of 32-bit ids from 0 to below `vocab`, at least one. *ids is malloc'd (a record's bytes are not aligned).
 * E_DATA otherwise, naming the field. */
int rec_ids(const msgpack_object *rec, const char *field, int64_t vocab, int32_t **ids, int64_t *n);

/* ---- packing ---- */
/* A packer that appends to sb. What pk_* and msgpack_pack_* return need not be looked at: what does not fit into memory
 * is known to err_memory(), and so to the writer. */
void pk_init(msgpack_packer *pk, msgpack_sbuffer *sb);
/* C strings; use msgpack_pack_* directly for the rest. */
void pk_str(msgpack_packer *pk, const char *s);
void pk_strn(msgpack_packer *pk, const char *s, size_t n);
void pk_bin(msgpack_packer *pk, const void *p, size_t n);
/* Copy `rec` (a map) leaving out up to two fields (NULL for none) and announcing `extra` more pairs to come. */
void pk_copy(msgpack_packer *pk, const msgpack_object *rec, const char *without, const char *without2, uint32_t extra);

/* JSON <-> msgpack, loss-free for our types: bin is {"$bin": base64}; used by headers and rec-cat. */
int pk_json(msgpack_packer *pk, const json_t *j);
int json_from_mp(const msgpack_object *o, json_t **j); /* new reference */

/* Where in a history the nearest run of a tool is that the run `from` (-1: the last) came from, or itself; -1: nowhere.
 * Of several inputs, that of standard input goes first. */
int history_stage(const json_t *history, int from, const char *tool);
/* An option of the run at that place, NULL where there is none. */
const json_t *history_option(const json_t *history, int at, const char *name);

#endif
