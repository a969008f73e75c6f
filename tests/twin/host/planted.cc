/* Kernels with a race each, and one without: does race.cc see them? planted NAME runs one. See tests/twin/race.sh. */
#include "kernels/cuda/cuda.h"
#include <stdlib.h>

enum { N = 64 };

/* The sum of each block's numbers, to the place of the block. */
static __global__ void right(float *out, const float *in)
{
    __shared__ float part[N];
    unsigned t = threadIdx.x;
    part[t] = in[thread_index()];
    for (unsigned half = N / 2; half; half /= 2) {
        __syncthreads();
        if (t < half)
            part[t] += part[t + half];
    }
    if (t == 0)
        out[blockIdx.x] = part[0];
}
static __global__ void no_barrier(float *out, const float *in)
{
    __shared__ float part[N];
    part[threadIdx.x] = in[thread_index()];
    out[thread_index()] = part[threadIdx.x ^ 1];
}
/* One barrier a round where there must be two: a fast thread writes what a slow one has yet to read. */
static __global__ void one_of_two(float *out, const float *in)
{
    __shared__ float part[N];
    float sum = 0;
    for (int i = 0; i < 3; i++) {
        part[threadIdx.x] = in[thread_index()] * i;
        __syncthreads();
        sum += part[(threadIdx.x + 33) % N];
    }
    out[thread_index()] = sum;
}
/* A shuffle orders no memory. */
static __global__ void by_shuffle(float *out, const float *in)
{
    __shared__ float part[N];
    float v = in[thread_index()];
    part[threadIdx.x] = v;
    v = __shfl_xor_sync(0xffffffff, v, 1);
    out[thread_index()] = part[threadIdx.x ^ 1] - v;
}
/* Blocks that write to one place; the same thread of each. */
static __global__ void between_blocks(float *out, const float *in)
{
    out[threadIdx.x] += in[thread_index()];
}
/* A block reads what another writes. */
static __global__ void in_place(float *out, const float *in)
{
    int64_t i = thread_index();
    out[i] = in[i] + out[(i + N) % (2 * N)];
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*kernel)(float *, const float *);
    } all[] = {{"right", right}, {"no_barrier", no_barrier}, {"one_of_two", one_of_two}, {"by_shuffle", by_shuffle},
               {"between_blocks", between_blocks}, {"in_place", in_place}};
    void *out, *in;
    if (argc != 2 || cudaMalloc(&out, 4096) || cudaMalloc(&in, 4096))
        return 64;
    for (auto &k : all)
        if (!strcmp(k.name, argv[1])) {
            LAUNCH(k.kernel, 2, N, (float *)out, (const float *)in);
            return 0;
        }
    return 64;
}
