/* T5 v1.0 (relu, tied head scaled by d^-1/2), v1.1 (gated gelu, head of its own, unscaled) and mT5 (as v1.1, never
 * scaled): Raffel et al. 2020 as Hugging Face transformers 5 computes it. Only the forward; gradients come from the
 * modules.
 *   sub-layer:  x = x + drop(sub(rmsnorm(x)))      encoder: self-attention, ffn; decoder: self, cross, ffn
 * Attention is unscaled; one table of relative-position biases a stack, stored in its block 0.
 * Tests: tests/golden/t5.c (against transformers), tests/grad/t5.c. To add a family: copy this file. */
#include "lib/model/model.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/opt.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Indices of parameters. Attention: q, k, v follow each other, so that q|k|v or k|v is one matrix; then o. */
struct block {
    int self, cross, wi, wo;
    int norm_self, norm_cross, norm_ffn;
};
struct stack {
    int64_t n;
    int bias, norm;
    struct block *block;
};
struct t5 {
    int embed;
    struct stack enc, dec;
    struct block block[]; /* the encoder's, then the decoder's */
};

/* ---- configuration ---- */
static int bad_key(const char *key)
{
    return err_set(E_DATA, "config.json: %s is missing or out of range", key);
}

static int get_int(const json_t *c, const char *key, int64_t absent, int64_t min, int64_t max, int64_t *v)
{
    const json_t *j = json_object_get(c, key);
    *v = json_is_integer(j) ? json_integer_value(j) : min - 1;
    if (!j || json_is_null(j))
        *v = absent;
    return *v >= min && *v <= max ? 0 : bad_key(key);
}

static int get_real(const json_t *c, const char *key, double absent, double min, double max, double *v)
{
    const json_t *j = json_object_get(c, key);
    *v = json_is_number(j) ? json_number_value(j) : NAN;
    if (!j || json_is_null(j))
        *v = absent;
    return *v >= min && *v <= max ? 0 : bad_key(key);
}

static int get_act(const json_t *c, enum act absent, enum act *act)
{
    static const char *const names[] = {"relu", "gated-gelu", "gated-silu"}; /* enum act */
    const json_t *j = json_object_get(c, "feed_forward_proj");
    *act = absent;
    for (int i = 0; json_is_string(j) && i < 3; i++)
        if (!strcmp(json_string_value(j), names[i])) {
            *act = (enum act)i;
            return 0;
        }
    return j ? err_set(E_DATA, "config.json: feed_forward_proj must be relu, gated-gelu or gated-silu") : 0;
}

static int t5_configure(struct model *m)
{
    struct model_arch *a = &m->arch;
    const json_t *c = m->config;
    int64_t buckets, distance, pad;
    const char *type = json_string_value(json_object_get(c, "model_type"));
    bool mt5 = type && !strcmp(type, "mt5");
    TRY(get_int(c, "d_model", -1, 1, 1 << 16, &a->D));
    TRY(get_int(c, "d_ff", -1, 1, 1 << 20, &a->F));
    TRY(get_int(c, "d_kv", -1, 1, 1 << 12, &a->K));
    TRY(get_int(c, "num_heads", -1, 1, 1 << 10, &a->H));
    TRY(get_int(c, "num_layers", -1, 1, 1 << 10, &a->layers));
    TRY(get_int(c, "num_decoder_layers", a->layers, 1, 1 << 10, &a->dec_layers));
    TRY(get_int(c, "vocab_size", -1, 2, 1 << 24, &a->V));
    TRY(get_int(c, "relative_attention_num_buckets", 32, 4, 1 << 12, &buckets));
    TRY(get_int(c, "relative_attention_max_distance", 128, buckets / 2 + 1, 1 << 20, &distance));
    TRY(get_real(c, "layer_norm_epsilon", 1e-6, 0, 1, &a->eps));
    TRY(get_real(c, "dropout_rate", 0.1, 0, 0.99, &a->dropout));
    TRY(get_int(c, "pad_token_id", 0, 0, a->V - 1, &pad));
    a->buckets = (int)buckets;
    a->max_distance = (int)distance;
    a->pad = a->start = (int32_t)pad;
    a->eos = a->end[0] = a->ends = 1;
    TRY(model_special(m, c, "config.json", true));
    TRY(get_act(c, mt5 ? ACT_GELU_GATED : ACT_RELU, &a->act));
    /* transformers 5 says tie_word_embeddings true for every T5 and keeps the scaling apart */
    const json_t *tie = json_object_get(c, "tie_word_embeddings"), *scale = json_object_get(c, "scale_decoder_outputs");
    a->tied = !json_is_false(tie);
    bool scaled = !mt5 && (json_is_boolean(scale) ? json_is_true(scale) : a->tied);
    a->hscale = scaled ? 1 / sqrt((double)a->D) : 1;
    return 0;
}

