/* What every program does before anything else: see process.h. Tests: tests/unit/stage.c, tests/fault/kill.sh,
 * tests/fault/output.sh */
#include "lib/util/process.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* A tool that is stopped leaves no temporary file, and dies of the signal, so that the shell sees why. */
static void on_signal(int sig)
{
    outfile_unlink_all();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void catch_signals(void)
{
    static const int stop[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction a = {.sa_handler = on_signal}, old;
    sigemptyset(&a.sa_mask);
    a.sa_flags = SA_RESTART | (int)SA_NODEFER;
    for (size_t i = 0; i < sizeof stop / sizeof *stop; i++) {
        /* nohup and the like keep what they ignore; a closed pipe always ends us */
        if (stop[i] != SIGPIPE && sigaction(stop[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue;
        sigaction(stop[i], &a, NULL);
    }
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
    catch_signals();
}
