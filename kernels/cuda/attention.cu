/* Attention with the scores in memory: batched products around one masked softmax kernel. Twin:
 * kernels/cpu/attention.c, which has the formulas.
 *
 *   forward   X = scale Q K^T (float);  P = drop(softmax(X + bias, masked)), stored as the operands are;  O = P V
 *   backward  X and dP = dO V^T again (float);  from them drop(P) and dX;  dV += drop(P)^T dO;  dQ += scale dX K;
 *             dK += scale dX^T Q;  dbias += sums of dX along diagonals, then over buckets
 *
 * Notes are taken a few at a time, as many as ATTENTION_CHUNK bytes of scores allow. Rows of keys and values that
 * nobody may see (from klen on) can hold anything, NaN too, which a product would spread: V forward and K backward are
 * copied with zeros there. Sums have a fixed order: the same inputs give the same bits. */
#include "kernels/cuda/cuda.h"

#ifndef ATTENTION_CHUNK /* tests take a small one */
#define ATTENTION_CHUNK ((size_t)1 << 30)
#endif

/* What does not change within a call. */
struct attn {
    int64_t B, H, T, S, K;
    const int32_t *klen;
    bool causal;
    int64_t q_pos;
    struct drop drop;
    const float *strips; /* (H, T+S-1): bias at distance key - query = index - (T-1+q_pos); NULL: none */
    int64_t strip_len;
};

/* How many keys query row t of note b sees. */
static __device__ int64_t keys_seen(const struct attn &a, int64_t b, int64_t t)
{
    int64_t n = a.klen ? a.klen[b] : a.S;
    if (n > a.S)
        n = a.S;
    if (n < 0)
        n = 0;
    int64_t past = t + a.q_pos + 1;
    return a.causal && past < n ? past : n;
}

/* ---- buckets: a table over distances, made by t5_bucket() on the host so that every device has the same ---- */
struct buckets {
    const int32_t *of; /* of[d + reach], d = key - query cut to -reach..reach, beyond which it does not change */
    int64_t reach;
};
static bool buckets_for(const struct attn_cfg *c, struct buckets *out)
{
    enum { KEPT = 8 }; /* a model has one or two kinds of stacks */
    static struct {
        struct attn_cfg c;
        struct buckets table;
        void *mem;
    } kept[KEPT];
    static int next;
    /* one of those that were made before? */
    for (int i = 0; i < KEPT; i++)
        if (kept[i].mem && kept[i].c.bidirectional == c->bidirectional && kept[i].c.buckets == c->buckets &&
            kept[i].c.max_distance == c->max_distance) {
            *out = kept[i].table;
            return true;
        }
    /* made on the host, copied to the device */
    int64_t reach = c->max_distance > c->buckets ? c->max_distance : c->buckets, n = 2 * reach + 1;
    int32_t *host = (int32_t *)malloc((size_t)n * sizeof *host);
    void *mem = NULL;
    if (!host) {
        backend_fail(E_NOMEM, "attention: buckets");
        return false;
    }
    for (int64_t i = 0; i < n; i++)
        host[i] = t5_bucket(i - reach, c->bidirectional, c->buckets, c->max_distance);
    if (!(mem = gpu_alloc((size_t)n * sizeof *host)))
        backend_fail(E_NOMEM, "attention: %s", err_msg());
    bool ok = mem && gpu_ok(cudaMemcpyAsync(mem, host, (size_t)n * sizeof *host, cudaMemcpyHostToDevice, gpu.stream)) &&
              gpu_ok(cudaStreamSynchronize(gpu.stream));
    free(host);
    if (!ok)
        return false;
    /* kept in the place of the oldest */
    gpu_free(kept[next].mem);
    kept[next].c = *c;
    kept[next].mem = mem;
    kept[next].table.of = (const int32_t *)mem;
    kept[next].table.reach = reach;
    *out = kept[next].table;
    next = (next + 1) % KEPT;
    return true;
}

/* The bucket that index i of a strip belongs to. */
static __device__ int64_t bucket_at(const struct attn &a, const struct buckets &k, int64_t i)
{
    int64_t d = i - (a.T - 1 + a.q_pos);
    if (d < -k.reach)
        d = -k.reach;
    if (d > k.reach)
        d = k.reach;
    return k.of[d + k.reach];
}

