/* Marks before an entry of a list: bullets of every kind, numbers, letters. Tests: tests/unit/answer_entries.c. */
#include <ctype.h>
#include <strings.h>

#include "lib/kb/answer_part.h"

static bool blank_at(struct slice s, size_t i)
{
    return i < s.n && (s.p[i] == ' ' || s.p[i] == '\t');
}

static struct slice behind(struct slice s, size_t n)
{
    return slice_trim((struct slice){s.p + n, s.n - n});
}

/* ---- signs ---- */

/* A sign beyond ASCII that may stand before an entry. Not those with a meaning: up and down, signs of comparison. */
bool slice_sign(uint32_t c)
{
    static const uint32_t signs[][2] = {
        {0xA4, 0xA4},     {0xA6, 0xA7},     {0xAC, 0xAC},     {0xAF, 0xAF},     {0xB6, 0xB7},      {0xBB, 0xBB},
        {0x2010, 0x2017}, {0x2020, 0x2027}, {0x203A, 0x203B}, {0x2043, 0x2043}, {0x2190, 0x2190},  {0x2192, 0x2192},
        {0x2194, 0x2194}, {0x2196, 0x21D0}, {0x21D2, 0x21D2}, {0x21D4, 0x21FF}, {0x2212, 0x2212},  {0x2217, 0x2219},
        {0x22C5, 0x22C6}, {0x2300, 0x23FF}, {0x2460, 0x263F}, {0x2641, 0x2641}, {0x2643, 0x27BF},  {0x27F0, 0x27FF},
        {0x2900, 0x297F}, {0x2B00, 0x2B05}, {0x2B08, 0x2BFF}, {0x3003, 0x3004}, {0x3012, 0x3013},  {0x30FB, 0x30FB},
        {0xE000, 0xF8FF}, {0xFF0A, 0xFF0D}, {0xFF1E, 0xFF1E}, {0xFF65, 0xFF65}, {0x1F000, 0x1FAFF}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (c >= signs[i][0] && c <= signs[i][1])
            return true;
    return false;
}

/* Pictures before a heading. */
struct slice slice_unpictured(struct slice s)
{
    size_t n;
    for (uint32_t c; (s = slice_trim(s)).n && (c = slice_char(s, &n)) >= 0x2300 && slice_sign(c);)
        s = behind(s, n);
    return s;
}

/* "- ", "--> ", "o ", a sign: its bytes. */
static size_t sign(struct slice s)
{
    size_t n = 0, bytes;
    if (s.n > 1 && slice_sign(slice_char(s, &bytes)))
        return bytes;
    if (s.n > 2 && *s.p == '-' && isalpha((unsigned char)s.p[1])) /* "-HTN" */
        return 1;
    if (s.n > 2 && *s.p == 'o' && blank_at(s, 1))
        return 1;
    if (!s.n || !*s.p || !strchr("-*+~=>", *s.p))
        return 0;
    while (n < s.n && n < 6 && s.p[n] == *s.p)
        n++;
    n += n < s.n && s.p[n] == '>' && (*s.p == '-' || *s.p == '=');
    bool one = n == 1 || s.p[n - 1] == '>' || (n == 2 && *s.p == '-'); /* "** x" is emphasis */
    return one && blank_at(s, n) ? n : 0;
}

/* ---- numbers ---- */

/* "1", "12", and "1.2" before another stop, at i; its end. "7.5 ETT" is no mark. */
static size_t digits(struct slice s, size_t i)
{
    size_t from = i;
    while (i < s.n && i < from + 3 && isdigit((unsigned char)s.p[i]))
        i++;
    size_t sub = i + 1;
    while (i > from && i < s.n && s.p[i] == '.' && sub < s.n && sub < i + 3 && isdigit((unsigned char)s.p[sub]))
        sub++;
    return sub > i + 1 && sub < s.n && strchr(".)", s.p[sub]) ? sub : i;
}

/* "12. ", "12) ", "(12) ", "[12] ", "12: ", "12 - ", "#12 ": its bytes. */
static size_t number(struct slice s)
{
    bool sharp = s.n && *s.p == '#', round = s.n && *s.p == '(', square = s.n && *s.p == '[';
    size_t from = sharp || round || square, i = digits(s, from);
    if (i == from || i >= s.n)
        return 0;
    if (s.n - i > 3 && !memcmp(s.p + i, "\xE2\x83\xA3", 3)) /* a key of a telephone */
        return i + 3;
    i += s.p[i] == '\\';
    if (round || square)
        return s.p[i] == (round ? ')' : ']') && i + 1 < s.n ? i + 1 : 0;
    if (s.p[i] == ')' || ((s.p[i] == '.' || s.p[i] == ':') && i + 1 < s.n)) {
        i++;
        i += i < s.n && s.p[i - 1] == '.' && s.p[i] == ')';
        bool word = i < s.n && (isalpha((unsigned char)s.p[i]) || (unsigned char)s.p[i] >= 0x80);
        return blank_at(s, i) || (word && s.p[i - 1] != ':') ? i : 0;
    }
    if (blank_at(s, i) && s.n - i > 3 && s.p[i + 1] == '-' && blank_at(s, i + 2))
        return i + 2;
    return sharp && blank_at(s, i) ? i : 0;
}

/* "**1.** ", "*a)* ": its bytes. */
static size_t emphasized(struct slice s)
{
    size_t stars = 0, n;
    while (stars < s.n && stars < 2 && strchr("*_", s.p[stars]) && s.p[stars])
        stars++;
    for (n = stars; n < s.n && n < stars + 4 && isdigit((unsigned char)s.p[n]);)
        n++;
    if (!stars || n == stars || n + 1 + stars >= s.n || !strchr(".):", s.p[n]))
        return 0;
    return !memcmp(s.p + n + 1, s.p, stars) && blank_at(s, n + 1 + stars) ? n + 1 + stars : 0;
}

/* ---- letters ---- */

/* What "iv" or "IX" counts, 0: not in one case, or no such number. */
static unsigned roman(const char *p, size_t n)
{
    static const char *const small[] = {"i",  "ii",  "iii",  "iv",  "v",  "vi",  "vii",  "viii",  "ix", "x",
                                        "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix"};
    for (unsigned i = 0; i < sizeof small / sizeof *small; i++) {
        bool is = strlen(small[i]) == n;
        for (size_t k = 0; k < n && is; k++)
            is = (p[k] | 32) == small[i][k] && !isupper((unsigned char)p[k]) == !isupper((unsigned char)*p);
        if (is)
            return i + 1;
    }
    return 0;
}

struct letters {
    size_t bytes;
    unsigned roman, letter; /* what it counts */
    char last;              /* ".", ")" or "]" */
    bool bracket;           /* before it, too */
};

/* "a) ", "(iv) ", "B. " */
static struct letters letters(struct slice s)
{
    struct letters l = {.bracket = s.n && (*s.p == '(' || *s.p == '[')};
    size_t from = l.bracket, i = from;
    while (i < s.n && i < from + 5 && isalpha((unsigned char)s.p[i]))
        i++;
    if (i == from || i + 1 >= s.n || !strchr(l.bracket ? ")]" : ".)", s.p[i]) || !blank_at(s, i + 1))
        return (struct letters){0};
    l.roman = roman(s.p + from, i - from);
    l.letter = i == from + 1 ? (unsigned)((s.p[from] | 32) - 'a' + 1) : 0;
    l.last = s.p[i];
    l.bytes = l.roman || l.letter ? i + 1 : 0;
    return l;
}

/* "a." may be a mark or the beginning of "A. fib" or "E. coli". It is a mark where the letters count on, from the entry
 * before or to the next, or where it is the first or a Roman number and an upper-case word follows. */
static bool dotted_mark(struct answer *a, struct slice s, const struct letters *l)
{
    struct slice word = behind(s, l->bytes);
    struct letters next = letters(a->next);
    bool upper = word.n && isupper((unsigned char)*word.p);
    bool follows = a->counted && (l->letter == a->counted + 1 || l->roman == a->counted + 1);
    bool goes_on = (l->letter && next.letter == l->letter + 1) || (l->roman && next.roman == l->roman + 1);
    bool first = l->letter == 1 || l->roman == 1 || (l->roman && !l->letter);
    if (slice_begins(word, "fib") || slice_begins(word, "flutter"))
        return follows || goes_on;
    if (!follows && !goes_on && !(first && upper))
        return false;
    bool by_roman = !l->letter || (l->roman && l->roman == a->counted + 1);
    a->counted = by_roman ? l->roman : l->letter;
    return true;
}

struct slice answer_unletter(struct answer *a, struct slice s)
{
    struct letters l = letters(s);
    if (!l.bytes || (l.last == '.' && !dotted_mark(a, s, &l)))
        return s;
    return behind(s, l.bytes);
}

struct slice slice_unlettered(struct slice s)
{
    return behind(s, letters(s).bytes);
}

struct slice answer_unbullet(struct slice s, bool *marked)
{
    static const char *const boxes[] = {"[ ] ", "[x] ", "[X] "};
    *marked = false;
    s = slice_trim(s);
    for (int times = 0; times < 4; times++) {
        size_t n = sign(s);
        n = n ? n : number(s);
        n = n ? n : emphasized(s);
        for (size_t k = 0; k < 3 && !n; k++)
            n = s.n > 4 && !memcmp(s.p, boxes[k], 4) ? 4 : 0;
        if (!n)
            break;
        *marked = true;
        s = behind(s, n);
    }
    return s;
}

/* ---- behind an entry ---- */

/* Bytes at the end that are a footnote's mark or a sign: "[1]", a small 1 in the air, a dagger, a tick. */
size_t slice_footnote(struct slice s)
{
    size_t i = s.n, bytes;
    if (s.n < 3)
        return 0;
    if (s.p[s.n - 1] == ']' || s.p[s.n - 1] == ')') { /* up to four characters in brackets, digits if round */
        char open = s.p[s.n - 1] == ']' ? '[' : '(';
        size_t inner = 0, digits_in = 0;
        for (i--; i && s.p[i - 1] != open && inner < 8; i--) {
            char c = s.p[i - 1];
            digits_in += isdigit((unsigned char)c) != 0;
            if (!isdigit((unsigned char)c) && c != ' ' && c != ',' && c != '^' && c != '-' &&
                (open == '(' || !islower((unsigned char)c) || inner))
                return 0;
            inner++;
        }
        bool letter = open == '[' && inner == 1;
        return i > 1 && inner && s.p[i - 1] == open && (digits_in || letter) ? s.n - i + 1 : 0;
    }
    if (s.n > 3 && !memcmp(s.p + s.n - 3, "\xE3\x80\x91", 3)) { /* a citation in lenticular brackets */
        const char *open = memmem(s.p, s.n, "\xE3\x80\x90", 3);
        return open && open > s.p ? s.n - (size_t)(open - s.p) : 0;
    }
    for (i--; i && ((unsigned char)s.p[i] & 0xC0) == 0x80;)
        i--;
    uint32_t c = slice_char((struct slice){s.p + i, s.n - i}, &bytes);
    bool raised = c == 0xB9 || c == 0xB2 || c == 0xB3 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079);
    if (raised) { /* not that of "m²": two letters or another one before it */
        bool letters_before = i >= 2 && isalpha((unsigned char)s.p[i - 1]) && isalpha((unsigned char)s.p[i - 2]);
        bool behind_brackets = i && s.p[i - 1] == ')';
        bool raised_before = i >= 2 && (unsigned char)s.p[i - 2] == 0xC2 && strchr("\xB9\xB2\xB3", s.p[i - 1]);
        return letters_before || behind_brackets || raised_before ? bytes : 0;
    }
    return i && c >= 0x80 && slice_sign(c) ? s.n - i : 0;
}
