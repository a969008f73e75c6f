/* The text of a chat's message: see content.h. Anthropic, Mistral, Gemini and OpenAI's responses come in parts: those
 * with text are {"type": "text", "text": ...}, or "output_text"; beside them are {"type": "thinking", ...}, "reasoning"
 * and {"thought": true, ...}. */
#include "lib/kb/content.h"

#include <stdbool.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/err.h"

enum { DEPTH_MAX = 8 };

static int add_part(const json_t *part, struct buf *out, int depth)
{
    static const char *const within[] = {"text", "content", "parts"}, *const types[] = {"text", "output_text",
                                                                                        "message"};
    const char *type = json_string_value(json_object_get(part, "type"));
    bool wanted = !type && !json_is_true(json_object_get(part, "thought"));
    for (size_t k = 0; type && k < sizeof types / sizeof *types; k++)
        wanted |= !strcmp(type, types[k]);
    for (size_t k = 0; wanted && depth < DEPTH_MAX && k < sizeof within / sizeof *within; k++) {
        const json_t *text = json_object_get(part, within[k]), *one;
        size_t i;
        if (json_is_string(text))
            TRY(buf_add(out, json_string_value(text), json_string_length(text)));
        json_array_foreach(text, i, one) TRY(add_part(one, out, depth + 1));
    }
    return 0;
}

int content_settle(json_t *object, const char *name)
{
    const json_t *content = json_object_get(object, name), *one;
    struct buf text = {0};
    size_t i;
    int rc = json_is_object(content) ? add_part(content, &text, 0) : 0;
    json_array_foreach(content, i, one) rc = rc ? rc : add_part(one, &text, 0);
    if (!rc && text.n && json_object_set_new(object, name, json_stringn(text.p, text.n)))
        rc = err_nomem(text.n);
    buf_free(&text);
    return rc;
}
