/* The terms of all codes: lib/kb/terms.h. */
#include "lib/kb/terms.h"
#include "tests/test.h"
#include <strings.h>

static struct buf heard;
static int hear(void *ctx, const char *form, const uint32_t *code, size_t codes)
{
    CHECK(buf_fmt(&heard, "%s:", form) == 0);
    for (size_t i = 0; i < codes; i++)
        CHECK(buf_fmt(&heard, " %u", code[i]) == 0);
    return buf_str(&heard, ";");
}

static void add(struct terms *t, uint32_t code, enum kb_type type, const char *text, unsigned source)
{
    bool worded;
    CHECK(terms_add(t, code, type, text, strlen(text), source, &worded) == 0 && worded);
}

/* The terms of a code as "text (sources), ...". */
static char *shown(const struct terms *t, uint32_t code)
{
    struct buf b = {0}, sources = {0};
    size_t first, n = terms_of(t, code, &first);
    for (size_t i = first; i < first + n; i++) {
        CHECK(terms_sources(t, &t->v[i], &sources) == 0);
        if (!t->v[i].out)
            CHECK(buf_fmt(&b, "%s%s (%s)", b.n ? ", " : "", t->text.p + t->v[i].text, sources.p) == 0);
    }
    CHECK(buf_add(&b, "", 1) == 0);
    buf_free(&sources);
    return b.p;
}

static void fill(struct terms *t)
{
    unsigned a = 0, b = 0;
    CHECK(terms_source(t, "title", &a) == 0 && terms_source(t, "file", &b) == 0);
    add(t, 2, KB_TERM, "Sepsis", a);
    add(t, 0, KB_TERM, "Heart-failure", a);
    add(t, 0, KB_SYNONYM, "heart failures", b); /* the same but for hyphen, plural and case */
    add(t, 0, KB_ABBREVIATION, "CAP", b);
    add(t, 0, KB_SYNONYM, "cap", b); /* in capitals it is another */
    add(t, 1, KB_TERM, "sepsis", b);
    add(t, 0, KB_TERM, "SEPSIS", b);
    add(t, 2, KB_DESCRIPTION, "Sepsis", b); /* no expression */
}

int main(void)
{
    const struct terms_shared shared = {NULL, hear};
    struct terms t = {0};
    bool worded = true;
    fill(&t);
    CHECK(terms_add(&t, 0, KB_TERM, " -- ", 4, 0, &worded) == 0 && !worded);
    CHECK(terms_settle(&t, 0, &shared) == 0);
    char *s = shown(&t, 0);
    CHECK(!strcmp(s, "Heart-failure (title,file), CAP (file), cap (file), SEPSIS (file)"));
    free(s);
    s = shown(&t, 2);
    CHECK(!strcmp(s, "Sepsis (title), Sepsis (file)"));
    free(s);
    s = shown(&t, 7);
    CHECK(!strcmp(s, ""));
    free(s);
    CHECK(t.repeated == 1 && t.shared == 1 && t.dropped == 0);
    DONE("terms/once-a-code-with-every-source");
    CHECK(heard.n == strlen("SEPSIS: 0 1 2;") && !memcmp(heard.p, "SEPSIS: 0 1 2;", heard.n));
    DONE("terms/shared-by-codes");
    terms_free(&t);
    buf_free(&heard);

    fill(&t);
    CHECK(terms_settle(&t, 3, NULL) == 0 && t.dropped == 0);
    terms_free(&t);
    fill(&t);
    CHECK(terms_settle(&t, 2, NULL) == 0 && t.dropped == 3);
    s = shown(&t, 1);
    CHECK(!strcmp(s, ""));
    free(s);
    s = shown(&t, 2); /* a description is no expression */
    CHECK(!strcmp(s, "Sepsis (file)"));
    free(s);
    DONE("terms/max-df");
    terms_free(&t);

    CHECK(terms_settle(&t, 1, &shared) == 0);
    DONE("terms/none");
    terms_free(&t);
    unsigned k;
    int rc = 0;
    for (int i = 0; i <= TERMS_SOURCES && !rc; i++)
        rc = terms_source(&t, "x", &k);
    CHECK(rc == 64);
    DONE("terms/too-many-sources");
    terms_free(&t);
    TEST_EXIT();
}
