/* Answers of language models: lib/kb/answer.h. A case is an answer, the terms in it (T:, A:, S:, D: by type, parted by
 * "|") and how many pieces must be told as lost. Then the same answers mangled: whatever comes out keeps the
 * promises. */
#include "lib/util/rng.h"
#include "tests/unit/answer.h"

/* clang-format off */
static const struct {
    const char *name, *text, *terms;
    size_t lost;
} cases[] = {
    {"figure-5",
     "GPT3.5\n\nQ. List the terms for the code. ICD-9 code : 401.9 Unspecified essential hypertension\n\n"
     "A. **Medical terms**:\n\nHypertension\nHigh blood pressure\n.\n.\n\nAbbreviations:\nHTN\nBP\n. .\n\n"
     "Synonyms:\nUnspecified hypertension\nEssential hypertension Not Otherwise Specified\n.\n",
     "T:Hypertension|T:High blood pressure|A:HTN|A:BP|S:Unspecified hypertension|"
     "S:Essential hypertension Not Otherwise Specified", 0},
    {"bullets", "**Medical Terms:**\n- Hypertension\n* High BP\n+ EH\n\u2022 Raised pressure\n- [ ] Boxed item\n",
     "T:Hypertension|T:High BP|T:EH|T:Raised pressure|T:Boxed item", 0},
    {"numbers", "SYNONYMS\n1. Heart attack\n2) Coronary\n(3) MI pain\n12. 3-vessel disease\n2 vessel disease\n",
     "S:Heart attack|S:Coronary|S:MI pain|S:3-vessel disease|S:2 vessel disease", 0},
    {"sharp-headings", "# ICD-9 401.9\n## Medical terms\nHypertension\n### Cardiac\n- LVH\n## Acronyms\nHTN\n",
     "T:Hypertension|T:LVH|A:HTN", 0},
    {"numbered-headings", "1. **Medical terms**\n   - One term\n2. Abbreviations:\n   - HTN\n3. Synonyms: a "
     "word, another\n",
     "T:One term|A:HTN|S:a word|S:another", 0},
    {"commas", "Medical terms: hypertension, high blood pressure (chronic, severe), and arterial tension.\n"
               "Abbreviations: HTN; HBP, EH, etc.\nSynonyms:\nraised pressure, tension, hyperpiesia\n",
     "T:hypertension|T:high blood pressure|T:arterial tension|A:HTN|A:HBP|A:EH|S:raised pressure|S:tension|"
     "S:hyperpiesia", 0},
    {"one-comma-is-a-term", "Medical terms:\n- Hypertension, essential\nHypertension, benign\n",
     "T:Hypertension, essential|T:Hypertension, benign", 0},
    {"expansions", "Abbreviations:\n- HTN (Hypertension)\n- **BP**: blood pressure\n- SBP - systolic blood pressure\n"
                   "- High blood pressure (HBP)\n- DBP \u2013 diastolic pressure\n- EH = essential hypertension\n",
     "A:HTN|T:Hypertension|A:BP|T:blood pressure|A:SBP|T:systolic blood pressure|A:HBP|T:High blood pressure|A:DBP|"
     "T:diastolic pressure|A:EH|T:essential hypertension", 0},
    {"expansions-in-a-row", "Abbreviations: HTN (hypertension), BP - blood pressure, SBP - systolic pressure\n",
     "A:HTN|T:hypertension|A:BP|T:blood pressure|A:SBP|T:systolic pressure", 0},
    {"short-form-behind", "Synonyms:\n- Essential hypertension (EH)\n- Hypertension (chronic)\n",
     "S:Essential hypertension|A:EH|S:Hypertension", 0},
    {"explained", "Medical terms:\n- **Hypertension**: pressure that is too high, for long\n- Nephrosclerosis "
     "\u2014 scarring\n",
     "T:Hypertension|T:Nephrosclerosis", 0},
    {"quotes", "Synonyms:\n\"raised pressure\"\n- \u201chigh tension\u201d\n- 'silent killer'\n- `code`\n- "
     "*slanted*\n- __bold__\n",
     "S:raised pressure|S:high tension|S:silent killer|S:code|S:slanted|S:bold", 0},
    {"talk", "Sure! Here are the expressions you asked for.\n\nMedical terms:\n- Hypertension\n\n"
             "Please note that this list is not exhaustive, and\nthat usage differs.\n\nAbbreviations:\nHTN\n\n"
     "I hope this helps!\n",
     "T:Hypertension|A:HTN", 0},
    {"title-heading", "Medical terms, abbreviations and synonyms for 401.9:\n\n**Medical terms**\n- Hypertension\n",
     "T:Hypertension", 0},
    {"fences", "```markdown\n**Synonyms**:\n- raised pressure\n```\n", "S:raised pressure", 0},
    {"thoughts", "<think>\nMedical terms: wrong\n</think>\nMedical terms: right one\n", "T:right one", 0},
    {"windows", "\xEF\xBB\xBFSynonyms:\r\n- raised pressure\r\n- tension\r\n", "S:raised pressure|S:tension", 0},
    {"none", "Medical terms:\n- Hypertension\nAbbreviations:\n- None\nSynonyms: N/A\n- No common synonyms\n",
     "T:Hypertension", 0},
    {"the-code", "Medical terms:\n- 401.9\n- Hypertension\n", "T:Hypertension", 0},
    {"table", "| Medical terms | Abbreviations | Synonyms |\n|---|---|---|\n| Hypertension | HTN | raised "
     "pressure |\n| LVH | | x-y |\n",
     "T:Hypertension|A:HTN|S:raised pressure|T:LVH|S:x-y", 0},
    {"table-of-a-section", "## Abbreviations\n| Abbreviation | Meaning |\n|:--|:--|\n| HTN | Hypertension |\n",
     "A:HTN|T:Hypertension", 0},
    {"table-of-a-column", "## Synonyms\n| Synonym |\n|---|\n| raised pressure |\n\n**Abbreviations**\n- HTN\n"
     "| Medical term |\n|---|\n| Hypertension |\n",
     "S:raised pressure|A:HTN|T:Hypertension", 0},
    {"table-by-rows", "| Category | Expressions |\n|---|---|\n| Medical terms | hypertension; high tension |\n"
     "| Abbreviations | HTN, HBP |\n| Synonyms | raised pressure |\n",
     "T:hypertension|T:high tension|A:HTN|A:HBP|S:raised pressure", 0},
    {"json-in-plain-fences", "Sure!\n```\n{\"abbreviations\": [\"HTN\"], \"synonyms\": [\"none\"]}\n```\n", "A:HTN", 0},
    {"slashes", "Abbreviations:\n- AF / AFib\n- s/p\n- b.i.d.\n", "A:AF|A:AFib|A:s/p|A:b.i.d.", 0},
    {"json", "{\"medical_terms\": [\"Hypertension\", \"LVH\"], \"abbreviations\": {\"HTN\": \"Hypertension\"}, "
     "\"synonyms\": \"a b, c d\"}",
     "T:Hypertension|T:LVH|A:HTN|T:Hypertension|S:a b|S:c d", 0},
    {"json-in-fences", "Here you are:\n```json\n{\"401.9\": {\"Synonyms\": [\"raised pressure\"]}}\n```\nBye.",
     "S:raised pressure", 0},
    {"accents", "Synonyms:\n- M\u00e9ni\u00e8re's disease\n- Sj\u00f6gren\n", "S:M\u00e9ni\u00e8re's disease|"
     "S:Sj\u00f6gren", 0},
    {"looks-like-talk",
     "Medical terms:\nICD placement\nA. fib\nBelow the knee amputation\nOverall poor functional state\n",
     "T:ICD placement|T:A. fib|T:Below the knee amputation|T:Overall poor functional state", 0},
    {"quoted-lines", "> **Synonyms**\n> - raised pressure\n", "S:raised pressure", 0},
    /* What cannot be read is told. */
    {"lost-other-heading", "Medical terms:\n- Hypertension\n**Drugs**:\n- Lisinopril\nSynonyms:\n- tension pressure\n",
     "T:Hypertension|S:tension pressure", 1},
    {"lost-before-headings", "- Hypertension\nSynonyms:\n- raised pressure\n", "S:raised pressure", 1},
    {"lost-prose", "Synonyms:\n- raised pressure\nHigh pressure of the blood in the arteries is known by many "
     "names to many people "
                   "in all parts of the world.\n", "S:raised pressure", 1},
    {"lost-letter", "Abbreviations:\n- H\n- HTN\n", "A:HTN", 1},
    {"lost-utf8", "Synonyms:\n- raised\xff pressure\n- tension\n", "S:tension", 1},
    {"lost-control", "Synonyms:\n- raised\x01pressure\n- tension\n", "S:tension", 1},
    {"lost-markup", "Synonyms:\n- {raised} pressure\n- tension\n", "S:tension", 1},
    {"lost-json-member", "{\"synonyms\": [\"tension\", 7]}", "S:tension", 1},
    {"lost-no-heading", "Hypertension is high blood pressure.\nIt is common.", "", 1},
    {"lost-empty", "", "", 1},
    {"lost-blank", " \n\n", "", 1},
    {"lost-refusal", "I'm sorry, but I cannot help with that.", "", 1},
    {"lost-json", "{\"medical_terms\": [\"Hyper", "", 1},
    {"lost-thoughts", "<think>\nMedical terms: wrong\n", "", 1},
};
static const struct {
    const char *name, *text, *terms;
    size_t lost;
} described[] = {
    {"figure-4", "Q. Describe the code. ICD-9 code : 401.9 Unspecified essential hypertension\n\n"
                 "A. High blood pressure without a known cause, which is not said to be benign or malignant.\n",
     "D:High blood pressure without a known cause, which is not said to be benign or malignant.", 0},
    {"markdown", "Sure, here is a description of the code:\n\n### 401.9 Unspecified essential hypertension\n\n"
     "**Description:** "
                 "Raised **blood** pressure.\nIt is treated with:\n- diuretics\n- ACE inhibitors\n\nPlease note "
     "that I am no doctor.\n",
     "D:Raised blood pressure. It is treated with: diuretics; ACE inhibitors", 0},
    {"paragraphs", "This code is for raised pressure.\n\nIt has no known cause.\n",
     "D:This code is for raised pressure. It has no known cause.", 0},
    {"json", "{\"description\": \"Raised blood pressure without a cause.\"}", "D:Raised blood pressure without "
     "a cause.", 0},
    {"lost-lists", "**Medical terms:**\n- Hypertension\n\n**Abbreviations:**\n- HTN\n", "", 1},
    {"lost-short", "Hypertension.", "", 1},
    {"lost-refusal", "As an AI language model, I cannot describe codes.", "", 1},
    {"lost-utf8", "Raised \xc3( pressure of the blood.", "", 1},
    {"lost-empty", "```\n```\n", "", 1},
};
/* clang-format on */

