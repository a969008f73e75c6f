/* SentencePiece vocabularies: the project's only door to libsentencepiece, which is C++ (spm.cc).
 * Text is handled as raw bytes; every id says which bytes of the raw text it came from, although SentencePiece
 * normalises the text (nmt_nfkc) before it cuts it. A `const struct spm` may be used by several threads at once.
 * Tests: tests/unit/spm.c, tests/cli/tokenize.sh. */
#ifndef ICD_SPM_H
#define ICD_SPM_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct spm;
struct spm_info {
    char name[64];                     /* base name of the file */
    char xxh64[17];                    /* of its bytes: what makes two tokenizers equal */
    int32_t pieces;                    /* ids are 0 .. pieces-1 */
    int32_t pad, eos, unk, bos;        /* -1: the vocabulary has none */
};
/* Ids and, for ids[i], its raw bytes [offset[2i], offset[2i+1]). Zero it before first use; spm_ids_free. */
struct spm_ids {
    int32_t *id;
    uint32_t *offset;
    size_t n, cap;
};
int spm_ids_add(struct spm_ids *v, int32_t id, uint32_t begin, uint32_t end);
void spm_ids_free(struct spm_ids *v);

/* The file that the user means: `path` itself, or in a model directory the first there is of spiece.model,
 * tokenizer.model, tokenizer.json. */
int spm_find(const char *path, char *out, size_t n);
/* path: a SentencePiece model, a tokenizer.json (hf_tokenizer.h) or a model directory. E_NOINPUT, E_DATA. */
int spm_open(struct spm **s, const char *path);
int spm_open_bytes(struct spm **s, const char *name, const void *p, size_t n);
const struct spm_info *spm_info(const struct spm *s);
void spm_close(struct spm *s); /* NULL is fine */

/* meta.tokenizer: {name, xxh64, pieces, pad, eos, unk, bos}; new reference. */
json_t *spm_json(const struct spm *s);
/* Is meta.tokenizer of another stream or model this one? E_DATA with a message if not. */
int spm_same(const json_t *mine, const json_t *other);

/* Append the ids of n bytes, one segment: a text of its own with its own leading word mark. `base` is added to every
 * offset. Offsets ascend; bytes between two ids are white space or characters that normalisation drops.
 * The library needs some 130 bytes of memory per byte, so a text longer than SPM_WINDOW is encoded in windows that meet
 * between two words. No piece of a usual vocabulary goes across such a place, so the ids are those of the whole text;
 * only where two ways to cut one word are equally good, to the last bits of a float sum over all the text before, may
 * another one be taken. A vocabulary with pieces of several words, and a text without a blank in half a window, can
 * differ in the ids next to a place where windows meet. */
enum { SPM_WINDOW = 1 << 18 };
int spm_encode(const struct spm *s, const char *p, size_t n, uint32_t base, struct spm_ids *out);
/* How many ids spm_encode would add. */
int spm_count(const struct spm *s, const char *p, size_t n, size_t *count);
/* As spm_encode (out) or spm_count (out NULL), but no further window is begun once there are more than `enough` ids.
 * *count: ids that were added; *done: bytes they are of. window: SPM_WINDOW; tests take smaller ones, 8 or more. */
int spm_encode_some(const struct spm *s, const char *p, size_t n, uint32_t base, size_t window, size_t enough,
                    struct spm_ids *out, size_t *count, size_t *done);
/* Append the text of ids. pad, eos and bos say nothing; ids outside the vocabulary (rows a model has beyond it)
 * read as the unknown piece. */
int spm_decode(const struct spm *s, const int32_t *id, size_t n, struct buf *out);
const char *spm_piece(const struct spm *s, int32_t id);         /* NULL out of range */
int32_t spm_piece_id(const struct spm *s, const char *piece);   /* -1: no such piece */

#ifdef __cplusplus
}
#endif
#endif
