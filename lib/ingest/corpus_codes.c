/* The codes of a cell or a JSON array. A cell holds them as people write them: 401.9;428.0  401.9, 428.0  401.9 428.0
 * ['401.9', '428.0']  ["401.9"]  {401.9|428.0}. Tests: tests/cli/rec-cat-import.sh, tests/unit/corpus.c. */
#include "lib/code/code.h"
#include "lib/code/label.h"
#include "lib/ingest/corpus.h"
#include "lib/util/err.h"
#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One code to a note, unless it has it or it is the word for none. */
static int add(struct corpus *c, uint32_t note, const char *p, size_t n)
{
    struct corpus_note *at = &c->note[note];
    uint32_t code;
    if (code_is_null_word(p, n)) {
        c->counts.nulls++;
        return names_add(&c->nulls, p, n, NULL) > 1 ? E_NOMEM : 0;
    }
    TRY(label_check(p, n));
    if (names_add(&c->codes, p, n, &code) > 1)
        return E_NOMEM;
    for (uint32_t i = at->first; i != NO_PLACE; i = c->link[i].next)
        if (c->link[i].code == code) {
            c->counts.repeated++;
            return 0;
        }
    if (c->links == c->link_cap) {
        size_t cap = c->link_cap ? 2 * c->link_cap : 4096;
        struct corpus_link *v = cap < NO_PLACE ? mem_grow(c->link, cap, sizeof *v) : NULL;
        if (!v)
            return err_nomem(cap * sizeof *v);
        c->link = v;
        c->link_cap = cap;
    }
    c->link[c->links] = (struct corpus_link){code, NO_PLACE};
    if (at->first == NO_PLACE)
        at->first = (uint32_t)c->links;
    else
        c->link[at->last].next = (uint32_t)c->links;
    at->last = (uint32_t)c->links++;
    return 0;
}

/* A string that is one code: what is around it is trimmed, and counted. */
static int add_trimmed(struct corpus *c, uint32_t note, const char *p, size_t n)
{
    size_t whole = n;
    while (n && blank(*p))
        p++, n--;
    while (n && blank(p[n - 1]))
        n--;
    c->counts.trimmed += n && n < whole;
    return n ? add(c, note, p, n) : 0;
}

/* The cell without the brackets of a list, if it is one. */
static bool unwrap(const char **p, size_t *n)
{
    static const char open[] = "[{(", close[] = "]})";
    const char *at = *n >= 2 ? memchr(open, **p, 3) : NULL;
    if (!at || (*p)[*n - 1] != close[at - open])
        return false;
    ++*p;
    *n -= 2;
    return true;
}

/* Does something other than blanks part the codes of p[0..n)? */
static bool parted(const char *p, size_t n)
{
    char quote = 0;
    for (size_t i = 0; i < n; i++) {
        if (quote)
            quote = p[i] == quote ? 0 : quote;
        else if (p[i] == '"' || p[i] == '\'')
            quote = p[i];
        else if (memchr(";,|\n", p[i], 4))
            return true;
    }
    return false;
}

int corpus_cell_codes(struct corpus *c, uint32_t note, const char *p, size_t n)
{
    while (n && blank(*p))
        p++, n--;
    while (n && blank(p[n - 1]))
        n--;
    bool list = unwrap(&p, &n), blanks = !parted(p, n);
    if (!list && n && (*p == '[' || *p == '{'))
        return err_set(E_DATA, "a bracket that does not close");
    if (!list && code_is_null_word(p, n)) /* "no code", "n/a", nothing */
        return n ? add(c, note, p, n) : 0;
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && blank(p[end]); end++)
            ;
        i = end;
        if (i < n && (p[i] == '"' || p[i] == '\'')) { /* a quoted code: all between the quotes */
            const char *close = memchr(p + i + 1, p[i], n - i - 1);
            if (!close)
                return err_set(E_DATA, "a quote that does not close");
            end = (size_t)(close - p);
            TRY(add_trimmed(c, note, p + i + 1, end - i - 1));
            continue;
        }
        while (end < n && !memchr(";,|\n", p[end], 4) && !(blanks && blank(p[end])))
            end++;
        size_t len = end - i;
        while (len && blank(p[i + len - 1]))
            len--;
        if (len)
            TRY(add(c, note, p + i, len));
    }
    return 0;
}

int corpus_list_codes(struct corpus *c, uint32_t note, const json_t *list)
{
    size_t i;
    const json_t *v;
    json_array_foreach((json_t *)list, i, v) {
        if (json_is_null(v)) {
            c->counts.nulls++;
            continue;
        }
        if (json_is_number(v))
            return err_set(E_DATA, "code %zu is a number, and 250.00 as a number is 250: codes are strings", i + 1);
        if (!json_is_string(v))
            return err_set(E_DATA, "code %zu is not a string", i + 1);
        TRY(add_trimmed(c, note, json_string_value(v), json_string_length(v)));
    }
    return 0;
}
