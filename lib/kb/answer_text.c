/* Descriptions as in the paper's Figure 4, and what all of an answer's readers share: pieces of text, what is talk.
 * Tests: tests/unit/answer.c. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

/* ---- pieces of text ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
    for (bool more = true; more;) {
        more = false;
        for (; s.n && blank(*s.p); s.p++)
            s.n--;
        while (s.n && blank(s.p[s.n - 1]))
            s.n--;
        while (s.n >= 2 && !memcmp(s.p, "\xC2\xA0", 2)) /* no-break space */
            s = (struct slice){s.p + 2, s.n - 2}, more = true;
        while (s.n >= 2 && !memcmp(s.p + s.n - 2, "\xC2\xA0", 2))
            s.n -= 2, more = true;
    }
    return s;
}

struct slice slice_plain(struct slice s)
{
    static const char *const around[][2] = {{"**", "**"},
                                            {"__", "__"},
                                            {"*", "*"},
                                            {"_", "_"},
                                            {"`", "`"},
                                            {"\"", "\""},
                                            {"'", "'"},
                                            {"\xE2\x80\x9C", "\xE2\x80\x9D"},
                                            {"\xE2\x80\x98", "\xE2\x80\x99"}};
    s = slice_trim(s);
    for (size_t k = 0; k < sizeof around / sizeof *around;) {
        size_t a = strlen(around[k][0]), b = strlen(around[k][1]);
        bool open = s.n >= a && !memcmp(s.p, around[k][0], a);
        bool close = s.n >= b && !memcmp(s.p + s.n - b, around[k][1], b);
        /* Where a pair was cut apart, the half that is left goes too; not the apostrophe of a word. */
        if (a + b <= s.n && open && close) {
            s = slice_trim((struct slice){s.p + a, s.n - a - b});
        } else if (k != 6 && k != 8 && open && !memmem(s.p + a, s.n - a, around[k][1], b)) {
            s = slice_trim((struct slice){s.p + a, s.n - a});
        } else if (k != 6 && k != 8 && close && !memmem(s.p, s.n - b, around[k][0], a)) {
            s = slice_trim((struct slice){s.p, s.n - b});
        } else {
            k++;
            continue;
        }
        k = 0;
    }
    return s;
}

bool slice_is(struct slice s, const char *word)
{
    return s.n == strlen(word) && !strncasecmp(s.p, word, s.n);
}

bool slice_begins(struct slice s, const char *word)
{
    size_t n = strlen(word);
    return s.n >= n && !strncasecmp(s.p, word, n) &&
           (s.n == n || !isalpha((unsigned char)word[n - 1]) || !isalpha((unsigned char)s.p[n]));
}

const char *slice_find(struct slice s, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= s.n; i++)
        if (!strncasecmp(s.p + i, what, n))
            return s.p + i;
    return NULL;
}

size_t slice_words(struct slice s)
{
    size_t words = 0;
    for (size_t i = 0; i < s.n; i++)
        words += !blank(s.p[i]) && (i == 0 || blank(s.p[i - 1]));
    return words;
}

bool slice_worded(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (s.n - i >= 3 && !memcmp(s.p + i, "\xE2\x80", 2)) /* a dash, a dot, an ellipsis is no letter */
            i += 2;
        else if (isalnum(c) || c >= 0xC3)
            return true;
    }
    return false;
}

