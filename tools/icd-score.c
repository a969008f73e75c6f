/* icd-score: pred + gold -> metric records, or a table on a terminal. The only tool that reads the labels of test
 * notes. What is computed is lib/metric's: metrics (metric.h, one a file), predictions joined with gold (preds.h,
 * gold.h), label groups (group.h), thresholds (threshold.h), resampling (resample.h), text (report.h). Here they are
 * wired. Tests: tests/cli/icd-score*.sh, tests/unit/metric.c, tests/unit/resample.c. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/metric/preds.h"
#include "lib/metric/report.h"
#include "lib/metric/resample.h"
#include "lib/metric/threshold.h"
#include "lib/stream/stage.h"
#include "lib/util/file.h"

enum { ROUNDS = 1000 }; /* of --compare without --bootstrap */

static const char *gold_path, *train_path, *tune_path, *compare_path, *compare_tune_path, *threshold_text;
static const char *universe = "both", *tune_by = "all", *tune_search = "exact", *at_list = "5,8,15", *bin_list;
static const char *const universes[] = {"all", "present", "both", NULL};
static const char *const tune_bys[] = {"all", "code", NULL}, *const tune_searches[] = {"exact", "grid", NULL};
static double threshold = NAN; /* NAN: none given */
static int64_t rounds, seed = 1;
static bool table, kinds, per_code, reliability, risk_coverage, leaderboard;

static const struct opt opts[] = {
    {"gold", 'g', OPT_FILE, &gold_path, "FILE",
     "Gold stream; it may hold further splits. Needed, but for --leaderboard."},
    {"train-gold", 0, OPT_FILE, &train_path, "FILE",
     "Gold stream with the training records, for the note-blind floor and --bins, where the gold stream has none."},
    {"threshold", 0, OPT_STR, &threshold_text, "T",
     "Score the codes whose score is above the number T, not the final codes."},
    {"tune", 0, OPT_FILE, &tune_path, "DEV",
     "Find the threshold that is best for the predictions DEV of dev notes, whose gold is in --gold, too. Notes of "
     "the test or train split, or that are scored, are refused there."},
    {"tune-by", 0, OPT_CHOICE, &tune_by, "WHAT",
     "all: one threshold, for micro-F1; code: one for each code, for its own F1, and the one for all where a code has "
     "no dev note.",
     .choices = tune_bys},
    {"tune-search", 0, OPT_CHOICE, &tune_search, "HOW",
     "exact: every cut between two scores, the highest of the best; grid: i/99 for i from 0 to 99, the lowest of the "
     "best (Edin et al.'s rule).",
     .choices = tune_searches},
    {"universe", 0, OPT_CHOICE, &universe, "SET",
     "all: every label; present: the labels that have gold in what is scored, and the notes that have such a label, "
     "under names that end in _present; both.",
     .choices = universes},
    {"kinds", 0, OPT_FLAG, &kinds, NULL,
     "Score diagnoses and procedures apart, too, under names that end in _diagnosis and _procedure."},
    {"bins", 0, OPT_STR, &bin_list, "LIST",
     "Score labels by how many training notes have them, too: LIST has each bin's largest number, such as 0,10,100; "
     "what is above the last is one more bin. Names end in _train_0_0, _train_1_10, ..., _train_above_100."},
    {"at", 0, OPT_STR, &at_list, "LIST", "The k of precision, recall and F1 at k, such as 1,5,8,10,15."},
    {"per-code", 0, OPT_FLAG, &per_code, NULL, "Every code's own values, too."},
    {"reliability", 0, OPT_FLAG, &reliability, NULL,
     "The reliability table, too: how often codes of a score are right. It needs scores between 0 and 1."},
    {"risk-coverage", 0, OPT_FLAG, &risk_coverage, NULL,
     "The risk-coverage table, too: what is risked when only the surest notes are coded. It needs scores between 0 "
     "and 1."},
    {"bootstrap", 0, OPT_INT, &rounds, "N", "95 % intervals from N resamplings of the notes; 0: none.", 0, 100000},
    {"compare", 0, OPT_FILE, &compare_path, "OTHER",
     "Predictions of the same notes by another system: its values, the difference, the difference's 95 % interval, "
     "and p by paired approximate randomisation, of --bootstrap rounds, else 1000. --threshold holds for it, too, if "
     "it has scores."},
    {"compare-tune", 0, OPT_FILE, &compare_tune_path, "DEV", "As --tune, for OTHER."},
    {"seed", 0, OPT_INT, &seed, "N", "Seed of --bootstrap and --compare.", 0, 9007199254740992.0},
    {"leaderboard", 0, OPT_FLAG, &leaderboard, NULL,
     "Write a table of several scores instead: the operands are metric streams, scored against the same gold stream. "
     "Those stamped oracle are not ranked."},
    {"table", 0, OPT_FLAG, &table, NULL,
     "Write a table, also where standard output is no terminal; --no-table: records, also on a terminal. Without "
     "either a terminal gets the table.",
     .flags = OPT_QUIET},
    {0},
};

