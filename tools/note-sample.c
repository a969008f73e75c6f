/* note-sample: chooses the parts of a note that go into a model's limited input, and writes them as byte spans in
 * reading order. The knowledge says what matters (eqs 10-11 of the paper, lib/text/sample.c). Labels are an input for
 * two scopes only: gold-train reads those of train notes, gold those of all and marks the stream as an oracle's.
 * Tests: tests/cli/note-sample.sh, tests/unit/sample.c. */
#include "lib/stream/stage.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kb/scope.h"
#include "lib/text/prompt.h"
#include "lib/text/sample_report.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"

/* Choices stand in the order of the enums in lib/text/sample.h. */
static const char *const levels[] = {"none", "section", "paragraph", NULL};
static const char *const ranks[] = {"n,p", "lex", "p", NULL};
static const char *const fills[] = {"none", "p", "n", "doc", NULL};
static const char *const overflows[] = {"level", "truncate", "paragraph", "skip", NULL};
static const char *const orders[] = {"p", "doc", NULL};
static const char *const paras[] = {"block", "line", "bullet", "sentence", NULL};
static const char *const shorts[] = {"pass", "reorder", NULL};
static const char *const units[] = {"word", "piece", NULL};
static const char *const matches[] = {"phrase", "word", NULL};
static const char *const scopes[] = {"union", "predicted", "gold-train", "gold", NULL};

static const char *knowledge, *level = "paragraph", *tokenizer, *template, *rank = "n,p", *fill = "p",
                              *overflow = "level", *order = "p", *para = "block", *short_notes = "pass",
                              *count_unit = "word", *match = "phrase", *stop, *denials, *sections, *always_keep,
                              *scope = "union", *pred, *train_labels, *oracle_labels;
static int64_t budget = 2048, top = 3, format = 1;
static bool headers = true, abbr_case = true, idf, negex, explain, stats;

