/* A model: its family's forward, its parameters, the label-attention head and what a model directory says.
 * A family is one file lib/model/<family>.c that ends in REGISTER(model_family, <name>, its
 * functions). */
#ifndef ICD_MODEL_H
#define ICD_MODEL_H
#include "lib/nn/nn.h"
#include <jansson.h>

#include "lib/util/register.h"

struct model;

/* Keys and values of a decoder for step-by-step decoding; made by `cache`, lives in the model's cache arena. */
struct kv_cache;

struct model_family {
    const char *name;       /* "t5": also model_type of config.json and the word before ':' in --init */
    const char *also;       /* another model_type that it reads, or NULL */
    bool encoder_decoder;
    /* Fill m->arch from m->config (a Hugging Face config.json object); E_DATA naming the key. */
    int (*configure)(struct model *m);
    /* `--init t5:d_model=..,layers=..` -> a config object; help text of the keys in `init_keys`. */
    int (*init_config)(const char *pairs, int64_t vocab, json_t **config);
    const char *init_keys;
    /* params_add for every tensor, in order. */
    int (*declare)(struct model *m);
    /* Encoder: ids(B,T) i32, len(B) i32 -> H(B,T,D). (Decoder-only families: hidden states of the note.) */
    struct var *(*encode)(struct model *m, struct tape *t, const struct tensor *ids, const struct tensor *len);
    /* Decoder, teacher forcing (cache NULL, ids(B,U) = start + target shifted) or one step (ids(B,1)): hidden states
     * (B,U,D) after the final norm, to be multiplied with head * hscale. h, len: what encode got and gave. */
    struct var *(*decode)(struct model *m, struct tape *t, const struct tensor *ids, const struct var *h,
                          const struct tensor *len, struct kv_cache *cache);
    /* A cache for B sequences of at most `steps` steps over encoder states h(B,T,D) (cross keys and values computed
     * here). */
    struct kv_cache *(*cache)(struct model *m, struct tape *t, const struct var *h, const struct tensor *len,
                              int64_t steps);
    /* File name -> our parameter name or NULL to ignore; resolves aliases (shared / embed_tokens / lm_head). */
    const char *(*alias)(const struct model *m, const char *name);
};

enum { MODEL_ENDS = 8 };
struct model_arch { /* what every family has */
    int64_t D, F, H, K, layers, dec_layers, V;
    double eps, dropout, hscale;
    enum act act;
    bool tied;
    int buckets, max_distance;
    int32_t pad, eos, start;
    int32_t end[MODEL_ENDS]; /* what ends a generated text: eos, or what generation_config.json says */
    int ends;
};
struct model {
    const struct model_family *family;
    json_t *config;          /* config.json, unknown keys kept */
    struct model_arch arch;
    struct params params;    /* the family's, then the head's */
    void *family_state;      /* indices of its parameters; freed with free() */
    int head;                /* index of the lm head parameter (the embedding when tied) */
    int family_params;       /* how many parameters are the family's: those go to model.safetensors */
    /* label attention; label_head < 0: none */
    int label_head;          /* index of icd.label_attn.W; U, w, b follow */
    int64_t labels, d_a;
    struct knowledge *kg;    /* KG-injection (lib/model/knowledge.h), or NULL; its parameters follow */
    int own_params;          /* of a directory that was opened: how many of params are in its files */
    json_t *icd;             /* icd.json: {format, labels[], options, history, lineage, lambda, threshold, ...} */
    char *spiece;            /* bytes of the tokenizer file to pass on, or NULL; free()d with the model */
    size_t spiece_n;
    const char *spiece_name; /* "spiece.model", "tokenizer.model" or "tokenizer.json" */
    struct model_file {      /* further files of a directory that was opened, passed on as they are */
        const char *name;
        char *p;
        size_t n;
    } file[5];
};
const struct model_family *model_family_find(const char *name); /* NULL if unknown */
const char *model_family_names(void);                           /* "t5, llama" for messages */
/* The family that reads a model_type; E_DATA with a message that names both. */
int model_family_of(const json_t *config, const struct model_family **f);
/* What a configuration object says of special tokens goes into m->arch, the rest stays: decoder_start_token_id and
 * eos_token_id, a number or a list. `own`: config.json, whose first eos is the model's. E_DATA naming file and key. */
int model_special(struct model *m, const json_t *j, const char *file, bool own);
bool model_ends(const struct model *m, int32_t id); /* does this token end a text? */
/* The tokenizer of `path` (a file, or a directory that has one) goes with a model that has none; E_USAGE if it has. */
int model_take_tokenizer(struct model *m, const char *path);

/* From scratch: "t5:d_model=64,layers=2", vocabulary from the tokenizer. Parameters declared, not yet allocated. */
int model_new(struct model **m, const char *init, int64_t vocab, int32_t pad, int32_t eos);
/* From a Hugging Face directory (config.json, model.safetensors [or shards + index], spiece.model) and, when there,
 * icd.json + icd.safetensors. Reads configuration only; weights come with model_weights. */
int model_open(struct model **m, const char *dir);
/* Declare the label-attention head: labels of meta.labels, in order. Before model_alloc. */
int model_add_label_attn(struct model *m, int64_t labels, int64_t d_a);
int model_alloc(struct model *m, const struct backend *be, bool train);
/* Load weights of `dir` into the allocated parameters. Every family parameter must be found with its shape, unknown
 * names are an error unless the family ignores them; the head is loaded when icd.safetensors is there. */
int model_weights(struct model *m, const char *dir);
/* Calls `each` with the path of every file that configuration and weights of `dir` are read from, in a fixed order (for
 * the lineage). What it returns ends the walk. */
int model_files(const char *dir, int (*each)(void *ctx, const char *path), void *ctx);
/* Write a Hugging Face directory plus icd.safetensors and icd.json, into a new directory beside `dir`, then renamed;
 * loads in transformers' from_pretrained with no missing and no unexpected key. */
int model_save(const struct model *m, const char *dir);
struct label_attn_w model_label_attn(const struct model *m);
void model_free(struct model *m);

/* Greedy decoding of B notes at once with a KV cache over h, len as of encode. out(B,max_new), out_len(B): the
 * caller's; ids of a row without the start token, up to and without eos. Runs its own tape_run on t, whose values
 * stay. */
struct generate {
    int64_t max_new;
    bool (*stop)(void *ctx, const int32_t *ids, int64_t n); /* ends a row behind its n-th token; NULL: only eos does */
    void *ctx;
    bool *cut;           /* (B) a row had more to say than max_new tokens; may be NULL */
    bool (*leave)(void); /* true: ends in E_STOPPED before the next token; may be NULL */
};
int generate_greedy(struct model *m, struct tape *t, const struct var *h, const struct tensor *len,
                    const struct generate *how, int32_t *out, int32_t *out_len);

#endif
