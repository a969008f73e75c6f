/* Modules and the tape. A module is one file lib/nn/<name>.c: forward, and backward directly under it. Forward makes
 * its result in the tape's arena and, when gradients are wanted, records its backward with what it needs; backward
 * adds to the gradients of its inputs. A model is then only its forward (lib/model/).
 *
 * To add a module: copy the smallest file (dropout.c), add its line here and tests/grad/<name>.c.
 *
 * Failing: modules hold nothing but arena memory, so a failure (out of memory, a shape that can't be) leaves through
 * tape_fail(), a longjmp to tape_run() which returns the code. No module checks for errors of another. */
#ifndef ICD_NN_H
#define ICD_NN_H
#include "kernels/backend.h"
#include "lib/tensor/tensor.h"
#include <setjmp.h>

struct tape {
    const struct backend *be;
    struct arena *dev;    /* activations and gradients, in device memory */
    struct arena *host;   /* closures, host scratch */
    enum dtype products;  /* what products read and give: DT_REAL, or DT_BF16 on a backend that has it */
    bool grad;            /* record backward functions */
    bool train;           /* dropout on */
    uint64_t key;         /* dropout: seed */
    uint64_t site;        /* dropout: next site; the trainer sets (micro-step << 20) at the start of each forward */
    struct tape_node *last;
    jmp_buf env;
    bool running;
    int rc;
};
int tape_init(struct tape *t, const struct backend *be);
void tape_free(struct tape *t);
void tape_reset(struct tape *t); /* forget nodes and values; memory is kept for the next step */
/* Runs fn(t, ctx) and returns 0 or the code of a tape_fail inside. Calls do not nest. */
int tape_run(struct tape *t, void (*fn)(struct tape *t, void *ctx), void *ctx);
/* After E_NOMEM with a batch of n: adds to the message which of n/2, n/4, .. fits, the first with which attempt(ctx, n)
 * returns 0. Returns E_NOMEM; what was computed is lost. */