struct source { /* predictions, not yet read */
    const char *path;
    struct stream *s; /* NULL: plain */
    enum plain plain;
    bool above; /* scored are the codes above a threshold, not final ones */
    const char *name;
};
static struct {
    struct gold gold;
    uint32_t *floor; /* the constant prediction */
    size_t floor_k;
    struct source in, other;
    struct preds a, b;
    struct metric_set set, other_set, floor_set;
    struct metric_note *note, *other_note, *floor_note;
    double *t, *other_t; /* (L) tuned thresholds */
    const char **tuned;  /* (gold) the file in which a threshold was tuned on the note, NULL: none */
    int64_t *at, *edge;
    size_t n_at, n_edge;
    struct groups groups;
    struct result *result;
    struct metric_list rows;
    struct outfile text;
} st;

/* ---- reading ---- */

static int read_gold(struct run *r, const char *path, bool train)
{
    struct stream *s;
    const msgpack_object *rec;
    enum stream_got got;
    int rc;
    TRY(run_input(r, path, "gold", &s));
    if (!train)
        rc = gold_open(&st.gold, stream_name(s), stream_meta(s));
    else {
        struct labels own;
        rc = labels_open(&own, stream_meta(s));
        if (!rc)
            rc = labels_same(&st.gold.labels, &own);
        labels_close(&own);
    }
    if (rc)
        return err_ctx(rc, "%s", stream_name(s));
    while ((got = stream_next(s, &rec, &rc)) == STREAM_RECORD) {
        if (!train)
            rc = gold_record(&st.gold, rec, stream_records(s));
        if (!rc && (train || !train_path))
            rc = gold_train(&st.gold, rec);
        if (rc)
            return err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    }
    return got == STREAM_ERROR ? rc : train ? 0 : gold_sort(&st.gold);
}

static int source_open(struct run *r, struct source *in, const char *path)
{
    *in = (struct source){.path = path, .name = path ? path_base(path) : NULL};
    if ((in->plain = preds_plain_kind(path)) != PLAIN_NOT)
        return run_input_file(r, path);
    TRY(run_input(r, path, "pred", &in->s));
    in->name = stream_name(in->s);
    return 0;
}

static int source_read(struct run *r, struct source *in, struct preds *p)
{
    const msgpack_object *rec;
    enum stream_got got;
    TRY(preds_open(p, &st.gold, in->name));
    if (!in->s) {
        TRY(preds_plain(p, in->path));
        if (p->unlisted)
            run_note(r, "%s: %llu cells are not listed and have score 0", in->name, (unsigned long long)p->unlisted);
    } else {
        int rc = preds_labels(p, stream_meta(in->s));
        if (rc)
            return err_ctx(rc, "%s", in->name);
        while ((got = stream_next(in->s, &rec, &rc)) == STREAM_RECORD) {
            if ((rc = preds_record(p, rec)) != 0)
                return err_ctx(rc, "%s: record %llu", in->name, (unsigned long long)stream_records(in->s));
            run_progress(r, in->s);
        }
        if (got == STREAM_ERROR)
            return rc;
    }
    return preds_join(p);
}

/* Dev predictions and those that the threshold is for: by one model, as far as both say by which. */
static int same_model(const struct source *dev, const struct source *of)
{
    const json_t *a = dev->s ? json_object_get(stream_meta(dev->s), "model") : NULL;
    const json_t *b = of->s ? json_object_get(stream_meta(of->s), "model") : NULL;
    return !a || !b || json_equal(a, b)
               ? 0
               : err_set(E_DATA, "%s: by another model than %s: a threshold is for the model it was tuned for",
                         dev->name, of->name);
}

