/* Words beyond plain ASCII, and plurals: see word.h. Unicode's tables are utf8proc's. */
#include "lib/kb/word.h"

#include <utf8proc.h>

#include "lib/util/err.h"

enum {
    RAW_MAX = 256,  /* bytes of a word that are folded: WORD_MAX of them are kept */
    RAW_WIDE = 2048 /* code points that they may become: a character becomes eighteen at most */
};

enum wide wide_at(const unsigned char *p, const unsigned char *end, size_t *n)
{
    utf8proc_int32_t c;
    utf8proc_ssize_t k = utf8proc_iterate(p, end - p, &c);
    *n = k > 0 ? (size_t)k : 1;
    if (k <= 0)
        return WIDE_SEPARATES;
    switch (c) {
    case 0xB4:   /* acute accent by itself */
    case 0x2BC:  /* modifier letter apostrophe */
    case 0x2018: /* single quotation marks */
    case 0x2019:
    case 0x201B:
    case 0x2032: /* prime */
    case 0xFF07: /* fullwidth apostrophe */
        return WIDE_APOSTROPHE;
    }
    const utf8proc_property_t *is = utf8proc_get_property(c);
    if (is->ignorable) /* soft hyphen, zero-width space, byte order mark, variation selector */
        return WIDE_INVISIBLE;
    if (is->decomp_type == UTF8PROC_DECOMP_TYPE_SUPER) /* the mark of a footnote is not a part of the word */
        return WIDE_SEPARATES;
    switch (is->category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
        return WIDE_LETTER;
    case UTF8PROC_CATEGORY_NO: /* B with a small 12 below; but not a 1 in a circle */
        return is->decomp_type == UTF8PROC_DECOMP_TYPE_SUB ? WIDE_LETTER : WIDE_SEPARATES;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return WIDE_MARK;
    }
    return WIDE_SEPARATES;
}

/* ---- a word as it stands in the text ---- */
struct raw {
    unsigned char c[RAW_MAX]; /* without apostrophes and what is invisible */
    uint32_t n;
    uint32_t letters, capitals; /* of all characters, marks not counted: letters and digits, and capitals */
    uint32_t since;             /* letters after the last apostrophe; all if there is none */
    bool apostrophe, wide, whole, last_s, small_s;
};

static bool begins_word(const unsigned char *p, const unsigned char *end)
{
    size_t k;
    return p < end && (fold[*p] || (*p >= 0x80 && wide_at(p, end, &k) == WIDE_LETTER));
}

/* Takes the k bytes of the letter, digit or mark at p. */
static void take(struct raw *r, const unsigned char *p, size_t k, bool mark)
{
    if (r->n + k <= RAW_MAX) {
        memcpy(r->c + r->n, p, k);
        r->n += (uint32_t)k;
    } else {
        r->whole = false;
    }
    if (!mark) {
        utf8proc_int32_t c = *p;
        if (k > 1)
            utf8proc_iterate(p, (utf8proc_ssize_t)k, &c);
        r->letters++;
        r->since++;
        r->capitals += utf8proc_category(c) == UTF8PROC_CATEGORY_LU;
    }
    r->small_s = k == 1 && *p == 's';
    r->last_s = k == 1 && (*p == 's' || *p == 'S');
    r->wide |= k > 1;
}

/* Where the word at p ends: behind its last letter, digit or mark. */
static const unsigned char *word_extent(const unsigned char *p, const unsigned char *end, struct raw *r)
{
    const unsigned char *stop = p;
    for (size_t k; p < end; p += k) {
        enum wide is = fold[*p] ? WIDE_LETTER : WIDE_SEPARATES;
        k = 1;
        if (*p == '\'')
            is = WIDE_APOSTROPHE;
        else if (*p >= 0x80)
            is = wide_at(p, end, &k);
        if (is == WIDE_SEPARATES || (is == WIDE_APOSTROPHE && !begins_word(p + k, end)))
            break;
        if (is == WIDE_APOSTROPHE) { /* joins what is around it: d/c'd */
            r->apostrophe = true;
            r->since = 0;
        } else if (is != WIDE_INVISIBLE) {
            take(r, p, k, is == WIDE_MARK);
            stop = p + k;
        }
    }
    return stop;
}

