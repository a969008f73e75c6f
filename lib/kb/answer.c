/* An answer's lines: headings, entries, talk. See answer.h; tests: tests/unit/answer*.c. */
#include "lib/kb/answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"

int answer_lost(struct answer *a, const char *why)
{
    a->told++;
    return a->sink->left_out(a->sink->ctx, a->line, true, why);
}

int answer_talk(struct answer *a, const char *why)
{
    return a->sink->left_out(a->sink->ctx, a->line, false, why);
}

void answer_refuse(struct answer *a, const char *why)
{
    if (!a->refused) {
        a->refused = why;
        a->refused_line = a->line;
    }
}

/* A term is held until the end: the answer may yet be refused. */
int answer_term(struct answer *a, enum kb_type type, const char *text, size_t n)
{
    a->found++;
    TRY(buf_add(&a->held, &type, sizeof type));
    TRY(buf_add(&a->held, &n, sizeof n));
    return buf_add(&a->held, text, n);
}

static int tell_terms(struct answer *a)
{
    enum kb_type type;
    size_t n;
    for (const char *p = a->held.p, *end = p ? p + a->held.n : p; p < end; p += n) {
        memcpy(&type, p, sizeof type);
        memcpy(&n, p + sizeof type, sizeof n);
        p += sizeof type + sizeof n;
        TRY(a->sink->term(a->sink->ctx, type, p, n));
    }
    return 0;
}

/* ---- headings ---- */

static int open_heading(struct answer *a, const struct heading *h)
{
    a->columns = a->counted = 0;
    a->by_row = false;
    if (h->type < 0) {
        if (a->in && !a->other && h->level > a->level)
            return 0; /* a group within the section */
        a->other = a->in;
        a->level = a->other ? h->level : a->level;
        return answer_talk(a, "a heading that is none of the three");
    }
    a->in = true;
    a->other = false;
    a->section = (enum kb_type)h->type;
    a->level = h->level;
    if (a->opened[a->section]++)
        a->again = true;
    return slice_worded(h->rest) ? answer_entry(a, a->section, h->rest, true) : 0;
}

bool answer_fence(struct slice s)
{
    return s.n >= 3 && (!memcmp(s.p, "```", 3) || !memcmp(s.p, "~~~", 3));
}

/* Do thoughts begin with line s, or does it belong to them? They end with a heading of the same level or above, or with
 * their fence. `h`: what heading_of found, NULL: nothing. */
int answer_thoughts(struct answer *a, struct slice s, const struct heading *h, bool *in)
{
    if (answer_fence(s) && (a->fenced || heading_is_thoughts((struct slice){s.p + 3, s.n - 3}))) {
        a->fenced = !a->fenced;
        *in = true;
        return answer_talk(a, "thoughts");
    }
    if (h && h->thoughts && (!a->reasoning || h->level <= a->reasoning))
        a->reasoning = h->level;
    else if (h && h->level <= a->reasoning)
        a->reasoning = 0;
    *in = a->reasoning || a->fenced;
    a->aloud |= a->reasoning != 0;
    return *in ? answer_talk(a, "thoughts") : 0;
}

/* ---- lines ---- */

/* Lines that belong to no entry and no heading: fences, the question; true: it was one. */
static int passed_over(struct answer *a, struct slice s, bool *was)
{
    *was = true;
    if (!s.n) {
        a->talk = false;
        return 0;
    }
    if (answer_fence(s))
        return 0;
    if (answer_is_question(s))
        return answer_talk(a, "the question");
    bool bullet;
    if (answer_is_monologue(answer_unbullet(s, &bullet))) {
        a->talk = a->aloud = true;
        return answer_talk(a, "thoughts");
    }
    *was = false;
    return 0;
}

static int entry_line(struct answer *a, struct slice s)
{
    bool bullet;
    struct slice entry = answer_unletter(a, answer_unbullet(s, &bullet));
    bullet |= entry.n < s.n;
    a->talk &= !bullet;
    if (a->talk || (!bullet && answer_is_talk(s))) {
        a->talk = true;
        return answer_talk(a, "words to the reader");
    }
    if (!a->in && !bullet)
        return slice_worded(s) ? answer_talk(a, "before the first heading") : 0;
    if (!a->in || a->other)
        return slice_worded(entry) ? answer_lost(a, "an entry under none of the three headings") : 0;
    size_t commas = 0;
    for (size_t i = 0; i < entry.n; i++)
        commas += entry.p[i] == ',';
    return answer_entry(a, a->section, entry, !bullet && commas > 1);
}

static int line(struct answer *a, struct slice s)
{
    struct heading h;
    bool done;
    s = slice_trim(s);
    while (s.n && *s.p == '>')
        s = slice_trim((struct slice){s.p + 1, s.n - 1});
    if (!a->in && (slice_begins(s, "A.") || slice_begins(s, "A:"))) /* later it would be "A. fib" */
        s = slice_trim((struct slice){s.p + 2, s.n - 2});
    bool headed = s.n && *s.p != '|' && heading_of(s, &h);
    TRY(answer_thoughts(a, s, headed ? &h : NULL, &done));
    if (done)
        return 0;
    TRY(passed_over(a, s, &done));
    if (done)
        return 0;
    if (s.n > 1 && *s.p == '|')
        return answer_row(a, s);
    if (headed) {
        a->talk = false;
        return open_heading(a, &h);
    }
    return entry_line(a, s);
}