/* Thresholds (L) for `of` from predictions of dev notes; those notes must not be scored. */
static int tune(struct run *r, const char *path, const struct source *of, double **t)
{
    struct source in;
    struct preds dev = {0};
    struct metric_set set = {0};
    struct metric_note *note = NULL;
    TRY(source_open(r, &in, path));
    TRY(same_model(&in, of));
    int rc = source_read(r, &in, &dev);
    if (!rc && !dev.scores)
        rc = err_set(E_DATA, "%s: no scores to tune a threshold on", in.name);
    for (size_t i = 0; !rc && i < dev.n; i++) {
        /* Not train's either: a model is surer of the notes it has learned than of any others. */
        const char *split = st.gold.split[st.gold.v[dev.v[i].gold].split];
        if (strcmp(split, "test") == 0 || strcmp(split, "train") == 0)
            rc = err_set(E_DATA, "%s: holds notes of the %s split: a threshold is never tuned on them", in.name, split);
        st.tuned[dev.v[i].gold] = path;
    }
    if (!rc && !(*t = mem_alloc(st.gold.labels.n, sizeof **t)))
        rc = E_NOMEM;
    if (!rc && !(rc = preds_set(&dev, &set, &note)))
        rc = threshold_tune(&set, strcmp(tune_by, "code") == 0, strcmp(tune_search, "exact") == 0, *t);
    metric_close(&set);
    free(note);
    preds_close(&dev);
    return rc;
}

static bool streams(void)
{
    return !table && !leaderboard;
}

static int check_options(struct run *r)
{
    if (!gold_path)
        return err_set(E_USAGE, "--gold FILE is needed");
    if (r->argc > 1)
        return err_set(E_USAGE, "one input at a time; '%s' is one too many", r->argv[1]);
    if (threshold_text) {
        char *rest;
        threshold = strtod(threshold_text, &rest);
        if (rest == threshold_text || *rest || !isfinite(threshold))
            return err_set(E_USAGE, "--threshold: '%s' is not a finite number", threshold_text);
    }
    if (threshold_text && tune_path)
        return err_set(E_USAGE, "--threshold and --tune cannot go together");
    if (compare_tune_path && !compare_path)
        return err_set(E_USAGE, "--compare-tune needs --compare");
    if ((strcmp(tune_by, "all") || strcmp(tune_search, "exact")) && !tune_path && !compare_tune_path)
        return err_set(E_USAGE, "--tune-by and --tune-search need --tune or --compare-tune");
    if (seed != 1 && !rounds && !compare_path)
        return err_set(E_USAGE, "--seed needs --bootstrap or --compare");
    if (bin_list)
        TRY(group_list(bin_list, 0, &st.edge, &st.n_edge));
    return group_list(at_list, 1, &st.at, &st.n_at);
}

/* It takes scores as they are: what tells how to score would do nothing. */
static int check_leaderboard(struct run *r)
{
    const void *of_scoring[] = {gold_path,         train_path,     tune_path, compare_path,
                                compare_tune_path, threshold_text, bin_list};
    bool any = kinds || per_code || reliability || risk_coverage || rounds;
    for (size_t i = 0; i < sizeof of_scoring / sizeof *of_scoring; i++)
        any |= of_scoring[i] != NULL;
    if (any)
        return err_set(E_USAGE, "--leaderboard shows scores as they are: no option of scoring goes with it");
    return r->argc ? 0 : err_set(E_USAGE, "--leaderboard: which metric streams?");
}

/* Above what score a code is predicted: a number, "by code", null for the final codes. */
static json_t *threshold_json(const struct source *of, const double *tuned)
{
    if (tuned)
        return strcmp(tune_by, "all") == 0 ? json_real(tuned[0]) : json_string("by code");
    if (threshold_text)
        return json_real(threshold);
    return of->plain == PLAIN_SCORES ? json_real(0.5) : json_null();
}

