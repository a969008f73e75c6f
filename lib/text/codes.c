/* See codes.h. Tests: tests/unit/codes.c. */
#include "lib/text/codes.h"
#include <string.h>

int64_t codes_parse(const struct labels *l, const char *text, size_t n, uint8_t *set)
{
    static const char between[] = ",; \t\r\n\f\v";
    int64_t unknown = 0;
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && !memchr(between, text[end], sizeof between - 1); end++)
            ;
        int64_t label = end > i ? labels_find(l, text + i, end - i) : -1;
        if (label >= 0)
            set[label] = 1;
        else
            unknown += end > i;
    }
    return unknown;
}
