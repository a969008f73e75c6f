/* kb-build: what is known about each code (titles, expressions, descriptions) as one kb stream. It reads code tables
 * only: there is no way to hand it a note. Where it comes from: lib/kb/titles.c, answers.c, ask.c; what becomes of it:
 * lib/kb/terms.c. Tests: tests/cli/kb-build*.sh. Data: share/kb, share/icd9, share/caml. */
#include "lib/kb/ask.h"
#include "lib/kb/code_check.h"
#include "lib/kb/inclusion.h"
#include "lib/kb/kb_record.h"
#include "lib/kb/terms.h"
#include "lib/kb/titles.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WARNINGS_MAX = 20, PROMPT_MAX = 4096 }; /* bytes of a template: room for a question, not for a note */
static const char *const kinds[] = {"expressions", "descriptions", NULL}, *const versions[] = {"auto", "9", "10", NULL};
static const char *labels_from = "caml50", *kind = "expressions", *icd = "auto", *report_path;
static struct opt_list titles_from, answers_from;
static bool builtin = true;
static int64_t max_df;
static const char *ask_url, *cache, *model, *prompt_path;
static int64_t in_flight = 4, retries = 6, max_tokens = 2048;
static double retry_wait = 0.5, timeout = 600, rpm;
static bool dry_run;

static const struct opt opts[] = {
    {"labels", 'l', OPT_FILE, &labels_from, "caml50|laat50|fixed50|FILE",
     "The codes.\n"
     "caml50: the 50 of MIMIC-III-50; the list comes with icdpipe\n"
     "laat50, fixed50: what other repositories take for these 50; they come with icdpipe, too\n"
     "FILE: one code per line, or a gold, target, pred or kb stream, of which only the label set is read"},
    {"icd", 0, OPT_CHOICE, &icd, "VERSION",
     "Version of the ICD that the codes are of.\n"
     "auto: the version that these codes look like; the tool prints which\n"
     "9: ICD-9-CM\n"
     "10: ICD-10-CM and ICD-10-PCS",
     .choices = versions},
    {"kind", 0, OPT_CHOICE, &kind, "KIND",
     "Which knowledge to write.\n"
     "expressions: terms, abbreviations and synonyms\n"
     "descriptions: one detailed description per code",
     .choices = kinds},
    {"titles", 't', OPT_FILES, &titles_from, "FILE",
     "A table of titles that goes before the shipped ones, plain or compressed: CODE<TAB>TITLE, "
     "CODE<TAB>KIND<TAB>TITLE, a list of CMS (CMS32_DESC_LONG_DX.txt) or a table of MIMIC (D_ICD_DIAGNOSES.csv.gz). "
     "May be repeated."},
    {"builtin", 0, OPT_FLAG, &builtin, NULL,
     "Use the knowledge that comes with icdpipe in addition to titles. ICD-9: expressions and descriptions of the "
     "lists of 50. ICD-10: the official inclusion terms."},
    {"answers", 'a', OPT_FILES, &answers_from, "FILE|DIR",
     "A language model's answers: one file per code, named by the code (401.9.txt, 4019.md), a folder of such "
     "files, or JSON lines with code and answer. May be repeated."},
    {"ask", 0, OPT_STR, &ask_url, "URL|env",
     "Ask a language model about each code that --answers lacks. URL is an OpenAI-compatible chat endpoint "
     "(http://localhost:8080/v1). env takes it from OPENAI_BASE_URL, or OpenAI's own if that is not set. The key comes "
     "from OPENAI_API_KEY only. Nothing but codes and titles is sent.",
     .flags = OPT_QUIET},
    {"cache", 0, OPT_OUT, &cache, "DIR",
     "With --ask: the folder that keeps answers. A code with an answer there is not asked again. --answers reads "
     "such a folder, too."},
    {"model", 0, OPT_STR, &model, "NAME", "With --ask: the model's name. Without it OPENAI_MODEL has the name."},
    {"prompt", 0, OPT_FILE, &prompt_path, "FILE",
     "With --ask: the template of the prompt, with {icd}, {code} and {title}. It replaces the shipped one for this "
     "--kind."},
    {"max-tokens", 0, OPT_INT, &max_tokens, "N", "With --ask: the longest answer, in tokens.", 16, 1 << 20,
     .flags = OPT_QUIET},
    {"in-flight", 0, OPT_INT, &in_flight, "N", "With --ask: questions asked at the same time.", 1, 256,
     .flags = OPT_QUIET},
    {"rpm", 0, OPT_REAL, &rpm, "N", "With --ask: at most N questions per minute; 0: no limit but the server's.", 0, 1e6,
     .flags = OPT_QUIET},
    {"retries", 0, OPT_INT, &retries, "N",
     "With --ask: how often to repeat a question that a busy or failing server did not answer.", 0, 100,
     .flags = OPT_QUIET},
    {"retry-wait", 0, OPT_REAL, &retry_wait, "SECONDS",
     "With --ask: the wait before the first retry. It doubles with each retry, up to 16 times SECONDS. A wait that the "
     "server asks for goes first.",
     0, 600, .flags = OPT_QUIET},
    {"timeout", 0, OPT_REAL, &timeout, "SECONDS", "With --ask: how long an answer may take.", 0.01, 86400,
     .flags = OPT_QUIET},
    {"dry-run", 0, OPT_FLAG, &dry_run, NULL,
     "With --ask: write the prompts and their sizes as text, and ask nothing.", .flags = OPT_QUIET},
    {"max-df", 0, OPT_INT, &max_df, "K", "Leave out expressions that more than K codes have; 0: keep all.", 0,
     UINT32_MAX},
    {"report", 0, OPT_OUT, &report_path, "FILE",
     "Write JSON lines to FILE: what was left out of answers, and which expressions several codes have."},
    {.type = OPT_END},
};

