/* The file of a SentencePiece vocabulary, a protobuf message, as far as this project writes and changes it:
 *   ModelProto       1 piece*, 2 trainer_spec, 3 normalizer_spec, 5 denormalizer_spec
 *   a piece          1 text, 2 score (f32), 3 type
 * Reading it is libsentencepiece's (spm.h), once spm_proto_sane has looked. Tests: tests/unit/spm.c,
 * tests/cli/vocab-train.sh. */
#ifndef ICD_SPM_PROTO_H
#define ICD_SPM_PROTO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SPM_PIECE = 1, SPM_TRAINER = 2, SPM_NORMALIZER = 3, SPM_DENORMALIZER = 5 };    /* fields of a ModelProto */
enum { SPM_PIECE_TEXT = 1, SPM_PIECE_SCORE = 2, SPM_PIECE_TYPE = 3, SPM_CHARSMAP = 2 }; /* of a piece, a normaliser */
enum spm_type { SPM_NORMAL = 1, SPM_UNKNOWN = 2, SPM_CONTROL = 3, SPM_USER = 4, SPM_UNUSED = 5, SPM_BYTE = 6 };

/* Add one field to the message in b. */
int spm_proto_int(struct buf *b, unsigned field, uint64_t v);
int spm_proto_f32(struct buf *b, unsigned field, float v);
int spm_proto_bytes(struct buf *b, unsigned field, const void *p, size_t n);
int spm_proto_piece(struct buf *model, const char *text, size_t n, float score, enum spm_type type);

/* The fields of a message in turn: those of bytes, and numbers of 4 and 8 bytes, borrow them; a varint is `v`. */
struct spm_field {
    unsigned no;
    uint64_t v;
    const char *p;
    size_t n;
};
/* 1: a field, *p is behind it; 0: *p is the end; -1: malformed. */
int spm_proto_next(const char **p, const char *end, struct spm_field *f);

/* Is the message well formed, and do the normalisers' tables stay inside themselves? The library does not look. */
bool spm_proto_sane(const void *p, size_t n);

#ifdef __cplusplus
}
#endif
#endif
