/* lib/ingest/corpus_draw: shares, groups, and iterative stratification. */
#include "lib/ingest/corpus.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/test.h"

enum { GROUPS = 400, LABELS = 30, PAIRS = GROUPS * 4 };
static uint32_t notes[GROUPS], label[PAIRS], count[PAIRS];
static uint64_t begin[GROUPS + 1];
static uint8_t split[GROUPS], again[GROUPS];

/* Groups of 1 to 3 notes; label l in about 1 of l + 2 groups. */
static void make(uint64_t seed, bool ones)
{
    struct rng r = rng_new(seed, 1);
    uint64_t n = 0;
    for (int g = 0; g < GROUPS; g++) {
        notes[g] = ones ? 1 : 1 + (uint32_t)rng_below(&r, 3);
        for (uint32_t l = 0; l < LABELS && n < begin[g] + 4; l++)
            if (rng_below(&r, l + 2) == 0) {
                label[n] = l;
                count[n++] = 1 + (uint32_t)rng_below(&r, notes[g]);
            }
        begin[g + 1] = n;
    }
}
static double all(int which, uint32_t l, int s) /* notes (which 0) or notes with label l, in split s; s 0: in all */
{
    double n = 0;
    for (int g = 0; g < GROUPS; g++) {
        if (s && split[g] != s)
            continue;
        if (!which)
            n += notes[g];
        for (uint64_t i = begin[g]; which && i < begin[g + 1]; i++)
            n += label[i] == l ? count[i] : 0;
    }
    return n;
}
static struct draw ask(const char *spec, uint64_t seed, bool strata)
{
    struct draw d = {.seed = seed,
                     .groups = GROUPS,
                     .labels = LABELS,
                     .notes = notes,
                     .begin = strata ? begin : NULL,
                     .label = label,
                     .count = count,
                     .split = split};
    CHECK(draw_parse(&d, spec) == 0);
    CHECK(draw_groups(&d) == 0);
    return d;
}
/* The largest distance of a label's notes in a split from its share. */
static double worst(const struct draw *d)
{
    double most = 0;
    for (uint32_t l = 0; l < LABELS; l++)
        for (int s = CORPUS_TRAIN; s < CORPUS_SPLITS; s++) {
            double off = fabs(all(1, l, s) - d->share[s] * all(1, l, 0));
            most = off > most ? off : most;
        }
    return most;
}

int main(void)
{
    static const char *const bad[] = {"",         "70",      "70,10",   "70,10,20,5", "a,b,c",
                                      "70,-1,20", "0,50,50", "nan,1,1", "70;10;20",   "70,10,20 "};
    struct draw d = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(draw_parse(&d, bad[i]) == E_USAGE);
    CHECK(draw_parse(&d, "7,1,2") == 0);
    CHECK_NEAR(d.share[CORPUS_TRAIN], 0.7, 1e-15);
    DONE("shares as they are given");

    for (uint64_t seed = 1; seed < 20; seed++) {
        make(seed, true);
        ask("70,10,20", seed, false);
        CHECK(all(0, 0, 1) == 280 && all(0, 0, 2) == 40 && all(0, 0, 3) == 80);
        make(seed, false);
        d = ask("70,10,20", seed, false);
        for (int s = 1; s <= 3; s++)
            CHECK(fabs(all(0, 0, s) - d.share[s] * all(0, 0, 0)) <= 3);
    }
    DONE("plain: exact for single notes, within one group otherwise");

    /* Where groups are single notes, and where they are of 1 to 3: a group's notes cannot be parted. */
    for (int ones = 1; ones >= 0; ones--) {
        double plain = 0, strata = 0, off = 0;
        for (uint64_t seed = 1; seed < 20; seed++) {
            make(seed, ones);
            d = ask("70,10,20", seed, false);
            plain += worst(&d);
            d = ask("70,10,20", seed, true);
            strata += worst(&d);
            for (int s = 1; s <= 3; s++)
                off = fmax(off, fabs(all(0, 0, s) / all(0, 0, 0) - d.share[s]));
            memcpy(again, split, sizeof split);
            ask("70,10,20", seed, true);
            CHECK(memcmp(again, split, sizeof split) == 0);
            ask("70,10,20", seed + 100, true);
            CHECK(memcmp(again, split, sizeof split) != 0);
            ask("50,0,50", seed, true);
            CHECK(all(0, 0, 2) == 0 && all(0, 0, 1) + all(0, 0, 3) == all(0, 0, 0));
        }
        CHECK(strata < 0.6 * plain && off < 0.03);
        printf("# farthest from a label's share: plain %.1f notes, stratified %.1f; from a split's %.1f %%\n",
               plain / 19, strata / 19, 100 * off);
    }
    DONE("stratified: labels near their shares, the same from the same seed");

    /* By hand, the paper's figure 1: label 1 (2 examples) comes before label 0 (4). Shares 1/2, 0, 1/2: each split gets
     * one example of label 1, then label 0's others make up for what is missing: two of label 0 in each. */
    static const uint32_t few_notes[6] = {1, 1, 1, 1, 1, 1}, few[6] = {0, 1, 0, 0, 0, 1}, once[6] = {1, 1, 1, 1, 1, 1};
    static const uint64_t at[7] = {0, 2, 3, 4, 5, 6, 6}; /* group 0 has both, 5 none; group 4 label 1 */
    uint8_t of[6];
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct draw s = {.seed = seed,
                         .groups = 6,
                         .labels = 2,
                         .notes = few_notes,
                         .begin = at,
                         .label = few,
                         .count = once,
                         .split = of};
        CHECK(draw_parse(&s, "1,0,1") == 0 && draw_groups(&s) == 0);
        CHECK(of[0] != of[4]);                                                 /* the two of label 1 */
        CHECK((of[0] == 1) + (of[1] == 1) + (of[2] == 1) + (of[3] == 1) == 2); /* the four of label 0 */
        CHECK((of[0] == 1) + (of[1] == 1) + (of[2] == 1) + (of[3] == 1) + (of[4] == 1) + (of[5] == 1) == 3);
    }
    DONE("stratified by hand: the rarest label first");
    TEST_EXIT();
}
