/* One tag or token in an answer: is there one, and how is it called. Tests: tests/unit/answer_thoughts.c. */
#include <ctype.h>

#include "lib/kb/answer_part.h"

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == ':' || (unsigned char)c >= 0x80;
}

/* "<|name|>", "<|name|>" with wide bars. */
static bool token_at(struct slice s, struct tag *t)
{
    static const char *const bars[] = {"|", "\xEF\xBD\x9C"};
    for (size_t k = 0; k < 2; k++) {
        size_t n = strlen(bars[k]), i = 1 + n;
        if (s.n <= i || memcmp(s.p + 1, bars[k], n) != 0)
            continue;
        while (i < s.n && i < TAG_MAX && (in_name(s.p[i]) || s.p[i] == '/') && !slice_starts(slice_from(s, i), bars[k]))
            i++;
        if (i == 1 + n || !slice_starts(slice_from(s, i), bars[k]) || i + n >= s.n || s.p[i + n] != '>')
            return false;
        *t = (struct tag){{s.p + 1 + n, i - 1 - n}, i + n + 1, '|', s.p[1 + n] == '/', true};
        t->name = slice_from(t->name, t->close);
        return true;
    }
    return false;
}

/* "<name>", "</name>", "<name key=...>", "<name/>" and with blanks. */
static bool html_at(struct slice s, struct tag *t)
{
    size_t i = 1, end, max = s.n < TAG_MAX ? s.n : TAG_MAX;
    bool blanks = false, close = false, keys = false;
    for (; i < max && (s.p[i] == ' ' || (s.p[i] == '/' && !close)); i++) {
        close |= s.p[i] == '/';
        blanks |= s.p[i] == ' ';
    }
    if (i >= max || !isalpha((unsigned char)s.p[i]))
        return false;
    for (end = i; end < max && in_name(s.p[end]);)
        end++;
    t->name = (struct slice){s.p + i, end - i};
    for (i = end; i < max && s.p[i] != '>'; i++) {
        if (s.p[i] == '<' || s.p[i] == '\n' || (end == i && s.p[i] != ' ' && s.p[i] != '/'))
            return false;
        keys |= s.p[i] == '=';
    }
    struct slice rest = {s.p + end, i - end};
    if (i >= max || t->name.p[t->name.n - 1] == ':')
        return false;
    if (!keys && slice_trim(rest).n > slice_starts(slice_trim(rest), "/")) /* words between "<" and ">" */
        return false;
    t->bytes = i + 1;
    t->kind = '<';
    t->close = close;
    t->sure = !blanks;
    return true;
}

/* "[THINK]", "[/INST]", and the same between triangles. */
static bool sign_at(struct slice s, const char *open, const char *end, char kind, struct tag *t)
{
    size_t i = strlen(open), begin;
    bool close = i < s.n && s.p[i] == '/';
    i += close;
    for (begin = i; i < s.n && i < TAG_MAX && (isalpha((unsigned char)s.p[i]) || s.p[i] == '_');)
        i++;
    if (i == begin || !slice_starts(slice_from(s, i), end))
        return false;
    *t = (struct tag){{s.p + begin, i - begin}, i + strlen(end), kind, close, false};
    return true;
}

bool tag_at(struct slice s, struct tag *t)
{
    switch (*s.p) {
    case '<':
        return token_at(s, t) || html_at(s, t);
    case '[':
        return sign_at(s, "[", "]", '[', t);
    case '\xE2':
        return slice_starts(s, "\xE2\x97\x81") && sign_at(s, "\xE2\x97\x81", "\xE2\x96\xB7", 't', t);
    default:
        return false;
    }
}
