/* Which metrics are shown: see report.h. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/metric/report.h"
#include "lib/util/err.h"

int report_picks(struct report_picks *p, const char *text)
{
    size_t n = 1;
    for (const char *c = text; *c; c++)
        n += *c == ',';
    *p = (struct report_picks){.text = mem_strndup(text, strlen(text)),
                               .v = mem_alloc(n, sizeof *p->v),
                               .used = mem_zalloc(n, sizeof *p->used)};
    if (!p->text || !p->v || !p->used)
        return E_NOMEM;
    for (char *at = p->text; at;) {
        char *end = strchr(at, ',');
        if (end)
            *end = 0;
        if (!*at)
            return err_set(E_USAGE, "--metrics: a name is empty");
        p->v[p->n++] = at;
        at = end ? end + 1 : NULL;
    }
    return 0;
}

void report_pick(struct report_picks *p, struct result *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->v.n; i++) {
        char name[sizeof r->v.v->name + sizeof r->suffix];
        bool want = p->n == 0;
        snprintf(name, sizeof name, "%s%s", r->v.v[i].name, r->suffix);
        for (size_t k = 0; k < p->n; k++)
            if (fnmatch(p->v[k], name, 0) == 0)
                want = p->used[k] = true;
        if (want)
            r->v.v[kept++] = r->v.v[i];
    }
    r->v.n = kept;
}

int report_picked(const struct report_picks *p)
{
    for (size_t k = 0; k < p->n; k++)
        if (!p->used[k])
            return err_set(E_USAGE, "--metrics: these predictions have no metric '%s'", p->v[k]);
    return 0;
}

void report_picks_free(struct report_picks *p)
{
    free(p->text);
    free(p->v);
    free(p->used);
    *p = (struct report_picks){0};
}
