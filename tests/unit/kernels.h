/* For tests of ops: tensors whose surroundings are watched and whose contents start as NaN, and a naive view of them.
 * Used by tests/unit/kernels*.c. */
#ifndef ICD_TEST_KERNELS_H
#define ICD_TEST_KERNELS_H
#include "kernels/backend.h"
#include "lib/util/rng.h"
#include "tests/test.h"

enum { GUARD = 64, MAX_TENSORS = 64 };
static const struct backend *be;
static struct rng rng;
static struct {
    unsigned char *mem;
    size_t bytes;
} held[MAX_TENSORS];
static int n_held;

/* A tensor of NaN between two guards. `pad` extra elements a row of the last dimension make it strided. */
static struct tensor poisoned(enum dtype dt, int nd, const int64_t *dim, int64_t pad)
{
    struct tensor t = tensor_of(NULL, dt, nd, dim);
    int64_t stride = dim[nd - 1] + pad;
    for (int i = nd - 2; i >= 0; i--) {
        t.stride[i] = stride;
        stride *= dim[i];
    }
    size_t bytes = (size_t)(nd > 1 ? stride : dim[0] + pad) * dtype_size(dt);
    unsigned char *mem = malloc(bytes + 2 * GUARD);
    if (!mem || n_held == MAX_TENSORS)
        abort();
    memset(mem, 0xa5, GUARD);
    memset(mem + GUARD, 0xff, bytes); /* NaN, or -1 */
    memset(mem + GUARD + bytes, 0xa5, GUARD);
    held[n_held].mem = mem;
    held[n_held++].bytes = bytes;
    t.data = mem + GUARD;
    return t;
}
#define POISONED(...) \
    poisoned(DT_REAL, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}, 0)
#define STRIDED(pad, ...) \
    poisoned(DT_REAL, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}, (pad))
static int64_t offset_of(const struct tensor *t, int64_t i)
{
    int64_t off = 0;
    for (int d = t->nd - 1; d >= 0; d--) {
        off += i % t->dim[d] * t->stride[d];
        i /= t->dim[d];
    }
    return off;
}
/* Element i in row-major order. */
static float *el(const struct tensor *t, int64_t i)
{
    return (float *)t->data + offset_of(t, i);
}
static struct tensor filled(struct tensor t, double std)
{
    for (int64_t i = 0; i < tensor_numel(&t); i++)
        *el(&t, i) = (float)(std * rng_normal(&rng));
    return t;
}
#define RANDOM(std, ...) filled(POISONED(__VA_ARGS__), (std))
static struct tensor ints(int n, const int32_t *v)
{
    struct tensor t = poisoned(DT_I32, 1, (int64_t[]){n}, 0);
    memcpy(t.data, v, (size_t)n * sizeof *v);
    return t;
}
/* A second one like t with the same contents. */
static struct tensor twin(const struct tensor *t)
{
    struct tensor c = poisoned(t->dtype, t->nd, t->dim, 0);
    for (int64_t i = 0; i < tensor_numel(t); i++)
        *el(&c, i) = *el(t, i);
    return c;
}
static void check_close(const struct tensor *got, const double *want, double tol, int line)
{
    double top = 1e-30;
    for (int64_t i = 0; i < tensor_numel(got); i++)
        top = fmax(top, fabs(want[i]));
    for (int64_t i = 0; i < tensor_numel(got); i++)
        if (!(fabs((double)*el(got, i) - want[i]) <= tol * top)) {
            fprintf(stderr, "line %d: element %ld is %.9g, wanted %.9g\n", line, (long)i, (double)*el(got, i), want[i]);
            test_bad_++;
            return;
        }
}
#define CLOSE(got, want, tol) check_close((got), (want), (tol), __LINE__)
/* Ends a case: no op failed, no guard was touched; frees everything. */
static void done(const char *name)
{
    CHECK(be->check() == 0);
    for (int i = 0; i < n_held; i++) {
        for (int j = 0; j < GUARD; j++)
            if (held[i].mem[j] != 0xa5 || held[i].mem[GUARD + held[i].bytes + (size_t)j] != 0xa5) {
                fprintf(stderr, "%s: tensor %d: memory beside it was written\n", name, i);
                test_bad_++;
                break;
            }
        free(held[i].mem);
    }
    n_held = 0;
    DONE(name);
}
#endif
