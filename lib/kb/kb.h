/* A kb stream in memory: the expressions of each code, and the matcher made of them. Tests:
 * tests/cli/note-sample.sh. */
#ifndef ICD_KB_H
#define ICD_KB_H
#include "lib/kb/match.h"
#include "lib/stream/stream.h"

struct kb_code {
    size_t code, code_n; /* where its name stands in kb.text */
    size_t first, n;     /* its terms */
};
struct kb_term {
    size_t text, n;
};
struct kb {          /* zero it first */
    struct buf text; /* names and expressions, one behind the other */
    struct kb_code *code;
    struct kb_term *term;
    size_t codes, terms, code_cap, term_cap;
};
/* Reads the stream to its end. E_DATA when it has no expression at all (a stream of descriptions, say). */
int kb_load(struct kb *kb, struct stream *s);
int kb_matcher(const struct kb *kb, struct matcher **m); /* of every code's expressions */
void kb_free(struct kb *kb);

#endif
