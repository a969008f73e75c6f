/* rec-cat: looks into any stream, picks records out of it, turns it into JSON lines and JSON lines into a stream; makes
 * streams of a corpus in CSV or JSON lines (lib/ingest/corpus.h). Man page: man/rec-cat.1. Tests:
 * tests/cli/rec-cat*.sh */
#include "lib/ingest/bare.h"
#include "lib/ingest/corpus_stage.h"
#include "lib/stream/import.h"
#include "lib/stream/internal.h"
#include "lib/stream/note_check.h"
#include "lib/stream/pick.h"
#include "lib/stream/show.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool json, stream, text, head, check, from_json, from_csv;
static const char *schema, *meta, *delimiter = "auto";
static int64_t limit;
static struct opt_list where;
static struct corpus_ask ask = {.quotes = true, .seed = 1};
static const char *const delimiters[] = {"auto", "comma", "tab", "semicolon", NULL};

static const struct opt options[] = {
    {"json", 0, OPT_FLAG, &json, NULL, "Write JSON lines: the header, one line per record, the end. This is the "
     "default where standard output is a terminal.", .flags = OPT_QUIET},
    {"stream", 0, OPT_FLAG, &stream, NULL, "Write a stream. This is the default where standard output is not a "
     "terminal, and with -o.", .flags = OPT_QUIET},
    {"text", 0, OPT_FLAG, &text, NULL, "Write the bare text of note records (their spans, where they were sampled) and "
     "kb records (title, description, terms), for programs that read text.", .flags = OPT_QUIET},
    {"head", 0, OPT_FLAG, &head, NULL, "Write what the header says (schema, meta and history) and read no further. "
     "With --json as JSON.", .flags = OPT_QUIET},
    {"check", 0, OPT_FLAG, &check, NULL, "Read and verify everything, then write schema, number of records and digest.",
     .flags = OPT_QUIET},
    {"where", 0, OPT_LIST, &where, "FIELD=VALUE,...", "Keep the records whose field FIELD, a string, is one of the "
     "values. May be repeated: a record must match all."},
    {"records", 'n', OPT_INT, &limit, "N", "Keep the first N records (of those kept by --where); 0: all.", 0, 1e15},
    {"from-json", 0, OPT_FLAG, &from_json, NULL, "Read JSON lines, as --json writes them or bare records, and write a "
     "stream."},
    {"from-csv", 0, OPT_FLAG, &from_csv, NULL,
     "Read a table, CSV or TSV, plain or compressed, and write a note stream, "
     "or with --schema gold a gold stream."},
    {"schema", 0, OPT_STR, &schema, "NAME",
     "With --from-json: the schema of the bare records (note, gold, kb, ...). With --gold or --from-csv the "
     "default is note."},
    {"gold", 'g', OPT_OUT, &ask.gold, "FILE",
     "Write the codes of the notes to FILE, a gold stream. The note stream has none "
     "of them."},
    {"columns", 0, OPT_STR, &ask.columns, "ROLE=NAME,...",
     "Which column (or field) is id, text, codes, split and subject. "
     "The others are guessed by their names. id=# numbers the rows."},
    {"delimiter", 0, OPT_CHOICE, &delimiter, "WHAT",
     "What separates the cells of a table.\n"
     "auto: the most frequent of the three in the heading\n"
     "comma: a comma\n"
     "tab: a tab\n"
     "semicolon: a semicolon",
     .choices = delimiters, .flags = OPT_QUIET},
    {"quotes", 0, OPT_FLAG, &ask.quotes, NULL, "Double quotes enclose the cells of a table. With --no-quotes they are "
     "characters like others.", .flags = OPT_QUIET},
    {"map-split", 0, OPT_LIST, &ask.map_split, "NAME=SPLIT",
     "Read the split NAME as train, dev or test, for example valid=dev. May be repeated."},
    {"draw", 0, OPT_STR, &ask.draw, "TRAIN,DEV,TEST",
     "Draw splits with these shares, for example 70,10,20. All notes of a subject get one split. The file is read "
     "twice."},
    {"stratify", 0, OPT_FLAG, &ask.stratify, NULL,
     "With --draw: also give each split its share of every code, by iterative stratification (Sechidis et al. 2011)."},
    {"seed", 0, OPT_INT, &ask.seed, "N", "With --draw: seed of the draw.", 0, 1e15},
    {"meta", 0, OPT_STR, &meta, "JSON", "With --from-json and bare records: the meta of the header, as a JSON object. "
     "Without labels in it, those of gold records are all codes that occur.", .flags = OPT_QUIET},
    {.type = OPT_END},
};

struct state {
    struct stream *in;
    bool own_in; /* not one of the stage's */
    struct pick pick;
    /* text out */
    struct outfile file;
    struct buf line;
    /* JSON in */
    struct import import;
    struct bare bare;
    json_t *first; /* the line that was read to see whether it is a header */
    struct corpus_stage *corpus; /* a corpus in */
};

