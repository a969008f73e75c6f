/* CSV and TSV of predictions: see plain.h. The first line says which, by a tab or a comma.
 *   id, code, score    a score per line; a line with neither code nor score names a note for which nothing is listed
 *   id, code           a final code per line
 *   id, codes          the final codes of a note, in one field (between bars, semicolons, commas or blanks) or several
 *   id, CODE, CODE...  a line per note, a score per code
 * The first line is a heading where its first field is no id of the gold stream's. Without one it is the first form
 * where all lines have three fields of which the third is a number (and is not always a label), else the third. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/metric/plain.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"

enum column { ID, CODE, CODES, SCORE, LABEL };
struct table {
    struct preds *p;
    char by;
    unsigned n;       /* columns of the heading; 0: none */
    uint8_t *column;  /* (n) enum column */
    uint32_t *label;  /* (n) of a LABEL */
    enum column form; /* SCORE, CODE, CODES or LABEL */
    bool hit;         /* some code was one of gold's labels */
};

static bool one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcasecmp(name, *names) == 0)
            return true;
    return false;
}

static enum column column_of(const char *name)
{
    static const char *const id[] = {"id", "hadm_id", "note_id", NULL};
    static const char *const code[] = {"code", "icd_code", "icd9_code", "icd10_code", "label", NULL};
    static const char *const codes[] = {"codes", "icd_codes", "labels", "predictions", "preds", NULL};
    static const char *const score[] = {"score", "prob", "probability", NULL};
    if (one_of(name, id))
        return ID;
    if (one_of(name, code))
        return CODE;
    if (one_of(name, codes))
        return CODES;
    return one_of(name, score) ? SCORE : LABEL;
}

static unsigned fields(const char *line, char by)
{
    char *copy = mem_strndup(line, strlen(line)), *at = copy;
    unsigned n = 0;
    while (at) {
        plain_field(&at, by);
        n++;
    }
    free(copy);
    return n;
}

/* The labels of a heading of scores. */
static int heading_labels(struct table *t, char *const *name)
{
    size_t L = t->p->gold->labels.n, found = 0;
    uint8_t *known = mem_zalloc(L, 1);
    if (!known)
        return E_NOMEM;
    for (unsigned i = 0; i < t->n; i++) {
        if (t->column[i] != LABEL || (i == 0 && !*name[i])) /* the number of a row, as pandas writes it */
            continue;
        int rc = *name[i] ? preds_code(t->p, name[i], strlen(name[i]), &t->label[i]) : err_set(E_DATA, "empty");
        for (unsigned k = 0; !rc && k < i; k++)
            if (t->column[k] == LABEL && t->label[k] == t->label[i])
                rc = err_set(E_DATA, "the code stands there twice");
        if (rc) {
            free(known);
            return err_ctx(rc, "field %u", i + 1);
        }
        if (t->label[i] < L) {
            known[t->label[i]] = 1;
            found++;
        }
    }
    if (found)
        return preds_known(t->p, known);
    free(known);
    return err_set(E_DATA, "no column is a code of the gold stream's labels, nor named code, codes or score");
}

static int heading(struct table *t, char *line)
{
    char **name;
    unsigned of[LABEL + 1] = {0}, id = 0, named = 0;
    int rc = 0;
    t->n = fields(line, t->by);
    t->column = mem_alloc(t->n, sizeof *t->column);
    t->label = mem_alloc(t->n, sizeof *t->label);
    for (unsigned i = 0; t->label && i < t->n; i++)
        t->label[i] = UINT32_MAX;
    if (!(name = mem_alloc(t->n, sizeof *name)) || !t->column || !t->label) {
        free(name);
        return E_NOMEM;
    }
    /* pass 1: what each column is */
    for (unsigned i = 0; i < t->n; i++) {
        name[i] = plain_field(&line, t->by);
        t->column[i] = (uint8_t)column_of(name[i]);
        id = t->column[i] == ID ? i : id;
        named += t->column[i] == ID;
    }
    t->column[id] = ID; /* the first, where none is named so */
    for (unsigned i = 0; i < t->n; i++)
        of[t->column[i]]++;
    /* pass 2: what they are together */
    if (of[ID] > 1 || of[CODE] > 1 || of[CODES] > 1 || of[SCORE] > 1 || (of[CODE] && of[CODES]))
        rc = err_set(E_DATA, "two columns of ids, codes or scores");
    else if (of[CODE])
        t->form = of[SCORE] ? SCORE : CODE;
    else if (of[CODES])
        t->form = CODES;
    else if (!named && *name[0])
        rc = err_set(E_DATA, "no heading: no field is named id, and the first is no id of the gold stream's");
    else {
        t->form = LABEL;
        rc = heading_labels(t, name);
    }
    free(name);
    return rc;
}

/* The codes of one field, in whatever it separates them by. */
static int list(struct table *t, struct pred *d, char *cell, unsigned number, uint32_t *n)
{
    static const char by[] = "|;, []'\"";
    size_t room = strlen(cell) / 2 + 1;
    uint32_t *code = mem_grow(d->code, *n + room, sizeof *code);
    if (!code)
        return E_NOMEM;
    d->code = code;
    for (char *c = cell + strspn(cell, by); *c; c += strspn(c, by)) {
        char *end = c + strcspn(c, by);
        bool last = !*end;
        *end = 0;
        TRY(plain_code(t->p, d, c, number, n));
        t->hit |= d->code[*n - 1] < t->p->gold->labels.n;
        c = last ? end : end + 1;
    }
    return 0;
}

