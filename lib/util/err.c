/* The message of the present failure, one per thread. Tests: tests/unit/err.c */
#include "lib/util/err.h"
#include "lib/util/buf.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char message[2048];
static _Thread_local int about; /* the code that it was set with */

/* Whether memory ran out in any thread, and what was asked for then. */
static atomic_bool ran_out;
static atomic_ullong asked_for;

int err_set(int code, const char *fmt, ...)
{
    /* The arguments may be the present message itself, so it is built elsewhere first. */
    char fresh[sizeof message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(fresh, sizeof fresh, fmt, ap);
    va_end(ap);
    memcpy(message, fresh, sizeof message);
    about = code;
    return code;
}

int err_ctx(int code, const char *fmt, ...)
{
    char context[sizeof message], fresh[2 * sizeof message + 2];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(context, sizeof context, fmt, ap);
    va_end(ap);
    snprintf(fresh, sizeof fresh, "%s: %s", context, message);
    fresh[sizeof message - 1] = 0;
    memcpy(message, fresh, sizeof message);
    return code;
}

int err_nomem(unsigned long long n)
{
    atomic_store(&asked_for, n);
    atomic_store(&ran_out, true);
    return n ? err_set(E_NOMEM, "out of memory (%llu bytes asked for)", n) : err_set(E_NOMEM, "out of memory");
}

int err_errno(int code, const char *name)
{
    int why = errno;
    if (why == ENOMEM)
        err_nomem(0);
    return err_set(why == ENOMEM ? E_NOMEM : code, "%s: %s", name, strerror(why));
}

int err_memory(int rc)
{
    if (!atomic_load_explicit(&ran_out, memory_order_relaxed) || (rc == E_NOMEM && about == E_NOMEM))
        return rc;
    return err_nomem(atomic_load(&asked_for));
}

const char *err_msg(void)
{
    return message;
}

char *err_take(void)
{
    return mem_strndup(message, strlen(message));
}
