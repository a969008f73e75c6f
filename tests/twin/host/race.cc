/* CUDA's blocks and threads for ThreadSanitizer, in place of host.cc: which memory do two threads touch, one of them
 * writing, with nothing between that orders them? They run one after the other here, too, but each is a fiber that
 * ThreadSanitizer knows, and all that orders fibers is what orders a GPU's threads:
 *   launch       after everything that was launched before
 *   barrier      the threads of a block
 * A shuffle orders nothing, and blocks of one launch are ordered by nothing. Shared memory is new for each block. So
 * that a thread does not seem to come after the same thread of the block before, threads change fibers from block to
 * block. Tests: tests/twin/race.sh, with kernels that have races (planted.cc). */
#include "kernels/cuda/cuda.h"
#include <stdlib.h>
#include <ucontext.h>

extern "C" {
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_acquire(void *at);
void __tsan_release(void *at);
void __tsan_java_init(unsigned long heap, unsigned long bytes);
void __tsan_java_alloc(unsigned long p, unsigned long bytes);
void __tsan_java_free(unsigned long p, unsigned long bytes);
extern char __start_icd_shared[], __stop_icd_shared[]; /* the kernels' .bss, which the Makefile renames */
}
#define UNSEEN __attribute__((no_sanitize_thread)) /* what moves the fibers is no part of the program they run */

struct dim3 threadIdx, blockIdx, blockDim, gridDim;

enum { MAX_THREADS = 1024, STACK = 256 << 10, SHUFFLED = 16, BARRIERS = 4096, NO_SYNC = 1 };
enum waits { NOT, WARP, ALL, END };
struct fiber {
    ucontext_t ctx;
    void *tsan;
    unsigned thread;
    enum waits waits;
};
static struct fiber fibers[MAX_THREADS], *of_thread[MAX_THREADS], *current;
static ucontext_t main_ctx;
static void *main_tsan;
static int n_fibers;
static unsigned n_threads, phase[MAX_THREADS];
static void (*kernel)(void *);
static void *kernel_ctx;
static bool reverse;
static int any_now, any_then;
static char shuffled[2][MAX_THREADS][SHUFFLED];
static unsigned char round_of[MAX_THREADS];
static uint64_t blocks; /* all there were */
static char launched, done, barrier[BARRIERS][2]; /* places that ThreadSanitizer orders by */

UNSEEN static void leave(enum waits what)
{
    struct fiber *me = current;
    me->waits = what;
    __tsan_switch_to_fiber(main_tsan, NO_SYNC);
    swapcontext(&me->ctx, &main_ctx);
}

UNSEEN static void fiber_main(void)
{
    for (;;) {
        __tsan_acquire(&launched);
        kernel(kernel_ctx);
        __tsan_release(&done);
        leave(END);
    }
}

UNSEEN static void resume(unsigned thread)
{
    current = of_thread[thread];
    current->waits = NOT;
    threadIdx.x = thread;
    __tsan_switch_to_fiber(current->tsan, NO_SYNC);
    swapcontext(&main_ctx, &current->ctx);
}

UNSEEN static unsigned turn(unsigned i, unsigned n)
{
    return reverse ? n - 1 - i : i;
}

/* How many of n threads from `first` wait so; aborts if some do and some do not. */
UNSEEN static unsigned waiting(unsigned first, unsigned n, enum waits what)
{
    unsigned k = 0;
    for (unsigned i = first; i < first + n; i++)
        k += of_thread[i]->waits == what;
    if (k && k != n) {
        fprintf(stderr, "block %u: %u of %u threads at a %s\n", blockIdx.x, k, n, what == ALL ? "barrier" : "shuffle");
        abort();
    }
    return k;
}

UNSEEN static void run_block(void)
{
    for (unsigned i = 0; i < n_threads; i++)
        resume(turn(i, n_threads));
    for (;;) {
        for (unsigned k = 0; k < n_threads / 32; k++) {
            unsigned first = 32 * turn(k, n_threads / 32);
            while (waiting(first, 32, WARP))
                for (unsigned i = 0; i < 32; i++)
                    resume(first + turn(i, 32));
        }
        if (!waiting(0, n_threads, ALL))
            return;
        any_then = any_now;
        any_now = 0;
        for (unsigned i = 0; i < n_threads; i++)
            resume(turn(i, n_threads));
    }
}

UNSEEN static void new_fiber(void)
{
    struct fiber *f = &fibers[n_fibers++];
    f->tsan = __tsan_create_fiber(0);
    if (getcontext(&f->ctx))
        abort();
    f->ctx.uc_stack.ss_sp = malloc(STACK);
    f->ctx.uc_stack.ss_size = STACK;
    makecontext(&f->ctx, fiber_main, 0);
}

/* The block's threads get their fibers, its shared memory forgets who touched it. */
UNSEEN static void begin_block(void)
{
    static bool known;
    unsigned long shared = ((unsigned long)__start_icd_shared + 7) / 8 * 8;
    unsigned long bytes = ((unsigned long)__stop_icd_shared - shared) / 8 * 8;
    if (known)
        __tsan_java_free(shared, bytes);
    else
        __tsan_java_init(shared, bytes);
    known = true;
    __tsan_java_alloc(shared, bytes);
    blocks++;
    for (unsigned i = 0; i < n_threads; i++)
        of_thread[i] = &fibers[(i + blocks) % n_threads];
    memset(round_of, 0, sizeof round_of);
    memset(phase, 0, sizeof phase);
}

UNSEEN void host_launch(int64_t grid, unsigned block, void (*body)(void *), void *ctx)
{
    if (block > MAX_THREADS || block % 32 || grid < 0 || grid > INT32_MAX)
        abort();
    const char *order = getenv("HOST_ORDER");
    reverse = order && !strcmp(order, "reverse");
    main_tsan = __tsan_get_current_fiber();
    kernel = body;
    kernel_ctx = ctx;
    n_threads = block;
    blockDim.x = block;
    gridDim.x = (unsigned)grid;
    while (n_fibers < (int)block)
        new_fiber();
    __tsan_release(&launched);
    for (int64_t i = 0; i < grid; i++) {
        blockIdx.x = (unsigned)(reverse ? grid - 1 - i : i);
        begin_block();
        run_block();
    }
    __tsan_acquire(&done);
}

UNSEEN static void at_barrier(void)
{
    unsigned me = threadIdx.x;
    void *at = &barrier[blocks % BARRIERS][phase[me]++ & 1];
    __tsan_release(at);
    leave(ALL);
    __tsan_acquire(at);
}

UNSEEN void __syncthreads(void)
{
    at_barrier();
}

UNSEEN int __syncthreads_or(int value)
{
    any_now |= value != 0;
    at_barrier();
    return any_then;
}

UNSEEN void host_shuffle(const void *mine, void *theirs, size_t bytes, int lane_mask)
{
    unsigned me = threadIdx.x;
    int now = round_of[me] ^= 1;
    for (size_t i = 0; i < bytes; i++) /* not memcpy, which ThreadSanitizer sees */
        ((volatile char *)shuffled[now][me])[i] = ((const volatile char *)mine)[i];
    leave(WARP);
    for (size_t i = 0; i < bytes; i++)
        ((volatile char *)theirs)[i] = ((volatile char *)shuffled[now][me ^ (unsigned)lane_mask])[i];
}
