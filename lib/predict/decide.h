/* From the two sides of a model to codes: the codes in the generated text, the scores of the label attention, and what
 * decides between them: thresholds and eq. 5 of the paper, y = lambda Y_gen + (1 - lambda) Y_att, in each of its
 * readings. icd-infer predicts by it and icd-train's evaluation chooses by it, so that what was chosen is what runs.
 * Tests: tests/unit/decide.c, tests/cli/icd-infer.sh. */
#ifndef ICD_DECIDE_H
#define ICD_DECIDE_H
#include <jansson.h>
#include <stdbool.h>

#include "lib/metric/metric.h"

enum decide_by {
    DECIDE_GEN,  /* the text */
    DECIDE_ATT,  /* scores above a threshold */
    DECIDE_CODE, /* lambda 0 or 1 per code: one of the two */
    DECIDE_MIX,  /* a real lambda: lambda * text + (1 - lambda) * score above a threshold of its own */
    DECIDE_OR,   /* the text or the score: 1 where the text has the code, else the score, above its own threshold */
    DECIDE_AND,  /* the text and the score: 0 where the text lacks the code, else the score, likewise */
    DECISIONS
};
extern const char *const decide_names[DECISIONS + 1]; /* NULL-terminated: "gen", "att", "code", "mix", "or", "and" */

struct decision {
    enum decide_by by;
    size_t L;
    double threshold;
    const double *thresholds; /* (L) one for each label instead, or NULL */
    double lambda;            /* DECIDE_MIX */
    uint8_t *text;            /* (L) DECIDE_CODE: 1: the text decides on this code */
    double f1;                /* micro-F1 on the dev notes it was chosen on */
};
/* code (L) becomes 0 or 1. score is not read by DECIDE_GEN, gen (0 or 1) not by DECIDE_ATT. */
void decide(const struct decision *d, const float *score, const uint8_t *gen, uint8_t *code);
/* Micro-F1 of what is decided for n notes with gold and score; gen (n,L). E_NOMEM. */
int decide_f1(const struct decision *d, const struct metric_note *note, size_t n, const uint8_t *gen, double *f1);

/* The readings of eq. 5 that take from both sides, chosen on dev notes: [DECIDE_CODE] and so on; the others unused. */
struct ensemble {
    struct decision of[DECISIONS];
    enum decide_by best; /* the one with the largest F1; the first of several, DECIDE_MIX before all others */
};
int ensemble_open(struct ensemble *e, size_t L);
void ensemble_close(struct ensemble *e); /* zeroed is fine */
/* Choose on n dev notes: threshold is the label attention's; text: does the text decide where a code's two sides are
 * equally good? E_NOMEM. */
int ensemble_fit(struct ensemble *e, const struct metric_note *note, size_t n, const uint8_t *gen, double threshold,
                 bool text);
/* In a model's icd.json: {best, code: {f1, threshold, lambda: [0, 1, ...]}, mix: {f1, threshold, lambda}, or: ..}. */
json_t *ensemble_json(const struct ensemble *e);
int ensemble_read(struct ensemble *e, const json_t *j); /* E_DATA */

#endif
