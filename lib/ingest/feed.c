/* Reading ahead. Tests: tests/unit/source.c. */
#include "lib/ingest/feed.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Small enough that what one thread wrote is still in the shared cache when the other reads it. */
enum { RING = 8, BUFFER = 1 << 19 };

struct feed {
    struct source *source;
    bool threaded, stop, held;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    unsigned filled, used; /* buffers so far; the ring holds those between */
    int rc;                /* the source's error, with its message: comes behind the buffers filled */
    char *why;
    char *buf[RING];
    size_t n[RING];
};

static void *fill(void *ctx)
{
    struct feed *f = ctx;
    size_t n = 1;
    int rc = 0;
    while (n && !rc) {
        pthread_mutex_lock(&f->lock);
        while (f->filled - f->used == RING && !f->stop)
            pthread_cond_wait(&f->turn, &f->lock);
        bool stop = f->stop;
        pthread_mutex_unlock(&f->lock);
        if (stop)
            break;
        unsigned k = f->filled % RING;
        rc = source_read(f->source, f->buf[k], BUFFER, &n);
        pthread_mutex_lock(&f->lock);
        if (rc) {
            f->rc = rc;
            f->why = err_take();
        } else {
            f->n[k] = n;
            f->filled++;
        }
        pthread_cond_signal(&f->turn);
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

int feed_open(struct feed **out, struct source *s, bool thread)
{
    struct feed *f = *out = mem_zalloc(1, sizeof *f);
    if (!f)
        return E_NOMEM;
    f->source = s;
    for (int i = 0; i < (thread ? RING : 1); i++)
        if (!(f->buf[i] = mem_alloc(BUFFER, 1)))
            return E_NOMEM;
    if (!thread)
        return 0;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->turn, NULL);
    sigset_t all, old; /* signals are the main thread's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    f->threaded = !pthread_create(&f->thread, NULL, fill, f);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return 0; /* where no thread can be had, it is read in this one */
}

int feed_next(struct feed *f, const char **p, size_t *n)
{
    *n = 0;
    if (!f->threaded) {
        *p = f->buf[0];
        return source_read(f->source, f->buf[0], BUFFER, n);
    }
    pthread_mutex_lock(&f->lock);
    if (f->held) {
        f->used++;
        pthread_cond_signal(&f->turn);
    }
    while (f->filled == f->used && !f->rc)
        pthread_cond_wait(&f->turn, &f->lock);
    f->held = f->filled != f->used;
    if (f->held) {
        *p = f->buf[f->used % RING];
        *n = f->n[f->used % RING];
        f->held = *n; /* the end stays where it is */
    }
    bool failed = !f->held && f->rc;
    pthread_mutex_unlock(&f->lock);
    if (failed)
        return err_set(f->rc, "%s", f->why ? f->why : "out of memory");
    return 0;
}

void feed_close(struct feed *f)
{
    if (!f)
        return;
    if (f->threaded) {
        pthread_mutex_lock(&f->lock);
        f->stop = true;
        pthread_cond_signal(&f->turn);
        pthread_mutex_unlock(&f->lock);
        pthread_join(f->thread, NULL);
    }
    for (int i = 0; i < RING; i++)
        free(f->buf[i]);
    free(f->why);
    free(f);
}
