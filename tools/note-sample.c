/* note-sample: which parts of a note go into a model's limited input, as byte spans in the order they are to be read.
 * The knowledge says what matters (eqs 10-11 of the paper, lib/text/sample.c); labels are no input, so nothing can
 * leak. Tests: tests/cli/note-sample.sh, tests/unit/sample.c. */
#include "lib/stream/stage.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kb/kb.h"
#include "lib/text/sample.h"

static const char *const levels[] = {"none", "section", "paragraph", NULL};
static const char *const fills[] = {"none", "p", "doc", NULL};
static const char *const orders[] = {"p", "doc", NULL};

static const char *knowledge, *level = "paragraph", *tokenizer, *fill = "p", *order = "p", *sections;
static int64_t budget = 2048, top = 3;
static bool headers = true, stats;

static const struct opt opts[] = {
    {"knowledge", 'k', OPT_FILE, &knowledge, "FILE",
     "The kb stream whose expressions are looked for; not needed at level none."},
    {"level", 'l', OPT_CHOICE, &level, "LEVEL",
     "What is chosen among: none keeps the head of the note, section whole sections, paragraph sections and inside "
     "them paragraphs.",
     .choices = levels},
    {"budget", 'b', OPT_INT, &budget, "N",
     "At most N sub-word pieces of the tokenizer, the end piece among them; words where no tokenizer is given.", 1,
     1e9},
    {"tokenizer", 't', OPT_FILE, &tokenizer, "FILE",
     "SentencePiece file or model directory whose pieces the budget counts."},
    {"top-sections", 0, OPT_INT, &top, "N", "How many sections are chosen by the number of words in expressions.", 1,
     1e6},
    {"fill", 0, OPT_CHOICE, &fill, "HOW",
     "What fills a budget that the chosen sections leave: nothing, further sections by ratio, or in the note's order.",
     .choices = fills},
    {"order", 0, OPT_CHOICE, &order, "HOW",
     "The order in which what was kept is read: by the ratio of words in expressions, or as in the note.",
     .choices = orders},
    {"headers", 0, OPT_FLAG, &headers, NULL,
     "Put a section's header before what is kept of it; --no-headers leaves headers out."},
    {"sections", 0, OPT_FILE, &sections, "FILE",
     "Section headers to know, in the form of share/sections/canonical.tsv."},
    {"stats", 0, OPT_FLAG, &stats, NULL,
     "At the end, say on standard error which sections were chosen, with their mean count and ratio, and what share of "
     "all tokens the head of the notes and the sample lose.",
     .flags = OPT_QUIET},
    {0},
};

/* One kind of section over all notes. Sums are integers, so that threads cannot change them. */
struct tally {
    uint64_t chosen, n, p; /* p in billionths */
};
static struct {
    struct sample_cfg cfg;
    struct kb kb;
    struct matcher *matcher;
    struct section_rules *rules;
    struct spm *spm;
    struct sample *sample; /* of each thread */
    int threads;
    pthread_mutex_t lock;
    struct tally *tally; /* of each kind */
    uint64_t notes, unmatched, fitting, tokens, head, kept;
    uint64_t longest, longest_kept;
} st = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int load_knowledge(struct run *r)
{
    struct stream *s;
    if (st.cfg.level == SAMPLE_NONE && !knowledge)
        return 0;
    if (!knowledge)
        return err_set(E_USAGE, "--level %s needs a kb stream: -k FILE", level);
    TRY(run_input(r, knowledge, "kb", &s));
    TRY(kb_load(&st.kb, s));
    TRY(kb_matcher(&st.kb, &st.matcher));
    if (sections)
        TRY(run_input_file(r, sections));
    TRY(section_rules_load(&st.rules, sections));
    st.tally = mem_zalloc((size_t)section_kinds(st.rules), sizeof *st.tally);
    return st.tally ? 0 : E_NOMEM;
}

static int load_tokenizer(struct run *r)
{
    char path[4096];
    if (!tokenizer)
        return 0;
    TRY(spm_find(tokenizer, path, sizeof path));
    TRY(run_input_file(r, path));
    TRY(spm_open(&st.spm, path));
    return spm_info(st.spm)->eos >= 0 ? 0 : err_set(E_DATA, "%s: no end-of-sequence piece", spm_info(st.spm)->name);
}

static int choice(const char *const *all, const char *one)
{
    int i = 0;
    while (strcmp(all[i], one) != 0)
        i++;
    return i;
}

static int begin(struct run *r)
{
    st.cfg = (struct sample_cfg){
        .level = (enum sample_level)choice(levels, level),
        .fill = (enum sample_fill)choice(fills, fill),
        .budget = (size_t)budget,
        .top = (size_t)top,
        .doc_order = strcmp(order, "doc") == 0,
        .headers = headers,
        .always_rank = stats,
    };
    TRY(load_knowledge(r));
    TRY(load_tokenizer(r));
    st.cfg.spm = st.spm;
    st.cfg.matcher = st.matcher;
    st.cfg.rules = st.rules;
    st.threads = r->threads;
    st.sample = mem_zalloc((size_t)r->threads, sizeof *st.sample);
    return st.sample ? 0 : E_NOMEM;
}

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

