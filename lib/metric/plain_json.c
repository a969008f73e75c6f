/* JSON of predictions: see plain.h. An object per line, or in an array: {"id": "...", "codes": ["...", ...],
 * "scores": {"CODE": number, ...}}, with codes, scores or both; or one object of {"ID": codes or scores, ...}. */
#include <float.h>
#include <string.h>

#include "lib/metric/plain.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

static int codes(struct preds *p, struct pred *d, const json_t *v)
{
    uint32_t n = 0;
    if (!(d->code = mem_alloc(json_array_size(v), sizeof *d->code)))
        return E_NOMEM;
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *c = json_array_get(v, i);
        if (!json_is_string(c) || !json_string_length(c))
            return err_set(E_DATA, "field codes: code %zu is not a text", i + 1);
        int rc = preds_code(p, json_string_value(c), json_string_length(c), &d->code[n++]);
        if (rc)
            return err_ctx(rc, "field codes: code %zu", i + 1);
    }
    preds_codes(p, d, n);
    return 0;
}

static int scores(struct preds *p, struct pred *d, json_t *v)
{
    const char *code;
    json_t *x;
    size_t i = 0;
    TRY(plain_scores(p, d));
    json_object_foreach(v, code, x)
    {
        uint32_t label;
        i++;
        if (!json_is_number(x) || !(fabs(json_number_value(x)) <= (double)FLT_MAX))
            return err_set(E_DATA, "field scores: score %zu is not a finite number", i);
        int rc = preds_code(p, code, strlen(code), &label);
        if (!rc)
            rc = preds_score(p, d, label, json_number_value(x));
        if (rc)
            return err_ctx(rc, "field scores: score %zu", i);
    }
    return 0;
}

/* All notes have the same of the two. */
static int note(struct preds *p, const char *id, size_t n, const json_t *code, json_t *score)
{
    struct pred *d;
    if (code && !json_is_array(code))
        return err_set(E_DATA, "field codes: not an array");
    if (score && !json_is_object(score))
        return err_set(E_DATA, "field scores: not an object of a number per code");
    if (!code && !score)
        return err_set(E_DATA, "no field codes and no field scores");
    if (p->n && (p->final != (code != NULL) || p->scores != (score != NULL)))
        return err_set(E_DATA, "field %s: some notes have it and some do not",
                       p->final != (code != NULL) ? "codes" : "scores");
    TRY(preds_add(p, id, n, &d));
    p->final = code != NULL;
    p->scores = score != NULL;
    if (code)
        TRY(codes(p, d, code));
    return score ? scores(p, d, score) : 0;
}

static int record(struct preds *p, json_t *o)
{
    const json_t *id = json_object_get(o, "id");
    char number[32];
    if (json_is_integer(id)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(id));
        return note(p, number, strlen(number), json_object_get(o, "codes"), json_object_get(o, "scores"));
    }
    if (!json_is_string(id))
        return err_set(E_DATA, "field id: %s", id ? "neither a text nor a whole number" : "not there");
    return note(p, json_string_value(id), json_string_length(id), json_object_get(o, "codes"),
                json_object_get(o, "scores"));
}

/* {"ID": [code, ...], ...} or {"ID": {code: score, ...}, ...} */
static int by_id(struct preds *p, json_t *o)
{
    const char *id;
    json_t *v;
    json_object_foreach(o, id, v)
    {
        if (!json_is_array(v) && !json_is_object(v))
            return err_set(E_DATA, "field id: not there");
        TRY(note(p, id, strlen(id), json_is_array(v) ? v : NULL, json_is_object(v) ? v : NULL));
    }
    return 0;
}

static int value(struct preds *p, json_t *v)
{
    if (json_is_object(v))
        return json_object_get(v, "id") || json_object_get(v, "codes") ? record(p, v) : by_id(p, v);
    for (size_t i = 0; i < json_array_size(v); i++) {
        int rc = json_is_object(json_array_get(v, i)) ? record(p, json_array_get(v, i)) : err_set(E_DATA, "no object");
        if (rc)
            return err_ctx(rc, "record %zu", i + 1);
    }
    return json_is_array(v) ? 0 : err_set(E_DATA, "no object");
}

int plain_json(struct preds *p, const char *text, size_t n)
{
    unsigned long long line = 1;
    for (size_t at = 0, used; at < n; at += used) {
        json_error_t e;
        for (used = strspn(text + at, " \t\r\n"); used; used--)
            line += text[at++] == '\n';
        if (at == n)
            break;
        json_t *v = json_loadb(text + at, n - at, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &e);
        if (!v)
            return err_set(E_DATA, "line %llu: column %d: not JSON", line + (unsigned)(e.line > 0 ? e.line - 1 : 0),
                           e.column);
        int rc = value(p, v);
        json_decref(v);
        if (rc)
            return err_ctx(rc, "line %llu", line);
        used = (size_t)e.position;
        for (size_t i = 0; i < used; i++)
            line += text[at + i] == '\n';
    }
    return 0;
}