static void check(const char *name, const char *text, bool description, const char *terms, size_t lost)
{
    char label[64];
    expect(name, text, description, terms, (long)lost);
    snprintf(label, sizeof label, "answer/%s%s", description ? "description-" : "", name);
    DONE(label);
}

/* Bytes changed, dropped, doubled, and marks thrown in. */
static void mangle(struct rng *r, const char *text, struct buf *b)
{
    static const char *const marks[] = {"**",
                                        "\n",
                                        ":",
                                        "|",
                                        "(",
                                        ")",
                                        ",",
                                        ";",
                                        "\xff",
                                        "\xe2\x80",
                                        "\"",
                                        "<think>",
                                        "{",
                                        "```",
                                        "#",
                                        " - ",
                                        "\t",
                                        "\xc2\xa0",
                                        "_",
                                        "'",
                                        "\r",
                                        "\xe2\x80\x9c",
                                        "[",
                                        "1. ",
                                        "\xc2\x85",
                                        "</think>",
                                        "<|im_end|>",
                                        "<br>",
                                        "</s>",
                                        "```thinking\n",
                                        "&amp;",
                                        "a. ",
                                        "iv) ",
                                        " (rare)",
                                        "\xe2\x80\x8b",
                                        "[1]",
                                        "<x>",
                                        "/HTN",
                                        "Answer:\n",
                                        "Reasoning:\n",
                                        "| a | b |\n",
                                        "\xc2\xb9",
                                        "\xe3\x80\x91",
                                        "#",
                                        "\v",
                                        "$",
                                        "<",
                                        "o ",
                                        "](x)"};
    size_t n = strlen(text);
    b->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = rng_below(r, 64);
        if (x == 0)
            continue;
        if (x == 1)
            i -= i > 20 ? 20 : 0, n -= n > 1 ? 1 : 0; /* again, and an end that comes earlier */
        char c = x == 2 ? (char)rng_below(r, 256) : text[i];
        CHECK(buf_add(b, &c, 1) == 0);
        if (x == 3 || x == 4)
            CHECK(buf_str(b, marks[rng_below(r, sizeof marks / sizeof *marks)]) == 0);
    }
}

