/* Words of a text, folded: what match.h says of them. Here and not in a file of its own, since it runs for every
 * word of every note and wants to be inlined. Tests: tests/unit/match.c. */
#ifndef ICD_WORD_H
#define ICD_WORD_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* bytes of a word that count */

struct word {
    unsigned char c[WORD_MAX + 8]; /* then zeros up to the next multiple of 8: words are hashed in eights */
    uint32_t n;
    bool caps;               /* one to three letters, all capitals */
    const unsigned char *at; /* where it begins in the text */
};

/* Class of a byte: its folded letter or digit; 0 if it separates words. */
static const unsigned char fold[256] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8',
    ['9'] = '9', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h',
    ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
    ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',
    ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
    ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

static inline bool upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

/* UTF-8 of blanks and punctuation that notes from word processors hold: U+0080-00BF and U+2000-206F. 0: a letter. */
static inline size_t wide_separator(const unsigned char *p, const unsigned char *end)
{
    if (p[0] == 0xC2 && end - p >= 2)
        return 2;
    return p[0] == 0xE2 && end - p >= 3 && (p[1] == 0x80 || p[1] == 0x81) ? 3 : 0;
}

/* An apostrophe, plain or typographic, joins what is around it: patient's, d/c'd. */
static inline size_t apostrophe(const unsigned char *p, const unsigned char *end)
{
    if (*p == '\'')
        return 1;
    return end - p >= 3 && p[0] == 0xE2 && p[1] == 0x80 && p[2] == 0x99 ? 3 : 0;
}

/* Plurals: "lines" but not "ARDS", "his", "sinus", "abscess"; capitals with a small s ("MIs") always. */
static inline bool plural(const struct word *w, uint32_t capitals)
{
    unsigned char b = w->c[w->n - 2];
    return capitals == w->n - 1 || (w->n >= 5 && b != 's' && b != 'u' && b != 'i');
}

static inline void finish(struct word *w, uint32_t n)
{
    uint64_t zero = 0;
    w->n = n;
    memcpy(w->c + n, &zero, 8);
}

/* The word at p when it is plain ASCII and not overlong, as nearly all are: its end, else NULL. */
static const unsigned char *plain_word(const unsigned char *p, const unsigned char *end, struct word *w)
{
    const unsigned char *start = p, *limit = end - p > WORD_MAX ? p + WORD_MAX : end;
    unsigned char f;
    uint32_t n = 0;
    for (; p < limit && (f = fold[*p]); p++)
        w->c[n++] = f;
    if (p < end && (p == limit || *p >= 0x80 || *p == '\''))
        return NULL;
    w->n = n;
    if (n >= 3 && p[-1] == 's') {
        uint32_t capitals = 0;
        for (uint32_t i = 0; i < n - 1; i++)
            capitals += upper(start[i]);
        if (plural(w, capitals))
            n--;
    }
    finish(w, n);
    w->caps = n <= 3 && upper(start[0]) && (n < 2 || upper(start[1])) && (n < 3 || upper(start[2]));
    return p;
}

/* The next word from *at on; false at the end. Called for every word of every note. */
static inline bool next_word(const unsigned char **at, const unsigned char *end, struct word *w)
{
    const unsigned char *p = *at;
    for (; p < end; p++) {
        if (fold[*p])
            break;
        if (*p >= 0x80) {
            size_t k = wide_separator(p, end);
            if (!k)
                break;
            p += k - 1;
        }
    }
    if (p >= end)
        return false;
    w->at = p;
    const unsigned char *stop = plain_word(p, end, w);
    if (stop) {
        *at = stop;
        return true;
    }
    uint32_t n = 0, len = 0, capitals = 0, letters = 0;
    bool last_small = false; /* the last byte was a small letter */
    while (p < end) {
        unsigned char c = *p, f = fold[c];
        if (!f) {
            size_t k = apostrophe(p, end);
            if (k) {
                if (p + k >= end || !fold[p[k]])
                    break;
                p += k;
                continue;
            }
            if (c < 0x80 || wide_separator(p, end))
                break;
            f = c;
        }
        if (n < WORD_MAX)
            w->c[n++] = f;
        len++;
        bool up = upper(c);
        capitals += up;
        letters += f >= 'a';
        last_small = f >= 'a' && !up;
        p++;
    }
    *at = p;
    w->n = n;
    if (n >= 3 && len == n && w->c[n - 1] == 's' && last_small && plural(w, capitals)) {
        n--;
        len--;
        letters--;
    }
    finish(w, n);
    w->caps = len <= 3 && letters == len && capitals == len;
    return true;
}

static inline uint64_t word_hash(const struct word *w)
{
    uint64_t h = 0x9E3779B97F4A7C15u ^ w->n;
    for (uint32_t i = 0; i < w->n; i += 8) {
        uint64_t x;
        memcpy(&x, w->c + i, 8);
        h = (h ^ x) * 0xD6E8FEB86659FD93u;
        h ^= h >> 32;
    }
    return h;
}

#endif
