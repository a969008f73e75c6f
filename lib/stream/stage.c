/* stage_main: what every tool does around its begin, each and end. Tests: tests/cli/, tests/unit/stage.c */
#include "lib/stream/stage.h"
#include "lib/stream/internal.h"
#include "lib/util/file.h"
#include "lib/util/pool.h"
#include "lib/util/process.h"
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDES_MAX = 64 };

struct stage_side {
    struct opt common[5];
    int64_t threads;
    struct stream *in[SIDES_MAX + 1]; /* the primary input is one of them; in order of opening */
    int n_in;
    bool stdin_used;
    struct side_out {
        struct out *out;
        const char *schema;
        json_t *meta; /* NULL: the header comes later */
    } outs[SIDES_MAX];
    int n_out;
    struct outfile text[SIDES_MAX]; /* further outputs that are no streams */
    int n_text;
    json_t *files;   /* [{name, xxh64}] of run_input_file */
    json_t *history; /* of the output, once begin is done */
    bool streams;    /* the output is a stream whose schema is not chosen yet */
};

/* ---- what stage_main declares for every tool ---- */

static void common_options(struct run *r)
{
    struct stage_side *s = r->side;
    const struct opt all[] = {
        {"output", 'o', OPT_OUT, &r->output, "FILE", "Write to FILE, which appears only when everything went well."},
        {"compress", 'z', OPT_FLAG, &r->compress, NULL, "Compress with zstd, as for a FILE that ends in .zst.",
         .flags = OPT_QUIET},
        {"quiet", 'q', OPT_FLAG, &r->quiet, NULL, "No progress line and no notes, only errors and warnings.",
         .flags = OPT_QUIET},
        {"threads", 'j', OPT_INT, &s->threads, "N", "Threads; 0 is one for each processor.", 0, 1024,
         .flags = OPT_QUIET},
        {.type = OPT_END},
    };
    memcpy(s->common, all, sizeof all);
}

static int processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/* ---- messages ---- */

static void say(const char *tool, const char *kind, const char *text)
{
    char line[2300];
    snprintf(line, sizeof line, "%s: %s%s", tool, kind, text);
    for (char *c = line; *c; c++) /* names of files and causes from other programs: nothing that steers a terminal */
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    fprintf(stderr, "%s\n", line);
}

__attribute__((format(printf, 3, 0))) static void vsay(struct run *r, const char *kind, const char *fmt, va_list ap)
{
    char text[2048];
    vsnprintf(text, sizeof text, fmt, ap);
    if (r->progress.on)
        fputs("\r\033[K", stderr);
    say(r->stage->doc.tool, kind, text);
}

__attribute__((format(printf, 2, 3))) void run_warn(struct run *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(r, "warning: ", fmt, ap);
    va_end(ap);
}

__attribute__((format(printf, 2, 3))) void run_note(struct run *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!r->quiet)
        vsay(r, "", fmt, ap);
    va_end(ap);
}

/* ---- inputs and outputs ---- */

void run_schema(struct run *r, const char *schema)
{
    r->schema = schema;
}

int run_input(struct run *r, const char *path, const char *accept, struct stream **s)
{
    struct stage_side *x = r->side;
    bool std = !path || strcmp(path, "-") == 0;
    *s = NULL;
    if (std && x->stdin_used)
        return err_set(E_USAGE, "standard input can be read by one option or operand only");
    x->stdin_used |= std;
    if (x->n_in == SIDES_MAX + 1)
        return err_set(E_USAGE, "more than %d inputs", SIDES_MAX);
    TRY(stream_open(s, path, accept));
    x->in[x->n_in++] = *s;
    r->oracle |= stream_oracle(*s);
    return 0;
}

int run_input_file(struct run *r, const char *path)
{
    char hex[17];
    TRY(file_xxh64(path, hex));
    return run_input_digest(r, path_base(path), hex);
}

int run_input_digest(struct run *r, const char *name, const char *xxh64)
{
    json_t *e = json_pack("{s:s, s:s}", "name", name, "xxh64", xxh64);
    return e && json_array_append_new(r->side->files, e) == 0 ? 0 : err_set(E_DATA, "%s: the name is not UTF-8", name);
}