static const struct opt opts[] = {
    {"knowledge", 'k', OPT_FILE, &knowledge, "FILE",
     "The kb stream with the expressions to look for. Level none does not need it."},
    {"level", 'l', OPT_CHOICE, &level, "LEVEL",
     "What to choose among.\n"
     "none: nothing; the beginning of the note is kept\n"
     "section: whole sections\n"
     "paragraph: sections, and inside them paragraphs",
     .choices = levels},
    {"budget", 'b', OPT_INT, &budget, "N",
     "Limit of a note's sample: in sub-word pieces of --tokenizer, prompt and end piece included; in words without "
     "--tokenizer.",
     1, 1e9},
    {"tokenizer", 't', OPT_FILE, &tokenizer, "FILE",
     "SentencePiece file or model directory whose pieces the budget counts."},
    {"template", 0, OPT_FILE, &template, "FILE",
     "The prompt that tokenize will get. Its pieces count towards the budget."},
    {"format", 0, OPT_INT, &format, "N",
     "The format that tokenize will get. With 3 and 4 the list of the codes of the kb stream counts towards the "
     "budget.",
     1, 4},
    {"top-sections", 0, OPT_INT, &top, "N", "How many sections to choose.", 1, 1e6},
    {"rank", 0, OPT_CHOICE, &rank, "HOW",
     "How to choose sections. N is the number of a section's words in expressions, p their share of its words.\n"
     "n,p: pick the sections with the largest N, then order those by p\n"
     "lex: sort by N, ties by p\n"
     "p: sort by p",
     .choices = ranks},
    {"fill", 0, OPT_CHOICE, &fill, "HOW",
     "What to put into the rest of the budget, behind the chosen sections.\n"
     "none: nothing\n"
     "p: further sections, by p\n"
     "n: further sections, by N\n"
     "doc: further sections, in the note's order",
     .choices = fills},
    {"overflow", 0, OPT_CHOICE, &overflow, "HOW",
     "What to keep of a section that does not fit.\n"
     "level: as --level says, its beginning or its best paragraphs\n"
     "truncate: its beginning\n"
     "paragraph: its best paragraphs, by p\n"
     "skip: nothing of it",
     .choices = overflows},
    {"order", 0, OPT_CHOICE, &order, "HOW",
     "In which order to read what was kept.\n"
     "p: as it was chosen\n"
     "doc: as in the note",
     .choices = orders},
    {"para", 0, OPT_CHOICE, &para, "HOW",
     "Where a paragraph ends.\n"
     "block: at an empty line, and before a sub-header of the hospital course\n"
     "line: there, and at the end of every line\n"
     "bullet: there, and before a line with a list mark\n"
     "sentence: there, and at the end of a sentence",
     .choices = paras},
    {"short", 0, OPT_CHOICE, &short_notes, "HOW",
     "What to do with a note that fits the budget.\n"
     "pass: keep it as it is\n"
     "reorder: sample it like the others",
     .choices = shorts},
    {"headers", 0, OPT_FLAG, &headers, NULL, "Put a section's header before what is kept of it."},
    {"always-keep", 0, OPT_STR, &always_keep, "ID,..",
     "Sections that go first whatever their N, in the order of p; for example DISCH_DX,PROCEDURE. Not in the paper."},
    {"count-unit", 0, OPT_CHOICE, &count_unit, "UNIT",
     "What N and p count.\n"
     "word: words\n"
     "piece: pieces of the tokenizer",
     .choices = units},
    {"match", 0, OPT_CHOICE, &match, "HOW",
     "What belongs to an expression.\n"
     "phrase: the words of a whole expression that stands in the note\n"
     "word: each word that occurs in some expression",
     .choices = matches},
    {"stop", 0, OPT_FILE, &stop, "FILE",
     "With --match word: words that do not count, in the form of share/words/stop.txt. With an empty file every word "
     "counts."},
    {"idf", 0, OPT_FLAG, &idf, NULL,
     "With --match word: the fewer codes of the kb stream a word belongs to, the more it counts."},
    {"abbr-case", 0, OPT_FLAG, &abbr_case, NULL,
     "Match an expression that is one short form of up to three letters in capitals (MI) in capitals only."},
    {"negex", 0, OPT_FLAG, &negex, NULL,
     "Do not count expressions that are denied (\"no\", \"was ruled out\") or in sections of class N (family history, "
     "instructions)."},
    {"denials", 0, OPT_FILE, &denials, "FILE",
     "With --negex: the words that deny, in the form of share/words/denials.tsv."},
    {"sections", 0, OPT_FILE, &sections, "FILE",
     "The section headers to know, in the form of share/sections/canonical.tsv."},
    {"scope", 0, OPT_CHOICE, &scope, "SCOPE",
     "Whose expressions count.\n"
     "union: those of all codes of the kb stream\n"
     "predicted: those of the codes that --pred gives the note\n"
     "gold-train: for train notes those of their own codes (--train-labels), for others those of all codes\n"
     "gold: those of the note's own codes (--oracle-labels); an upper bound, and the stream says so",
     .choices = scopes},
    {"pred", 0, OPT_FILE, &pred, "FILE", "For --scope predicted: the predictions of a first pass."},
    {"train-labels", 0, OPT_FILE, &train_labels, "FILE",
     "For --scope gold-train: a gold or target stream. Records of other splits are passed over; a record of the test "
     "split is refused."},
    {"oracle-labels", 0, OPT_FILE, &oracle_labels, "FILE",
     "For --scope gold: the gold stream. It marks the output, and all that is made of it, as an oracle's."},
    {"explain", 0, OPT_FLAG, &explain, NULL,
     "Add a field \"sample\" to each record: its sections with N, p and what was kept, without any text."},
    {"stats", 0, OPT_FLAG, &stats, NULL,
     "At the end, print on standard error which sections were chosen, with their mean N and p, and which share of all "
     "tokens is lost by the beginning of the notes and by the sample.",
     .flags = OPT_QUIET},
    {0},
};

enum { UNION, PREDICTED, GOLD_TRAIN, GOLD };

