/* For twin tests: a tensor that exists twice, on the CPU and on the GPU, with the same contents. Guards stand around
 * the GPU's, outputs start as NaN, and what an op must not write (inputs, gaps between strided rows) is compared bit
 * for bit. In bf16 the CPU computes in float from the same rounded inputs. Used by tests/twin/ops.c. */
#ifndef ICD_TWIN_H
#define ICD_TWIN_H
#include "kernels/backend.h"
#include "kernels/bf16.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"
#include "tests/twin/open.h"

enum role { IN, OUT, INOUT };
struct twin {
    enum role role;
    struct tensor host, dev;
    float *mem;            /* the CPU's */
    char *base;            /* the GPU's, guards included */
    size_t edge;           /* bytes before its first element: now a multiple of 16, now one element more */
    unsigned char *image;  /* what was there before the op */
    size_t n, bytes;       /* elements with gaps; bytes with guards */
};
enum { EDGE = 256, MAX_TWINS = 32 };
static struct rng rng;
static struct twin twins[MAX_TWINS];
static int n_twins, n_shapes;
static bool half, halved, on_gpu; /* bf16 is tested; some tensor was bf16; which side v() gives */
static int64_t compared;

/* The CPU's values to the GPU; in bf16 they are rounded on both sides. Outputs become NaN. */
static void twin_send(struct twin *x, enum role role)
{
    size_t size = dtype_size(x->dev.dtype);
    x->role = role;
    memset(x->image, 0xa5, x->bytes);
    if (role == OUT)
        memset(x->mem, 0xff, x->n * sizeof *x->mem);
    for (size_t i = 0; i < x->n; i++) {
        unsigned char *to = x->image + x->edge + i * size;
        if (role == OUT) {
            memset(to, 0xff, size);
        } else if (x->dev.dtype == DT_BF16) {
            bf16 h = bf16_from_float(x->mem[i]);
            x->mem[i] = bf16_to_float(h);
            memcpy(to, &h, size);
        } else {
            memcpy(to, &x->mem[i], size);
        }
    }
    if (gpu->upload(x->base, x->image, x->bytes))
        abort();
}

/* `act`: bf16 when that is tested. Rows of the last dimension have `pad` elements between them. */
static struct twin *twin_new(enum role role, enum dtype dtype, bool act, double std, int64_t pad, int nd,
                             const int64_t *dim)
{
    struct twin *x = &twins[n_twins++];
    if (n_twins == MAX_TWINS)
        abort();
    x->host = tensor_of(NULL, dtype, nd, dim);
    int64_t stride = dim[nd - 1] + pad;
    for (int i = nd - 2; i >= 0; i--) {
        x->host.stride[i] = stride;
        stride *= dim[i];
    }
    x->n = (size_t)(nd > 1 ? stride : dim[0] + pad);
    x->dev = x->host;
    if (act && half) {
        x->dev.dtype = DT_BF16;
        halved = true;
    }
    x->edge = EDGE + ((n_twins + n_shapes) % 2 ? 0 : dtype_size(x->dev.dtype));
    x->bytes = x->n * dtype_size(x->dev.dtype) + 2 * EDGE;
    x->host.data = x->mem = malloc((x->n + 1) * sizeof *x->mem);
    x->image = malloc(x->bytes);
    x->base = gpu->alloc(x->bytes);
    if (!x->mem || !x->image || !x->base)
        abort();
    x->dev.data = x->base + x->edge;
    for (size_t i = 0; i < x->n; i++)
        x->mem[i] = (float)(std * rng_normal(&rng));
    twin_send(x, role);
    return x;
}
#define DIMS(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__}
#define ACT(role, std, ...) twin_new((role), DT_REAL, true, (std), 0, DIMS(__VA_ARGS__))
#define ACT_PAD(role, std, pad, ...) twin_new((role), DT_REAL, true, (std), (pad), DIMS(__VA_ARGS__))
#define F32(role, std, ...) twin_new((role), DT_REAL, false, (std), 0, DIMS(__VA_ARGS__))
#define F32_PAD(role, std, pad, ...) twin_new((role), DT_REAL, false, (std), (pad), DIMS(__VA_ARGS__))

