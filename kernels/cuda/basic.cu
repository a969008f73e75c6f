/* fill, copy, axpy on any strides; sum of squares; first maximum of each row. Twin: kernels/cpu/basic.c. */
#include "kernels/cuda/cuda.h"

/* Where element i of a tensor is. */
struct places {
    int nd;
    int64_t dim[4], stride[4];
    bool flat; /* at i */
};
static struct places places_of(tensor_p t)
{
    struct places p = {t->nd, {0}, {0}, tensor_contiguous(t)};
    for (int i = 0; i < t->nd; i++) {
        p.dim[i] = t->dim[i];
        p.stride[i] = t->stride[i];
    }
    return p;
}
static __device__ int64_t place(const struct places &p, int64_t i)
{
    int64_t at = 0;
    if (p.flat)
        return i;
    for (int d = 3; d >= 0; d--) /* constant indices: else p would be copied to local memory, in every thread */
        if (d < p.nd) {
            at += i % p.dim[d] * p.stride[d];
            i /= p.dim[d];
        }
    return at;
}

template <class X>
static __global__ void fill_each(X *y, struct places py, int64_t n, float value)
{
    int64_t i = thread_index();
    if (i < n)
        store(&y[place(py, i)], value);
}

void cuda_fill(tensor_p y, double value)
{
    op_call call("fill", {y});
    NEED("fill", is_floating(y));
    int64_t n = tensor_numel(y);
    if (n == 0)
        return;
    if (value == 0 && tensor_contiguous(y)) {
        gpu_ok(cudaMemsetAsync(y->data, 0, (size_t)n * dtype_size(y->dtype), gpu.stream));
        return;
    }
    BY_TYPE(y, LAUNCH_EACH(fill_each<X>, n, data_of<X>(y), places_of(y), n, (float)value));
}

template <class Y, class X>
static __global__ void copy_each(Y *y, struct places py, const X *x, struct places px, int64_t n)
{
    int64_t i = thread_index();
    if (i < n)
        store(&y[place(py, i)], load(x[place(px, i)]));
}
static __global__ void copy_words(uint32_t *y, struct places py, const uint32_t *x, struct places px, int64_t n)
{
    int64_t i = thread_index();
    if (i < n)
        y[place(py, i)] = x[place(px, i)];
}

void cuda_copy(tensor_p y, tensor_p x)
{
    op_call call("copy", {y, x});
    int64_t n = tensor_numel(y);
    NEED("copy", same_size(x, y) && (x->dtype == y->dtype || (is_floating(x) && is_floating(y))));
    if (n == 0)
        return;
    if (x->dtype == y->dtype && tensor_contiguous(x) && tensor_contiguous(y)) {
        gpu_ok(cudaMemcpyAsync(y->data, x->data, (size_t)n * dtype_size(y->dtype), cudaMemcpyDeviceToDevice,
                               gpu.stream));
        return;
    }
    if (x->dtype == DT_BF16)
        BY_TYPE(y, LAUNCH_EACH((copy_each<X, bf16>), n, data_of<X>(y), places_of(y), data_of<bf16>(x), places_of(x),
                               n));
    else if (y->dtype == DT_BF16)
        LAUNCH_EACH((copy_each<bf16, float>), n, data_of<bf16>(y), places_of(y), data_of<float>(x), places_of(x), n);
    else /* float or i32: bits */
        LAUNCH_EACH(copy_words, n, data_of<uint32_t>(y), places_of(y), data_of<uint32_t>(x), places_of(x), n);
}

template <class X>
static __global__ void axpy_each(X *y, struct places py, const X *x, struct places px, int64_t n, float alpha)
{
    int64_t i = thread_index();
    if (i < n) {
        X *to = &y[place(py, i)];
        store(to, load(*to) + alpha * load(x[place(px, i)]));
    }
}

void cuda_axpy(tensor_p y, tensor_p x, double alpha)
{
    op_call call("axpy", {y, x});
    int64_t n = tensor_numel(y);
    NEED("axpy", is_floating(y) && x->dtype == y->dtype && same_size(x, y));
    BY_TYPE(y, LAUNCH_EACH(axpy_each<X>, n, data_of<X>(y), places_of(y), data_of<X>(x), places_of(x), n,
                           (float)alpha));
}

/* A block sums a fixed piece, whatever the device; the pieces' sums are added in order. */
enum { SQUARES = 1 << 16 };
static __global__ void squares(double *part, const float *x, int64_t n)
{
    int64_t from = (int64_t)blockIdx.x * SQUARES, end = from + SQUARES < n ? from + SQUARES : n;
    double sum = 0;
    for (int64_t i = from + threadIdx.x; i < end; i += blockDim.x)
        sum += (double)x[i] * (double)x[i];
    sum = block_reduce(sum, sum_of());
    if (threadIdx.x == 0)
        part[blockIdx.x] = sum;
}
static __global__ void sum_parts(float *out, const double *part, int64_t n)
{
    double sum = 0;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x)
        sum += part[i];
    sum = block_reduce(sum, sum_of());
    if (threadIdx.x == 0)
        *out = (float)sum;
}

void cuda_sumsq(tensor_p out, tensor_p x)
{
    op_call call("sumsq", {out, x});
    NEED("sumsq", flat(x) && flat(out));
    int64_t n = tensor_numel(x), parts = (n + SQUARES - 1) / SQUARES;
    double *part = (double *)gpu_scratch((size_t)(parts + 1) * sizeof *part);
    if (!part)
        return;
    LAUNCH(squares, parts, BLOCK, part, data_of<float>(x), n);
    LAUNCH(sum_parts, 1, BLOCK, data_of<float>(out), part, parts);
}

/* A block a row. -1: nothing but NaN so far. */
template <class X>
static __global__ void argmax_rows(int32_t *ids, const X *x, struct places rows, int64_t V)
{
    __shared__ float top[BLOCK];
    __shared__ int64_t where[BLOCK];
    const X *row = x + place(rows, blockIdx.x);
    float best = 0;
    int64_t at = -1;
    for (int64_t j = threadIdx.x; j < V; j += blockDim.x) {
        float v = load(row[j]);
        if (at < 0 ? v == v : v > best) {
            best = v;
            at = j;
        }
    }
    top[threadIdx.x] = best;
    where[threadIdx.x] = at;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) {
            float v = top[threadIdx.x + half];
            int64_t j = where[threadIdx.x + half];
            if (j >= 0 && (where[threadIdx.x] < 0 || v > top[threadIdx.x] ||
                           (v == top[threadIdx.x] && j < where[threadIdx.x]))) {
                top[threadIdx.x] = v;
                where[threadIdx.x] = j;
            }
        }
    }
    if (threadIdx.x == 0)
        ids[blockIdx.x] = where[0] < 0 ? 0 : (int32_t)where[0];
}

void cuda_argmax(tensor_p ids, tensor_p x)
{
    op_call call("argmax", {ids, x});
    NEED("argmax", ids->dtype == DT_I32 && tensor_contiguous(ids) && is_floating(x));
    NEED("argmax", row_count(x) == tensor_numel(ids) && row_len(x) > 0 && x->stride[x->nd - 1] == 1);
    struct places rows = places_of(x); /* of the rows' first elements */
    rows.nd--;
    rows.flat = false;
    BY_TYPE(x, LAUNCH(argmax_rows<X>, row_count(x), BLOCK, data_of<int32_t>(ids), data_of<X>(x), rows, row_len(x)));
}
