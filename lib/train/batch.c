/* Examples joined by id, the order of an epoch, and padded batches. Tests: tests/unit/batch.c. */
#include "lib/train/train.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { WINDOW = 16 }; /* groups sorted by length together: less padding, yet the order stays mostly random */

static uint64_t slot_of(const struct dataset *d, const char *id, size_t n)
{
    uint64_t s = XXH64(id, n, 0) & (d->slots - 1);
    while (d->slot[s]) {
        const char *other = d->ex[d->slot[s] - 1].id;
        if (strlen(other) == n && !memcmp(other, id, n))
            break;
        s = (s + 1) & (d->slots - 1);
    }
    return s;
}

static int grow(struct dataset *d)
{
    int64_t cap = d->cap ? 2 * d->cap : 1024;
    if (cap > INT32_MAX)
        return err_set(E_DATA, "more than %d examples", INT32_MAX / 2);
    struct example *ex = mem_grow(d->ex, (size_t)cap, sizeof *ex);
    if (ex)
        d->ex = ex;
    uint8_t *split = ex ? mem_grow(d->split, (size_t)cap, 1) : NULL;
    if (split)
        d->split = split;
    uint32_t *slot = split ? mem_zalloc(2 * (size_t)cap, sizeof *slot) : NULL;
    if (!slot)
        return E_NOMEM;
    free(d->slot);
    d->slot = slot;
    d->slots = 2 * (uint64_t)cap;
    d->cap = cap;
    for (int64_t i = 0; i < d->n; i++)
        d->slot[slot_of(d, d->ex[i].id, strlen(d->ex[i].id))] = (uint32_t)i + 1;
    return 0;
}

/* The example of this id, made when it is new. */
static int example_at(struct dataset *d, const char *id, size_t n, int split, struct example **ex)
{
    if (memchr(id, 0, n) || n == 0)
        return err_set(E_DATA, "field id: empty, or holds a NUL byte");
    if (d->n == d->cap)
        TRY(grow(d));
    uint64_t s = slot_of(d, id, n);
    if (!d->slot[s]) {
        struct example *e = &d->ex[d->n];
        memset(e, 0, sizeof *e);
        e->id = mem_strndup(id, n);
        if (!e->id)
            return E_NOMEM;
        d->split[d->n++] = (uint8_t)split;
        d->slot[s] = (uint32_t)d->n;
    }
    int64_t i = (int64_t)d->slot[s] - 1;
    if (d->split[i] != split)
        return err_set(E_DATA, "field split: not the split that the other stream gives this id");
    *ex = &d->ex[i];
    return 0;
}

static int copy_i32(int32_t **to, const int32_t *from, int64_t n)
{
    *to = mem_alloc((size_t)n, sizeof **to);
    if (!*to)
        return E_NOMEM;
    if (n)
        memcpy(*to, from, (size_t)n * sizeof **to);
    return 0;
}

int dataset_target(struct dataset *d, const char *id, size_t id_n, int split, const int32_t *target, int64_t n,
                   const int32_t *label, int64_t label_n)
{
    struct example *e = NULL;
    TRY(example_at(d, id, id_n, split, &e));
    if (e->target)
        return err_set(E_DATA, "field id: given twice");
    TRY(copy_i32(&e->target, target, n));
    TRY(copy_i32(&e->label, label, label_n));
    e->target_n = n;
    e->label_n = label_n;
    return 0;
}

static bool same_labels(const struct example *e, const int32_t *label, int64_t n)
{
    bool same = e->label_n == n; /* none stands twice */
    for (int64_t i = 0; i < n && same; i++) {
        int64_t k = 0;
        while (k < n && e->label[k] != label[i])
            k++;
        same = k < n;
    }
    return same;
}

