/* T5's layer norm: y = w * x * rstd with rstd = (mean(x^2) + eps)^-1/2, no mean, no bias. x(N,D), w(D), rstd(N);
 * x may be of another type (X) than y (Y).
 * Twin: kernels/cpu/rmsnorm.c.
 *
 * Backward, with xh = x * rstd and g = dy * w:  dx = rstd * (g - xh * mean(g * xh)),  dw = sum over rows of dy * xh. */
#include "kernels/cuda/cuda.h"

/* A block a row. */
template <class X, class Y>
static __global__ void norm_rows(Y *y, float *rstd, const X *x, struct either w, int64_t D, double eps)
{
    const X *xs = x + blockIdx.x * D;
    Y *ys = y + blockIdx.x * D;
    float sum = 0;
    for (int64_t j = threadIdx.x; j < D; j += blockDim.x) {
        float v = load(xs[j]);
        sum += v * v;
    }
    sum = block_reduce(sum, sum_of());
    float r = (float)(1 / sqrt((double)sum / (double)D + eps));
    if (threadIdx.x == 0)
        rstd[blockIdx.x] = r;
    for (int64_t j = threadIdx.x; j < D; j += blockDim.x)
        store(&ys[j], load_at(w, j) * (load(xs[j]) * r));
}

void cuda_rmsnorm_fwd(tensor_p y, tensor_p rstd, tensor_p x, tensor_p w, double eps)
{
    op_call call("rmsnorm_fwd", {y, rstd, x, w});
    NEED("rmsnorm", flat_as(x, {x}) && flat_as(y, {y}) && flat(rstd) && flat_as(w, {w}) && same_size(x, y));
    NEED("rmsnorm", row_len(x) == tensor_numel(w) && row_count(x) == tensor_numel(rstd));
    BY_TYPES(x, y, LAUNCH((norm_rows<X, Y>), row_count(x), BLOCK, data_of<Y>(y), data_of<float>(rstd), data_of<X>(x),
                          either_of(w), row_len(x), eps));
}

template <class X, class Y>
static __global__ void norm_rows_bwd(X *dx, const Y *dy, const X *x, struct either w, const float *rstd, int64_t D)
{
    int64_t row = blockIdx.x * D;
    float r = rstd[blockIdx.x], dot = 0;
    for (int64_t j = threadIdx.x; j < D; j += blockDim.x)
        dot += load(dy[row + j]) * load(x[row + j]) * load_at(w, j);
    dot = block_reduce(dot, sum_of());
    float c = dot * r * r / (float)D;
    for (int64_t j = threadIdx.x; j < D; j += blockDim.x)
        store(&dx[row + j], load(dx[row + j]) + r * (load(dy[row + j]) * load_at(w, j) - load(x[row + j]) * c));
}

/* dw in two stages: sums over pieces of ROWS rows, one thread per column; then the pieces in order. */
enum { ROWS = 64 };
template <class X, class Y>
static __global__ void norm_columns(float *part, const Y *dy, const X *x, const float *rstd, int64_t N, int64_t D)
{
    int64_t across = (D + blockDim.x - 1) / blockDim.x, piece = blockIdx.x / across;
    int64_t j = blockIdx.x % across * blockDim.x + threadIdx.x;
    int64_t end = (piece + 1) * ROWS < N ? (piece + 1) * ROWS : N;
    if (j >= D)
        return;
    float sum = 0;
    for (int64_t i = piece * ROWS; i < end; i++)
        sum += load(dy[i * D + j]) * load(x[i * D + j]) * rstd[i];
    part[piece * D + j] = sum;
}
static __global__ void norm_sums(float *dw, const float *part, int64_t pieces, int64_t D)
{
    int64_t j = thread_index();
    if (j >= D)
        return;
    float sum = 0;
    for (int64_t i = 0; i < pieces; i++)
        sum += part[i * D + j];
    dw[j] += sum;
}

void cuda_rmsnorm_bwd(tensor_p dx, tensor_p dw, tensor_p dy, tensor_p x, tensor_p w, tensor_p rstd)
{
    op_call call("rmsnorm_bwd", {dx, dw, dy, x, w, rstd});
    NEED("rmsnorm", flat_as(x, {dx, x}) && flat_as(dy, {dy}) && flat(dw) && flat(rstd) && flat_as(w, {w}));
    NEED("rmsnorm", same_size(x, dy) && same_size(x, dx) && same_size(w, dw));
    NEED("rmsnorm", row_len(x) == tensor_numel(w) && row_count(x) == tensor_numel(rstd));
    int64_t N = row_count(x), D = row_len(x), pieces = (N + ROWS - 1) / ROWS;
    if (dx)
        BY_TYPES(x, dy, LAUNCH((norm_rows_bwd<X, Y>), N, BLOCK, data_of<X>(dx), data_of<Y>(dy), data_of<X>(x),
                               either_of(w), data_of<float>(rstd), D));
    if (!dw)
        return;
    float *part = (float *)gpu_scratch((size_t)(pieces * D + 1) * sizeof *part);
    if (!part)
        return;
    BY_TYPES(x, dy, LAUNCH((norm_columns<X, Y>), pieces * ((D + BLOCK - 1) / BLOCK), BLOCK, part, data_of<Y>(dy),
                           data_of<X>(x), data_of<float>(rstd), N, D));
    LAUNCH_EACH(norm_sums, D, data_of<float>(dw), part, pieces, D);
}