/* ---- picking ---- */

/* Calls `each` for the records picked. `all`: the rest is read, and so verified, when N were picked. */
static int for_picked(struct run *r, bool all, int (*each)(struct run *r, const msgpack_object *rec))
{
    struct state *s = r->state;
    const msgpack_object *rec;
    int rc;
    int64_t kept = 0;
    for (;;) {
        if (limit && kept == limit && !all)
            return 0;
        enum stream_got got = stream_next(s->in, &rec, &rc);
        if (got == STREAM_ERROR)
            return rc;
        if (got == STREAM_END) {
            unsigned long long records = stream_records(s->in);
            TRY(records ? pick_check(&s->pick) : 0);
            if (where.n && !kept)
                run_warn(r, "--where: none of %llu records fits", records);
            return 0;
        }
        bool yes = pick_fits(&s->pick, rec) && (!limit || kept < limit);
        if (yes) {
            kept++;
            rc = each(r, rec);
            if (rc)
                return err_ctx(rc, "%s: record %llu", stream_name(s->in), (unsigned long long)stream_records(s->in));
        }
        run_progress(r, s->in);
    }
}

/* ---- text out ---- */

/* The line so far, when there is much of it or somebody watches. */
static int put_line(struct state *s, bool now)
{
    if (!now && s->line.n < 1 << 16)
        return 0;
    int rc = outfile_write(&s->file, s->line.p, s->line.n);
    s->line.n = 0;
    return rc;
}

static int write_record(struct run *r, const msgpack_object *rec)
{
    struct state *s = r->state;
    TRY(json_write(&s->line, rec));
    TRY(buf_str(&s->line, "\n"));
    return put_line(s, strcmp(stream_schema(s->in)->name, "trainlog") == 0 || isatty(s->file.fd));
}

static int write_json(struct state *s, const char *key, const json_t *j)
{
    char *t = json_dumps(j, JSON_COMPACT);
    int rc = t ? buf_fmt(&s->line, "{\"%s\":%s}\n", key, t) : err_nomem(0);
    free(t);
    return rc ? rc : put_line(s, false);
}

static int cat_json(struct run *r)
{
    struct state *s = r->state;
    bool some = where.n || limit; /* a selection has neither the header nor the end of the whole */
    if (!some)
        TRY(write_json(s, "header", stream_header(s->in)));
    TRY(for_picked(r, false, write_record));
    return some ? 0 : write_json(s, "end", stream_end_frame(s->in));
}

static int write_text(struct run *r, const msgpack_object *rec)
{
    struct state *s = r->state;
    TRY(show_text(&s->line, stream_schema(s->in), rec));
    return put_line(s, false);
}

static int cat_head(struct run *r)
{
    struct state *s = r->state;
    return json ? write_json(s, "header", stream_header(s->in)) : show_header(&s->line, s->in);
}

static int cat_check(struct run *r)
{
    struct state *s = r->state;
    struct names ids = {0};
    const char *name = stream_schema(s->in)->name, *id;
    bool notes = strcmp(name, "note") == 0, unique = notes || strcmp(name, "gold") == 0;
    const msgpack_object *rec;
    enum stream_got got;
    size_t n;
    int rc = 0;
    while ((got = stream_next(s->in, &rec, &rc)) == STREAM_RECORD && !rc) {
        if (unique && rec_str(rec, "id", &id, &n))
            rc = names_add(&ids, id, n, NULL);
        if (rc == 1)
            rc = err_set(E_DATA, "field id: an earlier record has the same");
        if (!rc && notes)
            rc = note_check(rec);
        if (rc) {
            err_ctx(rc, "%s: record %llu", stream_name(s->in), (unsigned long long)stream_records(s->in));
            break;
        }
        run_progress(r, s->in);
    }
    names_free(&ids);
    if (!rc && !lineage_fits(s->in))
        run_warn(r,
                 "%s: the records are not those that the last tool of the lineage wrote; who changed them did not "
                 "enter itself",
                 stream_name(s->in));
    return rc ? rc : buf_fmt(&s->line, "%s  %llu records  xxh64 %s\n", name, (unsigned long long)stream_records(s->in),
                             stream_xxh64(s->in));
}

static int cat_text(struct run *r)
{
    return for_picked(r, false, write_text);
}

static int text_out(struct run *r, int (*cat)(struct run *r))
{
    struct state *s = r->state;
    TRY(outfile_open(&s->file, r->output));
    TRY(cat(r));
    TRY(put_line(s, true));
    return outfile_commit(&s->file);
}

/* ---- stream out ---- */

static int emit_picked(struct run *r, const msgpack_object *rec)
{
    size_t n;
    const char *p = stream_raw(((struct state *)r->state)->in, &n);
    return run_emit(r, p, n);
}