static int begin(struct run *r)
{
    if (leaderboard)
        return check_leaderboard(r);
    if (!table)
        run_schema(r, "metric");
    omp_set_num_threads(r->threads);
    TRY(check_options(r));
    TRY(source_open(r, &st.in, r->argc ? r->argv[0] : NULL));
    TRY(read_gold(r, gold_path, false));
    if (train_path)
        TRY(read_gold(r, train_path, true));
    if (st.gold.n_train == 0)
        return err_set(E_DATA, "%s: no record of the train split, so no note-blind floor (give --train-gold)",
                       path_base(train_path ? train_path : gold_path));
    size_t L = st.gold.labels.n;
    if (!(st.floor = mem_alloc(L, sizeof *st.floor)) || !(st.tuned = mem_zalloc(st.gold.n, sizeof *st.tuned)))
        return E_NOMEM;
    metric_floor(st.gold.count, L, st.gold.n_train, st.floor, &st.floor_k);
    if (compare_path)
        TRY(source_open(r, &st.other, compare_path));
    if (tune_path)
        TRY(tune(r, tune_path, &st.in, &st.t));
    if (compare_tune_path)
        TRY(tune(r, compare_tune_path, &st.other, &st.other_t));
    if (st.in.s && json_object_update(r->meta, (json_t *)(uintptr_t)stream_meta(st.in.s)))
        return err_nomem(0);
    if (json_object_set_new(r->meta, "scored_threshold", threshold_json(&st.in, st.t)) ||
        (st.other_t && json_object_set_new(r->meta, "compared_threshold", threshold_json(&st.other, st.other_t))))
        return err_nomem(0);
    return 0;
}

/* ---- scoring ---- */

/* The codes that are scored: final ones, or those above a threshold. */
static int decide(struct run *r, struct source *in, struct preds *p, const double *tuned, bool must)
{
    size_t L = st.gold.labels.n;
    if (tuned || threshold_text || !p->final) {
        if (!p->scores && !must)
            return 0;
        if (!p->scores)
            return err_set(E_DATA, "%s: field scores: not there, but %s needs it", p->name,
                           tuned ? "--tune" : "--threshold");
        if (!tuned && !threshold_text)
            run_note(r, "%s: no final codes; those with a score above 0.5 are scored", p->name);
        double *t = mem_alloc(L, sizeof *t);
        if (!t)
            return E_NOMEM;
        for (size_t l = 0; l < L; l++) /* 0.5: what CAML does with scores */
            t[l] = tuned ? tuned[l] : threshold_text ? threshold : 0.5;
        int rc = preds_threshold(p, t);
        in->above = true;
        free(t);
        return rc;
    }
    return 0;
}

static int check_apart(void)
{
    for (size_t i = 0; i < st.a.n; i++)
        if (st.tuned[st.a.v[i].gold])
            return err_set(E_DATA, "%s: a note (record %llu of %s) is scored here that a threshold was tuned on",
                           path_base(st.tuned[st.a.v[i].gold]), (unsigned long long)st.gold.v[st.a.v[i].gold].record,
                           st.gold.name);
    for (size_t i = 0; compare_path && i < st.a.n; i++)
        if (st.b.n != st.a.n || st.b.v[i].gold != st.a.v[i].gold)
            return err_set(E_DATA, "%s and %s are not of the same notes", st.a.name, st.b.name);
    return 0;
}

static int make_sets(struct run *r)
{
    TRY(source_read(r, &st.in, &st.a));
    if (compare_path)
        TRY(source_read(r, &st.other, &st.b));
    TRY(check_apart());
    TRY(decide(r, &st.in, &st.a, st.t, true));
    if (compare_path)
        TRY(decide(r, &st.other, &st.b, st.other_t, st.other_t != NULL));
    st.set.at = st.other_set.at = st.at;
    st.set.n_at = st.other_set.n_at = st.n_at;
    TRY(preds_set(&st.a, &st.set, &st.note));
    if (compare_path)
        TRY(preds_set(&st.b, &st.other_set, &st.other_note));
    if (!(st.floor_note = mem_zalloc(st.set.n, sizeof *st.floor_note)))
        return E_NOMEM;
    for (size_t i = 0; i < st.set.n; i++) {
        const struct metric_note *n = &st.note[i];
        st.floor_note[i] = (struct metric_note){
            .gold = n->gold, .n_gold = n->n_gold, .pred = st.floor, .n_pred = (uint32_t)st.floor_k, .weight = 1};
    }
    st.floor_set = (struct metric_set){.n = st.set.n, .L = st.set.L, .note = st.floor_note, .code = st.set.code};
    return metric_prepare(&st.floor_set);
}

