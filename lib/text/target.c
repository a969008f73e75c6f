/* Targets: see target.h. */
#include "lib/text/target.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/code/label.h"
#include "lib/text/codes.h"
#include "lib/text/prompt.h"
#include "lib/util/err.h"
#include "lib/util/rng.h"

int targets_open(struct targets *t, const json_t *meta)
{
    TRY(labels_open(&t->labels, meta));
    if (!(t->rank = mem_alloc(t->labels.n, sizeof *t->rank)))
        return E_NOMEM;
    for (size_t i = 0; i < t->labels.n; i++)
        t->rank[t->labels.sorted[i]] = (uint32_t)i;
    return 0;
}

/* ---- can the vocabulary write it? ---- */

/* Does text come back from its ids? */
static int survives(const struct spm *s, const char *p, size_t n, bool *yes)
{
    struct spm_ids v = {0};
    struct buf b = {0};
    int rc = spm_encode(s, p, n, 0, &v);
    if (!rc)
        rc = spm_decode(s, v.id, v.n, &b);
    *yes = !rc && b.n == n && memcmp(b.p, p, n) == 0;
    spm_ids_free(&v);
    buf_free(&b);
    return rc;
}

/* Which character of p is to blame, for a message, and what to do; codes and the separator are no note text. */
static const char for_code[] = ": vocab-train --codes makes one that can; for label attention alone, --format 0";
static const char for_separator[] = ": choose another --separator";

static int blame(const struct spm *s, const char *p, const char *what, const char *way)
{
    for (size_t i = 0, n; p[i]; i += n) {
        bool yes;
        for (n = 1; (p[i + n] & 0xc0) == 0x80; n++)
            ;
        char probe[16] = "0";
        if (n > 4 || p[i] == ' ')
            continue;
        memcpy(probe + 1, p + i, n);
        memcpy(probe + 1 + n, "0", 2);
        TRY(survives(s, probe, n + 2, &yes));
        if (!yes && (unsigned char)p[i] < ' ')
            return err_set(E_DATA, "this vocabulary can't express the control character 0x%02x of %s", p[i], what);
        if (!yes)
            return err_set(E_DATA, "this vocabulary can't express '%.*s' of %s%s", (int)n, p + i, what, way);
    }
    return err_set(E_DATA, "%s does not survive a round trip through this vocabulary", what);
}

/* Every code, alone and between separators, must come back: a vocabulary that lacks a character would teach the
 * model targets that no decoder can read. */
static int check_plain(const struct targets *t, const struct spm *s)
{
    struct buf b = {0};
    char what[160];
    bool yes = true;
    int rc = 0;
    for (size_t i = 0; i < t->labels.n && !rc; i++) {
        const char *a = t->labels.code[i];
        snprintf(what, sizeof what, "code %s", a);
        if ((rc = survives(s, a, strlen(a), &yes)) || (!yes && (rc = blame(s, a, what, for_code))))
            break;
    }
    for (size_t i = 0; i < t->labels.n && !rc; i++) {
        const char *a = t->labels.code[i], *next = t->labels.code[(i + 1) % t->labels.n];
        b.n = 0;
        if ((rc = buf_str(&b, a)) || (rc = buf_str(&b, t->separator)) || (rc = buf_str(&b, next)) ||
            (rc = survives(s, b.p, b.n, &yes)))
            break;
        if (!yes)
            rc = blame(s, t->separator, "the separator", for_separator);
    }
    buf_free(&b);
    return rc;
}

static int write_code(const struct targets *t, uint32_t label, struct buf *out)
{
    TRY(buf_str(out, t->labels.code[label]));
    return t->kb ? prompt_title(t->kb, t->labels.code[label], out) : 0;
}

/* Is text[0..n), sent through the vocabulary, read back as exactly these labels? */
static int reads_as(const struct targets *t, const struct spm *s, const struct buf *text, uint32_t a, uint32_t b,
                    uint8_t *set, bool *yes)
{
    struct spm_ids v = {0};
    struct buf back = {0};
    size_t found = 0;
    int rc = spm_encode(s, text->p, text->n, 0, &v);
    if (!rc)
        rc = spm_decode(s, v.id, v.n, &back);
    memset(set, 0, t->labels.n);
    int64_t unknown = 0;
    if (!rc)
        unknown = codes_parse(&t->labels, back.n ? back.p : "", back.n, false, set);
    for (size_t i = 0; i < t->labels.n; i++)
        found += set[i];
    *yes = !unknown && set[a] && set[b] && found == (a == b ? 1 : 2);
    spm_ids_free(&v);
    buf_free(&back);
    return rc;
}

