/* The tape: where values live during a step, and the list of backward functions. Tests: tests/grad/. */
#include "lib/nn/nn.h"
#include "lib/util/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tape_node {
    struct tape_node *before;
    void (*bwd)(struct tape *t, void *closure);
    void *closure;
};

int tape_init(struct tape *t, const struct backend *be)
{
    *t = (struct tape){.be = be, .dev = arena_new(be), .host = arena_new(NULL)};
    if (t->dev && t->host)
        return 0;
    tape_free(t);
    return E_NOMEM;
}

void tape_free(struct tape *t)
{
    arena_free(t->dev);
    arena_free(t->host);
    *t = (struct tape){0};
}

void tape_reset(struct tape *t)
{
    t->last = NULL;
    arena_reset(t->dev);
    arena_reset(t->host);
}

int tape_run(struct tape *t, void (*fn)(struct tape *t, void *ctx), void *ctx)
{
    if (t->running)
        return err_set(E_BUG, "tape_run within tape_run");
    t->running = true;
    t->rc = 0;
    if (!setjmp(t->env))
        fn(t, ctx);
    t->running = false;
    int op = t->be->check(); /* leaves its own message; a tape_fail came first and wins */
    return t->rc ? t->rc : op;
}

void tape_fail(struct tape *t, int code, const char *fmt, ...)
{
    char why[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    t->be->check(); /* whatever an op reported goes with this failure; wait for the device before memory is reused */
    t->rc = err_set(code, "%s", why);
    longjmp(t->env, 1);
}

void tape_backward(struct tape *t)
{
    for (struct tape_node *n = t->last; n; n = n->before)
        n->bwd(t, n->closure);
    t->last = NULL;
}

static void *take(struct tape *t, struct arena *a, size_t bytes)
{
    void *p = arena_alloc(a, bytes);
    if (!p)
        tape_fail(t, E_NOMEM, "activations: %s; %.1f MiB of them are in use", err_msg(),
                  (double)arena_peak(a) / (1024 * 1024));
    return p;
}

int tape_too_large(struct tape *t, int64_t n, int (*attempt)(void *ctx, int64_t n), void *ctx)
{
    char *why = err_take();
    int rc = E_NOMEM;
    while (rc == E_NOMEM && (n /= 2) > 0) {
        arena_free(t->dev); /* what a larger batch left there is in pieces of its size */
        t->dev = arena_new(t->be);
        rc = t->dev ? attempt(ctx, n) : -1;
    }
    if (rc)
        err_set(E_NOMEM, "%s; not even --batch 1 fits", why ? why : "");
    else
        err_set(E_NOMEM, "%s; --batch %lld fits", why ? why : "", (long long)n);
    free(why);
    return E_NOMEM;
}

void *tape_closure(struct tape *t, size_t bytes)
{
    return memset(take(t, t->host, bytes), 0, bytes);
}

struct tensor tape_scratch(struct tape *t, enum dtype dtype, int nd, const int64_t *dim)
{
    struct tensor x = tensor_of(NULL, dtype, nd, dim);
    x.data = take(t, t->dev, (size_t)tensor_numel(&x) * dtype_size(dtype));
    return x;
}

struct var *tape_var(struct tape *t, bool grad, int nd, const int64_t *dim)
{
    return tape_var_of(t, t->products, grad, nd, dim);
}

struct var *tape_var_of(struct tape *t, enum dtype dtype, bool grad, int nd, const int64_t *dim)
{
    struct var *x = tape_closure(t, sizeof *x);
    x->v = tape_scratch(t, dtype, nd, dim);
    x->g = tensor_of(NULL, dtype, nd, dim);
    if (grad && t->grad) {
        x->g = tape_scratch(t, dtype, nd, dim);
        t->be->op.fill(&x->g, 0);
    }
    return x;
}

static struct tensor uploaded(struct tape *t, const void *host, enum dtype dtype, int nd, const int64_t *dim)
{
    struct tensor x = tape_scratch(t, dtype, nd, dim);
    int rc = t->be->upload(x.data, host, (size_t)tensor_numel(&x) * dtype_size(dtype));
    if (rc)
        tape_fail(t, rc, "%s", err_msg());
    return x;
}

struct tensor tape_i32(struct tape *t, const int32_t *host, int nd, const int64_t *dim)
{
    return uploaded(t, host, DT_I32, nd, dim);
}

struct tensor tape_real(struct tape *t, const real *host, int nd, const int64_t *dim)
{
    return uploaded(t, host, DT_REAL, nd, dim);
}

void tape_record(struct tape *t, void (*bwd)(struct tape *t, void *closure), void *closure)
{
    struct tape_node *n = tape_closure(t, sizeof *n);
    *n = (struct tape_node){t->last, bwd, closure};
    t->last = n;
}

struct dropout tape_dropout(struct tape *t, double p)
{
    return (struct dropout){.p = t->train ? p : 0, .key = t->key, .site = t->site++};
}
