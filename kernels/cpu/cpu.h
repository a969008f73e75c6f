/* Inside of the CPU backend: the ops' prototypes, per-thread scratch, and loops over rows.
 * To add an op: a line in kernels/ops.def, cpu_<op> in kernels/cpu/<family>.c, a test in tests/unit/kernels.c. */
#ifndef ICD_CPU_H
#define ICD_CPU_H
#include "kernels/shape.h"
#include <omp.h>

#define T tensor_p
#define OP(name, args) void cpu_##name args;
#include "kernels/ops.def"
#undef OP
#undef T

const struct backend *cpu_backend(int threads);

/* Uninitialised memory of the calling thread, kept and grown between calls; NULL after backend_fail(). Each slot is
 * one buffer. Slot 0 is for an op's own thread, slot 1 for the team inside its parallel region. */
enum { SCRATCH_OP, SCRATCH_THREAD, SCRATCH_SLOTS };
void *cpu_scratch(int slot, size_t bytes);

/* c = alpha op(a) op(b) + beta c on row-major matrices; runs in one thread when called inside a parallel region. */
void cpu_matmul(int ta, int tb, int64_t m, int64_t n, int64_t k, real alpha, const real *a, int64_t lda, const real *b,
                int64_t ldb, real beta, real *c, int64_t ldc);
/* Before the first product: E_NOMEM where there is no room for oneDNN's kernels. */
int cpu_matmul_start(void);

/* Work of less than this many elementary operations is done by one thread: waking a team costs more, above all on a
 * machine that has other things to do. Decoding one token at a time is thousands of such ops. */
enum { TEAM_WORK = 1 << 15 };

/* Contiguous elementwise loops are cut in pieces of this size: a piece stays in L1, is big enough for a thread, and a
 * multiple of 8 so that pieces do not share a Philox call. */
enum { PIECE = 2048 };
#define PRAGMA(text) _Pragma(#text)
#define FOR_PIECES(n, from, len)                                                                       \
    PRAGMA(omp parallel for schedule(static) if ((n) > TEAM_WORK))                                         \
    for (int64_t from = 0; from < (n); from += PIECE)                                                  \
        for (int64_t len = (n) - from < PIECE ? (n) - from : PIECE, once_ = 1; once_; once_ = 0)

#endif
