/* One option table drives parsing, help, man page, completion and history. Tests: tests/unit/opt.c
 * Printing is in opt_print.c. */
#include "lib/util/opt.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/utf8.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The i-th row of both tables together, NULL past the last. */
static const struct opt *row(const struct opt *own, const struct opt *common, int i)
{
    for (const struct opt *t = own; t && t->type != OPT_END; t++)
        if (i-- == 0)
            return t;
    for (const struct opt *t = common; t && t->type != OPT_END; t++)
        if (i-- == 0)
            return t;
    return NULL;
}

static const struct opt *by_name(const struct opt *own, const struct opt *common, const char *s, size_t n, int *index)
{
    const struct opt *o;
    for (*index = 0; (o = row(own, common, *index)); ++*index)
        if (strlen(o->name) == n && memcmp(o->name, s, n) == 0)
            return o;
    return NULL;
}

static const struct opt *by_letter(const struct opt *own, const struct opt *common, char c, int *index)
{
    const struct opt *o;
    for (*index = 0; (o = row(own, common, *index)); ++*index)
        if (c && o->letter == c)
            return o;
    return NULL;
}

static int set_int(const struct opt *o, const char *arg)
{
    char *end;
    errno = 0;
    long long v = strtoll(arg, &end, 10);
    if (end == arg || *end || errno)
        return err_set(E_USAGE, "--%s: '%s' is not a whole number", o->name, arg);
    bool bounded = o->min < 0 || o->max > 0 || o->min > 0;
    if (bounded && !((double)v >= o->min && (double)v <= o->max))
        return err_set(E_USAGE, "--%s: %s is outside %.15g to %.15g", o->name, arg, o->min, o->max);
    *(int64_t *)o->value = v;
    return 0;
}

static int set_real(const struct opt *o, const char *arg)
{
    char *end;
    double v = strtod(arg, &end);
    if (end == arg || *end || !isfinite(v))
        return err_set(E_USAGE, "--%s: '%s' is not a finite number", o->name, arg);
    bool bounded = o->min < 0 || o->max > 0 || o->min > 0;
    if (bounded && !(v >= o->min && v <= o->max))
        return err_set(E_USAGE, "--%s: %s is outside %.15g to %.15g", o->name, arg, o->min, o->max);
    *(double *)o->value = v;
    return 0;
}

static int set_choice(const struct opt *o, const char *arg)
{
    struct buf known = {0};
    for (const char *const *c = o->choices; *c; c++) {
        if (strcmp(*c, arg) == 0) {
            *(const char **)o->value = *c;
            buf_free(&known);
            return 0;
        }
        buf_fmt(&known, "%s%s", known.n ? ", " : "", *c);
    }
    int rc = err_set(E_USAGE, "--%s: '%s' is not one of %.*s", o->name, arg, (int)known.n, known.p ? known.p : "");
    buf_free(&known);
    return rc;
}

/* Last component of a path, also where slashes end it. */
static const char *base_name(const char *s, size_t *n)
{
    *n = strlen(s);
    while (*n > 1 && s[*n - 1] == '/')
        --*n;
    const char *base = s + *n;
    while (base > s && base[-1] != '/')
        base--;
    *n = (size_t)(s + *n - base);
    return base;
}

static json_t *base_json(const char *s)
{
    size_t n;
    const char *base = base_name(s, &n);
    return json_stringn(base, n);
}

/* History is JSON, and no option may be missing from it. */
static int check_utf8(const struct opt *o, const char *arg)
{
    size_t n = strlen(arg);
    if ((o->flags & OPT_QUIET) || o->type == OPT_OUT)
        return 0;
    if (o->type == OPT_FILE || o->type == OPT_DIR || o->type == OPT_FILES)
        arg = base_name(arg, &n);
    return utf8_valid(arg, n) == n ? 0 : err_set(E_USAGE, "--%s: '%.*s' is not UTF-8", o->name, (int)n, arg);
}

static int set_value(const struct opt *o, const char *arg)
{
    TRY(check_utf8(o, arg));
    switch (o->type) {
    case OPT_INT:
        return set_int(o, arg);
    case OPT_REAL:
        return set_real(o, arg);
    case OPT_CHOICE:
        return set_choice(o, arg);
    case OPT_STR:
        *(const char **)o->value = arg;
        return 0;
    case OPT_FILE:
    case OPT_DIR:
    case OPT_OUT:
        if (!*arg)
            return err_set(E_USAGE, "--%s: an empty name", o->name);
        *(const char **)o->value = arg;
        return 0;
    case OPT_FILES:
        if (!*arg)
            return err_set(E_USAGE, "--%s: an empty name", o->name);
        __attribute__((fallthrough));
    case OPT_LIST: {
        struct opt_list *l = o->value;
        const char **v = mem_grow(l->n ? l->v : NULL, (size_t)l->n + 1, sizeof *v);
        if (!v)
            return E_NOMEM;
        v[l->n++] = arg;
        l->v = v;
        return 0;
    }
    default:
        return err_set(E_BUG, "option table: --%s has no type", o->name);
    }
}

static enum opt_asked asked_by(const char *a)
{
    if (!strcmp(a, "--help") || !strcmp(a, "-h"))
        return OPT_HELP;
    if (!strcmp(a, "--version") || !strcmp(a, "-V"))
        return OPT_VERSION;
    if (!strcmp(a, "--help-man"))
        return OPT_MAN;
    return strcmp(a, "--help-completion") ? OPT_NOTHING : OPT_COMPLETION;
}

