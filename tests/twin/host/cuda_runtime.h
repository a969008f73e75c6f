/* CUDA's language and the part of its runtime that kernels/cuda uses, on the CPU: the same .cu files are compiled as
 * C++ with this header in place of NVIDIA's, and the twin tests run on them where there is no GPU (tests/twin/host.sh).
 * Blocks and threads are host.cc's, or race.cc's under ThreadSanitizer. What this shows: indices, shapes, masks,
 * reductions, the backend's logic, barriers that are missing or that not all threads come to (in two orders, see
 * host.cc), arguments that are not the device's or freed, addresses that are not aligned and overruns of shared arrays
 * (HOST_SAN of the Makefile); under ThreadSanitizer races of any two threads. What it can't: nvcc's code, real cuBLAS,
 * speed, copies that overlap with kernels. */
#ifndef ICD_TEST_CUDA_RUNTIME_H
#define ICD_TEST_CUDA_RUNTIME_H
#include <stddef.h>
#include <stdint.h>

#define __global__
#define __device__
#define __host__
#define __shared__ static /* of the one block that runs */

struct dim3 {
    unsigned x, y, z;
};
extern struct dim3 threadIdx, blockIdx, blockDim, gridDim;
void __syncthreads(void);
int __syncthreads_or(int value);
/* As many bytes as V has, from the thread `lane_mask` away; all threads of the warp must call. */
void host_shuffle(const void *mine, void *theirs, size_t bytes, int lane_mask);
template <class V>
V __shfl_xor_sync(unsigned, V v, int lane_mask)
{
    V other;
    host_shuffle(&v, &other, sizeof v, lane_mask);
    return other;
}
/* Runs body(ctx) for every thread of the grid. */
void host_launch(int64_t grid, unsigned block, void (*body)(void *ctx), void *ctx);
template <class F>
void host_launch_any(int64_t grid, unsigned block, F f)
{
    host_launch(grid, block, [](void *ctx) { (*(F *)ctx)(); }, &f);
}
/* Ends the program if p is not NULL and not in memory of the device that is in use. */
void host_needs_device(const void *p);
template <class V>
void host_argument(V *p)
{
    host_needs_device(p);
}
template <class V>
void host_argument(const V &)
{
}
template <class... A>
void host_arguments(const A &...a)
{
    (host_argument(a), ...);
}
#define LAUNCH(kernel, grid, block, ...)                                         \
    do {                                                                         \
        if ((grid) > 0) {                                                        \
            host_arguments(__VA_ARGS__);                                         \
            host_launch_any((grid), (block), [&] { kernel(__VA_ARGS__); });      \
        }                                                                        \
    } while (0)

/* ---- the runtime ---- */
#define CUDART_VERSION 13000
enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation, cudaErrorNoDevice, cudaErrorInsufficientDriver };
typedef struct host_stream *cudaStream_t;
typedef struct host_event *cudaEvent_t;
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum { cudaStreamNonBlocking, cudaEventDisableTiming, cudaHostAllocMapped, cudaHostAllocDefault };
enum cudaDataType_t { CUDA_R_32F, CUDA_R_16BF };
typedef enum cudaDataType_t cudaDataType;
struct cudaDeviceProp {
    int major, minor;
};
cudaError_t cudaGetDeviceCount(int *n);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t s);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned flags);
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s);
cudaError_t cudaEventSynchronize(cudaEvent_t e);
cudaError_t cudaMalloc(void **p, size_t bytes); /* fails when more than HOST_GPU_MIB would be in use */
cudaError_t cudaFree(void *p);
cudaError_t cudaHostAlloc(void **p, size_t bytes, unsigned flags);
cudaError_t cudaMemGetInfo(size_t *room, size_t *total);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t s);
cudaError_t cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t s);
cudaError_t cudaGetLastError(void);
const char *cudaGetErrorName(cudaError_t e);
const char *cudaGetErrorString(cudaError_t e);

#endif