/* Expand the table(buckets,H), rows `row` apart, into strips. */
static __global__ void make_strips(float *strips, struct attn a, struct either table, int64_t row, struct buckets k)
{
    int64_t i = thread_index();
    if (i < a.H * a.strip_len)
        strips[i] = load_at(table, bucket_at(a, k, i % a.strip_len) * row + i / a.strip_len);
}

/* ---- views ---- */
struct rows4 { /* (B,rows,H,K) with any strides but the last */
    int64_t s0, s1, s2;
};
static struct rows4 rows_of(tensor_p t)
{
    struct rows4 r = {t->stride[0], t->stride[1], t->stride[2]};
    return r;
}
/* Notes [b0, b0+nb) of x(B,R,H,K) as matrices (nb,H,R,K). */
static struct tensor by_head(tensor_p x, int64_t b0, int64_t nb)
{
    struct tensor t = *x;
    t.data = (char *)x->data + (size_t)(b0 * x->stride[0]) * dtype_size(x->dtype);
    t.dim[0] = nb;
    t.dim[1] = x->dim[2];
    t.dim[2] = x->dim[1];
    t.stride[1] = x->stride[2];
    t.stride[2] = x->stride[1];
    return t;
}
/* Contiguous (d0,d1,d2,d3). */
static struct tensor matrices(void *data, enum dtype dtype, int64_t d0, int64_t d1, int64_t d2, int64_t d3)
{
    const int64_t dim[4] = {d0, d1, d2, d3};
    return tensor_of(data, dtype, 4, dim);
}

/* y(B,S,H,K) contiguous = x with zeros in the rows from klen on. */
template <class X>
static __global__ void clean_rows(X *y, const X *x, struct rows4 r, struct attn a)
{
    int64_t i = thread_index(), k = i % a.K, h = i / a.K % a.H, s = i / a.K / a.H % a.S, b = i / a.K / a.H / a.S;
    if (b >= a.B)
        return;
    if (s < a.klen[b])
        y[i] = x[b * r.s0 + s * r.s1 + h * r.s2 + k];
    else
        store(&y[i], 0);
}

static bool open_call(struct attn *a, tensor_p o, tensor_p lse, tensor_p q, tensor_p k, tensor_p v, tensor_p klen,
                      const struct attn_cfg *c)
{
    tensor_p all[] = {o, q, k, v};
    bool ok = true;
    for (int i = 0; i < 4; i++)
        ok = ok && all[i]->nd == 4;
    if (ok) {
        a->B = q->dim[0];
        a->T = q->dim[1];
        a->H = q->dim[2];
        a->K = q->dim[3];
        a->S = k->dim[1];
        a->klen = data_of<const int32_t>(klen);
        a->causal = c->causal;
        a->q_pos = c->q_pos;
        a->drop = drop_open(&c->drop);
        a->strips = NULL;
        a->strip_len = a->T + a->S - 1;
        ok = flat(lse) && tensor_numel(lse) == a->B * a->H * a->T && (!klen || tensor_numel(klen) == a->B);
    }
    for (int i = 0; i < 4 && ok; i++)
        ok = all[i]->dtype == q->dtype && is_floating(q) && all[i]->dim[0] == a->B && all[i]->dim[2] == a->H &&
             all[i]->dim[3] == a->K && all[i]->stride[3] == 1 && all[i]->dim[1] == (i < 2 ? a->T : a->S);
    if (!ok)
        backend_fail(E_BUG, "attention: shapes of o, q, k, v, lse and klen do not belong together");
    return ok;
}

/* Scratch of a call, cut from one piece. */
struct room {
    char *at;
    template <class V>
    V *take(int64_t n)
    {
        V *p = (V *)at;
        at += aligned((size_t)n * sizeof(V));
        return p;
    }
};
/* Notes at a time when each needs `bytes`. */
static int64_t notes_in(size_t bytes, int64_t B)
{
    int64_t n = bytes ? (int64_t)(ATTENTION_CHUNK / bytes) : B;
    if (n < 1)
        return 1;
    return n < B ? n : B;
}

/* Elements s0 to s0+7 of a row of S: what is outside it is 0, or not written. */
template <class X>
static __device__ struct eight load_row(const X *row, int64_t s0, int64_t S)
{
    struct eight r = {{0, 0, 0, 0, 0, 0, 0, 0}};
    if (s0 >= 0)
        return load8(row + s0, S - s0);
    for (int e = 0; e < 8; e++)
        if (s0 + e >= 0 && s0 + e < S)
            r.v[e] = load(row[s0 + e]);
    return r;
}
template <class X>
static __device__ void store_row(X *row, struct eight v, int64_t s0, int64_t S)
{
    if (s0 >= 0)
        store8(row + s0, v, S - s0);
    else
        for (int e = 0; e < 8; e++)
            if (s0 + e >= 0 && s0 + e < S)
                store(&row[s0 + e], v.v[e]);
}

