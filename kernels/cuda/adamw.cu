/* AdamW (Loshchilov & Hutter 2019) in PyTorch's order, one pass over p, m, v, g. Twin: kernels/cpu/adamw.c. */
#include "kernels/cuda/cuda.h"

struct rates {
    float b1, b2, a1, a2, shrink, scale, eps, rate, root;
};

static __global__ void adamw_each(float *p, float *m, float *v, const float *g, int64_t n, struct rates r)
{
    int64_t i = thread_index();
    if (i >= n)
        return;
    float x = g[i] * r.scale;
    m[i] = r.b1 * m[i] + r.a1 * x;
    v[i] = r.b2 * v[i] + r.a2 * x * x;
    p[i] = p[i] * r.shrink - r.rate * m[i] / (sqrtf(v[i]) * r.root + r.eps);
}

void cuda_adamw(tensor_p p, tensor_p m, tensor_p v, tensor_p g, const struct adamw_cfg *c)
{
    op_call call("adamw", {p, m, v, g});
    NEED("adamw", flat(p) && flat(m) && flat(v) && flat(g) && same_size(p, m) && same_size(p, v) && same_size(p, g));
    int64_t n = tensor_numel(p);
    struct rates r;
    r.b1 = (float)c->beta1;
    r.b2 = (float)c->beta2;
    r.a1 = (float)(1 - c->beta1);
    r.a2 = (float)(1 - c->beta2);
    r.shrink = (float)(1 - c->lr * c->decay);
    r.scale = (float)c->grad_scale;
    r.eps = (float)c->eps;
    r.rate = (float)(c->lr / (1 - pow(c->beta1, (double)c->step)));
    r.root = (float)(1 / sqrt(1 - pow(c->beta2, (double)c->step)));
    LAUNCH_EACH(adamw_each, n, data_of<float>(p), data_of<float>(m), data_of<float>(v), data_of<float>(g), n, r);
}
