/* Ordered read -> work -> write: a ring of items between one reader-writer and N workers. Tests: tests/unit/pool.c */
#include "lib/util/pool.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct slot {
    void *item;
    bool done;
    int rc;
    char *msg; /* of a failed item */
};
struct pool {
    const struct pool_job *job;
    struct slot *ring;
    unsigned long long read, taken, written, size; /* positions in the sequence of items; its place: position % size */
    bool stop;
    pthread_mutex_t lock;
    pthread_cond_t more, ready; /* an item to take or stop; an item done */
};
struct worker {
    struct pool *pool;
    pthread_t thread;
    int number;
};

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && p->taken == p->read)
            pthread_cond_wait(&p->more, &p->lock);
        if (p->stop)
            break;
        struct slot *s = &p->ring[p->taken++ % p->size];
        pthread_mutex_unlock(&p->lock);
        int rc = p->job->work(p->job->ctx, w->number, s->item);
        char *msg = rc ? err_take() : NULL;
        pthread_mutex_lock(&p->lock);
        s->rc = rc;
        s->msg = msg;
        s->done = true;
        pthread_cond_signal(&p->ready);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Waits for the oldest item and writes it. */
static int write_oldest(struct pool *p)
{
    struct slot *s = &p->ring[p->written % p->size];
    pthread_mutex_lock(&p->lock);
    while (!s->done)
        pthread_cond_wait(&p->ready, &p->lock);
    pthread_mutex_unlock(&p->lock);
    p->written++;
    void *item = s->item;
    int rc = s->rc;
    if (!rc)
        rc = p->job->write(p->job->ctx, item);
    else {
        p->job->drop(p->job->ctx, item);
        err_set(rc, "%s", s->msg ? s->msg : "out of memory");
    }
    free(s->msg);
    *s = (struct slot){0};
    return rc;
}

static int feed(struct pool *p)
{
    for (;;) {
        void *item = NULL;
        int rc = p->job->read(p->job->ctx, &item);
        if (rc) {
            /* Items read before the failing one come first: their output and their errors. */
            char *msg = err_take();
            int earlier = 0;
            while (!earlier && p->written < p->read)
                earlier = write_oldest(p);
            if (!earlier)
                err_set(rc, "%s", msg ? msg : "out of memory");
            free(msg);
            return earlier ? earlier : rc;
        }
        if (!item)
            break;
        pthread_mutex_lock(&p->lock);
        p->ring[p->read++ % p->size].item = item;
        pthread_cond_signal(&p->more);
        pthread_mutex_unlock(&p->lock);
        if (p->read - p->written == p->size)
            TRY(write_oldest(p));
    }
    while (p->written < p->read)
        TRY(write_oldest(p));
    return 0;
}

static int run_alone(const struct pool_job *job)
{
    for (;;) {
        void *item = NULL;
        TRY(job->read(job->ctx, &item));
        if (!item)
            return 0;
        int rc = job->work(job->ctx, 0, item);
        if (rc) {
            job->drop(job->ctx, item);
            return rc;
        }
        TRY(job->write(job->ctx, item));
    }
}

int pool_run(const struct pool_job *job, int threads)
{
    if (threads <= 1)
        return run_alone(job);
    struct pool p = {.job = job, .size = 8ull * (unsigned)threads};
    struct worker *w = mem_zalloc((size_t)threads, sizeof *w);
    p.ring = mem_zalloc(p.size, sizeof *p.ring);
    int rc = 0, started = 0;
    if (!w || !p.ring) {
        rc = E_NOMEM;
        goto out;
    }
    /* start the workers */
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.more, NULL);
    pthread_cond_init(&p.ready, NULL);
    for (; started < threads; started++) {
        w[started] = (struct worker){.pool = &p, .number = started};
        if (pthread_create(&w[started].thread, NULL, worker_main, &w[started]))
            break; /* fewer threads do the same work */
    }
    /* read and write in this thread, then let them end */
    rc = started ? feed(&p) : run_alone(job);
    pthread_mutex_lock(&p.lock);
    p.stop = true;
    pthread_cond_broadcast(&p.more);
    pthread_mutex_unlock(&p.lock);
    for (int i = 0; i < started; i++)
        pthread_join(w[i].thread, NULL);
    /* Only after an error is anything left in the ring. */
    for (; p.written < p.read; p.written++) {
        struct slot *s = &p.ring[p.written % p.size];
        job->drop(job->ctx, s->item);
        free(s->msg);
    }
    pthread_cond_destroy(&p.ready);
    pthread_cond_destroy(&p.more);
    pthread_mutex_destroy(&p.lock);
out:
    free(p.ring);
    free(w);
    return rc;
}
