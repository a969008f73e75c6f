/* icd-score: pred + gold -> metric records, or a table on a terminal. The only tool that reads the labels of test
 * notes. What is computed is lib/metric's: score.h wires it, a metric is a file (metric.h). Here are the options, the
 * table's head and where the result goes. Tests: tests/cli/icd-score*.sh, tests/unit/metric.c,
 * tests/unit/resample.c. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/metric/score.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"

enum { ROUNDS = 1000 }; /* of --compare without --bootstrap */
enum format { TABLE, TSV, CSV, JSON, RECORDS };

static const char *const universes[] = {"all", "present", "both", NULL};
static const char *const tune_bys[] = {"all", "code", NULL}, *const tune_searches[] = {"exact", "grid", NULL};
static const char *const formats[] = {"table", "tsv", "csv", "json", "records", NULL};
static struct {
    const char *gold, *train, *split, *threshold_text, *save, *compare, *compare_tune;
    struct opt_list tune, thresholds;
    const char *universe, *tune_by, *tune_search, *at, *bins, *metrics, *format;
    double threshold, shrink; /* NAN: none given */
    int64_t min_positives, rounds, seed;
    bool strict, table, mean, kinds, per_code, reliability, risk_coverage, leaderboard;
} o = {.universe = "both",
       .tune_by = "all",
       .tune_search = "exact",
       .at = "5,8,15",
       .threshold = NAN,
       .shrink = 5,
       .min_positives = 1,
       .seed = 1};

