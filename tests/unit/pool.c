/* Order, errors and cleaning up of the pool, for one thread and several. */
#include "lib/util/err.h"
#include "lib/util/pool.h"
#include "lib/util/rng.h"
#include "tests/test.h"
#include <stdatomic.h>
#include <unistd.h>

struct job {
    int n, next, written, fail_read, fail_work, fail_work2, fail_write, in_order;
    atomic_int alive, worst_thread;
};
struct item {
    int number, square;
};

static int read_one(void *ctx, void **item)
{
    struct job *j = ctx;
    if (j->next == j->fail_read)
        return err_set(E_DATA, "read %d", j->next);
    if (j->next == j->n)
        return 0;
    struct item *it = malloc(sizeof *it);
    it->number = j->next++;
    atomic_fetch_add(&j->alive, 1);
    *item = it;
    return 0;
}

static int work_one(void *ctx, int thread, void *item)
{
    struct job *j = ctx;
    struct item *it = item;
    if (thread > atomic_load(&j->worst_thread))
        atomic_store(&j->worst_thread, thread);
    /* Uneven work, so that items finish out of order. */
    usleep(philox4x32(1, 0, (uint64_t)it->number).v[0] % 300);
    if (it->number == j->fail_work || it->number == j->fail_work2)
        return err_set(E_IO, "work %d", it->number);
    it->square = it->number * it->number;
    return 0;
}

static void drop_one(void *ctx, void *item)
{
    atomic_fetch_sub(&((struct job *)ctx)->alive, 1);
    free(item);
}

static int write_one(void *ctx, void *item)
{
    struct job *j = ctx;
    struct item it = *(struct item *)item;
    drop_one(ctx, item);
    j->in_order &= it.number == j->written && it.square == it.number * it.number;
    j->written++;
    return it.number == j->fail_write ? err_set(E_NOMEM, "write %d", it.number) : 0;
}

static int go(struct job *j, int threads)
{
    const struct pool_job job = {j, read_one, work_one, write_one, drop_one};
    j->in_order = 1;
    return pool_run(&job, threads);
}

int main(void)
{
    static const int counts[] = {1, 2, 3, 8};
    for (int k = 0; k < 4; k++) {
        int t = counts[k];
        char name[40];
        struct job j = {.n = 300, .fail_read = -1, .fail_work = -1, .fail_work2 = -1, .fail_write = -1};
        CHECK(go(&j, t) == 0 && j.written == 300 && j.in_order && !j.alive && j.worst_thread < t);
        struct job none = {.n = 0, .fail_read = -1, .fail_work = -1, .fail_work2 = -1, .fail_write = -1};
        CHECK(go(&none, t) == 0 && none.written == 0);
        snprintf(name, sizeof name, "order with %d threads", t);
        DONE(name);

        struct job r = {.n = 300, .fail_read = 77, .fail_work = -1, .fail_work2 = -1, .fail_write = -1};
        CHECK(go(&r, t) == E_DATA && r.written == 77 && r.in_order && !r.alive && !strcmp(err_msg(), "read 77"));
        /* the earlier of two failing items is the one told, though the later may fail first */
        struct job w = {.n = 300, .fail_read = -1, .fail_work = 51, .fail_work2 = 50, .fail_write = -1};
        CHECK(go(&w, t) == E_IO && w.written == 50 && w.in_order && !w.alive && !strcmp(err_msg(), "work 50"));
        struct job b = {.n = 300, .fail_read = 80, .fail_work = 79, .fail_work2 = -1, .fail_write = -1};
        CHECK(go(&b, t) == E_IO && b.written == 79 && !b.alive && !strcmp(err_msg(), "work 79"));
        struct job o = {.n = 300, .fail_read = -1, .fail_work = -1, .fail_work2 = -1, .fail_write = 20};
        CHECK(go(&o, t) == E_NOMEM && o.written == 21 && !o.alive && !strcmp(err_msg(), "write 20"));
        snprintf(name, sizeof name, "errors with %d threads", t);
        DONE(name);
    }
    TEST_EXIT();
}
