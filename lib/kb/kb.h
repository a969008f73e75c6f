/* A kb stream in memory: the expressions of each code, and the matcher made of them (kb_matcher.c). Tests:
 * tests/cli/note-sample.sh. */
#ifndef ICD_KB_H
#define ICD_KB_H
#include <stdbool.h>

#include "lib/kb/match.h"
#include "lib/stream/stream.h"

struct kb_code {
    size_t code, code_n;   /* where its name is in kb.text */
    size_t title, title_n; /* likewise; 0 long: none */
    size_t first, n;       /* its terms */
};
struct kb_term {
    size_t text, n;
};
struct kb {          /* zero it first */
    struct buf text; /* names and expressions, one after the other */
    struct kb_code *code;
    struct kb_term *term;
    uint32_t *sorted; /* codes by name */
    size_t codes, terms, code_cap, term_cap;
};
int kb_load(struct kb *kb, struct stream *s); /* reads the stream to its end */
/* How many records there are of this code: kb.sorted[*first] and on. */
size_t kb_find(const struct kb *kb, const char *code, size_t n, size_t *first);
void kb_free(struct kb *kb);

struct kb_matching {
    bool words;          /* every word of an expression counts by itself */
    bool idf;            /* and the more, the fewer codes have it */
    bool any_case;       /* short forms match in any case */
    const char *stop;    /* file of words that never count by themselves; NULL: the bundled one */
    bool negation;       /* denied expressions do not count */
    const char *denials; /* file of what denies; NULL: the bundled one */
};
/* Of every code's expressions; code numbers are the places in kb.code. E_DATA when there is no expression at all (a
 * stream of descriptions, say). */
int kb_matcher(const struct kb *kb, const struct kb_matching *how, struct matcher **m);

#endif
