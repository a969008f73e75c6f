/* Words at places of a text. */
#include "lib/text/excerpt.h"
#include "lib/util/err.h"
#include "tests/test.h"

/* Excerpts of text at n places as "words@begin-end*weight|...", to be compared. */
static bool are(const char *text, const struct place *place, size_t n, const char *want)
{
    struct place p[16];
    struct excerpt *e;
    char got[512] = "";
    size_t m;
    if (n)
        memcpy(p, place, n * sizeof *p);
    if (excerpts(text, strlen(text), p, n, &e, &m))
        return strcmp(want, "refused") == 0;
    for (size_t i = 0; i < m; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s@%zu-%zu*%g", i ? "|" : "", e[i].words,
                 e[i].at.begin, e[i].at.end, e[i].at.weight);
    excerpts_free(e, m);
    if (strcmp(got, want))
        fprintf(stderr, "got %s, wanted %s\n", got, want);
    return strcmp(got, want) == 0;
}
#define P(...) (struct place[]){__VA_ARGS__}, sizeof(struct place[]){__VA_ARGS__} / sizeof(struct place)

int main(void)
{
    const char *t = "Small pleural effusion, cardiac\nenlargement. Effusion again; no \xC3\xBC"
                    "ber-edema";
    /*               0     6       14        24       32                    */
    test_case("a part of a word becomes the word", are(t, P({16, 18, .5}), "effusion@14-22*0.5"));
    test_case("also from its first and last byte",
              are(t, P({14, 15, .5}, {30, 31, .2}), "effusion@14-22*0.5|cardiac@24-31*0.2"));
    test_case("blanks and marks around go", are(t, P({22, 32, 1}), "cardiac@24-31*1"));
    test_case("only marks, or nothing: no words", are(t, P({22, 24, 1}, {3, 3, 1}), "") && are(t, NULL, 0, ""));
    test_case("neighbours are one, also on two lines",
              are(t, P({24, 26, .1}, {33, 35, .3}), "cardiac enlargement@24-43*0.4"));
    test_case("neighbours in any order, or one in another",
              are(t, P({14, 22, .3}, {6, 8, .1}, {6, 22, .5}), "pleural effusion@6-22*0.9"));
    test_case("a comma keeps them apart",
              are(t, P({15, 16, .1}, {25, 26, .3}), "cardiac@24-31*0.3|effusion@14-22*0.1"));
    test_case("words that stand twice are given once, where they stand first",
              are(t, P({45, 47, .4}, {15, 16, .1}), "effusion@14-22*0.5"));
    test_case("equal weights: the earlier first",
              are(t, P({25, 26, .3}, {0, 2, .3}), "Small@0-5*0.3|cardiac@24-31*0.3"));
    test_case("characters stay whole", are(t, P({65, 66, 1}),
                                           "\xC3\xBC"
                                           "ber@64-69*1") &&
                                           are(t, P({67, 68, 1}),
                                               "\xC3\xBC"
                                               "ber@64-69*1"));
    test_case("at the end of the text", are(t, P({71, strlen(t), 1}), "edema@70-75*1") && are("", P({0, 0, 1}), ""));
    test_case("not within the text", are(t, P({70, 76, 1}), "refused") && are(t, P({5, 4, 1}), "refused"));
    test_case("a note from a word processor", are("pain\xE2\x80\x94"
                                                  "chest\xC2\xA0pain",
                                                  P({8, 9, 1}), "chest@7-12*1"));

    struct buf b = {0};
    CHECK(!plain_text(&b,
                     "  a\x1b[31m\tb\r\n c\xC2\x9B"
                     "d  ",
                     17) &&
          !buf_add(&b, "", 1));
    CHECK(!strcmp(b.p, "a [31m b c d"));
    b.n = 0;
    CHECK(!plain_text(&b, "x", 1) && !plain_text(&b, "", 0) && !plain_text(&b, "\n\n", 2) && b.n == 1);
    DONE("nothing that steers a terminal");
    buf_free(&b);
    TEST_EXIT();
}
