/* Knowledge of a model: read, laid out in pieces and rows, encoded, and injected. Its files are knowledge_io.c's. */
#include "lib/model/knowledge.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 1024 }; /* tokens of pieces encoded together, padding included; one piece may be longer */

const char *const kg_pools[] = {"token", "expression", "code", NULL};
const char *const kg_scopes[] = {"global", "note", NULL};
const char *const kg_intos[] = {"both", "decoder", "labels", NULL};
const char *const kg_scales[] = {"none", "sqrt", NULL};

const char *kg_cfg_conflict(const struct kg_cfg *wanted, const struct kg_cfg *plain, const struct kg_cfg *own)
{
    const struct {
        const char *name;
        int64_t wanted, plain, own;
    } f[] = {
#define SETTING(name, of) {name, (int64_t)wanted->of, (int64_t)plain->of, (int64_t)own->of}
        SETTING("into", into), SETTING("pool", pool),        SETTING("scope", scope), SETTING("scale", scale),
        SETTING("chunk", chunk), SETTING("share-w", share_w), SETTING("tanh", tanh),   SETTING("gate", gate),
        SETTING("norm", norm),
#undef SETTING
    };
    for (size_t i = 0; i < sizeof f / sizeof *f; i++)
        if (f[i].wanted != f[i].plain && f[i].wanted != f[i].own)
            return f[i].name;
    return NULL;
}

/* ---- layout ---- */
static int64_t rows_of(const struct knowledge *k)
{
    if (k->cfg.pool == KG_TOKEN)
        return k->tokens;
    return k->cfg.pool == KG_EXPRESSION ? k->texts : k->codes;
}
/* The row of token `at` of text i. */
static int64_t row_of(const struct knowledge *k, int64_t i, int64_t at)
{
    if (k->cfg.pool == KG_TOKEN)
        return at;
    return k->cfg.pool == KG_EXPRESSION ? i : k->text[i].code;
}
static int lay_out_rows(struct knowledge *k)
{
    k->rows = rows_of(k);
    k->at = mem_alloc((size_t)k->texts, sizeof *k->at);
    k->row = mem_alloc((size_t)k->tokens, sizeof *k->row);
    k->row_n = mem_zalloc((size_t)k->rows, sizeof *k->row_n);
    k->seen = mem_zalloc((size_t)k->rows, sizeof *k->seen);
    if (!k->at || !k->row || !k->row_n || !k->seen)
        return E_NOMEM;
    for (int64_t i = 0, at = 0; i < k->texts; i++) {
        k->at[i] = at;
        for (int64_t end = at + k->text[i].n; at < end; at++) {
            k->row[at] = (int32_t)row_of(k, i, at);
            k->row_n[k->row[at]]++;
        }
    }
    return 0;
}

/* Whole texts into each piece, as many as fit; a text that does not fit into one is cut into several. */
static int lay_out_pieces(struct knowledge *k)
{
    int64_t most = k->texts + k->tokens / k->cfg.chunk;
    k->piece = mem_alloc((size_t)most, sizeof *k->piece);
    if (!k->piece)
        return E_NOMEM;
    struct kg_piece now = {0};
    for (int64_t i = 0; i < k->texts; i++) {
        int64_t n = k->text[i].n, at = k->at[i];
        if (now.n > 0 && now.n + n > k->cfg.chunk) {
            k->piece[k->pieces++] = now;
            now = (struct kg_piece){at, 0};
        }
        for (; n > k->cfg.chunk; n -= k->cfg.chunk, at += k->cfg.chunk) { /* now is empty */
            k->piece[k->pieces++] = (struct kg_piece){at, (int32_t)k->cfg.chunk};
            now.at = at + k->cfg.chunk;
        }
        now.n += (int32_t)n;
    }
    k->piece[k->pieces++] = now;
    return 0;
}

/* The end of making one from texts: rc says whether they are all there. */
static int lay_out(struct knowledge **out, struct knowledge *k, int rc)
{
    if (!rc) {
        k->codes = k->text[k->texts - 1].code + 1;
        rc = lay_out_rows(k);
    }
    if (!rc)
        rc = lay_out_pieces(k);
    if (rc)
        knowledge_free(k);
    *out = rc ? NULL : k;
    return rc;
}

