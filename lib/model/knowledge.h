/* The knowledge of a model with KG-injection (section 3.2 of the paper): its texts as token ids, how they become the
 * rows of D_m, and which of them a note reads. Tests: tests/unit/knowledge.c, tests/golden/kg.c.
 *
 * Texts (expressions or descriptions) are joined, in order, into pieces of at most `chunk` tokens, and the model's own
 * encoder encodes the pieces (eq. 6). D_m has one row per token, or the mean over the tokens of a text or of a code. It
 * is stored as a parameter without a gradient, "icd.kg.memory", in checkpoints and model directories; evaluation and
 * icd-infer read it from there. knowledge_refresh computes it again from the present weights. */
#ifndef ICD_KNOWLEDGE_H
#define ICD_KNOWLEDGE_H
#include "lib/model/model.h"
#include "lib/stream/stream.h"
#include "lib/tensor/safetensors.h"
#include "lib/text/spm.h"

/* In words: as options and in icd.json. All end with NULL. */
extern const char *const kg_pools[], *const kg_scopes[], *const kg_intos[], *const kg_scales[];
struct kg_cfg {
    enum kg_pool { KG_TOKEN, KG_EXPRESSION, KG_CODE } pool;
    enum kg_scope { KG_GLOBAL, KG_NOTE } scope; /* all of D_m, or the rows of texts that occur in the note */
    enum kg_into { KG_BOTH, KG_DECODER, KG_LABELS } into; /* who reads D' instead of D */
    enum kg_scale { KG_PLAIN, KG_SQRT } scale;
    bool share_w, tanh, norm, gate;
    int64_t chunk;
};
/* The first setting that the user chose (it is not the default, `plain`) and that contradicts the model's (`own`), by
 * its name as in --kg-NAME; NULL if there is none. */
const char *kg_cfg_conflict(const struct kg_cfg *wanted, const struct kg_cfg *plain, const struct kg_cfg *own);

struct knowledge {
    struct kg_cfg cfg;
    bool full; /* gradients go through G(M): D_m is made anew in every step that trains */
    int64_t texts, tokens, codes, rows, cap_texts, cap_tokens;
    int32_t *ids;            /* (tokens) */
    struct kg_text {
        int32_t n, code;     /* tokens; 0, 1, .. in order of the stream */
    } *text;                 /* (texts) */
    int64_t *at;             /* (texts) first token of each */
    int32_t *row, *row_n;    /* (tokens) row of D_m; (rows) tokens in it */
    struct kg_piece {
        int64_t at;
        int32_t n;
    } *piece;                /* what the encoder gets */
    int64_t pieces;
    /* texts by their first token, for KG_NOTE */
    int32_t *first, *by;     /* (V+1), (texts) */
    uint8_t *begins;         /* (V) 1: the piece starts a word or is punctuation, so a match may end before it */
    int32_t *seen;           /* (rows) scratch: number of the note that has it already */
    int W, gate, norm, memory; /* parameters; -1: none */
};

/* Token records of a kb, to the end of the stream. E_DATA when there is no text, or an id is not below V. */
int knowledge_read(struct knowledge **k, const struct kg_cfg *cfg, struct stream *s, int64_t V);
/* The same from arrays: at least one text, each of at least one token of the vocabulary. Copies. */
int knowledge_of(struct knowledge **k, const struct kg_cfg *cfg, const int32_t *ids, const struct kg_text *text,
                 int64_t texts);
/* Declares its parameters; the model owns k from here on, also after an error. After model_add_label_attn. */
int model_add_knowledge(struct model *m, struct knowledge *k);
/* Numbers that are learned: parameters but for the memory. */
int64_t model_learned(const struct model *m);
/* For KG_NOTE, before the first model_encode: where words begin in the model's vocabulary. */
int knowledge_words(struct knowledge *k, const struct spm *s, int64_t V);
/* D_m from the present weights, without dropout; resets the tape. */
int knowledge_refresh(struct model *m, struct tape *t);
void knowledge_free(struct knowledge *k); /* NULL is fine */

json_t *knowledge_json(const struct knowledge *k); /* icd.json's "kg"; NULL: no memory */
/* The tensors icd.kg.text and icd.kg.ids beside a model's own parameters in icd.safetensors. */
int knowledge_declare(const struct knowledge *k, struct st_writer *w);
int knowledge_write(const struct knowledge *k, struct st_writer *w);
int knowledge_open(struct knowledge **k, const json_t *kg, const struct st_file *f, int64_t V);
bool knowledge_tensor(const char *name); /* one of those two */

/* What encoder and KG-injection make of B notes of T tokens: ids(B,T) padded, len(B) on the host. */
struct encoded {
    struct var *dec, *att; /* (B,T,D) what decoder and label attention read: D' or D */
    struct tensor len;     /* (B) i32 */
};
struct encoded model_encode(struct model *m, struct tape *t, int64_t B, int64_t T, const int32_t *ids,
                            const int32_t *len);

#endif
