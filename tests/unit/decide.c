/* Eq. 5 and its readings (lib/predict/decide.c) against the formulas, one cell at a time. */
#include "lib/predict/decide.h"

#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/unit/metric.h"

enum { N = 30, L = 9 };
struct notes {
    uint8_t gold[N * L], gen[N * L];
    float score[N * L];
    struct dense d;
};

/* Text and scores that know something of the gold codes, each of others. */
static void notes_open(struct notes *x, struct rng *r, double text, double scores)
{
    for (int i = 0; i < N * L; i++) {
        x->gold[i] = rng_unit(r) < 0.3;
        x->gen[i] = rng_unit(r) < text ? x->gold[i] : rng_unit(r) < 0.3;
        x->score[i] = (float)(scores * x->gold[i] + (1 - scores) * rng_unit(r));
    }
    x->d = dense_set(N, L, x->gold, x->gen, x->score, NULL, 0);
}

static bool wanted(const struct decision *d, size_t l, float s, bool g)
{
    double t = d->thresholds ? d->thresholds[l] : d->threshold;
    switch (d->by) {
    case DECIDE_GEN:
        return g;
    case DECIDE_ATT:
        return (double)s > t;
    case DECIDE_CODE:
        return d->text[l] ? g : (double)s > t;
    case DECIDE_MIX:
        return (double)(float)(d->lambda * g + (1 - d->lambda) * (double)s) > t;
    case DECIDE_OR:
        return g || (double)s > t;
    case DECIDE_AND:
        return g && (double)s > t;
    default:
        return false;
    }
}

static double f1_of(const struct notes *x, const struct decision *d)
{
    double hits = 0, both = 0;
    for (int i = 0; i < N * L; i++) {
        bool p = wanted(d, (size_t)i % L, x->score[i], x->gen[i]);
        hits += p && x->gold[i];
        both += p + x->gold[i];
    }
    return 2 * hits / both;
}

static void deciding(void)
{
    struct rng r = rng_new(1, 1);
    struct notes x;
    uint8_t text[L], code[L];
    double own[L];
    notes_open(&x, &r, 0.5, 0.3);
    for (size_t l = 0; l < L; l++) {
        text[l] = l % 2;
        own[l] = rng_unit(&r);
    }
    for (int by = 0; by < DECISIONS; by++)
        for (int each = 0; each < 2; each++) {
            struct decision d = {.by = (enum decide_by)by, .L = L, .threshold = 0.45, .lambda = 0.35, .text = text};
            double f1;
            d.thresholds = each ? own : NULL;
            for (size_t i = 0; i < N; i++) {
                memset(code, 7, sizeof code);
                decide(&d, by == DECIDE_GEN ? NULL : x.score + i * L, by == DECIDE_ATT ? NULL : x.gen + i * L, code);
                for (size_t l = 0; l < L; l++)
                    CHECK(code[l] == wanted(&d, l, x.score[i * L + l], x.gen[i * L + l]));
            }
            CHECK(decide_f1(&d, x.d.note, N, x.gen, &f1) == 0);
            CHECK_NEAR(f1, f1_of(&x, &d), 1e-12);
        }
    DONE("each reading, one threshold or one per label");

    /* Thresholds of 0 and 1: what the text lacks is not in both, and nothing is above 1. */
    const float zero[2] = {0.5f, 1};
    const uint8_t gen[2] = {0, 1};
    struct decision d = {.by = DECIDE_AND, .L = 2};
    decide(&d, zero, gen, code);
    CHECK(!code[0] && code[1]);
    d = (struct decision){.by = DECIDE_ATT, .L = 2, .threshold = 1};
    decide(&d, zero, gen, code);
    CHECK(!code[0] && !code[1]);
    DONE("thresholds at the ends");
    dense_close(&x.d);
}

