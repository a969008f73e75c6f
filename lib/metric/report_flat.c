/* Scores for other programs: TSV, CSV and JSON. See report.h. */
#include <stdlib.h>
#include <string.h>

#include "lib/metric/report.h"
#include "lib/util/err.h"

/* ---- TSV and CSV ---- */

static int cell(struct buf *b, char by, const char *text)
{
    TRY(buf_add(b, &by, 1));
    if (by == '\t' || !strpbrk(text, ",\"\r\n"))
        return buf_str(b, text);
    TRY(buf_str(b, "\""));
    for (; *text; text++)
        TRY(*text == '"' ? buf_str(b, "\"\"") : buf_add(b, text, 1));
    return buf_str(b, "\"");
}

static int number(struct buf *b, char by, double v)
{
    return v == v ? buf_fmt(b, "%c%.10g", by, v) : buf_add(b, &by, 1); /* not defined: empty */
}

static int line(struct buf *b, const struct report *p, char by, const char *title, const struct metric_value *v,
                const struct result *of, const struct metric_list *blind)
{
    const struct metric_value *f = blind ? metric_get(blind, v->name) : NULL;
    TRY(buf_str(b, v->name));
    TRY(buf_str(b, of->suffix));
    TRY(cell(b, by, title ? title : ""));
    TRY(cell(b, by, p->split ? p->split : ""));
    TRY(cell(b, by, v->label >= 0 ? p->code[v->label] : ""));
    const double x[] = {v->at,   v->value,   v->sd,      v->lo, v->hi,         f ? f->value : NAN, v->other,
                        v->diff, v->diff_lo, v->diff_hi, v->p,  (double)of->n, (double)of->L};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        TRY(number(b, by, x[i]));
    return buf_str(b, "\n");
}

int report_separated(struct buf *b, const struct report *p, char by)
{
    static const char *const head[] = {"system", "split", "code", "at",      "value",   "sd", "lo",    "hi",
                                       "floor",  "other", "diff", "diff_lo", "diff_hi", "p",  "notes", "labels"};
    TRY(buf_str(b, "metric"));
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        TRY(buf_fmt(b, "%c%s", by, head[i]));
    TRY(buf_str(b, "\n"));
    for (size_t g = 0; g < p->groups; g++) {
        const struct metric_list *blind = p->floor ? &p->floor[g].v : NULL;
        for (size_t y = 0; y < p->n; y++) {
            const struct result *r = &p->system[y].result[g];
            for (size_t i = 0; i < r->v.n; i++)
                TRY(line(b, p, by, p->system[y].title, &r->v.v[i], r, blind));
        }
        for (size_t i = 0; p->mean && i < p->mean[g].v.n; i++)
            TRY(line(b, p, by, "mean", &p->mean[g].v.v[i], &p->mean[g], blind));
    }
    for (size_t y = 0; p->groups && y < p->n; y++) {
        struct result whole = {.n = p->system[y].result[0].n, .L = p->system[y].result[0].L};
        for (size_t i = 0; i < p->system[y].rows->n; i++)
            TRY(line(b, p, by, p->system[y].title, &p->system[y].rows->v[i], &whole, NULL));
    }
    return 0;
}

/* ---- JSON ---- */

static bool put(json_t *o, const char *name, double v)
{
    return v == v && json_object_set_new(o, name, json_real(v)) != 0;
}

static json_t *value(const struct metric_value *v)
{
    json_t *o = json_object();
    if (!o || put(o, "value", v->value) || put(o, "at", v->at) || put(o, "sd", v->sd) || put(o, "lo", v->lo) ||
        put(o, "hi", v->hi) || put(o, "other", v->other) || put(o, "diff", v->diff) || put(o, "diff_lo", v->diff_lo) ||
        put(o, "diff_hi", v->diff_hi) || put(o, "p", v->p)) {
        json_decref(o);
        return NULL;
    }
    return o;
}

/* {"f1_micro": {"value": ...}, ...} of all groups; what is not defined is left out. */
static json_t *metrics(const struct report *p, const struct result *r)
{
    json_t *o = json_object();
    for (size_t g = 0; o && g < p->groups; g++)
        for (size_t i = 0; i < r[g].v.n; i++) {
            struct buf name = {0};
            const struct metric_value *v = &r[g].v.v[i];
            if (v->value != v->value)
                continue;
            bool bad = buf_fmt(&name, "%s%s", v->name, r[g].suffix) || json_object_set_new(o, name.p, value(v));
            buf_free(&name);
            if (bad) {
                json_decref(o);
                return NULL;
            }
        }
    return o;
}

/* [{"metric": ..., "code" or "at": ..., "value": ...}, ...] */
static json_t *rows(const struct report *p, const struct metric_list *l)
{
    json_t *a = json_array();
    for (size_t i = 0; a && i < l->n; i++) {
        json_t *o = l->v[i].value == l->v[i].value ? value(&l->v[i]) : json_object();
        if (!o || json_object_set_new(o, "metric", json_string(l->v[i].name)) ||
            (l->v[i].label >= 0 && json_object_set_new(o, "code", json_string(p->code[l->v[i].label]))) ||
            json_array_append(a, o)) {
            json_decref(a);
            a = NULL;
        }
        json_decref(o);
    }
    return a;
}

int report_json(struct buf *b, const struct report *p, json_t *head)
{
    json_t *systems = json_array(), *o;
    bool bad = !head || !systems;
    for (size_t y = 0; !bad && y < p->n; y++) {
        json_t *about = json_array_get(json_object_get(head, "systems"), y);
        o = json_object();
        bad = !o || (p->system[y].title && json_object_set_new(o, "name", json_string(p->system[y].title))) ||
              json_object_set_new(o, "metrics", metrics(p, p->system[y].result)) ||
              (p->system[y].rows->n && json_object_set_new(o, "rows", rows(p, p->system[y].rows))) ||
              (about && json_object_update_missing(o, about)) || json_array_append(systems, o);
        json_decref(o);
    }
    bad = bad || json_object_set(head, "systems", systems) ||
          (p->mean && json_object_set_new(head, "mean", metrics(p, p->mean))) ||
          (p->floor &&
           json_object_set_new(head, "floor",
                               json_pack("{s:I, s:o}", "k", (json_int_t)p->floor_k, "metrics", metrics(p, p->floor))));
    json_decref(systems);
    char *text = bad ? NULL : json_dumps(head, JSON_INDENT(1));
    int rc = text ? 0 : err_nomem(0);
    if (!rc && !(rc = buf_str(b, text)))
        rc = buf_str(b, "\n");
    free(text);
    json_decref(head);
    return rc;
}
