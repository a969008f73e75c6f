/* The shipped expressions (share/kb/expressions.ndjson) keep the rules of share/kb/README. What this test must find is
 * tried on a made-up set in tests/selftest/expressions.sh. */
#include <ctype.h>
#include <jansson.h>

#include "lib/kb/match.h"
#include "lib/util/file.h"
#include "tests/test.h"

enum { LEAST = 30, LONGEST = 80, TYPES = 4, SENTENCES = 3 };
static const char *const types[TYPES] = {"term", "abbreviation", "synonym", "description"};
enum { ABBREVIATION = 1, DESCRIPTION = 3 };

static void wrong(const char *code, const char *what, const char *why)
{
    fprintf(stderr, "%s: '%s' %s\n", code, what, why);
    test_bad_++;
}

/* A file of share/, "" where there is none. */
static char *shared(const char *name)
{
    char path[4096], *text = NULL;
    size_t n;
    if (share_path(name, path, sizeof path) || file_read(path, 1 << 24, &text, &n)) {
        wrong("share", name, "cannot be read");
        text = calloc(1, 1);
    }
    return text;
}

/* As the matcher sees it: a word of up to three capitals stays in capitals. */
static char *folded(const char *text)
{
    struct buf b = {0};
    CHECK(match_fold(text, strlen(text), &b) == 0 && buf_add(&b, "", 1) == 0);
    return b.p;
}

static void small_letters(char *s)
{
    for (; *s; s++)
        *s = (char)tolower((unsigned char)*s);
}

/* The words of tests/unit/ordinary.txt, folded. */
static json_t *ordinary_words(void)
{
    json_t *words = json_object();
    char *text = NULL;
    size_t n;
    if (file_read("tests/unit/ordinary.txt", 1 << 20, &text, &n)) /* tests/run starts tests in the tree's root */
        wrong("tests", "ordinary.txt", "cannot be read");
    for (char *s = text ? strtok(text, " \n") : NULL; s; s = strtok(NULL, " \n")) {
        char *f = folded(s);
        json_object_set_new(words, f, json_true());
        free(f);
    }
    CHECK(json_object_size(words) > 2000);
    free(text);
    return words;
}

/* {CODE: {"count": [n of each type], "forms": {form: text}}} for every code of the lists of 50. */
static json_t *codes_of_the_lists(void)
{
    static const char *const lists[] = {"caml/TOP_50_CODES.csv", "labels/laat50", "labels/fixed50"};
    json_t *codes = json_object();
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char *text = shared(lists[i]);
        for (char *s = strtok(text, "\r\n"); s; s = strtok(NULL, "\r\n"))
            if (!json_object_get(codes, s))
                json_object_set_new(codes, s, json_pack("{s:[iiii], s:{}}", "count", 0, 0, 0, 0, "forms"));
        free(text);
    }
    CHECK(json_object_size(codes) == 52);
    return codes;
}

/* Every line: ASCII, {code, type, text} and nothing else, codes in byte-wise order and types in theirs. */
static json_t *lines(void)
{
    json_t *all = json_array();
    char *text = shared("kb/expressions.ndjson"), last[64] = "";
    int last_type = 0;
    size_t row = 0;
    for (char *s = strtok(text, "\n"); s; s = strtok(NULL, "\n")) {
        const char *code, *type, *what;
        char where[32];
        snprintf(where, sizeof where, "line %zu", ++row);
        for (const char *p = s; *p; p++)
            if (*p < ' ' || *p > '~') {
                wrong(where, s, "is not plain ASCII");
                break;
            }
        json_t *one = json_loads(s, JSON_REJECT_DUPLICATES, NULL);
        if (!one || json_object_size(one) != 3 ||
            json_unpack(one, "{s:s, s:s, s:s}", "code", &code, "type", &type, "text", &what)) {
            wrong(where, s, "is not {code, type, text}");
            json_decref(one);
            continue;
        }
        int t = 0, order = strcmp(code, last);
        while (t < TYPES && strcmp(types[t], type) != 0)
            t++;
        if (t == TYPES)
            wrong(code, what, "is of an unknown type");
        if (order < 0 || (order == 0 && t < last_type))
            wrong(code, what, "is not in order (code, then term, abbreviation, synonym, description)");
        snprintf(last, sizeof last, "%s", code);
        last_type = t;
        json_object_set_new(one, "t", json_integer(t));
        json_array_append_new(all, one);
    }
    free(text);
    return all;
}

/* "hct 25": every laboratory table of every note has it, and draws the sampler there. */
static bool is_lab_value(const char *form)
{
    static const char *const labs[] = {"alt",        "ast",     "bicarb", "bnp",       "bun",    "cr",  "creat",
                                       "creatinine", "glucose", "hco3",   "hct",       "hgb",    "k",   "lactate",
                                       "na",         "plt",     "plts",   "potassium", "sodium", "tsh", "wbc"};
    size_t n = strcspn(form, " ");
    bool lab = false;
    for (size_t i = 0; i < sizeof labs / sizeof *labs; i++)
        lab |= strlen(labs[i]) == n && strncmp(labs[i], form, n) == 0;
    return lab && form[n] && strspn(form + n, " 0123456789") == strlen(form + n);
}