static const struct opt opts[] = {
    {"gold", 'g', OPT_FILE, &o.gold, "FILE",
     "Gold stream. It may hold further splits. Only --leaderboard works without it."},
    {"split", 0, OPT_STR, &o.split, "SPLIT",
     "Score the notes of this split, such as dev. all: the notes of all predicted splits, in one number. Default: test "
     "if test notes are predicted, else dev, else the only split there is."},
    {"train-gold", 0, OPT_FILE, &o.train, "FILE",
     "Gold stream with the training records, if --gold has none. The note-blind floor and --bins need them. "
     "Without any there is no floor."},
    {"strict", 0, OPT_FLAG, &o.strict, NULL,
     "Refuse predictions whose label set is not the gold stream's. Without it a code outside that set counts as "
     "wrong."},
    {"threshold", 0, OPT_STR, &o.threshold_text, "T",
     "Score the codes whose score is above the number T, not the final codes."},
    {"thresholds", 0, OPT_FILES, &o.thresholds, "FILE",
     "Score the codes whose score is above the threshold that FILE has for them (--save-thresholds). Give it once, or "
     "once per input, in the order of the inputs."},
    {"tune", 0, OPT_FILES, &o.tune, "DEV",
     "Find the threshold that is best for DEV, predictions of dev notes; --gold has their codes, too. Notes of the "
     "test or train split and notes that are scored are refused in DEV. Give it once per input, in the order of "
     "the inputs."},
    {"tune-by", 0, OPT_CHOICE, &o.tune_by, "WHAT",
     "Which thresholds to choose.\n"
     "all: one for all codes, by micro-F1\n"
     "code: one per code, by its own F1, drawn towards the one for all (--shrink, --min-positives)",
     .choices = tune_bys},
    {"tune-search", 0, OPT_CHOICE, &o.tune_search, "HOW",
     "Which thresholds to try.\n"
     "exact: every cut between two scores; among equals the highest wins\n"
     "grid: i/99 for i from 0 to 99; among equals the lowest wins (Edin et al.'s rule)",
     .choices = tune_searches},
    {"shrink", 0, OPT_REAL, &o.shrink, "K",
     "With --tune-by code: how strongly a code's own threshold is drawn to the one for all codes. A code of n dev "
     "notes gets (n own + K all) / (n + K). 0: its own threshold.",
     0, 1e9},
    {"min-positives", 0, OPT_INT, &o.min_positives, "N",
     "With --tune-by code: a code of fewer than N dev notes gets the threshold for all codes.", 1, 1000000000},
    {"save-thresholds", 0, OPT_OUT, &o.save, "FILE",
     "Write what --tune found to FILE, for --thresholds and for icd-infer --thresholds."},
    {"metrics", 0, OPT_STR, &o.metrics, "LIST", "Show these metrics only: names or patterns, such as f1_*,auc_micro."},
    {"format", 0, OPT_CHOICE, &o.format, "FORM",
     "Form of the output. Default: a table on a terminal, else records.\n"
     "table: for people\n"
     "tsv: one line per system and metric, with tabs\n"
     "csv: the same with commas\n"
     "json: one object\n"
     "records: a metric stream",
     .choices = formats, .flags = OPT_QUIET},
    {"table", 0, OPT_FLAG, &o.table, NULL, "As --format table; --no-table: as --format records.", .flags = OPT_QUIET},
    {"universe", 0, OPT_CHOICE, &o.universe, "SET",
     "Which labels to score.\n"
     "all: every label\n"
     "present: those that have gold in what is scored, and the notes that have one; their names end in _present\n"
     "both: all and present",
     .choices = universes},
    {"kinds", 0, OPT_FLAG, &o.kinds, NULL,
     "Also score diagnoses and procedures apart. Names end in _diagnosis and _procedure."},
    {"bins", 0, OPT_STR, &o.bins, "LIST",
     "Also score labels apart by how many training notes have them. LIST has the largest number of each bin, such as "
     "0,10,100; labels above the last make one more bin. Names end in _train_0_0, _train_1_10, ..., "
     "_train_above_100."},
    {"at", 0, OPT_STR, &o.at, "LIST", "The k of precision, recall and F1 at k, such as 1,5,8,10,15."},
    {"per-code", 0, OPT_FLAG, &o.per_code, NULL, "Also show the values of every code."},
    {"reliability", 0, OPT_FLAG, &o.reliability, NULL,
     "Also show the reliability table: how often codes of a score are right. It needs scores between 0 and 1."},
    {"risk-coverage", 0, OPT_FLAG, &o.risk_coverage, NULL,
     "Also show the risk-coverage table: the risk when only the surest notes are coded. It needs scores between 0 "
     "and 1."},
    {"bootstrap", 0, OPT_INT, &o.rounds, "N", "95 % intervals from N resamplings of the notes; 0: none.", 0, 100000},
    {"mean", 0, OPT_FLAG, &o.mean, NULL,
     "Also show the mean and standard deviation of each metric over the inputs: one system trained with several "
     "seeds."},
    {"compare", 0, OPT_FILE, &o.compare, "OTHER",
     "Compare with OTHER, predictions of the same notes by another system. Shows its values, the difference, the "
     "difference's 95 % interval, and p by paired approximate randomisation (--bootstrap rounds, else 1000). "
     "--threshold applies to OTHER, too, if it has scores."},
    {"compare-tune", 0, OPT_FILE, &o.compare_tune, "DEV", "As --tune, for OTHER."},
    {"seed", 0, OPT_INT, &o.seed, "N", "Seed of --bootstrap and --compare.", 0, 9007199254740992.0},
    {"leaderboard", 0, OPT_FLAG, &o.leaderboard, NULL,
     "Write a table of several scores instead. The operands are metric streams, scored against the same gold stream. "
     "Streams stamped oracle are not ranked."},
    {0},
};

static struct {
    enum format format;
    int64_t *at, *edge;
    struct report_picks picks;
    struct score score;
    struct score_cfg cfg;
    json_t *thresholds; /* of --save-thresholds */
    struct outfile *to; /* likewise */
    struct outfile *text; /* borrowed */
} st;

/* ---- options ---- */

/* Asked first of all: settles the form, too. */
static bool streams(void)
{
    st.format = o.table ? TABLE : RECORDS;
    if (o.format)
        st.format = (enum format)opt_place(formats, o.format);
    return st.format == RECORDS && !o.leaderboard;
}

static int check_inputs(struct run *r)
{
    int n = r->argc ? r->argc : 1;
    if (!o.gold)
        return err_set(E_USAGE, "--gold FILE is needed");
    if (n > 1 && o.compare)
        return err_set(E_USAGE, "--compare goes with one input; '%s' is one too many", r->argv[1]);
    if (o.mean && n < 2)
        return err_set(E_USAGE, "--mean needs two inputs or more");
    if (o.tune.n && o.tune.n != n)
        return err_set(E_USAGE, "--tune: once for each input: %d, not %d", n, o.tune.n);
    if (o.thresholds.n > 1 && o.thresholds.n != n)
        return err_set(E_USAGE, "--thresholds: once, or once for each input: %d, not %d", n, o.thresholds.n);
    if (o.save && (n > 1 || !o.tune.n))
        return err_set(E_USAGE, "--save-thresholds needs --tune, and one input");
    return 0;
}