int run_output_late(struct run *r, const char *path, const char *schema, struct out **o)
{
    struct stage_side *x = r->side;
    if (x->n_out == SIDES_MAX)
        return err_set(E_USAGE, "more than %d outputs", SIDES_MAX);
    bool std = !path || strcmp(path, "-") == 0, primary_std = !r->output || strcmp(r->output, "-") == 0;
    if (std && primary_std && r->schema)
        return err_set(E_USAGE, "standard output can take one stream only: use -o FILE");
    TRY(out_open(o, path, r->compress));
    x->outs[x->n_out++] = (struct side_out){*o, schema, NULL};
    return 0;
}

int run_output(struct run *r, const char *path, const char *schema, const json_t *meta, struct out **o)
{
    TRY(run_output_late(r, path, schema, o));
    struct side_out *x = &r->side->outs[r->side->n_out - 1];
    x->meta = meta ? json_deep_copy(meta) : json_object();
    return x->meta ? 0 : err_nomem(1);
}

int run_output_header(struct run *r, struct out *o, const json_t *meta)
{
    struct stage_side *x = r->side;
    for (int i = 0; i < x->n_out; i++)
        if (x->outs[i].out == o)
            return out_header(o, x->outs[i].schema, meta, x->history, r->oracle);
    return err_set(E_BUG, "a header and no output");
}

int run_output_file(struct run *r, const char *path, struct outfile **f)
{
    struct stage_side *x = r->side;
    if (x->n_text == SIDES_MAX)
        return err_set(E_USAGE, "more than %d outputs", SIDES_MAX);
    TRY(outfile_open(&x->text[x->n_text], path));
    *f = &x->text[x->n_text++];
    return 0;
}

int run_emit_to(struct run *r, struct out *o, const char *body, size_t n)
{
    return o ? out_record(o, body, n) : err_set(E_BUG, "a record and no output");
}

int run_emit(struct run *r, const char *body, size_t n)
{
    return run_emit_to(r, r->out, body, n);
}

void run_progress(struct run *r, const struct stream *s)
{
    r->progress.part = stream_position(s, &r->progress.whole);
    progress_show(&r->progress, stream_records(s), NULL);
}

int sink_next(struct sink *s)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 8;
        size_t *end = mem_grow(s->end, cap, sizeof *end);
        if (!end)
            return E_NOMEM;
        s->end = end;
        s->cap = cap;
    }
    s->end[s->n++] = s->sb.size;
    return 0;
}

static void sink_open(struct sink *s)
{
    *s = (struct sink){0};
    msgpack_sbuffer_init(&s->sb);
    pk_init(&s->pk, &s->sb);
}

static void sink_close(struct sink *s)
{
    msgpack_sbuffer_destroy(&s->sb);
    free(s->end);
}

/* ---- provenance ---- */

/* Inputs' histories and this run's own entry. */
static int make_history(struct run *r)
{
    struct stage_side *x = r->side;
    const json_t *h[SIDES_MAX + 1];
    int last[SIDES_MAX + 1];
    for (int i = 0; i < x->n_in; i++)
        h[i] = stream_history(x->in[i]);
    json_t *all = history_merge_at(h, x->n_in, last), *from = json_array();
    if (!all || !from) {
        json_decref(all);
        json_decref(from);
        return E_NOMEM;
    }
    for (int k = 0; k < (int)json_array_size(all); k++) /* ascending, each once */
        for (int i = 0; i < x->n_in; i++)
            if (last[i] == k) {
                json_array_append_new(from, json_integer(k));
                break;
            }
    json_t *options = opt_resolved(r->stage->opts, x->common);
    if (options && r->stage->threads_matter)
        json_object_set_new(options, "threads", json_integer(r->threads));
    json_t *own = json_pack("{s:s, s:s, s:o, s:o}", "tool", r->stage->doc.tool, "version", ICDPIPE_VERSION, "options",
                            options, "from", from);
    if (!own || json_array_append_new(all, own)) {
        json_decref(all);
        return err_set(E_BUG, "a history that JSON cannot hold");
    }
    json_decref(x->history);
    x->history = all;
    return 0;
}

