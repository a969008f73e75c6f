/* The CUDA backend: a device's memory, copies, errors, and the table made from ops.def (a missing cuda_<op> is a link
 * error). Everything runs on one stream, in order; the runtime is linked statically and finds the driver when a device
 * is opened. Twin: kernels/cpu/table.c; tests: tests/twin/. */
#include "kernels/cuda/cuda.h"
#include <stdlib.h>

struct gpu gpu = {-1, false, NULL, NULL, {}, NULL};

/* ---- errors ---- */
static const op_call *in_hand;

op_call::op_call(const char *op, std::initializer_list<tensor_p> args) : name(op), n(0), outer(in_hand)
{
    for (tensor_p t : args)
        if (n < (int)(sizeof arg / sizeof *arg))
            arg[n++] = t;
    in_hand = this;
}

op_call::~op_call()
{
    gpu_ok(cudaGetLastError());
    if (gpu.sync)
        gpu_ok(cudaStreamSynchronize(gpu.stream));
    in_hand = outer;
}

/* "gemm (4,8) (4,2)bf16 -" of the present op. */
static void describe(char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%s", in_hand ? in_hand->name : "CUDA");
    for (int i = 0; in_hand && i < in_hand->n && n < size; i++) {
        tensor_p t = in_hand->arg[i];
        if (!t) {
            n += (size_t)snprintf(out + n, size - n, " -");
            continue;
        }
        for (int d = 0; d < t->nd && n < size; d++)
            n += (size_t)snprintf(out + n, size - n, "%s%lld", d ? "," : " (", (long long)t->dim[d]);
        const char *type = t->dtype == DT_BF16 ? "bf16" : "i32";
        if (n < size)
            n += (size_t)snprintf(out + n, size - n, ")%s", t->dtype == DT_REAL ? "" : type);
    }
}

bool gpu_ok(cudaError_t e)
{
    char what[160];
    if (e == cudaSuccess)
        return true;
    describe(what, sizeof what);
    backend_fail(e == cudaErrorMemoryAllocation ? E_NOMEM : E_BUG, "%s: %s%s", what, cudaGetErrorName(e),
                 gpu.sync || e == cudaErrorMemoryAllocation ? "" : " (or an op before it: ICD_SYNC=1 finds which)");
    return false;
}

bool blas_ok(cublasStatus_t s)
{
    char what[160];
    if (s == CUBLAS_STATUS_SUCCESS)
        return true;
    describe(what, sizeof what);
    backend_fail(s == CUBLAS_STATUS_ALLOC_FAILED ? E_NOMEM : E_BUG, "%s: %s", what, gpu.blas.status_name(s));
    return false;
}

bool gpu_grid(int64_t blocks)
{
    char what[160];
    if (blocks > INT32_MAX) {
        describe(what, sizeof what);
        backend_fail(E_BUG, "%s: %lld blocks", what, (long long)blocks);
    }
    return blocks > 0 && blocks <= INT32_MAX;
}

/* ---- memory ---- */
void *gpu_alloc(size_t bytes)
{
    void *p = NULL;
    size_t room = 0, total = 0;
    cudaError_t e = cudaMalloc(&p, aligned(bytes ? bytes : 1));
    if (e == cudaSuccess)
        return p;
    (void)cudaGetLastError(); /* it is reported here */
    (void)cudaMemGetInfo(&room, &total);
    double mib = 1024 * 1024;
    err_set(E_NOMEM, "GPU memory: asked for %.1f MiB, %.1f of %.1f MiB are free (%s)", (double)bytes / mib,
            (double)room / mib, (double)total / mib, cudaGetErrorName(e));
    return NULL;
}

void gpu_free(void *p)
{
    if (!p)
        return;
    gpu_ok(cudaStreamSynchronize(gpu.stream));
    gpu_ok(cudaFree(p));
}

static size_t gpu_room(void)
{
    size_t room = 0, total = 0;
    gpu_ok(cudaMemGetInfo(&room, &total));
    return room;
}

