/* Bare JSON records: see bare.h. */
#include "lib/ingest/bare.h"
#include "lib/code/code.h"
#include "lib/code/label.h"
#include "lib/ingest/corpus.h"
#include "lib/util/err.h"
#include <stdio.h>
#include <string.h>

static void drop_labels(struct bare *b, json_t *note)
{
    const char *key;
    json_t *v;
    void *next;
    bool had = false;
    json_object_foreach_safe(note, next, key, v)
    {
        if (!corpus_names_codes(key))
            continue;
        snprintf(b->field, sizeof b->field, "%.31s", key);
        had = true;
        json_object_del(note, key);
    }
    b->dropped += had;
}

static int judge_codes(const json_t *codes)
{
    size_t i;
    const json_t *v;
    json_array_foreach((json_t *)codes, i, v)
    {
        if (!json_is_string(v))
            continue; /* the schema says so */
        const char *p = json_string_value(v);
        size_t n = json_string_length(v);
        int rc = label_check(p, n);
        if (!rc && code_is_null_word(p, n))
            rc = err_set(E_DATA, "'%s' says that there is no code", p);
        if (rc)
            return err_ctx(rc, "field codes");
    }
    return 0;
}

int bare_judge(void *ctx, json_t *record)
{
    struct bare *b = ctx;
    const json_t *split = json_object_get(record, "split");
    enum corpus_split which;
    if (strcmp(b->schema, "note") == 0)
        drop_labels(b, record);
    if (json_is_string(split) && strcmp(b->schema, "metric")) {
        int rc = corpus_split_of(json_string_value(split), json_string_length(split), NULL, &which);
        if (rc)
            return err_ctx(rc, "field split");
    }
    return strcmp(b->schema, "gold") == 0 ? judge_codes(json_object_get(record, "codes")) : 0;
}
