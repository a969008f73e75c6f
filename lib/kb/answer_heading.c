/* Headings of an answer: of the three lists, of thoughts, of the final answer. Tests: tests/unit/answer.c,
 * answer_thoughts.c. */
#include <ctype.h>
#include <strings.h>

#include "lib/kb/answer_part.h"

enum { LEVEL_BOLD = 7, LEVEL_PLAIN = 8, HEADING_WORDS_MAX = 14 };

int heading_type(struct slice s)
{
    static const struct {
        const char *word;
        enum kb_type type;
    } words[] = {{"abbreviation", KB_ABBREVIATION}, {"acronym", KB_ABBREVIATION},   {"initialism", KB_ABBREVIATION},
                 {"short form", KB_ABBREVIATION},   {"shorthand", KB_ABBREVIATION}, {"synonym", KB_SYNONYM},
                 {"alternative name", KB_SYNONYM},  {"alternate name", KB_SYNONYM}, {"other name", KB_SYNONYM},
                 {"alternative term", KB_SYNONYM},  {"alternate term", KB_SYNONYM}, {"also known as", KB_SYNONYM},
                 {"lay term", KB_SYNONYM},          {"layman's term", KB_SYNONYM},  {"clinical wording", KB_SYNONYM},
                 {"medical term", KB_TERM},         {"clinical term", KB_TERM},     {"related term", KB_TERM},
                 {"terminology", KB_TERM},          {"expressions", KB_TERM},       {"terms", KB_TERM},
                 {"diagnostic term", KB_TERM}};
    const char *first[KB_TYPES] = {0};
    size_t types = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = slice_find(s, words[i].word), **f = &first[words[i].type];
        if (at && (!*f || at < *f)) {
            types += !*f;
            *f = at;
        }
    }
    if (first[KB_ABBREVIATION]) /* "terms, abbreviations and synonyms" is a title over all */
        return types == 1 ? KB_ABBREVIATION : -1;
    if (types == 2)
        return first[KB_SYNONYM] <= first[KB_TERM] ? KB_SYNONYM : KB_TERM;
    if (first[KB_SYNONYM])
        return KB_SYNONYM;
    return first[KB_TERM] ? KB_TERM : -1;
}

static bool is_one_of(struct slice s, const char *const *list)
{
    for (; *list; list++)
        if (slice_is(s, *list))
            return true;
    return false;
}

/* Without "Here is" and "My" before it and dots behind it. */
static struct slice unled(struct slice s)
{
    static const char *const leads[] = {"here is ", "here's ",       "here are ",     "now ",      "my ",
                                        "the ",     "step by step ", "step-by-step ", "internal ", "initial "};
    bool bullet;
    s = slice_unlettered(answer_unbullet(slice_plain(s), &bullet));
    while (s.n && strchr(".:- ", s.p[s.n - 1]))
        s.n--;
    while (s.n && strchr(".- ", *s.p))
        s = (struct slice){s.p + 1, s.n - 1};
    for (size_t k = 0; k < sizeof leads / sizeof *leads; k++)
        if (slice_begins(s, leads[k]) && s.n > strlen(leads[k])) {
            s = slice_trim((struct slice){s.p + strlen(leads[k]), s.n - strlen(leads[k])});
            k = (size_t)-1;
        }
    return s;
}

bool heading_is_thoughts(struct slice head)
{
    static const char *const names[] = {"reasoning",
                                        "reasoning process",
                                        "thought",
                                        "thoughts",
                                        "thought process",
                                        "thinking",
                                        "thinking process",
                                        "chain of thought",
                                        "chain-of-thought",
                                        "analysis",
                                        "monologue",
                                        "scratchpad",
                                        "reflection",
                                        "reflections",
                                        "deliberation",
                                        "rationale",
                                        "thinking aloud",
                                        "thinking out loud",
                                        NULL};
    return is_one_of(unled(head), names);
}

/* A word or two that are a heading also without a mark. */
static bool bare_heading(struct slice s)
{
    static const char *const bare[] = {"medical terms",
                                       "terms",
                                       "abbreviations",
                                       "acronyms",
                                       "synonyms",
                                       "abbreviations and acronyms",
                                       "medical expressions",
                                       "related medical terms"};
    s = slice_unlettered(s);
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        if (slice_is(s, bare[i]))
            return true;
    return false;
}

/* "**Synonyms:** a, b", "## Synonyms", "Synonyms: a, b", "**Treatment**". An entry with an explanation looks alike; it
 * is one when its words name none of the three and something follows them. */
