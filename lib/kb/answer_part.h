/* Between the files that read an answer: answer.c (the whole, its lines), answer_table.c, answer_chars.c, answer_tag.c
 * and answer_tags.c (what is not part of it), answer_heading.c, answer_marks.c, answer_none.c, answer_entry.c (the
 * terms of an entry), answer_json.c, answer_description.c, answer_text.c (what they share). */
#ifndef ICD_ANSWER_PART_H
#define ICD_ANSWER_PART_H
#include <stdint.h>
#include <string.h>

#include "lib/kb/answer.h"

enum { ANSWER_LINE_MAX = 1 << 14 }; /* bytes: ten times a list of 30 between commas */
struct slice {                      /* of the answer; not ended by a NUL */
    const char *p;
    size_t n;
};
struct answer { /* being read */
    const struct answer_sink *sink;
    const char *code;
    size_t line, found, told; /* told: left_out calls with `lost` */
    struct buf held;          /* the terms so far */
    const char *refused;      /* why none of them holds, and the line of that, 0: all */
    size_t refused_line;
    bool thoughts, behind; /* something was left out: before the answer, behind it */
    bool empty, declined;
    /* where the reading is */
    bool in;              /* under one of the three headings */
    enum kb_type section; /* which */
    int level;            /* of the heading: 1 to 6 as "#", 7 bold, 8 plain */
    bool other;           /* under a heading that is none of the three */
    bool talk;            /* in a paragraph of closing words */
    int reasoning;        /* level of the heading of thoughts that this is under, 0: of none */
    size_t opened[KB_TYPES];
    bool again, aloud;      /* a heading came twice; thoughts had no tags */
    enum kb_type column[3]; /* of a table whose head names the three */
    size_t columns;
    bool by_row;       /* a table whose rows name the three */
    bool fenced;       /* in a fence of thoughts */
    struct slice next; /* line with a word in it */
    unsigned counted;  /* the number that the last entry's letter stands for, 0: it had none */
};

static inline struct slice slice_from(struct slice s, size_t i)
{
    return (struct slice){s.p + i, s.n - i};
}
static inline bool slice_starts(struct slice s, const char *what)
{
    return s.n >= strlen(what) && !memcmp(s.p, what, strlen(what));
}
static inline struct slice slice_of(const struct buf *b)
{
    return (struct slice){b->p ? b->p : "", b->n};
}

/* ---- characters (answer_chars.c) ---- */
uint32_t slice_char(struct slice s, size_t *bytes); /* the first one, of valid UTF-8 */
/* In place: invisible characters go, odd blanks become " ", ends of lines "\n". */
void answer_chars(struct buf *b);
/* Appends s with "&amp;" and the like as what they stand for, and ends of lines that are not counted as "\v". */
int answer_references(struct slice s, struct buf *out);

/* ---- tags (answer_tag.c, answer_tags.c) ---- */
enum { TAG_MAX = 96 }; /* bytes */
struct tag {
    struct slice name;
    size_t bytes;
    char kind;  /* '<' of HTML, '|' a token "<|name|>", '[' and 't' the signs that some models think between */
    bool close; /* "</name>" */
    bool sure;  /* no other text looks so; "< left >" may be words */
};
bool tag_at(struct slice s, struct tag *t); /* at the beginning of s, not empty */

struct answer_text { /* zero it first; the text is the caller's to free */
    struct buf text;
    size_t line;          /* that many lines were dropped before it */
    bool dropped, behind; /* thoughts or a prompt before it; something behind its end */
    const char *refused;  /* why it is no answer, NULL: it is one; on which line, 0: all */
    size_t refused_line;
};
/* `markup`: HTML's tags become ends of lines, bullets and headings; else they stay, as JSON has them in its strings. */
int answer_tags(struct slice s, bool markup, struct answer_text *out);

/* ---- pieces of text (answer_text.c) ---- */
struct slice slice_trim(struct slice s);                  /* blanks at both ends */
struct slice slice_plain(struct slice s);                 /* and emphasis, quotes, code marks around it */
bool slice_is(struct slice s, const char *word);          /* but for case */
bool slice_begins(struct slice s, const char *word);      /* in any case, and no letter follows */
const char *slice_find(struct slice s, const char *what); /* NULL: not there */
size_t slice_words(struct slice s);
bool slice_worded(struct slice s); /* has a letter or digit */

int answer_lost(struct answer *a, const char *why);
int answer_talk(struct answer *a, const char *why);
void answer_refuse(struct answer *a, const char *why); /* the whole answer; the first reason holds */
int answer_term(struct answer *a, enum kb_type type, const char *text, size_t n);
int answer_markup(struct answer *a, struct slice s, struct buf *out); /* answer_references and answer_tags */
struct slice answer_line(const char *p, const char *end, bool *counted);

bool answer_is_talk(struct slice line);      /* words to the reader, not an entry */
bool answer_is_question(struct slice line);  /* the prompt, said again */
bool answer_is_monologue(struct slice line); /* words to itself: "Hmm, the user wants" */
bool answer_refuses(struct slice text);
size_t answer_closing(struct slice text); /* the bytes before words to the reader at its end */

/* ---- headings (answer_heading.c) ---- */
struct heading {
    int level, type; /* type -1: none of the three */
    bool thoughts;   /* "Reasoning" */
    struct slice rest;
};
bool heading_of(struct slice line, struct heading *h);
/* "Common abbreviations (short forms)": which of the three a heading's words name, -1: none, or all of them. */
int heading_type(struct slice words);
/* The text behind "Final answer:" and before a next question; a->line goes along. */
struct slice answer_final(struct answer *a, struct slice text);
bool heading_is_thoughts(struct slice words);
bool answer_fence(struct slice line);
int answer_thoughts(struct answer *a, struct slice line, const struct heading *h, bool *in);

/* ---- marks (answer_marks.c) ---- */
bool slice_sign(uint32_t c);
struct slice slice_unpictured(struct slice s);
struct slice slice_unlettered(struct slice s); /* without "A. " or "iv) " */
size_t slice_footnote(struct slice s);         /* bytes of a footnote's mark or a sign at the end */
/* "- x", "12) x", "#1 x", "[ ] x": what follows the marks; *marked: whether there was one. */
struct slice answer_unbullet(struct slice s, bool *marked);
/* "a. x", "iv) x", in the course of a list. */
struct slice answer_unletter(struct answer *a, struct slice s);

/* ---- no expressions (answer_none.c) ---- */
bool answer_is_none(struct slice s); /* "none", "n/a", "see above" */
/* "rarely used", "British": `whole`: it is nothing else, and no country, which may be a short form. */
bool answer_is_remark(struct slice s, bool whole);

/* An entry or, if `list`, several parted by commas, of the present section. */
int answer_entry(struct answer *a, enum kb_type type, struct slice s, bool list);
int answer_row(struct answer *a, struct slice line); /* of a table; it begins with "|" */
int answer_json(struct answer *a, const char *text, size_t n, bool description, bool *is_json);
int answer_description(struct answer *a, struct slice text);

#endif
