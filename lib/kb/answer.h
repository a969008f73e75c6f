/* What a language model answered about one code, read: lists of expressions as in the paper's Figure 5 (medical terms,
 * abbreviations, synonyms) or a description as in Figure 4. Models wrap the same content in ever other ways, so
 * headings come plain, bold, as "###" or numbered, in any case; entries bulleted, numbered, bare, comma-separated,
 * quoted, in table cells or as JSON, with or without preamble, code fence, <think> block and closing words. Nothing
 * vanishes: what is left out is reported. Tests: tests/unit/answer.c. */
#ifndef ICD_ANSWER_H
#define ICD_ANSWER_H
#include "lib/kb/terms.h"

enum { ENTRY_WORDS_MAX = 12, ENTRY_MAX = 120, DESCRIPTION_MAX = 1 << 14 }; /* bytes */

struct answer_sink {
    void *ctx;
    /* UTF-8 without control characters, blanks single, not empty. */
    int (*term)(void *ctx, enum kb_type type, const char *text, size_t n);
    /* Something on this line (from 1; 0: the answer as a whole) became no term. `lost`: it may have been meant as one;
     * else it is talk around the lists: a preamble, an explanation after a term. */
    int (*left_out)(void *ctx, size_t line, bool lost, const char *why);
};
/* *found: how often `term` was called. `code`: whose answer it is; the bare code is no term. Returns what the sink
 * returns, E_NOMEM, else 0: a bad answer is no error but a left_out of line 0. */
int answer_read(const char *text, size_t n, bool description, const char *code, const struct answer_sink *sink,
                size_t *found);

#endif