void *gpu_scratch(size_t bytes)
{
    static void *kept;
    static size_t size;
    if (!kept || size < bytes) {
        gpu_free(kept);
        kept = gpu_alloc(bytes);
        size = kept ? bytes : 0;
        if (!kept)
            backend_fail(E_NOMEM, "%s: %s", in_hand ? in_hand->name : "scratch", err_msg());
    }
    return kept;
}

/* Copies go through page-locked memory, in two halves: one is filled or emptied while the other travels. */
static const size_t HALF = (size_t)4 << 20;
static struct {
    char *mem; /* 2 * HALF */
    cudaEvent_t done[2];
    int next;
} staging;

static int copied(cudaError_t e, const char *what)
{
    return e == cudaSuccess ? 0 : err_set(E_BUG, "%s: %s (%s)", what, cudaGetErrorName(e), cudaGetErrorString(e));
}

static int gpu_upload(void *dev, const void *host, size_t bytes)
{
    for (size_t at = 0, n; at < bytes; at += n) {
        int half = staging.next;
        char *stage = staging.mem + (size_t)half * HALF;
        n = bytes - at < HALF ? bytes - at : HALF;
        staging.next = !half;
        TRY(copied(cudaEventSynchronize(staging.done[half]), "upload"));
        memcpy(stage, (const char *)host + at, n);
        TRY(copied(cudaMemcpyAsync((char *)dev + at, stage, n, cudaMemcpyHostToDevice, gpu.stream), "upload"));
        TRY(copied(cudaEventRecord(staging.done[half], gpu.stream), "upload"));
    }
    return 0;
}

static int gpu_download(void *host, const void *dev, size_t bytes)
{
    TRY(copied(cudaStreamSynchronize(gpu.stream), "download")); /* uploads may still be using the halves */
    for (size_t begun = 0, ended = 0; ended < bytes;) {
        for (; begun < bytes && begun < ended + 2 * HALF; begun += HALF) {
            int half = (int)(begun / HALF % 2);
            size_t n = bytes - begun < HALF ? bytes - begun : HALF;
            TRY(copied(cudaMemcpyAsync(staging.mem + (size_t)half * HALF, (const char *)dev + begun, n,
                                       cudaMemcpyDeviceToHost, gpu.stream), "download"));
            TRY(copied(cudaEventRecord(staging.done[half], gpu.stream), "download"));
        }
        int half = (int)(ended / HALF % 2);
        size_t n = bytes - ended < HALF ? bytes - ended : HALF;
        TRY(copied(cudaEventSynchronize(staging.done[half]), "download"));
        memcpy((char *)host + ended, staging.mem + (size_t)half * HALF, n);
        ended += n;
    }
    return 0;
}

static int gpu_check(void)
{
    gpu_ok(cudaStreamSynchronize(gpu.stream));
    gpu_ok(cudaGetLastError());
    volatile int *f = gpu.flag;
    if (f[0] != FLAG_OK)
        backend_fail(E_BUG, "%s %d outside the vocabulary of %d", f[0] == FLAG_EMBED ? "embed: id" : "xent: target",
                     f[1], f[2]);
    f[0] = FLAG_OK;
    return backend_check_host();
}

static const struct backend table = {
    "cuda",
    {
#define OP(name, args) cuda_##name,
#include "kernels/ops.def"
#undef OP
    },
    gpu_alloc,
    gpu_free,
    gpu_upload,
    gpu_download,
    gpu_check,
    gpu_room,
    true,
};

/* ---- opening ---- */
static int unusable(int device, const char *what, cudaError_t e)
{
    (void)cudaGetLastError();
    return err_set(E_NODEVICE, "device cuda:%d: %s: %s (%s)", device, what, cudaGetErrorString(e),
                   cudaGetErrorName(e));
}