/* The same stream again (compressed, from JSON, ...): header, records and end as they are, nothing added to them. */
static int copy_header_to_end(struct run *r, struct out *o)
{
    struct state *s = r->state;
    const msgpack_object *rec;
    int rc;
    TRY(out_copy_header(o, s->in));
    for (;;) {
        enum stream_got got = stream_next(s->in, &rec, &rc);
        if (got == STREAM_ERROR)
            return rc;
        if (got == STREAM_END)
            break;
        TRY(out_copy_record(o, s->in));
        run_progress(r, s->in);
    }
    TRY(out_finish_json(o, stream_end_frame(s->in)));
    return out_commit(o);
}

static int import_header_to_end(struct run *r, struct out *o)
{
    struct state *s = r->state;
    struct import *im = &s->import;
    json_t *j = NULL;
    int rc = 0;
    /* The header. */
    const json_t *header = json_object_get(s->first, "header");
    rc = header_check(header, &im->schema);
    if (!rc && schema && strcmp(schema, im->schema->name))
        rc = err_set(E_USAGE, "--schema %s, and the header says %s", schema, im->schema->name);
    if (!rc)
        rc = out_header_json(o, header);
    if (rc)
        return err_ctx(rc, "%s: line %llu", im->in.name, (unsigned long long)im->in.number);
    /* Records, up to the end line. */
    for (;;) {
        TRY(import_json(im, &j));
        if (!j)
            return err_set(E_DATA, "%s: cut off: there is no end line", im->in.name);
        const json_t *end = json_object_get(j, "end");
        if (json_object_size(j) == 1 && json_is_object(end)) {
            rc = out_finish_json(o, end);
            json_decref(j);
            if (rc)
                return err_ctx(rc, "%s: line %llu", im->in.name, (unsigned long long)im->in.number);
            break;
        }
        rc = import_record(im, j);
        json_decref(j);
        TRY(rc);
        TRY(out_record(o, im->sb.data, im->sb.size));
        progress_show(&r->progress, im->in.number, NULL);
    }
    /* Nothing may follow it. */
    TRY(import_json(im, &j));
    if (j) {
        json_decref(j);
        return err_set(E_DATA, "%s: line %llu: lines after the end", im->in.name, (unsigned long long)im->in.number);
    }
    return out_commit(o);
}

/* These write the stream themselves, because the stage would put itself into its history. */
static int copy_out(struct run *r, int (*copy)(struct run *r, struct out *o))
{
    struct out *o;
    const char *tool, *why;
    TRY(out_open(&o, r->output, r->compress));
    int rc = copy(r, o);
    if (!rc)
        out_close(o);
    else if (abort_cause(&tool, &why))
        out_abort(o, tool, rc, why);
    else
        out_abort(o, "rec-cat", rc, err_msg());
    return rc;
}

/* ---- bare records in ---- */

static int begin_bare(struct run *r)
{
    struct state *s = r->state;
    struct import *im = &s->import;
    if (!schema)
        return err_set(E_USAGE, "%s begins with no header line; say what the records are with --schema", im->in.name);
    im->schema = schema_find(schema);
    s->bare = (struct bare){.schema = schema};
    im->judge = bare_judge;
    im->judge_ctx = &s->bare;
    bool gold = strcmp(schema, "gold") == 0;
    im->unique_ids = gold || strcmp(schema, "note") == 0;
    if (meta) {
        json_decref(r->meta);
        r->meta = json_loads(meta, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(r->meta))
            return err_set(E_USAGE, "--meta: not a JSON object");
    }
    if (strcmp(schema, "note") == 0 && !json_object_get(r->meta, "source"))
        json_object_set_new(r->meta, "source", json_string("json"));
    if (!gold || json_object_get(r->meta, "labels"))
        return 0;
    json_t *first = s->first;
    s->first = NULL;
    return import_gold(im, first, r->meta);
}

static int end_bare(struct run *r)
{
    struct state *s = r->state;
    struct import *im = &s->import;
    for (size_t i = 0, at = 0; i < im->n_held; at = im->held_end[i++])
        TRY(run_emit(r, im->held.p + at, im->held_end[i] - at));
    while (s->first) {
        TRY(import_record(im, s->first));
        TRY(run_emit(r, im->sb.data, im->sb.size));
        json_decref(s->first);
        TRY(import_json(im, &s->first));
        progress_show(&r->progress, im->in.number, NULL);
    }
    if (s->bare.dropped)
        run_warn(r, "field %s is left out of %llu notes, as no note stream holds labels; --gold FILE keeps them, apart",
                 s->bare.field, (unsigned long long)s->bare.dropped);
    return 0;
}

/* ---- a corpus in ---- */