/* NFKC_Casefold, but that dotted and dotless I are i: a text does not say that it is Turkish. */
static void fold_wide(const struct raw *r, struct word *w)
{
    utf8proc_int32_t c[RAW_WIDE];
    utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_ssize_t n = utf8proc_decompose(r->c, r->n, c, RAW_WIDE, how), kept = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (c[i] != 0x307 || kept == 0 || c[kept - 1] != 'i')
            c[kept++] = c[i] == 0x131 ? 'i' : c[i];
    n = utf8proc_normalize_utf32(c, kept, how);
    w->n = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        unsigned char u[4];
        uint32_t k = (uint32_t)utf8proc_encode_char(c[i], u);
        if (w->n + k > WORD_MAX)
            break;
        memcpy(w->c + w->n, u, k);
        w->n += k;
    }
}

const unsigned char *wide_word(const unsigned char *p, const unsigned char *end, struct word *w)
{
    struct raw r = {.whole = true};
    const unsigned char *stop = word_extent(p, end, &r);
    /* patient's, or MIs: what is before the s */
    bool possessive = r.apostrophe && r.since == 1 && r.last_s;
    if (r.whole && (possessive || (r.letters >= 3 && r.small_s && r.capitals == r.letters - 1))) {
        r.capitals -= possessive && !r.small_s;
        r.letters--;
        r.n--;
    }
    if (r.wide) {
        fold_wide(&r, w);
    } else {
        w->n = r.n < WORD_MAX ? r.n : WORD_MAX;
        for (uint32_t i = 0; i < w->n; i++)
            w->c[i] = fold[r.c[i]];
    }
    w->caps = r.letters <= 3 && r.capitals == r.letters;
    if (w->n >= 4 && number_ending[w->c[w->n - 1]])
        one_number(w);
    finish(w);
    return stop;
}

int word_capitals(const struct word *w, struct buf *out)
{
    for (utf8proc_ssize_t i = 0, k; i < (utf8proc_ssize_t)w->n; i += k) {
        utf8proc_int32_t c;
        unsigned char u[4];
        if ((k = utf8proc_iterate(w->c + i, (utf8proc_ssize_t)w->n - i, &c)) <= 0)
            return err_set(E_BUG, "a folded word is not UTF-8");
        TRY(buf_add(out, u, (size_t)utf8proc_encode_char(utf8proc_toupper(c), u)));
    }
    return 0;
}

/* ---- singular and plural ---- */

static bool ends(const struct word *w, const char *with, uint32_t k)
{
    return w->n >= k && memcmp(w->c + w->n - k, with, k) == 0;
}
#define ENDS(w, with) ends(w, with, sizeof(with) - 1)

static void put(struct word *w, uint32_t drop, const char *then)
{
    w->n -= drop;
    for (; *then; then++)
        w->c[w->n++] = (unsigned char)*then;
}

/* lines; -ies and -es are left with their e; "metastasis" is read as "metastases". Not ARDS, sinus, abscess, basis. */
static void without_s(struct word *w)
{
    if (w->n >= 6 && (ENDS(w, "sis") || ENDS(w, "xis") || ENDS(w, "tis"))) /* not Graves and gravis */
        put(w, 2, "es");
    unsigned char before = w->c[w->n - 2];
    if (w->n >= 5 && before != 's' && before != 'u' && before != 'i')
        w->n--;
}

static void without_e(struct word *w)
{
    if (ENDS(w, "ie")) /* biops-ies, calor-ie */
        put(w, 2, "y");
    else if ((w->n >= 6 && ENDS(w, "se")) || ENDS(w, "xe"))
        w->n--;
    else if (w->n >= 5 && (ENDS(w, "ae") || ENDS(w, "sse") || ENDS(w, "che") || ENDS(w, "she") || ENDS(w, "oe")))
        w->n--;
    else if (w->n >= 5 && ENDS(w, "ice")) /* varices */
        put(w, 3, "ix");
    else if (w->n >= 6 && ENDS(w, "nge")) /* phalanges */
        put(w, 3, "nx");
}

void one_number(struct word *w)
{
    if (w->c[w->n - 1] == 's')
        without_s(w);
    if (w->n >= 4 && w->c[w->n - 1] == 'e')
        without_e(w);
    if (w->n < 4)
        return;
    switch (w->c[w->n - 1]) {
    case 'x': /* cortex, cortices */
        if (ENDS(w, "ex"))
            put(w, 2, "ix");
        break;
    case 'a':
        if (w->n >= 7 && ENDS(w, "mata")) /* stomata */
            w->n -= 2;
        else if (w->n >= 6 && ENDS(w, "mina")) /* foramina */
            put(w, 3, "en");
        break;
    case 'm': /* diverticulum, diverticula */
        if (w->n >= 5 && ENDS(w, "um"))
            put(w, 2, "a");
        break;
    case 'i': /* emboli */
        if (w->n < WORD_MAX)
            put(w, 1, "us");
        break;
    }
}
