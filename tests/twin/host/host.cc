/* CUDA on the CPU, for tests: see cuda_runtime.h beside this file. Threads of a block are fibers: one runs until it
 * ends or waits at a barrier, then the next; a fiber that ends takes the next thread that has not begun, so that
 * kernels without barriers need one fiber only. A warp waits for itself at a shuffle, and goes on to the block's next
 * barrier before another warp leaves the last one. HOST_ORDER=reverse: blocks and threads run from the last to the
 * first, which shows what only held because those before had run. */
#include "kernels/cuda/cuda.h"
#include <setjmp.h>
#include <stdlib.h>
#include <ucontext.h>

/* ---- blocks and threads ---- */
struct dim3 threadIdx, blockIdx, blockDim, gridDim;

enum { MAX_THREADS = 1024, STACK = 64 << 10, SHUFFLED = 16 };
struct fiber {
    ucontext_t start;
    jmp_buf env;
    char *stack;
    unsigned thread;
    enum { NOT, WARP, ALL } waits; /* for the rest of its warp, of its block */
    bool begun;
};
static struct fiber fibers[MAX_THREADS];
static int n_fibers, current;
static unsigned next_thread, n_threads;
static jmp_buf scheduler;
static void (*kernel)(void *);
static void *kernel_ctx;
static bool reverse;
static int any_now, any_then;               /* __syncthreads_or: being gathered; of the last barrier */
static char shuffled[2][MAX_THREADS][SHUFFLED]; /* of this round and the one before, which some still read */
static unsigned char round_of[MAX_THREADS];     /* all threads of a block make the same rounds */

static void fiber_main(void)
{
    for (;;) {
        struct fiber *f = &fibers[current];
        while (next_thread < n_threads) {
            f->thread = reverse ? n_threads - 1 - next_thread : next_thread;
            next_thread++;
            threadIdx.x = f->thread;
            kernel(kernel_ctx);
        }
        f->waits = fiber::NOT;
        if (!_setjmp(f->env)) /* until a later block */
            _longjmp(scheduler, 1);
    }
}

static void wait_for(decltype(fiber::waits) what)
{
    struct fiber *f = &fibers[current];
    f->waits = what;
    if (!_setjmp(f->env))
        _longjmp(scheduler, 1);
    threadIdx.x = f->thread;
}

/* Runs fiber i until it waits or has nothing left to do. */
static void resume(int i)
{
    struct fiber *f = &fibers[i];
    current = i;
    f->waits = fiber::NOT;
    if (_setjmp(scheduler))
        return;
    if (f->begun)
        _longjmp(f->env, 1);
    f->begun = true;
    setcontext(&f->start);
}

static void new_fiber(void)
{
    struct fiber *f = &fibers[n_fibers++];
    f->stack = (char *)malloc(STACK);
    if (!f->stack || getcontext(&f->start))
        abort();
    f->start.uc_stack.ss_sp = f->stack;
    f->start.uc_stack.ss_size = STACK;
    f->start.uc_link = NULL;
    makecontext(&f->start, fiber_main, 0);
}

/* Lets the threads of a warp go on to the block's next barrier: through shuffles, and first, if `released`, from the
 * barrier where they wait. A GPU asks that all of a warp come to either. */
static void run_warp(unsigned warp, int used, bool released)
{
    for (int went = 32; went; released = false) {
        went = 0;
        for (int i = 0; i < used; i++)
            if (fibers[i].thread / 32 == warp &&
                (fibers[i].waits == fiber::WARP || (released && fibers[i].waits == fiber::ALL))) {
                resume(i);
                went++;
            }
        if (went && went != 32) {
            fprintf(stderr, "block %u: %d threads of warp %u at a barrier or shuffle\n", blockIdx.x, went, warp);
            abort();
        }
    }
}

static void run_block(void)
{
    next_thread = 0;
    int used = 0;
    while (next_thread < n_threads) { /* each fiber here ended up waiting, or all threads have ended */
        if (used == n_fibers)
            new_fiber();
        resume(used++);
    }
    for (bool released = false, waiting = true; waiting; released = true) { /* everyone is at the barrier */
        if (released) {
            any_then = any_now;
            any_now = 0;
        }
        for (unsigned w = 0; w < n_threads / 32; w++)
            run_warp(reverse ? n_threads / 32 - 1 - w : w, used, released);
        waiting = false;
        for (int i = 0; i < used; i++)
            waiting |= fibers[i].waits != fiber::NOT;
    }
}

void host_launch(int64_t grid, unsigned block, void (*body)(void *), void *ctx)
{
    if (block > MAX_THREADS || block % 32 || grid < 0 || grid > INT32_MAX)
        abort();
    const char *order = getenv("HOST_ORDER");
    reverse = order && !strcmp(order, "reverse");
    kernel = body;
    kernel_ctx = ctx;
    n_threads = block;
    memset(round_of, 0, sizeof round_of);
    blockDim.x = block;
    gridDim.x = (unsigned)grid;
    for (int64_t i = 0; i < grid; i++) {
        blockIdx.x = (unsigned)(reverse ? grid - 1 - i : i);
        run_block();
    }
}

void __syncthreads(void)
{
    wait_for(fiber::ALL);
}

int __syncthreads_or(int value)
{
    any_now |= value != 0;
    wait_for(fiber::ALL);
    return any_then;
}

void host_shuffle(const void *mine, void *theirs, size_t bytes, int lane_mask)
{
    unsigned me = threadIdx.x;
    int now = round_of[me] ^= 1;
    memcpy(shuffled[now][me], mine, bytes);
    wait_for(fiber::WARP);
    memcpy(theirs, shuffled[now][me ^ (unsigned)lane_mask], bytes);
}
