/* Parameters: declared one by one, then laid out one after the other in flat arenas without gaps (params_join relies
 * on it). Tests: tests/unit/tensor.c. */
#include "kernels/backend.h"
#include "lib/tensor/tensor.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int params_add(struct params *ps, const char *name, double init_std, bool decay, int nd, const int64_t *dim)
{
    if (ps->n == ps->cap) {
        int cap = ps->cap ? 2 * ps->cap : 64;
        struct param *p = mem_grow(ps->p, (size_t)cap, sizeof *p);
        if (!p)
            return -1;
        ps->p = p;
        ps->cap = cap;
    }
    struct param *p = &ps->p[ps->n];
    if (strlen(name) >= sizeof p->name) {
        err_set(E_DATA, "parameter name of %zu bytes: too long", strlen(name));
        return -1;
    }
    *p = (struct param){.offset = ps->numel, .init_std = init_std, .decay = decay};
    snprintf(p->name, sizeof p->name, "%s", name);
    p->x.v = p->x.g = p->w = tensor_of(NULL, DT_REAL, nd, dim);
    ps->numel += tensor_numel(&p->x.v);
    return ps->n++;
}

int params_alloc(struct params *ps, const struct backend *be, bool train)
{
    size_t bytes = (size_t)(ps->numel ? ps->numel : 1) * sizeof(real);
    real **flat[] = {&ps->value, &ps->grad, &ps->m, &ps->v};
    ps->be = be;
    for (int i = 0; i < (train ? 4 : 1); i++) {
        if (!(*flat[i] = be->alloc(bytes)))
            return err_ctx(E_NOMEM, "parameters");
        struct tensor all = TENSOR(*flat[i], DT_REAL, ps->numel);
        be->op.fill(&all, 0);
    }
    if (ps->products == DT_BF16 && !(ps->half = be->alloc(bytes / sizeof(real) * dtype_size(DT_BF16))))
        return err_ctx(E_NOMEM, "parameters");
    for (int i = 0; i < ps->n; i++) {
        struct param *p = &ps->p[i];
        p->w.data = ps->value + p->offset;
        p->x.v = p->w;
        p->x.g.data = train ? ps->grad + p->offset : NULL;
        if (ps->half && p->w.nd == 2) {
            p->x.v.dtype = DT_BF16;
            p->x.v.data = (char *)ps->half + (size_t)p->offset * dtype_size(DT_BF16);
        }
    }
    params_changed(ps);
    return be->check();
}

void params_changed(const struct params *ps)
{
    if (!ps->half)
        return;
    struct tensor from = TENSOR(ps->value, DT_REAL, ps->numel), to = TENSOR(ps->half, DT_BF16, ps->numel);
    ps->be->op.copy(&to, &from);
}

void params_init(struct params *ps, uint64_t seed)
{
    for (int i = 0; i < ps->n; i++) {
        const struct param *p = &ps->p[i];
        int64_t n = tensor_numel(&p->w);
        real *host = mem_alloc((size_t)n, sizeof *host);
        if (!host) { /* reported by the next check() */
            backend_fail(E_NOMEM, "initial values of %s: %s", p->name, err_msg());
            return;
        }
        struct rng r = rng_new(seed, XXH64(p->name, strlen(p->name), 0));
        double all = p->init_std < 0 ? -p->init_std : 0; /* one value for all, unless there is a deviation */
        for (int64_t j = 0; j < n; j++)
            host[j] = (real)(p->init_std > 0 ? p->init_std * rng_normal(&r) : all);
        int rc = ps->be->upload(p->w.data, host, (size_t)n * sizeof *host);
        if (rc)
            backend_fail(rc, "initial values of %s: %s", p->name, err_msg());
        free(host);
    }
    params_changed(ps);
}

struct var params_join(const struct params *ps, int first, int n)
{
    struct var x = ps->p[first].x;
    for (int i = first + 1; i < first + n; i++)
        x.v.dim[0] += ps->p[i].x.v.dim[0];
    x.g.dim[0] = x.v.dim[0];
    return x;
}

struct param *params_find(struct params *ps, const char *name)
{
    for (int i = 0; i < ps->n; i++)
        if (!strcmp(ps->p[i].name, name))
            return &ps->p[i];
    return NULL;
}

void params_free(struct params *ps)
{
    real *flat[] = {ps->value, ps->grad, ps->m, ps->v};
    for (int i = 0; i < 4; i++)
        if (flat[i])
            ps->be->free(flat[i]);
    if (ps->half)
        ps->be->free(ps->half);
    free(ps->p);
    *ps = (struct params){0};
}
