/* lib/metric: a hand-checked vector, identities that hold on any data, ties, empty sets, the floor; lib/text/labels. */
#include "lib/metric/metric.h"
#include "lib/text/labels.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"

static double value(const struct metric_list *l, const char *name)
{
    const struct metric_value *v = metric_get(l, name);
    return v ? v->value : -99;
}

/* Five admissions, four labels, threshold 0.5 (strict); the last label never occurs, d3 has no label. */
static const uint8_t y5[20] = {1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
static const float s5[20] = {.90f, .20f, .60f, .10f, .40f, .80f, .50f, .55f, .70f, .30f,
                             .20f, .10f, .60f, .10f, .40f, .70f, .50f, .45f, .65f, .05f};

static void test_vector(void)
{
    uint8_t p[20];
    struct metric_list v = {0};
    for (int i = 0; i < 20; i++)
        p[i] = s5[i] > 0.5f;
    struct metric_set s = {.n = 5, .L = 4, .gold = y5, .pred = p, .score = s5, .unknown = 3};
    CHECK(metric_count(&s) == 0);
    const int want[4][3] = {{2, 1, 1}, {1, 0, 1}, {1, 1, 0}, {0, 2, 0}};
    for (int l = 0; l < 4; l++)
        CHECK(s.label[l].tp == want[l][0] && s.label[l].fp == want[l][1] && s.label[l].fn == want[l][2]);
    CHECK(s.total.tp == 4 && s.total.fp == 4 && s.total.fn == 2);
    CHECK(metric_all(&s, &v) == 0);
    CHECK_NEAR(value(&v, "acc_macro"), 0.375, 1e-6);
    CHECK_NEAR(value(&v, "prec_macro"), 0.541667, 1e-6);
    CHECK_NEAR(value(&v, "rec_macro"), 0.541667, 1e-6);
    CHECK_NEAR(value(&v, "f1_macro_caml"), 0.541667, 1e-6);
    CHECK_NEAR(value(&v, "f1_macro_mean"), 0.5, 1e-6);
    CHECK_NEAR(value(&v, "acc_micro"), 0.4, 1e-12);
    CHECK_NEAR(value(&v, "prec_micro"), 0.5, 1e-12);
    CHECK_NEAR(value(&v, "rec_micro"), 0.666667, 1e-6);
    CHECK_NEAR(value(&v, "f1_micro"), 0.571429, 1e-6);
    CHECK_NEAR(value(&v, "auc_macro"), 0.805556, 1e-6);
    CHECK_NEAR(value(&v, "auc_micro"), 0.815476, 1e-6);
    CHECK_NEAR(value(&v, "exact_match"), 0.2, 1e-12);
    CHECK_NEAR(value(&v, "prec_at_5"), 6 / 20.0, 1e-12); /* four labels: every gold label over 5 * 4 */
    CHECK_NEAR(value(&v, "gen_unknown"), 3, 0);
    DONE("the five-by-four vector");
    free(s.label);
    free(v.v);

    /* Labels 0-2, admissions d0 d1 d2 d4. */
    uint8_t g2[12], p2[12];
    float s2[12];
    const int row[4] = {0, 1, 2, 4};
    for (int i = 0; i < 4; i++)
        for (int l = 0; l < 3; l++) {
            g2[3 * i + l] = y5[4 * row[i] + l];
            s2[3 * i + l] = s5[4 * row[i] + l];
            p2[3 * i + l] = s2[3 * i + l] > 0.5f;
        }
    struct metric_list w = {0};
    struct metric_set f = {.n = 4, .L = 3, .gold = g2, .pred = p2, .score = s2, .unknown = -1};
    CHECK(metric_count(&f) == 0 && metric_all(&f, &w) == 0);
    CHECK_NEAR(value(&w, "acc_macro"), 0.555556, 1e-6);
    CHECK_NEAR(value(&w, "prec_macro"), 0.833333, 1e-6);
    CHECK_NEAR(value(&w, "rec_macro"), 0.722222, 1e-6);
    CHECK_NEAR(value(&w, "f1_macro_caml"), 0.773810, 1e-6);
    CHECK_NEAR(value(&w, "f1_macro_mean"), 0.711111, 1e-6);
    CHECK_NEAR(value(&w, "acc_micro"), 0.571429, 1e-6);
    CHECK_NEAR(value(&w, "prec_micro"), 0.8, 1e-12);
    CHECK_NEAR(value(&w, "f1_micro"), 0.727273, 1e-6);
    CHECK_NEAR(value(&w, "auc_macro"), 0.805556, 1e-6);
    CHECK_NEAR(value(&w, "auc_micro"), 0.819444, 1e-6);
    CHECK_NEAR(value(&w, "exact_match"), 0.5, 1e-12);
    CHECK(metric_get(&w, "gen_unknown") == NULL);
    DONE("the filtered vector");
    free(f.label);
    free(w.v);
}

static void test_identities(void)
{
    enum { N = 37, L = 11 };
    struct rng r = rng_new(1, 2);
    for (int round = 0; round < 20; round++) {
        uint8_t g[N * L], p[N * L];
        float s[N * L];
        double won = 0, pairs = 0;
        for (int i = 0; i < N * L; i++) {
            g[i] = rng_unit(&r) < 0.2;
            s[i] = (float)rng_below(&r, 12) / 12 - 0.3f; /* many ties, negative ones too */
            p[i] = s[i] > 0.2f;
        }
        struct metric_list v = {0};
        struct metric_set m = {.n = N, .L = L, .gold = g, .pred = p, .score = s, .unknown = -1};
        CHECK(metric_count(&m) == 0 && metric_all(&m, &v) == 0);
        double f = value(&v, "f1_micro"), tp = (double)m.total.tp;
        CHECK_NEAR(f, 2 * tp / (2 * tp + (double)m.total.fp + (double)m.total.fn), 1e-12);
        CHECK_NEAR(value(&v, "acc_micro"), f / (2 - f), 1e-12);
        CHECK(value(&v, "f1_macro_caml") >= value(&v, "f1_macro_mean") - 1e-9);
        for (int a = 0; a < N * L; a++)
            for (int b = 0; g[a] && b < N * L; b++)
                if (!g[b]) {
                    won += s[a] > s[b] ? 1 : s[a] == s[b] ? 0.5 : 0;
                    pairs++;
                }
        CHECK_NEAR(value(&v, "auc_micro"), won / pairs, 1e-12);
        double hits = 0; /* P@5 by sorting slowly */
        for (int i = 0; i < N; i++)
            for (int l = 0; l < L; l++) {
                int above = 0;
                for (int o = 0; o < L; o++)
                    above += s[i * L + o] > s[i * L + l] || (s[i * L + o] == s[i * L + l] && o > l);
                hits += above < 5 && g[i * L + l];
            }
        CHECK_NEAR(value(&v, "prec_at_5"), hits / 5 / N, 1e-12);
        free(m.label);
        free(v.v);
    }
    DONE("identities and slow twins on random data with ties");
}

static void test_edges(void)
{
    const uint8_t zero[6] = {0}, one[6] = {1, 1, 1, 1, 1, 1};
    const float flat[6] = {0};
    struct metric_list v = {0};
    struct metric_set s = {.n = 2, .L = 3, .gold = zero, .pred = zero, .score = flat, .unknown = -1};
    CHECK(metric_count(&s) == 0 && metric_all(&s, &v) == 0);
    CHECK(value(&v, "f1_micro") == 0 && value(&v, "f1_macro_caml") == 0 && value(&v, "f1_macro_mean") == 0);
    CHECK(value(&v, "exact_match") == 1 && isnan(value(&v, "auc_macro")) && isnan(value(&v, "auc_micro")));
    free(s.label);
    v.n = 0;
    s = (struct metric_set){.n = 2, .L = 3, .gold = one, .pred = one, .unknown = -1};
    CHECK(metric_count(&s) == 0 && metric_all(&s, &v) == 0);
    CHECK(value(&v, "f1_micro") == 1 && value(&v, "f1_macro_mean") == 1 && metric_get(&v, "auc_micro") == NULL &&
          metric_get(&v, "prec_at_5") == NULL);
    CHECK_NEAR(value(&v, "f1_macro_caml"), 1, 1e-9);
    free(s.label);
    v.n = 0;
    s = (struct metric_set){.n = 0, .L = 3, .gold = one, .pred = one, .score = flat, .unknown = -1};
    CHECK(metric_count(&s) == 0 && metric_all(&s, &v) == 0 && value(&v, "exact_match") == 0);
    free(s.label);
    free(v.v);
    DONE("nothing predicted, all right, no admissions");

    /* 10 training admissions. k=1: 2*6/(10+17); k=2: 2*12/(20+17); k=3: 2*15/(30+17) = .638; k=4: 34/(40+17) = .596. */
    const int64_t count[4] = {6, 2, 6, 3};
    uint8_t pick[4];
    size_t k = 0;
    CHECK(metric_floor(count, 4, 10, pick, &k) == 0 && k == 2 && pick[0] && pick[2] && !pick[1] && !pick[3]);
    const int64_t nothing[2] = {0, 0};
    CHECK(metric_floor(nothing, 2, 10, pick, &k) == 0 && k == 1);
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
    test_edges();
    test_labels();
    TEST_EXIT();
}