static struct state {
    struct run *run;
    struct code_list codes;
    struct titles titles;
    struct terms terms;
    bool *answered;   /* by code */
    char *prompt;     /* template */
    unsigned source;  /* of what is being read */
    unsigned shipped; /* the source "builtin" */
    size_t lost;
    struct kb_report report;
    struct {
        size_t codes;
        struct buf text;
    } most; /* the expression that most codes have */
} st;

static bool descriptions(void)
{
    return !strcmp(kind, "descriptions");
}

static size_t codes(void)
{
    return st.codes.set.n;
}

static const char *code_at(size_t i)
{
    return st.codes.set.code[i];
}

/* ---- what was left out ---- */

/* "401.9.txt: 401.9: line 7: why", as far as these are known. */
static int place_of(const struct remark *m, struct buf *b)
{
    TRY(buf_str(b, m->file));
    if (m->record)
        TRY(buf_fmt(b, ": line %zu", m->record));
    if (m->code)
        TRY(buf_fmt(b, ": %s", m->code));
    if (m->line)
        TRY(buf_fmt(b, ": line %zu of the answer", m->line));
    return buf_fmt(b, ": %s%c", m->why, 0);
}

static int on_remark(void *ctx, const struct remark *m)
{
    struct buf b = {0};
    int rc = 0;
    st.lost += m->lost;
    if (m->lost && st.lost <= WARNINGS_MAX && !(rc = place_of(m, &b)))
        run_warn(st.run, "%s", b.p);
    buf_free(&b);
    return rc ? rc : kb_report_remark(&st.report, m);
}

/* The shipped set has no lines that cannot be read. */
static int on_shipped_remark(void *ctx, const struct remark *m)
{
    return m->lost ? err_set(E_DATA, "%s: the shared data is damaged", m->why) : 0;
}

static int on_term(void *ctx, uint32_t code, enum kb_type type, const char *text, size_t n)
{
    bool worded;
    TRY(terms_add(&st.terms, code, type, text, n, st.source, &worded));
    const struct remark m = {.file = st.terms.source[st.source], .code = code_at(code), .lost = true, .why = "no word"};
    return worded ? 0 : on_remark(NULL, &m);
}

static int on_shared(void *ctx, const char *form, const uint32_t *code, size_t n)
{
    if (n > st.most.codes) {
        st.most.codes = n;
        st.most.text.n = 0;
        TRY(buf_fmt(&st.most.text, "%s", form));
    }
    return kb_report_shared(&st.report, form, &st.codes, code, n);
}

/* ---- reading ---- */