/* With its description, too, each code must be read back as itself, alone and before another. */
static int check_described(const struct targets *t, const struct spm *s)
{
    struct buf b = {0};
    uint8_t *set = mem_alloc(t->labels.n, 1);
    bool alone = true, before = true;
    int rc = set ? 0 : E_NOMEM;
    for (uint32_t i = 0; i < t->labels.n && !rc; i++) {
        uint32_t next = (uint32_t)((i + 1) % t->labels.n);
        b.n = 0;
        if (!(rc = write_code(t, i, &b)) && !(rc = reads_as(t, s, &b, i, i, set, &alone)) &&
            !(rc = buf_str(&b, t->separator)) && !(rc = write_code(t, next, &b)))
            rc = reads_as(t, s, &b, i, next, set, &before);
        if (!rc && (!alone || !before))
            rc = err_set(E_DATA, "code %s with its description can't be read back through this vocabulary",
                         t->labels.code[i]);
    }
    free(set);
    buf_free(&b);
    return rc;
}

int targets_check(const struct targets *t, const struct spm *s)
{
    for (size_t i = 0; i < t->labels.n; i++)
        TRY(label_check(t->labels.code[i], strlen(t->labels.code[i])));
    TRY(check_plain(t, s));
    return t->kb ? check_described(t, s) : 0;
}

/* ---- records ---- */

/* The coder's place of code p: the smallest seq_num that `sequence` gives it, INT64_MAX if none. */
static int place_of(const msgpack_object *seq, const char *p, size_t n, int64_t *place)
{
    *place = INT64_MAX;
    for (uint32_t i = 0; seq && i < seq->via.array.size; i++) {
        const msgpack_object *e = &seq->via.array.ptr[i];
        if (e->type != MSGPACK_OBJECT_ARRAY || e->via.array.size != 2 || e->via.array.ptr[0].type != MSGPACK_OBJECT_STR)
            return err_set(E_DATA, "field sequence: not [code, number] pairs");
        const msgpack_object *c = &e->via.array.ptr[0], *s = &e->via.array.ptr[1];
        int64_t at;
        if (s->type == MSGPACK_OBJECT_POSITIVE_INTEGER && s->via.u64 < INT64_MAX)
            at = (int64_t)s->via.u64;
        else if (s->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
            at = s->via.i64;
        else if (s->type == MSGPACK_OBJECT_NIL)
            at = INT64_MAX;
        else
            return err_set(E_DATA, "field sequence: not [code, number] pairs");
        if (c->via.str.size == n && memcmp(c->via.str.ptr, p, n) == 0 && at < *place)
            *place = at;
    }
    return 0;
}

int targets_add(struct targets *t, const msgpack_object *rec)
{
    const char *id, *split = "";
    size_t id_n, split_n = 0;
    const msgpack_object *codes = rec_get(rec, "codes"), *seq = rec_get(rec, "sequence");
    rec_str(rec, "id", &id, &id_n);
    rec_str(rec, "split", &split, &split_n);
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 1024;
        struct target *g = mem_grow(t->note, cap, sizeof *g);
        if (!g)
            return E_NOMEM;
        t->note = g;
        t->cap = cap;
    }
    struct target *g = &t->note[t->n++];
    *g = (struct target){0};
    uint32_t n = codes ? codes->via.array.size : 0;
    if (!(g->id = mem_strndup(id, id_n)) || !(g->split = mem_strndup(split, split_n)) ||
        !(g->code = mem_alloc(n, sizeof *g->code)) || !(g->place = mem_alloc(n, sizeof *g->place)))
        return E_NOMEM;
    /* its codes, each once, and what they are sorted by */
    for (uint32_t i = 0; i < n; i++) {
        const msgpack_object_str *c = &codes->via.array.ptr[i].via.str;
        int64_t l = labels_find(&t->labels, c->ptr, c->size);
        if (l < 0)
            return err_set(E_DATA, "field codes: code %u is not in meta.labels", i + 1);
        size_t j = 0;
        while (j < g->n && g->code[j] != l)
            j++;
        if (j < g->n)
            continue;
        g->code[g->n] = (uint32_t)l;
        g->place[g->n] = t->order == ORDER_GIVEN ? (int64_t)g->n : INT64_MAX;
        if (t->order == ORDER_SEQUENCE)
            TRY(place_of(seq, c->ptr, c->size, &g->place[g->n]));
        g->n++;
    }
    return 0;
}

/* ---- orders ---- */

struct frequency {
    const uint64_t *count;
    const uint32_t *rank;
};

static int by_frequency(const void *a, const void *b, void *ctx)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const struct frequency *f = ctx;
    const uint64_t *c = f->count;
    if (c[x] != c[y])
        return c[x] > c[y] ? -1 : 1;
    return f->rank[x] < f->rank[y] ? -1 : f->rank[x] > f->rank[y];
}

