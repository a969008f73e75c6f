/* Rows into notes: see corpus.h. Tests: tests/cli/rec-cat-import.sh, tests/unit/corpus.c. */
#include "lib/ingest/corpus.h"
#include "lib/code/code.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

const char *const corpus_split_name[CORPUS_SPLITS] = {"", "train", "dev", "test"};

/* ---- splits ---- */

/* What others call them. Any case. */
static const struct {
    const char *name;
    enum corpus_split split;
} synonyms[] = {{"train", CORPUS_TRAIN},     {"training", CORPUS_TRAIN},   {"tr", CORPUS_TRAIN},
                {"trn", CORPUS_TRAIN},       {"dev", CORPUS_DEV},          {"valid", CORPUS_DEV},
                {"validation", CORPUS_DEV},  {"val", CORPUS_DEV},          {"development", CORPUS_DEV},
                {"devel", CORPUS_DEV},       {"eval", CORPUS_DEV},         {"tune", CORPUS_DEV},
                {"test", CORPUS_TEST},       {"testing", CORPUS_TEST},     {"tst", CORPUS_TEST},
                {"te", CORPUS_TEST},         {"heldout", CORPUS_TEST},     {"held-out", CORPUS_TEST}};

static int exact_split(const char *p, size_t n, enum corpus_split *split)
{
    for (int s = CORPUS_NONE; s < CORPUS_SPLITS; s++)
        if (strlen(corpus_split_name[s]) == n && memcmp(corpus_split_name[s], p, n) == 0) {
            *split = (enum corpus_split)s;
            return 1;
        }
    return 0;
}

int corpus_split_check_map(const struct opt_list *map)
{
    for (int i = 0; map && i < map->n; i++) {
        const char *eq = strchr(map->v[i], '=');
        enum corpus_split s;
        if (!eq || eq == map->v[i])
            return err_set(E_USAGE, "--map-split: '%s' is not NAME=SPLIT", map->v[i]);
        if (!exact_split(eq + 1, strlen(eq + 1), &s) || s == CORPUS_NONE)
            return err_set(E_USAGE, "--map-split: '%s' is not train, dev or test", eq + 1);
    }
    return 0;
}

/* Shown only where it is short and made of what names are made of. */
static int no_split(const char *p, size_t n)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (n > 20 || strspn(p, fit) < n)
        return err_set(E_DATA, "not train, dev or test");
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (strlen(synonyms[i].name) == n && strncasecmp(synonyms[i].name, p, n) == 0)
            return err_set(E_DATA, "'%.*s' is not train, dev or test; --map-split %.*s=%s says that it is", (int)n, p,
                           (int)n, p, corpus_split_name[synonyms[i].split]);
    return err_set(E_DATA, "'%.*s' is not train, dev or test; --map-split %.*s=train (or dev, test) says which it is",
                   (int)n, p, (int)n, p);
}

int corpus_split_of(const char *p, size_t n, const struct opt_list *map, enum corpus_split *split)
{
    for (int i = 0; map && i < map->n; i++) {
        const char *eq = strchr(map->v[i], '=');
        if ((size_t)(eq - map->v[i]) == n && memcmp(map->v[i], p, n) == 0)
            return exact_split(eq + 1, strlen(eq + 1), split) ? 0 : E_BUG;
    }
    return exact_split(p, n, split) ? 0 : no_split(p, n);
}

/* ---- a row ---- */

void corpus_open(struct corpus *c, const struct corpus_opts *opts)
{
    *c = (struct corpus){.opts = opts, .file = "", .row_word = "row", .column_word = "column"};
    msgpack_sbuffer_init(&c->sb);
}

static int at_column(const struct corpus *c, enum corpus_column r, int rc)
{
    const char *name = c->columns.name[r] ? c->columns.name[r] : corpus_role[r];
    return rc ? err_ctx(rc, "%s %s", c->column_word, name) : 0;
}

/* A short value: without blanks around it (counted), "" for the words that say "none". E_DATA: a control character. */
static int value_of(struct corpus *c, const struct cell *cell, const char **p, size_t *n)
{
    *p = cell->p ? cell->p : "";
    *n = cell->p ? cell->n : 0;
    size_t whole = *n;
    while (*n && (**p == ' ' || **p == '\t'))
        ++*p, --*n;
    while (*n && ((*p)[*n - 1] == ' ' || (*p)[*n - 1] == '\t'))
        --*n;
    c->counts.trimmed += !c->again && *n && *n < whole;
    if (code_is_null_word(*p, *n))
        *n = 0;
    for (size_t i = 0; i < *n; i++)
        if ((unsigned char)(*p)[i] < ' ' || (*p)[i] == 0x7f)
            return err_set(E_DATA, "a control character");
    return utf8_valid(*p, *n) == *n ? 0 : err_set(E_DATA, "not UTF-8");
}

