/* lib/metric: a hand-checked vector, identities that hold on any data, slow twins with ties, weights, parts of the
 * label set, thresholds, empty sets, the floor, kinds of codes; lib/text/labels. */
#include <float.h>

#include "lib/metric/curve.h"
#include "lib/metric/group.h"
#include "lib/metric/kind.h"
#include "lib/metric/threshold.h"
#include "lib/text/labels.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/unit/metric.h"

/* Five admissions, four labels, threshold 0.5 (strict); the last label never occurs, d3 has no label. */
static const uint8_t y5[20] = {1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
static const float s5[20] = {.90f, .20f, .60f, .10f, .40f, .80f, .50f, .55f, .70f, .30f,
                             .20f, .10f, .60f, .10f, .40f, .70f, .50f, .45f, .65f, .05f};

struct want {
    const char *name;
    double all, filtered;
};
static const struct want vector[] = {
    {"acc_macro", 0.375, 0.555556},
    {"prec_macro", 0.541667, 0.833333},
    {"rec_macro", 0.541667, 0.722222},
    {"f1_macro_caml", 0.541667, 0.773810},
    {"f1_macro_mean", 0.5, 0.711111},
    {"acc_micro", 0.4, 0.571429},
    {"prec_micro", 0.5, 0.8},
    {"rec_micro", 0.666667, 0.666667},
    {"f1_micro", 0.571429, 0.727273},
    {"auc_macro", 0.805556, 0.805556},
    {"auc_micro", 0.815476, 0.819444},
    {"prec_at_1", 0.6, 0.75},
    {"prec_at_2", 0.6, 0.75},
    {"prec_at_3", 0.4, 0.5},
    {"rec_at_1", 0.4, 0.5},
    {"rec_at_2", 0.8, 1},
    {"rec_at_3", 0.8, 1},
    {"f1_at_1", 0.48, 0.6},
    {"f1_at_2", 0.685714, 0.857143},
    {"f1_at_3", 0.533333, 0.666667},
    {"prec_inst", 0.5, 0.75},
    {"rec_inst", 0.5, 0.625},
    {"f1_inst_caml", 0.5, 0.681818},
    {"exact_match", 0.2, 0.5},
    {"map", 0.875, 0.875},
    {"r_precision", 0.75, 0.75},
    {"prec_at_5", 0.3, 0.5},
};

static void test_vector(void)
{
    static const int64_t at[] = {1, 2, 3, 5};
    uint8_t p[20];
    for (int i = 0; i < 20; i++)
        p[i] = s5[i] > 0.5f;
    struct dense d = dense_set(5, 4, y5, p, s5, at, 4);
    d.set.note[0].unknown = 3;
    d.set.generated = true;
    struct metric_list v = {0}, w = {0};
    CHECK(metric_eval(&d.set, true, &v) == 0);
    const int want[4][3] = {{2, 1, 1}, {1, 0, 1}, {1, 1, 0}, {0, 2, 0}};
    for (int l = 0; l < 4; l++)
        CHECK(d.set.label[l].tp == want[l][0] && d.set.label[l].fp == want[l][1] && d.set.label[l].fn == want[l][2]);
    CHECK(d.set.total.tp == 4 && d.set.total.fp == 4 && d.set.total.fn == 2);
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        CHECK_NEAR(value(&v, vector[i].name), vector[i].all, 1e-6);
    CHECK_NEAR(value(&v, "gen_unknown"), 3, 0);
    CHECK_NEAR(value(&v, "fpr_micro"), 4 / 14.0, 1e-12);
    CHECK_NEAR(value(&v, "acc_hamming"), 14 / 20.0, 1e-12);
    DONE("the five-by-four vector");

    /* Labels 0-2, admissions d0 d1 d2 d4: the labels that are present. */
    struct groups g;
    struct metric_set part;
    CHECK(groups_make(&g, &d.set, &(struct group_wish){.all = true, .present = true}) == 0 && g.n == 2);
    CHECK(!g.v[0].keep && strcmp(g.v[1].suffix, "_present") == 0 && g.v[1].drop);
    CHECK(metric_subset(&d.set, g.v[1].keep, g.v[1].drop, &part) == 0 && part.n == 4 && part.L == 3);
    CHECK(metric_eval(&part, false, &w) == 0);
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
        CHECK_NEAR(value(&w, vector[i].name), vector[i].filtered, 1e-6);
    CHECK(metric_get(&w, "gen_unknown") == NULL);
    DONE("the vector, labels present");

    double t[4], f1;
    CHECK(threshold_tune(&d.set, false, false, t) == 0);
    CHECK_NEAR(t[0], 45 / 99.0, 0);
    CHECK(t[1] == t[0] && t[3] == t[0]);
    /* .5, .55 and so on are above; half way to .45. */
    CHECK(threshold_tune(&d.set, false, true, t) == 0);
    CHECK_NEAR(t[0], ((double)0.45f + 0.5) / 2, 0);
    CHECK(threshold_all(&d.set, t, &f1) == 0 && t[0] == ((double)0.45f + 0.5) / 2);
    CHECK_NEAR(f1, 0.625, 1e-12);
    CHECK(threshold_f1(&d.set, t[0]) == f1);
    CHECK_NEAR(threshold_f1(&d.set, 0.5), 0.571429, 1e-6); /* strict: 0.5 is not predicted */
    /* Label 0: gold .9 .7 .5, not .6 .4: F1 6/7 above .4. Label 1: .8 .3, not .2 .1 .45: 4/5 above .2. Label 2: .6, not
     * .65. */
    CHECK(threshold_tune(&d.set, true, true, t) == 0);
    CHECK(t[0] == ((double)0.4f + 0.5) / 2 && t[1] == ((double)0.2f + (double)0.3f) / 2 &&
          t[2] == (0.5 + (double)0.6f) / 2 && t[3] == ((double)0.45f + 0.5) / 2);
    CHECK(threshold_tune(&d.set, true, false, t) == 0);
    CHECK(t[0] == 40 / 99.0 && t[1] == 20 / 99.0 && t[2] == 50 / 99.0 && t[3] == 45 / 99.0);
    DONE("the vector's thresholds");
    groups_free(&g);
    metric_close(&part);
    dense_close(&d);
    free(v.v);
    free(w.v);
}

enum { N = 37, M = 11 };
struct random {
    uint8_t g[N * M], p[N * M];
    float s[N * M];
};
static void randomise(struct random *x, struct rng *r)
{
    for (int i = 0; i < N * M; i++) {
        x->g[i] = rng_unit(r) < 0.2;
        x->s[i] = (float)rng_below(r, 12) / 12 - 0.3f; /* many ties, negative ones too */
        x->p[i] = x->s[i] > 0.2f;
    }
}

static void slow_areas(const struct random *x, const struct metric_list *v)
{
    double won = 0, pairs = 0, hits = 0, ap = 0, pos = 0;
    for (int a = 0; a < N * M; a++) {
        double above = 0, right = 0;
        for (int b = 0; x->g[a] && b < N * M; b++) {
            if (!x->g[b]) {
                won += x->s[a] > x->s[b] ? 1 : x->s[a] == x->s[b] ? 0.5 : 0;
                pairs++;
            }
            above += x->s[b] >= x->s[a];
            right += x->g[b] && x->s[b] >= x->s[a];
        }
        ap += x->g[a] ? right / above : 0;
        pos += x->g[a];
    }
    CHECK_NEAR(value(v, "auc_micro"), won / pairs, 1e-12);
    CHECK_NEAR(value(v, "auprc_micro"), ap / pos, 1e-12);
    for (int i = 0; i < N; i++)
        for (int l = 0; l < M; l++) {
            int above = 0;
            for (int o = 0; o < M; o++)
                above += x->s[i * M + o] > x->s[i * M + l] || (x->s[i * M + o] == x->s[i * M + l] && o > l);
            hits += above < 5 && x->g[i * M + l];
        }
    CHECK_NEAR(value(v, "prec_at_5"), hits / 5 / N, 1e-12);
}

static void test_identities(void)
{
    static const int64_t at[] = {5};
    struct rng r = rng_new(1, 2);
    struct random x;
    for (int round = 0; round < 20; round++) {
        struct metric_list v = {0};
        randomise(&x, &r);
        for (int i = 0; round % 2 && i < N * M; i++) { /* few ties, all sizes, the ends of the line and both zeros */
            static const float odd[] = {0.0f, -0.0f, INFINITY, -INFINITY, 1e-40f, -1e-40f};
            uint64_t k = rng_below(&r, 60);
            x.s[i] = k < 6 ? odd[k] : (float)(rng_normal(&r) * pow(10, rng_normal(&r)));
        }
        struct dense d = dense_set(N, M, x.g, x.p, x.s, at, 1);
        CHECK(metric_eval(&d.set, true, &v) == 0);
        double f = value(&v, "f1_micro"), tp = (double)d.set.total.tp;
        CHECK_NEAR(f, 2 * tp / (2 * tp + (double)d.set.total.fp + (double)d.set.total.fn), 1e-12);
        CHECK_NEAR(value(&v, "acc_micro"), f / (2 - f), 1e-12);
        CHECK(value(&v, "f1_macro_caml") >= value(&v, "f1_macro_mean") - 1e-9);
        CHECK(metric_get(&v, "brier") == NULL); /* scores below 0 are no probabilities */
        slow_areas(&x, &v);
        dense_close(&d);
        free(v.v);
    }
    DONE("identities and slow twins on random data, with and without ties");
}

/* A note of weight w is the note w times. */
static void test_weights(void)
{
    static const int64_t at[] = {1, 4};
    struct rng r = rng_new(3, 4);
    for (int round = 0; round < 10; round++) {
        struct random x, y;
        uint32_t weight[N];
        size_t n = 0;
        struct metric_list v = {0}, w = {0};
        randomise(&x, &r);
        for (int i = 0; i < N * M; i++)
            x.s[i] += 0.3f; /* in [0,1): calibration, too */
        for (int i = 0; i < N; i++) {
            weight[i] = (uint32_t)rng_below(&r, 3);
            for (uint32_t k = 0; k < weight[i] && n < N; k++, n++) {
                memcpy(y.g + n * M, x.g + i * M, M);
                memcpy(y.p + n * M, x.p + i * M, M);
                memcpy(y.s + n * M, x.s + i * M, M * sizeof *x.s);
            }
            if (n == N) /* those behind do not count */
                weight[i] = 0;
        }
        /* what did not fit in whole is left out of both */
        struct dense a = dense_set(N, M, x.g, x.p, x.s, at, 2);
        size_t sum = 0;
        for (int i = 0; i < N; i++)
            sum += a.set.note[i].weight = weight[i];
        struct dense b = dense_set(sum, M, y.g, y.p, y.s, at, 2);
        CHECK(metric_eval(&a.set, true, &v) == 0 && metric_eval(&b.set, true, &w) == 0 && v.n == w.n && v.n > 40);
        CHECK(metric_get(&v, "aurc") != NULL);
        for (size_t i = 0; i < v.n; i++)
            CHECK_NEAR(v.v[i].value, w.v[i].value, 1e-12);
        dense_close(&a);
        dense_close(&b);
        free(v.v);
        free(w.v);
    }
    DONE("a weight is a repetition");
}

/* Every cut tried, from the highest: the first of the best. */
static void test_thresholds(void)
{
    struct rng r = rng_new(5, 6);
    int all_of_them = 0;
    for (int round = 0; round < 40; round++) {
        struct random x;
        randomise(&x, &r);
        for (int i = 0; round % 2 && i < N * M; i++) /* none is below 0; at times none is at 0 either */
            x.s[i] = fabsf(x.s[i]) + (round % 4 == 1 ? 0.25f : 0);
        for (int i = 0; round >= 30 && i < N * M; i++) /* mostly right: what is predicted is nearly everything */
            x.g[i] = rng_unit(&r) < 0.9;
        struct dense d = dense_set(N, M, x.g, x.p, x.s, NULL, 0);
        double t[M], most = -1, best = 0, f1, lowest = INFINITY;
        for (int i = 0; i < N * M; i++)
            lowest = fmin(lowest, (double)x.s[i]);
        CHECK(threshold_tune(&d.set, false, true, t) == 0);
        for (float from = INFINITY; from > -INFINITY;) { /* all codes from there on */
            float next = -INFINITY, below = -INFINITY;
            double tp = 0, codes = 0;
            for (int i = 0; i < N * M; i++)
                next = x.s[i] < from && x.s[i] > next ? x.s[i] : next;
            for (int i = 0; i < N * M; i++) {
                below = x.s[i] < next && x.s[i] > below ? x.s[i] : below;
                tp += x.g[i] && x.s[i] >= next;
                codes += x.g[i] + (x.s[i] >= next);
            }
            if (next > (lowest < 0 ? -INFINITY : 0) && 2 * tp / codes > most) {
                most = 2 * tp / codes;
                best = below > -INFINITY ? ((double)next + (double)below) / 2
                       : next > 0        ? (double)next / 2
                                         : nextafter((double)next, -INFINITY);
                all_of_them += below == -INFINITY;
            }
            from = next;
        }
        CHECK_NEAR(t[0], best, 0);
        CHECK(threshold_all(&d.set, t, &f1) == 0 && t[0] == best);
        CHECK_NEAR(f1, most, 1e-12);
        CHECK_NEAR(threshold_f1(&d.set, best), most, 1e-12);
        dense_close(&d);
    }
    CHECK(all_of_them > 0);
    DONE("the exact threshold is the best of all");

    /* Two cuts with F1 2/3, above .40 and above all four (and 4/6): the one that predicts fewer. */
    static const float tied[4] = {0.45f, 0.40f, 0.30f, 0.20f};
    static const uint8_t ends[4] = {1, 0, 0, 1};
    struct dense d = dense_set(1, 4, ends, ends, tied, NULL, 0);
    double t, f1;
    CHECK(threshold_all(&d.set, &t, &f1) == 0 && t == ((double)0.45f + (double)0.40f) / 2);
    CHECK_NEAR(f1, 2 / 3.0, 1e-12);
    dense_close(&d);
    /* Neighbours, and scores so far apart that half way is not between: still a cut between the two. */
    static const float pairs[][2] = {{1.0f, 0x1.fffffep-1f}, {0x1p-149f, 0.0f}, {1.0f, 0x1p-149f}, {-0x1p-149f, -1.0f},
                                     {FLT_MAX, -FLT_MAX},    {0.0f, -0x1p-149f}};
    static const uint8_t one[2] = {1, 0}, both[2] = {1, 1};
    static const float nothing[2] = {0, 0.5f}, less[2] = {0, -0.5f};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        d = dense_set(1, 2, one, one, pairs[i], NULL, 0);
        CHECK(threshold_all(&d.set, &t, &f1) == 0 && f1 == 1 && (double)pairs[i][0] > t && (double)pairs[i][1] <= t);
        dense_close(&d);
    }
    DONE("ties go to the cut that predicts fewer; t is between the scores");

    d = dense_set(1, 2, one, one, nothing, NULL, 0); /* the only gold code has no score: nothing is predicted */
    CHECK(threshold_all(&d.set, &t, &f1) == 0 && f1 == 0 && t == 0.5);
    dense_close(&d);
    d = dense_set(1, 2, both, one, nothing, NULL, 0);
    CHECK(threshold_all(&d.set, &t, &f1) == 0 && t == 0.25);
    dense_close(&d);
    d = dense_set(1, 2, both, one, less, NULL, 0); /* 0 is a score as any where some are negative */
    CHECK(threshold_all(&d.set, &t, &f1) == 0 && f1 == 1 && t < -0.5);
    dense_close(&d);
    DONE("a score of 0 is none, where none is negative");
}

