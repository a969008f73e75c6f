/* Ranks of gold labels without sorting all labels: the few gold ones are sorted, and each label of the note is counted
 * into the gap it falls in. Tests: tests/unit/metric.c. */
#include "lib/metric/rank.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"

struct rank_scratch {
    uint32_t *order; /* gold labels by (score, index) */
    float *value;    /* their scores */
    uint32_t *gap;   /* (n_gold+1) labels above this many gold ones */
};

struct rank_scratch *rank_scratch(size_t gold)
{
    /* One block: freed as one. */
    struct rank_scratch *r = mem_alloc(1, sizeof *r + (3 * gold + 1) * 4);
    if (!r)
        return NULL;
    r->order = (uint32_t *)(r + 1);
    r->gap = r->order + gold;
    r->value = (float *)(r->gap + gold + 1);
    return r;
}

static int by_score(const void *a, const void *b, void *score)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const float *s = score;
    if (s[x] != s[y])
        return s[x] < s[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

void rank_gold(struct rank_scratch *r, const struct metric_note *n, size_t L, uint32_t *rank)
{
    uint32_t m = n->n_gold;
    if (!m)
        return;
    memcpy(r->order, n->gold, m * sizeof *r->order);
    qsort_r(r->order, m, sizeof *r->order, by_score, (void *)(uintptr_t)n->score);
    for (uint32_t j = 0; j < m; j++)
        r->value[j] = n->score[r->order[j]];
    memset(r->gap, 0, (m + 1) * sizeof *r->gap);
    for (size_t l = 0; l < L; l++) {
        size_t j = rank_below(r->value, m, n->score[l]);
        while (j < m && r->value[j] == n->score[l] && r->order[j] < l)
            j++;
        r->gap[j]++;
    }
    for (uint32_t j = m, above = r->gap[m]; j-- > 0; above += r->gap[j])
        rank[m - 1 - j] = above + 1;
}
