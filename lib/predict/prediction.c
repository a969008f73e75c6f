/* A pred record as something to be shown: see prediction.h. */
#include "lib/predict/prediction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/err.h"

static bool is_str(const msgpack_object *o, const char *s, size_t n)
{
    return o->type == MSGPACK_OBJECT_STR && o->via.str.size == n && !memcmp(o->via.str.ptr, s, n);
}

static bool has_code(const msgpack_object *codes, const char *code)
{
    for (uint32_t i = 0; codes && codes->type == MSGPACK_OBJECT_ARRAY && i < codes->via.array.size; i++)
        if (is_str(&codes->via.array.ptr[i], code, strlen(code)))
            return true;
    return false;
}

static int number(const msgpack_object *o, double *v)
{
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        *v = (double)o->via.u64;
    else if (o->type == MSGPACK_OBJECT_FLOAT64 || o->type == MSGPACK_OBJECT_FLOAT32)
        *v = o->via.f64;
    else
        return E_DATA;
    return isfinite(*v) ? 0 : E_DATA;
}

/* ---- which codes ---- */

static int add(struct prediction *p, const char *code, size_t n, double score, bool final)
{
    struct predicted *x = &p->v[p->n];
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)code[i] <= ' ' || code[i] == 0x7f)
            return err_set(E_DATA, "field codes: a blank or control character in a code");
    *x = (struct predicted){.code = mem_strndup(code, n), .score = score, .final = final};
    p->n += x->code != NULL;
    return x->code ? 0 : E_NOMEM;
}

static float score_at(const char *scores, size_t l)
{
    float x;
    memcpy(&x, scores + l * sizeof x, sizeof x);
    return x;
}

static int by_score(const void *a, const void *b)
{
    const struct predicted *x = a, *y = b;
    if (isnan(x->score) != isnan(y->score)) /* codes without one come last */
        return isnan(x->score) ? 1 : -1;
    if (x->score > y->score || x->score < y->score)
        return x->score > y->score ? -1 : 1;
    return strcmp(x->code, y->code);
}

/* The record's own codes. */
static int final_codes(struct prediction *p, const msgpack_object_array *codes, const struct labels *l,
                       const char *scores)
{
    for (uint32_t i = 0; i < codes->size; i++) {
        const msgpack_object_str *c = &codes->ptr[i].via.str;
        int64_t at = scores ? labels_find(l, c->ptr, c->size) : -1;
        TRY(add(p, c->ptr, c->size, at < 0 ? NAN : (double)score_at(scores, (size_t)at), true));
    }
    return 0;
}

/* The `top` best of all labels: kept sorted while they are looked through. */
static int best_codes(struct prediction *p, const msgpack_object *codes, const struct labels *l, const char *scores,
                      size_t top)
{
    uint32_t *best = mem_alloc(top + 1, sizeof *best);
    size_t n = 0;
    int rc = best ? 0 : E_NOMEM;
    for (size_t i = 0; i < l->n && !rc; i++) {
        size_t at = n;
        for (; at && score_at(scores, i) > score_at(scores, best[at - 1]); at--)
            best[at] = best[at - 1];
        best[at] = (uint32_t)i;
        n += n < top;
    }
    for (size_t k = 0; k < n && !rc; k++) {
        const char *code = l->code[best[k]];
        rc = add(p, code, strlen(code), (double)score_at(scores, best[k]), has_code(codes, code));
    }
    free(best);
    return rc;
}

static int read_codes(struct prediction *p, const msgpack_object *rec, const struct labels *l, size_t top)
{
    const msgpack_object *codes = rec_get(rec, "codes");
    const char *scores = NULL;
    size_t bytes;
    if (rec_bin(rec, "scores", &scores, &bytes)) {
        if (bytes != l->n * sizeof(float))
            return err_set(E_DATA, "field scores: %zu bytes for %zu labels", bytes, l->n);
        for (size_t i = 0; i < l->n; i++)
            if (!isfinite(score_at(scores, i)))
                return err_set(E_DATA, "field scores: not a finite number at label %zu", i);
    }
    p->finals = codes->via.array.size;
    p->scores = scores != NULL;
    size_t room = p->finals;
    if (top && scores)
        room = top < l->n ? top : l->n;
    if (!(p->v = mem_zalloc(room, sizeof *p->v)))
        return E_NOMEM;
    TRY(top && scores ? best_codes(p, codes, l, scores, room) : final_codes(p, &codes->via.array, l, scores));
    if (scores)
        mem_sort(p->v, p->n, sizeof *p->v, by_score);
    while (top && p->n > top)
        free(p->v[--p->n].code);
    return 0;
}

