/* Softmax cross-entropy, gradient in place of the logits; one block per row. Twin: kernels/cpu/xent.c. */
#include "kernels/cuda/cuda.h"

template <class X>
static __global__ void xent_rows(double *part, X *x, const int32_t *target, int64_t V, float scale, int want_grad,
                                 int *flag)
{
    X *row = x + blockIdx.x * V;
    int64_t tg = target[blockIdx.x];
    if (threadIdx.x == 0)
        part[blockIdx.x] = 0;
    if (tg < 0) {
        if (want_grad)
            for (int64_t j = threadIdx.x; j < V; j += blockDim.x)
                store(&row[j], 0);
        return;
    }
    if (tg >= V) {
        if (threadIdx.x == 0) {
            flag[1] = (int)tg;
            flag[2] = (int)V;
            flag[0] = FLAG_XENT;
        }
        return;
    }
    /* pass 1: the largest; pass 2: the sum of exp(x - max) */
    float max = -INFINITY, sum = 0, at = load(row[tg]);
    for (int64_t j = threadIdx.x; j < V; j += blockDim.x)
        max = larger_of()(max, load(row[j]));
    max = block_reduce(max, larger_of());
    for (int64_t j = threadIdx.x; j < V; j += blockDim.x)
        sum += expf(load(row[j]) - max);
    sum = block_reduce(sum, sum_of());
    if (threadIdx.x == 0)
        part[blockIdx.x] = log((double)sum) + (double)(max - at);
    if (!want_grad) /* every thread has read row[tg] before the reductions */
        return;
    /* pass 3: scale (softmax - 1 at the target), in place */
    float f = scale / sum;
    for (int64_t j = threadIdx.x; j < V; j += blockDim.x)
        store(&row[j], expf(load(row[j]) - max) * f - (j == tg ? scale : 0));
}
static __global__ void xent_sum(float *loss, const double *part, int64_t n, double scale)
{
    double sum = 0;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x)
        sum += part[i];
    sum = block_reduce(sum, sum_of());
    if (threadIdx.x == 0)
        *loss += (float)(scale * sum);
}

void cuda_xent(tensor_p loss, tensor_p x, tensor_p target, double scale, int want_grad)
{
    op_call call("xent", {loss, x, target});
    NEED("xent", flat(loss) && flat_as(x, {x}) && target->dtype == DT_I32 && tensor_contiguous(target));
    NEED("xent", row_count(x) == tensor_numel(target));
    int64_t N = row_count(x);
    double *part = (double *)gpu_scratch((size_t)(N + 1) * sizeof *part);
    if (!part)
        return;
    BY_TYPE(x, LAUNCH(xent_rows<X>, N, MAX_BLOCK, part, data_of<X>(x), data_of<int32_t>(target), row_len(x),
                      (float)scale, want_grad, gpu.flag));
    LAUNCH(xent_sum, 1, BLOCK, data_of<float>(loss), part, N, scale);
}
