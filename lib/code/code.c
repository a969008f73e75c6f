/* Shapes of ICD codes: see code.h. Adding a null word is adding it to `null_words`. */
#include "lib/code/code.h"

#include <ctype.h>
#include <string.h>

enum { CODE_MAX = 7 }; /* characters of a code, without its dot */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool letter(char c)
{
    return c >= 'A' && c <= 'Z';
}
static bool digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!digit(s[i]))
            return false;
    return true;
}

/* n characters, upper case, the dot taken out of place `dot` (0: there was none). */
struct bare {
    char s[CODE_MAX + 1];
    size_t n, dot;
};
static bool strip(const char *p, size_t n, struct bare *b)
{
    *b = (struct bare){.n = 0};
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        if (c == '.') {
            if (b->dot || !i)
                return false;
            b->dot = i;
        } else if ((!digit(c) && !letter(c)) || b->n == CODE_MAX) {
            return false;
        } else {
            b->s[b->n++] = c;
        }
    }
    return b->n > 0;
}
/* Is the dot, if any, behind `category` characters, with something after it? */
static bool dot_fits(const struct bare *b, size_t category)
{
    return !b->dot || (b->dot == category && b->n > category);
}

static bool icd9_diagnosis(const struct bare *b)
{
    size_t head = *b->s == 'E' || *b->s == 'V', category = *b->s == 'E' ? 4 : 3;
    return b->n >= category && b->n <= 5 && digits(b->s + head, b->n - head) && dot_fits(b, category);
}
static bool icd9_procedure(const struct bare *b)
{
    return b->n >= 2 && b->n <= 4 && digits(b->s, b->n) && dot_fits(b, 2);
}
static bool icd10_cm(const struct bare *b)
{
    bool second = digit(b->s[1]) || (b->s[0] == 'Q' && b->s[1] == 'A'); /* QA0: new in 2026 */
    return b->n >= 3 && letter(b->s[0]) && second && (!b->dot || b->dot == 3);
}
/* The sections of ICD-10-PCS, and for those with few of them the body systems: the second character. */
static bool pcs_section(const struct bare *b)
{
    static const char *const few[128] = {
        ['1'] = "0", ['2'] = "WY", ['3'] = "0CE", ['4'] = "AB", ['5'] = "A", ['6'] = "A",
        ['7'] = "W", ['8'] = "CE", ['9'] = "W",   ['F'] = "01", ['G'] = "Z", ['H'] = "Z"};
    const char *systems = few[(unsigned char)*b->s];
    return systems ? strchr(systems, b->s[1]) != NULL : strchr("0BCDX", *b->s) != NULL;
}
static bool icd10_pcs(const struct bare *b)
{
    return b->n >= 3 && !b->dot && !strpbrk(b->s, "IO") && pcs_section(b);
}

unsigned code_look(const char *p, size_t n)
{
    struct bare b;
    unsigned shapes = 0;
    if (!strip(p, n, &b))
        return 0;
    shapes |= icd9_diagnosis(&b) ? CODE_ICD9_DIAGNOSIS : 0;
    shapes |= icd9_procedure(&b) ? CODE_ICD9_PROCEDURE : 0;
    shapes |= icd10_cm(&b) ? CODE_ICD10_CM : 0;
    if (icd10_pcs(&b))
        shapes |= b.n == CODE_MAX ? CODE_ICD10_PCS : CODE_ICD10_PCS_PART;
    return shapes;
}

/* What pandas, R, SQL dumps, spreadsheets and people write where there is no value. */
static const char null_words[] = "|nan|-nan|na|n/a|#n/a|#n/a n/a|#na|<na>|nat|1.#ind|-1.#ind|1.#qnan|-1.#qnan"
                                 "|null|(null)|<null>|nil|none|(none)|\\n|-|--|---|.|?"
                                 "|n.a.|n.a|unk|unknown|missing|tbd|undefined|empty|(empty)|blank|(blank)"
                                 "|nodx|no dx|nocode|no code|not coded|uncoded|not available|not applicable|";

bool code_is_null_word(const char *p, size_t n)
{
    char word[32] = "|";
    while (n && isspace((unsigned char)*p))
        p++, n--;
    while (n && isspace((unsigned char)p[n - 1]))
        n--;
    if (!n || n > sizeof word - 3 || memchr(p, '|', n) || memchr(p, 0, n))
        return !n;
    for (size_t i = 0; i < n; i++)
        word[i + 1] = (char)tolower((unsigned char)p[i]);
    word[n + 1] = '|';
    return strstr(null_words, word) != NULL;
}

bool code_is_procedure(const char *code)
{
    unsigned shapes = code_look(code, strlen(code));
    return strcspn(code, ".") == 2 || (shapes & CODE_ICD10_PCS) || shapes == CODE_ICD10_PCS_PART;
}

void code_vote(struct code_votes *v, const char *p, size_t n)
{
    unsigned shapes = code_look(p, n);
    bool nine = (shapes & CODE_ICD9) != 0;
    bool ten = (shapes & CODE_ICD10) || (!nine && (shapes & CODE_ICD10_PCS_PART)); /* "0389" is no part of a code */
    if (nine && ten)
        v->either++;
    else if (nine)
        v->icd9++;
    else if (ten)
        v->icd10++;
    else
        v->none++;
}
int code_version(const struct code_votes *v)
{
    if (v->icd9 == v->icd10)
        return 0;
    return v->icd9 > v->icd10 ? 9 : 10;
}
