/* Which plain file it is, and ID|CODE|CODE... as CAML writes preds_SPLIT.psv: see plain.h. */
#include "lib/metric/plain.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"
#include "lib/util/file.h"

static const char bom[] = "\xef\xbb\xbf", zstd[] = "\x28\xb5\x2f\xfd";

bool plain_is(const char *path)
{
    struct stat st;
    unsigned char head[4] = {0};
    if (!path || strcmp(path, "-") == 0 || stat(path, &st) || !S_ISREG(st.st_mode))
        return false;
    size_t n = file_head(path, head, sizeof head);
    if (n == sizeof head && memcmp(head, zstd, sizeof head) == 0)
        return false;
    bool utf16 = n >= 2 && ((head[0] == 0xff && head[1] == 0xfe) || (head[0] == 0xfe && head[1] == 0xff));
    return n && (utf16 || memcmp(head, bom, 3) == 0 || (*head >= ' ' && *head < 127) || strchr("\t\n\r", *head));
}

char *plain_line(struct plain_lines *l)
{
    while (*l->at) {
        char *line = l->at, *end = line + strcspn(line, "\r\n");
        l->at = *end ? end + 1 : end;
        if (*end == '\r' && *l->at == '\n')
            l->at++;
        l->number++;
        *end = 0;
        while (*line == ' ')
            line++;
        while (end > line && end[-1] == ' ')
            *--end = 0;
        if (line[strspn(line, " \t")])
            return line;
    }
    return NULL;
}

/* A field in quotes: its text in place; what is behind the closing quote, NULL if there is none. */
static char *quoted(char *f)
{
    char *to = f, *from = f + 1;
    for (; *from; *to++ = *from++)
        if (*from == '"' && *++from != '"') {
            *to = 0;
            return from;
        }
    return NULL;
}

char *plain_field(char **at, char by)
{
    char *f = *at, *end = f + strspn(f, " ");
    if (by == ',' && *end == '"') {
        f = end;
        char *rest = quoted(f);
        rest = rest ? rest + strspn(rest, " ") : NULL;
        if (!rest || (*rest && *rest != by)) { /* no quote closes it, or not there: no code is such a field */
            *at = NULL;
            return f;
        }
        *at = *rest ? rest + 1 : NULL;
        return f;
    }
    end = strchr(f, by);
    *at = end ? end + 1 : NULL;
    if (end)
        *end = 0;
    f += strspn(f, " ");
    for (end = f + strlen(f); end > f && end[-1] == ' ';)
        *--end = 0;
    return f;
}

int plain_code(struct preds *p, struct pred *d, const char *code, unsigned number, uint32_t *n)
{
    if (!*code)
        return err_set(E_DATA, "field %u: empty", number);
    int rc = preds_code(p, code, strlen(code), &d->code[*n]);
    if (rc)
        return err_ctx(rc, "field %u", number);
    ++*n;
    return 0;
}

int plain_number(const char *text, unsigned number, double *v)
{
    char *end;
    *v = strtod(text, &end);
    if (end == text || *end || !(fabs(*v) <= (double)FLT_MAX))
        return err_set(E_DATA, "field %u: not a finite number", number);
    return 0;
}

int plain_scores(const struct preds *p, struct pred *d)
{
    size_t L = p->gold->labels.n;
    if (d->exact)
        return 0;
    if (!(d->exact = mem_alloc(L, sizeof *d->exact)))
        return E_NOMEM;
    for (size_t l = 0; l < L; l++)
        d->exact[l] = NAN;
    return 0;
}

/* "ID" and "ID|": no code. */
static int codes(struct preds *p, char *line)
{
    struct pred *d;
    char *at = line, *end = line + strlen(line), *id = plain_field(&at, '|');
    uint32_t n = 0, room = 1;
    TRY(preds_add(p, id, strlen(id), &d));
    while (at && end > at && (end[-1] == '|' || end[-1] == ' ')) /* bars that nothing follows */
        *--end = 0;
    for (const char *c = at; c && *c; c++)
        room += *c == '|';
    if (!(d->code = mem_alloc(room, sizeof *d->code)))
        return E_NOMEM;
    for (unsigned f = 2; at && (*at || f > 2); f++)
        TRY(plain_code(p, d, plain_field(&at, '|'), f, &n));
    preds_codes(p, d, n);
    return 0;
}

static int psv(struct preds *p, char *text)
{
    struct plain_lines l = {.at = text};
    p->final = true;
    for (char *line; (line = plain_line(&l)) != NULL;) {
        int rc = codes(p, line);
        if (rc)
            return err_ctx(rc, "line %llu", (unsigned long long)l.number);
    }
    return 0;
}

/* Cells that are not listed have score 0, which only says something where 0 is the least. */
static int count_unlisted(struct preds *p)
{
    size_t L = p->gold->labels.n;
    bool negative = false;
    for (size_t i = 0; i < p->n; i++)
        for (size_t l = 0; l < L; l++) {
            double x = p->v[i].exact[l];
            p->unlisted += x != x && (!p->known || p->known[l]);
            negative |= x < 0;
        }
    return p->unlisted && negative
               ? err_set(E_DATA, "%llu cells are not listed, and 0 cannot stand for them: listed scores are below 0",
                         (unsigned long long)p->unlisted)
               : 0;
}

static int read_text(struct preds *p, char *text, size_t n)
{
    if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return err_set(E_DATA, "UTF-16: only UTF-8 is read");
    const char *nul = memchr(text, 0, n);
    if (nul) {
        unsigned long long line = 1;
        for (const char *c = text; c < nul; c++)
            line += *c == '\n';
        return err_set(E_DATA, "line %llu: holds a NUL", line);
    }
    if (n >= 3 && memcmp(text, bom, 3) == 0)
        text += 3;
    const char *first = text + strspn(text, " \t\r\n"), *by = strpbrk(text, "\t,|");
    if (*first == '{' || *first == '[')
        TRY(plain_json(p, text, strlen(text)));
    else
        TRY(!*first || !by || *by == '|' ? psv(p, text) : plain_table(p, text));
    return p->scores && p->n ? count_unlisted(p) : 0;
}

int plain_read(struct preds *p, const char *path)
{
    char *text;
    size_t n;
    TRY(file_read(path, SIZE_MAX / 4, &text, &n));
    int rc = read_text(p, text, n);
    free(text);
    return rc ? err_ctx(rc, "%s", path_base(path)) : 0;
}