/* One code of a note, of which there may be more on other lines. */
static int one_code(struct table *t, struct pred *d, char *cell, unsigned number)
{
    uint32_t n = d->n + d->outside;
    TRY(list(t, d, cell, number, &n));
    preds_codes(t->p, d, n);
    return 0;
}

static int one_score(struct table *t, struct pred *d, const char *code, unsigned code_at, const char *score,
                     unsigned score_at)
{
    uint32_t label;
    double x;
    TRY(plain_scores(t->p, d));
    if (!*code && !*score)
        return 0;
    int rc = *code ? preds_code(t->p, code, strlen(code), &label) : err_set(E_DATA, "empty");
    if (!rc)
        TRY(plain_number(score, score_at, &x));
    if (!rc)
        rc = preds_score(t->p, d, label, x);
    if (!rc)
        t->hit |= label < t->p->gold->labels.n;
    return rc ? err_ctx(rc, "field %u", code_at) : 0;
}

/* A line under a heading; its last column may hold codes in more fields than one. */
static int row(struct table *t, char *line)
{
    char *at = line, *id = NULL, *cell[LABEL] = {0};
    unsigned place[LABEL] = {0}, have = fields(line, t->by);
    struct pred *d;
    bool more = t->form == CODES && t->column[t->n - 1] == CODES;
    if (have < t->n)
        return err_set(E_DATA, "%u fields where the heading has %u", have, t->n);
    if (have > t->n && !more)
        return err_set(E_DATA, "more fields than the heading's %u", t->n);

    /* pass 1: which note it is */
    char *copy = mem_strndup(line, strlen(line)), *c = copy;
    if (!copy)
        return E_NOMEM;
    for (unsigned i = 0; i < t->n; i++) {
        char *f = plain_field(&c, t->by);
        id = t->column[i] == ID ? f : id;
    }
    int rc =
        t->form == CODE || t->form == SCORE ? preds_get(t->p, id, strlen(id), &d) : preds_add(t->p, id, strlen(id), &d);
    free(copy);
    TRY(rc);
    if (t->form == LABEL)
        TRY(plain_scores(t->p, d));

    /* pass 2: its cells */
    for (unsigned i = 0; at; i++) {
        char *f = plain_field(&at, t->by);
        enum column of = i < t->n ? (enum column)t->column[i] : CODES;
        double x;
        if (of == LABEL && t->form == LABEL && t->label[i] != UINT32_MAX) {
            TRY(plain_number(f, i + 1, &x));
            TRY(preds_score(t->p, d, t->label[i], x));
        } else if (of == CODES && t->form == CODES)
            TRY(one_code(t, d, f, i + 1));
        else if (of != LABEL) {
            cell[of] = f;
            place[of] = i + 1;
        }
    }
    if (t->form == CODE)
        return one_code(t, d, cell[CODE], place[CODE]);
    return t->form == SCORE ? one_score(t, d, cell[CODE], place[CODE], cell[SCORE], place[SCORE]) : 0;
}

/* A line without heading: id, code, score, or id and codes. */
static int bare_row(struct table *t, char *line)
{
    struct pred *d;
    char *at = line, *id = plain_field(&at, t->by);
    if (t->form == SCORE) {
        TRY(preds_get(t->p, id, strlen(id), &d));
        const char *code = plain_field(&at, t->by);
        return one_score(t, d, code, 2, plain_field(&at, t->by), 3);
    }
    TRY(preds_get(t->p, id, strlen(id), &d)); /* a code per line, or all of them */
    for (unsigned i = 2; at; i++)
        TRY(one_code(t, d, plain_field(&at, t->by), i));
    return 0;
}

/* Whether lines without heading are id, code, score. */
static bool all_scores(const struct table *t, const char *text)
{
    char *copy = mem_strndup(text, strlen(text)), *line;
    struct plain_lines l = {.at = copy};
    bool all = copy != NULL, labels = true;
    while (all && (line = plain_line(&l)) != NULL) {
        double x;
        char *at = line, *third;
        all = fields(line, t->by) == 3;
        if (!all)
            break;
        plain_field(&at, t->by);
        plain_field(&at, t->by);
        third = plain_field(&at, t->by);
        all = !*third || plain_number(third, 3, &x) == 0;
        labels &= labels_find(&t->p->gold->labels, third, strlen(third)) >= 0;
    }
    free(copy);
    return all && !labels;
}

static int rows(struct table *t, char *text)
{
    struct plain_lines l = {.at = text};
    char *copy = mem_strndup(text, strcspn(text + strspn(text, " \t\r\n"), "\r\n") + strspn(text, " \t\r\n"));
    int rc = copy ? 0 : E_NOMEM;
    bool headed = false;
    if (!rc) {
        struct plain_lines first = {.at = copy};
        char *at = plain_line(&first), *id = plain_field(&at, t->by);
        headed = !gold_find(t->p->gold, id, strlen(id));
        if (!headed)
            t->form = all_scores(t, text) ? SCORE : CODES;
    }
    free(copy);
    for (char *line; !rc && (line = plain_line(&l)) != NULL;) {
        if (headed && !t->n)
            rc = heading(t, line);
        else
            rc = headed ? row(t, line) : bare_row(t, line);
        t->p->scores = t->form == SCORE || t->form == LABEL;
        t->p->final = !t->p->scores;
        if (rc)
            return err_ctx(rc, "line %llu", (unsigned long long)l.number);
    }
    if (!rc && !headed && !t->hit)
        rc = err_set(E_DATA, "no heading, and no field is a code of the gold stream's labels");
    return rc;
}

int plain_table(struct preds *p, char *text)
{
    struct table t = {.p = p, .by = *strpbrk(text, "\t,|")};
    int rc = rows(&t, text);
    free(t.column);
    free(t.label);
    return rc;
}
