/* Prompts: see prompt.h. Every stretch of a template is a segment of its own when it is encoded. */
#include "lib/text/prompt.h"

#include <string.h>

#include "lib/util/err.h"

/* A title's parentheses that have no partner are left out: they would end or swallow the list's. */
static int add_title(const char *p, size_t n, struct buf *out)
{
    size_t from = out->n, open = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == ')' && !open)
            continue;
        open += (p[i] == '(') - (p[i] == ')');
        TRY(buf_add(out, p + i, 1));
    }
    for (size_t i = out->n, closed = 0; open && i-- > from;) {
        if (out->p[i] == '(' && !closed) {
            memmove(out->p + i, out->p + i + 1, out->n - i - 1);
            out->n--;
            open--;
        } else {
            closed += (out->p[i] == ')') - (out->p[i] == '(');
        }
    }
    return 0;
}

int prompt_title(const struct kb *kb, const char *code, struct buf *out)
{
    size_t first;
    if (!kb_find(kb, code, strlen(code), &first) || !kb->code[kb->sorted[first]].title_n)
        return err_set(E_DATA, "the kb has no title for code %s", code);
    const struct kb_code *c = &kb->code[kb->sorted[first]];
    TRY(buf_str(out, " ("));
    TRY(add_title(kb->text.p + c->title, c->title_n, out));
    return buf_str(out, ")");
}

static int add_label(const struct kb *kb, const char *code, bool titles, struct buf *out)
{
    if (out->n)
        TRY(buf_str(out, ", "));
    TRY(buf_str(out, code));
    return titles ? prompt_title(kb, code, out) : 0;
}

int prompt_labels(const struct kb *kb, const json_t *meta, bool titles, struct buf *out)
{
    const json_t *labels = json_object_get(meta, "labels"), *label;
    size_t i;
    json_array_foreach(labels, i, label)
    {
        if (!json_is_string(label))
            return err_set(E_DATA, "meta.labels[%zu] is not a code", i);
        TRY(add_label(kb, json_string_value(label), titles, out));
    }
    for (i = 0; !labels && i < kb->codes; i++) {
        char code[256];
        if (kb->code[i].code_n >= sizeof code)
            return err_set(E_DATA, "field code: longer than any code");
        memcpy(code, kb->text.p + kb->code[i].code, kb->code[i].code_n);
        code[kb->code[i].code_n] = 0;
        TRY(add_label(kb, code, titles, out));
    }
    return out->n ? 0 : err_set(E_DATA, "no labels to list");
}

static int add_segment(const struct spm *s, const char *p, size_t n, struct spm_ids *out)
{
    size_t from = out->n;
    TRY(spm_encode(s, p, n, 0, out));
    for (size_t i = 2 * from; i < 2 * out->n; i++)
        out->offset[i] = 0;
    return 0;
}

int prompt_make(struct prompt *out, const struct spm *s, const char *template, size_t n, const struct buf *labels)
{
    struct spm_ids *to = &out->before;
    bool note = false, listed = false;
    const char *p = template, *end = template ? template + n : NULL;
    while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    while (p && p < end) {
        const char *open = memchr(p, '{', (size_t)(end - p)), *stop = open ? open : end;
        TRY(add_segment(s, p, (size_t)(stop - p), to));
        p = stop;
        if (!open)
            break;
        if (end - p >= 6 && memcmp(p, "{note}", 6) == 0 && !note) {
            note = true;
            to = &out->after;
            p += 6;
        } else if (end - p >= 8 && memcmp(p, "{labels}", 8) == 0 && !listed && labels) {
            listed = true;
            TRY(add_segment(s, labels->p, labels->n, to));
            p += 8;
        } else {
            return err_set(E_DATA,
                           "a brace that is neither {note} nor, with format 3 or 4, {labels}, or is there twice");
        }
    }
    return labels && !listed ? add_segment(s, labels->p, labels->n, &out->after) : 0;
}

void prompt_free(struct prompt *p)
{
    spm_ids_free(&p->before);
    spm_ids_free(&p->after);
}
