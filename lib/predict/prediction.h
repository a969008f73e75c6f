/* A pred record as something to be shown: its codes with scores, best first, and the places that speak for them. Tests:
 * tests/cli/pred-show.sh. */
#ifndef ICD_PREDICTION_H
#define ICD_PREDICTION_H
#include <stdbool.h>

#include "lib/stream/stream.h"
#include "lib/text/excerpt.h"
#include "lib/text/labels.h"

struct predicted {
    char *code;
    double score;          /* NaN: none */
    bool final, generated; /* among the record's codes; in its generated text */
    struct place *place;   /* evidence, heaviest first as in the record */
    size_t places;
    struct excerpt *words; /* of the places, once there is a text */
    size_t n_words;
};
struct prediction { /* zero it first */
    char *id, *split;
    struct predicted *v;
    size_t n, finals;      /* shown; codes of the record */
    int64_t unknown;       /* generated strings that are no code */
    bool cut, gen, scores; /* the generated text hit its limit; there is one; there are scores */
};
/* labels: of the stream's meta, n 0: none. top 0: the record's codes; else the `top` labels of highest score, predicted
 * or not (without scores: the first of the record's codes). E_DATA naming the field. */
int prediction_read(struct prediction *p, const msgpack_object *rec, const struct labels *labels, size_t top);
/* The words at the places of every code. E_DATA: a place is not within the text. */
int prediction_words(struct prediction *p, const char *text, size_t n);
void prediction_free(struct prediction *p);

#endif
