/* Label sets. A further fixed list is a file in share/labels and its name in `fixed`. Tests: tests/cli/mimic-split.sh.
 * */
#include "lib/ingest/label_set.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *file;
} fixed[] = {{"caml50", "caml/TOP_50_CODES.csv"}, {"laat50", "labels/laat50"}, {"fixed50", "labels/fixed50"}};

static int by_code(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}
static void sort(struct label_set *l)
{
    mem_sort(l->code, l->n, sizeof *l->code, by_code);
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++)
        if (kept && !strcmp(l->code[kept - 1], l->code[i]))
            free(l->code[i]);
        else
            l->code[kept++] = l->code[i];
    l->n = kept;
}

static int add(struct label_set *l, const char *p, size_t n)
{
    if (l->n == l->cap)
        sort(l); /* of millions of rows a few thousand codes remain */
    if (2 * l->n >= l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        char **v = mem_grow(l->code, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        l->code = v;
        l->cap = cap;
    }
    l->code[l->n] = mem_strndup(p, n);
    return l->code[l->n] ? (l->n++, 0) : E_NOMEM;
}
static int read_line(struct label_set *l, const char *p)
{
    size_t n = strcspn(p, " \t,\r");
    if (n && code_is_null_word(p, n)) {
        l->null_words++;
        return 0;
    }
    bool code = code_look(p, n) != 0;
    for (size_t i = 0; i < n; i++)
        if ((!isalnum((unsigned char)p[i]) && p[i] != '.') || n >= ICD9_MAX || (!code && islower((unsigned char)p[i])))
            return err_set(E_DATA, "not a code");
    if (n && !code && !l->odd++)
        memcpy(l->first_odd, p, n);
    return n ? add(l, p, n) : 0;
}
static int read_file(struct label_set *l, const char *path)
{
    char *text;
    size_t n;
    TRY(text_read(path, 1 << 24, &text, &n));
    int rc = 0;
    uint64_t line = 0;
    for (char *p = text, *next; p < text + n && !rc; p = next) {
        char *end = memchr(p, '\n', (size_t)(text + n - p));
        end = end ? end : text + n;
        next = end + 1;
        *end = 0; /* text_read leaves room for a NUL */
        line++;
        if ((rc = read_line(l, p)))
            err_ctx(rc, "%s: line %" PRIu64, path_base(path), line);
    }
    free(text);
    return rc || l->n ? rc : err_set(E_DATA, "%s: no label", path_base(path));
}
static int all_codes(struct label_set *l, const struct mimic *m)
{
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < m->order[i]->codes; k++)
            TRY(add(l, m->order[i]->code[k].code, strlen(m->order[i]->code[k].code)));
    return l->n ? 0 : err_set(E_DATA, "no admission with a note has a code");
}

static const char *file_of(const char *name)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (!strcmp(name, fixed[i].name))
            return fixed[i].file;
    return NULL;
}
bool label_set_named(const char *name)
{
    return file_of(name) != NULL;
}

int label_set_load(struct label_set *l, const char *name, const struct mimic *m)
{
    char share[PATH_MAX];
    const char *file = file_of(name);
    *l = (struct label_set){0};
    if (file)
        TRY(share_path(file, share, sizeof share));
    if (!strcmp(name, "full"))
        TRY(all_codes(l, m));
    else
        TRY(read_file(l, file ? share : name));
    sort(l);
    return 0;
}

/* How many of the admissions have each code: *out, in the order of l. */
static int count_admissions(const struct label_set *l, const struct mimic *m, bool train_only, uint64_t **out)
{
    uint64_t *count = *out = mem_zalloc(l->n, sizeof *count);
    size_t *last = mem_zalloc(l->n, sizeof *last); /* the admission that was counted last, plus 1 */
    int rc = count && last ? 0 : E_NOMEM;
    for (size_t i = 0; i < m->n && !rc; i++)
        for (size_t k = 0; k < m->order[i]->codes && (!train_only || m->order[i]->split == SPLIT_TRAIN); k++) {
            ptrdiff_t at = label_set_find(l, m->order[i]->code[k].code);
            if (at >= 0 && last[at] != i + 1) {
                last[at] = i + 1;
                count[at]++;
            }
        }
    free(last);
    return rc;
}
int label_set_at_least(struct label_set *l, const struct mimic *m, uint64_t least, bool train_only)
{
    uint64_t *count;
    size_t kept = 0;
    int rc = count_admissions(l, m, train_only, &count);
    for (size_t i = 0; i < l->n && !rc; i++)
        if (count[i] >= least)
            l->code[kept++] = l->code[i];
        else
            free(l->code[i]);
    if (!rc) {
        l->rare = l->n - kept;
        l->n = kept;
    }
    free(count);
    return rc || kept ? rc : err_set(E_DATA, "no label is left: none has %" PRIu64 " admissions", least);
}

ptrdiff_t label_set_find(const struct label_set *l, const char *code)
{
    char **at = l->n ? bsearch(&code, l->code, l->n, sizeof *l->code, by_code) : NULL;
    return at ? at - l->code : -1;
}

void label_set_free(struct label_set *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->code[i]);
    free(l->code);
    *l = (struct label_set){0};
}