const json_t *run_history(struct run *r)
{
    if (!r->side->history && make_history(r))
        return NULL;
    return r->side->history;
}

/* [{name, xxh64}] of what this run read; streams go by their schema, so a pipe and a file give the same bytes. */
static int own_inputs(struct run *r, json_t **inputs)
{
    struct stage_side *x = r->side;
    *inputs = json_array();
    for (int i = 0; i < x->n_in; i++) {
        if (!stream_lineage(x->in[i]))
            return err_set(E_BUG, "%s was not read to its end", stream_name(x->in[i]));
        json_array_append_new(*inputs, json_pack("{s:s, s:s}", "name", stream_schema(x->in[i])->name, "xxh64",
                                                 stream_xxh64(x->in[i])));
    }
    json_array_extend(*inputs, x->files);
    return 0;
}

static int inputs_lineage(struct run *r, json_t **lineage)
{
    const json_t *l[SIDES_MAX + 1];
    for (int i = 0; i < r->side->n_in; i++)
        l[i] = stream_lineage(r->side->in[i]); /* NULL, not read to its end: own_inputs says so */
    *lineage = lineage_merge(l, r->side->n_in);
    return *lineage ? 0 : E_NOMEM;
}

int run_lineage(struct run *r, json_t **lineage)
{
    json_t *inputs = NULL;
    *lineage = NULL;
    int rc = inputs_lineage(r, lineage);
    if (!rc)
        rc = own_inputs(r, &inputs);
    if (!rc && json_array_append_new(*lineage, json_pack("{s:s, s:O}", "tool", r->stage->doc.tool, "inputs", inputs)))
        rc = err_nomem(0);
    json_decref(inputs);
    if (rc) {
        json_decref(*lineage);
        *lineage = NULL;
    }
    return rc;
}

/* ---- the read loop ---- */

struct item {
    struct buf raw; /* a record outlives the next read only as a copy */
    msgpack_unpacked rec;
    struct sink sink;
    uint64_t number, position; /* position in the input's file */
};

static void drop_item(void *ctx, void *item)
{
    struct item *it = item;
    if (!it)
        return;
    buf_free(&it->raw);
    msgpack_unpacked_destroy(&it->rec);
    sink_close(&it->sink);
    free(it);
}

static int read_item(void *ctx, void **item)
{
    struct run *r = ctx;
    const msgpack_object *rec;
    int rc;
    size_t n;
    *item = NULL;
    switch (stream_next(r->in, &rec, &rc)) {
    case STREAM_ERROR:
        return rc;
    case STREAM_END:
        return 0;
    case STREAM_RECORD:
        break;
    }
    struct item *it = mem_zalloc(1, sizeof *it);
    if (!it)
        return E_NOMEM;
    sink_open(&it->sink);
    msgpack_unpacked_init(&it->rec);
    uint64_t whole;
    it->number = stream_records(r->in);
    it->position = stream_position(r->in, &whole);
    const char *raw = stream_raw(r->in, &n);
    if (buf_add(&it->raw, raw, n)) {
        drop_item(ctx, it);
        return E_NOMEM;
    }
    *item = it;
    return 0;
}

static int record_context(struct run *r, int rc, uint64_t number)
{
    return err_ctx(rc, "%s: record %llu", stream_name(r->in), (unsigned long long)number);
}

static int work_item(void *ctx, int thread, void *item)
{
    struct run *r = ctx;
    struct item *it = item;
    size_t used = 0;
    if (msgpack_unpack_next(&it->rec, it->raw.p, it->raw.n, &used) != MSGPACK_UNPACK_SUCCESS)
        return err_nomem(it->raw.n);
    int rc = r->stage->each(r, thread, &it->rec.data, &it->sink);
    return rc ? record_context(r, rc, it->number) : 0;
}

