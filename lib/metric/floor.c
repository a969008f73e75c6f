/* The note-blind floor: what a program that never reads the note can score. See metric.h. */
#include <stdlib.h>

#include "lib/metric/metric.h"
#include "lib/util/buf.h"

static int by_count(const void *a, const void *b, void *count)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const int64_t *c = count;
    if (c[x] != c[y])
        return c[x] > c[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

void metric_floor(const int64_t *count, size_t L, int64_t n, uint32_t *pick, size_t *k)
{
    double gold = 0, hit = 0, best = -1;
    for (size_t l = 0; l < L; l++) {
        pick[l] = (uint32_t)l;
        gold += (double)count[l];
    }
    qsort_r(pick, L, sizeof *pick, by_count, (void *)(uintptr_t)count);
    for (size_t i = 0; i < L; i++) {
        hit += (double)count[pick[i]];
        double f1 = metric_ratio(2 * hit, (double)(i + 1) * (double)n + gold);
        if (f1 > best) {
            best = f1;
            *k = i + 1;
        }
    }
    mem_sort(pick, *k, sizeof *pick, by_index);
}
