/* lib/util/process.c: each case is a child that is signalled or crashes, and what is left of it. */
#include "lib/util/process.h"
#include "lib/util/file.h"
#include "tests/test.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* A file of this name is being written while the child does its work; it must never be left. */
static int child(void (*work)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct outfile o;
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        process_start();
        if (outfile_open(&o, "being-written") || outfile_write(&o, "x", 1))
            _exit(99);
        work();
        outfile_discard(&o);
        _exit(0);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(system("ls -A | grep -q .") != 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void terminated(void)
{
    kill(getpid(), SIGTERM);
    pause_ms(5000);
}
static void hung_up(void)
{
    kill(getpid(), SIGHUP);
    pause_ms(5000);
}

static void await(int sig)
{
    for (int i = 0; i < 5000 && !process_asked(); i++)
        pause_ms(1);
    if (process_asked() != sig)
        _exit(98);
}
static void asked(void)
{
    process_defer();
    kill(getpid(), SIGINT);
    await(SIGINT);
    kill(getpid(), SIGTERM); /* within a second */
    pause_ms(100);
    if (process_asked() != SIGINT)
        _exit(97);
}
static void asked_twice(void)
{
    asked();
    pause_ms(1100);
    kill(getpid(), SIGTERM);
    pause_ms(5000);
}
static void asked_and_ended(void)
{
    asked();
    process_end(process_asked());
}

static void *blocked(void *set)
{
    pthread_sigmask(SIG_BLOCK, NULL, set);
    return NULL;
}
static void masks(void)
{
    static const int stop[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t own, other;
    pthread_t t;
    blocked(&own);
    if (pthread_create(&t, NULL, blocked, &other) || pthread_join(t, NULL))
        _exit(97);
    for (int i = 0; i < 3; i++)
        if (!sigismember(&own, stop[i]) || !sigismember(&other, stop[i]))
            _exit(98);
}

static void closed_pipe(void)
{
    int fd[2];
    if (pipe(fd) || close(fd[0]))
        _exit(97);
    if (write(fd[1], "x", 1) < 0)
        _exit(98);
}
static void aborts(void)
{
    abort();
}
#ifndef __SANITIZE_ADDRESS__
static int deep(volatile int *p)
{
    volatile int frame[1024];
    frame[0] = *p + 1;
    return frame[0] < 1 << 30 ? deep(frame) + frame[1] : 0;
}
static void overflows(void)
{
    volatile int zero = 0;
    deep(&zero);
}
#endif

int main(void)
{
    char dir[] = "/tmp/icdpipe-process.XXXXXX";
    CHECK(mkdtemp(dir) && chdir(dir) == 0);
    CHECK(child(terminated) == 128 + SIGTERM && child(hung_up) == 128 + SIGHUP);
    DONE("ended by the signal");
    CHECK(child(asked) == 0 && child(asked_twice) == 128 + SIGTERM && child(asked_and_ended) == 128 + SIGINT);
    DONE("asked to end: twice within a second is once");
    CHECK(child(masks) == 0);
    DONE("no thread that computes takes them");
    signal(SIGHUP, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        process_start();
        kill(getpid(), SIGHUP);
        pause_ms(100);
        _exit(0);
    }
    int status = 1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    DONE("what nohup ignores stays ignored");
    CHECK(child(closed_pipe) == 128 + SIGPIPE);
    CHECK(child(aborts) == 128 + SIGABRT);
#ifndef __SANITIZE_ADDRESS__
    CHECK(child(overflows) == 128 + SIGSEGV);
#endif
    DONE("a closed pipe, a library that aborts, a stack that is full");
    CHECK(chdir("/") == 0 && rmdir(dir) == 0);
    TEST_EXIT();
}
