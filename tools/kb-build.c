/* kb-build: what is known about each code (titles, expressions, descriptions) as one kb stream. It reads code tables
 * only: there is no way to hand it a note. Tests: tests/cli/kb-build.sh. Data: share/kb, share/icd9, share/caml. */
#include "lib/stream/stage.h"
#include "lib/util/file.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"expressions", "descriptions", NULL};
static const char *labels_from = "caml50", *kind = "expressions";
static struct opt_list titles;
static bool builtin = true;

static const struct opt opts[] = {
    {.name = "labels",
     .letter = 'l',
     .type = OPT_FILE,
     .value = &labels_from,
     .arg = "caml50|FILE",
     .help = "The codes: the 50 of MIMIC-III-50, or a file with one dotted code a line."},
    {.name = "kind",
     .type = OPT_CHOICE,
     .value = &kind,
     .choices = kinds,
     .arg = "KIND",
     .help =
         "Which knowledge the stream holds: terms, abbreviations and synonyms, or one detailed description a code."},
    {.name = "titles",
     .letter = 't',
     .type = OPT_LIST,
     .value = &titles,
     .arg = "FILE",
     .help = "A table of titles, CODE<TAB>TITLE or CODE<TAB>KIND<TAB>TITLE, that goes before the shipped ones; may be "
             "repeated."},
    {.name = "builtin",
     .type = OPT_FLAG,
     .value = &builtin,
     .help = "Use the shipped expressions and descriptions; without them a code has its title alone."},
    {0},
};

struct term {
    const char *code, *type, *text;
};
struct title {
    const char *code, *text;
};
static struct state {
    char *files[32]; /* texts that titles and codes point into */
    int nfiles;
    struct title *title;
    size_t ntitle;
    json_t *terms; /* code -> [{text,type}] */
    json_t *labels;
} st;

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct title *)a)->code, ((const struct title *)b)->code);
}

/* Equal codes of one table in the order of its lines: their texts lie in one buffer. */
static int by_code_line(const void *a, const void *b)
{
    const struct title *x = a, *y = b;
    int c = by_code(a, b);
    return c ? c : (x->text > y->text) - (x->text < y->text);
}

/* The first table that has a code names it, and in a table its first line. */
static int read_titles(struct run *r, const char *path, bool ours)
{
    char *p;
    size_t n, line = 0;
    if (st.nfiles == (int)(sizeof st.files / sizeof *st.files))
        return err_set(E_USAGE, "too many --titles");
    TRY(file_read(path, 1u << 30, &p, &n));
    st.files[st.nfiles++] = p;
    TRY(run_input_file(r, path));
    json_t *utf8 = json_stringn(p, n);
    json_decref(utf8);
    if (!utf8)
        return err_set(E_DATA, "%s: not UTF-8", path_base(path));
    size_t first = st.ntitle;
    for (char *s = p, *end; *s; s = end) {
        line++;
        end = s + strcspn(s, "\n");
        if (*end)
            *end++ = 0;
        s[strcspn(s, "\r")] = 0;
        if (!*s)
            continue;
        char *tab = strchr(s, '\t'), *last = strrchr(s, '\t');
        if (!tab || tab == s || !last[1])
            return err_set(E_DATA, "%s: line %zu: not CODE<TAB>TITLE", path_base(path), line);
        *tab = 0;
        if ((st.ntitle & (st.ntitle + 1)) == 0) { /* 0, 1, 3, 7, ...: double */
            struct title *t = mem_grow(st.title, 2 * st.ntitle + 2, sizeof *t);
            if (!t)
                return E_NOMEM;
            st.title = t;
        }
        st.title[st.ntitle++] = (struct title){s, last + 1};
    }
    if (first == st.ntitle)
        return err_set(E_DATA, "%s: no titles%s", path_base(path), ours ? "; the shared data is damaged" : "");
    qsort(st.title + first, st.ntitle - first, sizeof *st.title, by_code_line);
    size_t kept = first;
    for (size_t i = first; i < st.ntitle; i++)
        if (!(kept > first && by_code(&st.title[i], &st.title[kept - 1]) == 0) &&
            !(first && bsearch(&st.title[i], st.title, first, sizeof *st.title, by_code)))
            st.title[kept++] = st.title[i];
    st.ntitle = kept;
    qsort(st.title, st.ntitle, sizeof *st.title, by_code);
    return 0;
}