static void tick(void *ctx, uint64_t done)
{
    progress_show(&((struct run *)ctx)->progress, done, NULL);
}

static int score_sets(struct run *r, struct metric_set *s, struct metric_set *other, struct metric_set *floor,
                      bool whole, struct result *out)
{
    struct resample of = {.rounds = rounds, .seed = (uint64_t)seed, .whole = whole, .tick = tick, .ctx = r};
    out->n = s->n;
    out->L = s->L;
    TRY(metric_eval(s, whole, &out->v));
    TRY(metric_eval(floor, whole, &out->floor));
    if (rounds)
        TRY(metric_intervals(s, &of, &out->v));
    of.rounds = rounds ? rounds : ROUNDS;
    return compare_path ? metric_compare(s, other, &of, &out->v) : 0;
}

static int score_group(struct run *r, const struct group *g, struct result *out)
{
    struct metric_set part[3] = {{0}, {0}, {0}};
    struct metric_set *whole[3] = {&st.set, &st.other_set, &st.floor_set};
    int rc = 0;
    memcpy(out->suffix, g->suffix, sizeof out->suffix);
    if (!g->keep)
        return score_sets(r, whole[0], whole[1], whole[2], true, out);
    for (int i = 0; !rc && i < 3; i++)
        if (i != 1 || compare_path)
            rc = metric_subset(whole[i], g->keep, g->drop, &part[i]);
    if (!rc)
        rc = score_sets(r, &part[0], &part[1], &part[2], false, out);
    for (int i = 0; i < 3; i++)
        metric_close(&part[i]);
    return rc;
}

static int score_rows(void)
{
    int which =
        (per_code ? ROWS_CODES : 0) | (reliability ? ROWS_RELIABILITY : 0) | (risk_coverage ? ROWS_COVERAGE : 0);
    struct metric_list unused = {0};
    if ((reliability || risk_coverage) && !st.set.probability)
        return err_set(E_DATA, "%s: %s needs scores between 0 and 1", st.a.name,
                       reliability ? "--reliability" : "--risk-coverage");
    int rc = which && !st.set.label ? metric_eval(&st.set, false, &unused) : 0; /* for the counts */
    free(unused.v);
    for (size_t l = 0; !rc && per_code && l < st.set.L; l++)
        rc = metric_add_row(&st.rows, "train", (double)st.gold.count[l], (int64_t)l, NAN);
    if (!rc)
        rc = metric_rows(&st.set, which, &st.rows);
    for (size_t l = 0; !rc && per_code && (st.t || threshold_text) && l < st.set.L; l++)
        rc = metric_add_row(&st.rows, "threshold", st.t ? st.t[l] : threshold, (int64_t)l, NAN);
    return rc;
}

/* ---- the result ---- */