static const char init_keys[] =
    "d_model (256), layers (1), dec_layers (layers), heads (d_model/d_kv), d_kv (64, at most d_model), "
    "d_ff (2*d_model), gated 0|1 (0: T5 v1.0, 1: v1.1), dropout (0.1)";

struct init {
    int64_t d_model, layers, dec_layers, heads, d_kv, d_ff, gated;
    double dropout;
};

static int init_set(const char *k, const char *v, void *ctx)
{
    struct init *x = ctx;
    const struct {
        const char *name;
        int64_t *v, min, max;
    } ints[] = {{"d_model", &x->d_model, 1, 1 << 16}, {"layers", &x->layers, 1, 1 << 10},
                {"dec_layers", &x->dec_layers, 1, 1 << 10}, {"heads", &x->heads, 1, 1 << 10},
                {"d_kv", &x->d_kv, 1, 1 << 12}, {"d_ff", &x->d_ff, 1, 1 << 20}, {"gated", &x->gated, 0, 1}};
    char *end;
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
        if (!strcmp(k, ints[i].name)) {
            *ints[i].v = strtoll(v, &end, 10);
            return *v && !*end && *ints[i].v >= ints[i].min && *ints[i].v <= ints[i].max
                       ? 0
                       : err_set(E_USAGE, "--init t5: %s must be a number from %lld to %lld", k,
                                 (long long)ints[i].min, (long long)ints[i].max);
        }
    if (strcmp(k, "dropout"))
        return err_set(E_USAGE, "--init t5: no key '%s'; there are: %s", k, init_keys);
    x->dropout = strtod(v, &end);
    return *v && !*end && x->dropout >= 0 && x->dropout <= 0.99
               ? 0
               : err_set(E_USAGE, "--init t5: dropout must be from 0 to 0.99");
}

static int t5_init_config(const char *pairs, int64_t vocab, json_t **config)
{
    struct init x = {.d_model = 256, .layers = 1, .dropout = 0.1};
    TRY(opt_pairs(pairs, init_set, &x));
    if (!x.d_kv && x.heads && x.d_model % x.heads == 0)
        x.d_kv = x.d_model / x.heads;
    else if (!x.d_kv)
        x.d_kv = x.d_model < 64 ? x.d_model : 64;
    if (!x.heads)
        x.heads = x.d_model / x.d_kv ? x.d_model / x.d_kv : 1;
    if (!x.d_ff)
        x.d_ff = 2 * x.d_model;
    if (!x.dec_layers)
        x.dec_layers = x.layers;
    json_error_t e;
    *config = json_pack_ex(
        &e, 0, "{s:[s], s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:f, s:f, s:f, s:s, s:b, s:b, s:b, s:s}",
        "architectures", "T5ForConditionalGeneration", "model_type", "t5", "vocab_size", (json_int_t)vocab, "d_model",
        (json_int_t)x.d_model, "d_kv", (json_int_t)x.d_kv, "d_ff", (json_int_t)x.d_ff, "num_layers",
        (json_int_t)x.layers, "num_decoder_layers", (json_int_t)x.dec_layers, "num_heads", (json_int_t)x.heads,
        "relative_attention_num_buckets", 32, "relative_attention_max_distance", 128, "dropout_rate", x.dropout,
        "layer_norm_epsilon", 1e-6, "initializer_factor", 1.0, "feed_forward_proj", x.gated ? "gated-gelu" : "relu",
        "is_encoder_decoder", 1, "use_cache", 1, "tie_word_embeddings", !x.gated, "torch_dtype", "float32");
    return *config ? 0 : err_nomem(0);
}

