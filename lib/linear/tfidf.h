/* Texts as vectors by TF-IDF. A text comes as units (numbers: of a tokenizer's pieces, or of words); its features are
 * the runs of 1 to `ngrams` units. A feature that is f times in a text, and in d of the n training texts, has the value
 *   (1 + ln f) (1 + ln((1 + n) / (1 + d))),
 * and the vector is scaled to length 1. Features that no training text has, or fewer than least_texts, are left out.
 * Tests: tests/unit/linear.c, tests/golden/linear.sh. */
#ifndef ICD_TFIDF_H
#define ICD_TFIDF_H
#include "lib/util/names.h"

struct bag { /* the features of one text: each once, with how often it stands there */
    uint32_t *feature, *count;
    size_t n;
};
struct feature_node; /* liblinear's {index, value}; a row ends with index -1 */
struct tfidf {       /* zero it, set ngrams and least_texts */
    int ngrams;
    uint32_t least_texts;
    struct names runs;
    uint32_t *mark; /* of each feature: its place in the bag in hand + 1 */
    size_t mark_n;
    /* by tfidf_fit() */
    int32_t *place; /* of each feature in a row, from 1; 0: left out */
    double *idf;    /* by place - 1 */
    int32_t n;      /* places */
};
int tfidf_bag(struct tfidf *t, const uint32_t *unit, size_t n, struct bag *out);
/* What the texts of `train` say: which features count, and their weights. */
int tfidf_fit(struct tfidf *t, const struct bag *const *train, size_t n);
/* A row: the text's features, then a constant `bias` at place n + 1. malloc'd. */
int tfidf_row(const struct tfidf *t, const struct bag *b, double bias, struct feature_node **row);
void bag_free(struct bag *b);
void tfidf_free(struct tfidf *t);

#endif
