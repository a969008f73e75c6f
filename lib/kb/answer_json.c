/* Answers in JSON: {"medical_terms": ["..."], "abbreviations": {"HTN": "hypertension"}, "synonyms": "a, b"},
 * {"description": "..."}, either of them under the code as the key. Tests: tests/unit/answer.c. */
#include <jansson.h>
#include <stdlib.h>

#include "lib/kb/answer_part.h"
#include "lib/util/err.h"

enum { NESTED_MAX = 8 };

static struct slice text_of(const json_t *j)
{
    return (struct slice){json_string_value(j), json_string_length(j)};
}

/* An expression, or several between commas. */
static int entry_of(struct answer *a, enum kb_type type, struct slice s, bool many)
{
    struct buf out = {0};
    int rc = answer_markup(a, s, &out);
    rc = rc ? rc : answer_entry(a, type, slice_of(&out), many);
    buf_free(&out);
    return rc;
}

static int description_of(struct answer *a, struct slice s)
{
    struct buf out = {0};
    int rc = answer_markup(a, s, &out);
    rc = rc ? rc : answer_description(a, slice_of(&out));
    buf_free(&out);
    return rc;
}

/* Members of one of the three lists. */
static int list(struct answer *a, enum kb_type type, json_t *j)
{
    size_t i;
    json_t *one;
    const char *key;
    if (json_is_string(j))
        return entry_of(a, type, text_of(j), true);
    if (json_is_object(j)) { /* a short form and what it stands for */
        json_object_foreach(j, key, one)
        {
            TRY(entry_of(a, type, (struct slice){key, strlen(key)}, false));
            if (json_is_string(one) && type == KB_ABBREVIATION)
                TRY(entry_of(a, KB_TERM, text_of(one), false));
            else
                TRY(answer_talk(a, "an explanation"));
        }
        return 0;
    }
    if (!json_is_array(j))
        return json_is_null(j) ? 0 : answer_lost(a, "JSON: neither a string nor a list of them");
    json_array_foreach(j, i, one)
    {
        if (json_is_string(one))
            TRY(entry_of(a, type, text_of(one), false));
        else
            TRY(answer_lost(a, "JSON: a list's member that is no string"));
    }
    return 0;
}

static int walk(struct answer *a, json_t *j, bool description, int depth)
{
    const char *key;
    json_t *one;
    json_object_foreach(j, key, one)
    {
        struct buf words = {0};
        int rc = buf_str(&words, key);
        for (size_t i = 0; i < words.n; i++)
            words.p[i] = words.p[i] == '_' ? ' ' : words.p[i];
        struct slice name = {words.p, words.n};
        int type = heading_type(name);
        bool described = json_is_string(one) && (slice_find(name, "description") || slice_is(name, "definition"));
        buf_free(&words);
        if (rc)
            return rc;
        if (description && described)
            TRY(description_of(a, text_of(one)));
        else if (!description && type >= 0)
            TRY(list(a, (enum kb_type)type, one));
        else if (json_is_object(one) && depth < NESTED_MAX)
            TRY(walk(a, one, description, depth + 1));
        else if (json_is_string(one) || json_is_number(one) || json_is_boolean(one) || json_is_null(one))
            TRY(answer_talk(a, "JSON: a member of another kind"));
        else
            TRY(answer_lost(a, "JSON: a member that is none of the three lists"));
    }
    return 0;
}

/* An object in a fence, with words before and after it; empty: there is none. */
static struct slice fenced(struct slice s)
{
    for (const char *fence, *end; (fence = memmem(s.p, s.n, "```", 3));) {
        s = (struct slice){fence + 3, (size_t)(s.p + s.n - fence) - 3};
        s = slice_begins(s, "json") ? (struct slice){s.p + 4, s.n - 4} : s;
        s = slice_trim(s);
        if (s.n && *s.p == '{') {
            end = memmem(s.p, s.n, "```", 3);
            return slice_trim((struct slice){s.p, end ? (size_t)(end - s.p) : s.n});
        }
    }
    return (struct slice){s.p, 0};
}

int answer_json(struct answer *a, const char *text, size_t n, bool description, bool *is_json)
{
    struct slice s = slice_trim((struct slice){text, n});
    struct slice inner = fenced(s);
    s = inner.n ? inner : s;
    *is_json = s.n && *s.p == '{';
    if (!*is_json)
        return 0;
    json_t *j = json_loadb(s.p, s.n, JSON_ALLOW_NUL, NULL);
    int rc = j ? walk(a, j, description, 0) : answer_lost(a, "JSON that is malformed or cut off");
    json_decref(j);
    return rc;
}
