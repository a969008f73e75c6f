/* Matrix products through cuBLAS. Twin: kernels/cpu/gemm.c.
 *
 * cuBLAS stores columns, we store rows: our C(M,N) is its C^T(N,M) with the same leading dimension, and
 * C^T = op(B)^T op(A)^T, so the operands change places and each keeps its transposition. */
#include "kernels/cuda/cuda.h"

static cudaDataType_t type_of(tensor_p t)
{
    return t->dtype == DT_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

/* `count` products whose operands follow each other at the given strides, in elements. */
struct run {
    int64_t count, sa, sb, sc;
};

static void products(tensor_p c, tensor_p a, int ta, tensor_p b, int tb, double alpha, double beta, int64_t at_a,
                     int64_t at_b, int64_t at_c, struct run r)
{
    int d = c->nd - 2;
    int m = (int)c->dim[d], n = (int)c->dim[d + 1], k = (int)a->dim[d + !ta];
    float al = (float)alpha, be = (float)beta;
    const char *pa = (const char *)a->data + (size_t)at_a * dtype_size(a->dtype);
    const char *pb = (const char *)b->data + (size_t)at_b * dtype_size(b->dtype);
    char *pc = (char *)c->data + (size_t)at_c * dtype_size(c->dtype);
    blas_ok(gpu.blas.gemm(gpu.handle, tb ? CUBLAS_OP_T : CUBLAS_OP_N, ta ? CUBLAS_OP_T : CUBLAS_OP_N, n, m, k, &al, pb,
                          type_of(b), (int)leading(b), r.sb, pa, type_of(a), (int)leading(a), r.sa, &be, pc,
                          type_of(c), (int)leading(c), r.sc, (int)r.count, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}

/* No inner dimension: c = beta c, and beta 0 overwrites NaN. */
static void scale_only(tensor_p c, double beta)
{
    if (beta == 0)
        cuda_fill(c, 0);
    else if (beta != 1)
        cuda_axpy(c, c, beta - 1);
}

void gpu_gemm(tensor_p c, tensor_p a, int ta, tensor_p b, int tb, double alpha, double beta)
{
    int d = c->nd - 2;
    if (tensor_numel(c) == 0)
        return;
    if (a->dim[d + !ta] == 0) {
        scale_only(c, beta);
        return;
    }
    if (d < 2) {
        struct run r = {1, 0, 0, 0};
        if (d == 1) {
            struct run batch = {c->dim[0], a->stride[0], b->stride[0], c->stride[0]};
            r = batch;
        }
        products(c, a, ta, b, tb, alpha, beta, 0, 0, 0, r);
        return;
    }
    int64_t d0 = c->dim[0], d1 = c->dim[1];
    if (d0 * d1 <= INT32_MAX && a->stride[0] == d1 * a->stride[1] && b->stride[0] == d1 * b->stride[1] &&
        c->stride[0] == d1 * c->stride[1]) {
        struct run all = {d0 * d1, a->stride[1], b->stride[1], c->stride[1]};
        products(c, a, ta, b, tb, alpha, beta, 0, 0, 0, all);
        return;
    }
    int loop = d0 <= d1 ? 0 : 1, in = !loop; /* over the shorter leading dimension */
    struct run r = {c->dim[in], a->stride[in], b->stride[in], c->stride[in]};
    for (int64_t i = 0; i < c->dim[loop]; i++)
        products(c, a, ta, b, tb, alpha, beta, i * a->stride[loop], i * b->stride[loop], i * c->stride[loop], r);
}

static bool fits(tensor_p t)
{
    return t->dim[t->nd - 1] <= INT32_MAX && t->dim[t->nd - 2] <= INT32_MAX && leading(t) <= INT32_MAX;
}

void cuda_gemm(tensor_p c, tensor_p a, int ta, tensor_p b, int tb, double alpha, double beta)
{
    op_call call("gemm", {c, a, b});
    int d = c->nd - 2;
    NEED("gemm", c->nd >= 2 && a->nd == c->nd && b->nd == c->nd);
    NEED("gemm", is_floating(c) && is_floating(a) && a->dtype == b->dtype);
    NEED("gemm", c->dtype == DT_REAL || a->dtype == c->dtype);
    int64_t m = c->dim[d], n = c->dim[d + 1], k = a->dim[d + !ta];
    NEED("gemm", a->dim[d + !!ta] == m && b->dim[d + !!tb] == k && b->dim[d + !tb] == n);
    NEED("gemm", c->stride[d + 1] == 1 && a->stride[d + 1] == 1 && b->stride[d + 1] == 1);
    NEED("gemm", fits(a) && fits(b) && fits(c));
    for (int i = 0; i < d; i++)
        NEED("gemm", a->dim[i] == c->dim[i] && b->dim[i] == c->dim[i] && c->dim[i] <= INT32_MAX);
    gpu_gemm(c, a, ta, b, tb, alpha, beta);
}
