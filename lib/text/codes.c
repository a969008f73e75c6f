/* See codes.h. Tests: tests/unit/codes.c. */
#include "lib/text/codes.h"
#include "lib/code/label.h"
#include <string.h>

/* Behind the parenthesis that closes the one at i. */
static size_t close_of(const char *text, size_t i, size_t n)
{
    int depth = 0;
    for (; i < n; i++) {
        depth += (text[i] == '(') - (text[i] == ')');
        if (depth == 0)
            return i + 1;
    }
    return n;
}

/* A walk over the items of a text: begin and end are those of the last one found. */
struct walk {
    const char *text;
    size_t n, begin, end, at;
    bool item; /* the last thing but blanks was an item: a description may follow */
};

static bool next_item(struct walk *w)
{
    static const char between[] = LABEL_SEPARATORS;
    while (w->at < w->n) {
        size_t i = w->at, end;
        if (w->text[i] == '(' && w->item) {
            w->at = close_of(w->text, i, w->n);
            w->item = false;
            continue;
        }
        for (end = i; end < w->n && !memchr(between, w->text[end], sizeof between - 1); end++)
            ;
        w->item = end > i || (w->item && w->text[i] == ' ');
        if (end < w->n && w->text[end] != ' ')
            w->item = false;
        w->at = end + 1;
        w->begin = i;
        w->end = end;
        if (end > i)
            return true;
    }
    return false;
}

int64_t codes_parse(const struct labels *l, const char *text, size_t n, bool cut, uint8_t *set)
{
    struct walk w = {.text = text, .n = n};
    int64_t unknown = 0;
    while (next_item(&w)) {
        if (cut && w.end == n)
            break;
        int64_t label = labels_find(l, text + w.begin, w.end - w.begin);
        if (label >= 0)
            set[label] = 1;
        else
            unknown++;
    }
    return unknown;
}

bool codes_again(const struct labels *l, const char *text, size_t n)
{
    struct walk w = {.text = text, .n = n};
    size_t begin = 0, end = 0; /* of the last item that is finished */
    while (next_item(&w) && w.end < n) {
        begin = w.begin;
        end = w.end;
    }
    int64_t label = end > begin ? labels_find(l, text + begin, end - begin) : -1;
    w = (struct walk){.text = text, .n = n};
    while (label >= 0 && next_item(&w) && w.begin < begin)
        if (labels_find(l, text + w.begin, w.end - w.begin) == label)
            return true;
    return false;
}
