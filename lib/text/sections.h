/* Sections and paragraphs of a discharge summary. Every byte of a note is in exactly one section and in exactly one of
 * its paragraphs. What counts as a header is data: share/sections/canonical.tsv; the rules are in sections.c.
 * Tests: tests/unit/sections.c. */
#ifndef ICD_SECTIONS_H
#define ICD_SECTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text/lf.h"

struct section_rules;
int section_rules_load(struct section_rules **r, const char *path); /* NULL: the canonical list */
void section_rules_free(struct section_rules *r);                   /* NULL is fine */
int section_kinds(const struct section_rules *r);                   /* kinds are 0 .. section_kinds-1 */
/* "HPI"; "PREAMBLE" is the text before the first header, "OTHER" a header that is not in the list. */
const char *section_name(const struct section_rules *r, int kind);
char section_class(const struct section_rules *r, int kind);                 /* D, S, N, A as in the list; '-' */
int section_kind(const struct section_rules *r, const char *name, size_t n); /* -1: none of that name */

struct paragraph {
    int64_t begin, end;
};
struct section {
    int kind;
    int64_t begin, body, end; /* [begin,body) is the header, empty where there is none */
    size_t para, npara;       /* its paragraphs; the first begins with the header */
};
struct sections { /* zero it once; reused from note to note */
    struct section *sec;
    struct paragraph *para;
    size_t n, npara, cap, para_cap;
    size_t lines;
    struct lf_text lf; /* private */
};
/* Where a further report or addendum begins (`parts` of a note record): start[] ascends, each opens a section of its
 * own, ADDENDUM or PREAMBLE unless a header is there. */
struct section_start {
    int64_t at;
    bool addendum;
};
/* Where a paragraph ends: at an empty line and before a sub-header always; and, if asked for, at every line, before a
 * line with a list mark, at the end of a sentence. */
enum paragraphs { PARAGRAPH_BLOCK, PARAGRAPH_LINE, PARAGRAPH_BULLET, PARAGRAPH_SENTENCE };
/* However lines end and blanks are written (lf.h), the sections are the same; places are those of `text`. */
int sections_find(const struct section_rules *r, const char *text, size_t n, const struct section_start *start,
                  size_t nstart, enum paragraphs how, struct sections *out);
/* The share of a section's lines that belong to a medication list or a lab grid. E_NOMEM. */
int section_listed(const char *text, const struct section *s, double *share);
void sections_free(struct sections *s);

#endif
