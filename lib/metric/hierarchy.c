/* Near misses count: micro precision, recall and F1 over the codes and all that is above them (kind.h).
 * hier_set: each note's set of codes is completed by their ancestors. hier_count: an ancestor counts as often as codes
 * under it are there, so that two gold codes under one category want two predicted ones (Falis et al. 2021, CoPHE). */
#include "lib/metric/hierarchy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/metric/kind.h"
#include "lib/metric/metric.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

struct prefix {
    const char *code;
    uint32_t n, label;
};

static int by_text(const void *a, const void *b)
{
    const struct prefix *x = a, *y = b;
    int c = memcmp(x->code, y->code, x->n < y->n ? x->n : y->n);
    return c ? c : (x->n > y->n) - (x->n < y->n);
}

int metric_tree_open(struct metric_tree **tree, const char *const *code, size_t L)
{
    size_t all = 0;
    struct metric_tree *t = *tree = mem_zalloc(1, sizeof *t);
    struct prefix *p = NULL;
    if (!t || !(t->at = mem_zalloc(L + 1, sizeof *t->at)))
        return E_NOMEM;
    for (size_t l = 0; l < L; l++) {
        for (size_t n = strlen(code[l]); n; n = icd_parent(code[l], n))
            all++;
        t->at[l + 1] = (uint32_t)all;
    }
    t->node = mem_alloc(all, sizeof *t->node);
    p = mem_alloc(all, sizeof *p);
    if (!t->node || !p) {
        free(p);
        return E_NOMEM;
    }
    all = 0;
    for (size_t l = 0; l < L; l++)
        for (size_t n = strlen(code[l]); n; n = icd_parent(code[l], n))
            p[all++] = (struct prefix){code[l], (uint32_t)n, (uint32_t)l};
    mem_sort(p, all, sizeof *p, by_text);
    for (size_t i = 0; i < all; i++) {
        t->nodes += i == 0 || by_text(&p[i - 1], &p[i]) != 0;
        t->node[t->at[p[i].label]++] = (uint32_t)t->nodes - 1;
    }
    memmove(t->at + 1, t->at, L * sizeof *t->at); /* at[l] had moved to the end of l */
    t->at[0] = 0;
    free(p);
    return 0;
}

void metric_tree_close(struct metric_tree *t)
{
    if (!t)
        return;
    free(t->at);
    free(t->node);
    free(t);
}

static void mark(const struct metric_tree *t, const uint32_t *label, uint32_t n, int32_t *count)
{
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t k = t->at[label[j]]; k < t->at[label[j] + 1]; k++)
            count[t->node[k]]++;
}

/* Adds what the nodes of these labels say, each node once: it is zeroed on the way. */
static void collect(const struct metric_tree *t, const uint32_t *label, uint32_t n, int32_t *gold, int32_t *pred,
                    uint32_t weight, struct metric_counts *set, struct metric_counts *count)
{
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t k = t->at[label[j]]; k < t->at[label[j] + 1]; k++) {
            int32_t *g = &gold[t->node[k]], *p = &pred[t->node[k]], both = *g < *p ? *g : *p;
            set->tp += *g && *p ? weight : 0;
            set->fp += !*g && *p ? weight : 0;
            set->fn += *g && !*p ? weight : 0;
            count->tp += (int64_t)both * weight;
            count->fp += (int64_t)(*p - both) * weight;
            count->fn += (int64_t)(*g - both) * weight;
            *g = *p = 0;
        }
}

static int add(struct metric_list *out, const char *of, const struct metric_counts *c)
{
    char name[32];
    double tp = (double)c->tp, p = metric_ratio(tp, tp + (double)c->fp), r = metric_ratio(tp, tp + (double)c->fn);
    snprintf(name, sizeof name, "prec_hier_%s", of);
    TRY(metric_add(out, name, p));
    snprintf(name, sizeof name, "rec_hier_%s", of);
    TRY(metric_add(out, name, r));
    snprintf(name, sizeof name, "f1_hier_%s", of);
    return metric_add(out, name, metric_f1(p, r));
}

static int eval(const struct metric_set *s, struct metric_list *out)
{
    struct metric_counts set = {0}, count = {0};
    int32_t *gold = mem_zalloc(s->tree->nodes, 2 * sizeof *gold);
    if (!gold)
        return E_NOMEM;
    int32_t *pred = gold + s->tree->nodes;
    for (size_t i = 0; i < s->n; i++) {
        const struct metric_note *n = &s->note[i];
        mark(s->tree, n->gold, n->n_gold, gold);
        mark(s->tree, n->pred, n->n_pred, pred);
        collect(s->tree, n->gold, n->n_gold, gold, pred, n->weight, &set, &count);
        collect(s->tree, n->pred, n->n_pred, gold, pred, n->weight, &set, &count);
    }
    set.fp += s->n_outside; /* itself alone: what is above it is not looked at */
    count.fp += s->n_outside;
    free(gold);
    TRY(add(out, "set", &set));
    return add(out, "count", &count);
}

REGISTER(metric, hierarchy, .order = 80, .eval = eval);