struct scratch { /* of one thread */
    struct sample sample;
    uint64_t *scope;
};
static struct {
    struct sample_cfg cfg;
    int scope; /* place in scopes[] */
    struct kb kb;
    const json_t *kb_meta;
    struct scopes scopes;
    struct matcher *matcher;
    struct section_rules *rules;
    struct spm *spm;
    bool *keep;
    struct scratch *scratch;
    int threads;
    pthread_mutex_t lock;
    struct sample_stats stats;
    _Atomic uint64_t sectioned, flat; /* notes whose sections were looked for; of them, those with one */
} st = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- begin ---- */

/* Options that would do nothing are mistakes. */
static int check_options(void)
{
    static const struct {
        const char *const *file;
        const char *name;
        int scope;
    } need[] = {{&pred, "--pred", PREDICTED},
                {&train_labels, "--train-labels", GOLD_TRAIN},
                {&oracle_labels, "--oracle-labels", GOLD}};
    for (size_t i = 0; i < sizeof need / sizeof *need; i++) {
        if (*need[i].file && st.scope != need[i].scope)
            return err_set(E_USAGE, "%s is for --scope %s", need[i].name, scopes[need[i].scope]);
        if (!*need[i].file && st.scope == need[i].scope)
            return err_set(E_USAGE, "--scope %s needs %s", scope, need[i].name);
    }
    if (st.scope != UNION && st.cfg.level == SAMPLE_NONE)
        return err_set(E_USAGE, "--scope %s does nothing at --level none", scope);
    if ((idf || stop) && strcmp(match, "word") != 0)
        return err_set(E_USAGE, "%s is for --match word", idf ? "--idf" : "--stop");
    if (denials && !negex)
        return err_set(E_USAGE, "--denials is for --negex");
    if (st.cfg.count_pieces && !tokenizer)
        return err_set(E_USAGE, "--count-unit piece needs --tokenizer");
    if ((template || format > 2) && !tokenizer)
        return err_set(E_USAGE, "%s counts in pieces: it needs --tokenizer", template ? "--template" : "--format");
    if (!knowledge && (st.cfg.level != SAMPLE_NONE || format > 2))
        return err_set(E_USAGE, "%s %s needs a kb stream: -k FILE", format > 2 ? "--format" : "--level",
                       format > 2 ? "3 or 4" : level);
    return 0;
}

static int load_keep(void)
{
    if (!(st.keep = mem_zalloc((size_t)section_kinds(st.rules), sizeof *st.keep)))
        return E_NOMEM;
    for (const char *p = always_keep; p && *p;) {
        size_t n = strcspn(p, ",");
        int kind = section_kind(st.rules, p, n);
        if (kind < 0)
            return err_set(E_USAGE, "--always-keep: no section is named %.*s", (int)(n < 40 ? n : 40), p);
        st.keep[kind] = true;
        p += n + (p[n] == ',');
    }
    st.cfg.keep = always_keep ? st.keep : NULL;
    return 0;
}

static int load_matcher(struct run *r)
{
    struct kb_matching how = {.words = strcmp(match, "word") == 0,
                              .idf = idf,
                              .any_case = !abbr_case,
                              .stop = stop,
                              .negation = negex,
                              .denials = denials};
    const char *const files[] = {sections, stop, denials};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i])
            TRY(run_input_file(r, files[i]));
    int rc = kb_matcher(&st.kb, &how, &st.matcher);
    if (rc)
        return st.kb.terms ? rc : err_ctx(rc, "%s", path_base(knowledge)); /* else --stop's or --denials' */
    TRY(section_rules_load(&st.rules, sections));
    TRY(load_keep());
    st.stats.tally = mem_zalloc((size_t)section_kinds(st.rules), sizeof *st.stats.tally);
    return st.stats.tally ? 0 : E_NOMEM;
}

static int load_scope(struct run *r)
{
    struct stream *s;
    if (st.scope == UNION)
        return 0;
    if (st.scope == GOLD)
        r->oracle = true;
    const char *from = oracle_labels, *schemas = "gold";
    if (st.scope == PREDICTED)
        from = pred, schemas = "pred";
    else if (st.scope == GOLD_TRAIN)
        from = train_labels, schemas = "gold,target";
    TRY(run_input(r, from, schemas, &s));
    TRY(scopes_load(&st.scopes, s, &st.kb, st.scope == GOLD_TRAIN));
    if (st.scopes.unknown)
        run_warn(r, "%s: %llu codes are not in the kb stream, so nothing is looked for on their behalf", stream_name(s),
                 (unsigned long long)st.scopes.unknown);
    return 0;
}

