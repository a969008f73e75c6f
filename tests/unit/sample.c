/* lib/text/sample.c, counted in words (tests/cli/note-sample.sh has the sub-word budget): eqs 10-11 by example, and on
 * random notes what must hold of any sample. */
#include "lib/text/sample.h"

#include "lib/util/rng.h"
#include "tests/test.h"

static struct section_rules *rules;
static struct matcher *matcher;
static struct sample got;

static struct sample_cfg config(enum sample_level level, size_t budget)
{
    return (struct sample_cfg){.level = level,
                               .fill = FILL_P,
                               .budget = budget,
                               .top = 3,
                               .headers = true,
                               .matcher = matcher,
                               .rules = rules};
}

/* The kept text, spans parted by '|', newlines as '/'. */
static bool keeps(struct sample_cfg c, const char *text, const char *want)
{
    struct buf b = {0};
    CHECK(sample_note(&c, text, strlen(text), NULL, 0, &got) == 0);
    for (size_t i = 0; i < got.n; i++)
        CHECK(buf_fmt(&b, "%s%.*s", i ? "|" : "", (int)(got.span[i].end - got.span[i].begin),
                      text + got.span[i].begin) == 0);
    CHECK(buf_add(&b, "", 1) == 0);
    for (char *p = b.p; *p; p++)
        if (*p == '\n')
            *p = '/';
    bool same = strcmp(b.p, want) == 0;
    if (!same)
        fprintf(stderr, "got  %s\nwant %s\n", b.p, want);
    buf_free(&b);
    return same;
}

/* N: HPI 3 of 14, PMH 4 of 7, Hospital Course 5 of 20, Family 1 of 3, Labs 0. */
static const char note[] = "Chief Complaint: pain\n"
                           "HPI:\nshe has hypertension since long ago\n\nthen came sepsis and more sepsis\n"
                           "PMH: hypertension, sepsis, hypertension old sepsis yes\n"
                           "Hospital Course:\nfirst day nothing new here at all\n\nsepsis sepsis "
                           "sepsis\n\nhypertension hypertension then fine and well\n"
                           "Family History: sepsis\n"
                           "Labs: one two three\n";

static void by_example(void)
{
    struct sample_cfg c = config(SAMPLE_PARAGRAPH, 1000);
    CHECK(keeps(c, "", "") && got.n == 0);
    CHECK(keeps(c, "one sepsis/", "one sepsis/"));
    CHECK(keeps(config(SAMPLE_NONE, 3), "  one two\nthree four", "  one two/three"));
    CHECK(keeps(config(SAMPLE_PARAGRAPH, 2), "nothing is known here", "nothing is") && got.top == 0);
    DONE("sample/head");

    c = config(SAMPLE_SECTION, 22); /* top three by N: Hospital Course, PMH, HPI; in the order of p: PMH, Course, HPI */
    CHECK(keeps(
        c, note,
        "PMH: hypertension, sepsis, hypertension old sepsis yes/Hospital Course:/first day nothing new here at all//"
        "sepsis sepsis sepsis//hypertension hypertension then"));
    CHECK(got.kept == 22 && got.top == 3);
    c.top = 1;
    CHECK(keeps(c, note,
                "Hospital Course:/first day nothing new here at all//sepsis sepsis sepsis//"
                "hypertension hypertension then fine and well/|PMH: hypertension, sepsis, hypertension"));
    c.fill = FILL_NONE;
    CHECK(keeps(c, note,
                "Hospital Course:/first day nothing new here at all//sepsis sepsis sepsis//"
                "hypertension hypertension then fine and well/"));
    c.fill = FILL_DOC;
    CHECK(keeps(c, note,
                "Hospital Course:/first day nothing new here at all//sepsis sepsis sepsis//"
                "hypertension hypertension then fine and well/|Chief Complaint: pain/HPI:"));
    DONE("sample/sections");

    c = config(SAMPLE_PARAGRAPH, 14);
    c.top = 1;
    CHECK(keeps(
        c, note,
        "Hospital Course:|sepsis sepsis sepsis//hypertension hypertension then fine and well/|/first day nothing"));
    c.doc_order = true;
    CHECK(keeps(
        c, note,
        "Hospital Course:/first day nothing|sepsis sepsis sepsis//hypertension hypertension then fine and well/"));
    c.headers = false;
    CHECK(keeps(c, note,
                "/first day nothing new here|sepsis sepsis sepsis//hypertension hypertension then fine and well/"));
    DONE("sample/paragraphs");

    c = config(SAMPLE_PARAGRAPH, 14);
    c.top = 3; /* as the sections: PMH first, then the course by paragraphs, cut */
    CHECK(keeps(c, note,
                "PMH: hypertension, sepsis, hypertension old sepsis yes/Hospital Course:|sepsis sepsis sepsis//"
                "hypertension hypertension"));
    CHECK(keeps(config(SAMPLE_PARAGRAPH, 2), "Labs: x y\n\nPMH: sepsis\nFamily History: sepsis\n", "PMH: sepsis"));
    DONE("sample/order");
}