static void count_note(const struct sample *s)
{
    size_t room = st.cfg.budget - (st.spm ? 1 : 0);
    size_t head = s->tokens < room ? s->tokens : room;
    pthread_mutex_lock(&st.lock);
    st.notes++;
    st.fitting += s->tokens <= room;
    st.unmatched += st.cfg.level != SAMPLE_NONE && s->top == 0;
    st.tokens += s->tokens;
    st.head += head;
    st.kept += s->kept;
    if (s->tokens > st.longest) {
        st.longest = s->tokens;
        st.longest_kept = 0;
    }
    if (s->tokens == st.longest && s->kept > st.longest_kept)
        st.longest_kept = s->kept;
    for (size_t i = 0; i < s->top; i++) {
        const struct match_count *c = &s->count[s->rank[i]];
        struct tally *t = &st.tally[s->sections.sec[s->rank[i]].kind];
        t->chosen++;
        t->n += c->covered;
        t->p += c->covered * 1000000000u / c->words;
    }
    pthread_mutex_unlock(&st.lock);
}

static int each(struct run *r, int thread, const msgpack_object *rec, struct sink *sink)
{
    struct sample *s = &st.sample[thread];
    struct section_start *start;
    const char *text;
    size_t n, nstart;
    rec_str(rec, "text", &text, &n);
    int rc = read_parts(rec, n, &start, &nstart);
    if (!rc)
        rc = sample_note(&st.cfg, text, n, start, nstart, s);
    free(start);
    TRY(rc);
    if (stats)
        count_note(s);
    pk_copy(&sink->pk, rec, "spans", NULL, 1);
    pk_str(&sink->pk, "spans");
    msgpack_pack_array(&sink->pk, s->n);
    for (size_t i = 0; i < s->n; i++) {
        msgpack_pack_array(&sink->pk, 2);
        msgpack_pack_int64(&sink->pk, s->span[i].begin);
        msgpack_pack_int64(&sink->pk, s->span[i].end);
    }
    return sink_next(sink);
}

/* ---- --stats: the paper's Table 4, and what is lost ---- */

static int by_chosen(const void *a, const void *b)
{
    int i = *(const int *)a, j = *(const int *)b;
    return st.tally[i].chosen != st.tally[j].chosen ? (st.tally[i].chosen < st.tally[j].chosen ? 1 : -1) : i - j;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static int print_sections(void)
{
    int kinds = section_kinds(st.rules), *index = mem_alloc((size_t)kinds, sizeof *index);
    uint64_t all = 0;
    if (!index)
        return E_NOMEM;
    for (int i = 0; i < kinds; i++) {
        index[i] = i;
        all += st.tally[i].chosen;
    }
    qsort(index, (size_t)kinds, sizeof *index, by_chosen);
    fprintf(stderr, "%-18s %8s %8s %9s %7s %7s\n", "section", "mean N", "mean p", "chosen", "notes", "share");
    for (int i = 0; i < kinds && st.tally[index[i]].chosen; i++) {
        const struct tally *t = &st.tally[index[i]];
        fprintf(stderr, "%-18s %8.2f %8.3f %9llu %6.1f%% %6.1f%%\n", section_name(st.rules, index[i]),
                (double)t->n / (double)t->chosen, (double)t->p / 1e9 / (double)t->chosen, (unsigned long long)t->chosen,
                percent(t->chosen, st.notes), percent(t->chosen, all));
    }
    free(index);
    return 0;
}

static int end(struct run *r)
{
    if (!stats)
        return 0;
    const char *unit = st.spm ? "pieces" : "words";
    progress_end(&r->progress);
    if (st.tally)
        TRY(print_sections());
    fprintf(stderr, "%llu notes, %llu within the budget of %lld %s, %llu without a match\n",
            (unsigned long long)st.notes, (unsigned long long)st.fitting, (long long)budget, unit,
            (unsigned long long)st.unmatched);
    fprintf(stderr, "%llu %s; lost by keeping the head: %.2f%%, by this sample: %.2f%%\n",
            (unsigned long long)st.tokens, unit, percent(st.tokens - st.head, st.tokens),
            percent(st.tokens - st.kept, st.tokens));
    fprintf(stderr, "longest note: %llu %s, %.2f%% lost\n", (unsigned long long)st.longest, unit,
            percent(st.longest - st.longest_kept, st.longest));
    return 0;
}

static void done(struct run *r)
{
    for (int i = 0; st.sample && i < st.threads; i++)
        sample_free(&st.sample[i]);
    free(st.sample);
    free(st.tally);
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