struct parse {
    const struct opt *own, *common;
    int argc, at;
    char **argv;
    bool *given; /* by row */
};

static int parse_long(struct parse *p, char *a)
{
    const char *name = a + 2, *eq = strchr(name, '=');
    size_t n = eq ? (size_t)(eq - name) : strlen(name);
    int i;
    const struct opt *o = by_name(p->own, p->common, name, n, &i);
    if (!o && n > 3 && memcmp(name, "no-", 3) == 0) {
        o = by_name(p->own, p->common, name + 3, n - 3, &i);
        if (o && o->type == OPT_FLAG && !eq) {
            *(bool *)o->value = false;
            return 0;
        }
        o = NULL;
    }
    if (!o)
        return err_set(E_USAGE, "unknown option --%.*s", (int)n, name);
    p->given[i] = true;
    if (o->type == OPT_FLAG) {
        if (eq)
            return err_set(E_USAGE, "--%s takes no value", o->name);
        *(bool *)o->value = true;
        return 0;
    }
    if (eq)
        return set_value(o, eq + 1);
    if (p->at + 1 >= p->argc)
        return err_set(E_USAGE, "--%s needs a value", o->name);
    return set_value(o, p->argv[++p->at]);
}

static int parse_short(struct parse *p, char *a)
{
    for (char *c = a + 1; *c; c++) {
        int i;
        const struct opt *o = by_letter(p->own, p->common, *c, &i);
        if (!o)
            return err_set(E_USAGE, "unknown option -%c", *c >= ' ' && *c <= '~' ? *c : '?');
        p->given[i] = true;
        if (o->type == OPT_FLAG) {
            *(bool *)o->value = true;
            continue;
        }
        if (c[1])
            return set_value(o, c + 1);
        if (p->at + 1 >= p->argc)
            return err_set(E_USAGE, "-%c needs a value", *c);
        return set_value(o, p->argv[++p->at]);
    }
    return 0;
}

int opt_parse(const struct opt *own, const struct opt *common, int *argc, char **argv, enum opt_asked *asked)
{
    int rows = 0, operands = 0, rc = 0;
    bool only_operands = false;
    const struct opt *o;
    *asked = OPT_NOTHING;
    while (row(own, common, rows))
        rows++;
    struct parse p = {own, common, *argc, 0, argv, mem_zalloc((size_t)rows, sizeof(bool))};
    if (!p.given)
        return E_NOMEM;
    for (p.at = 1; p.at < p.argc && !rc; p.at++) {
        char *a = argv[p.at];
        if (only_operands || a[0] != '-' || !a[1])
            argv[1 + operands++] = a; /* never ahead of the argument being read */
        else if (!strcmp(a, "--"))
            only_operands = true;
        else if ((*asked = asked_by(a)))
            goto out; /* help is given whatever else is wrong */
        else
            rc = a[1] == '-' ? parse_long(&p, a) : parse_short(&p, a);
    }
    *argc = operands;
    for (int i = 0; !rc && (o = row(own, common, i)); i++)
        if ((o->flags & OPT_REQUIRED) && !p.given[i])
            rc = err_set(E_USAGE, "--%s%s%s is needed", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
out:
    free(p.given);
    return rc;
}

static json_t *resolved_value(const struct opt *o)
{
    const char *s;
    switch (o->type) {
    case OPT_FLAG:
        return json_boolean(*(bool *)o->value);
    case OPT_INT:
        return json_integer(*(int64_t *)o->value);
    case OPT_REAL:
        return json_real(*(double *)o->value);
    case OPT_STR:
    case OPT_CHOICE:
        s = *(const char **)o->value;
        return s ? json_string(s) : NULL;
    case OPT_FILE:
    case OPT_DIR:
        s = *(const char **)o->value;
        return s ? base_json(s) : NULL;
    case OPT_LIST:
    case OPT_FILES: {
        const struct opt_list *l = o->value;
        json_t *a = l->n ? json_array() : NULL;
        for (int i = 0; i < l->n; i++)
            json_array_append_new(a, o->type == OPT_LIST ? json_string(l->v[i]) : base_json(l->v[i]));
        return a;
    }
    default:
        return NULL;
    }
}

json_t *opt_resolved(const struct opt *own, const struct opt *common)
{
    json_t *j = json_object();
    const struct opt *o;
    for (int i = 0; j && (o = row(own, common, i)); i++) {
        json_t *v = (o->flags & OPT_QUIET) || o->type == OPT_OUT ? NULL : resolved_value(o);
        if (v)
            json_object_set_new(j, o->name, v);
    }
    return j;
}

int opt_place(const char *const *choices, const char *one)
{
    int i = 0;
    while (strcmp(choices[i], one))
        i++;
    return i;
}

int opt_pairs(const char *s, int (*set)(const char *k, const char *v, void *ctx), void *ctx)
{
    char *copy = mem_strndup(s, strlen(s)), *save = NULL;
    int rc = copy ? 0 : E_NOMEM;
    for (char *pair = copy ? strtok_r(copy, ",", &save) : NULL; pair && !rc; pair = strtok_r(NULL, ",", &save)) {
        char *eq = strchr(pair, '=');
        if (!eq || eq == pair) {
            rc = err_set(E_USAGE, "'%s' is not KEY=VALUE", pair);
            break;
        }
        *eq = 0;
        rc = set(pair, eq + 1, ctx);
    }
    free(copy);
    return rc;
}
