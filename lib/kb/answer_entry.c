/* One entry of a list: "HTN", "HTN (hypertension)", "**Hypertension** - high blood pressure", "HTN, HBP, and EH".
 * Tests: tests/unit/answer.c, answer_entries.c. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

enum { PIECE_MAX = 1 << 10 }; /* bytes: an expression with an explanation */

/* Says that there is none. */
static bool placeholder(struct slice s)
{
    return answer_is_none(s) || (slice_begins(s, "no") &&
                                 (slice_find(s, "bbreviation") || slice_find(s, "ynonym") || slice_find(s, "cronym")));
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

/* Full stops, colons and the like after an entry, and marks of footnotes; of "b.i.d." the last stop belongs to it. */
static struct slice unstop(struct slice s)
{
    s = slice_plain(s);
    for (size_t cut = 1; cut && s.n;) {
        char last = s.p[s.n - 1];
        cut = last == ',' || last == ';' || last == ':' || last == '|' || last == '\\' ||
              (last == '.' && !(slice_words(s) == 1 && memchr(s.p, '.', s.n - 1) && isalpha((unsigned char)*s.p)));
        cut = cut ? cut : slice_footnote(s);
        if (cut)
            s = slice_plain((struct slice){s.p, s.n - cut});
    }
    return s;
}

/* ---- several in one ---- */

/* "HTN", "T2DM", "AFib": two capitals or more, letters and digits only. */
static bool splits(struct slice s)
{
    size_t capitals = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!isalnum((unsigned char)s.p[i]))
            return false;
        capitals += isupper((unsigned char)s.p[i]) != 0;
    }
    return capitals >= 2 && s.n <= 8;
}

/* "HTN and HBP", "HTN/HBP", "HTN, HBP & EH" part by part: *left is the first and *s what follows it. False: no such
 * words, or one of them is no short form, as in "nausea and vomiting", "N/V". */
static bool part_short(struct slice *s, struct slice *left)
{
    static const char *const separators[] = {", and ", ", or ", " and/or ", " and ", " or ",
                                             " & ",    ", ",    ",",        "/",     "&"};
    size_t i = 0;
    while (i < s->n && isalnum((unsigned char)s->p[i]))
        i++;
    *left = (struct slice){s->p, i};
    for (size_t k = 0; k < sizeof separators / sizeof *separators; k++) {
        size_t n = strlen(separators[k]);
        if (s->n - i > n && !strncasecmp(s->p + i, separators[k], n) && splits(*left)) {
            *s = (struct slice){s->p + i + n, s->n - i - n};
            return true;
        }
    }
    return false;
}

static bool all_short(struct slice s)
{
    struct slice left;
    size_t parts = 0;
    while (part_short(&s, &left))
        parts++;
    return parts && splits(s);
}

/* ---- an expression ---- */

/* "&egrave;" that nobody replaced. */
static bool reference(struct slice s, size_t i)
{
    size_t from = ++i;
    while (i < s.n && isalnum((unsigned char)s.p[i]))
        i++;
    return i > from && i < s.n && s.p[i] == ';';
}

static int one_term(struct answer *a, enum kb_type type, struct slice s)
{
    char out[ENTRY_MAX + 1];
    size_t n = 0, letters = 0;
    /* what is no expression */
    if (!slice_worded(s))
        return 0; /* an ellipsis, a rule: punctuation only */
    if (placeholder(s))
        return answer_talk(a, "says that there is none");
    if (answer_is_remark(s, true))
        return answer_talk(a, "a remark");
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
        if (strchr("<>{}[]|", c) || (c == '&' && reference(s, i)))
            return answer_lost(a, "markup in an expression");
        letters += isalnum(c) || c >= 0x80;
        out[n++] = s.p[i];
    }
    out[n] = 0;
    if (letters < 2)
        return answer_lost(a, "a single letter or digit");
    if (strstr(out, "\xEF\xBF\xBD"))
        return answer_lost(a, "not UTF-8");
    return answer_term(a, type, out, n);
}

static int term(struct answer *a, enum kb_type type, struct slice s)
{
    struct slice left;
    s = unstop(s);
    if (!all_short(s))
        return one_term(a, type, s);
    TRY(answer_talk(a, "short forms in one entry, parted"));
    while (part_short(&s, &left))
        TRY(one_term(a, type, left));
    return one_term(a, type, s);
}