int dataset_turn(struct dataset *d, int turn, const char *id, size_t id_n, const int32_t *target, int64_t n,
                 const int32_t *label, int64_t label_n)
{
    uint32_t at = d->slots ? d->slot[slot_of(d, id, id_n)] : 0;
    struct example *e = at ? &d->ex[at - 1] : NULL;
    if (!e || !e->target || d->split[at - 1] != SPLIT_TRAIN)
        return err_set(E_DATA, "field id: no training note of the first target stream");
    if (!same_labels(e, label, label_n))
        return err_set(E_DATA, "field codes: others than in the first target stream");
    if (!e->turn) {
        if (!(e->turn = mem_zalloc((size_t)d->turns, sizeof *e->turn)))
            return E_NOMEM;
        e->turn[0] = (struct target_row){e->target, e->target_n};
    }
    if (e->turn[turn].ids)
        return err_set(E_DATA, "field id: given twice");
    TRY(copy_i32(&e->turn[turn].ids, target, n));
    e->turn[turn].n = n;
    return 0;
}

int64_t longest_target(const struct dataset *d, const struct example *e)
{
    int64_t n = e->target_n;
    for (int k = 0; e->turn && k < d->turns; k++)
        n = e->turn[k].n > n ? e->turn[k].n : n;
    return n;
}

void dataset_epoch(struct dataset *d, int64_t epoch)
{
    for (int64_t i = 0; d->turns > 1 && i < d->n; i++) {
        struct example *e = &d->ex[i];
        if (e->turn) {
            e->target = e->turn[epoch % d->turns].ids;
            e->target_n = e->turn[epoch % d->turns].n;
        }
    }
}

int dataset_note(struct dataset *d, const char *id, size_t id_n, int split, const int32_t *ids, int64_t n)
{
    struct example *e = NULL;
    TRY(example_at(d, id, id_n, split, &e));
    if (e->ids)
        return err_set(E_DATA, "field id: given twice");
    TRY(copy_i32(&e->ids, ids, n));
    e->n = n;
    return 0;
}

int dataset_seal(struct dataset *d)
{
    for (int s = 0; s < SPLITS; s++)
        if (!(d->of[s] = mem_alloc((size_t)d->n, sizeof **d->of)))
            return E_NOMEM;
    for (int64_t i = 0; i < d->n; i++) {
        const struct example *e = &d->ex[i];
        d->no_target += !e->target;
        d->no_note += !e->ids;
        if (e->ids && e->target)
            d->of[d->split[i]][d->count[d->split[i]]++] = (uint32_t)i;
    }
    return 0;
}

void dataset_free(struct dataset *d)
{
    for (int64_t i = 0; i < d->n; i++) {
        free(d->ex[i].id);
        free(d->ex[i].ids);
        for (int k = 0; d->ex[i].turn && k < d->turns; k++)
            free(d->ex[i].turn[k].ids);
        if (!d->ex[i].turn)
            free(d->ex[i].target);
        free(d->ex[i].turn);
        free(d->ex[i].label);
    }
    for (int s = 0; s < SPLITS; s++)
        free(d->of[s]);
    free(d->ex);
    free(d->split);
    free(d->slot);
    memset(d, 0, sizeof *d);
}

/* ---- order ---- */
struct place {
    int64_t n;
    uint32_t at, index;
};