static struct twin *twin_ints(int64_t n, const int32_t *v)
{
    struct twin *x = twin_new(IN, DT_I32, false, 0, 0, DIMS(n));
    memcpy(x->mem, v, (size_t)n * sizeof *v);
    twin_send(x, IN);
    return x;
}
/* (B,T,H*K) -> (B,T,H,K) */
static struct twin *twin_heads(struct twin *x, int64_t H)
{
    x->host = tensor_heads(&x->host, H);
    x->dev = tensor_heads(&x->dev, H);
    return x;
}
/* Writes v at element i of a contiguous tensor. */
static void twin_set(struct twin *x, int64_t i, float v)
{
    x->mem[i] = v;
    twin_send(x, x->role);
}
/* The side in use of x, for RUN. */
static const struct tensor *v(const struct twin *x)
{
    return !x ? NULL : on_gpu ? &x->dev : &x->host;
}
/* The op on both. */
#define RUN(op_name, ...)             \
    do {                              \
        on_gpu = false;               \
        cpu->op.op_name(__VA_ARGS__); \
        on_gpu = true;                \
        gpu->op.op_name(__VA_ARGS__); \
    } while (0)

static size_t twin_offset(const struct tensor *t, int64_t i)
{
    int64_t off = 0;
    for (int d = t->nd - 1; d >= 0; d--) {
        off += i % t->dim[d] * t->stride[d];
        i /= t->dim[d];
    }
    return (size_t)off;
}

/* Compares every output, relative to its largest element, and whatever must not have changed. */
static void twin_compare(double tol, int line)
{
    CHECK(cpu->check() == 0);
    if (gpu->check()) {
        fprintf(stderr, "line %d: %s\n", line, err_msg());
        test_bad_++;
    }
    for (int i = 0; i < n_twins; i++) {
        struct twin *x = &twins[i];
        size_t size = dtype_size(x->dev.dtype);
        unsigned char *now = malloc(x->bytes), *mask = calloc(x->bytes, 1);
        int bad = 0;
        if (!now || !mask || gpu->download(now, x->base, x->bytes))
            abort();
        double top = 1e-30;
        for (int64_t e = 0; x->role != IN && e < tensor_numel(&x->host); e++)
            if (x->host.dtype == DT_REAL)
                top = fmax(top, fabs((double)x->mem[twin_offset(&x->host, e)]));
        for (int64_t e = 0; x->role != IN && e < tensor_numel(&x->host); e++) {
            size_t at = twin_offset(&x->host, e);
            const unsigned char *p = now + x->edge + at * size;
            memset(mask + x->edge + at * size, 1, size);
            compared++;
            if (x->host.dtype == DT_I32) {
                bad += memcmp(p, &x->mem[at], size) != 0;
                continue;
            }
            float got;
            bf16 h = {0};
            memcpy(x->dev.dtype == DT_BF16 ? (void *)&h : (void *)&got, p, size);
            if (x->dev.dtype == DT_BF16)
                got = bf16_to_float(h);
            double want = (double)x->mem[at];
            if (!(fabs((double)got - want) <= tol * top) && !bad++)
                fprintf(stderr, "line %d, tensor %d: element %ld is %.9g, wanted %.9g\n", line, i, (long)e, (double)got,
                        want);
        }
        for (size_t b = 0; b < x->bytes; b++)
            if (!mask[b] && now[b] != x->image[b] && !bad++)
                fprintf(stderr, "line %d, tensor %d: byte %zu of %zu was written\n", line, i, b, x->bytes);
        test_bad_ += bad != 0;
        free(now);
        free(mask);
    }
}
static void twin_free(void)
{
    for (int i = 0; i < n_twins; i++) {
        free(twins[i].mem);
        free(twins[i].image);
        gpu->free(twins[i].base);
    }
    n_twins = 0;
    n_shapes++;
}
/* Ends a shape: f32 tolerance; that of bf16 is 2 % of the largest (8 bits, and sums of rounded terms). */
#define SAME(tol)                                     \
    do {                                              \
        twin_compare(halved ? 2e-2 : (tol), __LINE__); \
        twin_free();                                  \
    } while (0)

/* The same where real outputs come of bf16 inputs alone: as in f32. */
#define SAME_AS(tol)                   \
    do {                               \
        twin_compare((tol), __LINE__); \
        twin_free();                   \
    } while (0)

#endif