/* ---- forward ---- */
/* A block a row of scores x(nb,H,T,S); b0: the first note's number. p may be x. */
template <class X>
static __global__ void softmax_rows(X *p, float *x, float *lse, struct attn a, int64_t b0)
{
    int64_t row = blockIdx.x, t = row % a.T, h = row / a.T % a.H, b = b0 + row / a.T / a.H;
    int64_t n = keys_seen(a, b, t), at = (b * a.H + h) * a.T + t;
    const float *strip = a.strips ? a.strips + h * a.strip_len + (a.T - 1 - t) : NULL;
    float *xs = x + row * a.S, max = -INFINITY, sum = 0;
    X *ps = p + row * a.S;
    for (int64_t s = threadIdx.x; s < n; s += blockDim.x) {
        float v = strip ? xs[s] + strip[s] : xs[s];
        xs[s] = v;
        max = larger_of()(max, v);
    }
    max = block_reduce(max, larger_of());
    for (int64_t s = threadIdx.x; s < n; s += blockDim.x) {
        float e = expf(xs[s] - max);
        xs[s] = e;
        sum += e;
    }
    sum = block_reduce(sum, sum_of());
    if (threadIdx.x == 0)
        lse[at] = n ? max + logf(sum) : 0;
    float inv = n ? 1 / sum : 0;
    int64_t first = at * a.S; /* dropout's number of the row's first element; a thread takes the 8 of one Philox call */
    for (int64_t g = first / 8 + threadIdx.x; 8 * g < first + a.S; g += blockDim.x) {
        struct keep8 k = drop_keep8(a.drop, (uint64_t)g);
        int64_t s0 = 8 * g - first;
        struct eight v = load_row(xs, s0, a.S);
        for (int e = 0; e < 8; e++)
            v.v[e] = s0 + e < n ? v.v[e] * (k.k[e] * inv) : 0;
        store_row(ps, v, s0, a.S);
    }
}

void cuda_attention_fwd(tensor_p o, tensor_p lse, tensor_p q, tensor_p k, tensor_p v, tensor_p bias, tensor_p klen,
                        const struct attn_cfg *c)
{
    op_call call("attention_fwd", {o, lse, q, k, v, bias, klen});
    struct attn a;
    struct buckets buckets = {NULL, 0};
    if (!open_call(&a, o, lse, q, k, v, klen, c) || a.B * a.H * a.T == 0 || (bias && !buckets_for(c, &buckets)))
        return;
    size_t size = dtype_size(q->dtype);
    bool half = q->dtype == DT_BF16;
    /* scratch: strips of the bias, keys or values without padding, scores of nb notes in float and, for bf16, once more */
    int64_t keys = a.B * a.S * a.H * a.K, square = a.H * a.T * a.S;
    int64_t nb = notes_in((size_t)square * (half ? 6 : 4), a.B);
    struct room r = {(char *)gpu_scratch(aligned((size_t)(a.H * a.strip_len) * 4) + aligned((size_t)keys * size) +
                                         aligned((size_t)(nb * square) * 4) +
                                         (half ? aligned((size_t)(nb * square) * 2) : 0))};
    if (!r.at)
        return;
    float *strips = r.take<float>(a.H * a.strip_len);
    char *clean = r.take<char>(keys * (int64_t)size);
    float *x = r.take<float>(nb * square);
    void *p = half ? (void *)r.take<bf16>(nb * square) : (void *)x;
    if (bias) {
        LAUNCH_EACH(make_strips, a.H * a.strip_len, strips, a, either_of(bias), bias->stride[0], buckets);
        a.strips = strips;
    }
    struct tensor values = *v;
    if (klen) {
        BY_TYPE(v, LAUNCH_EACH(clean_rows<X>, keys, (X *)clean, data_of<X>(v), rows_of(v), a));
        values = matrices(clean, v->dtype, a.B, a.S, a.H, a.K);
    }
    for (int64_t b = 0; b < a.B; b += nb) {
        int64_t n = a.B - b < nb ? a.B - b : nb;
        struct tensor X_ = matrices(x, DT_REAL, n, a.H, a.T, a.S), P = matrices(p, q->dtype, n, a.H, a.T, a.S);
        struct tensor Q = by_head(q, b, n), K = by_head(k, b, n), V = by_head(&values, b, n), O = by_head(o, b, n);
        /* pass 1: X = scale Q K^T; pass 2: P = drop(softmax(X + bias)); pass 3: O = P V */
        gpu_gemm(&X_, &Q, 0, &K, 1, c->scale, 0);
        BY_TYPE(q, LAUNCH(softmax_rows<X>, n * a.H * a.T, BLOCK, (X *)p, x, data_of<float>(lse), a, b));
        gpu_gemm(&O, &P, 0, &V, 0, 1, 0);
    }
}