bool heading_of(struct slice s, struct heading *h)
{
    bool bullet, colon = false;
    size_t sharp = 0;
    const char *at;
    /* the marks before it; "#1" is a number */
    while (sharp < s.n && sharp < 6 && s.p[sharp] == '#')
        sharp++;
    sharp = sharp == 1 && s.n > 1 && isdigit((unsigned char)s.p[1]) ? 0 : sharp;
    s = answer_unbullet(slice_unpictured((struct slice){s.p + sharp, s.n - sharp}), &bullet);
    s = slice_unpictured(s);
    struct slice head = s;
    h->rest = (struct slice){s.p + s.n, 0};
    h->level = sharp ? (int)sharp : LEVEL_PLAIN;
    /* the head, and what follows it: bold, or up to a colon */
    if (s.n > 4 && (!memcmp(s.p, "**", 2) || !memcmp(s.p, "__", 2)) && (at = memmem(s.p + 2, s.n - 2, s.p, 2))) {
        head = (struct slice){s.p + 2, (size_t)(at - s.p) - 2};
        h->rest = slice_trim((struct slice){at + 2, s.n - head.n - 4});
        h->level = sharp ? (int)sharp : LEVEL_BOLD;
        colon = h->rest.n && *h->rest.p == ':';
        if (colon)
            h->rest = slice_trim((struct slice){h->rest.p + 1, h->rest.n - 1});
    } else if ((at = memchr(s.p, ':', s.n))) {
        head = (struct slice){s.p, (size_t)(at - s.p)};
        h->rest = slice_trim((struct slice){at + 1, s.n - head.n - 1});
        colon = true;
    }
    head = slice_plain(head);
    if (head.n && head.p[head.n - 1] == ':') {
        colon = true;
        head = slice_plain((struct slice){head.p, head.n - 1});
    }
    /* is it one? */
    if (!slice_worded(head) || slice_words(head) > HEADING_WORDS_MAX)
        return false;
    h->rest = slice_plain(h->rest);
    h->type = heading_type(head);
    h->thoughts = !bullet && heading_is_thoughts(head) && (colon || sharp || h->level == LEVEL_BOLD);
    if (h->thoughts)
        return true;
    if (h->type >= 0)
        return colon || sharp || (h->level == LEVEL_BOLD && !bullet) || bare_heading(head);
    return sharp || (!h->rest.n && colon && !bullet);
}

/* ---- where the answer begins and ends ---- */

static const char *const answer_names[] = {
    "answer",        "final answer",    "final response", "final output",    "final list",
    "final lists",   "final result",    "response",       "done thinking",   "final version",
    "final answers", "end of thinking", "answer is",      "final answer is", NULL};
/* Who speaks, before the first word of the answer: "AI" is also aortic insufficiency. */
static const char *const model_names[] = {"assistant", "ai", "model", "bot", NULL};
static const char *const prompt_names[] = {"user", "human", "instruction", "instructions", NULL};

/* "### Answer", "**Final answer:** text", "Assistant: text": what names it and what follows on the line. */
static bool label(struct slice s, struct slice *head, struct slice *rest)
{
    const char *at;
    bool marked = false;
    s = slice_trim(s);
    if (s.n > 1 && strchr("-+*", *s.p) && s.p[1] == ' ') /* an entry */
        return false;
    while (s.n && *s.p == '#') {
        s = slice_trim((struct slice){s.p + 1, s.n - 1});
        marked = true;
    }
    *head = s;
    *rest = (struct slice){s.p + s.n, 0};
    if (s.n > 4 && (!memcmp(s.p, "**", 2) || !memcmp(s.p, "__", 2)) && (at = memmem(s.p + 2, s.n - 2, s.p, 2))) {
        *head = (struct slice){s.p + 2, (size_t)(at - s.p) - 2};
        *rest = slice_trim((struct slice){at + 2, s.n - head->n - 4});
        marked |= !rest->n || *rest->p == ':' || (head->n && head->p[head->n - 1] == ':');
        if (rest->n && *rest->p == ':')
            *rest = slice_trim((struct slice){rest->p + 1, rest->n - 1});
    } else if ((at = memchr(s.p, ':', s.n < 48 ? s.n : 48))) {
        *head = (struct slice){s.p, (size_t)(at - s.p)};
        *rest = slice_trim((struct slice){at + 1, s.n - head->n - 1});
        marked = true;
    }
    return head->n <= 48 && slice_words(*head) <= 6 && (marked || !rest->n);
}

/* Lines of a chat without tokens, and of a model that says where its answer begins. It may say so more than once, so
 * the last one counts. */
struct slice answer_final(struct answer *a, struct slice text)
{
    struct slice head, rest, final = text;
    bool worded = false, asks = false, thinks = false;
    size_t line = 0, before = 0;
    for (const char *p = text.p, *end = p + text.n, *stop; p < end; p = stop + 1, line++) {
        stop = memchr(p, '\n', (size_t)(end - p));
        stop = stop ? stop : end;
        struct slice s = {p, (size_t)(stop - p)};
        bool labelled = s.n <= ANSWER_LINE_MAX && label(s, &head, &rest);
        struct slice name = labelled ? unled(head) : head;
        if (labelled && (is_one_of(name, answer_names) || ((asks || !worded) && is_one_of(name, model_names)))) {
            const char *from = rest.n ? rest.p : stop;
            final = (struct slice){from, (size_t)(end - from)};
            a->thoughts |= worded || asks;
            before = line;
            worded = slice_worded(rest);
            asks = thinks = false;
        } else if (labelled && is_one_of(name, prompt_names) && worded && !asks) {
            final.n = (size_t)(p - final.p); /* the model went on with a next question */
            a->behind = true;
            break;
        } else if (labelled && is_one_of(name, prompt_names)) {
            asks = true;
        } else {
            thinks |= labelled && !worded && slice_is(slice_trim(s), "thinking...");
            worded = worded || slice_worded(s);
        }
    }
    if (asks || thinks)
        answer_refuse(a, asks ? "the question without an answer" : "cut off while thinking");
    a->line += before;
    return final;
}
