/* A tool is a struct stage and one line: int main(int c, char **v) { return stage_main(&stage, c, v); }
 * stage_main parses the options, opens the streams, runs the one read loop of the project (with -j threads
 * where `parallel`), keeps history, lineage and the oracle stamp, writes the end or the abort frame, prints
 * the error and turns it into the exit status. */
#ifndef ICD_STAGE_H
#define ICD_STAGE_H
#include "lib/stream/stream.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/opt.h"
#include "lib/util/progress.h"

struct run;

/* Records that `each` emits: one packed map each, in order. */
struct sink {
    msgpack_sbuffer sb;
    msgpack_packer pk;   /* packs into sb */
    size_t *end;         /* end offset of each record; kept by sink_next */
    size_t n, cap;
};
int sink_next(struct sink *s); /* the map just packed is one record */

struct stage {
    struct opt_doc doc;       /* tool, synopsis, about */
    const struct opt *opts;   /* own options; common ones are added: -o -z -q -j -h -V */
    const char *in;           /* schemas accepted on the primary input ("note,gold,kb"); NULL: there is none */
    const char *out;          /* schema written to -o / standard output; NULL: none (the tool prints text itself)
                                 or chosen later with run_schema() */
    bool parallel;            /* `each` may run in several threads at once (per-thread state through `thread`) */
    const char *unit;         /* progress: "notes" */
    /* After options and the input's header, before the output's header: load things, set meta, check. */
    int (*begin)(struct run *r);
    /* One record in; any number of records out through `sink`. Must not touch shared state when parallel. */
    int (*each)(struct run *r, int thread, const msgpack_object *rec, struct sink *sink);
    /* After each record's `each`, in input order, in the main thread: counters and the like; may be NULL.
     * `sink` is what `each` wrote for that record. */
    int (*after)(struct run *r, const msgpack_object *rec, struct sink *sink);
    /* After the last record (or at once for a source, in = NULL): emit with run_emit, print tables. */
    int (*end)(struct run *r);
    /* Called last, also when begin, each or end failed (state may be NULL then): free things. */
    void (*done)(struct run *r);
    /* Where `out` is chosen later: true if standard output will be a stream; then an early failure sends an abort frame
     * to the reader. NULL: it will not. */
    bool (*streams)(void);
    /* True where -o may be the operand itself, which is then replaced by what was made of it: nothing is lost that was
     * not to be. NULL: no. Every other output that is also an input, or another output, is refused (claim.h). */
    bool (*rewrites)(void);
    bool threads_matter; /* another -j gives other bytes: history says with how many */
};

struct run {
    const struct stage *stage;
    int argc;       /* operands, without the program's name */
    char **argv;
    void *state;    /* the tool's own */
    /* common options */
    const char *output; /* -o, NULL: standard output */
    bool compress, quiet;
    int threads;
    /* streams */
    struct stream *in; /* primary input or NULL: operand 0 if there is one, else standard input */
    struct out *out;   /* NULL when the stage has no stream output */
    json_t *meta;      /* header meta to write; starts as a copy of the input's; change it in begin */
    bool oracle;       /* starts as the input's stamp; set to mark the output */
    struct progress progress;
    struct stage_side *side; /* private: further inputs and outputs */
    const char *schema;      /* schema to write */
};

int stage_main(const struct stage *st, int argc, char **argv);

/* In begin: choose the output schema when it depends on the input (tokenize). */
void run_schema(struct run *r, const char *schema);
/* In begin: a further input stream. Its history and lineage become part of the output's; oracle stamps spread.
 * It must be read to its end before the stage ends (E_BUG otherwise). Closed by stage_main. */
int run_input(struct run *r, const char *path, const char *accept, struct stream **s);
/* In begin: a plain file that shapes the output (tokenizer, template): its base name and xxh64 enter the lineage. */
int run_input_file(struct run *r, const char *path);
/* The same of something that is no single file (a folder, answers of a server): its name and digest, 16 hex digits.
 * Before the stage ends. */
int run_input_digest(struct run *r, const char *name, const char *xxh64);
/* In begin: a further output stream of its own schema; same history; committed only if everything succeeds.
 * Emit with run_emit_to. meta borrowed. */
int run_output(struct run *r, const char *path, const char *schema, const json_t *meta, struct out **o);
/* In begin: the same, but its meta is known later: run_output_header comes before its first record, in begin or after
 * it. */
int run_output_late(struct run *r, const char *path, const char *schema, struct out **o);
int run_output_header(struct run *r, struct out *o, const json_t *meta);
/* In begin: a further output that is no stream (a report): written with outfile_write, committed as those are. */
int run_output_file(struct run *r, const char *path, struct outfile **f);
/* From end (or from each of a non-parallel stage): one record, `body` is one packed map. */
int run_emit(struct run *r, const char *body, size_t n);
int run_emit_to(struct run *r, struct out *o, const char *body, size_t n);
/* In a tool's own loop over a stream (the read loop of stage_main does it itself): the progress line. */
void run_progress(struct run *r, const struct stream *s);
/* What the output's history and lineage are (borrowed; for model directories). Lineage only once inputs are read. */
const json_t *run_history(struct run *r);
int run_lineage(struct run *r, json_t **lineage); /* new reference; includes a {tool, inputs} entry of this stage */
/* "tool: message" on standard error, unless quiet for notes; for counted warnings. Never note text. */
void run_warn(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void run_note(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
