/* Labels that can be written and read back: see label.h. Tests: tests/unit/label.c. */
#include "lib/code/label.h"
#include "lib/util/err.h"
#include "lib/util/utf8.h"
#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_ = 16 }; /* bytes: a longer one may be anything, so it is not shown */

/* The first character that no label may hold, and its name; NULL: none. */
static const char *odd(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == ' ')
            return "a blank";
        if (p[i] == ',')
            return "a comma";
        if (p[i] == ';')
            return "a semicolon";
        if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
            return "a control character";
    }
    return NULL;
}

int label_check(const char *p, size_t n)
{
    bool utf8 = utf8_valid(p, n) == n;
    const char *what = utf8 ? odd(p, n) : NULL;
    if (!n)
        return err_set(E_DATA, "an empty code");
    if (!utf8)
        return err_set(E_DATA, "a code is not UTF-8");
    if (!what && *p != '(')
        return 0;
    const char *holds = what ? "holds" : "begins with", *which = what ? what : "a parenthesis";
    if (n > NAME_MAX_)
        return err_set(E_DATA, "a code of %zu bytes %s %s, which separates codes", n, holds, which);
    return err_set(E_DATA, "code '%.*s' %s %s, which separates codes", (int)n, p, holds, which);
}
