/* Making a SentencePiece vocabulary. Words are counted as text comes in, so memory grows with the different words and
 * not with the notes; SentencePiece's own trainer (libsentencepiece_train, behind spm_train.cc) learns from the counts.
 * Pieces never reach across a blank, so this is the vocabulary that the text itself would give. The model has T5's
 * special pieces (pad 0, eos 1, unk 2, no bos). Every printable ASCII character is a piece: a code, a separator or a
 * prompt in ASCII can always be spelled. The same text gives the same bytes, on any number of processors.
 * Tests: tests/cli/vocab-train.sh. */
#ifndef ICD_SPM_TRAIN_H
#define ICD_SPM_TRAIN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct spm_corpus;
struct spm_corpus_size {
    uint64_t words, different;
};
int spm_corpus_new(struct spm_corpus **c);
/* Counts the words of UTF-8 text. Blanks, control characters and NUL part words; one longer than 1 KiB is cut. */
int spm_corpus_add(struct spm_corpus *c, const char *p, size_t n);
/* A code that can always be spelled; with `whole` it is one piece where it follows a blank or begins a text. */
int spm_corpus_code(struct spm_corpus *c, const char *code, bool whole);
void spm_corpus_size(const struct spm_corpus *c, struct spm_corpus_size *size);
void spm_corpus_free(struct spm_corpus *c); /* NULL is fine */

struct spm_training {
    int64_t size;    /* pieces wanted; fewer where the corpus has no more */
    double coverage; /* share of the corpus's characters that get a piece: 1 is every one */
};
/* Appends the model. *size is how many pieces it has. E_DATA: no word; a size below what characters and codes need
 * (the message names it); a code that cannot be one piece. */
int spm_train(const struct spm_corpus *c, const struct spm_training *t, struct buf *model, int64_t *size);

#ifdef __cplusplus
}
#endif
#endif
