/* lib/kb/match.c: word folding by example, and counts against a naive matcher on random texts. */
#include "lib/kb/match.h"

#include <ctype.h>

#include "lib/util/rng.h"
#include "tests/test.h"

static bool folds(const char *text, const char *want)
{
    struct buf b = {0};
    bool same =
        match_fold(text, strlen(text), &b) == 0 && b.n == strlen(want) && memcmp(b.n ? b.p : "", want, b.n) == 0;
    if (!same)
        fprintf(stderr, "'%s' folds to '%.*s', not '%s'\n", text, (int)b.n, b.p, want);
    buf_free(&b);
    return same;
}

static struct match_count count(const char *const *expr, const char *text)
{
    struct matcher *m = NULL;
    struct match_count c = {0};
    CHECK(matcher_new(&m) == 0);
    for (; *expr; expr++)
        CHECK(matcher_add(m, *expr, strlen(*expr)) == 0);
    CHECK(matcher_build(m) == 0);
    matcher_count(m, text, strlen(text), &c);
    matcher_free(m);
    return c;
}
#define COUNT(text, ...) count((const char *const[]){__VA_ARGS__, NULL}, text)

/* ---- the naive matcher: every expression tried at every word ---- */
struct words {
    char w[256][80];
    int n;
};
static void split(const char *s, size_t n, struct words *out)
{
    struct buf b = {0};
    out->n = 0;
    CHECK(match_fold(s, n, &b) == 0 && buf_add(&b, "", 1) == 0);
    for (char *t = strtok(b.p, " "); t && out->n < 256; t = strtok(NULL, " "))
        snprintf(out->w[out->n++], sizeof out->w[0], "%s", t);
    buf_free(&b);
}
static bool word_fits(const char *expr, const char *text)
{
    bool caps = isupper((unsigned char)*expr);
    return caps ? strcmp(expr, text) == 0 : strcasecmp(expr, text) == 0;
}
static int naive(const struct words *text, const struct words *expr, int nexpr)
{
    bool covered[256] = {false};
    int sum = 0;
    for (int e = 0; e < nexpr; e++)
        for (int i = 0; expr[e].n && i + expr[e].n <= text->n; i++) {
            int k = 0;
            while (k < expr[e].n && word_fits(expr[e].w[k], text->w[i + k]))
                k++;
            if (k == expr[e].n)
                memset(covered + i, 1, (size_t)k);
        }
    for (int i = 0; i < text->n; i++)
        sum += covered[i];
    return sum;
}

/* Few words, alike but for case and plural, so that expressions overlap in every way. */
static void random_text(struct rng *r, struct buf *b, uint64_t words)
{
    static const char *const vocabulary[] = {"mi",  "MI", "lines", "line", "a",   "A",   "fib",
                                             "Fib", "x",  "AF",    "af",   "AFs", "fibs"};
    static const char *const between[] = {" ", "-", "\n", "/", ", ", " (", "\xE2\x80\x94"};
    b->n = 0;
    for (uint64_t i = 0; i < words; i++) {
        CHECK(buf_str(b, vocabulary[rng_below(r, sizeof vocabulary / sizeof *vocabulary)]) == 0);
        CHECK(buf_str(b, between[rng_below(r, sizeof between / sizeof *between)]) == 0);
    }
}

static void against_naive(void)
{
    static struct words text, expr[40];
    struct rng r = rng_new(7, 0);
    struct buf b = {0};
    for (int round = 0; round < 3000; round++) {
        struct matcher *m = NULL;
        struct match_count c = {0};
        int n = (int)rng_below(&r, 40);
        CHECK(matcher_new(&m) == 0);
        for (int e = 0; e < n; e++) {
            random_text(&r, &b, 1 + rng_below(&r, 5));
            split(b.p, b.n, &expr[e]);
            CHECK(matcher_add(m, b.p, b.n) == 0);
        }
        CHECK(matcher_build(m) == 0);
        random_text(&r, &b, 1 + rng_below(&r, 120));
        split(b.p, b.n, &text);
        matcher_count(m, b.p, b.n, &c);
        CHECK(c.words == (uint64_t)text.n);
        CHECK(c.covered == (uint64_t)naive(&text, expr, n));
        matcher_free(m);
    }
    buf_free(&b);
    DONE("match/as-naive");
}

int main(void)
{
    CHECK(folds("", ""));
    CHECK(folds("  .,;", ""));
    CHECK(folds("A-fib w/ RVR", "A fib w RVR"));
    CHECK(folds("The Patient's LINES, lines", "the patient lines line"));
    CHECK(folds("ARDS mods MIs PICCs his sinus abscess gas", "ards mods MI picc his sinus abscess gas"));
    CHECK(folds("d/c'd 'quoted' O'Brien", "d cd quoted obrien"));
    CHECK(folds("patient\xE2\x80\x99s \xE2\x80\x9CHTN\xE2\x80\x9D\xC2\xA0now", "patient HTN now"));
    CHECK(folds("na\xC3\xAFve 2VD T2DM", "na\xC3\xAFve 2vd t2dm"));
    CHECK(folds("HCT-30.1*", "HCT 30 1"));
    DONE("match/fold");

    struct match_count c =
        COUNT("s/p MI, then mi; h/o HTN and high blood\npressure", "MI", "HTN", "high blood pressure");
    CHECK(c.words == 12 && c.covered == 5);
    c = COUNT("high blood high blood pressure", "high blood pressure");
    CHECK(c.words == 5 && c.covered == 3);
    /* a longer one found later covers words before a shorter one */
    c = COUNT("a b c d e", "c", "b c d");
    CHECK(c.covered == 3);
    c = COUNT("a b c d e", "a b c x", "b c");
    CHECK(c.covered == 2);
    c = COUNT("mi Mi MI", "MI", "MI");
    CHECK(c.covered == 1);
    c = COUNT("mi Mi MI", "MI", "mi");
    CHECK(c.covered == 3);
    c = COUNT("old MI old mi", "old mi", "MI");
    CHECK(c.covered == 4);
    c = COUNT("", "x");
    CHECK(c.words == 0 && c.covered == 0);
    c = COUNT("x y", " - ", "");
    CHECK(c.words == 2 && c.covered == 0);
    DONE("match/examples");

    /* Words beyond the length that counts, expressions beyond 64 words: no trap, no overrun. */
    char word[300], phrase[400];
    memset(word, 'q', sizeof word - 1);
    word[sizeof word - 1] = 0;
    for (size_t i = 0; i < sizeof phrase - 1; i++)
        phrase[i] = i % 2 ? ' ' : 'z';
    phrase[sizeof phrase - 1] = 0;
    CHECK(COUNT(word, word).covered == 1);
    c = COUNT(phrase, phrase);
    CHECK(c.words == 200 && c.covered == 200);
    DONE("match/long");

    /* Thousands of expressions grow every table. */
    struct matcher *m = NULL;
    CHECK(matcher_new(&m) == 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(phrase, sizeof phrase, "w%d v%d u%d", i % 7000, i % 130, i);
        CHECK(matcher_add(m, phrase, strlen(phrase)) == 0);
    }
    CHECK(matcher_build(m) == 0 && matcher_expressions(m) == 20000);
    memset(&c, 0, sizeof c);
    const char *text = "w6999 v109 u6999, w6999 v78 u6999 w1 v1 u1";
    matcher_count(m, text, strlen(text), &c);
    CHECK(c.words == 9 && c.covered == 6);
    matcher_free(m);
    DONE("match/many");

    against_naive();
    TEST_EXIT();
}