/* rank becomes the place of each label by how many training records have it. */
static int rank_by_frequency(struct targets *t)
{
    size_t n = t->labels.n, train = 0;
    uint64_t *count = mem_zalloc(n, sizeof *count);
    uint32_t *by = mem_alloc(n, sizeof *by);
    if (count && by) {
        for (size_t i = 0; i < t->n; i++) {
            if (strcmp(t->note[i].split, "train") != 0)
                continue;
            train++;
            for (size_t j = 0; j < t->note[i].n; j++)
                count[t->note[i].code[j]]++;
        }
        for (size_t i = 0; i < n; i++)
            by[i] = (uint32_t)i;
        qsort_r(by, n, sizeof *by, by_frequency, &(struct frequency){count, t->rank});
        for (size_t i = 0; i < n; i++)
            t->rank[by[i]] = (uint32_t)i;
    }
    bool room = count && by;
    free(count);
    free(by);
    if (!room)
        return E_NOMEM;
    if (train == 0 && t->n > 0)
        return err_set(E_DATA,
                       "no record of the train split, whose codes --order freq counts (rec-cat --from-csv --draw gives "
                       "splits; --order code needs none)");
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(struct target *const *)a)->id, (*(struct target *const *)b)->id);
}
static int id_is(const void *key, const void *item)
{
    return strcmp(key, (*(struct target *const *)item)->id);
}

/* Where each code of a target first occurs in the text. */
static int find_places(const struct targets *t, struct target *note, const char *text, size_t n,
                       const struct matcher *m, const struct kb *kb, uint64_t *scope, struct match_words *w)
{
    for (size_t i = 0; i < note->n; i++) {
        const char *code = t->labels.code[note->code[i]];
        size_t first, found = kb_find(kb, code, strlen(code), &first), k = 0;
        memset(scope, 0, (kb->codes / 64 + 1) * sizeof *scope);
        for (size_t j = first; j < first + found; j++)
            scope[kb->sorted[j] / 64] |= 1ull << kb->sorted[j] % 64;
        TRY(matcher_mark(m, text, n, scope, w));
        while (k < w->n && !w->word[k].weight)
            k++;
        if (k < w->n)
            note->place[i] = w->word[k].begin;
    }
    return 0;
}

int targets_read_notes(struct targets *t, struct stream *notes, const struct matcher *m, const struct kb *kb)
{
    const msgpack_object *rec;
    struct match_words w = {0};
    struct target **by = mem_alloc(t->n, sizeof *by);
    uint64_t *scope = mem_alloc(kb->codes / 64 + 1, sizeof *scope);
    int rc = by && scope ? 0 : E_NOMEM;
    for (size_t i = 0; i < t->n && by; i++)
        by[i] = &t->note[i];
    if (by)
        mem_sort(by, t->n, sizeof *by, by_id);
    while (!rc && stream_next(notes, &rec, &rc) == STREAM_RECORD) {
        const char *id, *text;
        size_t id_n, n;
        rec_str(rec, "id", &id, &id_n);
        rec_str(rec, "text", &text, &n);
        char *key = mem_strndup(id, id_n);
        struct target **found = key ? bsearch(key, by, t->n, sizeof *by, id_is) : NULL;
        if (!key)
            rc = E_NOMEM;
        else if (found)
            rc = find_places(t, *found, text, n, m, kb, scope, &w);
        free(key);
    }
    free(by);
    free(scope);
    match_words_free(&w);
    return rc;
}

static void shuffle(struct targets *t, struct target *note)
{
    struct rng r = rng_new(t->seed, XXH64(note->id, strlen(note->id), 0));
    for (size_t i = 0; i < note->n; i++)
        note->place[i] = (int64_t)(rng_u64(&r) >> 2);
}

static bool goes_before(const struct targets *t, const struct target *g, size_t a, size_t b)
{
    if (g->place[a] != g->place[b])
        return g->place[a] < g->place[b];
    return t->rank[g->code[a]] < t->rank[g->code[b]];
}

int targets_sort(struct targets *t)
{
    if (t->order == ORDER_FREQ)
        TRY(rank_by_frequency(t));
    for (size_t k = 0; k < t->n; k++) {
        struct target *g = &t->note[k];
        if (t->order == ORDER_SHUFFLE)
            shuffle(t, g);
        for (size_t i = 1; i < g->n; i++) /* insertion: a note has few codes */
            for (size_t j = i; j > 0 && goes_before(t, g, j, j - 1); j--) {
                uint32_t c = g->code[j];
                int64_t s = g->place[j];
                g->code[j] = g->code[j - 1];
                g->place[j] = g->place[j - 1];
                g->code[j - 1] = c;
                g->place[j - 1] = s;
            }
    }
    return 0;
}

int targets_text(const struct targets *t, const struct target *note, struct buf *out)
{
    out->n = 0;
    for (size_t i = 0; i < note->n; i++) {
        if (i)
            TRY(buf_str(out, t->separator));
        TRY(write_code(t, note->code[i], out));
    }
    return 0;
}

void targets_free(struct targets *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->note[i].id);
        free(t->note[i].split);
        free(t->note[i].code);
        free(t->note[i].place);
    }
    free(t->note);
    free(t->rank);
    labels_close(&t->labels);
}