/* ---- backward ---- */
/* One block per row: scores x become drop(P) in p, dp becomes dX, in float and, in dx, as the operands are.
 * p may be x, dx may be dp. */
template <class X>
static __global__ void softmax_rows_bwd(X *p, X *dx, float *x, float *dp, const X *dout, struct rows4 rd, const X *o,
                                        struct rows4 ro, const float *lse, struct attn a, int64_t b0)
{
    int64_t row = blockIdx.x, t = row % a.T, h = row / a.T % a.H, b = b0 + row / a.T / a.H;
    int64_t n = keys_seen(a, b, t), at = (b * a.H + h) * a.T + t;
    const float *strip = a.strips ? a.strips + h * a.strip_len + (a.T - 1 - t) : NULL;
    const X *ds = dout + b * rd.s0 + t * rd.s1 + h * rd.s2, *os = o + b * ro.s0 + t * ro.s1 + h * ro.s2;
    float D = 0;
    for (int64_t j = threadIdx.x; j < a.K; j += blockDim.x)
        D += load(ds[j]) * load(os[j]);
    D = block_reduce(D, sum_of());
    int64_t first = at * a.S;
    for (int64_t g = first / 8 + threadIdx.x; 8 * g < first + a.S; g += blockDim.x) {
        struct keep8 k = drop_keep8(a.drop, (uint64_t)g);
        int64_t s0 = 8 * g - first, i = row * a.S;
        struct eight v = load_row(x + i, s0, a.S), d = load_row(dp + i, s0, a.S);
        for (int e = 0; e < 8; e++) {
            int64_t s = s0 + e;
            bool seen = s >= 0 && s < n;
            float score = strip && seen ? v.v[e] + strip[s] : v.v[e], pr = seen ? expf(score - lse[at]) : 0;
            d.v[e] = seen ? pr * (k.k[e] * d.v[e] - D) : 0;
            v.v[e] = pr * k.k[e];
        }
        store_row(p + i, v, s0, a.S);
        store_row(dp + i, d, s0, a.S);
        store_row(dx + i, d, s0, a.S);
    }
}

/* sums(H,strip_len) += dX of nb notes along its diagonals; one thread per diagonal. All threads go through the rows
 * together: what a warp reads is consecutive. */
static __global__ void diagonals(float *sums, const float *dx, struct attn a, int64_t nb)
{
    int64_t i = thread_index(), h = i / a.strip_len, d = i % a.strip_len - (a.T - 1); /* key = query + d */
    if (h >= a.H)
        return;
    float sum = sums[i];
    for (int64_t b = 0; b < nb; b++)
        for (int64_t t = 0; t < a.T; t++)
            if (t + d >= 0 && t + d < a.S)
                sum += dx[((b * a.H + h) * a.T + t) * a.S + t + d];
    sums[i] = sum;
}
/* dbias(buckets,H), rows `row` apart, += the sums of its diagonals; a block an element. */
static __global__ void bucket_sums(float *dbias, int64_t row, const float *sums, struct attn a, struct buckets k)
{
    int64_t bucket = blockIdx.x / a.H, h = blockIdx.x % a.H;
    float sum = 0;
    for (int64_t i = threadIdx.x; i < a.strip_len; i += blockDim.x)
        if (bucket_at(a, k, i) == bucket)
            sum += sums[h * a.strip_len + i];
    sum = block_reduce(sum, sum_of());
    if (threadIdx.x == 0)
        dbias[bucket * row + h] += sum;
}