/* Which version the codes are of, where nobody said it. */
static int settle_version(struct run *r)
{
    struct buf found = {0};
    st.titles.icd = atoi(icd); /* 0: auto */
    int rc = st.titles.icd ? 0 : code_check_version(&st.codes, &st.titles.icd, &found);
    if (!rc && found.n && !label_set_named(labels_from))
        run_note(r, "%.*s (--icd)", (int)found.n, found.p);
    icd = st.titles.icd == 10 ? "10" : "9"; /* what the stream's history says */
    st.titles.dotted = code_check_dotted(&st.codes);
    buf_free(&found);
    return rc;
}

static int input_file(void *ctx, const char *path)
{
    return run_input_file(ctx, path);
}

static int read_titles(struct run *r)
{
    for (int i = 0; i < titles_from.n; i++) {
        TRY(titles_add(&st.titles, titles_from.v[i]));
        TRY(run_input_file(r, titles_from.v[i]));
    }
    TRY(titles_add_shipped(&st.titles, input_file, r));
    if (descriptions())
        return 0;
    TRY(terms_source(&st.terms, "title", &st.source));
    for (uint32_t i = 0; i < codes(); i++) {
        const char *title = titles_find(&st.titles, code_at(i));
        TRY(title ? terms_add(&st.terms, i, KB_TERM, title, strlen(title), st.source, NULL) : 0);
        /* "Heart failure, unspecified" of ICD-10: notes do not have the classification's last word */
        size_t n = title && st.titles.icd == 10 ? strlen(title) : 0;
        if (n > 13 && !strcmp(title + n - 13, ", unspecified"))
            TRY(terms_add(&st.terms, i, KB_TERM, title, n - 13, st.source, NULL));
    }
    return 0;
}

/* What is odd about the codes. */
static int check_codes(struct run *r)
{
    struct code_check c;
    struct buf b = {0};
    int rc = code_check(&c, &st.codes, &st.titles);
    for (int odd = 0; odd < ODD_KINDS && !rc; odd++)
        if (c.odd[odd].n && !(rc = code_check_say(&c, (enum code_oddity)odd, st.titles.icd, &b)))
            run_warn(r, "%.*s", (int)b.n, b.p);
    if (!rc && st.codes.set.null_words)
        run_warn(r, "%zu lines of the list hold a word for no value and were skipped", st.codes.set.null_words);
    buf_free(&b);
    return rc;
}

static struct answers answers_for(int (*remark)(void *, const struct remark *))
{
    return (struct answers){
        .codes = &st.codes, .description = descriptions(), .term = on_term, .remark = remark, .answered = st.answered};
}

static int on_inclusion(void *ctx, uint32_t code, const char *text, size_t n)
{
    return terms_add(&st.terms, code, KB_SYNONYM, text, n, st.source, NULL);
}
static int read_inclusion(struct run *r)
{
    char path[PATH_MAX];
    if (descriptions())
        return 0;
    TRY(share_path("icd10/inclusion.tsv.zst", path, sizeof path));
    TRY(terms_source(&st.terms, "inclusion", &st.source));
    TRY(inclusion_read(path, &st.codes, &st.titles, on_inclusion, NULL));
    return run_input_file(r, path);
}

static int read_builtin(struct run *r)
{
    char path[PATH_MAX];
    if (st.titles.icd == 10)
        return read_inclusion(r);
    struct answers a = answers_for(on_shipped_remark);
    TRY(share_path("kb/expressions.ndjson", path, sizeof path));
    TRY(terms_source(&st.terms, "builtin", &st.source));
    st.shipped = st.source;
    TRY(answers_read(&a, path));
    memset(st.answered, 0, codes()); /* that is asked of the user's answers only */
    return run_input_digest(r, path_base(path), a.xxh64);
}

static int read_answers(struct run *r, const char *from)
{
    struct answers a = answers_for(on_remark);
    char path[PATH_MAX];
    size_t n = strlen(from);
    while (n > 1 && from[n - 1] == '/')
        n--;
    snprintf(path, sizeof path, "%.*s", (int)(n < PATH_MAX ? n : PATH_MAX - 1), from);
    TRY(terms_source(&st.terms, path_base(path), &st.source));
    TRY(answers_read(&a, path));
    if (!a.answers)
        return err_set(E_DATA, "%s: no answer for any of the codes", path_base(path));
    if (a.outside)
        run_note(r, "%s: %zu answers are for other codes", path_base(path), a.outside);
    return run_input_digest(r, path_base(path), a.xxh64);
}