static void test_kinds(void)
{
    CHECK(icd_procedure("38.93") && icd_procedure("00.66") && icd_procedure("0DTJ4ZZ") && icd_procedure("B24BZZZ"));
    CHECK(!icd_procedure("401.9") && !icd_procedure("486") && !icd_procedure("V45.81") && !icd_procedure("E812.0"));
    CHECK(!icd_procedure("E11.65") && !icd_procedure("I10.") && !icd_procedure("S72.001A") &&
          !icd_procedure("S72001A"));
    const char *const chain[][6] = {{"250.01", "250.0", "250", NULL},
                                    {"38.93", "38.9", "38", NULL},
                                    {"486", NULL},
                                    {"V45.81", "V45.8", "V45", NULL},
                                    {"E812.0", "E812", NULL},
                                    {"E11.65", "E11.6", "E11", NULL},
                                    {"0DTJ4ZZ", "0DTJ4Z", "0DTJ4", "0DTJ", "0DT", NULL},
                                    {"I10.", "I10", NULL}};
    for (size_t c = 0; c < sizeof chain / sizeof *chain; c++) {
        size_t n = strlen(chain[c][0]);
        for (int i = 0; chain[c][i]; i++, n = icd_parent(chain[c][0], n))
            CHECK(n == strlen(chain[c][i]) && memcmp(chain[c][0], chain[c][i], n) == 0);
        CHECK(n == 0);
    }
    DONE("kinds and parents of codes");

    /* 250.00 for 250.02, and E812.0 rightly: of codes and all above, and as CAML counts E codes. */
    static const char *const code[] = {"250.00", "250.01", "250.02", "38.93", "E812.0"};
    static const uint8_t g[5] = {0, 1, 1, 0, 1}, p[5] = {1, 0, 0, 0, 1};
    struct metric_list v = {0};
    struct dense d = dense_set(1, 5, g, p, NULL, NULL, 0);
    metric_close(&d.set);
    d.set = (struct metric_set){.n = 1, .L = 5, .note = d.note, .code = code};
    CHECK(metric_prepare(&d.set) == 0 && metric_eval(&d.set, true, &v) == 0);
    /* set: gold {250.01 250.02 250.0 250 E812.0 E812}, predicted {250.00 250.0 250 E812.0 E812}: 4 in both */
    CHECK_NEAR(value(&v, "prec_hier_set"), 4 / 5.0, 1e-12);
    CHECK_NEAR(value(&v, "rec_hier_set"), 4 / 6.0, 1e-12);
    /* count: 250.0 and 250 are wanted twice and found once: right 250.0 250 E812.0 E812, missing 250.01 250.02 250.0
     * 250 */
    CHECK_NEAR(value(&v, "prec_hier_count"), 4 / 5.0, 1e-12);
    CHECK_NEAR(value(&v, "rec_hier_count"), 4 / 8.0, 1e-12);
    /* CAML: two gold diagnoses, two predicted, none right; no procedure */
    CHECK(value(&v, "f1_micro_diagnosis_caml") == 0 && value(&v, "f1_micro_procedure_caml") == 0);
    free(v.v);
    dense_close(&d);
    DONE("near misses under one parent");

    /* Labels seen 0, 1, 5, 6, 20 times in training, bins 0, 1-5, 6-19, above 19: edges belong to the bin they end. */
    const int64_t train[5] = {0, 1, 5, 6, 20}, edge[3] = {0, 5, 19};
    struct groups bins;
    d = dense_set(1, 5, g, p, NULL, NULL, 0);
    CHECK(groups_make(&bins, &d.set, &(struct group_wish){.all = true, .edge = edge, .n_edge = 3, .train = train}) ==
          0);
    CHECK(bins.n == 5 && !strcmp(bins.v[1].suffix, "_train_0_0") && !strcmp(bins.v[2].suffix, "_train_1_5") &&
          !strcmp(bins.v[3].suffix, "_train_6_19") && !strcmp(bins.v[4].suffix, "_train_above_19"));
    for (int i = 0; i < 5 && bins.n == 5; i++)
        for (int b = 0; b < 4; b++)
            CHECK(bins.v[b + 1].keep[i] == (b == (i + 1) / 2 + (i == 4)));
    groups_free(&bins);
    dense_close(&d);
    DONE("bins of training frequency");

    int64_t *list;
    size_t n;
    CHECK(group_list("5,8,15", 1, &list, &n) == 0 && n == 3 && list[0] == 5 && list[2] == 15);
    free(list);
    const char *const bad[] = {"", "0", "5,", ",5", "8,5", "5,5", "5 ,8", "x", "5,99999999999999999999", "-1", "5;8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(group_list(bad[i], 1, &list, &n) == E_USAGE);
        free(list);
    }
    DONE("lists of numbers");
}

