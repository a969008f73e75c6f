/* Greedy decoding, step by step over a cache of keys and values: the tokens that transformers' generate() gives
 * (do_sample false, one beam). Tests: tests/golden/t5.c. */
#include "lib/model/model.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdlib.h>

struct gen {
    struct model *m;
    const struct var *h;
    const struct tensor *len;
    int64_t steps;
    struct kv_cache *cache;
    int32_t *last;     /* (B) the token each row said last, on the host */
    struct tensor ids; /* (B) device: what it says next */
};

static void make_cache(struct tape *t, void *ctx)
{
    struct gen *g = ctx;
    g->cache = g->m->family->cache(g->m, t, g->h, g->len, g->steps);
}

static void step(struct tape *t, void *ctx)
{
    struct gen *g = ctx;
    const struct model_arch *a = &g->m->arch;
    int64_t B = g->len->dim[0];
    struct tensor ids = tape_i32(t, g->last, 2, (int64_t[]){B, 1});
    struct var *y = g->m->family->decode(g->m, t, &ids, g->h, g->len, g->cache);
    struct tensor x = RESHAPE(&y->v, B, a->D), head = g->m->params.p[g->m->head].x.v;
    struct tensor logits = tape_scratch(t, DT_REAL, 2, (int64_t[]){B, a->V});
    t->be->op.gemm(&logits, &x, 0, &head, 1, a->hscale, 0);
    g->ids = tape_scratch(t, DT_I32, 1, (int64_t[]){B});
    t->be->op.argmax(&g->ids, &logits);
}

/* What each row said last goes to its ids; how many rows still run. `out` has room for max_new of each. */
static int64_t take(struct gen *g, const struct generate *how, bool *done, int32_t *out, int32_t *out_len)
{
    int64_t running = 0;
    for (int64_t b = 0; b < g->len->dim[0]; b++) {
        int32_t *row = out + b * how->max_new;
        done[b] = done[b] || model_ends(g->m, g->last[b]);
        if (!done[b] && out_len[b] < how->max_new) {
            row[out_len[b]++] = g->last[b];
            done[b] = how->stop && how->stop(how->ctx, row, out_len[b]);
        }
        if (done[b])
            g->last[b] = g->m->arch.pad; /* the row still takes part; nobody reads what it says */
        running += !done[b];
    }
    return running;
}

int generate_greedy(struct model *m, struct tape *t, const struct var *h, const struct tensor *len,
                    const struct generate *how, int32_t *out, int32_t *out_len)
{
    int64_t B = len->dim[0], running = B;
    /* one step more than there is room for shows who was not done */
    struct gen g = {.m = m, .h = h, .len = len, .steps = how->max_new + 1};
    bool *done = mem_zalloc((size_t)B, sizeof *done);
    struct tape s = {0}; /* of one step: what must outlive it (the cache) is on t */
    bool grad = t->grad, train = t->train;
    int rc = E_NOMEM;
    t->grad = t->train = false;
    g.last = mem_alloc((size_t)B, sizeof *g.last);
    if (!g.last || !done)
        goto out;
    /* Before the first step: the cache of the encoder's side, and the start token. */
    TRY_GOTO(rc, out, tape_init(&s, t->be));
    s.products = t->products;
    TRY_GOTO(rc, out, tape_run(t, make_cache, &g));
    for (int64_t b = 0; b < B; b++) {
        g.last[b] = m->arch.start;
        out_len[b] = 0;
    }
    /* Step by step, until all notes are done or the limit is reached. */
    for (int64_t u = 0; u < g.steps && running > 0; u++) {
        if (how->leave && how->leave()) {
            rc = err_set(E_STOPPED, "stopped");
            goto out;
        }
        tape_reset(&s);
        TRY_GOTO(rc, out, tape_run(&s, step, &g));
        TRY_GOTO(rc, out, t->be->download(g.last, g.ids.data, (size_t)B * sizeof *g.last));
        TRY_GOTO(rc, out, t->be->check());
        running = take(&g, how, done, out, out_len);
    }
    for (int64_t b = 0; how->cut && b < B; b++)
        how->cut[b] = !done[b];
out:
    t->grad = grad;
    t->train = train;
    if (s.be)
        tape_free(&s);
    free(g.last);
    free(done);
    return rc;
}
