/* What synthetic notes talk about: code titles and the bundled expressions, read from share/.
 * Tests: tests/unit/synth.c. */
#include "lib/ingest/synth.h"
#include "lib/util/err.h"
#include "lib/util/file.h"
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL = 3000 }; /* long-tail codes in use; MIMIC-III has 8,929 in all */

static int open_share(const char *name, FILE **f)
{
    char path[PATH_MAX];
    TRY(share_path(name, path, sizeof path));
    *f = fopen(path, "r");
    return *f ? 0 : err_set(E_NOINPUT, "%s: %s", name, strerror(errno));
}
static char *lower(const char *s)
{
    char *l = mem_strndup(s, strlen(s));
    for (char *p = l; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return l;
}

static int load_titles(struct synth_lexicon *lx)
{
    FILE *f;
    char *line = NULL;
    size_t cap = 0, room = 0;
    ssize_t n;
    int rc;
    TRY(open_share("icd9/titles.tsv", &f));
    for (uint64_t row = 1; rc = 0, (n = getline(&line, &cap, f)) > 0; row++) {
        line[strcspn(line, "\r\n")] = 0;
        char *kind = strchr(line, '\t'), *title = kind ? strchr(kind + 1, '\t') : NULL;
        if (!title) {
            rc = err_set(E_DATA, "icd9/titles.tsv: line %llu: not CODE<TAB>KIND<TAB>TITLE", (unsigned long long)row);
            break;
        }
        *kind++ = *title++ = 0;
        if (lx->ntitles == room) {
            struct synth_title *t = mem_grow(lx->titles, room = room ? 2 * room : 1024, sizeof *t);
            if (!t) {
                rc = E_NOMEM;
                break;
            }
            lx->titles = t;
        }
        struct synth_title *t = &lx->titles[lx->ntitles++];
        *t = (struct synth_title){mem_strndup(line, strlen(line)), mem_strndup(title, strlen(title)),
                                  !strcmp(kind, "procedure")};
        if (!t->code || !t->title) {
            rc = E_NOMEM;
            break;
        }
    }
    free(line);
    fclose(f);
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
    FILE *f;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int rc = 0;
    TRY(open_share("kb/expressions.ndjson", &f));
    for (uint64_t row = 1; !rc && (n = getline(&line, &cap, f)) > 0; row++) {
        const char *code, *type, *text;
        json_t *j = json_loadb(line, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
        if (!j || json_unpack(j, "{s:s, s:s, s:s}", "code", &code, "type", &type, "text", &text) || !*text)
            rc = err_set(E_DATA, "kb/expressions.ndjson: line %llu: not {code, type, text}", (unsigned long long)row);
        else if (strcmp(type, "description") && synth_code_index(code) >= 0)
            rc = add_expression(lx, synth_code_index(code), text);
        json_decref(j);
    }
    free(line);
    fclose(f);
    return rc;
}

/* An expression that two of the 50 share is no evidence for either: taken out, unless a code would be left with
 * none. */
static void drop_shared(struct synth_lexicon *lx)
{
    bool *shared[SYNTH_TOP] = {0};
    for (int a = 0; a < SYNTH_TOP; a++) {
        shared[a] = calloc((size_t)lx->nexpr[a] + 1, 1);
        for (int i = 0; shared[a] && i < lx->nexpr[a]; i++)
            for (int b = 0; b < SYNTH_TOP; b++)
                for (int j = 0; b != a && j < lx->nexpr[b]; j++)
                    shared[a][i] |= !strcasecmp(lx->expr[a][i], lx->expr[b][j]);
    }
    for (int a = 0; a < SYNTH_TOP; a++) {
        int kept = 0, n = lx->nexpr[a];
        for (int i = 0; shared[a] && i < n; i++)
            kept += !shared[a][i];
        for (int i = 0, k = 0; kept && i < n; i++) {
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
}

/* Is `part` in `whole` as whole words? Both in lower case. */
static bool says(const char *whole, const char *part)
{
    size_t n = strlen(part);
    for (const char *p = whole; (p = strstr(p, part)); p++)
        if ((p == whole || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n]))
            return true;
    return false;
}

/* The long tail: codes in a seeded order, but none whose title would be evidence of one of the 50. */
static int choose_tail(struct synth_lexicon *lx, uint64_t seed)
{
    size_t nlow = 0;
    for (int a = 0; a < SYNTH_TOP; a++)
        nlow += (size_t)lx->nexpr[a];
    char **low = mem_zalloc(nlow + 1, sizeof *low);
    uint32_t *order = mem_alloc(lx->ntitles + 1, sizeof *order);
    lx->tail = mem_alloc(TAIL, sizeof *lx->tail);
    int rc = low && order && lx->tail ? 0 : E_NOMEM;
    size_t k = 0;
    for (int a = 0; !rc && a < SYNTH_TOP; a++)
        for (int i = 0; !rc && i < lx->nexpr[a]; i++)
            rc = (low[k++] = lower(lx->expr[a][i])) ? 0 : E_NOMEM;
    if (!rc) {
        struct rng r = rng_new(seed, 0);
        for (size_t i = 0; i < lx->ntitles; i++)
            order[i] = (uint32_t)i;
        rng_shuffle(&r, order, lx->ntitles);
    }
    for (size_t i = 0; !rc && i < lx->ntitles && lx->ntail < TAIL; i++) {
        const struct synth_title *t = &lx->titles[order[i]];
        char *title = lower(t->title);
        bool clear = synth_code_index(t->code) < 0;
        rc = title ? 0 : E_NOMEM;
        for (size_t e = 0; !rc && clear && e < nlow; e++)
            clear = !says(title, low[e]);
        if (clear && !rc)
            lx->tail[lx->ntail++] = order[i];
        free(title);
    }
    for (size_t i = 0; low && i < nlow; i++)
        free(low[i]);
    free(low);
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
    drop_shared(lx);
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
