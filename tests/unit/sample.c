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
    CHECK(sample_note(&c, text, strlen(text), NULL, 0, NULL, &got) == 0);
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
        "PMH: hypertension, sepsis, hypertension old sepsis yes/|Hospital Course:/first day nothing new here at all//"
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
                "hypertension hypertension then fine and well/|Chief Complaint: pain/|HPI:"));
    DONE("sample/sections");

    c = config(SAMPLE_PARAGRAPH, 14);
    c.top = 1;
    CHECK(keeps(
        c, note,
        "Hospital Course:|sepsis sepsis sepsis//hypertension hypertension then fine and well/|/first day nothing"));
    c.doc_order = true;
    CHECK(keeps(
        c, note,
        "Hospital Course:|/first day nothing|sepsis sepsis sepsis//hypertension hypertension then fine and well/"));
    c.headers = false;
    CHECK(keeps(c, note,
                "/first day nothing new here|sepsis sepsis sepsis//hypertension hypertension then fine and well/"));
    DONE("sample/paragraphs");

    c = config(SAMPLE_PARAGRAPH, 14);
    c.top = 3; /* as the sections: PMH first, then the course by paragraphs, cut */
    CHECK(keeps(c, note,
                "PMH: hypertension, sepsis, hypertension old sepsis yes/|Hospital Course:|sepsis sepsis sepsis//"
                "hypertension hypertension"));
    CHECK(keeps(config(SAMPLE_PARAGRAPH, 2), "Labs: x y\n\nPMH: sepsis\nFamily History: sepsis\n", "PMH: sepsis/"));
    DONE("sample/order");
}

/* The sections in the order they were asked for, the chosen ones before '|'. */
static bool ranks(struct sample_cfg c, const uint64_t *scope, const char *want)
{
    struct buf b = {0};
    c.always_rank = true;
    CHECK(sample_note(&c, note, strlen(note), NULL, 0, scope, &got) == 0);
    for (size_t i = 0; i < got.ranked; i++)
        CHECK(buf_fmt(&b, "%s%s", i == got.top ? "| " : "", section_name(rules, got.sections.sec[got.rank[i]].kind)) ==
                  0 &&
              buf_str(&b, " ") == 0);
    CHECK(buf_add(&b, "", 1) == 0);
    bool same = strcmp(b.p, want) == 0;
    if (!same)
        fprintf(stderr, "got  %s\nwant %s\n", b.p, want);
    buf_free(&b);
    return same;
}

