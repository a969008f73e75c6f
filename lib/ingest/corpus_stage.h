/* What a tool does to bring a corpus in: checks of the options, the two streams, the report. Tests:
 * tests/cli/rec-cat-import.sh. */
#ifndef ICD_CORPUS_STAGE_H
#define ICD_CORPUS_STAGE_H
#include "lib/ingest/corpus.h"
#include "lib/stream/stage.h"

/* What is asked for, as the options say it. */
struct corpus_ask {
    bool csv;           /* else JSON lines */
    const char *schema; /* of the primary output: note or gold */
    const char *gold;   /* a file for the gold stream, or NULL */
    const char *columns, *draw;
    struct opt_list map_split;
    char delimiter;
    bool quotes, stratify;
    int64_t seed;
};
struct corpus_stage;
/* Does any of the options ask for a corpus rather than for bare records? */
bool corpus_asked(const struct corpus_ask *ask);
/* In begin; reads operand 0 or standard input. What has to be known before the first record is read here: of gold its
 * labels, and for a draw all ids. *s is to be freed also after an error. */
int corpus_begin(struct run *r, const struct corpus_ask *ask, struct corpus_stage **s);
int corpus_end(struct run *r, struct corpus_stage *s);
void corpus_stage_free(struct corpus_stage *s); /* NULL is fine */

#endif
