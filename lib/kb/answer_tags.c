/* Tags and tokens in an answer: what a model thought aloud goes, the chat template's tokens begin and end the answer,
 * HTML becomes lines, and a tag that is not known is not guessed at. One pass, so the time is linear: what is dropped
 * is the output so far. Tests: tests/unit/answer_thoughts.c. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

/* ---- naming ---- */

static bool named(struct slice name, const char *const *names)
{
    for (; *names; names++)
        if (slice_is(name, *names))
            return true;
    return false;
}

static bool names_thoughts(struct slice name)
{
    static const char *const parts[] = {"think",     "thought",  "reason", "reflect",   "scratch",
                                        "monolog",   "analys",   "ponder", "deliberat", "brainstorm",
                                        "rationale", "critique", "inner_", "inner-",    NULL};
    static const char *const whole[] = {"plan", "planning", "cot", "draft", "steps", "inner", NULL};
    for (size_t i = 0; parts[i]; i++)
        if (slice_find(name, parts[i]))
            return true;
    return named(name, whole);
}

static bool names_answer(struct slice name)
{
    static const char *const names[] = {"answer",         "final_answer",      "final-answer", "output",
                                        "response",       "final_response",    "final",        "result",
                                        "solution",       "description",       "definition",   "start_response",
                                        "begin_response", "begin_of_solution", "begin_of_box", NULL};
    return named(name, names);
}

static bool names_end(const struct tag *t)
{
    static const char *const names[] = {"eos", "eot", "eod", "eom", "eot_id", "eom_id", "sep", "endoftext", NULL};
    static const char *const bare[] = {"end", "return", "call", NULL};
    return named(t->name, names) || (t->kind == '|' && named(t->name, bare)) || (t->close && slice_is(t->name, "s")) ||
           slice_begins(t->name, "end_") || slice_find(t->name, "_end") || slice_find(t->name, "end\xE2\x96\x81of");
}

/* Begins a text, a part of it, or fills it up. */
static bool names_nothing(const struct tag *t)
{
    static const char *const names[] = {"bos",           "pad",    "cls", "startoftext", "begin_of_text", "message",
                                        "end_header_id", "im_sep", "sop", "gmask",       "unk",           NULL};
    return named(t->name, names) || (!t->close && t->kind == '<' && slice_is(t->name, "s")) ||
           slice_begins(t->name, "extra_id_") || slice_find(t->name, "begin\xE2\x96\x81of");
}

enum role { ROLE_NONE, ROLE_USER, ROLE_MODEL, ROLE_THINKS, ROLE_ANSWERS };
static enum role role_of(struct slice name)
{
    static const char *const users[] = {"user",        "human",   "system",         "developer", "tool",
                                        "observation", "ipython", "assistant_tool", NULL};
    static const char *const models[] = {"assistant", "model", "ai", "bot", "gpt", "chatbot", "chatbot_token", NULL};
    if (named(name, users) || slice_is(name, "user_token") || slice_is(name, "system_token"))
        return ROLE_USER;
    if (named(name, models))
        return ROLE_MODEL;
    if (names_thoughts(name))
        return ROLE_THINKS;
    return names_answer(name) ? ROLE_ANSWERS : ROLE_NONE;
}

/* ---- HTML ---- */

/* What stands for a tag of HTML, or for one that is named like a heading. "\v" ends a line that is not counted. */
static const char *html_text(const struct tag *t)
{
    static const struct {
        const char *name, *open, *close;
    } tags[] = {{"br", "\v", "\v"},     {"hr", "\v", "\v"},      {"p", "\v", "\v"},    {"div", "\v", "\v"},
                {"ul", "\v", "\v"},     {"ol", "\v", "\v"},      {"li", "\v- ", "\v"}, {"item", "\v- ", "\v"},
                {"term", "\v- ", "\v"}, {"entry", "\v- ", "\v"}, {"h1", "\v# ", "\v"}, {"h2", "\v## ", "\v"},
                {"h3", "\v### ", "\v"}, {"h4", "\v#### ", "\v"}, {"h5", "\v# ", "\v"}, {"h6", "\v# ", "\v"},
                {"tr", "\v| ", "\v"},   {"td", "", " | "},       {"th", "", " | "},    {"table", "\v", "\v"},
                {"tbody", "", ""},      {"thead", "", ""},       {"pre", "\v", "\v"},  {"code", "", ""},
                {"b", "", ""},          {"strong", "", ""},      {"i", "", ""},        {"em", "", ""},
                {"u", "", ""},          {"span", "", ""},        {"small", "", ""},    {"mark", "", ""},
                {"font", "", ""},       {"sub", "", ""},         {"sup", "", ""},      {"html", "", ""},
                {"body", "", ""}};
    if (t->kind != '<')
        return NULL;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (slice_is(t->name, tags[i].name))
            return t->close ? tags[i].close : tags[i].open;
    return NULL;
}