/* What `each` left in the sink, then `after`. */
static int write_sink(struct run *r, const msgpack_object *rec, struct sink *sink, uint64_t number,
                      uint64_t position)
{
    size_t begin = 0;
    if (sink->sb.size && (!sink->n || sink->end[sink->n - 1] != sink->sb.size))
        return err_set(E_BUG, "record %llu: output without sink_next", (unsigned long long)number);
    for (size_t i = 0; i < sink->n; i++) {
        TRY(run_emit(r, sink->sb.data + begin, sink->end[i] - begin));
        begin = sink->end[i];
    }
    int rc = r->stage->after ? r->stage->after(r, rec, sink) : 0;
    if (rc)
        return record_context(r, rc, number);
    r->progress.part = position;
    progress_show(&r->progress, number, NULL);
    return 0;
}

static int write_item(void *ctx, void *item)
{
    struct item *it = item;
    int rc = write_sink(ctx, &it->rec.data, &it->sink, it->number, it->position);
    drop_item(ctx, it);
    return rc;
}

static int loop_alone(struct run *r)
{
    struct sink sink;
    const msgpack_object *rec;
    enum stream_got got;
    int rc = 0;
    sink_open(&sink);
    while (!rc && (got = stream_next(r->in, &rec, &rc)) == STREAM_RECORD) {
        sink.n = 0;
        msgpack_sbuffer_clear(&sink.sb);
        rc = r->stage->each(r, 0, rec, &sink);
        if (rc)
            record_context(r, rc, stream_records(r->in));
        else
            rc = write_sink(r, rec, &sink, stream_records(r->in), stream_position(r->in, &r->progress.whole));
    }
    sink_close(&sink);
    return rc;
}

static int loop(struct run *r)
{
    if (!r->stage->parallel || r->threads == 1)
        return loop_alone(r);
    const struct pool_job job = {r, read_item, work_item, write_item, drop_item};
    return pool_run(&job, r->threads);
}

/* ---- begin to end ---- */

static int open_primary_out(struct run *r)
{
    return r->schema && !r->out ? out_open(&r->out, r->output, r->compress) : 0;
}

static int run_begin(struct run *r)
{
    const struct stage *st = r->stage;
    if (st->in && r->argc > 1)
        return err_set(E_USAGE, "one input at a time; '%s' is one too many", r->argv[1]);
    /* An output that cannot be written is found out before the work, not after it. */
    TRY(open_primary_out(r));
    if (st->in)
        TRY(run_input(r, r->argc > 0 ? r->argv[0] : NULL, st->in, &r->in));
    r->meta = r->in ? json_deep_copy(stream_meta(r->in)) : json_object();
    if (!r->meta)
        return err_nomem(0);
    TRY(st->begin ? st->begin(r) : 0);
    r->side->streams = false; /* what begin chose holds from here on */
    TRY(open_primary_out(r));
    TRY(make_history(r));
    if (r->out)
        TRY(out_header(r->out, r->schema, r->meta, r->side->history, r->oracle));
    for (int i = 0; i < r->side->n_out; i++) {
        struct side_out *o = &r->side->outs[i];
        TRY(o->meta ? out_header(o->out, o->schema, o->meta, r->side->history, r->oracle) : 0);
    }
    return 0;
}

/* End frames to all outputs first; only when every one was written are files renamed into place. */
static int run_finish(struct run *r)
{
    struct stage_side *x = r->side;
    json_t *lineage = NULL, *inputs = NULL;
    int rc = 0;
    if (!r->out && !x->n_out && !x->n_text)
        return 0;
    TRY_GOTO(rc, out, inputs_lineage(r, &lineage));
    TRY_GOTO(rc, out, own_inputs(r, &inputs));
    for (int i = 0; i < x->n_out; i++)
        TRY_GOTO(rc, out, out_finish(x->outs[i].out, lineage, r->stage->doc.tool, inputs));
    if (r->out)
        TRY_GOTO(rc, out, out_finish(r->out, lineage, r->stage->doc.tool, inputs));
    for (int i = 0; i < x->n_out; i++)
        TRY_GOTO(rc, out, out_commit(x->outs[i].out));
    for (int i = 0; i < x->n_text; i++)
        TRY_GOTO(rc, out, outfile_commit(&x->text[i]));
    if (r->out)
        TRY_GOTO(rc, out, out_commit(r->out));
out:
    json_decref(lineage);
    json_decref(inputs);
    return rc;
}