/* The code's title; else its parent's (obsolete codes have only a category), shortening the code from the right. */
static const char *title_of(const char *code)
{
    char c[64];
    snprintf(c, sizeof c, "%s", code);
    for (size_t n = strlen(c); n >= 2; c[--n] = 0) {
        if (c[n - 1] == '.')
            continue;
        struct title key = {c, NULL}, *t = bsearch(&key, st.title, st.ntitle, sizeof key, by_code);
        if (t)
            return t->text;
    }
    return NULL;
}

static int read_expressions(struct run *r, const char *path)
{
    char *p;
    size_t n, line = 0;
    TRY(file_read(path, 1u << 30, &p, &n));
    int rc = run_input_file(r, path);
    st.terms = json_object();
    for (char *s = p, *end; *s && !rc; s = end) {
        line++;
        end = s + strcspn(s, "\n");
        json_error_t e;
        json_t *j = json_loadb(s, (size_t)(end - s), JSON_REJECT_DUPLICATES, &e);
        const char *code = json_string_value(json_object_get(j, "code"));
        const char *type = json_string_value(json_object_get(j, "type"));
        const char *text = json_string_value(json_object_get(j, "text"));
        if (!code || !type || !text || !*text)
            rc = err_set(E_DATA, "%s: line %zu: needs code, type and text", path_base(path), line);
        else {
            json_t *list = json_object_get(st.terms, code);
            if (!list && !json_object_set_new(st.terms, code, list = json_array()))
                list = json_object_get(st.terms, code);
            json_array_append(list, j);
        }
        json_decref(j);
        end += *end == '\n';
    }
    free(p);
    return rc;
}

