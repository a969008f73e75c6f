/* The language-model head and its cross-entropy in one: logits(N,V) = hscale h(N,D) head(V,D)^T live for a chunk of
 * rows only and are overwritten by their gradient. Called once at the end of forward: gradients go straight into h and
 * head, nothing is recorded. Test: tests/grad/xent.c. */
#include "lib/nn/module.h"

enum { CHUNK_BYTES = 1 << 27 };

void xent(struct tape *t, const struct var *h, const struct var *head, double hscale, const struct tensor *target,
          double scale, struct tensor *loss)
{
    const struct ops *op = &t->be->op;
    struct tensor hs = rows_of(&h->v), dhs = rows_of(&h->g);
    int64_t N = hs.dim[0], V = head->v.dim[0];
    MUST(t, head->v.dim[1] == hs.dim[1] && tensor_numel(target) == N);
    bool grad = t->grad && (wants(h) || wants(head));
    int64_t chunk = CHUNK_BYTES / (int64_t)sizeof(real) / (V > 0 ? V : 1) + 1;
    chunk = chunk < N ? chunk : N;
    struct tensor room = tape_scratch(t, t->products, 2, (int64_t[]){chunk, V}), targets = RESHAPE(target, N);
    for (int64_t from = 0; from < N; from += chunk) {
        int64_t n = N - from < chunk ? N - from : chunk;
        struct tensor x = tensor_slice(&hs, 0, from, n), tg = tensor_slice(&targets, 0, from, n);
        struct tensor logits = tensor_slice(&room, 0, 0, n);
        op->gemm(&logits, &x, 0, &head->v, 1, hscale, 0);
        op->xent(loss, &logits, &tg, scale, grad);
        if (grad && wants(h)) {
            struct tensor dx = tensor_slice(&dhs, 0, from, n);
            op->gemm(&dx, &logits, 0, &head->v, 0, hscale, 1);
        }
        if (grad && wants(head))
            op->gemm(&head->g, &logits, 1, &x, 0, hscale, 1);
    }
}
