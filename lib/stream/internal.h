/* What the files of lib/stream share among themselves (and rec-cat, which copies streams frame by frame). */
#ifndef ICD_STREAM_INTERNAL_H
#define ICD_STREAM_INTERNAL_H
#include "lib/stream/stream.h"
#include "lib/util/buf.h"

const struct field *field_find(const struct schema *s, const char *name, size_t n);
/* Strings are UTF-8, keys are strings and unique, at every level: it can become JSON and come back. */
int value_check(const msgpack_object *o);

/* Exactly one record of the schema in n packed bytes, decoded into u: bounds, then schema_check. */
int record_check(const struct schema *schema, msgpack_unpacked *u, const char *body, size_t n);

/* ---- a header as a whole: format, version, schema, meta, history, oracle ---- */
int header_check(const json_t *header, const struct schema **schema); /* E_DATA */
/* An end's count, digest (16 hex digits) and lineage against what was there; E_DATA. */
int end_check(const json_t *end, uint64_t records, const char *digest);

/* What a function of zstd returned as an error: E_NOMEM, or else `code`. */
int zstd_failed(size_t got, int code);

/* ---- the end of a stream, for a loss-free copy ---- */
const json_t *stream_end_frame(const struct stream *s); /* after STREAM_END */
/* The whole frame of the header (after stream_open) or of the record just returned, as its writer spelled it. */
const char *stream_frame(const struct stream *s, size_t *n);
/* When the present error is that of an abort frame read in this thread: its tool and message; else false. */
bool abort_cause(const char **tool, const char **message);

/* ---- the writer in parts ---- */
int out_header_json(struct out *o, const json_t *header); /* exactly this header */
int out_copy_header(struct out *o, const struct stream *s); /* right after stream_open */
int out_copy_record(struct out *o, const struct stream *s); /* the record just returned */
/* End frame and its bytes out, nothing renamed yet, so that several outputs succeed or fail together. */
int out_finish(struct out *o, const json_t *lineage, const char *tool, const json_t *inputs);
int out_finish_json(struct out *o, const json_t *end); /* exactly this one; E_DATA when count or digest differ */
int out_commit(struct out *o);

/* ---- provenance ---- */
/* As history_merge; last[i] is where the last entry of h[i] (the tool that wrote that input) went, -1 if it has
 * none. */
json_t *history_merge_at(const json_t *const *h, int n, int *last);

/* ---- JSON text ---- */
/* `o` as JSON text at the end of b, one line, no newline. */
int json_write(struct buf *b, const msgpack_object *o);

#endif
