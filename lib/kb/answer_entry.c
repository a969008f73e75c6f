/* One entry of a list: "HTN", "HTN (hypertension)", "**Hypertension** - high blood pressure", "HTN, HBP, and EH".
 * Tests: tests/unit/answer.c. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

/* Stands for "there is none". */
static bool placeholder(struct slice s)
{
    static const char *const none[] = {
        "n/a",           "none",          "not applicable", "none available", "none known", "none commonly used",
        "none specific", "not available", "none identified"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (slice_is(s, none[i]))
            return true;
    return slice_begins(s, "no") &&
           (slice_find(s, "bbreviation") || slice_find(s, "ynonym") || slice_find(s, "cronym"));
}

/* A short form by its looks: at most two words, and half of its letters capitals. */
static bool short_form(struct slice s)
{
    size_t letters = 0, capitals = 0;
    for (size_t i = 0; i < s.n; i++) {
        letters += isalpha((unsigned char)s.p[i]) != 0;
        capitals += isupper((unsigned char)s.p[i]) != 0;
    }
    return s.n <= 12 && slice_words(s) <= 2 && capitals && 2 * capitals >= letters;
}

/* Full stops, colons and the like after an entry; of "b.i.d." the last stop belongs to it. */
static struct slice unstop(struct slice s)
{
    s = slice_plain(s);
    for (bool more = true; more && s.n;) {
        char last = s.p[s.n - 1];
        struct slice head = {s.p, s.n - 1};
        more = last == ',' || last == ';' || last == ':' || last == '|' || last == '\\' ||
               (last == '.' && !(slice_words(s) == 1 && memchr(head.p, '.', head.n) && isalpha((unsigned char)*s.p)));
        if (more)
            s = slice_plain(head);
    }
    return s;
}

static int term(struct answer *a, enum kb_type type, struct slice s)
{
    char out[ENTRY_MAX + 1];
    size_t n = 0, letters = 0;
    s = unstop(s);
    /* what is no expression */
    if (!slice_worded(s))
        return 0; /* an ellipsis, a rule: punctuation only */
    if (placeholder(s))
        return answer_talk(a, "says that there is none");
    if (slice_is(s, a->code))
        return answer_talk(a, "the code itself");
    if (s.n > ENTRY_MAX || slice_words(s) > ENTRY_WORDS_MAX)
        return answer_lost(a, "too long for an expression");
    if (type == KB_ABBREVIATION && slice_words(s) > 4)
        return answer_lost(a, "too long for an abbreviation");
    /* its characters, each blank once */
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == ' ' || c == '\t') {
            if (out[n - 1] != ' ') /* the first is none */
                out[n++] = ' ';
            continue;
        }
        if (c < ' ' || c == 0x7f || (c == 0xC2 && (unsigned char)s.p[i + 1] < 0xA0))
            return answer_lost(a, "a control character in an expression");
        if (strchr("<>{}[]|", c))
            return answer_lost(a, "markup in an expression");
        letters += isalnum(c) || c >= 0x80;
        out[n++] = s.p[i];
    }
    out[n] = 0;
    if (letters < 2)
        return answer_lost(a, "a single letter or digit");
    if (strstr(out, "\xEF\xBF\xBD"))
        return answer_lost(a, "not UTF-8");
    a->found++;
    return a->sink->term(a->sink->ctx, type, out, n);
}

/* "left SEPARATOR right", the first separator outside parentheses. */
static bool part(struct slice s, struct slice *left, struct slice *right)
{
    static const char *const separators[] = {" - ", " -- ", " \xE2\x80\x93 ", " \xE2\x80\x94 ", "\xE2\x80\x94", ": ",
                                             " = ", " -> ", " \xE2\x86\x92 ", ":** ",           "** "};
    int depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        depth += (s.p[i] == '(') - (s.p[i] == ')');
        for (size_t k = 0; k < sizeof separators / sizeof *separators && depth <= 0; k++) {
            size_t n = strlen(separators[k]);
            if (i && n < s.n - i && !memcmp(s.p + i, separators[k], n)) {
                *left = unstop((struct slice){s.p, i});
                *right = unstop((struct slice){s.p + i + n, s.n - i - n});
                return slice_worded(*left) && slice_worded(*right);
            }
        }
    }
    return false;
}