/* ---- an expression and what is said of it ---- */

static int bracket(char c)
{
    return (c == '(' || c == '[') - (c == ')' || c == ']');
}

/* "left SEPARATOR right", the first separator outside parentheses. */
static bool part(struct slice s, struct slice *left, struct slice *right)
{
    static const char *const separators[] = {" - ", " -- ", " \xE2\x80\x93 ", " \xE2\x80\x94 ", "\xE2\x80\x94", ": ",
                                             " = ", " -> ", " \xE2\x86\x92 ", ":** ",           "** "};
    int depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        depth += bracket(s.p[i]);
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

/* Letters of `s` that are found in this order in `in`, at most; a short form's x stands for what is cut off: Dx. */
static size_t in_order(struct slice s, struct slice in)
{
    unsigned char best[PIECE_MAX + 1] = {0};
    for (size_t i = 0; i < s.n; i++)
        for (size_t k = 1, before = 0; k <= in.n && k <= PIECE_MAX; k++) {
            unsigned char above = best[k];
            if (tolower((unsigned char)s.p[i]) == tolower((unsigned char)in.p[k - 1]) && isalnum((unsigned char)s.p[i]))
                best[k] = (unsigned char)(before + 1 > above ? before + 1 : above);
            best[k] = best[k] > best[k - 1] ? best[k] : best[k - 1];
            before = above;
        }
    return best[in.n < PIECE_MAX ? in.n : PIECE_MAX];
}

/* May `words` be what the short form stands for: one of them begins with its first letter, and two thirds of its
 * letters (`strict`: all of them) follow one another in them. */
static bool stands_for(struct slice s, struct slice words, bool strict)
{
    char letters[16];
    size_t n = 0;
    bool first = false;
    for (size_t i = 0; i < s.n && n < sizeof letters; i++)
        if (isalnum((unsigned char)s.p[i]) && !(n && (s.p[i] | 32) == 'x'))
            letters[n++] = s.p[i];
    for (size_t i = 0; i < words.n && n; i++)
        first |= (i == 0 || !isalnum((unsigned char)words.p[i - 1])) && (words.p[i] | 32) == (*letters | 32);
    size_t found = first ? in_order((struct slice){letters, n}, words) : 0;
    return first && (strict ? found == n : 3 * found >= 2 * n);
}

/* Each letter begins a word: "most common artery" for MCA, whatever its words say. */
static bool initials(struct slice s, struct slice words)
{
    size_t k = 0;
    for (size_t i = 0; i < words.n; i++)
        if (isalnum((unsigned char)words.p[i]) && (i == 0 || !isalnum((unsigned char)words.p[i - 1]))) {
            while (k < s.n && !isalnum((unsigned char)s.p[k]))
                k++;
            if (k >= s.n || (s.p[k] | 32) != (words.p[i] | 32))
                return false;
            k++;
        }
    return k > 1 && k == s.n;
}

/* Without "also known as" and the like. */
static struct slice unled(struct slice s)
{
    static const char *const leads[] = {"also known as ", "also called ", "a.k.a. ",         "aka ",
                                        "also ",          "or ",          "i.e. ",           "i.e., ",
                                        "short for ",     "stands for ",  "abbreviated as ", "abbreviated "};
    for (size_t k = 0; k < sizeof leads / sizeof *leads; k++)
        if (slice_begins(s, leads[k]) && s.n > strlen(leads[k]))
            return slice_trim((struct slice){s.p + strlen(leads[k]), s.n - strlen(leads[k])});
    return s;
}

/* Under "Abbreviations": a short form and, in either order, what it stands for; both are expressions. */
static int abbreviation(struct answer *a, struct slice left, struct slice right)
{
    bool turned = short_form(right) && !short_form(left) && slice_words(left) > 1;
    turned |= short_form(right) && !short_form(left) && stands_for(right, left, true);
    struct slice abbreviated = turned ? right : left, words = turned ? left : right;
    TRY(term(a, KB_ABBREVIATION, abbreviated));
    if (initials(abbreviated, words))
        return term(a, KB_TERM, words);
    if (answer_is_remark(words, false) || placeholder(words))
        return answer_talk(a, "a remark");
    if (short_form(words))
        return term(a, KB_ABBREVIATION, words);
    if (slice_words(words) > 8)
        return answer_talk(a, "an explanation");
    if (stands_for(abbreviated, words, false))
        return term(a, KB_TERM, words);
    return answer_lost(a, "words behind a short form that seem not to be what it stands for");
}

static int piece(struct answer *a, enum kb_type type, struct slice s)
{
    struct slice left, right;
    s = slice_trim(s);
    if (s.n > PIECE_MAX)
        return answer_lost(a, "too long for an expression");
    if (slice_begins(s, "and ") || slice_begins(s, "or "))
        s = slice_trim((struct slice){s.p + 3, s.n - 3});
    bool parenthesis = false;
    if (!part(s, &left, &right) && !(parenthesis = part_parenthesis(s, &left, &right)))
        return term(a, type, s);
    if (placeholder(left)) /* "None (use full term)" */
        return answer_talk(a, "says that there is none");
    right = unled(right);
    if (type == KB_ABBREVIATION)
        return abbreviation(a, left, right);
    bool left_short = short_form(left), right_short = short_form(right);
    bool stands = initials(right, left) || (right.n > 2 && stands_for(right, left, true));
    bool remark = answer_is_remark(right, false) && !(right_short && stands);
    if (right_short && !left_short && !remark) {
        TRY(term(a, type, left));
        return term(a, KB_ABBREVIATION, right);
    }
    if (left_short && !right_short && !remark && slice_words(right) <= 8 && stands_for(left, right, false)) {
        TRY(term(a, KB_ABBREVIATION, left));
        return term(a, type, right);
    }
    TRY(term(a, type, left));
    if (remark)
        return answer_talk(a, "a remark");
    return answer_talk(a, parenthesis ? "a remark in parentheses" : "an explanation");
}

/* Bytes of the separator at p + i, 0: none there. */
static size_t separator(struct slice s, size_t i, bool commas)
{
    static const char *const always[] = {";", "\v", "\t", "\xE2\x80\xA2", "\xC2\xB7", " / ", " | "};
    size_t name = i;
    while (s.p[i] == ';' && name && isalnum((unsigned char)s.p[name - 1]) && i - name < 10)
        name--;
    if (name < i && name && s.p[name - 1] == '&') /* "&egrave;" */
        return 0;
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
            depth += bracket(s.p[i]);
        if (i == s.n || (depth <= 0 && s.p[i] == ',' && separator(s, i, true))) {
            ++*pieces;
            *explained += part((struct slice){s.p + from, i - from}, &left, &right);
            from = i + 1;
        }
    }
}