/* ---- what else the record has ---- */

static int read_gen(struct prediction *p, const msgpack_object *gen)
{
    if (!gen || gen->type != MSGPACK_OBJECT_MAP)
        return 0;
    const msgpack_object *codes = rec_get(gen, "codes"), *unknown = rec_get(gen, "unknown"), *cut = rec_get(gen, "cut");
    p->gen = true;
    if (unknown && unknown->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        p->unknown = (int64_t)(unknown->via.u64 & INT64_MAX);
    p->cut = cut && cut->type == MSGPACK_OBJECT_BOOLEAN && cut->via.boolean;
    for (size_t i = 0; i < p->n; i++)
        p->v[i].generated = has_code(codes, p->v[i].code);
    return 0;
}

static int read_places(struct predicted *x, const msgpack_object *spans)
{
    if (!spans || spans->type != MSGPACK_OBJECT_ARRAY)
        return err_set(E_DATA, "field evidence: spans: not an array");
    size_t n = spans->via.array.size;
    free(x->place);
    x->places = 0;
    if (!(x->place = mem_alloc(n, sizeof *x->place)))
        return E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const msgpack_object *s = &spans->via.array.ptr[i], *v = s->via.array.ptr;
        struct place *to = &x->place[i];
        if (s->type != MSGPACK_OBJECT_ARRAY || s->via.array.size != 3 || v[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
            v[1].type != MSGPACK_OBJECT_POSITIVE_INTEGER || v[0].via.u64 > v[1].via.u64 || number(&v[2], &to->weight))
            return err_set(E_DATA, "field evidence: span %zu is not [begin, end, weight]", i);
        to->begin = (size_t)v[0].via.u64;
        to->end = (size_t)v[1].via.u64;
        x->places++;
    }
    return 0;
}

static int read_evidence(struct prediction *p, const msgpack_object *evidence)
{
    for (uint32_t i = 0; evidence && i < evidence->via.array.size; i++) {
        const msgpack_object *e = &evidence->via.array.ptr[i];
        const msgpack_object *code = e->type == MSGPACK_OBJECT_MAP ? rec_get(e, "code") : NULL;
        if (!code)
            return err_set(E_DATA, "field evidence: entry %u has no code", i);
        for (size_t k = 0; k < p->n; k++)
            if (is_str(code, p->v[k].code, strlen(p->v[k].code)))
                TRY(read_places(&p->v[k], rec_get(e, "spans")));
    }
    return 0;
}

int prediction_read(struct prediction *p, const msgpack_object *rec, const struct labels *labels, size_t top)
{
    const char *id, *split = "";
    size_t id_n, split_n = 0;
    rec_str(rec, "id", &id, &id_n);
    rec_str(rec, "split", &split, &split_n);
    if (memchr(id, 0, id_n))
        return err_set(E_DATA, "field id: holds a NUL byte");
    p->id = mem_strndup(id, id_n);
    p->split = mem_strndup(split, split_n);
    if (!p->id || !p->split)
        return E_NOMEM;
    TRY(read_codes(p, rec, labels, top));
    TRY(read_gen(p, rec_get(rec, "gen")));
    return read_evidence(p, rec_get(rec, "evidence"));
}

int prediction_words(struct prediction *p, const char *text, size_t n)
{
    for (size_t i = 0; i < p->n; i++) {
        struct predicted *x = &p->v[i];
        TRY(excerpts(text, n, x->place, x->places, &x->words, &x->n_words));
    }
    return 0;
}

void prediction_free(struct prediction *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->v[i].code);
        free(p->v[i].place);
        excerpts_free(p->v[i].words, p->v[i].n_words);
    }
    free(p->v);
    free(p->id);
    free(p->split);
    *p = (struct prediction){0};
}
