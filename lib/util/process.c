/* What every program does before anything else: see process.h. Tests: tests/unit/stage.c, tests/fault/kill.sh,
 * tests/fault/signals.sh, tests/fault/output.sh */
#include "lib/util/process.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

/* What ends a program on request. Their handlers would interrupt whatever computes: oneDNN's AVX-512 kernels keep
 * numbers below the stack pointer, where the frame of a handler is put, and the heap is corrupt after it. So they are
 * blocked in all threads, and one that does nothing else takes them. */
static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};
/* A thread sends itself these, never out of a kernel that goes on afterwards. */
static const int own_signals[] = {SIGPIPE, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
enum { AGAIN = 1000 /* milliseconds within which a second signal is the first */, STACK = 1 << 18 };

static atomic_bool deferred;
static atomic_int asked;

/* Those that nohup and the like ignore are left alone: once blocked, they would come to sigwait. */
static sigset_t stop_set(void)
{
    sigset_t set;
    struct sigaction is;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        if (sigaction(stop_signals[i], NULL, &is) == 0 && is.sa_handler != SIG_IGN)
            sigaddset(&set, stop_signals[i]);
    return set;
}

_Noreturn void process_end(int sig)
{
    sigset_t set;
    outfile_unlink_all();
    sigemptyset(&set);
    sigaddset(&set, sig);
    signal(sig, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(sig);
    _exit(128 + sig);
}

static long long milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static void *wait_for_signals(void *set)
{
    long long first = 0;
    for (int sig;;) {
        if (sigwait(set, &sig))
            continue;
        if (!atomic_load(&deferred) || (process_asked() && milliseconds() - first > AGAIN))
            process_end(sig);
        if (process_asked())
            continue;
        first = milliseconds();
        atomic_store(&asked, sig);
    }
    return NULL;
}

/* Where no thread can be had, the signals do what they always do, and the next run removes what was left. */
static void take_signals(void)
{
    static sigset_t set;
    sigset_t old;
    pthread_attr_t attr;
    pthread_t thread;
    set = stop_set();
    pthread_sigmask(SIG_BLOCK, &set, &old);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK);
    if (pthread_create(&thread, &attr, wait_for_signals, &set))
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
}

void process_defer(void)
{
    atomic_store(&deferred, true);
}

int process_asked(void)
{
    return atomic_load(&asked);
}

/* Once it returns the signal comes again (abort() and a closed pipe are seen to here) and has its ordinary end. */
static void on_own_signal(int sig)
{
    outfile_unlink_all();
    raise(sig);
}

/* The main thread has a stack for it of its own, as its stack may be what is full; other threads use theirs. */
static void catch_own_signals(void)
{
    static char stack[STACK];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction a = {.sa_handler = on_own_signal, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER}, old;
    sigemptyset(&a.sa_mask);
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof own_signals / sizeof *own_signals; i++)
        if (own_signals[i] == SIGPIPE || (sigaction(own_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL))
            sigaction(own_signals[i], &a, NULL); /* a sanitizer keeps those it has taken */
}

/* Where a standard descriptor is closed, the next file opened would take its place and receive what is meant for it.
 * What is put there fails when it is used, as a closed one does. */
static void hold_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _exit(E_IO);
}

void process_start(void)
{
    memory_watch();
    hold_descriptors();
    catch_own_signals();
    take_signals();
}
