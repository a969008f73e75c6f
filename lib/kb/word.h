/* Words of a text, folded: what match.h says of them. What runs for every word of every note is here, to be inlined;
 * words with more than ASCII letters and digits, and the endings of plurals, are in word.c.
 * Tests: tests/unit/words.c, tests/unit/match.c. */
#ifndef ICD_WORD_H
#define ICD_WORD_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/util/buf.h"

enum { WORD_MAX = 64 }; /* bytes of a folded word that count */

struct word {
    unsigned char c[WORD_MAX + 8]; /* then zeros up to the next multiple of 8: words are hashed in eights */
    uint32_t n;
    bool caps;               /* a short form: one to three letters, all capitals */
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

/* What the character at p, which is not ASCII, is to words; *n: its bytes. Bytes that are no UTF-8 separate, one by
 * one. */
enum wide { WIDE_SEPARATES, WIDE_LETTER, WIDE_MARK, WIDE_INVISIBLE, WIDE_APOSTROPHE };
enum wide wide_at(const unsigned char *p, const unsigned char *end, size_t *n);
/* The word at p, which begins with a letter or digit, whatever is in it: its end. */
const unsigned char *wide_word(const unsigned char *p, const unsigned char *end, struct word *w);
/* A word of four letters or more that ends in one of these may be a plural, or a singular that is no plural without s;
 * one_number() gives both the same letters. */
static const bool number_ending[256] = {
    ['s'] = true, ['e'] = true, ['x'] = true, ['a'] = true, ['m'] = true, ['i'] = true};
void one_number(struct word *w);
/* Appends a word as match_fold writes a short form: in capitals. */
int word_capitals(const struct word *w, struct buf *out);

static inline bool upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

/* After the last letter: what word_hash() wants. */
static inline void finish(struct word *w)
{
    uint64_t zero = 0;
    memcpy(w->c + w->n, &zero, 8);
}

/* The word at p when it is plain ASCII and not overlong, as nearly all are: its end, else NULL. */
static inline const unsigned char *plain_word(const unsigned char *p, const unsigned char *end, struct word *w)
{
    const unsigned char *start = p, *limit = end - p > WORD_MAX ? p + WORD_MAX : end;
    unsigned char f;
    uint32_t n = 0;
    for (; p < limit && (f = fold[*p]); p++)
        w->c[n++] = f;
    if (p < end && (p == limit || *p >= 0x80 || *p == '\''))
        return NULL;
    w->n = n;
    if (n >= 3 && p[-1] == 's') { /* capitals with a small s: MIs, PICCs */
        uint32_t capitals = 0;
        while (capitals < n - 1 && upper(start[capitals]))
            capitals++;
        w->n -= capitals == n - 1;
    }
    w->caps = w->n <= 3 && upper(start[0]) && (w->n < 2 || upper(start[1])) && (w->n < 3 || upper(start[2]));
    if (w->n >= 4 && number_ending[w->c[w->n - 1]])
        one_number(w);
    finish(w);
    return p;
}

/* The next word from *at on; false at the end. Called for every word of every note. */
static inline bool next_word(const unsigned char **at, const unsigned char *end, struct word *w)
{
    const unsigned char *p = *at;
    for (size_t k; p < end && !fold[*p]; p += k) {
        k = 1;
        if (*p >= 0x80 && wide_at(p, end, &k) == WIDE_LETTER)
            break;
    }
    if (p >= end)
        return false;
    w->at = p;
    const unsigned char *stop = plain_word(p, end, w);
    *at = stop ? stop : wide_word(p, end, w);
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