/* Notes it under its code, and in `everywhere`: {form: "CODE CODE..."}. */
static void expression(const char *code, const char *text, json_t *forms, json_t *everywhere, const json_t *ordinary)
{
    size_t n = strlen(text);
    char *form = folded(text);
    if (n < 2 || n > LONGEST || text[0] == ' ' || text[n - 1] == ' ' || strstr(text, "  ") || strlen(form) < 2)
        wrong(code, text, "is too short, too long or has blanks too many");
    if (json_object_get(ordinary, form))
        wrong(code, text, "is an ordinary word");
    small_letters(form);
    if (is_lab_value(form))
        wrong(code, text, "is a value of every laboratory table");
    const char *same = json_string_value(json_object_get(forms, form)), *others;
    if (same) {
        wrong(code, text, "is there twice, the matcher sees no difference to:");
        fprintf(stderr, "    '%s'\n", same);
    } else if ((others = json_string_value(json_object_get(everywhere, form))))
        json_object_set_new(everywhere, form, json_sprintf("%s %s", others, code));
    else
        json_object_set_new(everywhere, form, json_string(code));
    json_object_set_new(forms, form, json_string(text));
    free(form);
}

static void description(const char *code, const char *text)
{
    int sentences = 0;
    for (const char *p = text; *p; p++)
        sentences += *p == '.' && (p[1] == ' ' || p[1] == 0);
    if (sentences < SENTENCES)
        wrong(code, "description", "has less than three sentences");
}

/* "fewer: CODE N" in share/kb/README: so many abbreviations are in use for that code, and not LEAST. */
static json_t *fewer(void)
{
    json_t *least = json_object();
    char *text = shared("kb/README"), code[32];
    int n, end;
    for (char *s = strtok(text, "\n"); s; s = strtok(NULL, "\n"))
        if (strncmp(s, "fewer:", 6) == 0) {
            if (sscanf(s, "fewer: %31s %d%n", code, &n, &end) != 2 || s[end] || n < 1 || n >= LEAST)
                wrong("README", s, "is not 'fewer: CODE N' with N below the rule");
            else
                json_object_set_new(least, code, json_integer(n));
        }
    free(text);
    return least;
}

static void enough(const json_t *codes)
{
    const char *code;
    json_t *c, *few = fewer(), *n;
    json_object_foreach((json_t *)codes, code, c)
    {
        for (size_t t = 0; t < TYPES; t++) {
            json_int_t have = json_integer_value(json_array_get(json_object_get(c, "count"), t));
            bool exact = t == DESCRIPTION || (t == ABBREVIATION && json_object_get(few, code));
            json_int_t want = t == DESCRIPTION ? 1 : exact ? json_integer_value(json_object_get(few, code)) : LEAST;
            if (exact ? have != want : have < want) {
                fprintf(stderr, "%s: %lld of type %s, not %s%lld\n", code, (long long)have, types[t],
                        exact ? "" : "at least ", (long long)want);
                test_bad_++;
            }
        }
    }
    json_object_foreach(few, code, n)
    {
        if (!json_object_get(codes, code))
            wrong("README", code, "is no code of the set");
    }
    json_decref(few);
}

/* share/kb/collisions.tsv, FORM<TAB>CODE CODE..., is what stands under several codes. */
static void collisions(const json_t *everywhere)
{
    json_t *listed = json_object(), *v;
    char *text = shared("kb/collisions.tsv"), *tab;
    const char *form, *is, *said;
    for (char *s = strtok(text, "\n"); s; s = strtok(NULL, "\n"))
        if (*s != '#') {
            if (!(tab = strchr(s, '\t'))) {
                wrong("collisions.tsv", s, "is not FORM<TAB>CODES");
                continue;
            }
            *tab = 0;
            if (json_object_get(listed, s))
                wrong("collisions.tsv", s, "is there twice");
            json_object_set_new(listed, s, json_string(tab + 1));
        }
    json_object_foreach((json_t *)everywhere, form, v)
    {
        is = json_string_value(v);
        if (strchr(is, ' ') && (!(said = json_string_value(json_object_get(listed, form))) || strcmp(is, said) != 0))
            wrong(is, form, "is of several codes, and collisions.tsv does not say so");
    }
    json_object_foreach(listed, form, v)
    {
        is = json_string_value(json_object_get(everywhere, form));
        if (!is || strcmp(is, json_string_value(v)) != 0)
            wrong(json_string_value(v), form, "is in collisions.tsv, and not of these codes");
    }
    free(text);
    json_decref(listed);
}

int main(void)
{
    setenv("ICDPIPE_SHARE", "share", 0);
    json_t *codes = codes_of_the_lists(), *everywhere = json_object(), *one;
    size_t i;
    DONE("expressions/code-lists");
    json_t *all = lines();
    DONE("expressions/lines-and-order");

    json_t *ordinary = ordinary_words();
    json_array_foreach(all, i, one)
    {
        const char *code = json_string_value(json_object_get(one, "code"));
        const char *text = json_string_value(json_object_get(one, "text"));
        size_t t = (size_t)json_integer_value(json_object_get(one, "t"));
        json_t *c = json_object_get(codes, code), *count = json_object_get(c, "count");
        if (!c)
            wrong(code, text, "is of a code that is in no list");
        if (!c || t == TYPES)
            continue;
        json_array_set_new(count, t, json_integer(json_integer_value(json_array_get(count, t)) + 1));
        if (t == DESCRIPTION)
            description(code, text);
        else
            expression(code, text, json_object_get(c, "forms"), everywhere, ordinary);
    }
    DONE("expressions/unique-and-no-words");
    enough(codes);
    DONE("expressions/every-code-has-enough");
    collisions(everywhere);
    DONE("expressions/collisions-are-listed");
    json_decref(ordinary);
    json_decref(all);
    json_decref(codes);
    json_decref(everywhere);
    TEST_EXIT();
}