static int check_thresholds(void)
{
    bool by_code = strcmp(o.tune_by, "code") == 0;
    if (o.threshold_text) {
        char *rest;
        o.threshold = strtod(o.threshold_text, &rest);
        if (rest == o.threshold_text || *rest || !isfinite(o.threshold))
            return err_set(E_USAGE, "--threshold: '%s' is not a finite number", o.threshold_text);
    }
    if ((o.threshold_text != NULL) + (o.tune.n > 0) + (o.thresholds.n > 0) > 1)
        return err_set(E_USAGE, "--threshold, --thresholds and --tune cannot go together");
    if (o.compare_tune && !o.compare)
        return err_set(E_USAGE, "--compare-tune needs --compare");
    if ((by_code || strcmp(o.tune_search, "exact")) && !o.tune.n && !o.compare_tune)
        return err_set(E_USAGE, "--tune-by and --tune-search need --tune or --compare-tune");
    if ((o.shrink != 5 || o.min_positives != 1) && !by_code)
        return err_set(E_USAGE, "--shrink and --min-positives need --tune-by code");
    return 0;
}

static int check_options(struct run *r)
{
    struct score_cfg *c = &st.cfg;
    TRY(check_inputs(r));
    TRY(check_thresholds());
    if (o.seed != 1 && !o.rounds && !o.compare)
        return err_set(E_USAGE, "--seed needs --bootstrap or --compare");
    *c = (struct score_cfg){
        .system = {.strict = o.strict,
                   .split = o.split,
                   .threshold = o.threshold,
                   .threshold_text = o.threshold_text,
                   .how = {strcmp(o.tune_by, "code") == 0, strcmp(o.tune_search, "exact") == 0, o.min_positives,
                           o.shrink}},
        .groups = {.all = strcmp(o.universe, "present") != 0, .present = strcmp(o.universe, "all") != 0, o.kinds},
        .rounds = o.rounds,
        .compare_rounds = ROUNDS,
        .seed = (uint64_t)o.seed,
        .rows = (o.per_code ? ROWS_CODES : 0) | (o.reliability ? ROWS_RELIABILITY : 0) |
                (o.risk_coverage ? ROWS_COVERAGE : 0),
        .mean = o.mean,
        .ctx = r};
    if (o.bins)
        TRY(group_list(o.bins, 0, &st.edge, &c->groups.n_edge));
    if (o.metrics)
        TRY(report_picks(&st.picks, o.metrics));
    TRY(group_list(o.at, 1, &st.at, &c->n_at));
    c->at = st.at;
    c->groups.edge = st.edge;
    return 0;
}

/* It takes scores as they are: what tells how to score would do nothing. */
static int check_leaderboard(struct run *r)
{
    const void *of_scoring[] = {o.gold, o.train, o.compare, o.compare_tune, o.threshold_text,
                                o.bins, o.split, o.save,    o.metrics};
    bool any = o.kinds || o.per_code || o.reliability || o.risk_coverage || o.rounds || o.tune.n || o.thresholds.n ||
               o.strict || o.mean;
    for (size_t i = 0; i < sizeof of_scoring / sizeof *of_scoring; i++)
        any |= of_scoring[i] != NULL;
    if (any)
        return err_set(E_USAGE, "--leaderboard shows scores as they are: no option of scoring goes with it");
    if (o.format && strcmp(o.format, "table") != 0)
        return err_set(E_USAGE, "--leaderboard is a table: --format %s does not go with it", o.format);
    return r->argc ? 0 : err_set(E_USAGE, "--leaderboard: which metric streams?");
}

/* ---- reading ---- */

static void tick(void *ctx, uint64_t done)
{
    progress_show(&((struct run *)ctx)->progress, done, NULL);
}

static int open_systems(struct run *r)
{
    struct score *s = &st.score;
    size_t n = r->argc ? (size_t)r->argc : 1;
    if (!(s->system = mem_zalloc(n, sizeof *s->system)))
        return E_NOMEM;
    for (; s->n < n; s->n++)
        TRY(system_open(r, &s->system[s->n], r->argc ? r->argv[s->n] : NULL));
    s->compare = o.compare != NULL;
    if (s->compare)
        TRY(system_open(r, &s->other, o.compare));
    return system_titles(s->system, s->n);
}

