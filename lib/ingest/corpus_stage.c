/* A corpus as a stage: see corpus_stage.h. Tests: tests/cli/rec-cat-import.sh. */
#include "lib/ingest/corpus_stage.h"
#include <stdlib.h>
#include <string.h>

struct corpus_stage {
    struct run *r;
    const struct corpus_ask *ask;
    struct corpus corpus;
    struct corpus_opts opts;
    struct out *gold;
    struct progress progress; /* of what begin reads */
    bool begun;
};

bool corpus_asked(const struct corpus_ask *ask)
{
    return ask->gold || ask->columns || ask->map_split.n || ask->draw || ask->stratify;
}

/* ---- what the corpus calls ---- */

static void tick(void *ctx, uint64_t row)
{
    struct corpus_stage *s = ctx;
    progress_show(s->begun ? &s->r->progress : &s->progress, row, NULL);
}
static int emit_note(void *ctx, const char *body, size_t n)
{
    return run_emit(((struct corpus_stage *)ctx)->r, body, n);
}
static int emit_gold(void *ctx, const char *body, size_t n)
{
    struct corpus_stage *s = ctx;
    return run_emit_to(s->r, s->gold, body, n);
}
static void say(void *ctx, bool warning, const char *line)
{
    (warning ? run_warn : run_note)(((struct corpus_stage *)ctx)->r, "%s", line);
}

/* ---- begin ---- */

static int check(const struct run *r, const struct corpus_ask *ask)
{
    bool gold = strcmp(ask->schema, "gold") == 0;
    struct draw d;
    if (!gold && strcmp(ask->schema, "note"))
        return err_set(E_USAGE, "--schema %s: a corpus becomes note or gold", ask->schema);
    if (ask->gold && gold)
        return err_set(E_USAGE, "--gold FILE goes with notes; with --schema gold the codes go to -o");
    if (ask->stratify && !ask->draw)
        return err_set(E_USAGE, "--stratify goes with --draw only");
    if (ask->stratify && !ask->gold && !gold)
        return err_set(E_USAGE, "--stratify needs the codes: give --gold FILE");
    if (ask->draw && (!r->argc || !strcmp(r->argv[0], "-")))
        return err_set(E_USAGE, "--draw reads the corpus twice, so it has to be a file, not standard input");
    TRY(corpus_split_check_map(&ask->map_split));
    return ask->draw ? draw_parse(&d, ask->draw) : 0;
}

static int read_corpus(struct corpus_stage *s)
{
    const struct run *r = s->r;
    const char *path = r->argc && strcmp(r->argv[0], "-") ? r->argv[0] : NULL;
    return s->ask->csv ? corpus_read_csv(&s->corpus, path) : corpus_read_json(&s->corpus, path);
}

static int open_corpus(struct corpus_stage *s, bool gold)
{
    const struct corpus_ask *ask = s->ask;
    struct corpus *c = &s->corpus;
    s->opts = (struct corpus_opts){.text = !gold,
                                   .codes = gold || ask->gold,
                                   .delimiter = ask->delimiter,
                                   .no_quotes = !ask->quotes,
                                   .map_split = &ask->map_split,
                                   .draw = ask->draw,
                                   .seed = (uint64_t)ask->seed,
                                   .stratify = ask->stratify};
    corpus_open(c, &s->opts);
    c->ctx = s;
    c->tick = tick;
    TRY(corpus_columns_parse(&c->columns, ask->columns));
    c->columns.wanted[CORPUS_ID] = true;
    c->columns.wanted[CORPUS_TEXT] = !gold;
    c->columns.wanted[CORPUS_CODES] = s->opts.codes;
    c->columns.unused[CORPUS_TEXT] = gold;
    c->columns.unused[CORPUS_SPLIT] = ask->draw && !c->columns.given[CORPUS_SPLIT];
    return 0;
}

int corpus_begin(struct run *r, const struct corpus_ask *ask, struct corpus_stage **out)
{
    bool gold = strcmp(ask->schema, "gold") == 0;
    struct corpus_stage *s = *out = mem_zalloc(1, sizeof *s);
    if (!s)
        return E_NOMEM;
    s->r = r;
    s->ask = ask;
    TRY(check(r, ask));
    run_schema(r, ask->schema);
    TRY(open_corpus(s, gold));
    if (ask->gold)
        TRY(run_output_late(r, ask->gold, "gold", &s->gold));
    if (ask->draw || gold) {
        progress_start(&s->progress, r->stage->doc.tool, "rows", 0, r->quiet);
        int rc = read_corpus(s);
        progress_end(&s->progress);
        TRY(rc);
        s->corpus.again = true;
    }
    TRY(ask->draw ? corpus_draw(&s->corpus) : 0);
    s->begun = true;
    if (!gold)
        return json_object_set_new(r->meta, "source", json_string(ask->csv ? "csv" : "json")) ? err_nomem(1) : 0;
    json_decref(r->meta);
    return corpus_gold_meta(&s->corpus, &r->meta);
}

/* ---- end ---- */

static int write_gold(struct corpus_stage *s)
{
    json_t *meta = NULL;
    TRY(corpus_gold_meta(&s->corpus, &meta));
    int rc = run_output_header(s->r, s->gold, meta);
    json_decref(meta);
    return rc ? rc : corpus_gold(&s->corpus, emit_gold);
}

int corpus_end(struct run *r, struct corpus_stage *s)
{
    struct corpus *c = &s->corpus;
    if (strcmp(s->ask->schema, "gold") == 0) {
        TRY(corpus_gold(c, emit_note));
    } else {
        c->emit = emit_note;
        TRY(read_corpus(s));
        if (!out_records(r->out))
            return err_set(E_DATA, "%s: no note has a text", c->file);
    }
    TRY(s->gold ? write_gold(s) : 0);
    corpus_report(c, say);
    return 0;
}

void corpus_stage_free(struct corpus_stage *s)
{
    if (s)
        corpus_close(&s->corpus);
    free(s);
}
