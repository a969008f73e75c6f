/* Picking records by their fields. Tests: tests/cli/rec-cat.sh */
#include "lib/stream/pick.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

int pick_parse(struct pick *p, const struct opt_list *where)
{
    *p = (struct pick){.condition = mem_zalloc((size_t)where->n, sizeof *p->condition)};
    if (!p->condition)
        return E_NOMEM;
    for (int i = 0; i < where->n; i++) {
        const char *eq = strchr(where->v[i], '=');
        if (!eq || eq == where->v[i])
            return err_set(E_USAGE, "--where: '%s' is not FIELD=VALUE", where->v[i]);
        p->condition[i].values = eq + 1;
        p->condition[i].field = mem_strndup(where->v[i], (size_t)(eq - where->v[i]));
        if (!p->condition[i].field)
            return E_NOMEM;
        p->n++;
    }
    return 0;
}

bool pick_one_of(const char *values, const char *p, size_t n)
{
    for (;;) {
        size_t k = strcspn(values, ",");
        if (k == n && memcmp(values, p, n) == 0)
            return true;
        if (!values[k])
            return false;
        values += k + 1;
    }
}

bool pick_fits(struct pick *p, const msgpack_object *rec)
{
    bool all = true;
    for (int i = 0; i < p->n; i++) {
        struct condition *c = &p->condition[i];
        const char *v;
        size_t n;
        bool there = rec_str(rec, c->field, &v, &n);
        c->seen |= there;
        all &= there && pick_one_of(c->values, v, n);
    }
    return all;
}

int pick_check(const struct pick *p)
{
    for (int i = 0; i < p->n; i++)
        if (!p->condition[i].seen)
            return err_set(E_USAGE, "--where: no record has a string field '%s'", p->condition[i].field);
    return 0;
}

void pick_free(struct pick *p)
{
    for (int i = 0; i < p->n; i++)
        free(p->condition[i].field);
    free(p->condition);
    *p = (struct pick){0};
}
