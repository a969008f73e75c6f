/* The CPU backend: memory from malloc, and the table made from ops.def (a missing cpu_<op> is a link error).
 * Tests: tests/unit/kernels.c. */
#include "kernels/cpu/cpu.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#if !defined(ICD_DOUBLE) && defined(__SSE2__)
#include <xmmintrin.h>
#endif

/* Buffers that an op walks side by side (AdamW's four) must not all start at the same place of a page: their lines
 * would fight for the same sets of the cache, which doubled AdamW's time on a Zen. So each starts some lines after
 * the one before it; the line in front of it says where its memory begins. */
enum { LINE = 64, PAGE_LINES = 4096 / LINE, STAGGER = 21 };

static void *host_alloc(size_t bytes)
{
    static atomic_uint count;
    size_t skip = LINE * (1 + atomic_fetch_add(&count, 1) * STAGGER % PAGE_LINES);
    /* Large buffers in huge pages: activations are walked once a step, and TLB misses were 10 % of it. */
    size_t huge = (size_t)2 << 20, align = bytes >= 2 * huge ? huge : LINE;
    if (bytes > SIZE_MAX / 2) {
        err_nomem(bytes);
        return NULL;
    }
    bytes = (skip + bytes + align - 1) / align * align;
    char *memory = aligned_alloc(align, bytes);
    if (!memory) { /* who asked may try with less (lib/tensor/arena.c), so err_memory() is not to know */
        err_set(E_NOMEM, "out of memory (%zu bytes asked for)", bytes);
        return NULL;
    }
    if (align == huge)
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
    memcpy(memory + skip - LINE, &memory, sizeof memory);
    return memory + skip;
}

static void host_free(void *p)
{
    char *memory;
    if (!p)
        return;
    memcpy(&memory, (char *)p - LINE, sizeof memory);
    free(memory);
}

static int host_copy(void *to, const void *from, size_t bytes)
{
    if (bytes)
        memcpy(to, from, bytes);
    return 0;
}

void *cpu_scratch(int slot, size_t bytes)
{
    static _Thread_local struct {
        void *p;
        size_t size;
    } kept[SCRATCH_SLOTS];
    if (kept[slot].size < bytes) {
        host_free(kept[slot].p);
        kept[slot].size = 0;
        kept[slot].p = host_alloc(bytes);
        if (!kept[slot].p) {
            backend_fail(E_NOMEM, "%s", err_msg());
            return NULL;
        }
        kept[slot].size = bytes;
    }
    return kept[slot].p;
}

static const struct backend cpu = {
    .name = "cpu",
    .op = {
#define OP(name, args) .name = cpu_##name,
#include "kernels/ops.def"
#undef OP
    },
    .alloc = host_alloc,
    .free = host_free,
    .upload = host_copy,
    .download = host_copy,
    .check = backend_check_host,
};

#ifndef ICD_DOUBLE
/* Denormals count as 0: the moments of parameters that get no gradient (words that do not occur) decay into them and
 * stay, and arithmetic on them is a hundred times slower. Set in every thread of the team. */
static void flush_denormals(void)
{
#ifdef __SSE2__
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    _mm_setcsr(_mm_getcsr() | 0x40); /* denormal inputs too */
#endif
}
#endif

const struct backend *cpu_backend(int threads)
{
    omp_set_dynamic(0);
    omp_set_num_threads(threads > 0 ? threads : 1);
#ifndef ICD_DOUBLE
    flush_denormals(); /* LLVM's OpenMP gives a team what its caller has, and the caller back what it had */
#pragma omp parallel
    flush_denormals();
#endif
    return &cpu;
}
