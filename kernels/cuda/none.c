/* In place of kernels/cuda/table.cu where icdpipe is built without CUDA (make CUDA=no, or no nvcc). */
#include "kernels/backend.h"
#include "lib/util/err.h"

int cuda_backend(int device, const struct backend **be)
{
    return err_set(E_NODEVICE, "device cuda: this icdpipe was built without CUDA");
}
