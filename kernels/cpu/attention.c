/* Attention without the (B,H,T,S) matrix: a block of query rows at a time, its scores in scratch of the thread.
 *
 *   forward   X = scale Q K^T + bias (+ mask),  P = softmax(X),  O = drop(P) V
 *   backward  P = exp(X - lse) again;  dV += drop(P)^T dO;  dP = drop(dO V^T);
 *             dX = P * (dP - rowsum(dO * O));  dQ += scale dX K;  dK += scale dX^T Q;  dbias += sums of dX
 *
 * T5's bias depends on (key - query) only. Per head it is expanded once into a strip over distances, so that the bias
 * of a row of scores is a slice of the strip: an addition of two vectors; and the gradient is collected the same way.
 * Keys that are masked for a whole block (from klen on, or in the future) are never touched.
 * Work is split over (b, h) [and query blocks forward], each written by one thread in a fixed order: same bits
 * always. Tests: tests/unit/kernels_attention.c, tests/grad/attention.c. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/softmax.h"
#include <string.h>

/* Query rows a block; the double build is for gradient checks, whose small shapes should cross blocks too. */
enum { ROWS = sizeof(real) == sizeof(double) ? 4 : 64 };
/* Keys a block of backward, whose scores then stay in the cache. */
enum { KEYS = sizeof(real) == sizeof(double) ? 4 : 1024 };

/* What does not change within a call. */
struct call {
    const struct attn_cfg *c;
    int64_t B, H, T, S, K;
    const int32_t *klen;
    struct drop drop;
    const real *strips; /* (H, T+S-1): bias at distance key - query = index - (T-1+q_pos); NULL: none */
    int64_t strip_len;
};

static real *at4(tensor_p t, int64_t b, int64_t row, int64_t h)
{
    return (real *)t->data + b * t->stride[0] + row * t->stride[1] + h * t->stride[2];
}

/* How many keys query row t of note b sees. */
static int64_t keys_seen(const struct call *a, int64_t b, int64_t t)
{
    int64_t n = a->klen ? a->klen[b] : a->S;
    if (n > a->S)
        n = a->S;
    if (n < 0)
        n = 0;
    int64_t past = t + a->c->q_pos + 1;
    return a->c->causal && past < n ? past : n;
}

/* The strip's element for row t and key 0. */
static int64_t strip_at(const struct call *a, int64_t t)
{
    return a->T - 1 - t;
}

static int bucket_of(const struct call *a, int64_t i)
{
    return t5_bucket(i - (a->T - 1 + a->c->q_pos), a->c->bidirectional, a->c->buckets, a->c->max_distance);
}

static bool open_call(struct call *a, tensor_p o, tensor_p lse, tensor_p q, tensor_p k, tensor_p v, tensor_p klen,
                      const struct attn_cfg *c)
{
    *a = (struct call){.c = c, .B = q->dim[0], .T = q->dim[1], .H = q->dim[2], .K = q->dim[3], .S = k->dim[1]};
    a->klen = klen ? klen->data : NULL;
    a->drop = drop_open(&c->drop);
    a->strip_len = a->T + a->S - 1;
    tensor_p all[] = {o, q, k, v};
    bool ok = flat(lse) && tensor_numel(lse) == a->B * a->H * a->T && (!klen || tensor_numel(klen) == a->B);
    for (int i = 0; i < 4; i++)
        ok &= all[i]->nd == 4 && all[i]->dtype == DT_REAL && all[i]->dim[0] == a->B && all[i]->dim[2] == a->H &&
              all[i]->dim[3] == a->K && all[i]->stride[3] == 1 && all[i]->dim[1] == (i < 2 ? a->T : a->S);
    if (!ok)
        backend_fail(E_BUG, "attention: shapes of o, q, k, v, lse and klen do not belong together");
    return ok;
}

/* Expand the table(buckets,H) into strips. */
static void make_strips(struct call *a, real *strips, tensor_p bias)
{
    a->strips = strips;
    for (int64_t i = 0; i < a->strip_len; i++) {
        const real *row = (const real *)bias->data + bucket_of(a, i) * bias->stride[0];
        for (int64_t h = 0; h < a->H; h++)
            strips[h * a->strip_len + i] = row[h];
    }
}

/* Scores of rows [t0, t0+rows) of (b,h) against keys [s0, s0+n), in x with row length n; without the bias, which is
 * added on the next pass over a row. */
static void scores(const struct call *a, real *x, int64_t n, int64_t b, int64_t h, int64_t t0, int64_t rows,
                   int64_t s0, tensor_p q, tensor_p k)
{
    cpu_matmul(0, 1, rows, n, a->K, (real)a->c->scale, at4(q, b, t0, h), q->stride[1], at4(k, b, s0, h), k->stride[1],
               0, x, n);
}

