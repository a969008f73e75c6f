/* Inside of the CUDA backend: its state, the guard that opens every op, launching, types, reductions over a block.
 * Each file here is the twin of the file of the same name in kernels/cpu. Kernels are plain: one-dimensional grids,
 * static shared memory, and only what tests/twin/host emulates, so the same files run on the CPU in tests
 * (tests/twin/host.sh).
 *
 * Ops with arguments in bf16 (ops.def) are templates over X, the stored type; arithmetic is in float. No float is added
 * atomically, so the same inputs give the same bits. To add an op: write cuda_<op> in the file of its family and a case
 * in tests/twin/ops.c. */
#ifndef ICD_CUDA_H
#define ICD_CUDA_H
#define ICD_DEVICE __host__ __device__
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <initializer_list>
extern "C" {
#include "kernels/bf16.h"
#include "kernels/drop.h"
#include "kernels/shape.h"
#define T tensor_p
#define OP(name, args) void cuda_##name args;
#include "kernels/ops.def"
#undef OP
#undef T
}

/* The functions of cuBLAS in use, found when a device is opened: programs start where there is none. */
struct blas {
    decltype(&cublasCreate_v2) create;
    decltype(&cublasDestroy_v2) destroy;
    decltype(&cublasSetStream_v2) set_stream;
    decltype(&cublasSetWorkspace_v2) set_workspace;
    decltype(&cublasSetMathMode) set_math_mode;
    /* cublasGemmStridedBatchedEx, which C++ overloads */
    cublasStatus_t (*gemm)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int m, int n, int k, const void *alpha,
                           const void *a, cudaDataType, int lda, long long stride_a, const void *b, cudaDataType,
                           int ldb, long long stride_b, const void *beta, void *c, cudaDataType, int ldc,
                           long long stride_c, int count, cublasComputeType_t, cublasGemmAlgo_t);
    decltype(&cublasGetStatusName) status_name;
};
int blas_load(struct blas *b); /* E_NODEVICE */

struct gpu {
    int device; /* -1: not open */
    bool sync;  /* ICD_SYNC=1: wait after every op */
    cudaStream_t stream;
    cublasHandle_t handle;
    struct blas blas;
    int *flag; /* {FLAG_*, value, limit}: what a kernel found wrong; in host memory that the device writes to */
};
extern struct gpu gpu;
enum { FLAG_OK, FLAG_EMBED, FLAG_XENT };

/* Says which op with which shapes a failure belongs to. Declared first in every op; its end checks the launches. */
struct op_call {
    const char *name;
    tensor_p arg[14];
    int n;
    const op_call *outer; /* an op may use another */
    op_call(const char *op, std::initializer_list<tensor_p> args);
    ~op_call();
};
/* Record a failed status for the op in hand; false when there is one. */
bool gpu_ok(cudaError_t e);
bool blas_ok(cublasStatus_t s);
void *gpu_alloc(size_t bytes); /* NULL with the error set: what was asked and what is free */
void gpu_free(void *p);        /* waits for the ops that may use it; NULL: nothing */
/* Uninitialised device memory of the op in hand, kept and grown between ops; NULL after backend_fail(). */
void *gpu_scratch(size_t bytes);
/* `bytes` rounded so that what follows is aligned. */
static inline size_t aligned(size_t bytes)
{
    return (bytes + 255) / 256 * 256;
}

/* c = alpha op(a) op(b) + beta c as op gemm; arguments have been checked. */
void gpu_gemm(tensor_p c, tensor_p a, int ta, tensor_p b, int tb, double alpha, double beta);

#ifndef ICD_BLOCK /* tests on the CPU take fewer */
#define ICD_BLOCK 256
#endif
enum { BLOCK = ICD_BLOCK, MAX_BLOCK = 4 * BLOCK };
bool gpu_grid(int64_t blocks); /* are there any? False too, after backend_fail(), when they are too many */
#ifndef LAUNCH
#define LAUNCH(kernel, grid, block, ...)                                           \
    do {                                                                           \
        int64_t grid_ = (grid);                                                    \
        if (gpu_grid(grid_))                                                       \
            kernel<<<(unsigned)grid_, (block), 0, gpu.stream>>>(__VA_ARGS__);      \
    } while (0)
