/* Predictions in text, as other systems write them. Lines end in LF or CRLF. See preds.h.
 *   ID|CODE|CODE...          CAML's preds_SPLIT.psv: final codes; "ID|" where there are none
 *   id TAB code TAB score    under this header: a score a line; what is not listed has score 0 (a line with an empty
 *                            code and score names a note for which nothing is listed)
 *   id TAB CODE TAB CODE...  under a header with the whole label set: a line a note, a score a label */
#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/metric/preds.h"
#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"

enum plain preds_plain_kind(const char *path)
{
    struct stat st;
    char head[1 << 12];
    enum plain kind = PLAIN_NOT;
    if (!path || strcmp(path, "-") == 0 || stat(path, &st) || !S_ISREG(st.st_mode))
        return PLAIN_NOT;
    FILE *f = fopen(path, "rb");
    if (!f)
        return PLAIN_NOT;
    size_t n = fread(head, 1, sizeof head, f);
    fclose(f);
    if (n && (*head == '{' || *head == '['))
        return PLAIN_NOT;
    for (size_t i = 0; i < n && head[i] != '\n'; i++) {
        unsigned char c = (unsigned char)head[i];
        if ((c < ' ' && c != '\t' && c != '\r') || c > 126)
            return PLAIN_NOT;
        if (c == '\t' || (c == '|' && kind == PLAIN_NOT))
            kind = c == '\t' ? PLAIN_SCORES : PLAIN_CODES;
    }
    return kind;
}

struct text {
    struct preds *p;
    char *line;
    size_t cap;
    uint32_t *column; /* of a table with a column a label: label of each */
    uint32_t n_column;
    bool negative; /* some score is */
};

/* Ends the field at *at and returns it; *at moves behind it, NULL after the last. */
static char *field(char **at, char by)
{
    char *f = *at, *end = strchr(f, by);
    *at = end ? end + 1 : NULL;
    if (end)
        *end = 0;
    return f;
}

static int label_of(const struct text *t, const char *code, unsigned number, uint32_t *label)
{
    int64_t l = labels_find(&t->p->gold->labels, code, strlen(code));
    if (l < 0)
        return err_set(E_DATA, "field %u: not a code of the gold stream's labels", number);
    *label = (uint32_t)l;
    return 0;
}

static int number(struct text *t, const char *s, unsigned field_number, float *v)
{
    char *end;
    double x = strtod(s, &end);
    if (end == s || *end || *s == ' ' || !(fabs(x) <= (double)FLT_MAX))
        return err_set(E_DATA, "field %u: not a finite number", field_number);
    *v = (float)x;
    t->negative |= *v < 0;
    return 0;
}

static int line_of_codes(struct text *t, char *line)
{
    struct pred *d;
    char *at = line, *id = field(&at, '|');
    unsigned n = 0;
    if (!at)
        return err_set(E_DATA, "no '|'");
    TRY(preds_add(t->p, id, strlen(id), &d));
    for (const char *c = at; (c = strchr(c, '|')); c++)
        n++;
    if (!(d->code = mem_alloc(n + 1, sizeof *d->code)))
        return E_NOMEM;
    for (n = 1; at;) {
        const char *code = field(&at, '|');
        n++;
        if (!*code && n == 2 && !at) /* "ID|" */
            break;
        TRY(label_of(t, code, n, &d->code[d->n]));
        d->n++;
    }
    d->n = gold_unique(d->code, d->n);
    return 0;
}

static int row_of_scores(struct text *t, char *line)
{
    struct pred *d;
    char *at = line, *id = field(&at, '\t');
    size_t L = t->p->gold->labels.n;
    TRY(preds_add(t->p, id, strlen(id), &d));
    if (!(d->score = mem_alloc(L, sizeof *d->score)))
        return E_NOMEM;
    for (uint32_t j = 0; j < t->n_column; j++) {
        if (!at)
            return err_set(E_DATA, "%u fields where the header has %u", j + 1, t->n_column + 1);
        TRY(number(t, field(&at, '\t'), j + 2, &d->score[t->column[j]]));
    }
    return at ? err_set(E_DATA, "more fields than the header's %u", t->n_column + 1) : 0;
}

