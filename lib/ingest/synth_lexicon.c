/* What synthetic notes talk about: code titles and the bundled expressions, read from share/.
 * Tests: tests/unit/synth.c. */
#include "lib/ingest/synth.h"
#include "lib/kb/match.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include "lib/util/text_file.h"
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAIL = 3000,   /* long-tail codes in use; MIMIC-III has 8,929 in all */
    LINE = 1 << 16 /* bytes of one of share/'s */
};

static int open_share(struct lines *l, const char *name)
{
    char path[PATH_MAX];
    TRY(share_path(name, path, sizeof path));
    TRY(lines_open(l, path, LINE));
    l->name = name;
    return 0;
}

/* CODE, KIND, TITLE, with tabs between. */
static int add_title(struct synth_lexicon *lx, char *line, size_t *room)
{
    char *kind = strchr(line, '\t'), *title = kind ? strchr(kind + 1, '\t') : NULL;
    if (!title)
        return err_set(E_DATA, "not CODE<TAB>KIND<TAB>TITLE");
    *kind++ = *title++ = 0;
    if (lx->ntitles == *room) {
        struct synth_title *t = mem_grow(lx->titles, *room = *room ? 2 * *room : 1024, sizeof *t);
        if (!t)
            return E_NOMEM;
        lx->titles = t;
    }
    struct synth_title *t = &lx->titles[lx->ntitles++];
    *t = (struct synth_title){mem_strndup(line, strlen(line)), mem_strndup(title, strlen(title)),
                              !strcmp(kind, "procedure")};
    return t->code && t->title ? 0 : E_NOMEM;
}

static int load_titles(struct synth_lexicon *lx)
{
    struct lines in;
    char *line;
    size_t n, room = 0;
    int rc;
    TRY(open_share(&in, "icd9/titles.tsv"));
    while (!(rc = lines_next(&in, &line, &n)) && line)
        if ((rc = add_title(lx, line, &room))) {
            lines_bad(&in, rc);
            break;
        }
    lines_close(&in);
    return rc;
}

static int add_expression(struct synth_lexicon *lx, int code, const char *text)
{
    for (int i = 0; i < lx->nexpr[code]; i++)
        if (!strcmp(lx->expr[code][i], text))
            return 0;
    char **e = mem_grow(lx->expr[code], (size_t)lx->nexpr[code] + 1, sizeof *e);
    if (!e)
        return E_NOMEM;
    lx->expr[code] = e;
    e[lx->nexpr[code]] = mem_strndup(text, strlen(text));
    return e[lx->nexpr[code]++] ? 0 : E_NOMEM;
}

static int load_expressions(struct synth_lexicon *lx)
{
    struct lines in;
    char *line;
    size_t n;
    int rc;
    TRY(open_share(&in, "kb/expressions.ndjson"));
    while (!(rc = lines_next(&in, &line, &n)) && line) {
        const char *code, *type, *text;
        json_t *j = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
        if (!j || json_unpack(j, "{s:s, s:s, s:s}", "code", &code, "type", &type, "text", &text) || !*text)
            rc = err_set(E_DATA, "not {code, type, text}");
        else if (strcmp(type, "description") && synth_code_index(code) >= 0)
            rc = add_expression(lx, synth_code_index(code), text);
        json_decref(j);
        if (rc) {
            lines_bad(&in, rc);
            break;
        }
    }
    lines_close(&in);
    return rc;
}

/* An expression by the words that the matcher sees in it. */
struct form {
    char *fold;
    int code, i;
};
static int by_fold(const void *a, const void *b)
{
    return strcasecmp(((const struct form *)a)->fold, ((const struct form *)b)->fold);
}

/* shared[a][i]: expression i of code a is one of another code, too. */
static int mark_shared(const struct synth_lexicon *lx, struct form *form, size_t n, bool **shared)
{
    size_t k = 0, end;
    for (int a = 0; a < SYNTH_TOP; a++) {
        if (!(shared[a] = mem_zalloc((size_t)lx->nexpr[a] + 1, 1)))
            return E_NOMEM;
        for (int i = 0; i < lx->nexpr[a]; i++) {
            struct buf b = {0};
            int rc = match_fold(lx->expr[a][i], strlen(lx->expr[a][i]), &b);
            if (!rc)
                rc = buf_add(&b, "", 1);
            form[k++] = (struct form){b.p, a, i};
            if (rc)
                return rc;
        }
    }
    mem_sort(form, n, sizeof *form, by_fold);
    for (size_t from = 0; from < n; from = end) {
        bool several = false;
        for (end = from + 1; end < n && !by_fold(&form[from], &form[end]); end++)
            several |= form[end].code != form[from].code;
        for (k = from; several && k < end; k++)
            shared[form[k].code][form[k].i] = true;
    }
    return 0;
}

