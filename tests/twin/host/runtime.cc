/* The part of CUDA's runtime and of cuBLAS that kernels/cuda uses, on the CPU: see cuda_runtime.h beside this file.
 * Device memory is host memory, of a size that a test can set. */
#include "kernels/cuda/cuda.h"
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <vector>

/* ---- memory, streams, events ---- */
static std::map<const char *, size_t> pieces; /* of memory of the device, and of the host's that it can write to */
void host_needs_device(const void *p)
{
    auto after = pieces.upper_bound((const char *)p);
    if (p && (after == pieces.begin() || (const char *)p >= std::prev(after)->first + std::prev(after)->second)) {
        fprintf(stderr, "%p: not memory of the device\n", p);
        abort();
    }
}
static size_t in_use;
static size_t capacity(void)
{
    const char *mib = getenv("HOST_GPU_MIB");
    return mib ? (size_t)atol(mib) << 20 : SIZE_MAX / 2;
}
cudaError_t cudaGetDeviceCount(int *n)
{
    *n = 1;
    return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int)
{
    p->major = 9;
    p->minor = 0;
    return cudaSuccess;
}
cudaError_t cudaSetDevice(int)
{
    return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned)
{
    *s = NULL;
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t)
{
    return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned)
{
    *e = NULL;
    return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t)
{
    return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t)
{
    return cudaSuccess;
}
cudaError_t cudaMalloc(void **p, size_t bytes)
{
    if (bytes > capacity() || in_use > capacity() - bytes)
        return cudaErrorMemoryAllocation;
    char *mem = (char *)aligned_alloc(256, aligned(bytes) + 256); /* its size stands before it */
    if (!mem)
        return cudaErrorMemoryAllocation;
    memcpy(mem, &bytes, sizeof bytes);
    memset(mem + 256, 0xff, bytes); /* NaN: fresh memory is no zeros */
    in_use += bytes;
    *p = mem + 256;
    pieces[mem + 256] = bytes;
    return cudaSuccess;
}
cudaError_t cudaFree(void *p)
{
    if (p) {
        size_t bytes;
        memcpy(&bytes, (char *)p - 256, sizeof bytes);
        in_use -= bytes;
        pieces.erase((char *)p);
        free((char *)p - 256);
    }
    return cudaSuccess;
}
cudaError_t cudaHostAlloc(void **p, size_t bytes, unsigned)
{
    *p = malloc(bytes);
    pieces[(char *)*p] = bytes;
    return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaMemGetInfo(size_t *room, size_t *total)
{
    *total = capacity();
    *room = *total - in_use;
    return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t)
{
    host_needs_device(bytes && kind != cudaMemcpyDeviceToHost ? to : NULL);
    host_needs_device(bytes && kind != cudaMemcpyHostToDevice ? from : NULL);
    if (bytes)
        memmove(to, from, bytes);
    return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t)
{
    host_needs_device(bytes ? p : NULL);
    if (bytes)
        memset(p, value, bytes);
    return cudaSuccess;
}
cudaError_t cudaGetLastError(void)
{
    return cudaSuccess;
}
const char *cudaGetErrorName(cudaError_t e)
{
    return e == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaError";
}
const char *cudaGetErrorString(cudaError_t e)
{
    return cudaGetErrorName(e);
}

/* ---- cuBLAS: columns follow each other ---- */
cublasStatus_t cublasCreate_v2(cublasHandle_t *h)
{
    *h = NULL;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy_v2(cublasHandle_t)
{
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream_v2(cublasHandle_t, cudaStream_t)
{
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t, void *, size_t)
{
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t)
{
    return CUBLAS_STATUS_SUCCESS;
}
const char *cublasGetStatusName(cublasStatus_t s)
{
    return s == CUBLAS_STATUS_INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE" : "CUBLAS_STATUS";
}

static float element(const void *p, cudaDataType type, int64_t i)
{
    return type == CUDA_R_16BF ? bf16_to_float(((const bf16 *)p)[i]) : ((const float *)p)[i];
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
                                          int k, const void *alpha, const void *a, cudaDataType type_a, int lda,
                                          long long stride_a, const void *b, cudaDataType type_b, int ldb,
                                          long long stride_b, const void *beta, void *c, cudaDataType type_c, int ldc,
                                          long long stride_c, int count, cublasComputeType_t, cublasGemmAlgo_t)
{
    float al = *(const float *)alpha, be = *(const float *)beta;
    bool types = type_a == type_b && (type_c == type_a || (type_a == CUDA_R_16BF && type_c == CUDA_R_32F));
    if (!types || m < 0 || n < 0 || k < 0 || lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m || lda < 1 ||
        ldb < 1 || ldc < 1)
        return CUBLAS_STATUS_INVALID_VALUE;
    host_arguments((const char *)a, (const char *)b, (const char *)c);
    std::vector<float> as((size_t)m * k), bs((size_t)k * n), sum((size_t)m);
    for (int64_t r = 0; r < count; r++) {
        for (int64_t p = 0; p < k; p++)
            for (int64_t i = 0; i < m; i++)
                as[p * m + i] = element(a, type_a, r * stride_a + (ta ? p + i * lda : i + p * lda));
        for (int64_t j = 0; j < n; j++)
            for (int64_t p = 0; p < k; p++)
                bs[j * k + p] = element(b, type_b, r * stride_b + (tb ? j + p * ldb : p + j * ldb));
        for (int64_t j = 0; j < n; j++) {
            std::fill(sum.begin(), sum.end(), 0.0f);
            for (int64_t p = 0; p < k; p++)
                for (int64_t i = 0; i < m; i++)
                    sum[i] += as[p * m + i] * bs[j * k + p];
            for (int64_t i = 0; i < m; i++) {
                int64_t at = r * stride_c + i + j * ldc;
                float v = al * sum[i] + (be != 0 ? be * element(c, type_c, at) : 0);
                if (type_c == CUDA_R_16BF)
                    ((bf16 *)c)[at] = bf16_from_float(v);
                else
                    ((float *)c)[at] = v;
            }
        }
    }
    return CUBLAS_STATUS_SUCCESS;
}

int blas_load(struct blas *b)
{
    struct blas all = {cublasCreate_v2,   cublasDestroy_v2,           cublasSetStream_v2, cublasSetWorkspace_v2,
                       cublasSetMathMode, cublasGemmStridedBatchedEx, cublasGetStatusName};
    *b = all;
    return 0;
}