/* ---- reading ---- */
static int add_text(struct knowledge *k, int32_t code, const int32_t *ids, int64_t n)
{
    if (k->tokens + n > INT32_MAX / 2)
        return err_set(E_DATA, "more than %d tokens of knowledge", INT32_MAX / 2);
    if (k->texts == k->cap_texts) {
        int64_t cap = k->cap_texts ? 2 * k->cap_texts : 1024;
        struct kg_text *p = mem_grow(k->text, (size_t)cap, sizeof *p);
        if (!p)
            return E_NOMEM;
        k->text = p;
        k->cap_texts = cap;
    }
    if (k->tokens + n > k->cap_tokens) {
        int64_t cap = 2 * (k->tokens + n);
        int32_t *p = mem_grow(k->ids, (size_t)cap, sizeof *p);
        if (!p)
            return E_NOMEM;
        k->ids = p;
        k->cap_tokens = cap;
    }
    memcpy(k->ids + k->tokens, ids, (size_t)n * sizeof *k->ids);
    k->text[k->texts++] = (struct kg_text){(int32_t)n, code};
    k->tokens += n;
    return 0;
}

/* *codes: how many there are; last: the code of the text before. Texts of a code stand together. */
static int read_text(struct knowledge *k, const msgpack_object *rec, int64_t V, int32_t *codes, struct buf *last)
{
    const char *code;
    size_t code_n;
    int32_t *ids;
    int64_t n;
    if (!rec_str(rec, "code", &code, &code_n) || code_n == 0)
        return err_set(E_DATA, "field code: missing");
    if (*codes == 0 || last->n != code_n || memcmp(last->p, code, code_n) != 0) {
        ++*codes;
        last->n = 0;
        TRY(buf_add(last, code, code_n));
    }
    TRY(rec_ids(rec, "ids", V, &ids, &n));
    int rc = add_text(k, *codes - 1, ids, n);
    free(ids);
    return rc;
}

static int read_texts(struct knowledge *k, struct stream *s, int64_t V)
{
    const msgpack_object *rec;
    struct buf last = {0};
    int32_t codes = 0;
    int rc = 0;
    while (!rc && stream_next(s, &rec, &rc) == STREAM_RECORD) {
        rc = read_text(k, rec, V, &codes, &last);
        if (rc)
            err_ctx(rc, "%s: record %llu", stream_name(s), (unsigned long long)stream_records(s));
    }
    buf_free(&last);
    return rc || k->texts ? rc : err_set(E_DATA, "%s: holds no knowledge", stream_name(s));
}

int knowledge_read(struct knowledge **out, const struct kg_cfg *cfg, struct stream *s, int64_t V)
{
    *out = NULL;
    const char *of = json_string_value(json_object_get(stream_meta(s), "of"));
    if (!of || strcmp(of, "kb"))
        return err_set(E_DATA, "%s: holds the tokens of notes, not of a kb", stream_name(s));
    struct knowledge *k = mem_zalloc(1, sizeof *k);
    if (!k)
        return E_NOMEM;
    k->cfg = *cfg;
    return lay_out(out, k, read_texts(k, s, V));
}

int knowledge_of(struct knowledge **out, const struct kg_cfg *cfg, const int32_t *ids, const struct kg_text *text,
                 int64_t texts)
{
    struct knowledge *k = mem_zalloc(1, sizeof *k);
    int rc = 0;
    *out = NULL;
    if (!k)
        return E_NOMEM;
    k->cfg = *cfg;
    for (int64_t i = 0, at = 0; i < texts && !rc; at += text[i++].n)
        rc = add_text(k, text[i].code, ids + at, text[i].n);
    return lay_out(out, k, rc);
}

void knowledge_free(struct knowledge *k)
{
    if (!k)
        return;
    void *all[] = {k->ids, k->text, k->at, k->row, k->row_n, k->piece, k->first, k->by, k->begins, k->seen};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(k);
}

/* ---- parameters ---- */
int model_add_knowledge(struct model *m, struct knowledge *k)
{
    int64_t D = m->arch.D;
    knowledge_free(m->kg);
    m->kg = k;
    k->W = k->gate = k->norm = -1;
    if (k->cfg.share_w && (m->label_head < 0 || m->d_a != D))
        return err_set(E_USAGE, "W of eq. 7 can be that of the label attention only where there is one of width %lld",
                       (long long)D);
    /* Encoder states are of size 1: scores start at about 1, what is added well below what is there. */
    if (k->cfg.share_w)
        k->W = m->label_head;
    else if ((k->W = PARAM(&m->params, "icd.kg.W", 1 / (double)D, true, D, D)) < 0)
        return E_NOMEM;
    if (k->cfg.gate && (k->gate = PARAM(&m->params, "icd.kg.gate", 1 / sqrt((double)D), true, D, D)) < 0)
        return E_NOMEM;
    if (k->cfg.norm && (k->norm = PARAM(&m->params, "icd.kg.norm", -1, false, D)) < 0)
        return E_NOMEM;
    k->memory = PARAM(&m->params, "icd.kg.memory", 0, false, k->rows, D);
    return k->memory < 0 ? E_NOMEM : 0;
}