struct slice answer_unbullet(struct slice s, bool *marked)
{
    static const char *const marks[] = {"- ",           "* ",       "+ ",           "\xE2\x80\xA2", "\xE2\x80\x93 ",
                                        "\xE2\x97\xA6", "\xC2\xB7", "\xE2\x96\xAA", "\xE2\x97\x8F"};
    s = slice_trim(s);
    *marked = false;
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
        if (s.n > strlen(marks[k]) && !memcmp(s.p, marks[k], strlen(marks[k]))) {
            *marked = true;
            s = slice_trim((struct slice){s.p + strlen(marks[k]), s.n - strlen(marks[k])});
        }
    if (s.n > 1 && *s.p == '-' && isalpha((unsigned char)s.p[1])) {
        *marked = true;
        s = (struct slice){s.p + 1, s.n - 1};
    }
    for (size_t k = 0; k < 3; k++) {
        static const char *const boxes[] = {"[ ] ", "[x] ", "[X] "};
        if (s.n > 4 && !memcmp(s.p, boxes[k], 4))
            s = slice_trim((struct slice){s.p + 4, s.n - 4});
    }
    /* "12. ", "12) ", "(12) ", "b) " */
    size_t i = s.n && *s.p == '(', from = i;
    while (i < s.n && i < from + 4 && isdigit((unsigned char)s.p[i]))
        i++;
    if (i == from && s.n > i + 1 && islower((unsigned char)s.p[i]) && s.p[i + 1] == ')')
        i++;
    if (i > from && i + 1 < s.n && (s.p[i] == ')' || (s.p[i] == '.' && !from)) && blank(s.p[i + 1])) {
        *marked = true;
        s = slice_trim((struct slice){s.p + i + 1, s.n - i - 1});
    }
    return s;
}

/* ---- talk ---- */

bool answer_is_talk(struct slice s)
{
    static const char *const openers[] = {
        "note",      "please",     "these",      "this",      "the above", "the following", "i hope",       "i am",
        "i'm",       "i have",     "i can",      "let me",    "here are",  "here is",       "here's",       "sure,",
        "sure!",     "certainly",  "of course",  "it is",     "it's",      "keep in mind",  "remember",     "if you",
        "as an",     "disclaimer", "in summary", "overall,",  "there are", "below are",     "below is",     "feel free",
        "would you", "you can",    "thank",      "hope this", "however",   "while",         "additionally", "for more",
        "always",    "consult a",  "absolutely"};
    s = slice_plain(s);
    if (slice_words(s) < 4)
        return slice_is(s, "sure!") || slice_is(s, "certainly!") || slice_begins(s, "end of") ||
               slice_begins(s, "note:");
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (slice_begins(s, openers[i]))
            return true;
    return false;
}

bool answer_is_question(struct slice s)
{
    /* Not the bare "ICD": that is a defibrillator, too. */
    static const char *const heads[] = {"Q. ",    "Q: ",  "ICD-9", "ICD-10",  "ICD 9",
                                        "ICD 10", "ICD9", "ICD10", "ICD code"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (slice_begins(s, heads[i]))
            return true;
    return false;
}

bool answer_refuses(struct slice s)
{
    static const char *const signs[] = {"i'm sorry",  "i am sorry", "i\xE2\x80\x99m sorry", "sorry,",
                                        "i cannot",   "i can't",    "i can\xE2\x80\x99t",   "i am unable",
                                        "i'm unable", "as an ai",   "i apologize"};
    s = slice_plain(s);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (slice_begins(s, signs[i]))
            return true;
    return false;
}

/* ---- descriptions ---- */

/* A line of a description into out, without marks. */
static int add_line(struct buf *out, struct slice s, bool bullet)
{
    while (out->n && out->p[out->n - 1] == ' ')
        out->n--;
    if (out->n) {
        unsigned char last = (unsigned char)out->p[out->n - 1];
        TRY(buf_str(out, bullet && (isalnum(last) || last == ')') ? "; " : " "));
    }
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (s.n - i >= 2 && (!memcmp(s.p + i, "**", 2) || !memcmp(s.p + i, "__", 2))) {
            i++;
            continue;
        }
        if (c == '`')
            continue;
        if (c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0) { /* a control character of two bytes */
            i++;
            c = ' ';
        }
        if (c < ' ' || c == 0x7f)
            c = ' ';
        if (c == ' ' && out->n && out->p[out->n - 1] == ' ')
            continue;
        TRY(buf_add(out, &c, 1));
    }
    return 0;
}