/* "[HTN](https://...)": HTN. */
static struct slice unlinked(struct slice s)
{
    const char *end = s.n > 4 && *s.p == '[' ? memmem(s.p, s.n, "](", 2) : NULL;
    bool link = end && s.p[s.n - 1] == ')' && !memchr(end, ' ', (size_t)(s.p + s.n - end));
    return link ? slice_plain((struct slice){s.p + 1, (size_t)(end - s.p) - 1}) : s;
}

int answer_entry(struct answer *a, enum kb_type type, struct slice s, bool list)
{
    size_t from = 0, pieces, explained;
    int depth = 0;
    s = unlinked(slice_plain(s));
    if (s.n > ANSWER_LINE_MAX)
        return answer_lost(a, "a line that is too long");
    count_pieces(s, &pieces, &explained);
    /* "HTN: high, persistent pressure": an explanation may have commas of its own. */
    bool commas = pieces > 1 && (list || type == KB_ABBREVIATION) && explained != 1;
    for (size_t i = 0; i <= s.n;) {
        if (i < s.n)
            depth += bracket(s.p[i]);
        size_t n = i < s.n && depth <= 0 ? separator(s, i, commas) : 0;
        if (n || i == s.n) {
            TRY(piece(a, type, (struct slice){s.p + from, i - from}));
            from = i + (n ? n : 1);
        }
        i += n ? n : 1;
    }
    return 0;
}