void cuda_attention_bwd(tensor_p dq, tensor_p dk, tensor_p dv, tensor_p dbias, tensor_p dout, tensor_p o, tensor_p lse,
                        tensor_p q, tensor_p k, tensor_p v, tensor_p bias, tensor_p klen, const struct attn_cfg *c)
{
    op_call call("attention_bwd", {dq, dk, dv, dbias, dout, o, lse, q, k, v, bias, klen});
    struct attn a, unused;
    struct buckets buckets = {NULL, 0};
    if (!open_call(&a, o, lse, q, k, v, klen, c) || !open_call(&unused, dout, lse, dq, dk, dv, klen, c))
        return;
    NEED("attention", dq->dtype == q->dtype && (!dbias || dbias->dtype == DT_REAL));
    if (a.B * a.H * a.T == 0 || ((bias || dbias) && !buckets_for(c, &buckets)))
        return;
    size_t size = dtype_size(q->dtype);
    bool half = q->dtype == DT_BF16;
    /* scratch: strips of the bias and their sums, keys without padding, X and dP of nb notes in float and, for bf16, p
     * and dx as the operands are */
    int64_t keys = a.B * a.S * a.H * a.K, square = a.H * a.T * a.S, strip = a.H * a.strip_len;
    int64_t nb = notes_in((size_t)square * (half ? 12 : 8), a.B);
    struct room r = {(char *)gpu_scratch(2 * aligned((size_t)strip * 4) + aligned((size_t)keys * size) +
                                         2 * aligned((size_t)(nb * square) * 4) +
                                         (half ? 2 * aligned((size_t)(nb * square) * 2) : 0))};
    if (!r.at)
        return;
    float *strips = r.take<float>(strip), *sums = r.take<float>(strip);
    char *clean = r.take<char>(keys * (int64_t)size);
    float *x = r.take<float>(nb * square), *dp = r.take<float>(nb * square);
    void *p = half ? (void *)r.take<bf16>(nb * square) : (void *)x;
    void *dx = half ? (void *)r.take<bf16>(nb * square) : (void *)dp;
    if (bias) {
        LAUNCH_EACH(make_strips, strip, strips, a, either_of(bias), bias->stride[0], buckets);
        a.strips = strips;
    }
    if (dbias)
        gpu_ok(cudaMemsetAsync(sums, 0, (size_t)strip * sizeof *sums, gpu.stream));
    struct tensor seen = *k;
    if (klen) {
        BY_TYPE(k, LAUNCH_EACH(clean_rows<X>, keys, (X *)clean, data_of<X>(k), rows_of(k), a));
        seen = matrices(clean, k->dtype, a.B, a.S, a.H, a.K);
    }
    for (int64_t b = 0; b < a.B; b += nb) {
        int64_t n = a.B - b < nb ? a.B - b : nb;
        struct tensor X_ = matrices(x, DT_REAL, n, a.H, a.T, a.S), dP = matrices(dp, DT_REAL, n, a.H, a.T, a.S);
        struct tensor P = matrices(p, q->dtype, n, a.H, a.T, a.S), dX = matrices(dx, q->dtype, n, a.H, a.T, a.S);
        struct tensor Q = by_head(q, b, n), K = by_head(&seen, b, n), V = by_head(v, b, n), dO = by_head(dout, b, n);
        struct tensor dQ = by_head(dq, b, n), dK = by_head(dk, b, n), dV = by_head(dv, b, n);
        /* pass 1: X = scale Q K^T, dP = dO V^T */
        gpu_gemm(&X_, &Q, 0, &K, 1, c->scale, 0);
        gpu_gemm(&dP, &dO, 0, &V, 1, 1, 0);
        /* pass 2: drop(P) and dX of them, row by row */
        BY_TYPE(q, LAUNCH(softmax_rows_bwd<X>, n * a.H * a.T, BLOCK, (X *)p, (X *)dx, x, dp, data_of<X>(dout),
                          rows_of(dout), data_of<X>(o), rows_of(o), data_of<float>(lse), a, b));
        /* pass 3: dV += drop(P)^T dO, dQ += scale dX K, dK += scale dX^T Q; dX along the diagonals for the bias */
        gpu_gemm(&dV, &P, 1, &dO, 0, 1, 1);
        gpu_gemm(&dQ, &dX, 0, &K, 0, c->scale, 1);
        gpu_gemm(&dK, &dX, 1, &Q, 0, c->scale, 1);
        if (dbias)
            LAUNCH_EACH(diagonals, strip, sums, dp, a, n);
    }
    if (dbias)
        LAUNCH(bucket_sums, c->buckets * a.H, BLOCK, data_of<float>(dbias), dbias->stride[0], sums, a, buckets);
}
