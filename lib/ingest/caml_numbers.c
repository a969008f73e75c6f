/* Codes read as numbers. Tests: tests/unit/caml.c. */
#include "lib/ingest/caml_numbers.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum form { TEXT, NONE, WHOLE, DECIMAL };
static enum form form(const char *c)
{
    size_t whole = strspn(c, "0123456789"), more = c[whole] == '.' ? strspn(c + whole + 1, "0123456789") : 0;
    if (!*c)
        return NONE;
    if (c[whole + (c[whole] == '.') + more] || !(whole + more) || whole + more > 10)
        return TEXT;
    return c[whole] == '.' ? DECIMAL : WHOLE;
}

/* Digits alone decide: what a double makes of so few of them is the shortest form that reads back. */
static void rewrite(char code[ICD9_MAX], bool decimal)
{
    char out[ICD9_MAX + 4];
    if (!*code)
        return;
    size_t whole = strcspn(code, "."), zeros = strspn(code, "0");
    const char *frac = code[whole] ? code + whole + 1 : "";
    size_t nfrac = strlen(frac);
    while (nfrac && frac[nfrac - 1] == '0')
        nfrac--;
    if (zeros >= whole)
        zeros = whole ? whole - 1 : 0;
    int n = snprintf(out, sizeof out, "%s%.*s", whole ? "" : "0", (int)(whole - zeros), code + zeros);
    if (decimal)
        snprintf(out + n, sizeof out - (size_t)n, ".%.*s", nfrac ? (int)nfrac : 1, nfrac ? frac : "0");
    memcpy(code, out, strlen(out) + 1);
}

void caml_numbers(struct caml_row *row, size_t n)
{
    for (size_t from = 0; from < n; from += CAML_BLOCK) {
        size_t to = n - from < CAML_BLOCK ? n : from + CAML_BLOCK;
        unsigned seen = 0;
        for (size_t i = from; i < to; i++)
            seen |= 1u << form(row[i].code);
        if (!(seen & 1u << TEXT))
            for (size_t i = from; i < to; i++)
                rewrite(row[i].code, seen != 1u << WHOLE);
    }
}

void caml_dot(struct caml_row *row)
{
    char raw[ICD9_MAX];
    memcpy(raw, row->code, sizeof raw);
    icd9_dot(row->kind, raw, strlen(raw),
             row->code); /* cannot fail: rows come cleaned, and a number is no longer than its text and ".0" */
    size_t n = strlen(row->code);
    if (row->kind == ICD9_PROCEDURE && n && n <= 2)
        strcpy(row->code + n, ".");
}