static int longer(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

int epoch_order(const struct dataset *d, uint64_t seed, int64_t epoch, int64_t group, uint32_t *out)
{
    int64_t n = d->count[SPLIT_TRAIN], groups = n / group;
    struct rng r = rng_new(seed, (uint64_t)epoch);
    struct place *p = mem_alloc((size_t)n, sizeof *p);
    uint32_t *g = mem_alloc((size_t)groups, sizeof *g);
    int rc = p && g ? 0 : E_NOMEM;
    if (!rc) {
        memcpy(out, d->of[SPLIT_TRAIN], (size_t)n * sizeof *out);
        rng_shuffle(&r, out, (uint64_t)n);
        for (int64_t i = 0; i < n; i++)
            p[i] = (struct place){d->ex[out[i]].n, (uint32_t)i, out[i]};
        for (int64_t i = 0; i < n; i += WINDOW * group)
            mem_sort(p + i, (size_t)(n - i < WINDOW * group ? n - i : WINDOW * group), sizeof *p, longer);
        for (int64_t i = 0; i < groups; i++)
            g[i] = (uint32_t)i;
        rng_shuffle(&r, g, (uint64_t)groups);
        for (int64_t i = 0; i < n; i++)
            out[i] = p[i / group < groups ? g[i / group] * group + i % group : i].index;
    }
    free(p);
    free(g);
    return rc;
}

int dataset_longest(const struct dataset *d, int64_t n, uint32_t *out)
{
    int64_t all = d->count[SPLIT_TRAIN];
    struct place *p = mem_alloc((size_t)all, sizeof *p);
    if (!p)
        return E_NOMEM;
    for (int64_t i = 0; i < all; i++)
        p[i] = (struct place){d->ex[d->of[SPLIT_TRAIN][i]].n, (uint32_t)i, d->of[SPLIT_TRAIN][i]};
    mem_sort(p, (size_t)all, sizeof *p, longer);
    for (int64_t i = 0; i < n; i++)
        out[i] = p[i].index;
    free(p);
    return 0;
}

int dataset_outlier(const struct dataset *d, int64_t *longest, int64_t *median)
{
    enum { MANY = 4096, TIMES = 8 }; /* tokens that any step can do; a note of so many median ones is odd */
    int64_t n = d->count[SPLIT_TRAIN];
    uint32_t *order = mem_alloc((size_t)n, sizeof *order);
    int rc = order ? dataset_longest(d, n, order) : E_NOMEM;
    *longest = *median = 0;
    if (!rc && n) {
        int64_t most = d->ex[order[0]].n;
        *median = d->ex[order[n / 2]].n;
        *longest = most > MANY && most > TIMES * *median ? most : 0;
    }
    free(order);
    return rc;
}

/* ---- batches ---- */
static int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}
static int64_t batch_t(int64_t n)
{
    return round_up(n, 16);
}
static int64_t batch_u(int64_t n)
{
    return round_up(n, 8);
}

int batch_alloc(struct batch *b, const struct dataset *d, int64_t B)
{
    int64_t T = 1, U = 1;
    for (int64_t i = 0; i < d->n; i++) {
        T = d->ex[i].n > T ? d->ex[i].n : T;
        int64_t u = longest_target(d, &d->ex[i]);
        U = u > U ? u : U;
    }
    T = batch_t(T);
    U = batch_u(U);
    size_t ints = (size_t)(B * (T + 2 * U + 1));
    *b = (struct batch){.L = d->labels, .U_max = U};
    char *p = mem_alloc(ints * sizeof(int32_t) + (size_t)(B * d->labels) * sizeof(real) + 64, 1);
    if (!p)
        return E_NOMEM;
    b->mem = p;
    b->y = (real *)p; /* first: the widest type */
    b->ids = (int32_t *)(b->y + B * d->labels);
    b->dec = b->ids + B * T;
    b->target = b->dec + B * U;
    b->len = b->target + B * U;
    return 0;
}

void batch_fill(struct batch *b, const struct dataset *d, const uint32_t *index, int64_t n,
                const struct model_arch *arch)
{
    int64_t T = 1, U = b->wide ? b->U_max : 1;
    for (int64_t i = 0; i < n; i++) {
        const struct example *e = &d->ex[index[i]];
        T = e->n > T ? e->n : T;
        U = e->target_n > U ? e->target_n : U;
    }
    b->B = n;
    b->T = batch_t(T);
    b->U = batch_u(U);
    b->tokens = 0;
    memset(b->y, 0, (size_t)(n * b->L) * sizeof *b->y);
    for (int64_t i = 0; i < n; i++) {
        const struct example *e = &d->ex[index[i]];
        int32_t *ids = b->ids + i * b->T, *dec = b->dec + i * b->U, *target = b->target + i * b->U;
        for (int64_t t = 0; t < b->T; t++)
            ids[t] = t < e->n ? e->ids[t] : arch->pad;
        for (int64_t u = 0; u < b->U; u++) {
            dec[u] = u && u <= e->target_n ? e->target[u - 1] : arch->pad;
            target[u] = u < e->target_n ? e->target[u] : -1;
        }
        if (b->U)
            dec[0] = arch->start;
        for (int64_t l = 0; l < e->label_n; l++)
            b->y[i * b->L + e->label[l]] = 1;
        b->len[i] = (int32_t)e->n;
        b->tokens += e->target_n;
    }
}

void batch_free(struct batch *b)
{
    free(b->mem);
    *b = (struct batch){0};
}