static void test_edges(void)
{
    static const int64_t at[] = {5};
    const uint8_t zero[6] = {0}, one[6] = {1, 1, 1, 1, 1, 1};
    const float flat[6] = {0};
    double t[3];
    struct metric_list v = {0};
    struct dense d = dense_set(2, 3, zero, zero, flat, at, 1);
    CHECK(metric_eval(&d.set, true, &v) == 0);
    CHECK(value(&v, "f1_micro") == 0 && value(&v, "f1_macro_caml") == 0 && value(&v, "f1_macro_mean") == 0);
    CHECK(value(&v, "exact_match") == 1 && isnan(value(&v, "auc_macro")) && isnan(value(&v, "auc_micro")));
    CHECK(isnan(value(&v, "auprc_micro")) && isnan(value(&v, "map")) && value(&v, "aurc") == 0);
    CHECK(threshold_tune(&d.set, false, true, t) == E_DATA && threshold_tune(&d.set, false, false, t) == E_DATA);
    CHECK(threshold_f1(&d.set, 0) == 0);
    dense_close(&d);
    const float least[2] = {-FLT_MAX, FLT_MAX}; /* what masks a label elsewhere: everything is above the threshold */
    d = dense_set(1, 2, one, one, least, at, 1);
    CHECK(threshold_tune(&d.set, false, true, t) == 0 && isfinite(t[0]) && t[0] < (double)-FLT_MAX);
    dense_close(&d);
    v.n = 0;
    const uint8_t half[2] = {1, 0}; /* of one note, then of two */
    d = dense_set(1, 2, half, half, least, at, 1);
    CHECK(metric_eval(&d.set, true, &v) == 0 && isnan(value(&v, "auc_micro")) && value(&v, "auprc_micro") == 0.5);
    dense_close(&d);
    v.n = 0;
    d = dense_set(2, 1, half, half, least, at, 1);
    CHECK(metric_eval(&d.set, true, &v) == 0 && value(&v, "auc_micro") == 0 && value(&v, "auc_macro") == 0);
    dense_close(&d);
    v.n = 0;
    const uint8_t first[4] = {1, 0, 0, 0};
    const float zeros[4] = {-0.0f, 0.0f, 0.0f, -1.0f}; /* the highest positive is -0: a tie with 0 */
    d = dense_set(2, 2, first, first, zeros, at, 1);
    CHECK(metric_eval(&d.set, true, &v) == 0 && value(&v, "auc_macro") == 0.5);
    CHECK_NEAR(value(&v, "auc_micro"), 2 / 3.0, 1e-12);
    dense_close(&d);
    v.n = 0;
    d = dense_set(2, 3, one, one, NULL, at, 1);
    CHECK(metric_eval(&d.set, true, &v) == 0);
    CHECK(value(&v, "f1_micro") == 1 && value(&v, "f1_macro_mean") == 1 && metric_get(&v, "auc_micro") == NULL &&
          metric_get(&v, "prec_at_5") == NULL);
    CHECK_NEAR(value(&v, "f1_macro_caml"), 1, 1e-9);
    dense_close(&d);
    v.n = 0;
    d = dense_set(0, 3, one, one, flat, at, 1);
    CHECK(metric_eval(&d.set, true, &v) == 0 && value(&v, "exact_match") == 0);
    dense_close(&d);
    free(v.v);
    DONE("nothing predicted, all right, no admissions");

    /* 10 training admissions. k=1: 2*6/(10+17); k=2: 2*12/(20+17); k=3: 2*15/(30+17) = .638; k=4: 34/(40+17) = .596. */
    const int64_t count[4] = {6, 2, 6, 3};
    uint32_t pick[4];
    size_t k = 0;
    metric_floor(count, 4, 10, pick, &k);
    CHECK(k == 2 && pick[0] == 0 && pick[1] == 2);
    const int64_t nothing[2] = {0, 0};
    metric_floor(nothing, 2, 10, pick, &k);
    CHECK(k == 1 && pick[0] == 0);
    DONE("the floor's k");

    int last = -1;
    for (int i = 0; metric_at(i); i++) {
        CHECK(metric_at(i)->order >= last);
        last = metric_at(i)->order;
    }
    DONE("the table's order");
}