static int one_score(struct text *t, char *line)
{
    char *at = line, *id = field(&at, '\t'), *code = at ? field(&at, '\t') : NULL,
         *score = at ? field(&at, '\t') : NULL;
    size_t L = t->p->gold->labels.n;
    struct pred *d;
    uint32_t l = 0;
    if (!score || at)
        return err_set(E_DATA, "not three fields");
    const struct gold_note *g = gold_find(t->p->gold, id, strlen(id));
    uint32_t row = g ? t->p->row[g - t->p->gold->v] : 0;
    if (row)
        d = &t->p->v[row - 1];
    else
        TRY(preds_add(t->p, id, strlen(id), &d));
    if (!d->score) {
        if (!(d->score = mem_alloc(L, sizeof *d->score)))
            return E_NOMEM;
        for (size_t i = 0; i < L; i++)
            d->score[i] = NAN; /* not listed so far */
    }
    if (!*code && !*score)
        return 0;
    TRY(label_of(t, code, 2, &l));
    if (d->score[l] == d->score[l])
        return err_set(E_DATA, "field 2: the code stands there twice for this id");
    return number(t, score, 3, &d->score[l]);
}

/* A column for each label, in any order. */
static int header(struct text *t, char *line)
{
    char *at = line;
    size_t L = t->p->gold->labels.n;
    uint8_t *seen = mem_zalloc(L, 1);
    int rc = seen && (t->column = mem_alloc(L, sizeof *t->column)) ? 0 : E_NOMEM;
    field(&at, '\t');
    while (!rc && at) {
        uint32_t l = 0, n = t->n_column;
        if ((rc = label_of(t, field(&at, '\t'), n + 2, &l)) != 0)
            break;
        if (seen[l]++)
            rc = err_set(E_DATA, "field %u: the code stands there twice", n + 2);
        else
            t->column[t->n_column++] = l;
    }
    if (!rc && t->n_column != L)
        rc = err_set(E_DATA, "label sets differ: %zu labels and %u", L, t->n_column);
    free(seen);
    return rc;
}

/* Cells that no line listed have score 0, which only says something where 0 is the least. */
static int fill(struct text *t)
{
    size_t L = t->p->gold->labels.n;
    for (size_t i = 0; i < t->p->n; i++)
        for (size_t l = 0; l < L; l++) {
            float *x = &t->p->v[i].score[l];
            t->p->unlisted += *x != *x;
            *x = *x == *x ? *x : 0;
        }
    return t->p->unlisted && t->negative
               ? err_set(E_DATA, "%llu cells are not listed, and 0 cannot stand for them: listed scores are below 0",
                         (unsigned long long)t->p->unlisted)
               : 0;
}

static int lines(struct text *t, FILE *f, bool *long_form)
{
    int (*take)(struct text *, char *) = NULL;
    ssize_t n;
    for (uint64_t number_ = 1; (n = getline(&t->line, &t->cap, f)) >= 0; number_++) {
        int rc = 0;
        if (strlen(t->line) != (size_t)n)
            rc = err_set(E_DATA, "holds a NUL");
        n -= n && t->line[n - 1] == '\n';
        n -= n && t->line[n - 1] == '\r'; /* one further inside belongs to a field, which it spoils */
        t->line[n] = 0;
        if (!rc && !take && strchr(t->line, '\t')) {
            *long_form = strcmp(t->line, "id\tcode\tscore") == 0;
            take = *long_form ? one_score : row_of_scores;
            t->p->scores = true;
            if (!*long_form && strncmp(t->line, "id\t", 3) != 0)
                rc = err_set(E_DATA, "no header: the first field is not \"id\"");
            else if (!*long_form)
                rc = header(t, t->line);
        } else if (!rc) {
            if (!take) {
                take = line_of_codes;
                t->p->final = true;
            }
            rc = take(t, t->line);
        }
        if (rc)
            return err_ctx(rc, "line %llu", (unsigned long long)number_);
    }
    return ferror(f) ? err_set(E_IO, "%s", strerror(errno)) : 0;
}

int preds_plain(struct preds *p, const char *path)
{
    struct text t = {.p = p};
    bool long_form = false;
    FILE *f = fopen(path, "rb");
    if (!f)
        return err_set(E_NOINPUT, "%s: %s", path, strerror(errno));
    int rc = lines(&t, f, &long_form);
    fclose(f);
    if (!rc && long_form)
        rc = fill(&t);
    free(t.line);
    free(t.column);
    return rc ? err_ctx(rc, "%s", path_base(path)) : 0;
}
