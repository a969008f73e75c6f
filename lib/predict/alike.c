/* The options that decide what a model gets to read: they are compared in two histories. */
#include "lib/predict/alike.h"

#include <stdlib.h>

#include "lib/stream/stream.h"
#include "lib/util/err.h"

static int add_value(struct buf *b, const json_t *v)
{
    char *text = v && !json_is_string(v) ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    const char *s = json_is_string(v) ? json_string_value(v) : text;
    int rc = buf_str(b, s ? s : "not given");
    free(text);
    return rc;
}

static int compare(struct buf *b, const char *tool, const char *name, const json_t *was, const json_t *is)
{
    if (was == is || json_equal(was, is))
        return 0;
    TRY(buf_fmt(b, "%s%s --%s ", b->n ? "; " : "", tool, name));
    TRY(add_value(b, is));
    TRY(buf_str(b, ", in training "));
    return add_value(b, was);
}

int made_alike(struct buf *b, const json_t *trained, const json_t *now)
{
    static const char *const token[] = {"format", "max-length", "template"};
    static const char *const sample[] = {"level", "budget"};
    int t = history_stage(trained, -1, "tokenize"), n = history_stage(now, -1, "tokenize");
    if (t < 0 || n < 0)
        return 0;
    for (int i = 0; i < 3; i++)
        TRY(compare(b, "tokenize", token[i], history_option(trained, t, token[i]), history_option(now, n, token[i])));
    t = history_stage(trained, t, "note-sample");
    n = history_stage(now, n, "note-sample");
    for (int i = 0; i < 2; i++)
        TRY(compare(b, "note-sample", sample[i], history_option(trained, t, sample[i]),
                    history_option(now, n, sample[i])));
    return 0;
}