static int open_blas(void)
{
    enum { WORKSPACE = 32 << 20 }; /* our own, so that its size and with it the algorithm does not change */
    TRY(blas_load(&gpu.blas));
    void *workspace = gpu_alloc(WORKSPACE);
    if (!workspace)
        return err_ctx(E_NODEVICE, "device cuda");
    cublasStatus_t s = gpu.blas.create(&gpu.handle);
    if (s == CUBLAS_STATUS_SUCCESS)
        s = gpu.blas.set_stream(gpu.handle, gpu.stream);
    if (s == CUBLAS_STATUS_SUCCESS)
        s = gpu.blas.set_workspace(gpu.handle, workspace, WORKSPACE);
    if (s == CUBLAS_STATUS_SUCCESS) /* fp32 products in fp32 (no TF32), bf16 products summed in fp32 throughout */
        s = gpu.blas.set_math_mode(gpu.handle, (cublasMath_t)(CUBLAS_DEFAULT_MATH |
                                               CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION));
    return s == CUBLAS_STATUS_SUCCESS ? 0
                                      : err_set(E_NODEVICE, "device cuda: cuBLAS: %s", gpu.blas.status_name(s));
}

static int open_device(int device)
{
    int count = 0;
    struct cudaDeviceProp about;
    cudaError_t e = cudaGetDeviceCount(&count);
    if (e == cudaErrorInsufficientDriver) {
        (void)cudaGetLastError();
        return err_set(E_NODEVICE, "device cuda:%d: no NVIDIA driver, or one older than CUDA %d.%d", device,
                       CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    }
    if (e != cudaSuccess || count == 0)
        return unusable(device, "no usable GPU", e != cudaSuccess ? e : cudaErrorNoDevice);
    if (device >= count)
        return err_set(E_NODEVICE, "device cuda:%d: there %s %d (from 0)", device, count == 1 ? "is" : "are", count);
    if ((e = cudaGetDeviceProperties(&about, device)) != cudaSuccess)
        return unusable(device, "not usable", e);
    if (about.major < 8)
        return err_set(E_NODEVICE, "device cuda:%d: compute capability %d.%d, 8.0 or newer is needed", device,
                       about.major, about.minor);
    if ((e = cudaSetDevice(device)) != cudaSuccess ||
        (e = cudaStreamCreateWithFlags(&gpu.stream, cudaStreamNonBlocking)) != cudaSuccess ||
        (e = cudaHostAlloc((void **)&gpu.flag, 64, cudaHostAllocMapped)) != cudaSuccess ||
        (e = cudaHostAlloc((void **)&staging.mem, 2 * HALF, cudaHostAllocDefault)) != cudaSuccess ||
        (e = cudaEventCreateWithFlags(&staging.done[0], cudaEventDisableTiming)) != cudaSuccess ||
        (e = cudaEventCreateWithFlags(&staging.done[1], cudaEventDisableTiming)) != cudaSuccess)
        return unusable(device, "not usable", e);
    gpu.flag[0] = FLAG_OK;
    return open_blas();
}

/* Does a kernel of this build run there? */
static int try_kernel(int device)
{
    float *p = (float *)gpu_alloc(sizeof *p), got = 0;
    if (!p)
        return err_ctx(E_NODEVICE, "device cuda:%d", device);
    struct tensor one = {p, DT_REAL, 1, {1}, {1}};
    cuda_fill(&one, 2.5);
    int rc = gpu_check();
    if (!rc)
        rc = gpu_download(&got, p, sizeof got);
    (void)cudaFree(p);
    if (rc)
        return err_ctx(E_NODEVICE, "device cuda:%d", device);
    return got == 2.5f ? 0 : err_set(E_NODEVICE, "device cuda:%d: computes wrongly", device);
}

extern "C" int cuda_backend(int device, const struct backend **be)
{
    const char *sync = getenv("ICD_SYNC");
    if (gpu.device >= 0 && gpu.device != device)
        return err_set(E_USAGE, "device cuda:%d: cuda:%d is open already", device, gpu.device);
    if (gpu.device < 0) {
        gpu.sync = sync && *sync && strcmp(sync, "0");
        TRY(open_device(device));
        TRY(try_kernel(device));
        gpu.device = device;
    }
    *be = &table;
    return 0;
}
