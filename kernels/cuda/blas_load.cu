/* Finds cuBLAS when a device is opened. It is not linked: programs must start on machines that have none. */
#include "kernels/cuda/cuda.h"
#include <dlfcn.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define LIBRARY "libcublas.so." TEXT(CUBLAS_VER_MAJOR)

/* The library's own declaration is the one we call by. */
static_assert(sizeof(static_cast<decltype(blas::gemm)>(&cublasGemmStridedBatchedEx)) != 0, "gemm");

int blas_load(struct blas *b)
{
    /* where the dynamic linker looks, then where it was when this was built */
    static const char *const names[] = {LIBRARY, ICD_CUDA_LIB "/" LIBRARY};
    void *lib = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !lib; i++)
        lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(E_NODEVICE, "device cuda: " LIBRARY " is not there (install CUDA's cuBLAS, or name its "
                                   "directory in LD_LIBRARY_PATH)");
    struct {
        const char *name;
        void **to;
    } const want[] = {
        {"cublasCreate_v2", (void **)&b->create},
        {"cublasDestroy_v2", (void **)&b->destroy},
        {"cublasSetStream_v2", (void **)&b->set_stream},
        {"cublasSetWorkspace_v2", (void **)&b->set_workspace},
        {"cublasSetMathMode", (void **)&b->set_math_mode},
        {"cublasGemmStridedBatchedEx", (void **)&b->gemm},
        {"cublasGetStatusName", (void **)&b->status_name},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (!(*want[i].to = dlsym(lib, want[i].name)))
            return err_set(E_NODEVICE, "device cuda: " LIBRARY " has no %s", want[i].name);
    return 0;
}