/* ---- asking ---- */

static bool loopback(const char *url)
{
    const char *host = strstr(url, "://") + 3; /* as chat_url_check saw */
    size_t n = *host == '[' ? strcspn(host, "/") : strcspn(host, ":/"), digits = strspn(host, "0123456789.");
    return (n == 9 && !strncasecmp(host, "localhost", n)) || !strncmp(host, "[::1]", 5) ||
           (!strncmp(host, "127.", 4) && digits == n);
}

static const char *environment(const char *name)
{
    const char *s = getenv(name);
    return s && *s ? s : NULL;
}

/* Options of --ask, those in the environment too. */
static int begin_asking(struct run *r)
{
    char path[PATH_MAX];
    size_t n;
    if (!ask_url)
        return cache || model || prompt_path || dry_run
                   ? err_set(E_USAGE, "--cache, --model, --prompt and --dry-run need --ask")
                   : 0;
    if (!strcmp(ask_url, "env")) {
        ask_url = environment("OPENAI_BASE_URL");
        ask_url = ask_url ? ask_url : environment("OPENAI_API_BASE");
        ask_url = ask_url ? ask_url : "https://api.openai.com/v1";
    }
    TRY(chat_url_check(ask_url));
    model = model ? model : environment("OPENAI_MODEL");
    if (!model)
        return err_set(E_USAGE, "--ask needs --model or OPENAI_MODEL");
    if (!cache && !dry_run)
        return err_set(E_USAGE, "--ask needs --cache");
    if (prompt_path)
        snprintf(path, sizeof path, "%s", prompt_path);
    else
        TRY(share_path(descriptions() ? "prompts/descriptions.txt" : "prompts/expressions.txt", path, sizeof path));
    TRY(text_read(path, PROMPT_MAX, &st.prompt, &n));
    if (strlen(st.prompt) != n || (!strstr(st.prompt, "{code}") && !strstr(st.prompt, "{title}")))
        return err_set(E_DATA, "%s: a prompt needs {code} or {title}", path_base(path));
    return run_input_file(r, path);
}

static void on_progress(void *ctx, size_t done, size_t all)
{
    struct run *r = ctx;
    r->progress.total = all;
    progress_show(&r->progress, done, NULL);
}

static int ask(struct run *r)
{
    struct answers a = answers_for(on_remark);
    struct ask k = {.chat = {.url = ask_url,
                             .key = environment("OPENAI_API_KEY"),
                             .model = model,
                             .max_tokens = (long)max_tokens,
                             .in_flight = (int)in_flight,
                             .retries = (int)retries,
                             .retry_wait = retry_wait,
                             .timeout = timeout,
                             .rpm = rpm},
                    .cache = cache,
                    .prompt = st.prompt,
                    .kind = kind,
                    .titles = &st.titles,
                    .answers = &a,
                    .skip = st.answered,
                    .progress = on_progress,
                    .ctx = r};
    /* Only show what would be asked. */
    if (dry_run)
        return ask_dry_run(&k);
    /* Ask. */
    if (k.chat.key && !strncasecmp(ask_url, "http:", 5) && !loopback(ask_url))
        run_warn(r, "the key goes over the network unencrypted");
    TRY(terms_source(&st.terms, model, &st.source));
    int rc = ask_run(&k);
    /* Say what came of it. */
    if (k.cached || k.asked)
        run_note(r, "%zu answers asked for, %zu in the cache already", k.asked, k.cached);
    TRY(rc);
    if (k.untitled)
        run_warn(r, "%zu codes without a title were not asked about", k.untitled);
    if (k.failed)
        run_warn(r, "%zu codes got no answer of use; the same command asks about these again", k.failed);
    return run_input_digest(r, model, a.xxh64);
}