static int begin_corpus(struct run *r)
{
    static const char cells[] = {0, ',', '\t', ';'};
    if (!from_csv && !from_json)
        return err_set(E_USAGE, "--gold, --columns, --map-split, --draw and --stratify go with --from-csv and "
                                "--from-json only");
    if (meta)
        return err_set(E_USAGE, "--meta does not go with a corpus");
    schema = schema ? schema : "note";
    ask.schema = schema;
    ask.csv = from_csv;
    ask.delimiter = cells[opt_place(delimiters, delimiter)];
    return corpus_begin(r, &ask, &((struct state *)r->state)->corpus);
}

/* ---- the stage ---- */

static bool streams(void)
{
    return stream || from_json || from_csv || !(json || text || head || check);
}

static int check_schema(void)
{
    struct buf b = {0};
    int rc = 0;
    if (schema_find(schema))
        return 0;
    for (int i = 0; schema_at(i) && !rc; i++)
        rc = buf_fmt(&b, "%s%s", i ? ", " : "", schema_at(i)->name);
    rc = rc ? rc : err_set(E_USAGE, "--schema: there is no schema '%s'; there are %.*s", schema, (int)b.n, b.p);
    buf_free(&b);
    return rc;
}

static int begin(struct run *r)
{
    struct state *s = r->state = mem_zalloc(1, sizeof *s);
    if (!s)
        return E_NOMEM;
    s->file.fd = -1;
    const char *path = r->argc ? r->argv[0] : NULL;
    bool some = where.n || limit;
    /* Which options go together. */
    if (r->argc > 1)
        return err_set(E_USAGE, "one input at a time; '%s' is one too many", r->argv[1]);
    if (json + stream + text + head + check + from_json + from_csv > 1 &&
        !(json && head && !stream && !text && !check && !from_json && !from_csv))
        return err_set(E_USAGE,
                       "only one of --json, --stream, --text, --head, --check, --from-json and --from-csv at a time");
    if (some && (head || check || from_json || from_csv))
        return err_set(E_USAGE, "--where and -n go with --json, --stream and --text only");
    if ((schema || meta) && !from_json && !from_csv)
        return err_set(E_USAGE, "--schema and --meta go with --from-json and --from-csv only");
    if (schema)
        TRY(check_schema());
    /* From another form to a stream. */
    if (from_csv || corpus_asked(&ask))
        return begin_corpus(r);
    TRY(pick_parse(&s->pick, &where));
    if (from_json) {
        if (schema)
            run_schema(r, schema);
        TRY(import_open(&s->import, path));
        TRY(import_json(&s->import, &s->first));
        if (!s->first)
            return err_set(E_DATA, "%s: empty input", s->import.in.name);
        if (json_object_size(s->first) != 1 || !json_is_object(json_object_get(s->first, "header")))
            return begin_bare(r);
        if (meta)
            return err_set(E_USAGE, "--meta is for bare records; these have a header line");
        run_schema(r, NULL);
        return 0;
    }
    /* From a stream to a stream, or to text. */
    stream |= !json && !text && !head && !check && (r->output || !isatty(STDOUT_FILENO));
    if (stream && some) {
        TRY(run_input(r, path, NULL, &s->in));
        run_schema(r, stream_schema(s->in)->name);
        json_decref(r->meta);
        r->meta = json_deep_copy(stream_meta(s->in));
        return r->meta ? 0 : err_nomem(0);
    }
    s->own_in = true;
    return stream_open(&s->in, path, text ? "note,kb" : NULL);
}

static int end(struct run *r)
{
    struct state *s = r->state;
    if (s->corpus)
        return corpus_end(r, s->corpus);
    if (from_json)
        return s->import.schema ? end_bare(r) : copy_out(r, import_header_to_end);
    if (stream)
        return where.n || limit ? for_picked(r, true, emit_picked) : copy_out(r, copy_header_to_end);
    if (head || check)
        return text_out(r, head ? cat_head : cat_check);
    return text_out(r, text ? cat_text : cat_json);
}

/* A stream made of a stream: what is left out was asked to be. */
static bool rewrites(void)
{
    return !json && !text && !head && !check && !from_json && !from_csv && !ask.gold;
}

static void done(struct run *r)
{
    struct state *s = r->state;
    if (!s)
        return;
    if (s->own_in)
        stream_close(s->in);
    pick_free(&s->pick);
    outfile_discard(&s->file);
    buf_free(&s->line);
    json_decref(s->first);
    import_close(&s->import);
    corpus_stage_free(s->corpus);
    free(s);
}

static const struct stage stage = {
    .doc = {"rec-cat", "[OPTION]... [FILE]", "Show, check, select and convert streams; bring a corpus in."},
    .opts = options,
    .streams = streams,
    .rewrites = rewrites,
    .begin = begin,
    .end = end,
    .done = done,
};

int main(int argc, char **argv)
{
    return stage_main(&stage, argc, argv);
}
