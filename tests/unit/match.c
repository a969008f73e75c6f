/* lib/kb/match.c: word folding by example, and counts against a naive matcher on random texts. */
#include "lib/kb/match.h"

#include "lib/kb/word.h"
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
        CHECK(matcher_add(m, *expr, strlen(*expr), 0) == 0);
    CHECK(matcher_build(m) == 0);
    matcher_count(m, text, strlen(text), NULL, &c);
    matcher_free(m);
    return c;
}
#define COUNT(text, ...) count((const char *const[]){__VA_ARGS__, NULL}, text)

/* ---- the naive matcher: every expression tried at every word ---- */
struct words {
    char w[256][80];
    bool caps[256];
    int n;
};
static void split(const char *s, size_t n, struct words *out)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + n;
    struct word w;
    for (out->n = 0; out->n < 256 && next_word(&p, end, &w); out->n++) {
        snprintf(out->w[out->n], sizeof out->w[0], "%.*s", (int)w.n, (const char *)w.c);
        out->caps[out->n] = w.caps;
    }
}
static bool word_fits(const struct words *expr, int e, const struct words *text, int t)
{
    return strcmp(expr->w[e], text->w[t]) == 0 && (text->caps[t] || expr->n > 1 || !expr->caps[e]);
}
static int naive(const struct words *text, const struct words *expr, int nexpr)
{
    bool covered[256] = {false};
    int sum = 0;
    for (int e = 0; e < nexpr; e++)
        for (int i = 0; expr[e].n && i + expr[e].n <= text->n; i++) {
            int k = 0;
            while (k < expr[e].n && word_fits(&expr[e], k, text, i + k))
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
            CHECK(matcher_add(m, b.p, b.n, (uint32_t)e) == 0);
        }
        CHECK(matcher_build(m) == 0);
        random_text(&r, &b, 1 + rng_below(&r, 120));
        split(b.p, b.n, &text);
        matcher_count(m, b.p, b.n, NULL, &c);
        CHECK(c.words == (uint64_t)text.n);
        CHECK(c.covered == (uint64_t)naive(&text, expr, n));
        matcher_free(m);
    }
    buf_free(&b);
    DONE("match/as-naive");
}

/* ---- scopes, words by themselves, denials ---- */
static struct matcher *made(void (*fill)(struct matcher *m))
{
    struct matcher *m = NULL;
    CHECK(matcher_new(&m) == 0);
    fill(m);
    CHECK(matcher_build(m) == 0);
    return m;
}
static uint64_t covered(const struct matcher *m, const char *text, const uint64_t *scope)
{
    struct match_count c = {0};
    struct match_words w = {0};
    uint64_t sum = 0;
    matcher_count(m, text, strlen(text), scope, &c);
    CHECK(matcher_mark(m, text, strlen(text), scope, &w) == 0 && w.n == c.words);
    for (size_t i = 0; i < w.n; i++) { /* word by word it is the same, at the words' own bytes */
        sum += w.word[i].weight;
        CHECK(w.word[i].begin >= (i ? w.word[i - 1].end : 0) && w.word[i].end > w.word[i].begin);
    }
    CHECK(sum == c.covered);
    match_words_free(&w);
    return c.covered;
}
#define ADD(m, text, code) CHECK(matcher_add(m, text, strlen(text), code) == 0)

static void fill_scopes(struct matcher *m)
{
    ADD(m, "septic shock", 0);
    ADD(m, "shock", 0);
    ADD(m, "septic shock", 1);
    ADD(m, "cardiogenic shock", 70);
    ADD(m, "shock", 70);
    ADD(m, "shock", 70);
}
static void scopes(void)
{
    struct matcher *m = made(fill_scopes);
    uint64_t zero[2] = {1, 0}, one[2] = {2, 0}, far[2] = {0, 1 << 6}, none[2] = {0}, two[2] = {2, 1 << 6};
    const char *text = "septic shock, cardiogenic shock, shock";
    CHECK(covered(m, text, NULL) == 5);
    CHECK(covered(m, text, zero) == 4);
    CHECK(covered(m, text, one) == 2);
    CHECK(covered(m, text, far) == 4);
    CHECK(covered(m, text, two) == 5);
    CHECK(covered(m, text, none) == 0);
    matcher_free(m);
    DONE("match/scopes");
}