/* What prompt, list and end piece take of the budget. */
static int reserve(struct run *r)
{
    struct prompt prompt = {0};
    struct buf list = {0};
    char *text = NULL;
    size_t n = 0;
    int rc = 0;
    if (template) {
        TRY(run_input_file(r, template));
        TRY(text_read(template, 1 << 20, &text, &n));
    }
    if (format > 2)
        rc = prompt_labels(&st.kb, st.kb_meta, format == FORMAT_LABELS_DESCRIBED, &list);
    if (!rc)
        rc = prompt_make(&prompt, st.spm, text, n, format > 2 ? &list : NULL);
    st.cfg.reserved = prompt.before.n + prompt.after.n + 1;
    if (!rc && st.cfg.reserved > 1 && st.cfg.reserved >= st.cfg.budget)
        rc = err_set(E_USAGE, "--budget %lld leaves no room beside the prompt's %zu pieces", (long long)budget,
                     st.cfg.reserved - 1);
    prompt_free(&prompt);
    buf_free(&list);
    free(text);
    return rc;
}

static int load_tokenizer(struct run *r)
{
    char path[4096];
    if (!tokenizer)
        return 0;
    TRY(spm_find(tokenizer, path, sizeof path));
    TRY(run_input_file(r, path));
    TRY(spm_open(&st.spm, path));
    if (spm_info(st.spm)->eos < 0)
        return err_set(E_DATA, "%s: no end-of-sequence piece", spm_info(st.spm)->name);
    return reserve(r);
}

static int begin(struct run *r)
{
    st.scope = opt_place(scopes, scope);
    st.cfg = (struct sample_cfg){
        .level = (enum sample_level)opt_place(levels, level),
        .rank = (enum sample_rank)opt_place(ranks, rank),
        .fill = (enum sample_fill)opt_place(fills, fill),
        .overflow = (enum sample_overflow)opt_place(overflows, overflow),
        .paragraphs = (enum paragraphs)opt_place(paras, para),
        .budget = (size_t)budget,
        .top = (size_t)top,
        .doc_order = strcmp(order, "doc") == 0,
        .headers = headers,
        .reorder = strcmp(short_notes, "reorder") == 0,
        .count_pieces = strcmp(count_unit, "piece") == 0,
        .negation = negex,
        .always_rank = stats || explain,
    };
    /* what it reads */
    TRY(check_options());
    if (knowledge) {
        struct stream *s;
        TRY(run_input(r, knowledge, "kb", &s));
        TRY(kb_load(&st.kb, s));
        st.kb_meta = stream_meta(s);
    }
    if (st.cfg.level != SAMPLE_NONE)
        TRY(load_matcher(r));
    TRY(load_scope(r));
    TRY(load_tokenizer(r));
    st.cfg.spm = st.spm;
    st.cfg.matcher = st.matcher;
    st.cfg.rules = st.rules;
    /* what each thread works in */
    st.threads = r->threads;
    if (!(st.scratch = mem_zalloc((size_t)r->threads, sizeof *st.scratch)))
        return E_NOMEM;
    for (int i = 0; i < st.threads; i++)
        if (!(st.scratch[i].scope = mem_zalloc(st.kb.codes / 64 + 1, sizeof(uint64_t))))
            return E_NOMEM;
    return 0;
}

/* ---- notes ---- */

