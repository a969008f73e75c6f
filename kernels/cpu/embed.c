/* Embedding rows and their gradient. Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include <string.h>

void cpu_embed_fwd(tensor_p y, tensor_p table, tensor_p ids)
{
    NEED("embed", flat(y) && flat(table) && ids->dtype == DT_I32 && tensor_contiguous(ids));
    NEED("embed", row_len(y) == row_len(table) && row_count(y) == tensor_numel(ids));
    int64_t N = tensor_numel(ids), D = row_len(table), V = table->dim[0];
    const int32_t *id = ids->data;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < N; i++) {
        if (id[i] < 0 || id[i] >= V) {
            backend_fail(E_BUG, "embed: id %d outside the vocabulary of %ld", (int)id[i], (long)V);
            continue;
        }
        memcpy((real *)y->data + i * D, (const real *)table->data + id[i] * D, (size_t)D * sizeof(real));
    }
}

/* Each thread owns a range of rows of the table and walks all positions in order: no atomics, same bits always. */
void cpu_embed_bwd(tensor_p dtable, tensor_p dy, tensor_p ids)
{
    NEED("embed", flat(dy) && flat(dtable) && ids->dtype == DT_I32 && tensor_contiguous(ids));
    NEED("embed", row_len(dy) == row_len(dtable) && row_count(dy) == tensor_numel(ids));
    int64_t N = tensor_numel(ids), D = row_len(dtable), V = dtable->dim[0];
    const int32_t *id = ids->data;
#pragma omp parallel
    {
        int team = omp_get_num_threads(), me = omp_get_thread_num();
        for (int64_t i = 0; i < N; i++) {
            if (id[i] < 0 || id[i] >= V || id[i] % team != me) /* forward has reported a wrong id */
                continue;
            real *to = (real *)dtable->data + id[i] * D;
            const real *from = (const real *)dy->data + i * D;
#pragma omp simd
            for (int64_t j = 0; j < D; j++)
                to[j] += from[j];
        }
    }
}