/* <medical_terms>: a heading, with blanks for its marks. */
static bool is_heading(const struct tag *t, char *name, size_t size)
{
    if (t->kind != '<' || t->name.n >= size)
        return false;
    for (size_t i = 0; i < t->name.n; i++)
        name[i] = strchr("_-", t->name.p[i]) ? ' ' : t->name.p[i];
    name[t->name.n] = 0;
    return heading_type((struct slice){name, t->name.n}) >= 0;
}

/* "<sup>1</sup>" is a footnote: its bytes. */
static size_t footnote(const struct tag *t, struct slice behind)
{
    size_t n = 0;
    while (n < behind.n && n < 6 && (isdigit((unsigned char)behind.p[n]) || behind.p[n] == ',' || behind.p[n] == '*'))
        n++;
    return slice_is(t->name, "sup") && n && slice_starts(slice_from(behind, n), "</sup>") ? n + 6 : 0;
}

/* ---- the pass ---- */

struct pass {
    struct answer_text *out;
    bool markup;
    size_t seen;               /* lines ended so far */
    bool thinks, asks, ended;  /* in thoughts, in the prompt, behind the answer */
    bool worded;               /* there is a word in the output */
    bool over, comments_close; /* nothing more is read; perhaps there is a "-->" ahead */
};

static void restart(struct pass *p)
{
    p->out->dropped |= p->worded;
    p->out->text.n = 0;
    p->out->line = p->seen;
    p->out->refused = NULL;
    p->thinks = p->asks = p->ended = p->worded = false;
}

static void end(struct pass *p, bool over)
{
    if (p->thinks || p->asks || !p->worded)
        return;
    p->ended = true;
    p->over |= over;
}

static int add(struct pass *p, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool word = isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0xC3;
        p->seen += s[i] == '\n';
        p->out->behind |= p->ended && word;
        if ((p->asks || p->ended) && s[i] != '\n')
            continue;
        p->worded |= word;
        TRY(buf_add(&p->out->text, s + i, 1));
    }
    return 0;
}

static void begin_role(struct pass *p, enum role role)
{
    if (role == ROLE_USER) {
        end(p, true);
        p->asks |= !p->ended;
    } else if (role == ROLE_MODEL) {
        if (p->asks || (p->worded && !p->thinks && !p->ended))
            restart(p);
    } else if (role == ROLE_ANSWERS) {
        restart(p);
    } else if (!p->ended) {
        p->thinks = true;
    }
}

/* The word behind "<|im_start|>" or "<|channel|>"; its bytes, blanks too. */
static size_t word_behind(struct slice s, struct slice *word)
{
    size_t i = 0, begin;
    while (i < s.n && i < TAG_MAX && s.p[i] == ' ')
        i++;
    for (begin = i; i < s.n && i < TAG_MAX && (isalpha((unsigned char)s.p[i]) || s.p[i] == '_');)
        i++;
    *word = (struct slice){s.p + begin, i - begin};
    return i;
}

static int refuse(struct pass *p, const char *why)
{
    if (!p->out->refused && !p->thinks && !p->asks && !p->ended) {
        p->out->refused = why;
        p->out->refused_line = p->seen + 1;
    }
    return 0;
}

/* "<|im_start|>user": the bytes of the word, -1: no such token. */
static ptrdiff_t role_token(struct pass *p, const struct tag *t, struct slice behind)
{
    static const char *const heads[] = {
        "im_start", "start_header_id", "start_of_turn", "start", "start_of_role", "start_of_turn_token", NULL};
    struct slice word;
    size_t n = word_behind(behind, &word);
    bool direct = t->kind == '|' && !t->close && role_of(t->name) != ROLE_NONE && !names_thoughts(t->name) &&
                  !names_answer(t->name);
    if (t->kind == '|' && slice_is(t->name, "channel")) {
        begin_role(p, slice_is(word, "final") ? ROLE_ANSWERS : ROLE_THINKS);
        return (ptrdiff_t)n;
    }
    if (direct)
        begin_role(p, role_of(t->name));
    if (direct || (slice_is(t->name, "start_of_turn_token") && !word.n))
        return 0;
    if (!named(t->name, heads))
        return -1;
    if (role_of(word) == ROLE_NONE)
        return refuse(p, "a tag that is not known");
    begin_role(p, role_of(word));
    return (ptrdiff_t)n;
}

