/* See codes.h. Tests: tests/unit/codes.c. */
#include "lib/text/codes.h"
#include <stdbool.h>
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

int64_t codes_parse(const struct labels *l, const char *text, size_t n, uint8_t *set)
{
    static const char between[] = ",; \t\r\n\f\v";
    int64_t unknown = 0;
    bool item = false; /* the last thing but blanks was an item: a description may follow */
    for (size_t i = 0, end; i < n; i = end + 1) {
        if (text[i] == '(' && item) {
            end = close_of(text, i, n) - 1;
            item = false;
            continue;
        }
        for (end = i; end < n && !memchr(between, text[end], sizeof between - 1); end++)
            ;
        int64_t label = end > i ? labels_find(l, text + i, end - i) : -1;
        if (label >= 0)
            set[label] = 1;
        else
            unknown += end > i;
        item = end > i || (item && text[i] == ' ');
        if (end < n && text[end] != ' ')
            item = false;
    }
    return unknown;
}
