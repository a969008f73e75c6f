/* Between answer.c (an answer's lines), answer_entry.c (an entry's terms), answer_json.c and answer_text.c
 * (descriptions). */
#ifndef ICD_ANSWER_PART_H
#define ICD_ANSWER_PART_H
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
    /* where the reading is */
    bool in;                /* under one of the three headings */
    enum kb_type section;   /* which */
    int level;              /* of the heading: 1 to 6 as "#", 7 bold, 8 plain */
    bool other;             /* under a heading that is none of the three */
    bool talk;              /* in a paragraph of closing words */
    enum kb_type column[3]; /* of a table whose head names the three */
    size_t columns;
};

struct slice slice_trim(struct slice s);                  /* blanks at both ends */
struct slice slice_plain(struct slice s);                 /* and emphasis, quotes, code marks around it */
bool slice_is(struct slice s, const char *word);          /* but for case */
bool slice_begins(struct slice s, const char *word);      /* in any case, and no letter follows */
const char *slice_find(struct slice s, const char *what); /* NULL: not there */
size_t slice_words(struct slice s);
bool slice_worded(struct slice s); /* has a letter or digit */

int answer_lost(struct answer *a, const char *why);
int answer_talk(struct answer *a, const char *why);

/* "Common abbreviations (short forms)": which of the three a heading's words name, -1: none, or all of them. */
int heading_type(struct slice words);
bool answer_is_talk(struct slice line);     /* words to the reader, not an entry */
bool answer_is_question(struct slice line); /* the prompt, said again */
bool answer_refuses(struct slice text);
/* "- x", "12) x", "(b) x", "[ ] x": what follows the mark; *marked: whether there was one. */
struct slice answer_unbullet(struct slice s, bool *marked);

/* An entry or, if `list`, several parted by commas, of the present section. */
int answer_entry(struct answer *a, enum kb_type type, struct slice s, bool list);
int answer_json(struct answer *a, const char *text, size_t n, bool description, bool *is_json);
int answer_description(struct answer *a, struct slice text);

#endif