static void on_random_notes(void)
{
    static const char *const bits[] = {"sepsis ",
                                       "hypertension ",
                                       "high blood\npressure ",
                                       "word ",
                                       "\xC3\xA9t\xC3\xA9 ",
                                       "\n",
                                       "\n\n",
                                       "HPI:\n",
                                       "Hospital Course:\n",
                                       "CV: ",
                                       "PMH: ",
                                       "Labs:\n\n\n",
                                       "   "};
    struct rng r = rng_new(11, 0);
    struct buf b = {0};
    for (int round = 0; round < 4000; round++) {
        b.n = 0;
        for (uint64_t i = rng_below(&r, 80); i > 0; i--)
            CHECK(buf_str(&b, bits[rng_below(&r, sizeof bits / sizeof *bits)]) == 0);
        struct sample_cfg c = config((enum sample_level)rng_below(&r, 3), 1 + rng_below(&r, 40));
        c.fill = (enum sample_fill)rng_below(&r, 3);
        c.top = 1 + rng_below(&r, 4);
        c.doc_order = rng_below(&r, 2);
        c.headers = rng_below(&r, 2);
        c.always_rank = rng_below(&r, 2);
        CHECK(sample_note(&c, b.p, b.n, NULL, 0, &got) == 0);
        CHECK(got.kept <= c.budget && got.kept <= got.tokens);
        CHECK(got.tokens > c.budget || got.kept == got.tokens); /* what fits stays whole */
        CHECK(b.n == 0 || got.n > 0);
        for (size_t i = 0; i < got.n; i++) {
            int64_t x = got.span[i].begin, y = got.span[i].end;
            CHECK(x >= 0 && x <= y && y <= (int64_t)b.n);
            CHECK(x == (int64_t)b.n || ((unsigned char)b.p[x] & 0xC0) != 0x80);
            CHECK(y == (int64_t)b.n || ((unsigned char)b.p[y] & 0xC0) != 0x80);
            for (size_t k = 0; k < i; k++)
                CHECK(y <= got.span[k].begin || x >= got.span[k].end);
            if (i && c.doc_order)
                CHECK(x > got.span[i - 1].end);
        }
        for (size_t i = 1; i < got.top; i++) { /* the top sections follow p */
            const struct match_count *p = &got.count[got.rank[i - 1]], *q = &got.count[got.rank[i]];
            CHECK((double)p->covered / (double)p->words >= (double)q->covered / (double)q->words);
        }
        for (size_t i = 0; i < got.top; i++)
            for (size_t k = got.top; k < got.ranked; k++) /* and have the largest N */
                CHECK(got.count[got.rank[i]].covered >= got.count[got.rank[k]].covered);
    }
    buf_free(&b);
    DONE("sample/random");
}

int main(void)
{
    static const char *const expr[] = {"sepsis", "hypertension", "high blood pressure"};
    setenv("ICDPIPE_SHARE", "share", 0); /* tests/run starts tests in the tree's root */
    CHECK(section_rules_load(&rules, NULL) == 0 && matcher_new(&matcher) == 0);
    for (size_t i = 0; i < sizeof expr / sizeof *expr; i++)
        CHECK(matcher_add(matcher, expr[i], strlen(expr[i])) == 0);
    CHECK(matcher_build(matcher) == 0);
    by_example();
    on_random_notes();
    sample_free(&got);
    matcher_free(matcher);
    section_rules_free(rules);
    TEST_EXIT();
}
