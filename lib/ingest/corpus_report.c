/* What a corpus had, and what is odd about it, a line each. Tests: tests/cli/rec-cat-import.sh. */
#include "lib/code/code.h"
#include "lib/ingest/corpus.h"
#include "lib/util/err.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED = 5 }; /* of a kind of oddity, then "..." */

struct report {
    struct corpus *c;
    void (*say)(void *ctx, bool warning, const char *line);
};

__attribute__((format(printf, 3, 4))) static void say(const struct report *r, bool warning, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    r->say(r->c->ctx, warning, line);
}

static void counted(const struct report *r, const char *what, uint64_t n)
{
    if (n)
        say(r, true, "%s: %" PRIu64, what, n);
}

/* ---- notes ---- */

static void say_columns(const struct report *r)
{
    struct corpus *c = r->c;
    struct buf b = {0};
    int rc = 0;
    for (int i = 0; i < CORPUS_COLUMNS && !rc; i++)
        if (c->columns.name[i] && (i != CORPUS_CODES || c->opts->codes))
            rc = buf_fmt(&b, "%s%s=%s", b.n ? "," : "", corpus_role[i], c->columns.name[i]);
    if (!rc && c->counts.left_out)
        rc = buf_fmt(&b, "; left out: %" PRIu64, c->counts.left_out);
    if (!rc)
        say(r, false, "columns %.*s", (int)b.n, b.p);
    buf_free(&b);
    if (!c->opts->codes && c->columns.name[CORPUS_CODES])
        say(r, true, "%s %s is left out, as no note stream holds labels; --gold FILE keeps them, apart", c->column_word,
            c->columns.name[CORPUS_CODES]);
}

/* Subjects whose notes are in more than one split: a model may know them by heart. */
static size_t subjects_in_two(const struct corpus *c)
{
    uint8_t *seen = mem_zalloc(c->subjects.n, 1);
    size_t n = 0;
    for (uint32_t i = 0; seen && i < c->ids.n; i++) {
        const struct corpus_note *note = &c->note[i];
        if (note->subject == NO_PLACE || !corpus_keeps(c, i) || note->split == CORPUS_NONE)
            continue;
        uint8_t *s = &seen[note->subject], bit = (uint8_t)(1 << note->split), one = *s && !(*s & (*s - 1));
        n += one && *s != bit;
        *s |= bit;
    }
    free(seen);
    return n;
}

static void say_notes(const struct report *r)
{
    struct corpus *c = r->c;
    uint64_t split[CORPUS_SPLITS] = {0}, notes = 0, codes = 0, bare = 0, without = 0;
    /* Count. */
    for (uint32_t i = 0; i < c->ids.n; i++) {
        without += !corpus_keeps(c, i);
        if (!corpus_keeps(c, i))
            continue;
        notes++;
        split[c->note[i].split]++;
        bare += c->note[i].first == NO_PLACE;
        for (uint32_t k = c->note[i].first; k != NO_PLACE; k = c->link[k].next)
            codes++;
    }
    /* What was read. */
    say(r, false, "notes: %" PRIu64 ": %" PRIu64 " train, %" PRIu64 " dev, %" PRIu64 " test", notes,
        split[CORPUS_TRAIN], split[CORPUS_DEV], split[CORPUS_TEST]);
    if (c->subjects.n)
        say(r, false, "subjects: %zu", c->subjects.n);
    if (c->opts->codes)
        say(r, false, "labels: %zu, given %" PRIu64 " times", c->codes.n, codes);
    /* What was left out or joined. */
    counted(r, "notes without a text, which are left out", without);
    if (c->opts->codes)
        counted(r, "notes without a code", bare);
    if (c->counts.joined)
        say(r, false, "%ss of an id that an earlier one has, whose codes were joined: %" PRIu64, c->row_word,
            c->counts.joined);
    /* What is odd about the splits. */
    if (split[CORPUS_NONE] == notes)
        say(r, true, "no note has a split, and training needs train and dev: --draw 70,10,20 draws them by subject");
    else
        counted(r, "notes without a split", split[CORPUS_NONE]);
    for (int s = CORPUS_TRAIN; s < CORPUS_SPLITS; s++)
        if (c->opts->draw && !split[s])
            say(r, true, "%s got no note", corpus_split_name[s]);
    if (c->opts->draw && !c->subjects.n)
        say(r, true, "there is no subject, so notes were drawn one by one: notes of one patient may be in two splits");
    counted(r, "subjects with notes in more than one split", subjects_in_two(c));
}

