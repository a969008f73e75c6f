/* What all of an answer's readers share: pieces of text, what is talk. Tests: tests/unit/answer*.c. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

/* ---- pieces of text ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\v';
}

struct slice slice_trim(struct slice s)
{
    for (; s.n && blank(*s.p); s.p++)
        s.n--;
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Is s one pair of brackets around the rest? */
static bool bracketed(struct slice s, char open, char close)
{
    int depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        depth += (s.p[i] == open) - (s.p[i] == close);
        if (!depth)
            return i && i + 1 == s.n;
    }
    return false;
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
                                            {"\xE2\x80\x98", "\xE2\x80\x99"},
                                            {"\xE2\x80\x9E", "\xE2\x80\x9C"}, /* German, French, Japanese */
                                            {"\xC2\xAB", "\xC2\xBB"},
                                            {"\xC2\xBB", "\xC2\xAB"},
                                            {"\xE3\x80\x8C", "\xE3\x80\x8D"},
                                            {"\\(", "\\)"}, /* TeX */
                                            {"$", "$"}};
    enum { SINGLE = 6, SINGLE_CURLY = 8, PAIRS_MAX = 32 };
    size_t pairs = 0;
    s = slice_trim(s);
    for (size_t k = 0; k < sizeof around / sizeof *around && pairs < PAIRS_MAX;) {
        size_t a = strlen(around[k][0]), b = strlen(around[k][1]);
        bool open = s.n >= a && !memcmp(s.p, around[k][0], a);
        bool close = s.n >= b && !memcmp(s.p + s.n - b, around[k][1], b);
        /* Where a pair was cut apart, the half that is left goes too; not the apostrophe of a word. */
        if (a + b <= s.n && open && close) {
            s = slice_trim((struct slice){s.p + a, s.n - a - b});
        } else if (k != SINGLE && k < SINGLE_CURLY && open && !memmem(s.p + a, s.n - a, around[k][1], b)) {
            s = slice_trim((struct slice){s.p + a, s.n - a});
        } else if (k != SINGLE && k < SINGLE_CURLY && close && !memmem(s.p, s.n - b, around[k][0], a)) {
            s = slice_trim((struct slice){s.p, s.n - b});
        } else {
            k++;
            continue;
        }
        pairs++;
        k = 0;
    }
    if (s.n > 2 && s.n < 256 && (bracketed(s, '(', ')') || bracketed(s, '[', ']')))
        return slice_trim((struct slice){s.p + 1, s.n - 2});
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

/* ---- talk ---- */

static bool begins_any(struct slice s, const char *const *list)
{
    for (; *list; list++)
        if (slice_begins(s, *list))
            return true;
    return false;
}

bool answer_is_talk(struct slice s)
{
    static const char *const openers[] = {"note",         "please",
                                          "these",        "this",
                                          "the above",    "the following",
                                          "i hope",       "i am",
                                          "i'm",          "i have",
                                          "i can",        "let me",
                                          "here are",     "here is",
                                          "here's",       "sure,",
                                          "sure!",        "certainly",
                                          "of course",    "it is",
                                          "it's",         "keep in mind",
                                          "remember",     "if you",
                                          "as an",        "disclaimer",
                                          "in summary",   "overall,",
                                          "there are",    "below are",
                                          "below is",     "feel free",
                                          "would you",    "you can",
                                          "thank",        "hope this",
                                          "however",      "while",
                                          "additionally", "for more",
                                          "always",       "okay,",
                                          "ok,",          "alright,",
                                          "great,",       "is there anything",
                                          "do you want",  "consult a",
                                          "absolutely"};
    static const char *const brief[] = {"sure!",          "certainly!",  "of course!", "end of ",
                                        "note:",          "let me know", "hope this",  "hope that",
                                        "i hope",         "thank you",   "thanks!",    "happy to help",
                                        "you're welcome", "feel free",   "good luck",  NULL};
    s = slice_plain(s);
    if (slice_words(s) < 4)
        return begins_any(s, brief);
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (slice_begins(s, openers[i]))
            return true;
    return false;
}

/* Calls of sentence, from the first: where the next sentence of s begins, s.n: there is none. */
static size_t next_sentence(struct slice s, size_t i)
{
    for (; i + 1 < s.n; i++)
        if (strchr(".!?", s.p[i]) && s.p[i] && blank(s.p[i + 1])) {
            while (i + 1 < s.n && blank(s.p[i + 1]))
                i++;
            return i + 1;
        }
    return s.n;
}

/* A model to itself. "Okay, here is the list" is to the reader. */
bool answer_is_monologue(struct slice s)
{
    static const char *const openers[] = {"okay",      "ok",    "alright", "all right", "so",    "now",   "well",
                                          "hmm",       "first", "but",     "wait",      "oh",    "right", "good",
                                          "let's see", "also",  "then",    "perhaps",   "maybe", NULL};
    static const char *const hums[] = {"hmm", "wait,", "wait.", "wait -", "actually, wait", NULL};
    static const char *const self[] = {"the user wants",    "the user asks",
                                       "the user asked",    "the user is asking",
                                       "the user needs",    "the user may",
                                       "the user might",    "the user would",
                                       "the user provided", "the user gave",
                                       "the user says",     "the user said",
                                       "the user just",     "the user probably",
                                       "the user has",      "the user's",
                                       "the question asks", "the prompt",
                                       "i need to",         "i have to",
                                       "i should",          "i must",
                                       "i'll need",         "i will need",
                                       "i think",           "i recall",
                                       "i remember",        "i'm asked",
                                       "i am asked",        "i want to",
                                       "i'm going to",      "we need to",
                                       "we have to",        "we should",
                                       "we are asked",      "we must",
                                       "let me think",      "let me recall",
                                       "let me see",        "let me check",
                                       "let me start",      "let me list",
                                       "let me consider",   "let's think",
                                       "let's list",        "let's see",
                                       "let's recall",      "my task",
                                       "the task is",       NULL};
    s = slice_plain(s);
    for (size_t i = 0; i < s.n; i = next_sentence(s, i)) {
        struct slice t = {s.p + i, s.n - i};
        if (begins_any(t, hums))
            return true;
        for (bool more = true; more;) { /* "Okay, so the user wants" */
            more = false;
            for (size_t k = 0; openers[k] && !more; k++)
                if (slice_begins(t, openers[k]) && t.n > strlen(openers[k])) {
                    size_t n = strlen(openers[k]);
                    while (n < t.n && (blank(t.p[n]) || t.p[n] == ',' || t.p[n] == '.'))
                        n++;
                    t = (struct slice){t.p + n, t.n - n};
                    more = t.n > 0;
                }
        }
        if (begins_any(t, self))
            return true;
    }
    return false;
}

size_t answer_closing(struct slice s)
{
    static const char *const words[] = {"let me know",        "hope this",         "i hope",
                                        "feel free",          "if you have any",   "if you need",
                                        "if you'd like",      "if you would like", "would you like",
                                        "is there anything",  "do you want",       "please let me",
                                        "please feel free",   "thank you for",     "happy to help",
                                        "i'm happy to",       "don't hesitate",    "please don't hesitate",
                                        "please note that i", "please consult",    NULL};
    size_t from = 0, last;
    do {
        last = from;
        from = next_sentence(s, from);
        if (from < s.n && begins_any((struct slice){s.p + from, s.n - from}, words))
            return slice_trim((struct slice){s.p, from}).n;
    } while (from < s.n && from > last);
    return s.n;
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