static struct matcher *stop_list;
static void fill_stop(struct matcher *m)
{
    CHECK(matcher_add_words(m, "of or IV", 8, 0, NULL) == 0);
}
static void fill_words(struct matcher *m)
{
    static const char *const expr[] = {"infarction of heart", "old MI", "OR", "heart failure", "IV drug"};
    for (uint32_t i = 0; i < 5; i++)
        CHECK(matcher_add_words(m, expr[i], strlen(expr[i]), i, stop_list) == 0);
}
static void fill_idf(struct matcher *m)
{
    fill_words(m);
    matcher_idf(m, 5);
}
static void fill_any_case(struct matcher *m)
{
    matcher_any_case(m);
    ADD(m, "MI", 0);
}
static void words(void)
{
    stop_list = made(fill_stop);
    struct matcher *m = made(fill_words);
    CHECK(covered(m, "the heart of", NULL) == 1);
    CHECK(covered(m, "failure or OR", NULL) == 2); /* a stop word's capitals are another word */
    CHECK(covered(m, "IV iv drug", NULL) == 1);
    CHECK(covered(m, "old mi, old MI", NULL) == 3);
    CHECK(covered(m, "heart failure", &(uint64_t){1}) == 1);
    matcher_free(m);
    m = made(fill_idf); /* heart belongs to two of five codes, failure to one */
    CHECK(matcher_unit(m) == 1000000 && covered(m, "failure", NULL) == 1000000);
    CHECK(covered(m, "heart", NULL) == 613147); /* 1e6 log 3 / log 6 */
    matcher_free(m);
    matcher_free(stop_list);
    m = made(fill_any_case);
    CHECK(covered(m, "mi Mi MI mid", NULL) == 3);
    matcher_free(m);
    DONE("match/words");
}

static void fill_denials(struct matcher *m)
{
    ADD(m, "sepsis", 0);
    ADD(m, "chest pain", 1);
    ADD(m, "diabetes without mention of complication", 2);
    ADD(m, "hypertension", 3);
    CHECK(matcher_add_negation(m, "no", 2, MATCH_NEGATES_NEXT) == 0 &&
          matcher_add_negation(m, "without", 7, MATCH_NEGATES_NEXT) == 0);
    CHECK(matcher_add_negation(m, "denies", 6, MATCH_NEGATES_NEXT) == 0 &&
          matcher_add_negation(m, "but", 3, MATCH_NEGATES_NOT) == 0);
    CHECK(matcher_add_negation(m, "ruled out", 9, MATCH_NEGATES_LAST) == 0 &&
          matcher_add_negation(m, "no change", 9, MATCH_NEGATES_NOT) == 0 &&
          matcher_add_negation(m, "not ruled out", 13, MATCH_NEGATES_NOT) == 0);
}
static void denials(void)
{
    struct matcher *m = made(fill_denials);
    CHECK(covered(m, "sepsis and chest pain", NULL) == 3);
    CHECK(covered(m, "no sepsis", NULL) == 0);
    CHECK(covered(m, "denies fever, chills, chest pain or sepsis", NULL) == 0);
    CHECK(covered(m, "no fever but sepsis", NULL) == 1);
    CHECK(covered(m, "no fever. Sepsis", NULL) == 1);
    CHECK(covered(m, "no fever\n\nsepsis", NULL) == 1 && covered(m, "no fever or\nsepsis", NULL) == 0);
    CHECK(covered(m, "no fever\n- sepsis", NULL) == 1);
    CHECK(covered(m, "lactate 3.5 no 2.5 sepsis", NULL) == 0); /* the point of a number ends nothing */
    CHECK(covered(m, "no change in sepsis", NULL) == 1);
    CHECK(covered(m, "sepsis was ruled out", NULL) == 0 && covered(m, "sepsis was not ruled out", NULL) == 1);
    CHECK(covered(m, "hypertension. Sepsis was ruled out", NULL) == 1);
    CHECK(covered(m, "hypertension a b c d e f sepsis was ruled out", NULL) == 1);
    CHECK(covered(m, "diabetes without mention of complication, hypertension", NULL) == 6);
    CHECK(covered(m, "no diabetes without mention of complication", NULL) == 0);
    matcher_free(m);
    DONE("match/denials");
}

int main(void)
{
    CHECK(folds("", ""));
    CHECK(folds("  .,;", ""));
    CHECK(folds("A-fib w/ RVR", "a fib w rvr") && folds("RVR", "RVR") && folds("(MI's)", "MI"));
    CHECK(folds("The Patient's LINES, lines", "the patient line line"));
    CHECK(folds("ARDS mods MIs PICCs his sinus abscess gas", "ards mods mi picc his sinus abscess gas"));
    CHECK(folds("d/c'd 'quoted' O'Brien", "d cd quoted obrien"));
    CHECK(folds("patient\xE2\x80\x99s \xE2\x80\x9CHTN\xE2\x80\x9D\xC2\xA0now", "patient htn now"));
    CHECK(folds("na\xC3\xAFve 2VD T2DM", "na\xC3\xAFve 2vd t2dm"));
    CHECK(folds("HCT-30.1*", "hct 30 1"));
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
        CHECK(matcher_add(m, phrase, strlen(phrase), (uint32_t)i) == 0);
    }
    CHECK(matcher_build(m) == 0 && matcher_expressions(m) == 20000);
    memset(&c, 0, sizeof c);
    const char *text = "w6999 v109 u6999, w6999 v78 u6999 w1 v1 u1";
    matcher_count(m, text, strlen(text), NULL, &c);
    CHECK(c.words == 9 && c.covered == 6);
    matcher_free(m);
    DONE("match/many");

    against_naive();
    scopes();
    words();
    denials();
    TEST_EXIT();
}
