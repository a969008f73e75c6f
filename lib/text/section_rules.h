/* Inside of sections.c: the rules as section_rules.c reads them, and the look-up of a header. */
#ifndef ICD_SECTION_RULES_H
#define ICD_SECTION_RULES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_MAX = 64, KINDS_MAX = 256 };
enum { IS_SUBHEADER = -1, IS_DENIED = -2 }; /* kinds of keys that open no section */

struct key {
    char text[KEY_MAX]; /* lower case, one blank between words */
    uint32_t n;
    int kind;
};
struct kind {
    char *name;
    char class;  /* D, S, N or A; '-' */
    bool inside; /* SUBHEADERs count inside it */
};
struct section_rules {
    struct kind kind[KINDS_MAX];
    int kinds, preamble, other, addendum;
    int signature;   /* -1: the rules have none */
    struct key *key; /* sorted by text, then kind */
    size_t keys, cap;
};

static inline bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}
static inline bool digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool capital(char c)
{
    return c >= 'A' && c <= 'Z';
}
static inline char lower(char c)
{
    return capital(c) ? (char)(c - 'A' + 'a') : c;
}

/* What a header text is: *kind of the section it opens or -1, and whether it is a SUBHEADER, DENIED. */
struct found {
    int kind;
    bool sub, denied;
};
struct found section_lookup(const struct section_rules *r, const char *p, size_t n);

#endif