/* p: PMH 4/7, Family 1/3, Hospital Course 5/20, HPI 3/14, the others 0. */
static void readings(void)
{
    struct sample_cfg c = config(SAMPLE_PARAGRAPH, 1000);
    CHECK(ranks(c, NULL, "PMH HOSPITAL_COURSE HPI | FAMILY CHIEF_COMPLAINT LABS_ADMIT "));
    c.rank = RANK_LEX;
    CHECK(ranks(c, NULL, "HOSPITAL_COURSE PMH HPI | FAMILY CHIEF_COMPLAINT LABS_ADMIT "));
    c.rank = RANK_P;
    CHECK(ranks(c, NULL, "PMH FAMILY HOSPITAL_COURSE | HPI CHIEF_COMPLAINT LABS_ADMIT "));
    c.top = 1;
    c.rank = RANK_N_P;
    CHECK(ranks(c, NULL, "HOSPITAL_COURSE | PMH FAMILY HPI CHIEF_COMPLAINT LABS_ADMIT "));
    c.fill = FILL_N;
    CHECK(ranks(c, NULL, "HOSPITAL_COURSE | PMH HPI FAMILY CHIEF_COMPLAINT LABS_ADMIT "));
    c.fill = FILL_DOC;
    CHECK(ranks(c, NULL, "HOSPITAL_COURSE | CHIEF_COMPLAINT HPI PMH FAMILY LABS_ADMIT "));
    c.negation = true; /* family history is of class N */
    c.fill = FILL_NONE;
    c.top = 9;
    CHECK(ranks(c, NULL, "PMH HOSPITAL_COURSE HPI "));
    DONE("sample/rank");

    uint64_t sepsis = 1, none = 0;
    c = config(SAMPLE_PARAGRAPH, 1000); /* of sepsis alone: PMH 2/7, Family 1/3, Hospital Course 3/20, HPI 2/14 */
    CHECK(ranks(c, &sepsis, "PMH HOSPITAL_COURSE HPI | FAMILY CHIEF_COMPLAINT LABS_ADMIT "));
    c.rank = RANK_P;
    CHECK(ranks(c, &sepsis, "FAMILY PMH HOSPITAL_COURSE | HPI CHIEF_COMPLAINT LABS_ADMIT "));
    CHECK(ranks(c, &none, "| CHIEF_COMPLAINT HPI PMH HOSPITAL_COURSE FAMILY LABS_ADMIT ") && got.top == 0);
    DONE("sample/scope");

    bool *keep = calloc((size_t)section_kinds(rules), 1);
    CHECK(keep);
    keep[section_kind(rules, "CHIEF_COMPLAINT", 15)] = keep[section_kind(rules, "FAMILY", 6)] = true;
    c = config(SAMPLE_PARAGRAPH, 1000);
    c.keep = keep;
    c.top = 2;
    CHECK(ranks(c, NULL, "FAMILY CHIEF_COMPLAINT PMH HOSPITAL_COURSE | HPI LABS_ADMIT "));
    c.fill = FILL_NONE;
    CHECK(ranks(c, &none, "CHIEF_COMPLAINT FAMILY | HPI PMH HOSPITAL_COURSE LABS_ADMIT "));
    c.budget = 3;
    CHECK(keeps(c, note, "Family History: sepsis/"));
    free(keep);
    DONE("sample/always-keep");

    c = config(SAMPLE_SECTION, 9); /* the hospital course is longer */
    c.top = 1;
    CHECK(keeps(c, note, "Hospital Course:/first day nothing new here at all"));
    c.overflow = OVERFLOW_TRUNCATE;
    CHECK(keeps(c, note, "Hospital Course:/first day nothing new here at all"));
    c.overflow = OVERFLOW_PARAGRAPH;
    CHECK(keeps(c, note, "Hospital Course:|sepsis sepsis sepsis//hypertension hypertension then fine"));
    c.overflow = OVERFLOW_SKIP;
    CHECK(keeps(c, note, "PMH: hypertension, sepsis, hypertension old sepsis yes/"));
    c.level = SAMPLE_PARAGRAPH;
    CHECK(keeps(c, note, "PMH: hypertension, sepsis, hypertension old sepsis yes/"));
    c.overflow = OVERFLOW_TRUNCATE;
    CHECK(keeps(c, note, "Hospital Course:/first day nothing new here at all"));
    c.overflow = OVERFLOW_SKIP;
    c.budget = 2;
    CHECK(keeps(c, "PMH: sepsis and more\nLabs: one two three\n", "PMH: sepsis")); /* nothing fits: the head */
    CHECK(got.head && got.top == 1);
    c.overflow = OVERFLOW_LEVEL;
    CHECK(keeps(c, "PMH: sepsis and more\nLabs: one two three\n", "PMH: sepsis") && !got.head);
    CHECK(keeps(c, "PMH: one two three\n", "PMH: one") && got.head && got.top == 0);
    c.budget = 100;
    CHECK(keeps(c, "PMH: one\n", "PMH: one/") && !got.head && got.whole);
    DONE("sample/overflow");

    c = config(SAMPLE_PARAGRAPH, 100);
    c.reorder = true;
    CHECK(keeps(c, "Labs: one\nPMH: sepsis\n", "PMH: sepsis/|Labs: one/"));
    c.paragraphs = PARAGRAPH_LINE;
    CHECK(keeps(c, "PMH:\none\nsepsis x\nsepsis\n", "PMH:|sepsis/|sepsis x/|/one/"));
    c.paragraphs = PARAGRAPH_SENTENCE;
    CHECK(keeps(c, "PMH: One two. Sepsis now. Three\n", "PMH:|Sepsis now. | One two. |Three/"));
    c.paragraphs = PARAGRAPH_BULLET;
    CHECK(keeps(c, "PMH:\n- one\nsepsis\n- sepsis\nx y z\n", "PMH:/- one/sepsis/- sepsis/x y z/"));
    CHECK(got.sections.npara == 2);
    DONE("sample/short-and-paragraphs");
}