int64_t model_learned(const struct model *m)
{
    return m->params.numel - (m->kg ? m->kg->rows * m->arch.D : 0);
}

/* D_m as products read it (x), or as it is kept and made (w). */
static struct var memory_of(const struct model *m, bool kept)
{
    const struct param *p = &m->params.p[m->kg->memory];
    struct var x = {kept ? p->w : p->x.v, p->x.g};
    x.g.data = NULL;
    return x;
}

/* ---- G(M) ---- */
/* Pieces [from, *to) that are encoded together, and their padded length. */
static int64_t together(const struct knowledge *k, int64_t from, int64_t *to)
{
    int64_t n = 0, i = from;
    for (; i < k->pieces; i++) {
        int64_t longer = k->piece[i].n > n ? k->piece[i].n : n;
        if (i > from && longer * (i + 1 - from) > AT_ONCE)
            break;
        n = longer;
    }
    *to = i;
    return n;
}

/* The rows of D_m that pieces [from, to), n tokens long, have a share in: M += their mean. */
static void encode_pieces(struct model *m, struct tape *t, const struct var *M, int64_t from, int64_t to, int64_t n)
{
    const struct knowledge *k = m->kg;
    const struct kg_piece *p = k->piece;
    int64_t B = to - from, end = p[to - 1].at + p[to - 1].n, r0 = k->row[p[from].at], R = k->row[end - 1] + 1 - r0;
    int32_t *ids = tape_closure(t, (size_t)(B * n) * sizeof *ids), *len = tape_closure(t, (size_t)B * sizeof *len);
    real *mean = tape_closure(t, (size_t)(R * B * n) * sizeof *mean); /* (R,B*n), zeroed */
    for (int64_t b = 0; b < B; b++) {
        const struct kg_piece *x = &p[from + b];
        len[b] = x->n;
        for (int64_t i = 0; i < n; i++) {
            ids[b * n + i] = i < x->n ? k->ids[x->at + i] : m->arch.pad;
            if (i < x->n)
                mean[(k->row[x->at + i] - r0) * B * n + b * n + i] = 1 / (real)k->row_n[k->row[x->at + i]];
        }
    }
    struct tensor in = tape_i32(t, ids, 2, (int64_t[]){B, n}), l = tape_i32(t, len, 1, (int64_t[]){B});
    struct tensor P = tape_real(t, mean, 2, (int64_t[]){R, B * n});
    kg_pool(t, M, r0, m->family->encode(m, t, &in, &l), &P);
}

struct part {
    struct model *m;
    int64_t from, to, n;
};
static void refresh_part(struct tape *t, void *ctx)
{
    const struct part *x = ctx;
    struct var M = memory_of(x->m, true);
    encode_pieces(x->m, t, &M, x->from, x->to, x->n);
}

int knowledge_refresh(struct model *m, struct tape *t)
{
    bool grad = t->grad, train = t->train;
    struct var M = memory_of(m, true);
    struct part x = {.m = m};
    int rc = 0;
    t->grad = t->train = false;
    t->be->op.fill(&M.v, 0);
    for (; x.from < m->kg->pieces && !rc; x.from = x.to) {
        x.n = together(m->kg, x.from, &x.to);
        tape_reset(t);
        rc = tape_run(t, refresh_part, &x);
    }
    tape_reset(t);
    params_changed(&m->params);
    t->grad = grad;
    t->train = train;
    return rc;
}

/* D_m on the tape, with its gradient. */
static struct var *full_memory(struct model *m, struct tape *t)
{
    const struct knowledge *k = m->kg;
    struct var *M = tape_var(t, true, 2, (int64_t[]){k->rows, m->arch.D});
    t->be->op.fill(&M->v, 0);
    for (int64_t from = 0, to, n; from < k->pieces; from = to) {
        n = together(k, from, &to);
        encode_pieces(m, t, M, from, to, n);
    }
    return M;
}

/* ---- a note's own knowledge ---- */
int knowledge_words(struct knowledge *k, const struct spm *s, int64_t V)
{
    k->begins = mem_zalloc((size_t)V, 1);
    k->first = mem_zalloc((size_t)V + 1, sizeof *k->first);
    k->by = mem_alloc((size_t)k->texts, sizeof *k->by);
    if (!k->begins || !k->first || !k->by)
        return E_NOMEM;
    for (int32_t i = 0; i < V; i++) { /* what goes on with a word: a letter or digit, or part of one, without a mark */
        const char *p = spm_piece(s, i);
        k->begins[i] = !p || !(((*p | 32) >= 'a' && (*p | 32) <= 'z') || (*p >= '0' && *p <= '9') ||
                               ((*p & 0x80) && strncmp(p, "\xe2\x96\x81", 3)));
    }
    for (int64_t i = 0; i < k->texts; i++)
        k->first[k->ids[k->at[i]] + 1]++;
    for (int64_t v = 0; v < V; v++)
        k->first[v + 1] += k->first[v];
    for (int64_t i = k->texts - 1; i >= 0; i--) /* filled from behind: in order, and first[v+1] ends as first of v */
        k->by[--k->first[k->ids[k->at[i]] + 1]] = (int32_t)i;
    memmove(k->first, k->first + 1, (size_t)V * sizeof *k->first);
    k->first[V] = (int32_t)k->texts;
    return 0;
}

