/* What all backends share: choosing one, the sticky first failure, T5's bucket rule. Tests: tests/unit/kernels.c. */
#include "kernels/backend.h"
#include "kernels/cpu/cpu.h"
#include "lib/util/err.h"
#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* N of "cuda:N"; -1: not a number. */
static int device_number(const char *s)
{
    char *end;
    long n = strtol(s, &end, 10);
    return isdigit((unsigned char)*s) && !*end && n < 1024 ? (int)n : -1;
}

int backend_open(const char *device, int threads, const struct backend **be)
{
    bool any = !strcmp(device, "auto"), numbered = !strncmp(device, "cuda:", 5);
    if (any || numbered || !strcmp(device, "cuda")) {
        int n = numbered ? device_number(device + 5) : 0;
        if (n < 0)
            return err_set(E_USAGE, "device %s: not cuda:0, cuda:1, ...", device);
        int rc = cuda_backend(n, be);
        if (rc != E_NODEVICE || !any)
            return rc;
    } else if (strcmp(device, "cpu")) {
        return err_set(E_USAGE, "device %s: not one of cpu, cuda, cuda:N, auto", device);
    }
    *be = cpu_backend(threads);
    return cpu_matmul_start();
}

int backend_precision(const struct backend *be, const char *precision, enum dtype *products)
{
    *products = strcmp(precision, "bf16") ? DT_REAL : DT_BF16;
    return *products == DT_REAL || be->bf16
               ? 0
               : err_set(E_NODEVICE, "precision bf16: device %s computes in fp32 only (a GPU does both: --device cuda)",
                         be->name);
}

void backend_share_cpu(char **argv)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1); /* libgomp looks at its environment only once */
    if (n <= 0 || getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    path[n] = 0;
    if (!setenv("GOMP_SPINCOUNT", "2000", 1))
        execv(path, argv);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int failed;
static char failure[256];

void backend_fail(int code, const char *fmt, ...)
{
    pthread_mutex_lock(&lock);
    if (!failed) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(failure, sizeof failure, fmt, ap);
        va_end(ap);
        failed = code;
    }
    pthread_mutex_unlock(&lock);
}

int backend_check_host(void)
{
    pthread_mutex_lock(&lock);
    int code = failed;
    if (code)
        err_set(code, "%s", failure);
    failed = 0;
    pthread_mutex_unlock(&lock);
    return code;
}

int t5_bucket(int64_t relative, bool bidirectional, int buckets, int max_distance)
{
    int n = bidirectional && buckets > 1 ? buckets / 2 : buckets, base = n < buckets && relative > 0 ? n : 0;
    int64_t a = relative;
    if (relative < 0)
        a = -relative;
    else if (!bidirectional)
        a = 0;
    int exact = n / 2;
    if (a < exact)
        return base + (int)a;
    if (a >= max_distance || exact == 0)
        return base + n - 1;
    int b = exact + (int)(log((double)a / exact) / log((double)max_distance / exact) * (n - exact));
    return base + (b < n - 1 ? b : n - 1);
}