int tape_too_large(struct tape *t, int64_t n, int (*attempt)(void *ctx, int64_t n), void *ctx);
_Noreturn void tape_fail(struct tape *t, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Within tape_run: run the recorded backward functions, last first. Gradients of the roots must have been set (the
 * losses do it themselves: xent and bce write gradients in their forward). */
void tape_backward(struct tape *t);

/* ---- for modules ---- */
/* v uninitialised; g zeroed, if both `grad` and t->grad. What the residual stream and losses hold is DT_REAL always, so
 * that in bf16 only single products are rounded and not the sum of all layers. */
struct var *tape_var_of(struct tape *t, enum dtype dtype, bool grad, int nd, const int64_t *dim);
struct var *tape_var(struct tape *t, bool grad, int nd, const int64_t *dim); /* of t->products */
#define NEW(t, grad, ...)                                                                     \
    tape_var((t), (grad), (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),          \
             (const int64_t[]){__VA_ARGS__})
struct tensor tape_scratch(struct tape *t, enum dtype dtype, int nd, const int64_t *dim); /* uninitialised, device */
struct tensor tape_i32(struct tape *t, const int32_t *host, int nd, const int64_t *dim);  /* uploaded copy */
struct tensor tape_real(struct tape *t, const real *host, int nd, const int64_t *dim);
void *tape_closure(struct tape *t, size_t bytes); /* zeroed host memory until reset */
void tape_record(struct tape *t, void (*bwd)(struct tape *t, void *closure), void *closure);
struct dropout tape_dropout(struct tape *t, double p); /* next site; p 0 unless t->train */
static inline bool wants(const struct var *x)
{
    return x && x->g.data;
}

/* ---- the modules ---- (weights are vars of params; results live until tape_reset) */
/* y(..,O) = x(..,I) w(O,I)^T : torch.nn.Linear's layout, without a bias */
struct var *linear(struct tape *t, const struct var *x, const struct var *w);
struct var *embed(struct tape *t, const struct var *table, const struct tensor *ids); /* ids(B,T) -> (B,T,D) */
struct var *rmsnorm(struct tape *t, const struct var *x, const struct var *w, double eps);
struct var *dropout(struct tape *t, const struct var *x, double p);
struct var *residual(struct tape *t, const struct var *x, const struct var *sub, double p); /* x + drop(sub) */
struct var *gate(struct tape *t, const struct var *x, const struct var *sub,
                 const struct var *g); /* x + sigmoid(g) * sub */
struct var *ffn_act(struct tape *t, const struct var *x, enum act kind, double p);
struct var *tanh_act(struct tape *t, const struct var *x);
/* q(B,T,H,K) k,v(B,S,H,K) as views with their gradients (var_heads of a joined product) -> (B,T,H*K).
 * bias: table (buckets,H) or NULL; klen(B) i32 or NULL. c->drop is set by the module from p. */
struct var *attention(struct tape *t, const struct var *q, const struct var *k, const struct var *v,
                      const struct var *bias, const struct tensor *klen, const struct attn_cfg *c, double p);
/* View of columns [from, from+H*K) of x(B,T,C) as (B,T,H,K); shares value and gradient, records nothing. */
struct var var_heads(const struct var *x, int64_t from, int64_t heads, int64_t k);

/* Label attention, eqs 1-4 of the paper, per-label output (LAAT):
 *   Z = tanh(H W), A = softmax_t(U Z^T), V = A H, y_l = w_l . V_l + b_l        (padding masked, softmax in >= fp32)
 * h(B,T,D), tlen(B); weights W(A,D) [Linear layout], U(L,A), w(L,D), b(L) -> logits (B,L). */
struct label_attn_w {
    struct var W, U, w, b;
};
struct var *label_attn(struct tape *t, const struct var *h, const struct tensor *tlen, const struct label_attn_w *w);
/* The attention A(B,L,T) of the label_attn call on the same h, for evidence; no gradient. */
struct tensor label_attn_evidence(struct tape *t, const struct var *h, const struct tensor *tlen,
                                  const struct label_attn_w *w);

/* KG-injection, eqs 7-9 of the paper: d(B,T,D) and the knowledge m(N,D) -> D'(B,T,D). keys NULL: all notes read all of
 * m; else note b reads the rows keys->row(B,S), the first keys->len(B) of them; a note without any stays as it is. */
struct kg_w {
    struct var W;                 /* (D,D), Linear layout */
    const struct var *gate, *norm; /* (D,D), (D); NULL: none */
};
struct kg_form {
    bool tanh, sqrt; /* eq. 7 with tanh; eq. 8 divided by sqrt(D) */
    double eps;      /* of norm */
};
struct kg_keys {
    struct tensor row, len; /* i32 */
};
struct var *kg_inject(struct tape *t, const struct var *d, const struct var *m, const struct kg_keys *keys,
                      const struct kg_w *w, const struct kg_form *form);
/* Eq. 6 for a part of the knowledge: rows [from, from+R) of m(N,D) += p(R,C) h(C,D), h of any shape with C rows; p has
 * no gradient. */
void kg_pool(struct tape *t, const struct var *m, int64_t from, const struct var *h, const struct tensor *p);

/* Losses add scale * sum to loss(1) (device) and, when t->grad, put their gradient where it belongs right away. */
/* h(B,U,D) (scaled by `hscale`: T5's d^-1/2 for tied heads) times head(V,D)^T, cross-entropy against target(B,U),
 * -1 = ignored. Logits exist for a few thousand rows at a time only. */
void xent(struct tape *t, const struct var *h, const struct var *head, double hscale, const struct tensor *target,
          double scale, struct tensor *loss);
/* logits(B,L) against y(B,L) in {0,1}. */
void bce(struct tape *t, const struct var *logits, const struct tensor *y, double scale, struct tensor *loss);

#endif