static bool in_one_section(struct sample_span x)
{
    for (size_t i = 0; i < got.sections.n; i++)
        if (x.begin >= got.sections.sec[i].begin && x.end <= got.sections.sec[i].end)
            return true;
    return x.begin == 0; /* the head, where each section was too long */
}

static void on_random_notes(void)
{
    bool *keep = calloc((size_t)section_kinds(rules), 1);
    CHECK(keep);
    keep[section_kind(rules, "PMH", 3)] = true;
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
        c.fill = (enum sample_fill)rng_below(&r, 4);
        c.top = 1 + rng_below(&r, 4);
        c.doc_order = rng_below(&r, 2);
        c.headers = rng_below(&r, 2);
        c.always_rank = rng_below(&r, 2);
        c.rank = (enum sample_rank)rng_below(&r, 3);
        c.overflow = (enum sample_overflow)rng_below(&r, 4);
        c.paragraphs = (enum paragraphs)rng_below(&r, 4);
        c.reorder = rng_below(&r, 2);
        c.negation = rng_below(&r, 4) == 0;
        c.keep = rng_below(&r, 3) ? NULL : keep;
        CHECK(sample_note(&c, b.p, b.n, NULL, 0, NULL, &got) == 0);
        CHECK(got.kept <= c.budget && got.kept <= got.tokens);
        if (got.tokens <= c.budget && (!c.reorder || c.level == SAMPLE_NONE))
            CHECK(got.whole && got.kept == got.tokens); /* what fits stays whole */
        if (got.tokens <= c.budget && c.fill != FILL_NONE && c.headers)
            CHECK(got.kept == got.tokens); /* and when sampled all the same, nothing is lost */
        CHECK(b.n == 0 || got.n > 0);
        for (size_t i = 0; i < got.n; i++) {
            int64_t x = got.span[i].begin, y = got.span[i].end;
            CHECK(x >= 0 && x <= y && y <= (int64_t)b.n);
            CHECK(x == (int64_t)b.n || ((unsigned char)b.p[x] & 0xC0) != 0x80);
            CHECK(y == (int64_t)b.n || ((unsigned char)b.p[y] & 0xC0) != 0x80);
            for (size_t k = 0; k < i; k++)
                CHECK(y <= got.span[k].begin || x >= got.span[k].end);
            if (i && c.doc_order)
                CHECK(x >= got.span[i - 1].end);
        }
        bool ranked = c.level != SAMPLE_NONE && (!got.whole || c.always_rank);
        if (got.n && !got.whole && ranked && got.top) /* a span lies in one section */
            for (size_t i = 0; i < got.n; i++)
                CHECK(in_one_section(got.span[i]));
        if (!ranked || c.rank != RANK_N_P || c.keep)
            continue;
        for (size_t i = 1; i < got.top; i++) { /* the top sections follow p */
            const struct match_count *p = &got.count[got.rank[i - 1]], *q = &got.count[got.rank[i]];
            CHECK((double)p->covered / (double)p->words >= (double)q->covered / (double)q->words);
        }
        for (size_t i = 0; i < got.top; i++)
            for (size_t k = got.top; k < got.ranked; k++) /* and have the largest N */
                CHECK(got.count[got.rank[i]].covered >= got.count[got.rank[k]].covered);
    }
    buf_free(&b);
    free(keep);
    DONE("sample/random");
}

int main(void)
{
    static const char *const expr[] = {"sepsis", "hypertension", "high blood pressure"};
    setenv("ICDPIPE_SHARE", "share", 0); /* tests/run starts tests in the tree's root */
    CHECK(section_rules_load(&rules, NULL) == 0 && matcher_new(&matcher) == 0);
    for (size_t i = 0; i < sizeof expr / sizeof *expr; i++)
        CHECK(matcher_add(matcher, expr[i], strlen(expr[i]), (uint32_t)i) == 0);
    CHECK(matcher_build(matcher) == 0);
    by_example();
    readings();
    on_random_notes();
    sample_free(&got);
    matcher_free(matcher);
    section_rules_free(rules);
    TEST_EXIT();
}
