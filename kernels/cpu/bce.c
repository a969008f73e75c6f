/* Binary cross-entropy on logits: max(x,0) - x y + log(1 + exp(-|x|)), which neither overflows nor cancels.
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

void cpu_bce(tensor_p loss, tensor_p dx, tensor_p x, tensor_p y, double scale)
{
    NEED("bce", flat(loss) && flat(dx) && flat(x) && flat(y) && same_size(x, y) && same_size(dx, x));
    const real *xs = x->data, *ys = y->data;
    int64_t n = tensor_numel(x);
    double sum = 0; /* a few thousand logits at most: one thread, in order */
    for (int64_t i = 0; i < n; i++) {
        double a = (double)xs[i];
        sum += (a > 0 ? a : 0) - a * (double)ys[i] + log1p(exp(-fabs(a)));
    }
    *(real *)loss->data += (real)(scale * sum);
    if (!dx)
        return;
    real *dxs = dx->data;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        dxs[i] += (real)scale * (vsigmoid(xs[i]) - ys[i]);
}