static void choosing(void)
{
    struct rng r = rng_new(2, 2);
    bool best[DECISIONS] = {false};
    for (int round = 0; round < 60; round++) {
        struct notes x;
        struct ensemble e;
        bool side = round % 2;
        notes_open(&x, &r, rng_unit(&r), rng_unit(&r) * 0.7);
        CHECK(ensemble_open(&e, L) == 0 && ensemble_fit(&e, x.d.note, N, x.gen, 0.5, side) == 0);
        for (int by = DECIDE_CODE; by < DECISIONS; by++) {
            CHECK_NEAR(e.of[by].f1, f1_of(&x, &e.of[by]), 1e-12);
            CHECK(e.of[by].by == (enum decide_by)by && e.of[e.best].f1 >= e.of[by].f1);
            struct decision other = e.of[by];
            for (int k = 0; by != DECIDE_CODE && k <= 100; k++) { /* no other threshold is better */
                other.threshold = k / 100.0;
                CHECK(f1_of(&x, &other) <= e.of[by].f1 + 1e-12);
                for (int m = 1; by == DECIDE_MIX && m < 10; m++) { /* nor, in a mixture, another lambda */
                    other.lambda = m / 10.0;
                    CHECK(f1_of(&x, &other) <= e.of[by].f1 + 1e-12);
                }
            }
        }
        /* Each code's lambda by that code's own F1. */
        const struct decision *c = &e.of[DECIDE_CODE];
        CHECK(c->threshold == 0.5);
        for (size_t l = 0; l < L; l++) {
            double hits[2] = {0}, both[2] = {0};
            for (size_t i = l; i < N * L; i += L) {
                hits[0] += x.gold[i] && x.score[i] > 0.5f;
                both[0] += x.gold[i] + (x.score[i] > 0.5f);
                hits[1] += x.gold[i] && x.gen[i];
                both[1] += x.gold[i] + x.gen[i];
            }
            double f[2] = {both[0] ? hits[0] / both[0] : 0, both[1] ? hits[1] / both[1] : 0};
            CHECK(c->text[l] == (f[1] != f[0] ? f[1] > f[0] : side));
        }
        best[e.best] = true;
        ensemble_close(&e);
        dense_close(&x.d);
    }
    CHECK(best[DECIDE_MIX] && best[DECIDE_CODE]);
    DONE("what is chosen is best on the notes it is chosen on");

    struct notes x;
    struct ensemble e;
    notes_open(&x, &r, 0.5, 0.5);
    memset(x.gold, 0, sizeof x.gold);
    dense_close(&x.d);
    x.d = dense_set(N, L, x.gold, x.gen, x.score, NULL, 0);
    CHECK(ensemble_open(&e, L) == 0 && ensemble_fit(&e, x.d.note, N, x.gen, 0.5, true) == 0);
    CHECK(e.best == DECIDE_MIX && e.of[DECIDE_MIX].f1 == 0 && e.of[DECIDE_OR].threshold == 0.5);
    ensemble_close(&e);
    dense_close(&x.d);
    DONE("no gold code: nothing to choose by");
}

static int read_back(const char *text, struct ensemble *e)
{
    json_t *j = json_loads(text, 0, NULL);
    CHECK(j != NULL && ensemble_open(e, 3) == 0);
    int rc = ensemble_read(e, j);
    json_decref(j);
    return rc;
}

static void in_json(void)
{
    struct rng r = rng_new(3, 3);
    struct notes x;
    struct ensemble a, b;
    notes_open(&x, &r, 0.5, 0.4);
    CHECK(ensemble_open(&a, L) == 0 && ensemble_open(&b, L) == 0);
    CHECK(ensemble_fit(&a, x.d.note, N, x.gen, 0.3, false) == 0);
    json_t *j = ensemble_json(&a);
    CHECK(j && ensemble_read(&b, j) == 0 && a.best == b.best);
    for (int by = DECIDE_CODE; by < DECISIONS; by++)
        CHECK(a.of[by].threshold == b.of[by].threshold && a.of[by].f1 == b.of[by].f1);
    CHECK(a.of[DECIDE_MIX].lambda == b.of[DECIDE_MIX].lambda);
    CHECK(!memcmp(a.of[DECIDE_CODE].text, b.of[DECIDE_CODE].text, L));
    json_decref(j);
    ensemble_close(&a);
    ensemble_close(&b);
    dense_close(&x.d);
    DONE("to JSON and back");

#define MIX "\"mix\":{\"threshold\":0.5,\"lambda\":0.5}"
#define CODE "\"code\":{\"threshold\":0.5,\"lambda\":[0,1,1]}"
#define REST "\"or\":{\"threshold\":0.5},\"and\":{\"threshold\":0.5}"
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"best\":\"mix\"}",
        "{" MIX "," CODE "," REST "}",
        "{\"best\":\"gen\"," MIX "," CODE "," REST "}",
        "{\"best\":\"or\"," MIX "," CODE ",\"or\":{\"threshold\":0.5}}",
        "{\"best\":\"or\",\"mix\":{\"threshold\":0.5,\"lambda\":1.5}," CODE "," REST "}",
        "{\"best\":\"or\",\"mix\":{\"lambda\":0.5}," CODE "," REST "}",
        "{\"best\":\"or\"," MIX ",\"code\":{\"threshold\":0.5,\"lambda\":[0,1]}," REST "}",
        "{\"best\":\"or\"," MIX ",\"code\":{\"threshold\":0.5,\"lambda\":[0,1,2]}," REST "}",
        "{\"best\":\"or\"," MIX ",\"code\":{\"threshold\":0.5,\"lambda\":[0,1,true]}," REST "}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(read_back(bad[i], &a) == E_DATA && strstr(err_msg(), "ensemble: "));
        ensemble_close(&a);
    }
    CHECK(read_back("{\"best\":\"or\"," MIX "," CODE "," REST "}", &a) == 0 && a.best == DECIDE_OR);
    CHECK(!a.of[DECIDE_CODE].text[0] && a.of[DECIDE_CODE].text[1]);
    ensemble_close(&a);
    DONE("JSON that is not one is refused");
}

int main(void)
{
    deciding();
    choosing();
    in_json();
    TEST_EXIT();
}