/* Where the second and further notes of an admission begin. */
static int read_parts(const msgpack_object *rec, size_t n, struct section_start **start, size_t *nstart)
{
    const msgpack_object *parts = rec_get(rec, "parts");
    uint32_t count = parts ? parts->via.array.size : 0;
    *start = mem_alloc(count, sizeof **start);
    *nstart = 0;
    if (!*start)
        return E_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const msgpack_object *part = &parts->via.array.ptr[i];
        const msgpack_object *kind, *at;
        if (part->type != MSGPACK_OBJECT_MAP || !(at = rec_get(part, "begin")) ||
            at->type != MSGPACK_OBJECT_POSITIVE_INTEGER || at->via.u64 > n ||
            (*nstart && at->via.u64 < (uint64_t)(*start)[*nstart - 1].at))
            return err_set(E_DATA, "field parts: part %u has no begin in order within the text", i + 1);
        kind = rec_get(part, "kind");
        bool addendum = kind && kind->type == MSGPACK_OBJECT_STR && kind->via.str.size == 8 &&
                        strncasecmp(kind->via.str.ptr, "addendum", 8) == 0;
        (*start)[(*nstart)++] = (struct section_start){(int64_t)at->via.u64, addendum};
    }
    return 0;
}

/* *bits: NULL for all codes. */
static int note_scope(const msgpack_object *rec, uint64_t *bits, const uint64_t **use)
{
    const char *id;
    size_t n;
    *use = NULL;
    if (st.scope == UNION || (st.scope == GOLD_TRAIN && !rec_is(rec, "split", "train")))
        return 0;
    rec_str(rec, "id", &id, &n);
    if (!scopes_of(&st.scopes, &st.kb, id, n, bits))
        return err_set(E_DATA, "field id: --scope %s, but its stream has no record of this note", scope);
    *use = bits;
    return 0;
}

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    struct sample *s = &st.scratch[thread].sample;
    struct section_start *start;
    const uint64_t *bits;
    const char *text;
    size_t n, nstart;
    rec_str(rec, "text", &text, &n);
    TRY(note_scope(rec, st.scratch[thread].scope, &bits));
    int rc = read_parts(rec, n, &start, &nstart);
    if (!rc)
        rc = sample_note(&st.cfg, text, n, start, nstart, bits, s);
    free(start);
    TRY(rc);
    st.sectioned += s->sectioned;
    st.flat += s->flat;
    if (stats) {
        pthread_mutex_lock(&st.lock);
        sample_stats_add(&st.stats, &st.cfg, s);
        pthread_mutex_unlock(&st.lock);
    }
    pk_copy(&sink->pk, rec, "spans", "sample", explain ? 2 : 1);
    pk_str(&sink->pk, "spans");
    msgpack_pack_array(&sink->pk, s->n);
    for (size_t i = 0; i < s->n; i++) {
        msgpack_pack_array(&sink->pk, 2);
        msgpack_pack_int64(&sink->pk, s->span[i].begin);
        msgpack_pack_int64(&sink->pk, s->span[i].end);
    }
    if (explain) {
        pk_str(&sink->pk, "sample");
        TRY(sample_explain(&sink->pk, &st.cfg, text, s));
    }
    return sink_next(sink);
}

static int end(struct run *r)
{
    if (st.flat * 2 > st.sectioned)
        run_note(r, "%llu of %llu notes have one section or one line each: no header stands in a line of its own",
                 (unsigned long long)st.flat, (unsigned long long)st.sectioned);
    if (!stats)
        return 0;
    progress_end(&r->progress);
    return sample_stats_print(&st.stats, &st.cfg, stderr);
}

static void done(struct run *r)
{
    for (int i = 0; st.scratch && i < st.threads; i++) {
        sample_free(&st.scratch[i].sample);
        free(st.scratch[i].scope);
    }
    free(st.scratch);
    free(st.stats.tally);
    free(st.keep);
    scopes_free(&st.scopes);
    kb_free(&st.kb);
    matcher_free(st.matcher);
    section_rules_free(st.rules);
    spm_close(st.spm);
}

static const struct stage stage = {
    .doc = {"note-sample", "[OPTION]... -k FILE [FILE]",
            "Choose what of each note goes into a model's limited input, by what is known about the codes."},
    .opts = opts,
    .in = "note",
    .out = "note",
    .parallel = true,
    .unit = "notes",
    .begin = begin,
    .each = each,
    .end = end,
    .done = done,
};

int main(int argc, char **argv)
{
    return stage_main(&stage, argc, argv);
}