/* Thresholds before the predictions, where they are found; files of them afterwards, as they depend on the split. */
static int read_systems(struct run *r)
{
    struct score *s = &st.score;
    const struct system_cfg *c = &st.cfg.system;
    for (int i = 0; i < o.tune.n; i++)
        TRY(system_tune(r, &s->system[i], o.tune.v[i], &s->gold, c, s->tuned, o.save ? &st.thresholds : NULL));
    if (o.compare_tune)
        TRY(system_tune(r, &s->other, o.compare_tune, &s->gold, c, s->tuned, NULL));
    TRY(score_read(r, s, &st.cfg));
    for (size_t y = 0; o.thresholds.n && y < s->n; y++)
        TRY(system_thresholds(r, &s->system[y], o.thresholds.v[o.thresholds.n > 1 ? y : 0], &s->gold));
    for (size_t y = 0; y < s->n; y++)
        TRY(system_decide(r, &s->system[y], c, true));
    return s->compare ? system_decide(r, &s->other, c, false) : 0;
}

/* What was scored, for the header of records and for JSON. */
static int describe(json_t *to)
{
    const struct score *s = &st.score;
    const char *split = preds_split(&s->system->preds);
    json_t *each = s->n > 1 ? json_array() : NULL;
    bool bad = json_object_set_new(to, "scored_split", split ? json_string(split) : json_null());
    if (s->n == 1)
        bad = bad || json_object_set_new(to, "scored_threshold", system_threshold(s->system, &st.cfg.system));
    for (size_t y = 0; s->n > 1 && y < s->n; y++)
        bad = bad || json_array_append_new(each, json_pack("{s:s, s:o}", "name", s->system[y].title, "scored_threshold",
                                                           system_threshold(&s->system[y], &st.cfg.system)));
    if (s->n > 1)
        bad = bad || json_object_set_new(to, "systems", each);
    if (s->other.t)
        bad = bad || json_object_set_new(to, "compared_threshold", system_threshold(&s->other, &st.cfg.system));
    return bad ? err_nomem(0) : 0;
}

static int begin(struct run *r)
{
    struct score *s = &st.score;
    if (st.format == RECORDS && !o.leaderboard)
        run_schema(r, "metric");
    else
        TRY(run_output_file(r, r->output, &st.text));
    if (o.leaderboard)
        return check_leaderboard(r);
    omp_set_num_threads(r->threads);
    TRY(check_options(r));
    if (o.save)
        TRY(run_output_file(r, o.save, &st.to));
    st.cfg.tick = tick;
    TRY(open_systems(r));
    TRY(score_gold(r, s, o.gold, o.train, o.strict));
    if (o.bins && !s->floor)
        return err_set(E_DATA, "%s: no record of the train split, and --bins counts them (give --train-gold)",
                       path_base(o.gold));
    TRY(read_systems(r));
    if (s->n == 1 && s->system->s && json_object_update(r->meta, (json_t *)(uintptr_t)stream_meta(s->system->s)))
        return err_nomem(0);
    return describe(r->meta);
}

/* ---- the result ---- */

static int emit(void *ctx, const char *body, size_t n)
{
    return run_emit(ctx, body, n);
}

/* What a system's codes are and what it read of its notes. */
static int head_of(struct buf *b, const struct system *y)
{
    struct buf in = {0};
    TRY(system_codes(b, y, &st.cfg.system));
    int rc = system_input(&in, y);
    if (!rc && in.n)
        rc = buf_fmt(b, "; input: %.*s", (int)in.n, in.p);
    buf_free(&in);
    return rc ? rc : buf_str(b, "\n");
}

/* A line per system, one for all of them where it would be the same. */
static int head_systems(struct buf *b)
{
    const struct score *s = &st.score;
    struct buf first = {0}, own = {0};
    int rc = head_of(&first, s->system), width = 6;
    bool same = true;
    for (size_t y = 1; !rc && y < s->n; y++) {
        own.n = 0;
        rc = head_of(&own, &s->system[y]);
        same &= !rc && own.n == first.n && memcmp(own.p, first.p, own.n) == 0;
    }
    for (size_t y = 0; !same && y < s->n; y++)
        width = (int)strlen(s->system[y].title) > width ? (int)strlen(s->system[y].title) : width;
    for (size_t y = 0; !rc && y < (same ? 1 : s->n); y++) {
        rc = buf_fmt(b, "%-*s ", width, same ? "codes" : s->system[y].title);
        if (!rc)
            rc = head_of(b, &s->system[y]);
    }
    buf_free(&first);
    buf_free(&own);
    return rc;
}