/* An expression that two of the 50 share is no evidence for either: taken out, unless a code would be left with
 * none. */
static int drop_shared(struct synth_lexicon *lx)
{
    bool *shared[SYNTH_TOP] = {0};
    size_t n = 0;
    for (int a = 0; a < SYNTH_TOP; a++)
        n += (size_t)lx->nexpr[a];
    struct form *form = mem_zalloc(n + 1, sizeof *form);
    int rc = form ? mark_shared(lx, form, n, shared) : E_NOMEM;
    for (int a = 0; a < SYNTH_TOP; a++) {
        int kept = 0, all = lx->nexpr[a];
        for (int i = 0; !rc && i < all; i++)
            kept += !shared[a][i];
        for (int i = 0, k = 0; kept && i < all; i++) {
            char *e = lx->expr[a][i];
            if (shared[a][i])
                free(e);
            else
                lx->expr[a][k++] = e;
        }
        if (kept)
            lx->nexpr[a] = kept;
        free(shared[a]);
    }
    for (size_t i = 0; form && i < n; i++)
        free(form[i].fold);
    free(form);
    return rc;
}

static int all_expressions(const struct synth_lexicon *lx, struct matcher **m)
{
    TRY(matcher_new(m));
    matcher_any_case(*m);
    for (int a = 0; a < SYNTH_TOP; a++)
        for (int i = 0; i < lx->nexpr[a]; i++)
            TRY(matcher_add(*m, lx->expr[a][i], strlen(lx->expr[a][i]), (uint32_t)a));
    return matcher_build(*m);
}

/* The long tail: codes in a seeded order, but none whose title would be evidence of one of the 50. */
static int choose_tail(struct synth_lexicon *lx, uint64_t seed)
{
    struct matcher *m = NULL;
    uint32_t *order = mem_alloc(lx->ntitles + 1, sizeof *order);
    lx->tail = mem_alloc(TAIL, sizeof *lx->tail);
    int rc = order && lx->tail ? all_expressions(lx, &m) : E_NOMEM;
    if (!rc) {
        struct rng r = rng_new(seed, 0);
        for (size_t i = 0; i < lx->ntitles; i++)
            order[i] = (uint32_t)i;
        rng_shuffle(&r, order, lx->ntitles);
    }
    for (size_t i = 0; !rc && i < lx->ntitles && lx->ntail < TAIL; i++) {
        const struct synth_title *t = &lx->titles[order[i]];
        struct match_count c = {0};
        matcher_count(m, t->title, strlen(t->title), NULL, &c);
        if (!c.covered && synth_code_index(t->code) < 0)
            lx->tail[lx->ntail++] = order[i];
    }
    matcher_free(m);
    free(order);
    return rc;
}

int synth_lexicon_load(struct synth_lexicon *lx, uint64_t seed)
{
    memset(lx, 0, sizeof *lx);
    TRY(load_titles(lx));
    TRY(load_expressions(lx));
    for (int i = 0; i < SYNTH_TOP; i++)
        if (!lx->nexpr[i])
            return err_set(E_DATA, "kb/expressions.ndjson: no expression for %s", synth_codes[i].code);
    TRY(drop_shared(lx));
    synth_shares(lx->share);
    return choose_tail(lx, seed);
}

void synth_lexicon_free(struct synth_lexicon *lx)
{
    for (size_t i = 0; i < lx->ntitles; i++) {
        free(lx->titles[i].code);
        free(lx->titles[i].title);
    }
    for (int a = 0; a < SYNTH_TOP; a++) {
        for (int i = 0; i < lx->nexpr[a]; i++)
            free(lx->expr[a][i]);
        free(lx->expr[a]);
    }
    free(lx->titles);
    free(lx->tail);
}