/* Does text i, without its end mark, stand at ids, of which there are n? Whole words. */
static bool stands_at(const struct model *m, int64_t i, const int32_t *ids, int64_t n)
{
    const struct knowledge *k = m->kg;
    const int32_t *text = k->ids + k->at[i];
    int64_t len = k->text[i].n;
    len -= text[len - 1] == m->arch.eos;
    return len > 0 && len <= n && !memcmp(text, ids, (size_t)len * sizeof *ids) && (len == n || k->begins[ids[len]]);
}

/* Adds the rows of text i to the n found of note `number`. */
static int64_t take_rows(struct knowledge *k, int64_t i, int32_t number, int32_t *found, int64_t n)
{
    int64_t tokens = k->cfg.pool == KG_TOKEN ? k->text[i].n : 1;
    for (int64_t j = 0; j < tokens; j++) {
        int32_t r = k->row[k->at[i] + j];
        if (k->seen[r] != number)
            found[n++] = r;
        k->seen[r] = number;
    }
    return n;
}

/* Rows of D_m for each note, as many columns as the richest needs. */
static struct kg_keys keys_of(struct model *m, struct tape *t, int64_t B, int64_t T, const int32_t *ids,
                              const int32_t *len)
{
    struct knowledge *k = m->kg;
    int64_t most = 1;
    int32_t *n = tape_closure(t, (size_t)B * sizeof *n);
    int32_t **found = tape_closure(t, (size_t)B * sizeof *found);
    if (!k->begins)
        tape_fail(t, E_BUG, "knowledge_words was not called");
    memset(k->seen, 0, (size_t)k->rows * sizeof *k->seen);
    for (int64_t b = 0; b < B; b++) {
        found[b] = tape_closure(t, (size_t)k->rows * sizeof **found);
        for (int64_t i = 0; i < len[b]; i++) {
            const int32_t *at = ids + b * T + i;
            if (i > 0 && !k->begins[*at])
                continue;
            for (int32_t j = k->first[*at]; j < k->first[*at + 1]; j++)
                if (stands_at(m, k->by[j], at, len[b] - i))
                    n[b] = (int32_t)take_rows(k, k->by[j], (int32_t)b + 1, found[b], n[b]);
        }
        most = n[b] > most ? n[b] : most;
    }
    most = (most + 15) / 16 * 16; /* few shapes */
    int32_t *row = tape_closure(t, (size_t)(B * most) * sizeof *row);
    for (int64_t b = 0; b < B; b++)
        memcpy(row + b * most, found[b], (size_t)n[b] * sizeof *row);
    return (struct kg_keys){tape_i32(t, row, 2, (int64_t[]){B, most}), tape_i32(t, n, 1, (int64_t[]){B})};
}

struct encoded model_encode(struct model *m, struct tape *t, int64_t B, int64_t T, const int32_t *ids,
                            const int32_t *len)
{
    const struct knowledge *k = m->kg;
    struct tensor in = tape_i32(t, ids, 2, (int64_t[]){B, T});
    struct encoded e = {.len = tape_i32(t, len, 1, (int64_t[]){B})};
    e.dec = e.att = m->family->encode(m, t, &in, &e.len);
    if (!k)
        return e;
    struct var memory = memory_of(m, false);
    const struct var *M = k->full && t->grad ? full_memory(m, t) : &memory;
    const struct param *p = m->params.p;
    struct kg_w w = {.W = p[k->W].x, .gate = k->gate >= 0 ? &p[k->gate].x : NULL,
                     .norm = k->norm >= 0 ? &p[k->norm].x : NULL};
    struct kg_form form = {.tanh = k->cfg.tanh, .sqrt = k->cfg.scale == KG_SQRT, .eps = m->arch.eps};
    struct kg_keys keys = {0};
    if (k->cfg.scope == KG_NOTE)
        keys = keys_of(m, t, B, T, ids, len);
    struct var *d = kg_inject(t, e.dec, M, k->cfg.scope == KG_NOTE ? &keys : NULL, &w, &form);
    if (k->cfg.into != KG_LABELS)
        e.dec = d;
    if (k->cfg.into != KG_DECODER)
        e.att = d;
    return e;
}