#endif
/* A thread for each of n elements. */
#define LAUNCH_EACH(kernel, n, ...) LAUNCH(kernel, ((n) + BLOCK - 1) / BLOCK, BLOCK, __VA_ARGS__)
/* A thread for 8 elements: one Philox call. */
#define LAUNCH_GROUPS(kernel, n, ...) LAUNCH_EACH(kernel, ((n) + 7) / 8, __VA_ARGS__)
/* Index of the thread in the grid. */
static __device__ inline int64_t thread_index(void)
{
    return (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* ---- stored types ---- */
static inline bool is_floating(tensor_p t)
{
    return t->dtype == DT_REAL || t->dtype == DT_BF16;
}
/* All contiguous and of one type, float or bf16; absent ones count as fitting. */
static inline bool flat_as(tensor_p like, std::initializer_list<tensor_p> ts)
{
    for (tensor_p t : ts)
        if (t && (t->dtype != like->dtype || !is_floating(t) || !tensor_contiguous(t)))
            return false;
    return true;
}
/* Runs the statement with X the stored type of tensor t. */
#define BY_TYPE(t, ...)               \
    do {                              \
        if ((t)->dtype == DT_BF16) {  \
            typedef bf16 X;           \
            __VA_ARGS__;              \
        } else {                      \
            typedef float X;          \
            __VA_ARGS__;              \
        }                             \
    } while (0)
/* The same with Y that of tensor u too. */
#define BY_TYPES(t, u, ...)           \
    do {                              \
        if ((u)->dtype == DT_BF16) {  \
            typedef bf16 Y;           \
            BY_TYPE(t, __VA_ARGS__);  \
        } else {                      \
            typedef float Y;          \
            BY_TYPE(t, __VA_ARGS__);  \
        }                             \
    } while (0)
template <class X>
static inline X *data_of(tensor_p t)
{
    return t ? (X *)t->data : (X *)NULL;
}
static __device__ inline float load(float x)
{
    return x;
}
static __device__ inline float load(bf16 x)
{
    return bf16_to_float(x);
}
static __device__ inline void store(float *to, float x)
{
    *to = x;
}
static __device__ inline void store(bf16 *to, float x)
{
    *to = bf16_from_float(x);
}
/* Eight neighbours, what one Philox call decides on, or as many of them as there are. Whole ones at an address that
 * allows it travel in pieces of 16 bytes: a warp's accesses then cover whole lines. */
struct alignas(16) chunk {
    uint32_t w[4];
};
struct eight {
    float v[8];
};
template <class X>
static __device__ inline bool whole(const X *p, int64_t left)
{
    return left >= 8 && (uintptr_t)p % sizeof(struct chunk) == 0;
}
template <class X>
static __device__ inline struct eight load8(const X *p, int64_t left)
{
    enum { CHUNKS = 8 * sizeof(X) / sizeof(struct chunk) };
    struct eight r = {{0, 0, 0, 0, 0, 0, 0, 0}};
    if (whole(p, left)) {
        union {
            struct chunk c[CHUNKS];
            X x[8];
        } u;
        for (int i = 0; i < CHUNKS; i++)
            u.c[i] = ((const struct chunk *)p)[i];
        for (int i = 0; i < 8; i++)
            r.v[i] = load(u.x[i]);
    } else {
        for (int i = 0; i < 8 && i < left; i++)
            r.v[i] = load(p[i]);
    }
    return r;
}
template <class X>
static __device__ inline void store8(X *p, struct eight v, int64_t left)
{
    enum { CHUNKS = 8 * sizeof(X) / sizeof(struct chunk) };
    if (whole(p, left)) {
        union {
            struct chunk c[CHUNKS];
            X x[8];
        } u;
        for (int i = 0; i < 8; i++)
            store(&u.x[i], v.v[i]);
        for (int i = 0; i < CHUNKS; i++)
            ((struct chunk *)p)[i] = u.c[i];
    } else {
        for (int i = 0; i < 8 && i < left; i++)
            store(&p[i], v.v[i]);
    }
}
/* A small operand (norm weight, bias table) of either type. */
struct either {
    const void *p;
    bool half;
};
static inline struct either either_of(tensor_p t)
{
    struct either e = {t ? t->data : NULL, t && t->dtype == DT_BF16};
    return e;
}
static __device__ inline float load_at(struct either e, int64_t i)
{
    return e.half ? bf16_to_float(((const bf16 *)e.p)[i]) : ((const float *)e.p)[i];
}

/* ---- reductions over a block of whole warps; every thread calls and gets the result, always in the same order ---- */
struct sum_of {
    template <class V>
    __device__ V operator()(V a, V b) const
    {
        return a + b;
    }
};
struct larger_of {
    template <class V>
    __device__ V operator()(V a, V b) const
    {
        return b > a ? b : a;
    }
};
template <class V, class F>
static __device__ V block_reduce(V v, F f)
{
    __shared__ V part[32];
    for (int o = 16; o > 0; o /= 2)
        v = f(v, __shfl_xor_sync(0xffffffffu, v, o));
    if (threadIdx.x % 32 == 0)
        part[threadIdx.x / 32] = v;
    __syncthreads();
    v = part[0];
    for (unsigned i = 1; i < blockDim.x / 32; i++)
        v = f(v, part[i]);
    __syncthreads(); /* part may be written again */
    return v;
}

static __device__ inline float device_sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

#endif