/* ---- parameters ---- */
struct declaring {
    struct model *m;
    const char *stack;
    int64_t block;
    bool failed;
};

static int add(struct declaring *d, const char *rest, double std, int64_t rows, int64_t cols)
{
    char name[sizeof d->m->params.p->name];
    if (d->block < 0)
        snprintf(name, sizeof name, "%s%s.weight", d->stack, rest);
    else
        snprintf(name, sizeof name, "%s.block.%lld.layer.%s.weight", d->stack, (long long)d->block, rest);
    int i = cols ? PARAM(&d->m->params, name, std, true, rows, cols)
                 : PARAM(&d->m->params, name, -1, false, rows); /* a norm: ones, no weight decay */
    d->failed |= i < 0;
    return i;
}

static int add_attention(struct declaring *d, int layer, const char *kind, int *bias)
{
    const struct model_arch *a = &d->m->arch;
    int64_t hk = a->H * a->K;
    double D = (double)a->D, std[] = {1 / sqrt(D * (double)a->K), 1 / sqrt(D), 1 / sqrt(D), 1 / sqrt((double)hk)};
    char rest[64];
    int first = d->m->params.n;
    for (int i = 0; i < 4; i++) {
        snprintf(rest, sizeof rest, "%d.%s.%c", layer, kind, "qkvo"[i]);
        add(d, rest, std[i], i < 3 ? hk : a->D, i < 3 ? a->D : hk);
    }
    if (bias)
        *bias = add(d, "0.SelfAttention.relative_attention_bias", 1 / sqrt(D), a->buckets, a->H);
    return first;
}

static void add_stack(struct declaring *d, struct stack *s, bool decoder)
{
    const struct model_arch *a = &d->m->arch;
    double D = (double)a->D;
    char rest[64];
    for (int64_t i = 0; i < s->n; i++) {
        struct block *b = &s->block[i];
        int ffn = decoder ? 2 : 1;
        d->block = i;
        b->self = add_attention(d, 0, "SelfAttention", i == 0 ? &s->bias : NULL);
        b->norm_self = add(d, "0.layer_norm", 0, a->D, 0);
        if (decoder) {
            b->cross = add_attention(d, 1, "EncDecAttention", NULL);
            b->norm_cross = add(d, "1.layer_norm", 0, a->D, 0);
        }
        b->wi = d->m->params.n;
        for (int g = 0; g < (a->act == ACT_RELU ? 1 : 2); g++) {
            const char *half = g ? "_1" : "_0"; /* of a gated activation */
            snprintf(rest, sizeof rest, "%d.DenseReluDense.wi%s", ffn, a->act == ACT_RELU ? "" : half);
            add(d, rest, 1 / sqrt(D), a->F, a->D);
        }
        snprintf(rest, sizeof rest, "%d.DenseReluDense.wo", ffn);
        b->wo = add(d, rest, 1 / sqrt((double)a->F), a->D, a->F);
        snprintf(rest, sizeof rest, "%d.layer_norm", ffn);
        b->norm_ffn = add(d, rest, 0, a->D, 0);
    }
    d->block = -1;
    s->norm = add(d, ".final_layer_norm", 0, a->D, 0);
}

