/* lib/nn/attention.c: every combination of bias, causal, padding and dropout; self- and cross-attention. */
#include "tests/grad/grad.h"

enum { B = 3, H = 3, K = 5 };
struct how {
    int64_t T, S;
    bool bias, causal, padded;
    double p;
    int64_t q_pos;
};

/* in: x(B,T,3HK) holding q, k and v side by side (self) or q (cross), [kv(B,S,2HK)], [table] */
static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    const struct how *how = ctx;
    bool cross = how->T != how->S;
    static const int32_t len[B] = {1, 4, 100}; /* one key; some; more than there are */
    struct tensor klen = tape_i32(t, len, 1, (int64_t[]){B});
    struct attn_cfg c = {.scale = 0.7, .causal = how->causal, .q_pos = how->q_pos, .bidirectional = !how->causal,
                         .buckets = 8, .max_distance = 6};
    const struct var *kv = cross ? &in[1] : &in[0];
    int64_t from = cross ? 0 : H * K;
    struct var q = var_heads(&in[0], 0, H, K), k = var_heads(kv, from, H, K), v = var_heads(kv, from + H * K, H, K);
    return attention(t, &q, &k, &v, how->bias ? &in[cross ? 2 : 1] : NULL, how->padded ? &klen : NULL, &c, how->p);
}

static void one(uint64_t seed, struct how how)
{
    struct grad g = grad_new(seed, forward, &how);
    bool cross = how.T != how.S;
    GRAD_INPUT(&g, cross ? "q" : "qkv", 1, B, how.T, (cross ? 1 : 3) * H * K);
    if (cross)
        GRAD_INPUT(&g, "kv", 1, B, how.S, 2 * H * K);
    if (how.bias)
        GRAD_INPUT(&g, "bias table", 1, 8, H);
    char name[128];
    snprintf(name, sizeof name, "%s attention%s%s%s%s", cross ? "cross" : "self", how.bias ? ", bias" : "",
             how.causal ? ", causal" : "", how.padded ? ", padded" : "", how.p > 0 ? ", dropout" : "");
    grad_check(&g, name);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (int i = seed == 1 ? 0 : 11; i < 16; i++) /* all, then the rich ones */
            one(seed, (struct how){7, 7, i & 1, i & 2, i & 4, i & 8 ? 0.3 : 0, 0});
        for (int i = seed == 1 ? 0 : 6; i < 8; i++)
            one(seed, (struct how){5, 8, i & 1, false, i & 2, i & 4 ? 0.3 : 0, 0});
        one(seed, (struct how){2, 6, true, true, false, 0, 3}); /* queries that stand in the middle of the keys */
        one(seed, (struct how){1, 6, true, true, true, 0, 5});
    }
    TEST_EXIT();
}