/* The biases of row t, or NULL. */
static const real *bias_of(const struct call *a, int64_t h, int64_t t)
{
    return a->strips ? a->strips + h * a->strip_len + strip_at(a, t) : NULL;
}

/* Adds the bias and returns the largest score. */
static real bias_and_max(real *restrict row, const real *restrict bias, int64_t n)
{
    if (!bias)
        return row_max(row, n);
    real max = -INFINITY;
#pragma omp simd reduction(max : max)
    for (int64_t s = 0; s < n; s++) {
        row[s] += bias[s];
        max = row[s] > max ? row[s] : max;
    }
    return max;
}

/* Scores to probabilities, with the log-sum-exp known from forward. */
static void probabilities(real *restrict row, const real *restrict bias, int64_t n, real lse)
{
    if (bias)
#pragma omp simd
        for (int64_t s = 0; s < n; s++)
            row[s] = vexp(row[s] + bias[s] - lse);
    else
#pragma omp simd
        for (int64_t s = 0; s < n; s++)
            row[s] = vexp(row[s] - lse);
}

/* The factors that dropout puts on n probabilities of row (b,h,t) from key s0 on: 0 or the scale of the kept. */
static void keep_row(const struct call *a, real *keep, int64_t b, int64_t h, int64_t t, int64_t s0, int64_t n)
{
    uint64_t first = (uint64_t)(((b * a->H + h) * a->T + t) * a->S + s0);
    const struct drop d = a->drop;
    struct drop_buf buf;
    for (int64_t at = 0; at < n; at += DROP_MAX) {
        int64_t m = n - at < DROP_MAX ? n - at : DROP_MAX;
        const uint16_t *bits = drop_bits(&buf, &d, first + (uint64_t)at, m);
#pragma omp simd
        for (int64_t s = 0; s < m; s++)
            keep[at + s] = bits[s] >= d.threshold ? d.scale : 0;
    }
}

static void zero_rows(tensor_p o, int64_t b, int64_t t0, int64_t rows, int64_t h)
{
    for (int64_t r = 0; r < rows; r++)
        memset(at4(o, b, t0 + r, h), 0, (size_t)o->dim[3] * sizeof(real));
}

/* x: scratch of (ROWS+1)*S */
static void block_fwd(const struct call *a, real *x, int64_t b, int64_t h, int64_t t0, tensor_p o, tensor_p lse,
                      tensor_p q, tensor_p k, tensor_p v)
{
    real *keep = x + ROWS * a->S;
    int64_t rows = a->T - t0 < ROWS ? a->T - t0 : ROWS, n = keys_seen(a, b, t0 + rows - 1); /* the last row sees most */
    real *l = (real *)lse->data + (b * a->H + h) * a->T + t0;
    if (n == 0) {
        zero_rows(o, b, t0, rows, h);
        memset(l, 0, (size_t)rows * sizeof *l);
        return;
    }
    scores(a, x, n, b, h, t0, rows, 0, q, k);
    for (int64_t r = 0; r < rows; r++) {
        int64_t seen = keys_seen(a, b, t0 + r);
        real *row = x + r * n, max = bias_and_max(row, bias_of(a, h, t0 + r), seen);
        real sum = row_exp(row, row, seen, max), inv = 1 / sum;
        l[r] = max + (real)log((double)sum);
        memset(row + seen, 0, (size_t)(n - seen) * sizeof *row);
        if (a->drop.on) {
            keep_row(a, keep, b, h, t0 + r, 0, seen);
#pragma omp simd
            for (int64_t s = 0; s < seen; s++)
                row[s] *= keep[s] * inv;
        } else {
#pragma omp simd
            for (int64_t s = 0; s < seen; s++)
                row[s] *= inv;
        }
    }
    cpu_matmul(0, 0, rows, a->K, n, 1, x, n, at4(v, b, 0, h), v->stride[1], 0, at4(o, b, t0, h), o->stride[1]);
}

void cpu_attention_fwd(tensor_p o, tensor_p lse, tensor_p q, tensor_p k, tensor_p v, tensor_p bias, tensor_p klen,
                       const struct attn_cfg *c)
{
    struct call a;
    if (!open_call(&a, o, lse, q, k, v, klen, c) || a.T == 0)
        return;
    real *strips = cpu_scratch(SCRATCH_OP, (size_t)(a.H * a.strip_len) * sizeof *strips);
    if (!strips)
        return;
    if (bias)
        make_strips(&a, strips, bias);
    int64_t blocks = (a.T + ROWS - 1) / ROWS;
#pragma omp parallel for schedule(dynamic) if (a.B * a.H * a.T * a.S * a.K > TEAM_WORK)
    for (int64_t i = 0; i < a.B * a.H * blocks; i++) {
        real *x = cpu_scratch(SCRATCH_THREAD, (size_t)((ROWS + 1) * a.S) * sizeof *x);
        int64_t bh = i / blocks;
        if (x)
            block_fwd(&a, x, bh / a.H, bh % a.H, i % blocks * ROWS, o, lse, q, k, v);
    }
}

