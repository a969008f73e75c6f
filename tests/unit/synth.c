/* lib/ingest/synth*: frequencies, evidence, and that the filler asserts nothing. */
#include "lib/ingest/synth.h"
#include "lib/kb/match.h"
#include "lib/util/err.h"
#include "tests/test.h"
#include <ctype.h>
#include <strings.h>

static bool word_in(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (const char *p = text; (p = strcasestr(p, part)); p++)
        if ((p == text || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n]))
            return true;
    return false;
}

static struct matcher *all_expressions(const struct synth_lexicon *lx)
{
    struct matcher *m;
    CHECK(matcher_new(&m) == 0);
    for (int c = 0; c < SYNTH_TOP; c++)
        for (int i = 0; i < lx->nexpr[c]; i++)
            CHECK(matcher_add(m, lx->expr[c][i], strlen(lx->expr[c][i]), (uint32_t)c) == 0);
    CHECK(matcher_build(m) == 0);
    return m;
}

/* Words of expressions within the evidence and elsewhere. */
static void count_words(const struct matcher *m, const struct synth_note *note, size_t words[2])
{
    struct match_words w = {0};
    for (int part = 0; part < note->parts; part++) {
        CHECK(matcher_mark(m, note->text[part].p, note->text[part].n, NULL, &w) == 0);
        for (size_t i = 0; i < w.n; i++) {
            bool within = false;
            for (size_t e = 0; e < note->nevidence; e++)
                within |= note->evidence[e].part == part && w.word[i].begin >= (int64_t)note->evidence[e].begin &&
                          w.word[i].end <= (int64_t)note->evidence[e].end;
            words[!within] += w.word[i].weight > 0;
        }
    }
    match_words_free(&w);
}

int main(void)
{
    setenv("ICDPIPE_SHARE", "share", 0); /* tests/run stands in the root of the tree */
    static struct synth_lexicon lx;
    if (synth_lexicon_load(&lx, 1)) {
        printf("not ok lexicon: %s\n", err_msg());
        return 1;
    }
    bool sorted = true;
    for (int i = 1; i < SYNTH_TOP; i++)
        sorted &= strcmp(synth_codes[i - 1].code, synth_codes[i].code) < 0;
    CHECK(sorted && lx.ntail == 3000 && lx.ntitles == 18449);
    int total = 0;
    for (int i = 0; i < SYNTH_TOP; i++)
        total += synth_codes[i].positives[0];
    CHECK(total == 45919);
    DONE("table of codes");

    double mean = 0;
    int n = 4000, coded = 0, count[SYNTH_TOP] = {0};
    for (int a = 0; a < n; a++) {
        struct synth_case c;
        struct rng r = rng_new(5, (uint64_t)a);
        synth_draw(&r, &lx, SYNTH_TRAIN, &c);
        mean += c.top;
        coded += c.top > 0;
        for (int i = 0; i < SYNTH_TOP; i++)
            count[i] += c.has[i];
        CHECK(!(c.has[synth_code_index("96.71")] && c.has[synth_code_index("96.72")]));
    }
    mean /= coded;
    CHECK(mean > 5 && mean < 6.5);
    for (int i = 0; i < SYNTH_TOP; i++) { /* within sampling error and the rules' effect of the public shares */
        double want = synth_codes[i].positives[0] / 8066., got = (double)count[i] / coded;
        if (!(got > .65 * want - .01 && got < 1.7 * want + .01))
            fprintf(stderr, "%s: %.3f of admissions, public share %.3f\n", synth_codes[i].code, got, want);
        CHECK(got > .65 * want - .01 && got < 1.7 * want + .01);
    }
    DONE("frequencies of the 50 and how many an admission has");

    /* Every assigned code is in the text at the recorded bytes; what is recorded is one of its expressions. */
    struct synth_note note = {0};
    struct matcher *m = all_expressions(&lx);
    size_t words = 0, covered[2] = {0};
    for (int a = 0; a < 200; a++) {
        struct synth_case c;
        struct rng r = rng_new(6, (uint64_t)a);
        synth_draw(&r, &lx, SYNTH_TEST, &c);
        CHECK(!synth_write(&r, &lx, &c, 800, a % 2, &note));
        bool found[SYNTH_TOP] = {0};
        for (size_t e = 0; e < note.nevidence; e++) {
            const struct synth_evidence *v = &note.evidence[e];
            char got[512];
            snprintf(got, sizeof got, "%.*s", (int)(v->end - v->begin), note.text[v->part].p + v->begin);
            for (char *p = got; *p; p++)
                *p = *p == '\n' ? ' ' : *p;
            bool known = false;
            for (int i = 0; i < lx.nexpr[v->code]; i++)
                known |= !strcasecmp(got, lx.expr[v->code][i]);
            CHECK(known && c.has[v->code]);
            found[v->code] = true;
        }
        for (int i = 0; i < SYNTH_TOP; i++)
            CHECK(found[i] == c.has[i]);
        count_words(m, &note, covered);
        for (size_t i = 1; i < note.text[0].n; i++)
            words += note.text[0].p[i] <= ' ' && note.text[0].p[i - 1] > ' ';
    }
    synth_note_free(&note);
    matcher_free(m);
    CHECK(words / 200. > 650 && words / 200. < 950);
    DONE("evidence of every code at its bytes; length");
    /* Denied and other people's conditions are expressions, too; the tables, drugs and phrases between are none. */
    fprintf(stderr, "words of expressions: %zu of evidence, %zu elsewhere\n", covered[0], covered[1]);
    CHECK(2 * covered[1] < covered[0]);
    DONE("expressions stand in the evidence, not in the tables");

    const struct synth_words *w;
    int lists = 0;
    for (; (w = synth_words_at(lists)); lists++)
        for (const char *const *alt = w->alt; *alt; alt++)
            for (int c = 0; c < SYNTH_TOP; c++)
                for (int i = 0; i < lx.nexpr[c]; i++)
                    if (word_in(*alt, lx.expr[c][i])) {
                        fprintf(stderr, "list %s speaks of %s: %s\n", w->name, synth_codes[c].code, lx.expr[c][i]);
                        CHECK(false);
                    }
    CHECK(lists > 20);
    for (uint32_t i = 0; i < lx.ntail; i++)
        CHECK(synth_code_index(lx.titles[lx.tail[i]].code) < 0);
    DONE("filler and long tail assert none of the 50");
    synth_lexicon_free(&lx);
    TEST_EXIT();
}
