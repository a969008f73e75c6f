/* Which column is what: as the user says, or by the names that corpora use. Adding a name is adding it to `known`.
 * Tests: tests/cli/rec-cat-import.sh, tests/unit/corpus.c. */
#include "lib/ingest/corpus.h"
#include "lib/util/err.h"
#include <stdlib.h>
#include <string.h>

const char *const corpus_role[CORPUS_COLUMNS] = {"id", "text", "codes", "split", "subject"};

enum { KNOWN_MAX = 20 };
/* Upper and lower case, '_', '-' and blanks do not matter. The first of these that is there is it. */
static const char *const known[CORPUS_COLUMNS][KNOWN_MAX] = {
    [CORPUS_ID] = {"id", "noteid", "hadmid", "docid", "documentid", "reportid", "visitid", "encounterid", "stayid",
                   "admissionid", "filename"},
    [CORPUS_TEXT] = {"text", "note", "notetext", "clinicalnote", "notes", "fulltext", "document", "report", "content",
                     "dischargesummary"},
    [CORPUS_CODES] = {"codes", "labels", "icdcodes", "icd", "icd10codes", "icd9codes", "icd10", "icd9", "code", "label",
                      "icdcode", "icd10code", "icd9code", "target", "targets"},
    [CORPUS_SPLIT] = {"split", "set", "partition", "subset", "fold"},
    [CORPUS_SUBJECT] = {"subject", "subjectid", "patient", "patientid", "personid", "mrn"}};

/* name[0..n) is `plain` but for case and what parts words. */
static bool alike(const char *name, size_t n, const char *plain)
{
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        if (c == '_' || c == '-' || c == ' ')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!*plain || c != *plain++)
            return false;
    }
    return !*plain;
}

bool corpus_names_codes(const char *name)
{
    for (int k = 0; known[CORPUS_CODES][k]; k++)
        if (alike(name, strlen(name), known[CORPUS_CODES][k]))
            return true;
    return false;
}

static int set_column(const char *key, const char *value, void *ctx)
{
    struct corpus_columns *c = ctx;
    for (int r = 0; r < CORPUS_COLUMNS; r++)
        if (strcmp(key, corpus_role[r]) == 0) {
            if (c->given[r])
                return err_set(E_USAGE, "--columns: %s is there twice", key);
            c->given[r] = true;
            c->numbered |= r == CORPUS_ID && strcmp(value, "#") == 0;
            c->name[r] = mem_strndup(value, strlen(value));
            return c->name[r] ? 0 : E_NOMEM;
        }
    return err_set(E_USAGE, "--columns: '%s' is not id, text, codes, split or subject", key);
}

int corpus_columns_parse(struct corpus_columns *c, const char *spec)
{
    *c = (struct corpus_columns){0};
    return spec ? opt_pairs(spec, set_column, c) : 0;
}

/* What the file has, for a message. A file without a heading shows its first row here, which may be a note: only what
 * looks like a name is shown. */
static int list_names(struct buf *b, const struct cell *name, int n)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    enum { SHOWN = 12, LONG = 32 };
    for (int i = 0; i < n && i < SHOWN; i++) {
        bool fits = name[i].n && name[i].n <= LONG && strspn(name[i].p, fit) == name[i].n;
        TRY(buf_fmt(b, "%s%.*s", i ? ", " : "", fits ? (int)name[i].n : 1, fits ? name[i].p : "?"));
    }
    return n > SHOWN ? buf_fmt(b, ", ... (%d in all)", n) : 0;
}

static int missing(const struct corpus_columns *c, int role, const char *word, const struct cell *name, int n)
{
    struct buf has = {0};
    int rc = list_names(&has, name, n);
    if (!rc)
        rc = buf_add(&has, "", 1);
    if (!rc && c->given[role])
        rc = err_set(E_DATA, "--columns %s=%s: there is no such %s; there are: %s", corpus_role[role], c->name[role],
                     word, has.p);
    else if (!rc)
        rc = err_set(E_DATA, "no %s looks like %s; say which it is with --columns %s=NAME%s; there are: %s", word,
                     corpus_role[role], corpus_role[role], role == CORPUS_ID ? " (id=#: the number of the row)" : "",
                     has.p);
    buf_free(&has);
    return rc;
}

/* The column of a role among n names that no other role has, -1 if there is none. */
static int find(const struct corpus_columns *c, int role, const struct cell *name, int n, const int *place)
{
    if (c->name[role]) {
        for (int i = 0; i < n; i++)
            if (place[i] < 0 && name[i].n == strlen(c->name[role]) &&
                memcmp(name[i].p, c->name[role], name[i].n) == 0)
                return i;
        return -1;
    }
    for (int k = 0; known[role][k]; k++)
        for (int i = 0; i < n; i++)
            if (place[i] < 0 && alike(name[i].p, name[i].n, known[role][k]))
                return i;
    return -1;
}

int corpus_columns_choose(struct corpus_columns *c, const char *word, const struct cell *name, int n, int *place)
{
    for (int i = 0; i < n; i++)
        place[i] = -1;
    for (int given = 1; given >= 0; given--) /* what the user says comes before guesses */
        for (int r = 0; r < CORPUS_COLUMNS; r++) {
            if (c->given[r] != given || (r == CORPUS_ID && c->numbered) || c->unused[r])
                continue;
            int i = find(c, r, name, n, place);
            if (i < 0 && (c->wanted[r] || c->given[r]))
                return missing(c, r, word, name, n);
            if (i < 0)
                continue;
            place[i] = r;
            if (!c->name[r] && !(c->name[r] = mem_strndup(name[i].p, name[i].n)))
                return E_NOMEM;
        }
    return 0;
}

void corpus_columns_free(struct corpus_columns *c)
{
    for (int r = 0; r < CORPUS_COLUMNS; r++)
        free(c->name[r]);
    *c = (struct corpus_columns){0};
}
