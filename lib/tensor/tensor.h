/* Tensors, arenas and parameters: what the kernels, the modules and the checkpoints share.
 *
 * Each dimension has one letter, everywhere in the engine:
 *   B batch   T encoder (note) tokens   U decoder tokens   S keys attended to   D d_model   F d_ff
 *   H heads   K head width (d_kv)       V vocabulary       L labels (codes)     A d_a (label attention)   N rows in
 * general. The engine is compiled twice: real = float for the programs, double (-DICD_DOUBLE) for tests/grad. */
#ifndef ICD_TENSOR_H
#define ICD_TENSOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef ICD_DOUBLE
typedef double real;
#define REAL_NAME "float64"
#else
typedef float real;
#define REAL_NAME "float32"
#endif

enum dtype { DT_REAL, DT_I32, DT_BF16 }; /* bf16 (kernels/bf16.h): what products read and give, on a GPU */

/* A view: strides are in elements; the last dimension is contiguous (stride 1). data belongs to an arena. */
struct tensor {
    void *data;
    enum dtype dtype;
    int nd;            /* 1..4 */
    int64_t dim[4];
    int64_t stride[4];
};
static inline size_t dtype_size(enum dtype d)
{
    if (d == DT_I32)
        return sizeof(int32_t);
    return d == DT_BF16 ? sizeof(uint16_t) : sizeof(real);
}
static inline int64_t tensor_numel(const struct tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->nd; i++)
        n *= t->dim[i];
    return n;
}
bool tensor_contiguous(const struct tensor *t);
/* Contiguous view of `data`. */
struct tensor tensor_of(void *data, enum dtype dtype, int nd, const int64_t *dim);
#define TENSOR(data, dtype, ...)                                                             \
    tensor_of((data), (dtype), (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),    \
              (const int64_t[]){__VA_ARGS__})
/* The same elements in another shape; the tensor must be contiguous. */
struct tensor tensor_shape(const struct tensor *t, int nd, const int64_t *dim);
#define RESHAPE(t, ...)                                                                      \
    tensor_shape((t), (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),             \
                 (const int64_t[]){__VA_ARGS__})
/* Elements [from, from+n) along dimension d. */
struct tensor tensor_slice(const struct tensor *t, int d, int64_t from, int64_t n);
/* (B,T,H*K) -> (B,T,H,K): splits the last dimension, any row stride. */
struct tensor tensor_heads(const struct tensor *t, int64_t heads);

/* ---- arenas: bump allocation in a backend's memory; reset frees all at once and keeps the memory ---- */
struct backend;
struct arena;
struct arena *arena_new(const struct backend *be); /* be NULL: plain host memory */
/* 64-byte aligned; NULL with E_NOMEM set. Not zeroed. */
void *arena_alloc(struct arena *a, size_t bytes);
void arena_reset(struct arena *a);
size_t arena_peak(const struct arena *a); /* most bytes ever in use */
size_t
arena_grown(const struct arena *a); /* how often memory was asked from the backend: constant after the first step */
void arena_free(struct arena *a);

/* ---- a value with its gradient ---- */
struct var {
    struct tensor v;
    struct tensor g; /* g.data NULL: no gradient wanted. Zeroed when made; every backward adds to it */
};

/* ---- parameters: one flat fp32 master arena each for value, gradient and the optimizer's moments, so that a step
 * is one pass and neighbours can be read as one matrix ---- */
struct param {
    char name[160];   /* Hugging Face name: what checkpoints call it */
    struct var x;     /* views into the flat arenas: of a matrix in bf16, v is its rounded copy */
    struct tensor w;  /* the fp32 value: what is initialised, loaded, saved and stepped */
    int64_t offset;   /* first element in them */
    double init_std;  /* normal(0, std); 0: zeros; negative: constant -init_std */
    bool decay;       /* weight decay applies (norm weights and biases are exempt) */
};
struct params {
    const struct backend *be;
    struct param *p;
    int n, cap;
    int64_t numel;
    real *value, *grad, *m, *v; /* flat; grad, m, v NULL unless training */
    /* Set before params_alloc. DT_BF16: products read matrices as bf16 copies of the fp32 values; params_changed()
     * makes them anew. Vectors (norm weights, biases) are always read as they are. */
    enum dtype products;
    void *half; /* flat, the copies; NULL: none */
};
/* Declare in order; shapes only. The pointer of x is valid after params_alloc. Returns the index, or -1 with the
 * error set. */
int params_add(struct params *ps, const char *name, double init_std, bool decay, int nd, const int64_t *dim);
#define PARAM(ps, name, std, decay, ...)                                                     \
    params_add((ps), (name), (std), (decay), (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), \
               (const int64_t[]){__VA_ARGS__})
int params_alloc(struct params *ps, const struct backend *be, bool train);
/* To be called whenever values have been written: makes the bf16 copies, if there are any. */
void params_changed(const struct params *ps);
void params_init(struct params *ps, uint64_t seed); /* each parameter's stream depends on seed and its name only */
/* n neighbouring matrices (same columns), declared one after another, as one (sum of rows, columns) var: q,k,v in
 * one product. */
struct var params_join(const struct params *ps, int first, int n);
struct param *params_find(struct params *ps, const char *name);
void params_free(struct params *ps);

#endif
