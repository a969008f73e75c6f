/* The message of the present failure, one per thread. Tests: tests/unit/err.c */
#include "lib/util/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char message[2048];

int err_set(int code, const char *fmt, ...)
{
    /* The arguments may be the present message itself, so it is built elsewhere first. */
    char fresh[sizeof message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(fresh, sizeof fresh, fmt, ap);
    va_end(ap);
    memcpy(message, fresh, sizeof message);
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
    return err_set(E_NOMEM, "out of memory (%llu bytes asked for)", n);
}

const char *err_msg(void)
{
    return message;
}

char *err_take(void)
{
    return strdup(message);
}
