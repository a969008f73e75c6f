/* tokenizer.json, the only tokenizer file that transformers 5 saves: a unigram vocabulary in it is read as the
 * SentencePiece model that it was made from, so that everything else here knows one kind of vocabulary.
 *   model.vocab          pieces and scores, in the order of their ids
 *   added_tokens         special ones become control pieces, also those behind the vocabulary (T5's <extra_id_0>)
 *   normalizer           Precompiled: SentencePiece's own table
 *   pre_tokenizer        Metaspace: SentencePiece's mark for a blank
 * Ids are SentencePiece's. Three things differ from the library `tokenizers`: a special token that stands in a note is
 * text here; characters with several combining marks are normalised as SentencePiece does; U+0085 is no blank.
 * Tests: tests/golden/tokenizer.sh. */
#ifndef ICD_HF_TOKENIZER_H
#define ICD_HF_TOKENIZER_H
#include "lib/util/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the SentencePiece model of a tokenizer.json's n bytes. E_DATA: no JSON, no unigram vocabulary, or one with
 * parts that SentencePiece has not (the message names it). */
int hf_tokenizer(const char *p, size_t n, struct buf *model);

#ifdef __cplusplus
}
#endif
#endif