/* "left (right)" with nothing after it. */
static bool part_parenthesis(struct slice s, struct slice *left, struct slice *right)
{
    s = unstop(s);
    if (s.n < 4 || s.p[s.n - 1] != ')')
        return false;
    size_t i = s.n - 1;
    for (int depth = 0; i > 0; i--) {
        depth += (s.p[i] == ')') - (s.p[i] == '(');
        if (!depth)
            break;
    }
    *left = unstop((struct slice){s.p, i});
    *right = unstop((struct slice){s.p + i + 1, s.n - i - 2});
    return i > 0 && slice_worded(*left) && slice_worded(*right);
}

static int piece(struct answer *a, enum kb_type type, struct slice s)
{
    struct slice left, right;
    s = slice_trim(s);
    if (slice_begins(s, "and ") || slice_begins(s, "or "))
        s = slice_trim((struct slice){s.p + 3, s.n - 3});
    if (slice_is(unstop(s), "etc"))
        return 0;
    bool parenthesis = false;
    if (!part(s, &left, &right) && !(parenthesis = part_parenthesis(s, &left, &right)))
        return term(a, type, s);
    /* A short form and what it stands for, in either order: both are expressions, each of its own type. */
    bool left_short = short_form(left), right_short = short_form(right);
    if (type == KB_ABBREVIATION) {
        bool turned = right_short && !left_short && slice_words(left) > 1;
        struct slice abbreviation = turned ? right : left, expansion = turned ? left : right;
        TRY(term(a, KB_ABBREVIATION, abbreviation));
        return slice_words(expansion) <= 8 ? term(a, KB_TERM, expansion) : answer_talk(a, "an explanation");
    }
    if (right_short && !left_short) {
        TRY(term(a, type, left));
        return term(a, KB_ABBREVIATION, right);
    }
    if (left_short && !right_short && slice_words(right) <= 8) {
        TRY(term(a, KB_ABBREVIATION, left));
        return term(a, type, right);
    }
    TRY(term(a, type, left));
    return answer_talk(a, parenthesis ? "a remark in parentheses" : "an explanation");
}

/* Bytes of the separator at p + i, 0: none there. */
static size_t separator(struct slice s, size_t i, bool commas)
{
    static const char *const always[] = {";", "\t", "\xE2\x80\xA2", "\xC2\xB7", " / ", " | "};
    for (size_t k = 0; k < sizeof always / sizeof *always; k++)
        if (s.n - i >= strlen(always[k]) && !memcmp(s.p + i, always[k], strlen(always[k])))
            return strlen(always[k]);
    if (!commas || s.p[i] != ',')
        return 0;
    bool number = i && i + 1 < s.n && isdigit((unsigned char)s.p[i - 1]) && isdigit((unsigned char)s.p[i + 1]);
    return !number; /* 1,000 */
}

/* Pieces between commas, and those of them with an explanation. */
static void count_pieces(struct slice s, size_t *pieces, size_t *explained)
{
    struct slice left, right;
    int depth = 0;
    *pieces = *explained = 0;
    for (size_t i = 0, from = 0; i <= s.n; i++) {
        if (i < s.n)
            depth += (s.p[i] == '(') - (s.p[i] == ')');
        if (i == s.n || (depth <= 0 && s.p[i] == ',' && separator(s, i, true))) {
            ++*pieces;
            *explained += part((struct slice){s.p + from, i - from}, &left, &right);
            from = i + 1;
        }
    }
}

int answer_entry(struct answer *a, enum kb_type type, struct slice s, bool list)
{
    size_t from = 0, pieces, explained;
    int depth = 0;
    s = slice_plain(s);
    count_pieces(s, &pieces, &explained);
    /* "HTN: high, persistent pressure": an explanation may have commas of its own. */
    bool commas = pieces > 1 && (list || type == KB_ABBREVIATION) && explained != 1;
    for (size_t i = 0; i <= s.n;) {
        if (i < s.n)
            depth += (s.p[i] == '(') - (s.p[i] == ')');
        size_t n = i < s.n && depth <= 0 ? separator(s, i, commas) : 0;
        if (n || i == s.n) {
            TRY(piece(a, type, (struct slice){s.p + from, i - from}));
            from = i + (n ? n : 1);
        }
        i += n ? n : 1;
    }
    return 0;
}