static void test_labels(void)
{
    struct labels a, b;
    json_t *m = json_pack("{s:[s,s,s]}", "labels", "V45.81", "401.9", "401"),
           *o = json_pack("{s:[s,s,s]}", "labels", "401", "401.9", "V45.81");
    CHECK(labels_open(&a, m) == 0 && labels_open(&b, o) == 0 && labels_same(&a, &b) == 0);
    CHECK(labels_find(&a, "401.9", 5) == 1 && labels_find(&a, "401.9", 3) == 2 && labels_find(&a, "V45.81", 6) == 0);
    CHECK(labels_find(&a, "401.", 4) == -1 && labels_find(&a, "", 0) == -1 && labels_find(&a, "zzz", 3) == -1);
    CHECK(labels_find(&a, "401\0", 4) == -1);
    labels_close(&b);
    json_array_remove(json_object_get(o, "labels"), 0);
    CHECK(labels_open(&b, o) == 0 && labels_same(&a, &b) == E_DATA);
    labels_close(&b);
    json_array_append_new(json_object_get(o, "labels"), json_string("401.9"));
    CHECK(labels_open(&b, o) == E_DATA);
    labels_close(&b);
    CHECK(labels_open(&b, NULL) == E_DATA);
    labels_close(&b);
    labels_close(&a);
    json_decref(m);
    json_decref(o);
    DONE("label sets");
}

int main(void)
{
    test_vector();
    test_identities();
    test_weights();
    test_thresholds();
    test_kinds();
    test_edges();
    test_labels();
    TEST_EXIT();
}