static int emit(struct run *r, const char *prefix, const struct metric_value *v, const struct result *of, int64_t k)
{
    msgpack_sbuffer sb;
    if (v->value != v->value) /* not defined on this data: no record */
        return 0;
    msgpack_sbuffer_init(&sb);
    report_record(&sb, prefix, v, of, k, preds_split(&st.a), st.set.code);
    int rc = run_emit(r, sb.data, sb.size);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

static int emit_all(struct run *r)
{
    const struct result whole = {.n = st.set.n, .L = st.set.L};
    for (size_t g = 0; g < st.groups.n; g++) {
        const struct result *of = &st.result[g];
        for (size_t i = 0; i < of->v.n; i++)
            TRY(emit(r, "", &of->v.v[i], of, of->v.v[i].k));
        for (size_t i = 0; i < of->floor.n; i++)
            TRY(emit(r, "floor_", &of->floor.v[i], of, (int64_t)st.floor_k));
    }
    for (size_t i = 0; i < st.rows.n; i++)
        TRY(emit(r, "", &st.rows.v[i], &whole, 0));
    return 0;
}

static int write_text(struct run *r, const struct buf *b)
{
    TRY(outfile_open(&st.text, r->output));
    TRY(outfile_write(&st.text, b->p, b->n));
    return outfile_commit(&st.text);
}

/* Which codes of the predictions were scored. */
static int print_scored(struct buf *b, const struct source *in, const double *tuned, const char *dev)
{
    if (tuned && strcmp(tune_by, "all") != 0)
        return buf_fmt(b, "codes with a score above their own threshold, tuned on %s\n", path_base(dev));
    if (tuned)
        return buf_fmt(b, "codes with a score above %.17g, tuned on %s\n", tuned[0],
                       path_base(dev)); /* to be given again */
    if (in->above)
        return buf_fmt(b, "codes with a score above %s\n", threshold_text ? threshold_text : "0.5");
    return buf_str(b, "final codes\n");
}

static int print_table(struct run *r, struct buf *b)
{
    const char *split = preds_split(&st.a);
    if (r->oracle)
        TRY(buf_str(b,
                    "ORACLE: an input of this score was made with the labels; it is an upper bound, not a result\n"));
    TRY(buf_fmt(b,
                "%zu notes%s%s, %zu labels; the floor predicts the %zu most frequent training codes for every note\n",
                st.set.n, split ? " of split " : "", split ? split : "", st.set.L, st.floor_k));
    TRY(print_scored(b, &st.in, st.t, tune_path));
    if (compare_path) {
        TRY(buf_fmt(b, "other: %s, ", st.other.name));
        TRY(print_scored(b, &st.other, st.other_t, compare_tune_path));
    }
    for (size_t g = 0; g < st.groups.n; g++)
        TRY(report_result(b, &st.result[g]));
    return report_rows(b, &st.rows, st.set.code);
}

static int end(struct run *r)
{
    struct buf b = {0};
    int rc = 0;
    if (leaderboard)
        rc = report_leaderboard(&b, r->argv, r->argc);
    else {
        const struct group_wish wish = {
            strcmp(universe, "present") != 0, strcmp(universe, "all") != 0, kinds, st.edge, st.n_edge, st.gold.count};
        TRY(make_sets(r));
        TRY(groups_make(&st.groups, &st.set, &wish));
        if (!(st.result = mem_zalloc(st.groups.n, sizeof *st.result)))
            return E_NOMEM;
        progress_end(&r->progress);
        progress_start(&r->progress, r->stage->doc.tool, "rounds", 0, r->quiet);
        for (size_t g = 0; g < st.groups.n; g++)
            TRY(score_group(r, &st.groups.v[g], &st.result[g]));
        TRY(score_rows());
        if (!table)
            return emit_all(r);
        rc = print_table(r, &b);
    }
    if (!rc)
        rc = write_text(r, &b);
    buf_free(&b);
    return rc;
}

static void done(struct run *r)
{
    outfile_discard(&st.text);
    for (size_t g = 0; st.result && g < st.groups.n; g++) {
        free(st.result[g].v.v);
        free(st.result[g].floor.v);
    }
    free(st.result);
    groups_free(&st.groups);
    free(st.rows.v);
    metric_close(&st.set);
    metric_close(&st.other_set);
    metric_close(&st.floor_set);
    preds_close(&st.a);
    preds_close(&st.b);
    gold_close(&st.gold);
    void *own[] = {st.note, st.other_note, st.floor_note, st.floor, st.t, st.other_t, st.tuned, st.at, st.edge};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        free(own[i]);
}

static const struct stage stage = {
    .doc = {"icd-score", "-g GOLD [OPTION]... [FILE]", "score predicted codes against the gold ones"},
    .opts = opts,
    .unit = "notes",
    .streams = streams,
    .begin = begin,
    .end = end,
    .done = done,
};

/* What standard output gets when neither --table nor --no-table is given: a table on a terminal, unless -o (also behind
 * other letters, as in -qo) sends the result elsewhere. */
int main(int argc, char **argv)
{
    table = isatty(STDOUT_FILENO);
    for (int i = 1; i < argc; i++)
        if ((*argv[i] == '-' && argv[i][1 + strspn(argv[i] + 1, "qz")] == 'o') || strncmp(argv[i], "--output", 8) == 0)
            table = false;
    return stage_main(&stage, argc, argv);
}
