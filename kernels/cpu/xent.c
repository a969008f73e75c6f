/* Softmax cross-entropy, gradient in place of the logits. A row is read three times but only once from memory.
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/softmax.h"
#include <string.h>

void cpu_xent(tensor_p loss, tensor_p x, tensor_p target, double scale, int want_grad)
{
    NEED("xent", flat(loss) && flat(x) && target->dtype == DT_I32 && tensor_contiguous(target));
    NEED("xent", row_count(x) == tensor_numel(target));
    int64_t N = row_count(x), V = row_len(x);
    const int32_t *tg = target->data;
    double *part = cpu_scratch(SCRATCH_OP, (size_t)(N ? N : 1) * sizeof *part); /* loss of each row: summed in order */
    if (!part)
        return;
#pragma omp parallel for schedule(dynamic, 8)
    for (int64_t i = 0; i < N; i++) {
        real *row = (real *)x->data + i * V;
        part[i] = 0;
        /* no target: no loss */
        if (tg[i] < 0) {
            if (want_grad)
                memset(row, 0, (size_t)V * sizeof *row);
            continue;
        }
        if (tg[i] >= V) {
            backend_fail(E_BUG, "xent: target %d outside the vocabulary of %ld", (int)tg[i], (long)V);
            continue;
        }
        /* pass 1 and 2: log of the sum of exp(x - max) */
        real max = row_max(row, V), at = row[tg[i]];
        real sum = want_grad ? row_exp(row, row, V, max) : row_sum_exp(row, V, max);
        part[i] = log((double)sum) + (double)(max - at);
        /* pass 3: scale (softmax - 1 at the target) */
        if (want_grad) {
            real f = (real)scale / sum;
#pragma omp simd
            for (int64_t j = 0; j < V; j++)
                row[j] *= f;
            row[tg[i]] -= (real)scale;
        }
    }
    double sum = 0;
    for (int64_t i = 0; i < N; i++)
        sum += part[i];
    *(real *)loss->data += (real)(scale * sum);
}