static int head(struct run *r, struct buf *b)
{
    const struct score *s = &st.score;
    const char *split = s->report.split;
    if (r->oracle)
        TRY(buf_str(b,
                    "ORACLE: an input of this score was made with the labels; it is an upper bound, not a result\n"));
    TRY(buf_fmt(b, "split  %s: %zu notes, %zu labels of %s\n", split ? split : "several", s->system->set.n,
                s->system->set.L, s->gold.name));
    TRY(head_systems(b));
    if (s->compare) {
        TRY(buf_fmt(b, "other  %s: ", s->other.name));
        TRY(head_of(b, &s->other));
    }
    if (s->floor)
        TRY(buf_fmt(b, "floor  the %zu most frequent training codes for every note\n", s->floor_k));
    if (o.rounds || s->compare)
        TRY(buf_fmt(b, "rounds %lld of resampling, seed %lld\n", (long long)(o.rounds ? o.rounds : ROUNDS),
                    (long long)o.seed));
    return 0;
}

static int show(struct run *r, struct buf *b)
{
    const struct report *p = &st.score.report;
    json_t *about;
    switch (st.format) {
    case TSV:
        return report_separated(b, p, '\t');
    case CSV:
        return report_separated(b, p, ',');
    case JSON:
        about = json_pack("{s:I, s:I, s:b}", "notes", (json_int_t)st.score.system->set.n, "labels",
                          (json_int_t)st.score.system->set.L, "oracle", (int)r->oracle);
        if (!about)
            return err_nomem(0);
        TRY(describe(about));
        return report_json(b, p, about);
    case TABLE:
    case RECORDS:
        break;
    }
    TRY(head(r, b));
    return p->n > 1 ? report_board(b, p) : report_tables(b, p);
}

static int save_thresholds(void)
{
    char *text = json_dumps(st.thresholds, JSON_INDENT(1));
    int rc = text ? outfile_write(st.to, text, strlen(text)) : err_nomem(0);
    free(text);
    return rc ? rc : outfile_write(st.to, "\n", 1);
}

static int end(struct run *r)
{
    struct buf b = {0};
    struct score *s = &st.score;
    int rc = 0;
    if (o.leaderboard)
        rc = report_leaderboard(&b, r->argv, r->argc);
    else {
        progress_end(&r->progress);
        progress_start(&r->progress, r->stage->doc.tool, "rounds", 0, r->quiet);
        TRY(score_all(s, &st.cfg));
        for (size_t g = 0; o.metrics && g < s->groups.n; g++) {
            for (size_t y = 0; y < s->n; y++)
                report_pick(&st.picks, &s->system[y].result[g]);
            report_pick(&st.picks, &s->floor_result[g]);
            report_pick(&st.picks, &s->mean[g]);
        }
        TRY(report_picked(&st.picks));
        s->report.picked = o.metrics != NULL;
        if (o.save)
            TRY(save_thresholds());
        if (st.format == RECORDS)
            return report_records(&s->report, emit, r);
        rc = show(r, &b);
    }
    if (!rc)
        rc = outfile_write(st.text, b.p, b.n);
    buf_free(&b);
    return rc;
}

static void done(struct run *r)
{
    score_close(&st.score);
    report_picks_free(&st.picks);
    json_decref(st.thresholds);
    free(st.at);
    free(st.edge);
}

static const struct stage stage = {
    .doc = {"icd-score", "-g GOLD [OPTION]... [FILE]...", "score predicted codes against the gold ones"},
    .opts = opts,
    .unit = "notes",
    .streams = streams,
    .begin = begin,
    .end = end,
    .done = done,
};

/* What standard output gets when neither --format nor --table nor --no-table is given: a table on a terminal, unless -o
 * (also behind other letters, as in -qo) sends the result elsewhere. */
int main(int argc, char **argv)
{
    o.table = isatty(STDOUT_FILENO);
    for (int i = 1; i < argc; i++)
        if ((*argv[i] == '-' && argv[i][1 + strspn(argv[i] + 1, "qz")] == 'o') || strncmp(argv[i], "--output", 8) == 0)
            o.table = false;
    return stage_main(&stage, argc, argv);
}
