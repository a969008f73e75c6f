/* Where a label attention looked: see evidence.h. */
#include "lib/predict/evidence.h"

#include <string.h>

/* The heaviest tokens, heaviest first; how many. */
static int heaviest(const uint32_t *offset, int64_t n, const float *weight, int64_t *pick)
{
    int k = 0;
    for (int64_t i = 0; i < n; i++) {
        if (offset[2 * i] == offset[2 * i + 1])
            continue;
        int at = k;
        while (at > 0 && weight[i] > weight[pick[at - 1]])
            at--;
        if (at == TOP_TOKENS)
            continue;
        k += k < TOP_TOKENS;
        memmove(pick + at + 1, pick + at, (size_t)(k - at - 1) * sizeof *pick);
        pick[at] = i;
    }
    return k;
}

static void ascending(int64_t *pick, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && pick[j] < pick[j - 1]; j--) {
            int64_t k = pick[j];
            pick[j] = pick[j - 1];
            pick[j - 1] = k;
        }
}

static void by_weight(struct evidence_span *top, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && top[j].weight > top[j - 1].weight; j--) {
            struct evidence_span k = top[j];
            top[j] = top[j - 1];
            top[j - 1] = k;
        }
}

void evidence_top(const uint32_t *offset, int64_t n, const float *weight, struct evidence_span *top)
{
    int64_t pick[TOP_TOKENS];
    int k = heaviest(offset, n, weight, pick), m = 0;
    ascending(pick, k);
    for (int i = 0; i < k; i++) {
        const uint32_t *at = offset + 2 * pick[i];
        if (m && pick[i] == pick[i - 1] + 1 && at[0] >= top[m - 1].end && at[0] - top[m - 1].end <= 1) {
            top[m - 1].end = at[1];
            top[m - 1].weight += (double)weight[pick[i]];
        } else {
            top[m++] = (struct evidence_span){at[0], at[1], (double)weight[pick[i]]};
        }
    }
    by_weight(top, m);
}