/* Everything backward needs, so that the block below reads like the formulas. */
struct bwd {
    struct call a;
    tensor_p dq, dk, dv, dout, o, lse, q, k, v;
};

/* Rows [t0, t0+ROWS) against keys [s0, s1); dq: row t0 of the gradient to add to, rows `lddq` apart.
 * p, dp: scratch of ROWS*KEYS; keep: of KEYS */
static void block_bwd(const struct bwd *w, real *p, real *dp, real *keep, real *dstrip, int64_t b, int64_t h,
                      int64_t t0, int64_t s0, int64_t s1, real *dq, int64_t lddq)
{
    const struct call *a = &w->a;
    int64_t rows = a->T - t0 < ROWS ? a->T - t0 : ROWS, n = keys_seen(a, b, t0 + rows - 1);
    n = (n < s1 ? n : s1) - s0;
    if (n <= 0)
        return;
    const real *lse = (const real *)w->lse->data + (b * a->H + h) * a->T + t0;
    real scale = (real)a->c->scale;
    real *Q = at4(w->q, b, t0, h), *K = at4(w->k, b, s0, h), *V = at4(w->v, b, s0, h);
    real *dO = at4(w->dout, b, t0, h);
    int64_t ldq = w->q->stride[1], ldk = w->k->stride[1], ldv = w->v->stride[1], ldo = w->dout->stride[1];

    /* pass 1: X = scale Q K^T in p, dP' = dO V^T in dp */
    scores(a, p, n, b, h, t0, rows, s0, w->q, w->k);
    cpu_matmul(0, 1, rows, n, a->K, 1, dO, ldo, V, ldv, 0, dp, n);
    /* pass 2, row by row: p becomes drop(P), dp becomes dX = P (drop(dP') - D) with D = sum of dO O; the strip of the
     * bias adds dX */
    for (int64_t r = 0; r < rows; r++) {
        int64_t t = t0 + r, seen = keys_seen(a, b, t) - s0;
        if (seen > n)
            seen = n;
        if (seen < 0)
            seen = 0;
        const real *bias = bias_of(a, h, t);
        real *ps = p + r * n, *dps = dp + r * n, D = 0;
        const real *o = at4(w->o, b, t, h), *d = dO + r * ldo;
#pragma omp simd reduction(+ : D)
        for (int64_t j = 0; j < a->K; j++)
            D += d[j] * o[j];
        probabilities(ps, bias ? bias + s0 : NULL, seen, lse[r]);
        memset(ps + seen, 0, (size_t)(n - seen) * sizeof *ps);
        memset(dps + seen, 0, (size_t)(n - seen) * sizeof *dps);
        if (a->drop.on) {
            keep_row(a, keep, b, h, t, s0, seen);
#pragma omp simd
            for (int64_t s = 0; s < seen; s++) {
                dps[s] = ps[s] * (keep[s] * dps[s] - D); /* dX */
                ps[s] *= keep[s];
            }
        } else {
#pragma omp simd
            for (int64_t s = 0; s < seen; s++)
                dps[s] = ps[s] * (dps[s] - D);
        }
        if (dstrip) {
            real *strip = dstrip + strip_at(a, t) + s0;
#pragma omp simd
            for (int64_t s = 0; s < seen; s++)
                strip[s] += dps[s];
        }
    }
    /* pass 3: dV += drop(P)^T dO, dQ += scale dX K, dK += scale dX^T Q */
    cpu_matmul(1, 0, n, a->K, rows, 1, p, n, dO, ldo, 1, at4(w->dv, b, s0, h), w->dv->stride[1]);
    cpu_matmul(0, 0, rows, a->K, n, scale, dp, n, K, ldk, 1, dq, lddq);
    cpu_matmul(1, 0, n, a->K, rows, scale, dp, n, Q, ldq, 1, at4(w->dk, b, s0, h), w->dk->stride[1]);
}

