/* Binary cross-entropy on logits: max(x,0) - x y + log(1 + exp(-|x|)). Twin: kernels/cpu/bce.c. */
#include "kernels/cuda/cuda.h"

/* One block: the sum is always taken in the same order. */
static __global__ void bce_loss(float *loss, const float *x, const float *y, int64_t n, double scale)
{
    double sum = 0;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
        double a = (double)x[i];
        sum += (a > 0 ? a : 0) - a * (double)y[i] + log1p(exp(-fabs(a)));
    }
    sum = block_reduce(sum, sum_of());
    if (threadIdx.x == 0)
        *loss += (float)(scale * sum);
}
static __global__ void bce_each(float *dx, const float *x, const float *y, int64_t n, float scale)
{
    int64_t i = thread_index();
    if (i < n)
        dx[i] += scale * (device_sigmoid(x[i]) - y[i]);
}

void cuda_bce(tensor_p loss, tensor_p dx, tensor_p x, tensor_p y, double scale)
{
    op_call call("bce", {loss, dx, x, y});
    NEED("bce", flat(loss) && flat(dx) && flat(x) && flat(y) && same_size(x, y) && same_size(dx, x));
    int64_t n = tensor_numel(x);
    LAUNCH(bce_loss, 1, MAX_BLOCK, data_of<float>(loss), data_of<float>(x), data_of<float>(y), n, scale);
    if (dx)
        LAUNCH_EACH(bce_each, n, data_of<float>(dx), data_of<float>(x), data_of<float>(y), n, (float)scale);
}
