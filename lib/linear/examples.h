/* Notes for a linear model: token and target records joined by id. Only train and dev notes have labels; a note that is
 * to be predicted needs its tokens alone. Tests: tests/cli/icd-linear.sh. */
#ifndef ICD_EXAMPLES_H
#define ICD_EXAMPLES_H
#include <stdbool.h>

#include "lib/linear/tfidf.h"
#include "lib/stream/stream.h"
#include "lib/text/labels.h"
#include "lib/text/spm.h"

struct example {
    char *split;
    uint32_t *label, labels; /* ascending, none twice; NULL: no target */
    struct bag bag;
    bool tokens;              /* its tokens were read */
    struct feature_node *row; /* by examples_rows() */
};
struct examples {            /* zero it, set words and text's ngrams and least_texts */
    const struct spm *words; /* units are the words that this vocabulary's pieces spell, folded as in lib/kb/word.h;
                                NULL: units are the pieces */
    struct names id;        /* an example's number is its id's */
    struct example *v;
    size_t cap;
    uint32_t *order, n; /* (n) those with tokens, as they came */
    size_t order_cap;
    struct tfidf text;
    struct names word;
    int32_t silent[3]; /* pieces that say nothing (padding, end, begin); -1: none */
};
/* A target or gold record. E_DATA: neither train nor dev. */
int examples_target(struct examples *e, const msgpack_object *rec, const struct labels *l);
/* A token record; pieces: how many ids the vocabulary has. */
int examples_tokens(struct examples *e, const msgpack_object *rec, int64_t pieces);
bool example_is(const struct example *x, const char *split); /* of this split, and with tokens */
/* Fits text to the training notes that have target and tokens, and turns the bags of all notes into rows. E_DATA when
 * there is no training note, or no feature in them. */
int examples_rows(struct examples *e, double bias);
void examples_free(struct examples *e);

#endif
