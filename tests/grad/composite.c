/* All modules together: a one-layer encoder and decoder with both losses, one tied table, as lib/model builds them. */
#include "tests/grad/grad.h"

enum { B = 3, T = 7, U = 4, D = 10, H = 3, K = 5, F = 6, V = 9, A = 5, L = 4, BUCKETS = 8 };
enum { TABLE, BIAS, NORM, QKV, O, WI, WO, CQ, CKV, LW, LU, Lw, Lb };

static struct var *ffn(struct tape *t, struct var *in, struct var *x, enum act kind)
{
    struct var *h = linear(t, rmsnorm(t, x, &in[NORM], 1e-6), &in[WI]);
    return residual(t, x, linear(t, ffn_act(t, h, kind, 0.1), &in[WO]), 0.1);
}
static struct var *self_attn(struct tape *t, struct var *in, struct var *x, const struct tensor *len, bool causal)
{
    struct attn_cfg c = {.scale = 1, .causal = causal, .bidirectional = !causal, .buckets = BUCKETS, .max_distance = 6};
    struct var *qkv = linear(t, rmsnorm(t, x, &in[NORM], 1e-6), &in[QKV]);
    struct var q = var_heads(qkv, 0, H, K), k = var_heads(qkv, H * K, H, K), v = var_heads(qkv, 2 * H * K, H, K);
    return residual(t, x, linear(t, attention(t, &q, &k, &v, &in[BIAS], len, &c, 0.1), &in[O]), 0.1);
}
static struct var *cross_attn(struct tape *t, struct var *in, struct var *x, struct var *h, const struct tensor *len)
{
    struct attn_cfg c = {.scale = 1};
    struct var *qs = linear(t, rmsnorm(t, x, &in[NORM], 1e-6), &in[CQ]), *kv = linear(t, h, &in[CKV]);
    struct var q = var_heads(qs, 0, H, K), k = var_heads(kv, 0, H, K), v = var_heads(kv, H * K, H, K);
    return residual(t, x, linear(t, attention(t, &q, &k, &v, NULL, len, &c, 0.1), &in[O]), 0.1);
}

static struct var *forward(struct tape *t, struct var *in, struct tensor *loss, void *ctx)
{
    enum act kind = *(enum act *)ctx;
    static const int32_t ids[B * T] = {3, 1, 4, 1, 5, 8, 2, 6, 5, 3, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0},
                                 len[B] = {7, 4, 1};
    static const int32_t start[B * U] = {0, 4, 2, 1, 0, 8, 1, 0, 0, 1, 0, 0};
    static const int32_t goal[B * U] = {4, 2, 1, -1, 8, 1, -1, -1, 1, -1, -1, -1};
    struct tensor i = tape_i32(t, ids, 2, (int64_t[]){B, T}), n = tape_i32(t, len, 1, (int64_t[]){B});
    struct tensor s = tape_i32(t, start, 2, (int64_t[]){B, U}), target = tape_i32(t, goal, 2, (int64_t[]){B, U});
    real y[B * L];
    for (int j = 0; j < B * L; j++)
        y[j] = j % 3 == 0;
    struct tensor labels = tape_real(t, y, 2, (int64_t[]){B, L});

    struct var *h = self_attn(t, in, dropout(t, embed(t, &in[TABLE], &i), 0.1), &n, false);
    h = dropout(t, rmsnorm(t, ffn(t, in, h, kind), &in[NORM], 1e-6), 0.1);
    struct var *d = self_attn(t, in, dropout(t, embed(t, &in[TABLE], &s), 0.1), NULL, true);
    d = ffn(t, in, cross_attn(t, in, d, h, &n), kind);
    struct label_attn_w w = {in[LW], in[LU], in[Lw], in[Lb]};
    xent(t, d, &in[TABLE], 0.5, &target, 0.2, loss);
    bce(t, label_attn(t, h, &n, &w), &labels, 0.1, loss);
    return NULL;
}

int main(void)
{
    static const char *names[] = {"relu", "gated gelu", "gated silu"};
    for (uint64_t seed = 1; seed <= 2; seed++)
        for (int kind = ACT_RELU; kind <= ACT_SILU_GATED; kind++) {
            enum act act = (enum act)kind;
            struct grad g = grad_new(seed, forward, &act);
            GRAD_INPUT(&g, "table", 1, V, D);
            GRAD_INPUT(&g, "bias", 0.5, BUCKETS, H);
            GRAD_INPUT(&g, "norm", 1, D);
            GRAD_INPUT(&g, "qkv", 0.3, 3 * H * K, D);
            GRAD_INPUT(&g, "o", 0.3, D, H * K);
            GRAD_INPUT(&g, "wi", 0.3, act == ACT_RELU ? F : 2 * F, D);
            GRAD_INPUT(&g, "wo", 0.3, D, F);
            GRAD_INPUT(&g, "cross q", 0.3, H * K, D);
            GRAD_INPUT(&g, "cross kv", 0.3, 2 * H * K, D);
            GRAD_INPUT(&g, "W", 0.3, A, D);
            GRAD_INPUT(&g, "U", 1, L, A);
            GRAD_INPUT(&g, "w", 1, L, D);
            GRAD_INPUT(&g, "b", 1, L);
            char name[64];
            snprintf(name, sizeof name, "encoder, decoder, both losses: %s", names[kind]);
            grad_check(&g, name);
        }
    TEST_EXIT();
}
