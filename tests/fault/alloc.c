/* A shared library for LD_PRELOAD that fails one allocation of a program: tests/fault/alloc.py runs the tools with it.
 * ALLOC_FAIL=N: the Nth allocation after main() began returns NULL. ALLOC_FAIL=N+: it and all after it. 0: none.
 * ALLOC_TOLD=FILE: what is told goes there: at the failure a line with the libraries on its stack, innermost first,
 * the C library left out; at a regular end a line "count N". With ALLOC_PATHS=1 there is a line "path FIRST LAST"
 * before it for each different stack of calls that led to an allocation, with the numbers of its first and its last.
 * What the dynamic loader and constructors ask for before main() is not counted. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

static atomic_bool on;
static atomic_long count;
static long when;
static bool sticky;
static int told = -1;
static _Thread_local bool inside; /* the report itself is not to be counted */

static void tell(const char *s)
{
    if (told >= 0 && write(told, s, strlen(s)) < 0)
        told = -1;
}

/* Each library on the stack, once. */
static void tell_stack(void)
{
    void *at[64];
    int n = backtrace(at, 64);
    const char *last = "";
    for (int i = 2; i < n; i++) {
        Dl_info d;
        if (!dladdr(at[i], &d) || !d.dli_fname)
            continue;
        const char *slash = strrchr(d.dli_fname, '/'), *name = slash ? slash + 1 : d.dli_fname;
        if (!strcmp(name, last) || !strncmp(name, "libc.so", 7) || !strncmp(name, "alloc.so", 8))
            continue;
        tell(*last ? " " : "");
        tell(name);
        last = name;
    }
    tell("\n");
}

enum { PATHS = 1 << 16, DEEPEST = 48 };
static struct path {
    uint64_t hash;
    long first, last;
} path[PATHS];
static bool paths;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void note_path(long c)
{
    void *at[DEEPEST];
    int n = backtrace(at, DEEPEST);
    uint64_t h = 1469598103934665603u;
    for (int i = 2; i < n; i++)
        h = (h ^ (uint64_t)(uintptr_t)at[i]) * 1099511628211u;
    while (atomic_flag_test_and_set(&busy))
        ;
    struct path *p = &path[h % PATHS];
    while (p->first && p->hash != h)
        p = p + 1 < path + PATHS ? p + 1 : path;
    if (!p->first)
        *p = (struct path){h, c, c};
    p->last = c;
    atomic_flag_clear(&busy);
}

static bool fails(void)
{
    if (!atomic_load(&on) || inside)
        return false;
    long c = atomic_fetch_add(&count, 1) + 1;
    if (paths) {
        inside = true;
        note_path(c);
        inside = false;
    }
    if (!when || c < when || (c > when && !sticky))
        return false;
    if (c == when) {
        inside = true;
        tell_stack();
        inside = false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

void *memalign(size_t align, size_t n)
{
    return fails() ? NULL : __libc_memalign(align, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __libc_memalign(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
    return fails() || !(*p = __libc_memalign(align, n)) ? ENOMEM : 0;
}

static int (*real_main)(int, char **, char **);

static int counted_main(int argc, char **argv, char **env)
{
    const char *fail = getenv("ALLOC_FAIL"), *file = getenv("ALLOC_TOLD");
    char *end = NULL;
    void *at[2];
    backtrace(at, 2); /* loads what it needs */
    when = fail ? strtol(fail, &end, 10) : 0;
    sticky = end && *end == '+';
    paths = getenv("ALLOC_PATHS");
    /* a number that no test of descriptors looks at */
    int fd = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        told = fcntl(fd, F_DUPFD_CLOEXEC, 200);
        close(fd);
    }
    unsetenv("LD_PRELOAD"); /* children are on their own */
    atomic_store(&on, true);
    return real_main(argc, argv, env);
}

static void tell_number(const char *before, long v)
{
    char s[32] = "", *p = s + sizeof s - 1;
    tell(before);
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    tell(p);
}

__attribute__((destructor)) static void tell_count(void)
{
    if (!atomic_exchange(&on, false))
        return;
    for (struct path *p = path; paths && p < path + PATHS; p++)
        if (p->first) {
            tell_number("path ", p->first);
            tell_number(" ", p->last);
            tell("\n");
        }
    tell_number("count ", atomic_load(&count));
    tell("\n");
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    __typeof__(&__libc_start_main) next = (__typeof__(&__libc_start_main))dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return next(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}
