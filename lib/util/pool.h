/* Ordered read -> work -> write over N threads: items are read in order by the calling thread, worked on
 * by any thread, written in order by the calling thread. Output does not depend on N. */
#ifndef ICD_POOL_H
#define ICD_POOL_H

struct pool_job {
    void *ctx;
    /* Next item, or *item = NULL at the end. Items are independent of each other and of later reads. */
    int (*read)(void *ctx, void **item);
    /* Runs in any thread; `thread` is 0..n-1, for per-thread scratch. */
    int (*work)(void *ctx, int thread, void *item);
    /* In reading order; frees the item. Called with rc of a failed item too? No: a failed item ends the job. */
    int (*write)(void *ctx, void *item);
    void (*drop)(void *ctx, void *item); /* frees an item that will not be written */
};
/* The first error in item order wins and is re-set in the calling thread. threads >= 1. */
int pool_run(const struct pool_job *job, int threads);

#endif