static int note_of(struct corpus *c, const struct corpus_row *row, uint32_t *note, bool *fresh)
{
    char number[24];
    const char *p = number;
    size_t n = (size_t)snprintf(number, sizeof number, "%llu", (unsigned long long)row->number);
    if (!c->columns.numbered)
        TRY(value_of(c, &row->cell[CORPUS_ID], &p, &n));
    if (!n)
        return err_set(E_DATA, "empty");
    int got = names_add(&c->ids, p, n, note);
    if (got > 1)
        return got;
    *fresh = !got;
    if (got)
        return 0;
    if (c->again)
        return err_set(E_DATA, "an id that was not there before: did the file change while it was read?");
    if (c->ids.n > c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 1024;
        struct corpus_note *v = mem_grow(c->note, cap, sizeof *v);
        if (!v)
            return E_NOMEM;
        c->note = v;
        c->cap = cap;
    }
    c->note[*note] = (struct corpus_note){.first = NO_PLACE, .last = NO_PLACE, .subject = NO_PLACE};
    return 0;
}

static int take_split(struct corpus *c, const struct cell *cell, struct corpus_note *note, bool fresh)
{
    enum corpus_split split;
    const char *p;
    size_t n;
    TRY(value_of(c, cell, &p, &n));
    TRY(corpus_split_of(p, n, c->opts->map_split, &split));
    if (split == CORPUS_NONE || split == note->split)
        return 0;
    if (!fresh && (note->split != CORPUS_NONE || note->written))
        return err_set(E_DATA, "an earlier %s of this id has another split", c->row_word);
    note->split = (uint8_t)split;
    return 0;
}

static int take_subject(struct corpus *c, const struct cell *cell, struct corpus_note *note, bool fresh)
{
    uint32_t subject;
    const char *p;
    size_t n;
    TRY(value_of(c, cell, &p, &n));
    if (!n)
        return 0;
    if (names_add(&c->subjects, p, n, &subject) > 1)
        return E_NOMEM;
    if (note->subject == subject)
        return 0;
    if (!fresh && (note->subject != NO_PLACE || note->written))
        return err_set(E_DATA, "an earlier %s of this id has another subject", c->row_word);
    note->subject = subject;
    return 0;
}

/* ---- the note ---- */

static void pk_field(msgpack_packer *pk, const char *field, const char *p, size_t n)
{
    pk_str(pk, field);
    pk_strn(pk, p, n);
}

static int pk_array(msgpack_packer *pk, const char *field, const json_t *v)
{
    if (!v)
        return 0;
    if (!json_is_array(v))
        return err_set(E_DATA, "field %s: not an array", field);
    pk_str(pk, field);
    return pk_json(pk, v);
}

static int emit_note(struct corpus *c, uint32_t i, const struct cell *text, const struct corpus_row *row)
{
    const struct corpus_note *note = &c->note[i];
    bool subject = note->subject != NO_PLACE;
    const char *split = corpus_split_name[note->split], *p;
    msgpack_packer pk;
    size_t n;
    msgpack_sbuffer_clear(&c->sb);
    pk_init(&pk, &c->sb);
    msgpack_pack_map(&pk, 3u + subject + !!row->parts + !!row->spans);
    p = names_at(&c->ids, i, &n);
    pk_field(&pk, "id", p, n);
    if (subject) {
        p = names_at(&c->subjects, note->subject, &n);
        pk_field(&pk, "subject", p, n);
    }
    pk_field(&pk, "split", split, strlen(split));
    pk_field(&pk, "text", text->p, text->n);
    TRY(pk_array(&pk, "parts", row->parts));
    TRY(pk_array(&pk, "spans", row->spans));
    return c->emit(c->ctx, c->sb.data, c->sb.size);
}

static int take_text(struct corpus *c, const struct corpus_row *row, uint32_t i)
{
    const struct cell *text = &row->cell[CORPUS_TEXT];
    struct corpus_note *note = &c->note[i];
    if (!text->p || code_is_null_word(text->p, text->n))
        return 0;
    uint64_t hash = XXH64(text->p, text->n, 0);
    if (note->has_text && note->hash != hash)
        return err_set(E_DATA, "an earlier %s of this id has another text", c->row_word);
    if (!note->has_text) {
        if (memchr(text->p, 0, text->n) && strcmp(c->row_word, "row") == 0)
            return err_set(E_DATA, "a NUL, which no text holds");
        size_t good = utf8_valid(text->p, text->n);
        if (good < text->n)
            return err_set(E_DATA, "byte %zu: not UTF-8 (if it is Windows-1252, iconv -f WINDOWS-1252 -t UTF-8 "
                                   "converts it)", good + 1);
        note->has_text = true;
        note->hash = hash;
    }
    if (note->written || !c->emit)
        return 0;
    note->written = true;
    return emit_note(c, i, text, row);
}

