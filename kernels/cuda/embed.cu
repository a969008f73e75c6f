/* Embedding rows and their gradient. Twin: kernels/cpu/embed.c. */
#include "kernels/cuda/cuda.h"

/* A block a position. */
template <class X, class Y>
static __global__ void embed_rows(Y *y, const X *table, const int32_t *ids, int64_t D, int64_t V, int *flag)
{
    int64_t i = blockIdx.x, id = ids[i];
    if (id < 0 || id >= V) {
        if (threadIdx.x == 0) { /* one of those wrong is reported */
            flag[1] = (int)id;
            flag[2] = (int)V;
            flag[0] = FLAG_EMBED;
        }
        return;
    }
    for (int64_t j = threadIdx.x; j < D; j += blockDim.x)
        store(&y[i * D + j], load(table[id * D + j]));
}

void cuda_embed_fwd(tensor_p y, tensor_p table, tensor_p ids)
{
    op_call call("embed_fwd", {y, table, ids});
    NEED("embed", flat_as(y, {y}) && flat_as(table, {table}) && ids->dtype == DT_I32 && tensor_contiguous(ids));
    NEED("embed", row_len(y) == row_len(table) && row_count(y) == tensor_numel(ids));
    BY_TYPES(table, y, LAUNCH((embed_rows<X, Y>), tensor_numel(ids), BLOCK, data_of<Y>(y), data_of<X>(table),
                              data_of<int32_t>(ids), row_len(table), table->dim[0], gpu.flag));
}

/* A block a position. The first position of an id adds the rows of all its positions, in order; the others do
 * nothing. */
template <class X>
static __global__ void embed_sums(float *dtable, const X *dy, const int32_t *ids, int64_t N, int64_t D, int64_t V)
{
    __shared__ int same[BLOCK];
    int64_t i = blockIdx.x, id = ids[i];
    if (id < 0 || id >= V) /* forward has reported it */
        return;
    for (int64_t from = 0; from < i; from += blockDim.x) {
        int64_t j = from + threadIdx.x;
        if (__syncthreads_or(j < i && ids[j] == id))
            return;
    }
    for (int64_t from = i; from < N; from += blockDim.x) {
        int64_t j = from + threadIdx.x;
        same[threadIdx.x] = j < N && ids[j] == id;
        if (!__syncthreads_or(same[threadIdx.x]))
            continue;
        for (int64_t c = threadIdx.x; c < D; c += blockDim.x) {
            float sum = dtable[id * D + c];
            for (unsigned n = 0; n < blockDim.x; n++)
                if (same[n])
                    sum += load(dy[(from + n) * D + c]);
            dtable[id * D + c] = sum;
        }
        __syncthreads(); /* same is written again */
    }
}

void cuda_embed_bwd(tensor_p dtable, tensor_p dy, tensor_p ids)
{
    op_call call("embed_bwd", {dtable, dy, ids});
    NEED("embed", flat(dtable) && flat_as(dy, {dy}) && ids->dtype == DT_I32 && tensor_contiguous(ids));
    NEED("embed", row_len(dy) == row_len(dtable) && row_count(dy) == tensor_numel(ids));
    int64_t N = tensor_numel(ids);
    BY_TYPE(dy, LAUNCH(embed_sums<X>, N, BLOCK, data_of<float>(dtable), data_of<X>(dy), data_of<int32_t>(ids), N,
                       row_len(dtable), dtable->dim[0]));
}