static int begin(struct run *r)
{
    st.run = r;
    if (r->argc)
        return err_set(E_USAGE, "no operand is expected: kb-build reads code tables only");
    TRY(begin_asking(r));
    if (dry_run && (r->output || report_path))
        return err_set(E_USAGE, "--dry-run writes no stream: no -o, no --report");
    if (!dry_run)
        run_schema(r, "kb");
    if (!strcmp(icd, "10") && !strcmp(labels_from, "caml50"))
        return err_set(E_USAGE, "--icd 10 needs --labels");
    if (report_path && !strcmp(report_path, "-"))
        return err_set(E_USAGE, "--report needs a file: standard output has the stream");
    TRY(report_path ? run_output_file(r, report_path, &st.report.file) : 0);
    TRY(code_list_load(&st.codes, labels_from));
    if (!(st.answered = mem_zalloc(codes(), sizeof *st.answered)))
        return E_NOMEM;
    TRY(settle_version(r));
    TRY(read_titles(r));
    TRY(check_codes(r));
    TRY(builtin ? read_builtin(r) : 0);
    for (int i = 0; i < answers_from.n; i++)
        TRY(read_answers(r, answers_from.v[i]));
    json_t *labels = json_array();
    for (size_t i = 0; i < codes(); i++)
        json_array_append_new(labels, json_string(code_at(i)));
    return json_object_set_new(r->meta, "labels", labels) ||
                   json_object_set_new(r->meta, "knowledge", json_string(kind))
               ? err_nomem(64)
               : 0;
}

/* ---- writing ---- */

/* A model's own description goes before the shipped one. */
static const char *description_of(const struct term *t, size_t n)
{
    const struct term *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (!best || (builtin && best->sources == 1u << st.shipped && t[i].sources != best->sources))
            best = &t[i];
    return best ? st.terms.text.p + best->text : NULL;
}

struct tally {
    size_t title_alone;
};
static int emit(struct run *r, uint32_t i, struct tally *c)
{
    const char *code = code_at(i), *title = titles_find(&st.titles, code), *description = NULL;
    size_t first, n = terms_of(&st.terms, i, &first);
    const struct term *t = n ? st.terms.v + first : NULL;
    if (descriptions())
        description = description_of(t, n);
    c->title_alone += descriptions() ? !description : n <= (title != NULL);
    const struct kb_record k = {.code = code,
                                .title = title,
                                .description = descriptions() && !description ? title : description,
                                .procedure = titles_procedure(&st.titles, code),
                                .terms = descriptions() ? NULL : &st.terms,
                                .place = i};
    msgpack_sbuffer sb;
    msgpack_sbuffer_init(&sb);
    int rc = kb_record_pack(&k, &sb);
    rc = rc ? rc : run_emit(r, sb.data, sb.size);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

static void tell(struct run *r, const struct tally *c)
{
    if (st.lost > WARNINGS_MAX)
        run_warn(r, "and %zu more could not be read%s", st.lost - WARNINGS_MAX,
                 report_path ? "" : "; --report tells all");
    if (c->title_alone && (builtin || answers_from.n || ask_url))
        run_note(r, "%zu codes have nothing but their titles", c->title_alone);
    if (st.terms.shared)
        run_note(r, "%zu expressions belong to several codes, '%.*s' to %zu%s", st.terms.shared, (int)st.most.text.n,
                 st.most.text.p, st.most.codes, report_path ? "" : "; --report tells which");
    if (st.terms.dropped)
        run_note(r, "%zu terms left out that more than %lld codes have", st.terms.dropped, (long long)max_df);
}

static int end(struct run *r)
{
    struct tally c = {0};
    const struct terms_shared shared = {NULL, on_shared};
    if (ask_url)
        TRY(ask(r));
    if (dry_run)
        return 0;
    TRY(terms_settle(&st.terms, (uint32_t)max_df, &shared));
    for (uint32_t i = 0; i < codes(); i++)
        TRY(emit(r, i, &c));
    tell(r, &c);
    return kb_report_write(&st.report);
}

static void done(struct run *r)
{
    code_list_free(&st.codes);
    titles_free(&st.titles);
    terms_free(&st.terms);
    free(st.answered);
    free(st.prompt);
    kb_report_free(&st.report);
    buf_free(&st.most.text);
}

/* Whether a failure before the schema is chosen is told to who reads the stream. */
static bool streams(void)
{
    return !dry_run;
}

static const struct stage stage = {
    .doc = {"kb-build", "[OPTION]...",
            "Build the knowledge about a set of ICD codes: titles, expressions, descriptions."},
    .opts = opts,
    .streams = streams,
    .unit = "codes",
    .begin = begin,
    .end = end,
    .done = done,
};

int main(int argc, char **argv)
{
    return stage_main(&stage, argc, argv);
}