static int t5_declare(struct model *m)
{
    const struct model_arch *a = &m->arch;
    struct t5 *t = mem_zalloc(1, sizeof *t + (size_t)(a->layers + a->dec_layers) * sizeof *t->block);
    if (!t)
        return E_NOMEM;
    free(m->family_state);
    m->family_state = t;
    t->enc = (struct stack){.n = a->layers, .block = t->block};
    t->dec = (struct stack){.n = a->dec_layers, .block = t->block + a->layers};
    struct declaring d = {.m = m, .stack = "shared", .block = -1};
    t->embed = m->head = add(&d, "", 1, a->V, a->D);
    d.stack = "encoder";
    add_stack(&d, &t->enc, false);
    d.stack = "decoder";
    add_stack(&d, &t->dec, true);
    d.stack = "lm_head";
    if (!a->tied) /* transformers would start it from N(0,1): logits far too large where nothing scales them */
        m->head = add(&d, "", 1 / sqrt((double)a->D), a->V, a->D);
    return d.failed ? err_nomem(0) : 0;
}

static const char *t5_alias(const struct model *m, const char *name)
{
    if (!strcmp(name, "encoder.embed_tokens.weight") || !strcmp(name, "decoder.embed_tokens.weight") ||
        (m->arch.tied && !strcmp(name, "lm_head.weight")))
        return "shared.weight";
    if (!strcmp(name, "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"))
        return NULL; /* in old files; never used */
    return name;
}

/* ---- forward ---- */
struct kv_cache {
    int64_t n, max;          /* steps held, steps there is room for */
    struct var *self;        /* a layer: (B,max,2*H*K), k|v */
    const struct var **cross; /* a layer: (B,T,2*H*K), k|v */
};

static const struct var *param(const struct model *m, int i)
{
    return &m->params.p[i].x;
}

/* x(B,T,D) through n neighbouring matrices at once. */
static struct var *project(struct model *m, struct tape *t, const struct var *x, int first, int n)
{
    struct var w = params_join(&m->params, first, n);
    return linear(t, x, &w);
}

static struct var *self_attention(struct model *m, struct tape *t, const struct var *x, const struct stack *s,
                                  int64_t layer,
                                  const struct tensor *len, struct kv_cache *cache)
{
    const struct model_arch *a = &m->arch;
    const struct block *b = &s->block[layer];
    bool decoder = s->block[0].cross > 0;
    int64_t hk = a->H * a->K;
    struct var *qkv = project(m, t, rmsnorm(t, x, param(m, b->norm_self), a->eps), b->self, 3);
    struct var q = var_heads(qkv, 0, a->H, a->K), k, v;
    struct attn_cfg cfg = {.scale = 1, .causal = decoder, .bidirectional = !decoder, .buckets = a->buckets,
                           .max_distance = a->max_distance};
    if (cache) { /* the new keys and values go behind the old; queries see all of them */
        int64_t U = x->v.dim[1];
        struct tensor to = tensor_slice(&cache->self[layer].v, 1, cache->n, U),
            from = tensor_slice(&qkv->v, 2, hk, 2 * hk);
        t->be->op.copy(&to, &from);
        struct var all = {.v = tensor_slice(&cache->self[layer].v, 1, 0, cache->n + U)};
        k = var_heads(&all, 0, a->H, a->K);
        v = var_heads(&all, hk, a->H, a->K);
        cfg.q_pos = cache->n;
    } else {
        k = var_heads(qkv, hk, a->H, a->K);
        v = var_heads(qkv, 2 * hk, a->H, a->K);
    }
    struct var *o = attention(t, &q, &k, &v, param(m, s->bias), len, &cfg, a->dropout);
    return residual(t, x, linear(t, o, param(m, b->self + 3)), a->dropout);
}