/* ---- codes ---- */

/* A list of names, cut short. */
struct oddity {
    struct buf names;
    size_t n;
};
static void add_name(struct oddity *o, const char *name)
{
    if (o->n++ < NAMED)
        buf_fmt(&o->names, "%s%.20s", o->n > 1 ? ", " : "", name);
}
static void say_oddity(const struct report *r, struct oddity *o, const char *what)
{
    if (o->n)
        say(r, true, "%s: %zu: %.*s%s", what, o->n, (int)o->names.n, o->names.p, o->n > NAMED ? ", ..." : "");
    buf_free(&o->names);
}

/* Capitals without the dot: what two spellings of a code have in common. */
static size_t spelled(const char *code, char key[64])
{
    size_t n = 0;
    for (; *code && n < 63; code++)
        if (*code != '.')
            key[n++] = *code >= 'a' && *code <= 'z' ? (char)(*code - 'a' + 'A') : *code;
    key[n] = 0;
    return n;
}

/* Codes that differ in case or in having a dot at all. With dots in two places they are two: 38.93 and 389.3. */
static void say_spellings(const struct report *r)
{
    struct corpus *c = r->c;
    struct names keys = {0};
    struct oddity two = {0};
    uint32_t *first = mem_alloc(c->codes.n, sizeof *first), place; /* code of each key */
    for (uint32_t i = 0; first && i < c->codes.n; i++) {
        char key[64];
        const char *code = names_at(&c->codes, i, NULL);
        size_t n = spelled(code, key);
        int got = names_add(&keys, key, n, &place);
        if (got == 0)
            first[place] = i;
        if (got != 1)
            continue;
        const char *other = names_at(&c->codes, first[place], NULL), *dot = strchr(code, '.');
        const char *other_dot = strchr(other, '.');
        if (!dot == !other_dot && (!dot || dot - code != other_dot - other))
            continue;
        char pair[64];
        snprintf(pair, sizeof pair, "%.9s/%.9s", other, code);
        add_name(&two, pair);
    }
    free(first);
    names_free(&keys);
    say_oddity(r, &two, "codes in two spellings, each a label of its own");
}

static void say_shapes(const struct report *r)
{
    struct corpus *c = r->c;
    struct code_votes votes = {0};
    struct oddity none = {0}, other = {0}, nulls = {0};
    for (uint32_t i = 0; i < c->nulls.n; i++)
        add_name(&nulls, names_at(&c->nulls, i, NULL));
    /* Which version most codes look like. */
    for (uint32_t i = 0; i < c->codes.n; i++) {
        size_t n;
        const char *p = names_at(&c->codes, i, &n);
        code_vote(&votes, p, n);
    }
    int icd = code_version(&votes);
    bool some = votes.none < votes.icd9 + votes.icd10 + votes.either;
    unsigned wanted = icd == 9 ? CODE_ICD9 : CODE_ICD10 | CODE_ICD10_PCS_PART;
    /* Which codes look like none, or like the other version. */
    for (uint32_t i = 0; i < c->codes.n && some; i++) {
        size_t n;
        const char *p = names_at(&c->codes, i, &n);
        unsigned look = code_look(p, n);
        if (!look)
            add_name(&none, p);
        else if (icd && !(look & wanted))
            add_name(&other, p);
    }
    /* Say it. */
    if (some && icd)
        say(r, false, "the codes look like ICD-%d", icd);
    else if (!some && c->codes.n)
        say(r, true, "most labels do not look like codes of the ICD");
    if (c->counts.nulls)
        say(r, true, "words for no code, which are left out: %" PRIu64 "%s%.*s", c->counts.nulls, nulls.n ? ": " : "",
            (int)nulls.names.n, nulls.n ? nulls.names.p : "");
    buf_free(&nulls.names);
    say_oddity(r, &none, "labels with the shape of no ICD code");
    say_oddity(r, &other,
               icd == 9 ? "labels that are not ICD-9, as most are" : "labels that are not ICD-10, as most are");
}

void corpus_report(struct corpus *c, void (*tell)(void *ctx, bool warning, const char *line))
{
    const struct report r = {c, tell};
    say_columns(&r);
    say_notes(&r);
    if (!c->opts->codes)
        return;
    counted(&r, "repeated codes of a note, which are taken once", c->counts.repeated);
    counted(&r, "values with blanks around them, which were taken off", c->counts.trimmed);
    say_shapes(&r);
    say_spellings(&r);
}