/* All of (b,h), keys [s0, s1). dq, dstrip: as of block_bwd, dq of row 0. */
static void head_bwd(const struct bwd *w, real *scratch, real *dstrip, int64_t bh, int64_t s0, int64_t s1, real *dq,
                     int64_t lddq)
{
    const struct call *a = &w->a;
    int64_t block = ROWS * (a->S < KEYS ? a->S : KEYS);
    for (int64_t s = s0; s < s1; s += KEYS)
        for (int64_t t0 = 0; t0 < a->T; t0 += ROWS)
            block_bwd(w, scratch, scratch + block, scratch + 2 * block, dstrip, bh / a->H, bh % a->H, t0, s,
                      s + KEYS < s1 ? s + KEYS : s1, dq + t0 * lddq, lddq);
}

/* Fewer heads than threads (KG-injection: one head, thousands of keys): each thread takes a part of the keys, with a
 * dq of its own, which are added up in order. */
static void parts_bwd(const struct bwd *w, int64_t parts)
{
    const struct call *a = &w->a;
    int64_t heads = a->B * a->H, TK = a->T * a->K, key = a->S < KEYS ? a->S : KEYS;
    real *sums = cpu_scratch(SCRATCH_OP, (size_t)(heads * parts * TK) * sizeof *sums);
    if (!sums)
        return;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < heads * parts; i++) {
        real *scratch = cpu_scratch(SCRATCH_THREAD, (size_t)((2 * ROWS + 1) * key) * sizeof *scratch);
        memset(sums + i * TK, 0, (size_t)TK * sizeof *sums);
        if (scratch)
            head_bwd(w, scratch, NULL, i / parts, a->S * (i % parts) / parts, a->S * (i % parts + 1) / parts,
                     sums + i * TK, a->K);
    }
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < heads * a->T; r++) {
        int64_t bh = r / a->T, t = r % a->T;
        real *dq = at4(w->dq, bh / a->H, t, bh % a->H);
        for (int64_t i = 0; i < parts; i++) {
            const real *sum = sums + (bh * parts + i) * TK + t * a->K;
#pragma omp simd
            for (int64_t j = 0; j < a->K; j++)
                dq[j] += sum[j];
        }
    }
}

void cpu_attention_bwd(tensor_p dq, tensor_p dk, tensor_p dv, tensor_p dbias, tensor_p dout, tensor_p o, tensor_p lse,
                       tensor_p q, tensor_p k, tensor_p v, tensor_p bias, tensor_p klen, const struct attn_cfg *c)
{
    struct bwd w = {.dq = dq, .dk = dk, .dv = dv, .dout = dout, .o = o, .lse = lse, .q = q, .k = k, .v = v};
    struct call unused, *a = &w.a;
    if (!open_call(a, o, lse, q, k, v, klen, c) || !open_call(&unused, dout, lse, dq, dk, dv, klen, c) ||
        a->B * a->H * a->T == 0)
        return;
    int64_t threads = omp_get_max_threads(), parts = threads / (a->B * a->H);
    if (parts > 1 && !bias && a->S >= parts * KEYS) {
        parts_bwd(&w, parts);
        return;
    }
    int64_t buckets = c->buckets, n_strips = a->H * a->strip_len, n_sums = a->B * a->H * buckets;
    real *strips = cpu_scratch(SCRATCH_OP, (size_t)(n_strips + n_sums) * sizeof *strips);
    if (!strips)
        return;
    real *sums = strips + n_strips; /* (B,H,buckets) */
    if (bias)
        make_strips(a, strips, bias);
    /* pass 1: each head of each note by itself, and its sums over buckets */
#pragma omp parallel for schedule(dynamic)
    for (int64_t bh = 0; bh < a->B * a->H; bh++) {
        int64_t key = a->S < KEYS ? a->S : KEYS, b = bh / a->H, h = bh % a->H;
        real *scratch = cpu_scratch(SCRATCH_THREAD,
                                    (size_t)((2 * ROWS + 1) * key + a->strip_len) * sizeof *scratch);
        if (!scratch)
            continue;
        real *dstrip = dbias ? scratch + (2 * ROWS + 1) * key : NULL;
        if (dbias)
            memset(dstrip, 0, (size_t)a->strip_len * sizeof *dstrip);
        head_bwd(&w, scratch, dstrip, bh, 0, a->S, at4(dq, b, 0, h), dq->stride[1]);
        if (dbias) {
            real *sum = sums + bh * buckets;
            memset(sum, 0, (size_t)buckets * sizeof *sum);
            for (int64_t i = 0; i < a->strip_len; i++)
                sum[bucket_of(a, i)] += dstrip[i];
        }
    }
    /* pass 2: the sums of all notes, in order */
    if (dbias)
        for (int64_t bh = 0; bh < a->B * a->H; bh++)
            for (int64_t i = 0; i < buckets; i++)
                ((real *)dbias->data)[i * dbias->stride[0] + bh % a->H] += sums[bh * buckets + i];
}