int corpus_row(struct corpus *c, const struct corpus_row *row)
{
    uint32_t i;
    bool fresh;
    c->counts.rows += !c->again;
    int rc = note_of(c, row, &i, &fresh);
    if (rc)
        return at_column(c, CORPUS_ID, rc);
    if (!c->again) {
        c->counts.joined += !fresh;
        if (!c->opts->draw)
            TRY(at_column(c, CORPUS_SPLIT, take_split(c, &row->cell[CORPUS_SPLIT], &c->note[i], fresh)));
        TRY(at_column(c, CORPUS_SUBJECT, take_subject(c, &row->cell[CORPUS_SUBJECT], &c->note[i], fresh)));
        const struct cell *codes = &row->cell[CORPUS_CODES];
        if (c->opts->codes && row->list)
            TRY(at_column(c, CORPUS_CODES, corpus_list_codes(c, i, row->list)));
        else if (c->opts->codes && codes->p)
            TRY(at_column(c, CORPUS_CODES, corpus_cell_codes(c, i, codes->p, codes->n)));
    }
    return c->opts->text ? at_column(c, CORPUS_TEXT, take_text(c, row, i)) : 0;
}

/* ---- gold ---- */

bool corpus_keeps(const struct corpus *c, uint32_t note)
{
    return c->note[note].has_text || !c->opts->text;
}

static int by_string(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int corpus_gold_meta(const struct corpus *c, json_t **meta)
{
    bool *used = mem_zalloc(c->codes.n, sizeof *used);
    const char **v = mem_alloc(c->codes.n, sizeof *v);
    size_t n = 0;
    *meta = NULL;
    for (uint32_t i = 0; used && i < c->ids.n; i++)
        for (uint32_t k = c->note[i].first; corpus_keeps(c, i) && k != NO_PLACE; k = c->link[k].next)
            used[c->link[k].code] = true;
    for (uint32_t i = 0; used && v && i < c->codes.n; i++)
        if (used[i])
            v[n++] = names_at(&c->codes, i, NULL);
    int rc = used && v ? 0 : E_NOMEM;
    if (!rc && !n)
        rc = at_column(c, CORPUS_CODES, err_set(E_DATA, "no code in any %s", c->row_word));
    if (!rc) {
        mem_sort(v, n, sizeof *v, by_string);
        json_t *labels = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(labels, json_string(v[i]));
        *meta = json_pack("{s:o, s:s}", "labels", labels, "label_set", "found");
        rc = *meta ? 0 : err_nomem(n);
    } else if (rc == E_DATA) {
        err_ctx(rc, "%s", c->file);
    }
    free(used);
    free(v);
    return rc;
}

int corpus_gold(struct corpus *c, int (*emit)(void *ctx, const char *body, size_t n))
{
    for (uint32_t i = 0; i < c->ids.n; i++) {
        const struct corpus_note *note = &c->note[i];
        const char *split = corpus_split_name[note->split], *p;
        msgpack_packer pk;
        size_t n, codes = 0;
        if (!corpus_keeps(c, i))
            continue;
        for (uint32_t k = note->first; k != NO_PLACE; k = c->link[k].next)
            codes++;
        msgpack_sbuffer_clear(&c->sb);
        pk_init(&pk, &c->sb);
        msgpack_pack_map(&pk, 3);
        p = names_at(&c->ids, i, &n);
        pk_field(&pk, "id", p, n);
        pk_field(&pk, "split", split, strlen(split));
        pk_str(&pk, "codes");
        msgpack_pack_array(&pk, codes);
        for (uint32_t k = note->first; k != NO_PLACE; k = c->link[k].next) {
            p = names_at(&c->codes, c->link[k].code, &n);
            pk_strn(&pk, p, n);
        }
        TRY(emit(c->ctx, c->sb.data, c->sb.size));
    }
    return 0;
}

void corpus_close(struct corpus *c)
{
    corpus_columns_free(&c->columns);
    names_free(&c->ids);
    names_free(&c->subjects);
    names_free(&c->codes);
    names_free(&c->nulls);
    free(c->note);
    free(c->link);
    msgpack_sbuffer_destroy(&c->sb);
}
