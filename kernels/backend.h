/* A device: memory and one function for each line of ops.def. Everything outside kernels/ goes through here.
 * Errors on a device are asynchronous, so ops return nothing: a failure sticks in the backend and backend_check()
 * (called once per step, and by tape functions before results are read) reports it. */
#ifndef ICD_BACKEND_H
#define ICD_BACKEND_H
#include "lib/tensor/tensor.h" /* like this file valid C11 and C++17 */

enum act { ACT_RELU, ACT_GELU_GATED, ACT_SILU_GATED };

struct dropout {
    double p;      /* 0: off */
    uint64_t key;  /* training seed */
    uint64_t site; /* which dropout of which step: unique in a run */
};
struct attn_cfg {
    double scale;        /* 1 for T5 */
    bool causal;
    int64_t q_pos;       /* position of query 0 among the keys (cached decoding), else 0 */
    bool bidirectional;  /* of the bucket rule */
    int buckets, max_distance; /* T5: 32, 128; buckets = rows of the bias table */
    struct dropout drop;
};
struct adamw_cfg { /* Loshchilov & Hutter 2019, PyTorch's order: p -= lr*wd*p, then the Adam step */
    double lr, beta1, beta2, eps, decay;
    double grad_scale; /* clipping factor applied to g */
    int64_t step;      /* 1 for the first */
};

typedef const struct tensor *tensor_p;
struct ops {
#define T tensor_p
#define OP(name, args) void (*name) args;
#include "kernels/ops.def"
#undef OP
#undef T
};
struct backend {
    const char *name; /* "cpu" */
    struct ops op;
    void *(*alloc)(size_t bytes); /* NULL with the error set */
    void (*free)(void *p);
    int (*upload)(void *dev, const void *host, size_t bytes);
    int (*download)(void *host, const void *dev, size_t bytes); /* waits for the ops before */
    int (*check)(void);           /* waits; first error since the last call, 0 if none */
    size_t (*room)(void);         /* bytes of its memory that are free; NULL: not known */
    bool bf16;                    /* its ops take DT_BF16 */
};
/* "cpu", "cuda" (the first), "cuda:N", or "auto": cuda if it can be used, else cpu. E_NODEVICE when what was asked
 * for is not there. threads: CPU threads. */
int backend_open(const char *device, int threads, const struct backend **be);
/* What products read and give with --precision "fp32" or "bf16"; E_NODEVICE when the backend does not compute in it. */
int backend_precision(const struct backend *be, const char *precision, enum dtype *products);
int cuda_backend(int device, const struct backend **be); /* for backend_open; E_NODEVICE where there is none */
/* First in main() of a tool that computes: starts the program again with OpenMP's waiting made short, unless the user
 * has set it. By default libgomp's threads spin for about 10 ms wherever they wait for each other, which on a machine
 * with other work (a pipe's other stages) makes small steps a hundred times slower. Returns if that is not possible. */
void backend_share_cpu(char **argv);
/* Record a failure (first one wins); safe from ops. */
void backend_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int backend_check_host(void); /* what backend_fail recorded; for the check() of a backend */

/* T5's bucket of a relative position (key - query), by the rule of Hugging Face's implementation. Every kernel reads it
 * from a table. Tests: tests/unit/kernels_attention.c has the boundaries. */
int t5_bucket(int64_t relative, bool bidirectional, int buckets, int max_distance);

#endif