static void fuzz(void)
{
    struct rng r = rng_new(7, 0);
    struct buf b = {0};
    size_t broken = 0, terms = 0;
    for (int round = 0; round < 60; round++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases + sizeof described / sizeof *described; i++) {
            size_t k = sizeof cases / sizeof *cases;
            mangle(&r, i < k ? cases[i].text : described[i - k].text, &b);
            for (int description = 0; description < 2; description++) {
                struct got g = read_answer(b.p ? b.p : "", b.n, description);
                broken += g.broken;
                terms += g.terms.n > 1;
                buf_free(&g.terms);
            }
        }
    buf_free(&b);
    CHECK(broken == 0 && terms > 1000);
    DONE("answer/fuzz");
}

/* Nothing is quadratic, nothing recurses: a megabyte of each mark. */
static void large(void)
{
    static const char *const units[] = {
        "*", "\"", "(", "\xe2\x80\x9c", ", a", "- x\n", "[", "{\"a\":", "|", "\xe2\x80\x94", "#", "<think>", "a: "};
    struct buf b = {0};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        b.n = 0;
        CHECK(buf_str(&b, i % 2 ? "Synonyms:\n" : "") == 0);
        while (b.n < 1 << 20)
            CHECK(buf_str(&b, units[i]) == 0);
        for (int description = 0; description < 2; description++) {
            struct got g = read_answer(b.p, b.n, description);
            CHECK(!g.broken);
            buf_free(&g.terms);
        }
    }
    buf_free(&b);
    DONE("answer/large");
}

static void lines_are_told(void)
{
    const char *text = "Synonyms:\n- tension\n\n- x\n";
    struct got g = read_answer(text, strlen(text), false);
    CHECK(g.line == 4 && !strcmp(g.why, "a single letter or digit"));
    buf_free(&g.terms);
    DONE("answer/line-number");
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].name, cases[i].text, false, cases[i].terms, cases[i].lost);
    for (size_t i = 0; i < sizeof described / sizeof *described; i++)
        check(described[i].name, described[i].text, true, described[i].terms, described[i].lost);
    lines_are_told();
    fuzz();
    large();
    TEST_EXIT();
}
