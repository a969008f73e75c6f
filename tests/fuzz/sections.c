/* Two parts: rules of sections, and a note. Each byte of the note is in one section and one of its paragraphs. */
#include "lib/text/sections.h"
#include "tests/fuzz/fuzz.h"

static void whole(const struct section_rules *r, const char *p, size_t n, const struct sections *s)
{
    int64_t at = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct section *c = &s->sec[i];
        FUZZ_CHECK(c->begin == at && c->begin <= c->body && c->body <= c->end && c->end <= (int64_t)n);
        FUZZ_CHECK(c->kind >= 0 && c->kind < section_kinds(r) && section_name(r, c->kind));
        for (size_t k = 0; k < c->npara; k++) {
            const struct paragraph *g = &s->para[c->para + k];
            FUZZ_CHECK(g->begin == at && g->end >= at && g->end <= c->end);
            at = g->end;
        }
        FUZZ_CHECK(at == c->end);
        double listed = -1;
        FUZZ_CHECK(section_listed(p, c, &listed) == 0 && listed >= 0 && listed <= 1);
    }
    FUZZ_CHECK(!s->n || at == (int64_t)n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct section_rules *canonical;
    struct section_rules *own = NULL;
    struct fuzz_part rules = fuzz_next(&data, &size), note = fuzz_next(&data, &size);
    if (!canonical)
        FUZZ_CHECK(!section_rules_load(&canonical, NULL));
    if (rules.n > 1 && fuzz_rc(section_rules_load(&own, fuzz_file("rules.tsv", rules.p, rules.n))))
        return 0;
    const struct section_rules *r = own ? own : canonical;
    char *text = malloc(note.n + !note.n);
    FUZZ_CHECK(text);
    memcpy(text, note.p, note.n);
    struct sections s = {0};
    struct section_start start[2] = {{0, false}, {(int64_t)note.n / 2, true}};
    for (int how = 0; how < 8; how++) {
        FUZZ_CHECK(!sections_find(r, text, note.n, start, how & 4 ? 2 : 0, (enum paragraphs)(how & 3), &s));
        whole(r, text, note.n, &s);
    }
    sections_free(&s);
    section_rules_free(own);
    free(text);
    return 0;
}
