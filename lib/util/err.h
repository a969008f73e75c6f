/* Error codes and the message of the present failure.
 * The library never prints and never exits: a function that can fail returns 0 or one of these codes
 * (they are sysexits(3) values, so a tool's exit status is the code itself) and leaves one message in
 * a per-thread buffer. Callers add context with err_ctx() on the way up, so the user reads one line:
 * "tokenize: notes.icds: record 17: field text: not UTF-8". Never put note text into a message. */
#ifndef ICD_ERR_H
#define ICD_ERR_H

enum {
    E_OK = 0,
    E_USAGE = 64,    /* bad command line */
    E_DATA = 65,     /* input is malformed, truncated, inconsistent */
    E_NOINPUT = 66,  /* an input does not exist or can't be opened */
    E_NODEVICE = 69, /* the device asked for is not there */
    E_BUG = 70,      /* our fault */
    E_NOMEM = 71,    /* out of memory (host or device) */
    E_IO = 74,       /* read or write failed, disk full */
    E_STOPPED = 75,  /* a signal or a limit asked to end; what was done is kept, and another run goes on */
};

/* Set the message and return `code`. */
int err_set(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Put "context: " before the present message; returns `code` unchanged. */
int err_ctx(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* err_set(E_NOMEM, ...) for an allocation of n bytes, 0: not known; and it is kept in mind for err_memory(). For an
 * allocation that can be done without: err_set. */
int err_nomem(unsigned long long n);
/* err_set(code, "NAME: ...") with what errno says; E_NOMEM where that is ENOMEM, which any call may say. */
int err_errno(int code, const char *name);
/* `rc`; but E_NOMEM with its message as soon as any err_nomem() was called in the program, looked at or not. What was
 * made since then (a JSON value, a packed record) may lack a part and nobody knows, and an error may be about what is
 * lacking. So: before anything is written or gets its final name, and of the code that a program ends with. */
int err_memory(int rc);
const char *err_msg(void); /* "" when nothing failed in this thread */
/* Carry an error across threads: copy out in the worker (malloc'd, NULL after an err_nomem), set in the reader. */
char *err_take(void);

#define TRY(e)                    \
    do {                          \
        int try_rc_ = (e);        \
        if (try_rc_)              \
            return try_rc_;       \
    } while (0)
/* For functions that clean up after a label: sets rc and jumps there. */
#define TRY_GOTO(rc, label, e)    \
    do {                          \
        if (((rc) = (e)) != 0)    \
            goto label;           \
    } while (0)

#endif
