/* A synthetic MIMIC-III v1.4 directory (tool mimic-synth). Nothing in it comes from a patient: who has which codes is
 * drawn from public counts, and every sentence is made from the wording table in synth_words.c. The truth is planted:
 * each of the 50 codes an admission has is asserted in its notes by one of the code's expressions.
 *   synth.c        plan (subjects, ids, splits), chunks, files     synth_codes.c  which codes an admission has
 *   synth_note.c   writes one admission's notes                    synth_words.c  the wording, to be read and extended
 * Everything about an admission is a function of (seed, its index), so memory does not grow with their number and the
 * bytes do not depend on threads. Tests: tests/cli/mimic-synth.sh, tests/unit/synth.c. */
#ifndef ICD_SYNTH_H
#define ICD_SYNTH_H
#include "lib/util/buf.h"
#include "lib/util/rng.h"
#include <stdbool.h>
#include <stdint.h>

enum { SYNTH_TOP = 50, SYNTH_PROFILES = 7, SYNTH_OTHERS_MAX = 24, SYNTH_PARTS_MAX = 3 };
enum synth_split { SYNTH_TRAIN, SYNTH_DEV, SYNTH_TEST };

/* ---- synth_codes.c ---- */
struct synth_code {
    const char *code;
    bool procedure;
    short positives[3]; /* admissions of MIMIC-III-50 train, dev, test that have it (public counts) */
};
extern const struct synth_code synth_codes[SYNTH_TOP]; /* index order: byte-wise by code */
extern const int synth_sizes[3];                       /* admissions of MIMIC-III-50 train, dev, test */
struct synth_profile {
    const char *service; /* of the note's head */
    const char *complaint; /* a list of synth_words.c */
    int weight;
    const char *codes; /* those more frequent here */
};
extern const struct synth_profile synth_profiles[SYNTH_PROFILES];
void synth_shares(double p[3][SYNTH_PROFILES][SYNTH_TOP]); /* P(code | split, profile) */
int synth_code_index(const char *code); /* -1: not one of the 50 */

struct synth_case {
    int profile;
    bool has[SYNTH_TOP];
    int top;         /* how many of the 50 */
    bool uncoded;    /* has no code row at all, as a few real ones */
    uint32_t other[SYNTH_OTHERS_MAX]; /* ranks in the long tail, all different */
    int others;
};
/* ---- titles and expressions, read from share/ ---- */
struct synth_title {
    char *code, *title;
    bool procedure;
};
struct synth_lexicon {
    struct synth_title *titles; /* of all ICD-9-CM codes */
    size_t ntitles;
    uint32_t *tail; /* titles that no expression of the 50 occurs in, in order of frequency */
    uint32_t ntail;
    char **expr[SYNTH_TOP]; /* expressions that name this code and none other of the 50 */
    int nexpr[SYNTH_TOP];
    double share[3][SYNTH_PROFILES][SYNTH_TOP];
};
int synth_lexicon_load(struct synth_lexicon *lx, uint64_t seed);
void synth_lexicon_free(struct synth_lexicon *lx);
/* The codes of an admission. */
void synth_draw(struct rng *r, const struct synth_lexicon *lx, enum synth_split split, struct synth_case *c);

/* ---- synth_note.c ---- */
struct synth_evidence { /* where a code of the admission is asserted */
    int code, part;
    uint32_t begin, end; /* bytes of the part's text */
};
struct synth_note {
    struct buf text[SYNTH_PARTS_MAX];        /* report, addendum, second report */
    const char *description[SYNTH_PARTS_MAX];
    int parts;
    struct synth_evidence *evidence;
    size_t nevidence, cap;
    int year, month, day; /* of discharge */
    char sex;
};
/* Fills n (reset, memory kept). `old`: the layout of the dictated notes. */
int synth_write(struct rng *r, const struct synth_lexicon *lx, const struct synth_case *c, double length, bool old,
                struct synth_note *n);
int synth_write_other(struct rng *r, const char *list, struct buf *text);
void synth_note_free(struct synth_note *n);

/* ---- synth_words.c ---- */
struct synth_words {
    const char *name;
    const char *const *alt; /* ends with NULL */
};
/* Alternatives of a list; NULL when there is none of that name. `n` gets their number. */
const char *const *synth_words_find(const char *name, size_t len, int *n);
const struct synth_words *synth_words_at(int i); /* NULL past the last */

/* ---- synth.c ---- */
struct synth_opts {
    int64_t admissions;
    uint64_t seed;
    double length; /* mean words of a note */
    int threads;
    const char *dir;
    void (*progress)(void *ctx, uint64_t done); /* may be NULL */
    void *ctx;
};
struct synth_counts {
    uint64_t notes, diagnoses, procedures, evidence, in_split[3], in_50[3], uncoded;
};
int synth_run(const struct synth_opts *o, struct synth_counts *counts);

#endif