static bool take_thoughts(struct pass *p, const struct tag *t)
{
    if (!names_thoughts(t->name))
        return false;
    bool close = t->close || slice_begins(t->name, "end") || slice_find(t->name, "suffix");
    if (close)
        restart(p);
    else
        p->thinks |= !p->ended && !p->asks;
    p->out->dropped |= close;
    return true;
}

static bool take_frame(struct pass *p, const struct tag *t)
{
    if (slice_is(t->name, "inst")) {
        if (!t->close)
            begin_role(p, ROLE_USER);
        else if (p->asks)
            restart(p);
        else
            end(p, true);
    } else if (names_nothing(t)) {
        return true;
    } else if (t->kind != '[' && names_answer(t->name)) {
        if (t->close)
            end(p, false);
        else
            restart(p);
    } else if (names_end(t)) {
        end(p, true);
    } else {
        return false;
    }
    return true;
}

/* *bytes: of the tag and what is read with it; 0: it is text. */
static int take(struct pass *p, const struct tag *t, struct slice s, size_t *bytes)
{
    char name[TAG_MAX + 1];
    struct slice behind = slice_from(s, t->bytes);
    const char *text;
    ptrdiff_t n = t->kind == '[' || t->kind == 't' ? -1 : role_token(p, t, behind);
    *bytes = t->bytes + (n > 0 ? (size_t)n : 0);
    if (n >= 0 || take_thoughts(p, t) || take_frame(p, t))
        return 0;
    bool heading = is_heading(t, name, sizeof name);
    if ((text = html_text(t)) || heading || answer_is_none(t->name)) {
        *bytes = p->markup ? t->bytes : 0;
        if (!p->markup)
            return 0;
        if (text) {
            *bytes += t->close ? 0 : footnote(t, behind);
            return add(p, text, strlen(text));
        }
        if (!heading)
            return add(p, t->name.p, t->name.n);
        if (t->close)
            return add(p, "\v", 1);
        TRY(add(p, "\v# ", 3));
        TRY(add(p, name, strlen(name)));
        return add(p, "\v", 1);
    }
    if (t->kind == '[' || !t->sure) /* "[MI]" */
        *bytes = 0;
    return *bytes ? refuse(p, "a tag that is not known") : 0;
}

/* "<!-- ... -->": its bytes. */
static size_t comment(struct pass *p, struct slice s)
{
    if (!p->comments_close || !slice_starts(s, "<!--"))
        return 0;
    const char *close = memmem(s.p, s.n, "-->", 3);
    p->comments_close = close != NULL;
    return close ? (size_t)(close - s.p) + 3 : 0;
}

int answer_tags(struct slice s, bool markup, struct answer_text *out)
{
    static const char *const glued = "assistantfinal"; /* of "<|start|>assistant<|channel|>final" without its tokens */
    struct pass p = {.out = out, .markup = markup, .comments_close = true};
    struct tag t;
    size_t n;
    /* "analysisWe need to list": the same of a channel */
    p.thinks = s.n > 9 && slice_starts(s, "analysis") && isupper((unsigned char)s.p[8]);
    size_t from_byte = p.thinks ? 8 : 0;
    for (size_t i = from_byte; i < s.n && !p.over; i += n) {
        struct slice here = slice_from(s, i);
        n = 0;
        if (*here.p == 'a' && slice_starts(here, glued)) {
            restart(&p);
            n = strlen(glued);
        } else if (*here.p == '<' && (n = comment(&p, here))) {
            for (size_t k = 0; k < n; k++)
                TRY(here.p[k] == '\n' ? add(&p, "\n", 1) : 0);
        } else if (strchr("<[\xE2", *here.p) && *here.p && tag_at(here, &t)) {
            TRY(take(&p, &t, here, &n));
        }
        if (!n) {
            n = 1;
            TRY(add(&p, here.p, 1));
        } else if (p.over) {
            out->behind = slice_worded(slice_from(here, n));
        }
    }
    if (p.thinks && !out->refused) {
        out->refused = "cut off while thinking";
        out->refused_line = 0;
    }
    return 0;
}