/* Behind "Description:" or "A.", and without "#": the line itself. */
static struct slice unhead(struct slice s)
{
    static const char *const heads[] = {"detailed description", "code description", "description", "answer",
                                        "definition"};
    bool sharp = s.n && *s.p == '#';
    while (s.n && *s.p == '#')
        s = slice_trim((struct slice){s.p + 1, s.n - 1});
    if (slice_begins(s, "A.") || slice_begins(s, "A:"))
        s = slice_trim((struct slice){s.p + 2, s.n - 2});
    struct slice t = s;
    while (t.n && *t.p == '*')
        t = (struct slice){t.p + 1, t.n - 1};
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
        if (!slice_begins(t, heads[k]))
            continue;
        const char *colon = memchr(t.p, ':', t.n);
        if (colon && (size_t)(colon - t.p) <= 80) {
            t = slice_trim((struct slice){colon + 1, (size_t)(t.p + t.n - colon) - 1});
            while (t.n && *t.p == '*') /* "**Description:** text" */
                t = slice_trim((struct slice){t.p + 1, t.n - 1});
            return t;
        }
        if (sharp || slice_words(t) <= 2)
            return (struct slice){t.p, 0};
    }
    return s;
}

int answer_description(struct answer *a, struct slice text)
{
    struct buf out = {0};
    size_t lists = 0;
    bool bullet, talk = false;
    int rc = 0;
    if (answer_refuses(text))
        return answer_lost(a, "a refusal");
    for (const char *p = text.p, *end = text.p + text.n, *stop; p < end && !rc; p = stop + 1) {
        stop = memchr(p, '\n', (size_t)(end - p));
        stop = stop ? stop : end;
        a->line++;
        struct slice s = slice_trim((struct slice){p, (size_t)(stop - p)});
        /* lines that are passed over */
        if (s.n > ANSWER_LINE_MAX) {
            rc = answer_lost(a, "a line that is too long");
            continue;
        }
        talk &= s.n > 0;
        if (!slice_worded(s) || !memcmp(s.p, "```", s.n < 3 ? s.n : 3))
            continue;
        /* a heading or the question */
        bool sharp = *s.p == '#', sentence = memchr(".!?", s.p[s.n - 1], 3) != NULL;
        s = unhead(s);
        struct slice plain = slice_plain(s);
        if (!plain.n)
            continue;
        if (slice_words(plain) <= 6 && heading_type(plain) >= 0 && plain.p[plain.n - 1] == ':')
            lists++;
        if (answer_is_question(s) || slice_begins(plain, a->code) ||
            ((sharp || plain.p != s.p) && !sentence && slice_words(plain) <= 12)) {
            rc = answer_talk(a, "a heading or the question");
            continue;
        }
        /* Words to the reader come before the description and end in a colon, or they come after it. */
        bool behind = out.n && !slice_begins(s, "this") && !slice_begins(s, "it");
        if (talk || (answer_is_talk(s) && (behind || (!out.n && s.p[s.n - 1] == ':')))) {
            talk = true;
            rc = answer_talk(a, "words to the reader");
            continue;
        }
        s = answer_unbullet(s, &bullet);
        rc = add_line(&out, s, bullet);
    }
    /* the whole of it */
    a->line = 0;
    struct slice d = slice_trim((struct slice){out.p, out.n});
    if (rc) {
        buf_free(&out);
        return rc;
    }
    if (lists > 1)
        rc = answer_lost(a, "lists of expressions, not a description");
    else if (d.n && (slice_words(d) < 4 || d.n > DESCRIPTION_MAX))
        rc = answer_lost(a, slice_words(d) < 4 ? "too short for a description" : "too long for a description");
    else if (memmem(d.p ? d.p : "", d.n, "\xEF\xBF\xBD", 3))
        rc = answer_lost(a, "not UTF-8");
    else if (d.n) {
        a->found++;
        rc = a->sink->term(a->sink->ctx, KB_DESCRIPTION, d.p, d.n);
    }
    buf_free(&out);
    return rc;
}