static struct var *cross_attention(struct model *m, struct tape *t, const struct var *x, const struct block *b,
                                   const struct var *kv, const struct tensor *len)
{
    const struct model_arch *a = &m->arch;
    struct var *y = linear(t, rmsnorm(t, x, param(m, b->norm_cross), a->eps), param(m, b->cross));
    struct var q = var_heads(y, 0, a->H, a->K), k = var_heads(kv, 0, a->H, a->K),
               v = var_heads(kv, a->H * a->K, a->H, a->K);
    struct attn_cfg cfg = {.scale = 1};
    struct var *o = attention(t, &q, &k, &v, NULL, len, &cfg, a->dropout);
    return residual(t, x, linear(t, o, param(m, b->cross + 3)), a->dropout);
}

static struct var *ffn(struct model *m, struct tape *t, const struct var *x, const struct block *b)
{
    const struct model_arch *a = &m->arch;
    struct var *y = project(m, t, rmsnorm(t, x, param(m, b->norm_ffn), a->eps), b->wi, a->act == ACT_RELU ? 1 : 2);
    y = linear(t, ffn_act(t, y, a->act, a->dropout), param(m, b->wo));
    return residual(t, x, y, a->dropout);
}

static struct var *stack_in(struct model *m, struct tape *t, const struct tensor *ids)
{
    const struct t5 *f = m->family_state;
    return dropout(t, embed(t, param(m, f->embed), ids), m->arch.dropout);
}

static struct var *stack_out(struct model *m, struct tape *t, const struct var *x, const struct stack *s)
{
    return dropout(t, rmsnorm(t, x, param(m, s->norm), m->arch.eps), m->arch.dropout);
}

static struct var *t5_encode(struct model *m, struct tape *t, const struct tensor *ids, const struct tensor *len)
{
    const struct t5 *f = m->family_state;
    struct var *x = stack_in(m, t, ids);
    for (int64_t i = 0; i < f->enc.n; i++)
        x = ffn(m, t, self_attention(m, t, x, &f->enc, i, len, NULL), &f->enc.block[i]);
    return stack_out(m, t, x, &f->enc);
}

/* No padding mask in the decoder: what is behind a target's end is never looked at by what is before it. */
static struct var *t5_decode(struct model *m, struct tape *t, const struct tensor *ids, const struct var *h,
                             const struct tensor *len, struct kv_cache *cache)
{
    const struct t5 *f = m->family_state;
    if (cache && cache->n + ids->dim[1] > cache->max)
        tape_fail(t, E_BUG, "decoder cache is full");
    struct var *x = stack_in(m, t, ids);
    for (int64_t i = 0; i < f->dec.n; i++) {
        const struct block *b = &f->dec.block[i];
        x = self_attention(m, t, x, &f->dec, i, NULL, cache);
        x = cross_attention(m, t, x, b, cache ? cache->cross[i] : project(m, t, h, b->cross + 1, 2), len);
        x = ffn(m, t, x, b);
    }
    if (cache)
        cache->n += ids->dim[1];
    return stack_out(m, t, x, &f->dec);
}

static struct kv_cache *t5_cache(struct model *m, struct tape *t, const struct var *h, const struct tensor *len,
                                 int64_t steps)
{
    const struct t5 *f = m->family_state;
    struct kv_cache *c = tape_closure(t, sizeof *c);
    *c = (struct kv_cache){.max = steps, .self = tape_closure(t, (size_t)f->dec.n * sizeof *c->self),
                           .cross = tape_closure(t, (size_t)f->dec.n * sizeof *c->cross)};
    for (int64_t i = 0; i < f->dec.n; i++) {
        c->self[i].v = tape_scratch(t, t->products, 3, (int64_t[]){h->v.dim[0], steps, 2 * m->arch.H * m->arch.K});
        c->cross[i] = project(m, t, h, f->dec.block[i].cross + 1, 2);
    }
    return c;
}

REGISTER(model_family, t5,
         .also = "mt5",
         .encoder_decoder = true,
         .configure = t5_configure,
         .init_config = t5_init_config,
         .init_keys = init_keys,
         .declare = t5_declare,
         .encode = t5_encode,
         .decode = t5_decode,
         .cache = t5_cache,
         .alias = t5_alias);