/* The line at p, without its end; *counted: it ends one that has a number. */
struct slice answer_line(const char *p, const char *end, bool *counted)
{
    const char *stop = p;
    while (stop < end && *stop != '\n' && *stop != '\v')
        stop++;
    *counted = stop == end || *stop == '\n';
    return (struct slice){p, (size_t)(stop - p)};
}

/* The next line with something in it, from p. */
static struct slice next_line(const char **p, const char *end)
{
    struct slice s = {*p, 0};
    bool counted;
    for (; *p < end && !s.n; *p += s.n ? 0 : 1) {
        s = answer_line(*p, end, &counted);
        *p += s.n;
        s = slice_trim(s);
    }
    return s;
}

static int lines(struct answer *a, struct slice text)
{
    const char *end = text.p + text.n, *ahead = text.p;
    bool counted = true;
    for (const char *p = text.p; p < end;) {
        a->line += counted;
        struct slice s = answer_line(p, end, &counted);
        p += s.n + 1;
        if (ahead < p) {
            ahead = p < end ? p : end;
            a->next = next_line(&ahead, end);
        }
        TRY(s.n > ANSWER_LINE_MAX ? answer_lost(a, "a line that is too long") : line(a, s));
    }
    return 0;
}

/* ---- whole answers ---- */

/* Tags, tokens and references of HTML in s, a JSON string or a whole answer: *out is what is left, the caller's. */
int answer_markup(struct answer *a, struct slice s, struct buf *out)
{
    struct buf plain = {0};
    struct answer_text t = {0};
    int rc = answer_references(s, &plain);
    rc = rc ? rc : answer_tags(slice_of(&plain), true, &t);
    buf_free(&plain);
    a->thoughts |= t.dropped;
    a->behind |= t.behind;
    a->line += t.line;
    if (t.refused) {
        a->line += t.refused_line - t.line;
        answer_refuse(a, t.refused);
        a->line -= t.refused_line - t.line;
    }
    *out = t.text;
    return rc;
}

/* Lists or a description; JSON may come to light only when "&lt;/think&gt;" is read as a tag. */
static int read_plain(struct answer *a, struct slice s, bool description)
{
    bool json = false;
    TRY(answer_json(a, s.p, s.n, description, &json));
    if (json)
        return 0;
    a->empty = !slice_worded(s);
    a->declined = answer_refuses(s);
    return description ? answer_description(a, s) : lines(a, s);
}

static int read_text(struct answer *a, struct slice text, bool description)
{
    struct buf out = {0};
    bool json = false;
    text = answer_final(a, text);
    if (a->refused)
        return 0;
    size_t line = a->line;
    a->line = 0;
    TRY(answer_json(a, text.p, text.n, description, &json));
    a->line = line;
    if (json)
        return 0;
    int rc = answer_markup(a, text, &out);
    if (!rc && !a->refused)
        rc = read_plain(a, slice_of(&out), description);
    buf_free(&out);
    return rc;
}

/* What came of the whole. */
static int settle(struct answer *a, bool description)
{
    if (a->again && a->aloud)
        answer_refuse(a, "thinks aloud, and where that ends is unclear");
    a->line = 0;
    if (a->thoughts)
        TRY(answer_talk(a, "thoughts or a prompt before the answer"));
    if (a->behind)
        TRY(answer_talk(a, "behind the end of the answer"));
    if (a->refused) {
        a->found = 0;
        a->line = a->refused_line;
        return answer_lost(a, a->refused);
    }
    if (a->found || a->told)
        return tell_terms(a);
    if (a->empty)
        return answer_lost(a, "empty");
    if (a->declined)
        return answer_lost(a, "a refusal");
    if (description)
        return answer_lost(a, "no description");
    return answer_lost(a, a->in ? "no expression under the headings"
                                : "none of the headings Medical terms, Abbreviations, Synonyms");
}

int answer_read(const char *text, size_t n, bool description, const char *code, const struct answer_sink *sink,
                size_t *found)
{
    struct answer a = {.sink = sink, .code = code};
    struct answer_text t = {0};
    struct buf b = {0};
    uint64_t bad = 0;
    int rc = utf8_add(&b, text, n, &bad);
    if (!rc)
        answer_chars(&b);
    rc = rc ? rc : answer_tags(slice_of(&b), false, &t);
    a.thoughts = t.dropped;
    a.behind = t.behind;
    a.refused = t.refused;
    a.refused_line = t.refused_line;
    a.line = t.line;
    rc = rc ? rc : read_text(&a, slice_of(&t.text), description);
    rc = rc ? rc : settle(&a, description);
    *found = a.found;
    buf_free(&b);
    buf_free(&t.text);
    buf_free(&a.held);
    return rc;
}
