/* Label groups: see group.h. */
#include "lib/metric/group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/metric/kind.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

enum part { WHOLE, DIAGNOSIS, PROCEDURE, BIN }; /* BIN + i: the i-th */

static bool inside(const struct metric_set *s, const struct group_wish *w, size_t part, size_t l)
{
    if (part >= BIN) {
        size_t i = part - BIN;
        return (i == 0 || w->train[l] > w->edge[i - 1]) && (i == w->n_edge || w->train[l] <= w->edge[i]);
    }
    return part == WHOLE || icd_procedure(s->code[l]) == (part == PROCEDURE);
}

static int add(struct groups *g, const struct metric_set *s, const struct group_wish *w, size_t part, bool present)
{
    size_t labels = 0, i = part - BIN;
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 8;
        struct group *v = mem_grow(g->v, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        g->v = v;
        g->cap = cap;
    }
    struct group *x = &g->v[g->n];
    *x = (struct group){.drop = present};
    if (part == WHOLE && !present) {
        g->n++;
        return 0;
    }
    /* pass 1: its labels */
    if (!(x->keep = mem_zalloc(s->L, 1)))
        return E_NOMEM;
    for (size_t l = 0; l < s->L; l++)
        if ((!present || s->holder_at[l] < s->holder_at[l + 1]) && inside(s, w, part, l)) {
            x->keep[l] = 1;
            labels++;
        }
    /* pass 2: its name */
    char *to = x->suffix;
    size_t room = sizeof x->suffix;
    int used = 0;
    if (part == DIAGNOSIS || part == PROCEDURE)
        used = snprintf(to, room, part == DIAGNOSIS ? "_diagnosis" : "_procedure");
    else if (part >= BIN && i == w->n_edge)
        used = snprintf(to, room, "_train_above_%lld", (long long)w->edge[i - 1]);
    else if (part >= BIN)
        used = snprintf(to, room, "_train_%lld_%lld", i ? (long long)w->edge[i - 1] + 1 : 0, (long long)w->edge[i]);
    if (present)
        snprintf(to + used, room - (size_t)used, "_present");
    if (labels)
        g->n++;
    else
        free(x->keep);
    return 0;
}

int groups_make(struct groups *g, const struct metric_set *s, const struct group_wish *w)
{
    *g = (struct groups){0};
    for (int present = 0; present < 2; present++) {
        if (!(present ? w->present : w->all))
            continue;
        TRY(add(g, s, w, WHOLE, present));
        for (size_t part = DIAGNOSIS; w->kinds && part <= PROCEDURE; part++)
            TRY(add(g, s, w, part, present));
        for (size_t i = 0; w->n_edge && i <= w->n_edge; i++)
            TRY(add(g, s, w, BIN + i, present));
    }
    return 0;
}

void groups_free(struct groups *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->v[i].keep);
    free(g->v);
    *g = (struct groups){0};
}

int group_list(const char *text, int64_t min, int64_t **v, size_t *n)
{
    *n = 0;
    if (!(*v = mem_alloc(strlen(text) / 2 + 1, sizeof **v)))
        return E_NOMEM;
    for (const char *at = text;; at++) {
        char *end;
        errno = 0;
        long long x = strtoll(at, &end, 10);
        if (end == at || *at < '0' || *at > '9' || errno || x < min || x > INT32_MAX || (*n && x <= (*v)[*n - 1]) ||
            (*end && *end != ','))
            return err_set(E_USAGE, "'%s' is no list of ascending whole numbers from %lld on, such as 5,8,15", text,
                           (long long)min);
        (*v)[(*n)++] = x;
        at = end;
        if (!*end)
            return 0;
    }
}
