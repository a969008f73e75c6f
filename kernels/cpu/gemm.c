/* Matrix products: oneDNN in float, a plain blocked loop in double (gradient checks only).
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#ifndef ICD_DOUBLE
#include <oneapi/dnnl/dnnl.h>
#include <sys/mman.h>
#endif

#ifdef ICD_DOUBLE
/* Rows of c are independent and each is summed over k in order: the same bits for any number of threads. */
static void matmul_plain(int ta, int tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a, int64_t lda,
                         const double *b, int64_t ldb, double *c, int64_t ldc)
{
#pragma omp parallel for schedule(static) if (m * n * k > 1 << 16 && !omp_in_parallel())
    for (int64_t i = 0; i < m; i++)
        for (int64_t p = 0; p < k; p++) {
            double x = alpha * (ta ? a[p * lda + i] : a[i * lda + p]);
            if (tb)
                for (int64_t j = 0; j < n; j++)
                    c[i * ldc + j] += x * b[j * ldb + p];
            else
                for (int64_t j = 0; j < n; j++)
                    c[i * ldc + j] += x * b[p * ldb + j];
        }
}
#endif

void cpu_matmul(int ta, int tb, int64_t m, int64_t n, int64_t k, real alpha, const real *a, int64_t lda, const real *b,
                int64_t ldb, real beta, real *c, int64_t ldc)
{
    if (m == 0 || n == 0)
        return;
    /* beta 0 must overwrite NaN, whatever the library makes of 0 * NaN; k 0 is left to nobody's taste. */
#ifdef ICD_DOUBLE
    bool scale_here = true;
#else
    bool scale_here = k == 0;
#endif
    if (scale_here)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++)
                c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
    if (k == 0)
        return;
#ifdef ICD_DOUBLE
    matmul_plain(ta, tb, m, n, k, alpha, a, lda, b, ldb, c, ldc);
#else
    int threads = omp_get_max_threads();
    bool alone = threads > 1 && m * n * k < 16 * TEAM_WORK && !omp_in_parallel(); /* oneDNN takes OpenMP's number */
    if (alone)
        omp_set_num_threads(1);
    dnnl_status_t st = dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (alone)
        omp_set_num_threads(threads);
    if (st == dnnl_out_of_memory)
        backend_fail(E_NOMEM, "gemm %ldx%ldx%ld: out of memory in oneDNN", (long)m, (long)n, (long)k);
    else if (st != dnnl_success)
        backend_fail(E_BUG, "gemm %ldx%ldx%ld: oneDNN status %d", (long)m, (long)n, (long)k, (int)st);
#endif
}

/* oneDNN 2.6 writes its kernels, 18 MB with their tables, at the first product of a kind, and crashes where it gets no
 * memory for them. So it is made to, here, where there is room; its other failures are status codes. */
int cpu_matmul_start(void)
{
#ifndef ICD_DOUBLE
    enum { ROOM = 32 << 20 };
    real a[6 * 8] = {0}, c[6 * 6];
    void *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return err_nomem(ROOM);
    munmap(room, ROOM);
    for (int transposed = 0; transposed < 2; transposed++)
        cpu_matmul(0, transposed, 6, 6, 8, 1, a, 8, a, transposed ? 8 : 6, 0, c, 6);
#endif
    return backend_check_host();
}

struct batch { /* of products: d leading dims, the inner one of length `inner` */
    tensor_p c, a, b;
    int d;
    int64_t inner;
    int ta, tb;
    int64_t m, n, k;
    double alpha, beta;
};

static int64_t batch_offset(const struct batch *x, tensor_p t, int64_t i)
{
    if (x->d == 0)
        return 0;
    if (x->d == 1)
        return i * t->stride[0];
    return i / x->inner * t->stride[0] + i % x->inner * t->stride[1];
}

static void product(const struct batch *x, int64_t i)
{
    cpu_matmul(x->ta, x->tb, x->m, x->n, x->k, (real)x->alpha, (const real *)x->a->data + batch_offset(x, x->a, i),
               leading(x->a), (const real *)x->b->data + batch_offset(x, x->b, i), leading(x->b), (real)x->beta,
               (real *)x->c->data + batch_offset(x, x->c, i), leading(x->c));
}

void cpu_gemm(tensor_p c, tensor_p a, int ta, tensor_p b, int tb, double alpha, double beta)
{
    int d = c->nd - 2;
    NEED("gemm", c->nd >= 2 && a->nd == c->nd && b->nd == c->nd);
    NEED("gemm", c->dtype == DT_REAL && a->dtype == DT_REAL && b->dtype == DT_REAL);
    int64_t m = c->dim[d], n = c->dim[d + 1], k = a->dim[d + !ta];
    NEED("gemm", a->dim[d + !!ta] == m && b->dim[d + !!tb] == k && b->dim[d + !tb] == n);
    NEED("gemm", c->stride[d + 1] == 1 && a->stride[d + 1] == 1 && b->stride[d + 1] == 1);

    for (int i = 0; i < d; i++)
        NEED("gemm", a->dim[i] == c->dim[i] && b->dim[i] == c->dim[i]);
    int64_t inner = d == 2 ? c->dim[1] : 1, batches = d ? c->dim[0] * inner : 1;
    struct batch x = {c, a, b, d, inner, ta, tb, m, n, k, alpha, beta};
    if (batches == 1 || batches < omp_get_max_threads()) {
        /* The library's own team works inside a product. Not as a region of one thread (an `if` clause): a team
         * within a region is made of new threads each time. */
        for (int64_t i = 0; i < batches; i++)
            product(&x, i);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < batches; i++)
        product(&x, i);
}
