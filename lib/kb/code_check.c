/* See code_check.h. */
#include "lib/kb/code_check.h"

#include <stdlib.h>
#include <string.h>

#include "lib/code/code.h"
#include "lib/util/err.h"

static void count(struct code_check *c, enum code_oddity kind, const char *code)
{
    if (c->odd[kind].n < ODD_SHOWN)
        c->odd[kind].first[c->odd[kind].n] = code;
    c->odd[kind].n++;
}

/* Of a code that is in no table of its version. */
static int judge(struct code_check *c, const char *code, struct titles *t, struct titles *other, bool *foreign)
{
    unsigned shapes = code_look(code, strlen(code)), ten = CODE_ICD10 | CODE_ICD10_PCS_PART;
    unsigned mine = t->icd == 9 ? CODE_ICD9 : ten, theirs = t->icd == 9 ? ten : CODE_ICD9;
    bool category;
    if (!(shapes & mine)) {
        count(c, shapes ? ODD_VERSION : ODD_SHAPE, code);
        return 0;
    }
    TRY(titles_category(t, code, &category));
    if (category) {
        count(c, ODD_CATEGORY, code);
        return 0;
    }
    if (!other->by_code && (shapes & theirs))
        TRY(titles_add_shipped(other, NULL, NULL));
    *foreign = (shapes & theirs) && titles_known(other, code);
    if (*foreign)
        count(c, ODD_VERSION, code);
    else if (t->icd == 9 || !titles_procedure(t, code) || *code == '0')
        count(c, ODD_UNKNOWN, code); /* of ICD-10-PCS the shipped titles are those of section 0 only */
    return 0;
}

static int look(struct code_check *c, const struct code_list *l, struct titles *t, struct titles *other, bool *foreign)
{
    for (size_t i = 0; i < l->set.n; i++) {
        const char *code = l->set.code[i];
        bool category = false;
        TRY(titles_known(t, code) ? titles_category(t, code, &category) : judge(c, code, t, other, &foreign[i]));
        if (category)
            count(c, ODD_CATEGORY, code);
    }
    for (size_t i = 0; i < l->set.n; i++) { /* V58.61 is no V58.6 of ICD-10 */
        TRY(foreign[i] ? titles_bar(t, l->set.code[i]) : 0);
        if (!titles_find(t, l->set.code[i]))
            count(c, ODD_UNTITLED, l->set.code[i]);
    }
    return 0;
}

int code_check(struct code_check *c, const struct code_list *l, struct titles *t)
{
    struct titles other = {.icd = t->icd == 9 ? 10 : 9};
    bool *foreign = mem_zalloc(l->set.n, sizeof *foreign);
    *c = (struct code_check){0};
    int rc = foreign ? look(c, l, t, &other, foreign) : E_NOMEM;
    titles_free(&other);
    free(foreign);
    return rc;
}

int code_check_say(const struct code_check *c, enum code_oddity kind, int icd, struct buf *out)
{
    static const char *const what[ODD_KINDS] = {
        [ODD_SHAPE] = "have the shape of no ICD code",
        [ODD_VERSION] = "look like codes of the other version, ICD-%d",
        [ODD_CATEGORY] = "are categories of ICD-%d, too general to be billed",
        [ODD_UNKNOWN] = "are in no table of ICD-%d titles",
        [ODD_UNTITLED] = "have no title in any table",
    };
    size_t n = c->odd[kind].n;
    out->n = 0;
    if (!n)
        return 0;
    TRY(buf_fmt(out, "%zu codes ", n));
    const char *number = strstr(what[kind], "%d");
    TRY(buf_fmt(out, "%.*s", (int)(number ? number - what[kind] : (ptrdiff_t)strlen(what[kind])), what[kind]));
    if (number)
        TRY(buf_fmt(out, "%d%s", kind == ODD_VERSION ? 19 - icd : icd, number + 2));
    for (size_t i = 0; i < n && i < ODD_SHOWN; i++)
        TRY(buf_fmt(out, "%s %s", i ? "," : ":", c->odd[kind].first[i]));
    return buf_fmt(out, "%s", n > ODD_SHOWN ? ", ..." : "");
}

static int known_in(const struct code_list *l, int icd, size_t *known)
{
    struct titles t = {.icd = icd};
    int rc = titles_add_shipped(&t, NULL, NULL);
    *known = 0;
    for (size_t i = 0; i < l->set.n && !rc; i++)
        *known += titles_known(&t, l->set.code[i]);
    titles_free(&t);
    return rc;
}

int code_check_version(const struct code_list *l, int *icd, struct buf *reason)
{
    struct code_votes v = {0};
    size_t nine, ten;
    for (size_t i = 0; i < l->set.n; i++)
        code_vote(&v, l->set.code[i], strlen(l->set.code[i]));
    *icd = code_version(&v);
    if (*icd)
        return buf_fmt(reason, "the codes are of ICD-%d: %zu can be of it alone, %zu of ICD-%d alone, %zu of either",
                       *icd, *icd == 9 ? v.icd9 : v.icd10, *icd == 9 ? v.icd10 : v.icd9, 19 - *icd, v.either);
    *icd = 9;
    if (!(v.icd9 + v.icd10 + v.either))
        return 0;
    /* as many of the one as of the other */
    TRY(known_in(l, 9, &nine));
    TRY(known_in(l, 10, &ten));
    if (nine == ten)
        return err_set(E_USAGE, "the codes can be of ICD-9 or of ICD-10: --icd says which they are");
    *icd = nine > ten ? 9 : 10;
    return buf_fmt(reason, "the codes can be of either version; ICD-%d has titles for more of them", *icd);
}

bool code_check_dotted(const struct code_list *l)
{
    bool procedures = false, undotted = false;
    for (size_t i = 0; i < l->set.n; i++) {
        const char *code = l->set.code[i];
        size_t n = strlen(code);
        unsigned shapes = code_look(code, n), pcs = CODE_ICD10_PCS | CODE_ICD10_PCS_PART;
        if (shapes && strchr(code, '.'))
            return true;
        procedures |= (shapes & pcs) && !(shapes & CODE_ICD10_CM);
        undotted |= (shapes & CODE_ICD10_CM) && !(shapes & pcs) && n > 3;
    }
    return procedures && !undotted;
}
