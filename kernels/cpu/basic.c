/* fill, copy, axpy on any strides; sum of squares; first maximum of each row. Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include <string.h>

/* Contiguous tensors are cut in pieces, others in rows. */
static bool joint(tensor_p a, tensor_p b)
{
    return tensor_contiguous(a) && (!b || tensor_contiguous(b));
}

static void fill_span(real *y, int64_t n, real value)
{
    if (value == 0)
        memset(y, 0, (size_t)n * sizeof *y);
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = value;
}

void cpu_fill(tensor_p y, double value)
{
    NEED("fill", y->dtype == DT_REAL);
    if (joint(y, NULL)) {
        FOR_PIECES(tensor_numel(y), at, n)
            fill_span((real *)y->data + at, n, (real)value);
        return;
    }
    for (int64_t r = 0; r < row_count(y); r++)
        fill_span((real *)y->data + row_offset(y, r), row_len(y), (real)value);
}

void cpu_copy(tensor_p y, tensor_p x)
{
    NEED("copy", y->dtype == x->dtype && same_size(x, y));
    size_t size = dtype_size(y->dtype);
    if (joint(y, x)) {
        FOR_PIECES(tensor_numel(y), at, n)
            memcpy((char *)y->data + (size_t)at * size, (const char *)x->data + (size_t)at * size, (size_t)n * size);
        return;
    }
    NEED("copy", row_len(x) == row_len(y));
    for (int64_t r = 0; r < row_count(y); r++)
        memcpy((char *)y->data + (size_t)row_offset(y, r) * size,
               (const char *)x->data + (size_t)row_offset(x, r) * size, (size_t)row_len(y) * size);
}

static void axpy_span(real *restrict y, const real *restrict x, int64_t n, real alpha)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += alpha * x[i];
}

void cpu_axpy(tensor_p y, tensor_p x, double alpha)
{
    NEED("axpy", y->dtype == DT_REAL && x->dtype == DT_REAL && same_size(x, y));
    if (joint(y, x)) {
        FOR_PIECES(tensor_numel(y), at, n)
            axpy_span((real *)y->data + at, (const real *)x->data + at, n, (real)alpha);
        return;
    }
    NEED("axpy", row_len(x) == row_len(y));
    for (int64_t r = 0; r < row_count(y); r++)
        axpy_span((real *)y->data + row_offset(y, r), (const real *)x->data + row_offset(x, r), row_len(y),
                  (real)alpha);
}

/* Sums of fixed pieces in real, of the pieces in double and in order: the same bits for any number of threads. */
void cpu_sumsq(tensor_p out, tensor_p x)
{
    NEED("sumsq", flat(x) && flat(out));
    int64_t total = tensor_numel(x), pieces = (total + PIECE - 1) / PIECE;
    double *part = cpu_scratch(SCRATCH_OP, (size_t)(pieces ? pieces : 1) * sizeof *part);
    if (!part)
        return;
    const real *xs = x->data;
    FOR_PIECES(total, at, n) {
        real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < n; i++)
            sum += xs[at + i] * xs[at + i];
        part[at / PIECE] = (double)sum;
    }
    double sum = 0;
    for (int64_t i = 0; i < pieces; i++)
        sum += part[i];
    *(real *)out->data = (real)sum;
}

void cpu_argmax(tensor_p ids, tensor_p x)
{
    NEED("argmax", ids->dtype == DT_I32 && tensor_contiguous(ids) && x->dtype == DT_REAL);
    NEED("argmax", row_count(x) == tensor_numel(ids) && row_len(x) > 0);
    int64_t V = row_len(x);
#pragma omp parallel for schedule(static) if (row_count(x) * V > TEAM_WORK)
    for (int64_t r = 0; r < row_count(x); r++) {
        const real *row = (const real *)x->data + row_offset(x, r);
        int64_t best = -1;
        for (int64_t j = 0; j < V; j++)
            if (best < 0 ? row[j] == row[j] : row[j] > row[best])
                best = j;
        ((int32_t *)ids->data)[r] = (int32_t)(best < 0 ? 0 : best);
    }
}