static int run_all(struct run *r)
{
    const struct stage *st = r->stage;
    TRY(run_begin(r));
    progress_start(&r->progress, st->doc.tool, st->unit ? st->unit : "records", 0, r->quiet);
    if (r->in)
        stream_position(r->in, &r->progress.whole);
    TRY(r->in && st->each ? loop(r) : 0);
    TRY(st->end ? st->end(r) : 0);
    TRY(err_memory(0)); /* before an output gets its name, or is nothing but text */
    TRY(run_finish(r));
    /* Text that the tool printed itself has to have arrived too. */
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(E_IO, "standard output: %s", errno ? strerror(errno) : "write failed");
    return 0;
}

/* Tell who reads us, then the user. */
static void run_failed(struct run *r, int rc)
{
    const char *tool = r->stage->doc.tool, *message, *from, *why;
    bool passed_on = abort_cause(&from, &why);
    char *kept = err_take();
    message = kept ? kept : "out of memory";
    say(tool, "", message);
    /* A tool that fails before its output was opened still has a reader at the end of its pipe. */
    bool std = !r->output || strcmp(r->output, "-") == 0;
    if (!r->out && (r->schema || r->side->streams) && std && !isatty(STDOUT_FILENO))
        out_open(&r->out, NULL, r->compress);
    for (int i = 0; i < r->side->n_out; i++) {
        out_abort(r->side->outs[i].out, passed_on ? from : tool, rc, passed_on ? why : message);
        r->side->outs[i].out = NULL;
    }
    if (r->out)
        out_abort(r->out, passed_on ? from : tool, rc, passed_on ? why : message);
    r->out = NULL;
    free(kept);
}

static void run_free(struct run *r)
{
    struct stage_side *x = r->side;
    for (int i = 0; i < x->n_in; i++)
        stream_close(x->in[i]);
    for (int i = 0; i < x->n_out; i++) {
        out_close(x->outs[i].out);
        json_decref(x->outs[i].meta);
    }
    for (int i = 0; i < x->n_text; i++)
        outfile_discard(&x->text[i]);
    out_close(r->out);
    json_decref(r->meta);
    json_decref(x->files);
    json_decref(x->history);
    for (const struct opt *o = r->stage->opts; o && o->type != OPT_END; o++)
        if (o->type == OPT_LIST || o->type == OPT_FILES) {
            struct opt_list *l = o->value;
            if (l->n)
                free(l->v);
            *l = (struct opt_list){0};
        }
}

int stage_main(const struct stage *st, int argc, char **argv)
{
    struct stage_side side = {0};
    struct run r = {.stage = st, .side = &side, .argv = argv + 1, .schema = st->out};
    enum opt_asked asked;
    process_start();
    common_options(&r);
    side.files = json_array();
    r.argc = argc;
    int rc = opt_parse(st->opts, side.common, &r.argc, argv, &asked);
    if (rc)
        err_set(rc, "%s; see %s --help", err_msg(), st->doc.tool);
    else if (asked) {
        rc = opt_print(stdout, asked, &st->doc, st->opts, side.common);
        if (rc)
            say(st->doc.tool, "", err_msg());
        run_free(&r);
        return rc;
    }
    r.threads = side.threads ? (int)side.threads : processors();
    bool ran = !rc;
    side.streams = ran && !st->out && st->streams && st->streams();
    if (ran)
        rc = run_all(&r);
    if (rc)
        rc = err_memory(rc);
    progress_end(&r.progress);
    if (rc)
        run_failed(&r, rc);
    if (ran && st->done)
        st->done(&r);
    run_free(&r);
    return rc;
}
