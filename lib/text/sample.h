/* Knowledge-driven sampling (section 3.3 of the paper, eqs 10-11): which parts of a note go into a limited input.
 *   N = words of a section or paragraph that belong to an expression, p = N / its words
 * The `top` sections with the largest N are chosen and put in the order of p; further sections fill the rest of the
 * budget; inside a section, paragraphs are in the order of p. Of equals, the first in the note wins. The last piece is
 * truncated. The paper has other readings in places: each is a field of sample_cfg.
 * Tests: tests/unit/sample.c, tests/cli/note-sample.sh (with a Python reference). */
#ifndef ICD_SAMPLE_H
#define ICD_SAMPLE_H
#include "lib/kb/match.h"
#include "lib/text/sections.h"
#include "lib/text/spm.h"

enum sample_level { SAMPLE_NONE, SAMPLE_SECTION, SAMPLE_PARAGRAPH };
enum sample_rank { RANK_N_P, RANK_LEX, RANK_P }; /* top by N, then ordered by p; by N, ties by p; by p alone */
enum sample_fill { FILL_NONE, FILL_P, FILL_N, FILL_DOC };
/* A section longer than what is left: by level; its head; its paragraphs by p; left out. */
enum sample_overflow { OVERFLOW_LEVEL, OVERFLOW_TRUNCATE, OVERFLOW_PARAGRAPH, OVERFLOW_SKIP };

struct sample_cfg {
    enum sample_level level; /* NONE: the head of the note */
    enum sample_rank rank;
    enum sample_fill fill; /* what follows the top sections */
    enum sample_overflow overflow;
    enum paragraphs paragraphs;
    size_t budget;         /* pieces of spm; words between blanks without one */
    size_t reserved;       /* of them, for the prompt and the end token; less than budget */
    const struct spm *spm; /* NULL: words */
    size_t top;
    bool doc_order;                /* what was chosen goes in the note's order, not in the order of rank */
    bool headers;                  /* a section's header goes before what is kept of it; else headers are left out */
    bool reorder;                  /* notes that fit are sampled like the others, not kept as they are */
    bool count_pieces;             /* N and p in pieces of spm, not in words */
    bool negation;                 /* sections of class N (family history, instructions) count no words */
    bool always_rank;              /* rank sections of notes that fit, too, and count every note whole (statistics) */
    const bool *keep;              /* of each kind of section: goes first, whatever its N; NULL: none does */
    const struct matcher *matcher; /* these two may be NULL at SAMPLE_NONE */
    const struct section_rules *rules;
};

struct sample_span {
    int64_t begin, end;
};
struct sample { /* result and scratch of one thread: zero it once, reuse it */
    /* In the order they are to be read in; disjoint, on character boundaries; one empty span when not even a word
     * fits. */
    struct sample_span *span;
    size_t n;
    /* Of the whole note, of the spans: the unit of the budget, without what is reserved. Without always_rank, tokens of
     * a note of more than SPM_WINDOW bytes are counted until they exceed the budget. */
    size_t tokens, kept;
    struct sections sections;
    struct match_count *count;  /* of each section; only when ranked */
    struct match_count *pcount; /* of each paragraph, the first of a section without the header */
    uint32_t *rank;             /* sections in the order they were asked for; the first `top` were chosen */
    size_t ranked, top;         /* top 0: nothing in the note matched */
    bool sectioned, flat;       /* sections were looked for; there is one, or all stands in one line */
    bool whole, head;           /* the note is kept as it is; its head is, as no section was chosen or fitted */
    /* private */
    struct sample_span *piece;
    size_t pieces, span_cap, piece_cap, count_cap, pcount_cap;
    uint32_t *order;
    struct spm_ids ids;
    struct match_words words;
};
/* scope: the codes whose expressions count, as in matcher_count. */
int sample_note(const struct sample_cfg *cfg, const char *text, size_t n, const struct section_start *start,
                size_t nstart, const uint64_t *scope, struct sample *out);
void sample_free(struct sample *s);

#endif