static int cmp_str(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_labels(struct run *r)
{
    char path[PATH_MAX], *p;
    size_t n, count = 0;
    bool caml = !strcmp(labels_from, "caml50");
    if (caml)
        TRY(share_path("caml/TOP_50_CODES.csv", path, sizeof path));
    else
        snprintf(path, sizeof path, "%s", labels_from);
    TRY(file_read(path, 1u << 26, &p, &n));
    TRY(run_input_file(r, path));
    const char **code = mem_alloc(n / 2 + 1, sizeof *code);
    if (!code)
        return E_NOMEM;
    for (char *s = strtok(p, "\r\n"); s; s = strtok(NULL, "\r\n"))
        code[count++] = s;
    qsort(code, count, sizeof *code, cmp_str);
    int rc = count ? 0 : err_set(E_DATA, "%s: no codes", path_base(path));
    st.labels = json_array();
    for (size_t i = 0; i < count && !rc; i++) {
        if (strlen(code[i]) > 32 || strcspn(code[i], " \t,;") != strlen(code[i]))
            rc = err_set(E_DATA, "%s: a line is not one code", path_base(path));
        else if (i && !strcmp(code[i], code[i - 1]))
            rc = err_set(E_DATA, "%s: code %s stands there twice", path_base(path), code[i]);
        else if (json_array_append_new(st.labels, json_string(code[i])))
            rc = err_set(E_DATA, "%s: a code is not UTF-8", path_base(path));
    }
    free(code);
    free(p);
    return rc;
}

static int begin(struct run *r)
{
    char path[PATH_MAX];
    if (r->argc)
        return err_set(E_USAGE, "no operand is expected: kb-build reads code tables only");
    TRY(read_labels(r));
    for (int i = 0; i < titles.n; i++)
        TRY(read_titles(r, titles.v[i], false));
    TRY(share_path("icd9/titles.tsv", path, sizeof path));
    TRY(read_titles(r, path, true));
    TRY(share_path("caml/ICD9_descriptions", path, sizeof path));
    TRY(read_titles(r, path, true));
    if (builtin) {
        TRY(share_path("kb/expressions.ndjson", path, sizeof path));
        TRY(read_expressions(r, path));
    }
    return json_object_set(r->meta, "labels", st.labels) || json_object_set_new(r->meta, "knowledge", json_string(kind))
               ? err_nomem(64)
               : 0;
}

static void pack_term(msgpack_packer *pk, const char *text, const char *type, const char *source)
{
    msgpack_pack_map(pk, 3);
    pk_str(pk, "text");
    pk_str(pk, text);
    pk_str(pk, "type");
    pk_str(pk, type);
    pk_str(pk, "source");
    pk_str(pk, source);
}

static int emit(struct run *r, const char *code, size_t *untitled)
{
    const char *title = title_of(code), *description = NULL;
    const json_t *list = json_object_get(st.terms, code);
    json_t *one;
    size_t i;
    uint32_t terms = 0;
    bool expressions = !strcmp(kind, "expressions");
    json_array_foreach((json_t *)list, i, one)
    {
        if (!strcmp(json_string_value(json_object_get(one, "type")), "description"))
            description = json_string_value(json_object_get(one, "text"));
        else
            terms++;
    }
    *untitled += !title;
    msgpack_sbuffer sb;
    msgpack_packer pk;
    msgpack_sbuffer_init(&sb);
    msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
    bool described = !expressions && (description || title);
    msgpack_pack_map(&pk, 2u + !!title + (expressions ? 1 : described));
    pk_str(&pk, "code");
    pk_str(&pk, code);
    pk_str(&pk, "kind"); /* two characters before the dot: a procedure (A.2) */
    pk_str(&pk, strcspn(code, ".") == 2 ? "procedure" : "diagnosis");
    if (title) {
        pk_str(&pk, "title");
        pk_str(&pk, title);
    }
    if (described) {
        pk_str(&pk, "description");
        pk_str(&pk, description ? description : title);
    }
    if (expressions) {
        pk_str(&pk, "terms");
        msgpack_pack_array(&pk, terms + !!title);
        if (title)
            pack_term(&pk, title, "term", "title");
        json_array_foreach((json_t *)list, i, one)
        {
            const char *type = json_string_value(json_object_get(one, "type"));
            if (strcmp(type, "description"))
                pack_term(&pk, json_string_value(json_object_get(one, "text")), type, "builtin");
        }
    }
    int rc = run_emit(r, sb.data, sb.size);
    msgpack_sbuffer_destroy(&sb);
    return rc;
}

static int end(struct run *r)
{
    size_t untitled = 0, bare = 0, i;
    json_t *code;
    json_array_foreach(st.labels, i, code)
    {
        TRY(emit(r, json_string_value(code), &untitled));
        bare += builtin && !json_object_get(st.terms, json_string_value(code));
    }
    if (untitled)
        run_warn(r, "%zu codes have no title in any table", untitled);
    if (bare)
        run_note(r, "%zu codes are not in the shipped set: their titles alone stand for them", bare);
    return 0;
}

static void done(struct run *r)
{
    for (int i = 0; i < st.nfiles; i++)
        free(st.files[i]);
    free(st.title);
    json_decref(st.terms);
    json_decref(st.labels);
}

static const struct stage stage = {
    .doc = {"kb-build", "[OPTION]...",
            "Build the knowledge about a set of ICD codes: titles, expressions, descriptions."},
    .opts = opts,
    .out = "kb",
    .unit = "codes",
    .begin = begin,
    .end = end,
    .done = done,
};

int main(int argc, char **argv)
{
    return stage_main(&stage, argc, argv);
}
